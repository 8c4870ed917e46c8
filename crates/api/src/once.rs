//! Links that do something when they are followed.

use axum::http::{HeaderName, StatusCode, header};

/// The answer to `HEAD`: programs that look where such a link leads neither use it up nor make an
/// order.
pub(crate) async fn not_looked_at() -> (StatusCode, [(HeaderName, &'static str); 1]) {
    (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")])
}
