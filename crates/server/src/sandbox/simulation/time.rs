//! `GET` and `POST /sandbox/v1/clock`.

use app::ports::Clock;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::{Shared, Simulation, answer, read, refused};
use crate::limits::CLOCK_ADVANCE_SECONDS_MAX;
use crate::sandbox::clock::Moved;

/// The request.
#[derive(Deserialize)]
struct Advance {
    advance_seconds: i64,
}

/// What time it is.
pub(super) async fn show(State(simulation): Shared) -> Response {
    let moved = simulation.keeper.moved().await;
    reading(&simulation, moved)
}

/// Moves business time ahead.
pub(super) async fn advance(State(simulation): Shared, body: Bytes) -> Response {
    let request: Advance = match read(&body) {
        Ok(request) => request,
        Err(response) => return *response,
    };
    let seconds = request.advance_seconds;
    if !(0..=CLOCK_ADVANCE_SECONDS_MAX).contains(&seconds) {
        let rule =
            format!("advance_seconds is 0 to {CLOCK_ADVANCE_SECONDS_MAX}; time never goes back");
        return refused(StatusCode::BAD_REQUEST, &rule);
    }
    match simulation.keeper.advance(&*simulation.platform.store, seconds).await {
        Ok(moved) => reading(&simulation, moved),
        Err(error) => {
            tracing::error!(%error, "the clock cannot be remembered");
            refused(StatusCode::SERVICE_UNAVAILABLE, "the clock cannot be remembered; try again")
        }
    }
}

fn reading(simulation: &Simulation, moved: Moved) -> Response {
    // Whole milliseconds: readers in other languages stop at six digits of a second.
    let now = simulation.keeper.clock().now();
    let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
    answer(&json!({
        "now": now.to_string(),
        "unix_ms": now.as_millisecond(),
        "advanced_seconds": moved.advanced_seconds,
    }))
}
