//! What an acquirer's payment system calls: final results, by notice.

use std::sync::Arc;

use app::{Refusal, use_cases};
use axum::Router;
use axum::extract::{Extension, State};
use axum::response::Response;
use axum::routing::post;
use bytes::Bytes;
use wire::downstream::{CODE_APPROVED, NOTICE_PATH, Notice, NoticeAnswer, decode, encode};

use crate::crypto::Lane;
use crate::gateway::{DownstreamCaller, Received, RouteLane, Verified};
use crate::shared::Shared;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    let handler = post(notice).layer(Extension(RouteLane(Lane::Downstream)));
    Router::new().route(NOTICE_PATH, handler)
}

/// A final result. Answered 00 when it is durable; anything else asks for a repeat.
async fn notice(
    State(shared): State<Arc<Shared>>,
    received: Received<DownstreamCaller>,
) -> Response {
    received.plain(shared, take).await
}

async fn take(
    shared: Arc<Shared>,
    system: Option<Verified<DownstreamCaller>>,
    body: Bytes,
) -> Vec<u8> {
    let code = match record(&shared, system, &body).await {
        Ok(()) => CODE_APPROVED,
        Err(refusal) => match dialect::ucsp::said(&refusal) {
            dialect::ucsp::Said::Response(response) => {
                tracing::warn!(%refusal, "a downstream notice was not taken");
                return encode(&NoticeAnswer { resp_code: response.response_code });
            }
            dialect::ucsp::Said::Unauthorized => CODE_APPROVED,
        },
    };
    encode(&NoticeAnswer { resp_code: code.to_owned() })
}

async fn record(
    shared: &Shared,
    system: Option<Verified<DownstreamCaller>>,
    body: &Bytes,
) -> Result<(), Refusal> {
    let system = system.ok_or_else(|| {
        Refusal::no_right("UPI-APPID", "this application is not a downstream system's")
    })?;
    let invalid = |rule: String| Refusal::Invalid { field: "body", rule };
    let notice: Notice = decode(body).map_err(|error| invalid(error.to_string()))?;
    let told = dialect::downstream::told(&notice).map_err(|error| invalid(error.to_string()))?;
    let platform = &shared.platform;
    let (order, transaction) = (&told.order, &told.transaction);
    let heard = (platform.clock.now(), "the downstream payment system");
    let caller = &system.caller;
    let ended =
        use_cases::record_downstream(platform, caller, order, transaction, told.outcome).await;
    crate::heard::notice(shared, heard, (&told.merchant, transaction), ended.is_ok());
    ended
}
