//! What channels call, and the browser's way from a channel to a service.

mod authorize;
mod handover;
mod login;

use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::middleware::from_fn;
use axum::routing::{get, post};

use crate::crypto::Lane;
use crate::gateway::RouteLane;
use crate::once;
use crate::pages;
use crate::shared::Shared;

pub(crate) fn routes() -> Router<Arc<Shared>> {
    let login = post(login::channel_login_info).layer(Extension(RouteLane(Lane::Logins)));
    let browsers = Router::new()
        .route("/ucsp/channel/v1/authorize", get(authorize::begin))
        .route(authorize::CALLBACK, get(authorize::finish).head(once::not_looked_at))
        .route("/ucsp/login/{secret}", get(handover::follow).head(once::not_looked_at))
        .layer(from_fn(pages::in_our_words));
    Router::new().route("/ucsp/channel/v1/channellogininfo", login).merge(browsers)
}
