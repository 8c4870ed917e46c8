//! What tills call: the Upay Web API (upay.md), the WAP gateway and pictures of QR codes.
//!
//! Goal: an existing till works unchanged. [`gate`] authenticates raw bytes before anything is
//! read; the handlers decode, call a use case and encode.
//!
//! Invariants: every envelope has HTTP status 200, whatever it tells, since existing clients raise
//! on any other before they read the body; only a body that is too large or cut off has none.
//! Work that was begun ends even when its caller goes away.

mod calls;
mod gate;
mod manage;
mod qr;
mod reply;
mod wap;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub(crate) use reply::{busy, failed};

use crate::once::not_looked_at;
use crate::shared::Shared;

/// The call that is held while the payer types.
pub(crate) const PAY_PATH: &str = "/upay/v2/pay";

/// Whether the callers of a route read envelopes.
pub(crate) fn is_theirs(route: &str) -> bool {
    route.starts_with("/upay/v2/") || route.starts_with("/terminal/")
}

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/terminal/activate", post(manage::activate))
        .route("/terminal/checkin", post(manage::check_in))
        .route(wire::upay::UPLOAD_LOG_PATH, post(manage::upload_log))
        .route(PAY_PATH, post(calls::pay))
        .route("/upay/v2/precreate", post(calls::precreate))
        .route("/upay/v2/query", post(calls::query))
        .route("/upay/v2/refund", post(calls::refund))
        .route("/upay/v2/cancel", post(calls::cancel))
        .route("/upay/v2/revoke", post(calls::cancel))
        .route("/upay/qr/{picture}", get(qr::picture))
        .route("/qr/gateway", get(wap::gateway).head(not_looked_at))
        .route("/gateway", get(wap::gateway).head(not_looked_at))
        .route(wap::RETURN_PATH, get(wap::come_back))
}
