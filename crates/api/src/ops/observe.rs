//! Around every request: a bound, a time limit, a number, a line in the log, figures.
//!
//! Noted is the pattern of the route, never the path: paths hold one-time secrets and order
//! numbers that open a page.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use metrics::{counter, gauge, histogram};
use tokio::time::Instant;
use wire::ucsp::ResponseCode;

use crate::limits::{REQUEST_TIME_MAX, RETRY_AFTER_S};
use crate::shared::Shared;
use crate::terminal;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The authenticated application, which the gateway leaves on the answer for the log.
#[derive(Clone)]
pub(crate) struct AppOfRequest(pub(crate) String);

/// What is known of a request before it is answered.
struct Noted {
    id: String,
    method: Method,
    route: String,
    begin: Instant,
}

/// Wraps every request.
pub(crate) async fn observe(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let matched = request.extensions().get::<MatchedPath>();
    let noted = Noted {
        id: shared.platform.ids.incident(),
        method: request.method().clone(),
        route: matched.map_or("none", MatchedPath::as_str).to_owned(),
        begin: Instant::now(),
    };
    let active = Active::begin();
    let mut response = answer(&shared, &noted, request, next).await;
    drop(active);
    note(&noted, &response);
    if let Ok(id) = HeaderValue::from_str(&noted.id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// A request that is worked on; also one whose caller hangs up is counted out.
struct Active;

impl Active {
    fn begin() -> Self {
        gauge!("causeway_http_requests_active").increment(1.0);
        Self
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        gauge!("causeway_http_requests_active").decrement(1.0);
    }
}

async fn answer(shared: &Shared, noted: &Noted, request: Request, next: Next) -> Response {
    let room = if noted.route == terminal::PAY_PATH { &shared.pays } else { &shared.requests };
    let Ok(_room) = room.try_acquire() else {
        return if terminal::is_theirs(&noted.route) { terminal::busy() } else { busy() };
    };
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(REQUEST_TIME_MAX, work).await {
        Ok(Ok(response)) => response,
        Ok(Err(_panic)) => {
            tracing::error!(incident = %noted.id, route = %noted.route, "a handler panicked");
            failed_for(noted)
        }
        Err(_) => {
            tracing::error!(incident = %noted.id, route = %noted.route, "a request took too long");
            failed_for(noted)
        }
    }
}

/// The failure in the words of whoever called.
fn failed_for(noted: &Noted) -> Response {
    if terminal::is_theirs(&noted.route) { terminal::failed() } else { failed(&noted.id) }
}

/// The refusal when there is too much to do: nothing was looked at.
pub(crate) fn busy() -> Response {
    let wait = (header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    let body = common_error("busy, send it again later");
    (StatusCode::SERVICE_UNAVAILABLE, [wait], json(), body).into_response()
}

/// The answer when nothing better can be said: 99 with the id that finds the cause in the log.
pub(crate) fn failed(incident: &str) -> Response {
    let body = common_error(&format!("incident {incident}"));
    (StatusCode::INTERNAL_SERVER_ERROR, json(), body).into_response()
}

fn json() -> [(HeaderName, &'static str); 1] {
    [(header::CONTENT_TYPE, "application/json")]
}

fn common_error(detail: &str) -> String {
    let code = ResponseCode::CommonError;
    let response = serde_json::json!({
        "responseCode": code.code(), "responseMsg": code.message(), "errorDetail": detail,
    });
    serde_json::json!({ "MsgResponse": response }).to_string()
}

fn note(noted: &Noted, response: &Response) {
    let status = response.status().as_u16();
    let taken = noted.begin.elapsed();
    let app = response.extensions().get::<AppOfRequest>().map_or("", |app| app.0.as_str());
    tracing::info!(
        request = %noted.id, method = %noted.method, route = %noted.route, status, app,
        ms = taken.as_secs_f64() * 1000.0, "request"
    );
    let labels = [("route", noted.route.clone()), ("status", status.to_string())];
    counter!("causeway_http_requests_total", &labels).increment(1);
    let route = [("route", noted.route.clone())];
    histogram!("causeway_http_request_seconds", &route).record(taken.as_secs_f64());
}
