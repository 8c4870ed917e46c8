//! HTTP as a stranger's program speaks it: no redirects followed, nothing added.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Longer than any call of the platform may take.
const CALL_WAIT: Duration = Duration::from_secs(90);

/// A client with its own connections.
#[derive(Clone)]
pub(crate) struct Http(Client<HttpConnector, Full<Bytes>>);

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Http {
    pub(crate) fn new() -> Self {
        Self(Client::builder(TokioExecutor::new()).build_http())
    }

    /// One that repeats nothing by itself: what a connection lost, the caller hears of.
    pub(crate) fn strict() -> Self {
        let mut builder = Client::builder(TokioExecutor::new());
        Self(builder.retry_canceled_requests(false).build_http())
    }

    /// GET without following redirects.
    pub(crate) async fn get(&self, url: &str) -> Result<Reply, String> {
        self.send(Method::GET, url, &[], Bytes::new()).await
    }

    /// GET with header fields.
    pub(crate) async fn get_with(
        &self,
        url: &str,
        fields: &[(&str, &str)],
    ) -> Result<Reply, String> {
        self.send(Method::GET, url, fields, Bytes::new()).await
    }

    /// POST of a JSON text; `fields` may say another content type.
    pub(crate) async fn post(
        &self,
        url: &str,
        fields: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Reply, String> {
        let mut all = vec![("content-type", "application/json")];
        if fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            all.clear();
        }
        all.extend(fields);
        self.send(Method::POST, url, &all, body.into()).await
    }

    /// Any request. An error says what happened to the connection.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: &str,
        fields: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Reply, String> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in fields {
            if !value.is_empty() {
                request = request.header(*name, *value);
            }
        }
        let request = request.body(Full::new(body)).map_err(|error| error.to_string())?;
        let exchange = async {
            let response = self.0.request(request).await.map_err(|error| format!("{error:?}"))?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| format!("{error:?}"))?.to_bytes();
            Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body })
        };
        tokio::time::timeout(CALL_WAIT, exchange).await.map_err(|_| format!("{url} hangs"))?
    }
}

impl Reply {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("HTTP {}, {error}: {}", self.status, self.text()))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}
