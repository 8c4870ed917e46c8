//! For operators: health, metrics, and what is noted of every request.

mod health;
mod observe;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

pub(crate) use observe::{AppOfRequest, busy, failed, observe};

use crate::shared::Shared;

/// Yields the metrics in the text form of Prometheus.
pub type MetricsText = Arc<dyn Fn() -> String + Send + Sync>;

/// `/healthz` and `/readyz`.
pub(crate) fn health() -> Router<Arc<Shared>> {
    Router::new().route("/healthz", get(health::healthz)).route("/readyz", get(health::readyz))
}

/// Health and metrics.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    health().route("/metrics", get(health::metrics))
}
