//! What operators do over HTTP until there is a back office: vendors, merchants, stores, activation
//! codes, terminals and their logs, notices that are sent again. JSON in and out, behind the
//! operator's account; `causeway admin` is its client.
//!
//! In production it is mounted on the separate listener of health and metrics alone.

mod account;
mod codes;
mod directory;
mod logs;
mod notices;

use std::sync::Arc;

use app::use_cases::till::TillRefusal;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::{StatusCode, header};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::limits::ADMIN_BODY_BYTES_MAX;
use crate::shared::Shared;

pub use account::AdminAccount;

pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .route("/admin/v1/vendors", get(directory::vendors).post(directory::new_vendor))
        .route("/admin/v1/apps", post(directory::new_app))
        .route("/admin/v1/merchants", get(directory::merchants).post(directory::new_merchant))
        .route("/admin/v1/stores", get(directory::stores).post(directory::new_store))
        .route("/admin/v1/stores/{sn}/status", post(directory::store_status))
        .route("/admin/v1/codes", get(codes::list).post(codes::issue))
        .route("/admin/v1/terminals", get(codes::terminals))
        .route("/admin/v1/terminals/{sn}/status", post(codes::terminal_status))
        .route("/admin/v1/terminals/{sn}/logs", get(logs::list))
        .route("/admin/v1/terminals/{sn}/logs/{day}/{name}", get(logs::read))
        .route("/admin/v1/notices/{merchant}/{id}/resend", post(notices::resend))
        .route("/admin/v1/notices", get(notices::list))
        .layer(DefaultBodyLimit::max(ADMIN_BODY_BYTES_MAX))
        .layer(from_fn_with_state(Arc::clone(shared), account::required))
}

/// A good answer.
fn answer<T: Serialize>(body: &T) -> Response {
    match serde_json::to_string(body) {
        Ok(text) => {
            let form =
                [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
            (form, text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer to an operator could not be written");
            refused(StatusCode::INTERNAL_SERVER_ERROR, "the answer could not be written")
        }
    }
}

/// A refusal with its reason.
fn refused(status: StatusCode, reason: &str) -> Response {
    let form = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, form, serde_json::json!({ "error": reason }).to_string()).into_response()
}

/// Reads a JSON body.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Box<Response>> {
    serde_json::from_slice(body).map_err(|error| {
        Box::new(refused(StatusCode::BAD_REQUEST, &format!("the body is not as expected: {error}")))
    })
}

fn failed(refusal: &TillRefusal) -> Response {
    let status = match refusal {
        TillRefusal::NoTerminal | TillRefusal::NoOrder => StatusCode::NOT_FOUND,
        TillRefusal::Busy => StatusCode::SERVICE_UNAVAILABLE,
        TillRefusal::ClientSnConflict { .. }
        | TillRefusal::InvalidBarcode
        | TillRefusal::UnknownProvider
        | TillRefusal::Rule { .. }
        | TillRefusal::RefundDone { .. }
        | TillRefusal::TerminalDisabled
        | TillRefusal::StoreClosed
        | TillRefusal::StoreOverDailyLimit
        | TillRefusal::MerchantOverDailyLimit => StatusCode::CONFLICT,
        TillRefusal::Internal { .. } => StatusCode::INTERNAL_SERVER_ERROR,
    };
    refused(status, &refusal.to_string())
}
