//! What channels call, and the browser's way from a channel to a service.

mod authorize;
mod handover;
mod login;

use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::http::{HeaderName, StatusCode, header};
use axum::routing::{get, post};

use crate::crypto::Lane;
use crate::gateway::RouteLane;
use crate::shared::Shared;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    let login = post(login::channel_login_info).layer(Extension(RouteLane(Lane::Logins)));
    Router::new()
        .route("/ucsp/channel/v1/channellogininfo", login)
        .route("/ucsp/channel/v1/authorize", get(authorize::begin))
        .route(authorize::CALLBACK, get(authorize::finish).head(not_looked_at))
        .route("/ucsp/login/{secret}", get(handover::follow).head(not_looked_at))
}

/// A link that works once is not used up by programs that look where it leads.
async fn not_looked_at() -> (StatusCode, [(HeaderName, &'static str); 1]) {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")])
}
