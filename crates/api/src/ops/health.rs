//! Whether the process lives, whether it can work, and its figures.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};

use crate::serve::Phase;
use crate::shared::Shared;

/// The process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// The store can be reached and written, and the end of the process has not begun.
pub(super) async fn readyz(State(shared): State<Arc<Shared>>) -> Response {
    let phase = shared.options.phase.as_ref().map_or(Phase::Serving, |phase| *phase.borrow());
    if phase > Phase::Serving {
        return (StatusCode::SERVICE_UNAVAILABLE, "draining\n").into_response();
    }
    match shared.platform.store.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store is not ready\n").into_response()
        }
    }
}

/// The figures, if the program gave a source of them.
pub(super) async fn metrics(State(shared): State<Arc<Shared>>) -> Response {
    let form = (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    match &shared.options.metrics {
        Some(text) => ([form], text()).into_response(),
        None => (StatusCode::NOT_FOUND, "no metrics here\n").into_response(),
    }
}
