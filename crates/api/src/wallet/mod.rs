//! What wallets call: final results of payments and refunds, by notice.
//!
//! Nothing is read before the whole body is authenticated under the secret that is shared with
//! the wallet. A wallet that has a protocol of its own brings a route of its own beside this one.

use std::sync::Arc;

use app::{Refusal, use_cases};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use jose::mac::MacKey;
use wire::wallet::{
    Answer, MAC_HEADER, NOTICE_PATH, NoticeAnswer, answer_context, decode, encode, request_context,
};

use crate::Api;
use crate::limits::{BODY_BYTES_MAX, BODY_READ_TIME_MAX};
use crate::shared::Shared;

/// The platform, and the secret that is shared with the wallet.
struct Listener {
    shared: Arc<Shared>,
    key: MacKey,
}

impl Api {
    /// Where a wallet that speaks [`wire::wallet`] tells its results. Mount it by
    /// [`Api::public_router_with`].
    #[must_use]
    pub fn wallet_router(&self, key: MacKey) -> Router {
        let listener = Listener { shared: Arc::clone(&self.shared), key };
        Router::new().route(NOTICE_PATH, post(notice)).with_state(Arc::new(listener))
    }
}

/// A final result. Answered "taken" when it is durable; anything else asks for a repeat.
async fn notice(
    State(listener): State<Arc<Listener>>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let read = tokio::time::timeout(BODY_READ_TIME_MAX, to_bytes(body, BODY_BYTES_MAX)).await;
    let Ok(Ok(body)) = read else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut tags = headers.get_all(MAC_HEADER).iter();
    let (Some(tag), None) = (tags.next(), tags.next()) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let tag = tag.to_str().unwrap_or_default().to_owned();
    if !listener.key.holds(&request_context(NOTICE_PATH), &body, &tag) {
        tracing::warn!("a wallet notice that is not authenticated");
        return StatusCode::UNAUTHORIZED.into_response();
    }
    // The work goes on when the wallet hangs up.
    let worker = Arc::clone(&listener);
    let taken = listener.shared.finish(async move { record(&worker.shared, &body).await }).await;
    if let Err(refusal) = &taken {
        tracing::warn!(%refusal, "a wallet notice was not taken");
    }
    let answer = encode(&NoticeAnswer { taken: taken.is_ok() });
    let mac = listener.key.tag(&answer_context(&tag), &answer);
    let form = [(header::CONTENT_TYPE.as_str(), "application/json"), (MAC_HEADER, &mac)];
    (form, answer).into_response()
}

async fn record(shared: &Shared, body: &Bytes) -> Result<(), Refusal> {
    let invalid = |rule: String| Refusal::Invalid { field: "body", rule };
    let notice: Answer<'_> = decode(body).map_err(|error| invalid(error.to_string()))?;
    let told = dialect::wallet::told(notice).map_err(|error| invalid(error.to_string()))?;
    let platform = &shared.platform;
    use_cases::record_wallet(platform, &told.order, &told.transaction, told.outcome).await
}
