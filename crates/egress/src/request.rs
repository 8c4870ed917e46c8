//! What goes out and what comes back. `Debug` shows sizes, never header values or bodies.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};

/// One outbound request.
#[derive(Clone)]
pub struct Request {
    /// The HTTP method; `CONNECT` is refused.
    pub method: Method,
    /// Absolute `http` or `https` URL without user information, at most
    /// [`crate::limits::URL_BYTES_MAX`] bytes.
    pub url: String,
    /// Header names and values; `Host`, lengths and hop-by-hop headers are the client's own and
    /// refused here.
    pub headers: Vec<(String, String)>,
    /// The body as it travels, at most [`crate::limits::REQUEST_BYTES_MAX`] bytes.
    pub body: Bytes,
    /// Time for the whole exchange instead of [`crate::Limits::total`].
    pub timeout: Option<Duration>,
}

impl Request {
    /// A `GET` without body.
    #[must_use]
    pub fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url, Bytes::new())
    }

    /// A `POST` with the given body; the content type is for the caller to set.
    #[must_use]
    pub fn post(url: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self::new(Method::POST, url, body.into())
    }

    /// A request with any method.
    #[must_use]
    pub fn new(method: Method, url: impl Into<String>, body: Bytes) -> Self {
        Self { method, url: url.into(), headers: Vec::new(), body, timeout: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the time for the whole exchange.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The query may carry one-time codes.
        let path = self.url.split_once(['?', '#']).map_or(self.url.as_str(), |(path, _)| path);
        formatter
            .debug_struct("Request")
            .field("method", &self.method)
            .field("url", &path)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .field("timeout", &self.timeout)
            .finish()
    }
}

/// A complete answer, whatever its status: only the absence of an answer is an error.
#[derive(Clone)]
pub struct Response {
    /// The HTTP status code, 100 to 999.
    pub status: u16,
    /// The headers as received.
    pub headers: HeaderMap,
    /// The whole body, at most [`crate::Limits::response_bytes_max`] bytes.
    pub body: Bytes,
}

impl Response {
    /// The text of a header, if it is there and printable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("body_bytes", &self.body.len())
            .finish()
    }
}
