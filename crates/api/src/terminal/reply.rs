//! Envelopes as HTTP: always 200 and JSON.

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use wire::upay::{Reply, Trouble, encode_reply};

use crate::shared::Shared;

/// The envelope. HTTP status 200 also where the request failed (upay.md section 1).
pub(super) fn envelope(reply: &Reply) -> Response {
    let form = [(header::CONTENT_TYPE, "application/json;charset=UTF-8")];
    (StatusCode::OK, form, encode_reply(reply)).into_response()
}

/// The envelope when there is more to do than can be done: nothing was looked at.
pub(crate) fn busy() -> Response {
    let refusal = app::use_cases::till::TillRefusal::Busy;
    envelope(&dialect::upay::refused(&refusal, dialect::upay::Asked::Query))
}

/// The envelope when nothing better can be said; the cause stands in the log.
pub(crate) fn failed() -> Response {
    envelope(&Reply::refused(Trouble::UnknownSystemError))
}

/// Ends a piece of work even when the request that began it goes away. A use case that ends
/// unexpectedly is logged under an incident, of which the caller is told nothing.
pub(super) async fn finish(
    shared: &Shared,
    work: impl Future<Output = Reply> + Send + 'static,
) -> Reply {
    use tracing::Instrument as _;
    tokio::spawn(work.in_current_span()).await.unwrap_or_else(|error| {
        let incident = shared.platform.ids.incident();
        tracing::error!(%incident, %error, "a call of a terminal ended unexpectedly");
        Reply::refused(Trouble::UnknownSystemError)
    })
}
