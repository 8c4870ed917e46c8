//! Activation codes and the terminals that were made of them.

use std::sync::Arc;

use app::use_cases::terminals::{self, NewCode};
use app::use_cases::till::TillRefusal;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use bytes::Bytes;
use domain::ids::TerminalSn;
use domain::terminal::{Terminal, TerminalStatus};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{answer, failed, read, refused};
use crate::shared::Shared;

#[derive(Deserialize)]
struct Wanted {
    vendor_sn: String,
    store_sn: String,
    #[serde(default = "one")]
    uses: u32,
}

const fn one() -> u32 {
    1
}

#[derive(Deserialize)]
pub(super) struct After {
    after: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    active: bool,
}

/// Codes by their digits, a page at most.
pub(super) async fn list(State(shared): State<Arc<Shared>>, Query(page): Query<After>) -> Response {
    match terminals::codes(&*shared.platform.store, page.after.as_deref()).await {
        Ok(codes) => answer(&codes),
        Err(error) => store_failed(&error),
    }
}

pub(super) async fn issue(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let wanted: Wanted = match read(&body) {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    let code = NewCode {
        vendor: wanted.vendor_sn.as_str().into(),
        store: wanted.store_sn.as_str().into(),
        uses_count_max: wanted.uses,
    };
    let directory = shared.platform.directory.get();
    if directory.vendor(&code.vendor).is_none() {
        return unknown("vendor", &code.vendor);
    }
    if directory.store(&code.store).is_none() {
        return unknown("store", &code.store);
    }
    match terminals::issue_code(&shared.platform, &code).await {
        Ok(code) => answer(&code),
        Err(refusal) => failed(&refusal),
    }
}

/// Terminals by their number, a page at most; never a key.
pub(super) async fn terminals(
    State(shared): State<Arc<Shared>>,
    Query(page): Query<After>,
) -> Response {
    match terminals::terminals(&*shared.platform.store, page.after.as_deref()).await {
        Ok(found) => answer(&found.iter().map(shown).collect::<Vec<_>>()),
        Err(error) => store_failed(&error),
    }
}

/// Disables a terminal, or serves it again.
pub(super) async fn terminal_status(
    State(shared): State<Arc<Shared>>,
    Path(sn): Path<String>,
    body: Bytes,
) -> Response {
    let wanted: Status = match read(&body) {
        Ok(wanted) => wanted,
        Err(response) => return *response,
    };
    let status = if wanted.active { TerminalStatus::Active } else { TerminalStatus::Disabled };
    let sn = TerminalSn::new(sn);
    match terminals::set_terminal_status(&shared.platform, &sn, status).await {
        Ok(terminal) => answer(&shown(&terminal)),
        Err(TillRefusal::NoTerminal) => unknown("terminal", &sn),
        Err(refusal) => failed(&refusal),
    }
}

fn unknown(what: &str, number: &impl std::fmt::Display) -> Response {
    refused(StatusCode::NOT_FOUND, &format!("{what} {number} is not known"))
}

fn shown(terminal: &Terminal) -> Value {
    json!({
        "sn": terminal.sn,
        "vendor_sn": terminal.vendor,
        "app_id": terminal.app,
        "merchant": terminal.merchant,
        "store_sn": terminal.store,
        "device_id": terminal.device_id,
        "client_sn": terminal.client_sn,
        "name": terminal.name,
        "status": terminal.status,
        "activated_at": terminal.activated_at,
        "checked_in_at": terminal.checked_in_at,
    })
}

fn store_failed(error: &app::ports::StoreError) -> Response {
    tracing::error!(%error, "terminals or codes could not be read");
    refused(StatusCode::INTERNAL_SERVER_ERROR, "the store failed; the log says why")
}
