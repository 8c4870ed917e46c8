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
use domain::payway::Payway;
use http::{HeaderMap, StatusCode, header};
use jose::mac::MacKey;
use wire::wallet::{
    Answer, MAC_HEADER, NOTICE_PATH, NoticeAnswer, answer_context, decode, encode, request_context,
};

use crate::limits::{BODY_BYTES_MAX, BODY_READ_TIME_MAX};
use crate::shared::Shared;

/// What is shared with a wallet, and whose payments it may speak of.
#[derive(Clone)]
pub struct WalletKey {
    /// Authenticates its notices.
    pub key: MacKey,
    /// The payways that it serves: of other orders it is told that they do not exist.
    pub payways: Vec<Payway>,
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new().route(NOTICE_PATH, post(notice))
}

/// A final result. Answered "taken" when it is durable; anything else asks for a repeat.
async fn notice(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Response {
    let read = tokio::time::timeout(BODY_READ_TIME_MAX, to_bytes(body, BODY_BYTES_MAX)).await;
    let Ok(Ok(body)) = read else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let mut tags = headers.get_all(MAC_HEADER).iter();
    let (Some(tag), None) = (tags.next(), tags.next()) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let tag = tag.to_str().unwrap_or_default().to_owned();
    let context = request_context(NOTICE_PATH);
    let keys = &shared.options.wallet_keys;
    let Some(wallet) = keys.iter().find(|one| one.key.holds(&context, &body, &tag)).cloned() else {
        tracing::warn!("a wallet notice that is not authenticated");
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let key = wallet.key.clone();
    // The work goes on when the wallet hangs up.
    let worker = Arc::clone(&shared);
    let work = async move { record(&worker, &wallet, &body).await };
    let taken = shared.finish(work).await;
    if let Err(refusal) = &taken {
        tracing::warn!(%refusal, "a wallet notice was not taken");
    }
    let answer = encode(&NoticeAnswer { taken: taken.is_ok() });
    let mac = key.tag(&answer_context(&tag), &answer);
    let form = [(header::CONTENT_TYPE.as_str(), "application/json"), (MAC_HEADER, &mac)];
    (form, answer).into_response()
}

async fn record(shared: &Shared, wallet: &WalletKey, body: &Bytes) -> Result<(), Refusal> {
    let platform = &shared.platform;
    let invalid = |rule: String| Refusal::Invalid { field: "body", rule };
    let notice: Answer<'_> = decode(body).map_err(|error| invalid(error.to_string()))?;
    let told = dialect::wallet::told(notice).map_err(|error| invalid(error.to_string()))?;
    let found = platform.store.order_by_number(&told.order).await;
    let found = found.map_err(|error| {
        let reason = error.to_string();
        Refusal::Unavailable { reason }
    })?;
    let theirs = found.filter(|order| {
        order.value.sale().is_some_and(|sale| wallet.payways.contains(&sale.payway))
    });
    let owner = theirs.ok_or(Refusal::UnknownTransaction)?.value.terms.merchant.clone();
    let heard = (platform.clock.now(), "the wallet");
    let ended = use_cases::record_wallet(platform, &told.order, &told.transaction, told.outcome);
    let ended = ended.await;
    crate::heard::notice(shared, heard, (&owner, &told.transaction), ended.is_ok());
    ended
}
