//! HTTP answers that are not pages.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use sdk::{JWS_HEADER, Reply};

/// A ready answer of the protocol.
pub(crate) fn sent(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, reply.body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(jws) = reply.jws.and_then(|value| HeaderValue::from_str(&value).ok()) {
        headers.insert(JWS_HEADER, jws);
    }
    response
}

/// A line of text.
pub(crate) fn plain(status: u16, text: &'static str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}

/// A JSON answer that nobody keeps.
pub(crate) fn json_answer(status: StatusCode, value: &serde_json::Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, value.to_string()).into_response()
}

/// A refusal on the way to an answer.
pub(crate) struct Refused(Box<Response>);

/// An answer, or the refusal that is the answer.
pub(crate) type Answered = Result<Response, Refused>;

impl From<Response> for Refused {
    fn from(response: Response) -> Self {
        Self(Box::new(response))
    }
}

impl From<Reply> for Refused {
    fn from(reply: Reply) -> Self {
        sent(reply).into()
    }
}

impl axum::response::IntoResponse for Refused {
    fn into_response(self) -> Response {
        *self.0
    }
}
