//! Logs that terminals sent.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use domain::ids::TerminalSn;
use http::{StatusCode, header};
use serde_json::json;

use super::{answer, refused};
use crate::limits::ADMIN_LOGS_COUNT_MAX;
use crate::shared::Shared;

/// The logs of a terminal, oldest first.
pub(super) async fn list(State(shared): State<Arc<Shared>>, Path(sn): Path<String>) -> Response {
    let listed = shared.platform.logs.list(&TerminalSn::new(sn), ADMIN_LOGS_COUNT_MAX).await;
    match listed {
        Ok(logs) => {
            let rows = logs.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes }));
            answer(&rows.collect::<Vec<_>>())
        }
        Err(error) => io_failed(&error),
    }
}

/// One log, the bytes as they were sent.
pub(super) async fn read(
    State(shared): State<Arc<Shared>>,
    Path((sn, day, name)): Path<(String, String, String)>,
) -> Response {
    let name = format!("{day}/{name}");
    match shared.platform.logs.read(&TerminalSn::new(sn), &name).await {
        Ok(bytes) => {
            let form = [(header::CONTENT_TYPE, "application/octet-stream")];
            (form, bytes).into_response()
        }
        Err(error) => io_failed(&error),
    }
}

fn io_failed(error: &std::io::Error) -> Response {
    if error.kind() == std::io::ErrorKind::NotFound {
        return refused(StatusCode::NOT_FOUND, "there is no such log of this terminal");
    }
    tracing::error!(%error, "a terminal's logs could not be read");
    refused(StatusCode::INTERNAL_SERVER_ERROR, "the logs cannot be read; the log says why")
}
