//! The operator's account: HTTP Basic (RFC 7617), compared in constant time.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{StatusCode, header};
use jose::secret::{Secret, equal_in_constant_time};

use super::refused;
use crate::shared::Shared;

/// The operator's account.
#[derive(Clone)]
pub struct AdminAccount {
    /// The name of the account.
    pub email: String,
    /// Its password.
    pub password: Secret<String>,
}

/// Lets nobody but the operator pass. Without an account there is no such interface.
pub(super) async fn required(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(account) = &shared.options.admin else {
        return refused(StatusCode::NOT_FOUND, "no operator's account is configured");
    };
    let given = request.headers().get(header::AUTHORIZATION);
    let given = given.and_then(|value| value.to_str().ok()).and_then(credentials);
    let expected = format!("{}:{}", account.email, account.password.expose());
    let known = given.is_some_and(|it| equal_in_constant_time(expected.as_bytes(), &it));
    if known {
        return next.run(request).await;
    }
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"causeway admin\"")];
    (challenge, refused(StatusCode::UNAUTHORIZED, "the operator's account is asked for"))
        .into_response()
}

fn credentials(value: &str) -> Option<Vec<u8>> {
    let (scheme, encoded) = value.split_once(' ')?;
    STANDARD.decode(encoded.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))
}
