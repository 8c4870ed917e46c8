//! The client itself: checks a request, waits for its turn, exchanges, reads the answer in bounds.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Method, Uri};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::capture_connection;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Duration, Instant, timeout_at};

use crate::connect::{Connector, Target, system_resolver};
use crate::error::{EgressError, Phase, Refusal};
use crate::gate::Gate;
use crate::limits::{
    Limits, REQUEST_BYTES_MAX, REQUEST_HEADERS_MAX, RESPONSE_HEAD_BYTES_MAX, RESPONSE_HEADERS_MAX,
    TIMEOUT_SECONDS_MAX, URL_BYTES_MAX,
};
use crate::policy::Policy;
use crate::request::{Request, Response};
use crate::tls::client_config;

const USER_AGENT: HeaderValue = HeaderValue::from_static("causeway");

/// The outbound HTTP client. Cheap to clone; clones share connections and bounds.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

struct Shared {
    policy: Arc<Policy>,
    limits: Limits,
    gate: Gate,
    pool: Pool<Connector, Full<Bytes>>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("policy", &self.shared.policy)
            .field("limits", &self.shared.limits)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client. `extra_authorities` is PEM text with certificates that are trusted besides
    /// the web's certificate authorities.
    ///
    /// Fails with [`EgressError::BadAuthorities`] or [`EgressError::TlsSetup`].
    pub fn new(
        policy: Policy,
        limits: Limits,
        extra_authorities: Option<&str>,
    ) -> Result<Self, EgressError> {
        let policy = Arc::new(policy);
        let connector = Connector {
            policy: Arc::clone(&policy),
            tls: client_config(extra_authorities)?,
            resolver: system_resolver(),
            timeout: limits.connect,
        };
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(limits.idle)
            .pool_max_idle_per_host(limits.idle_per_host_max)
            .http1_max_buf_size(RESPONSE_HEAD_BYTES_MAX)
            .http1_max_headers(RESPONSE_HEADERS_MAX)
            .build(connector);
        let gate = Gate::new(&limits);
        Ok(Self { shared: Arc::new(Shared { policy, limits, gate, pool }) })
    }

    /// Sends one request and reads the whole answer.
    ///
    /// Any status is an answer, redirects included. On an error, [`EgressError::maybe_sent`] says
    /// whether the other side may have seen the request.
    pub async fn send(&self, request: Request) -> Result<Response, EgressError> {
        let timeout = request
            .timeout
            .unwrap_or(self.shared.limits.total)
            .min(Duration::from_secs(TIMEOUT_SECONDS_MAX));
        let deadline = Instant::now() + timeout;
        let (target, request) = self.prepare(request)?;
        let result = self.exchange(&target, request, deadline).await;
        match &result {
            Ok(answer) => tracing::debug!(host = target.host, status = answer.status, "called"),
            Err(error) => tracing::debug!(host = target.host, %error, "call failed"),
        }
        result
    }

    /// Checks all that can be checked before a connection is asked for.
    fn prepare(
        &self,
        request: Request,
    ) -> Result<(Target, http::Request<Full<Bytes>>), EgressError> {
        let bad = |reason| EgressError::BadRequest { reason };
        if request.url.len() > URL_BYTES_MAX {
            return Err(EgressError::BadUrl { reason: "it is too long" });
        }
        if request.body.len() > REQUEST_BYTES_MAX {
            return Err(bad("its body is too large"));
        }
        if request.headers.len() > REQUEST_HEADERS_MAX {
            return Err(bad("it has too many headers"));
        }
        if request.method == Method::CONNECT {
            return Err(bad("CONNECT is not for this client"));
        }
        let uri: Uri =
            request.url.parse().map_err(|_| EgressError::BadUrl { reason: "it is no URL" })?;
        let target = Target::of(&uri)?;
        self.check_target(&target)?;
        let mut outgoing = http::Request::new(Full::new(request.body));
        *outgoing.method_mut() = request.method;
        *outgoing.uri_mut() = uri;
        let headers = outgoing.headers_mut();
        headers.insert(header::USER_AGENT, USER_AGENT);
        for (name, value) in &request.headers {
            let (name, value) = checked_header(name, value)?;
            headers.append(name, value);
        }
        Ok((target, outgoing))
    }

    /// Host, port and whether TLS is spoken, if a connection would be asked for: for tests, which
    /// hold the judgement against another one without calling anybody.
    ///
    /// # Errors
    /// As [`Self::send`] before it connects.
    #[cfg(feature = "testing")]
    pub fn would_call(&self, request: Request) -> Result<(String, u16, bool), EgressError> {
        self.prepare(request).map(|(target, _)| (target.host, target.port, target.tls))
    }

    /// Judges scheme and literal address before anything waits; names are judged when resolved.
    fn check_target(&self, target: &Target) -> Result<(), EgressError> {
        let policy = &self.shared.policy;
        let forbidden = |reason| EgressError::Forbidden { host: target.host.clone(), reason };
        if !target.tls && !policy.allow_plain_http {
            return Err(forbidden(Refusal::PlainHttp));
        }
        match target.host.parse() {
            Ok(address) => policy.judge(address).map_err(forbidden),
            Err(_) => Ok(()),
        }
    }

    async fn exchange(
        &self,
        target: &Target,
        mut request: http::Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<Response, EgressError> {
        let late = |phase| EgressError::Timeout { host: target.host.clone(), phase };
        let authority = target.authority();
        // Held until the body is read: an exchange is over when its connection is free again.
        let _pass = timeout_at(deadline, self.shared.gate.enter(&authority))
            .await
            .ok()
            .flatten()
            .ok_or_else(|| late(Phase::Queued))?;
        // The library notes the connection here before it hands the request to it. Without the
        // note no byte can have left.
        let captured = capture_connection(&mut request);
        let on_connection = || captured.connection_metadata().is_some();
        let answer = match timeout_at(deadline, self.shared.pool.request(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(explain(&target.host, &error, on_connection())),
            Err(_) if on_connection() => return Err(late(Phase::Exchanging)),
            Err(_) => return Err(late(Phase::Connecting)),
        };
        let (head, body) = answer.into_parts();
        let body = timeout_at(deadline, self.read(target, body))
            .await
            .map_err(|_| late(Phase::Exchanging))??;
        Ok(Response { status: head.status.as_u16(), headers: head.headers, body })
    }

    async fn read(&self, target: &Target, body: Incoming) -> Result<Bytes, EgressError> {
        let bytes_max = self.shared.limits.response_bytes_max;
        let host = || target.host.clone();
        // A declared length over the bound is refused before a byte of it is read.
        if body.size_hint().lower() > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
            return Err(EgressError::TooLarge { host: host() });
        }
        match Limited::new(body, bytes_max).collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(EgressError::TooLarge { host: host() })
            }
            Err(error) => {
                Err(EgressError::Protocol { host: host(), detail: innermost(error.as_ref()) })
            }
        }
    }
}

/// A header the caller may set.
fn checked_header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), EgressError> {
    let bad = |reason| EgressError::BadRequest { reason };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad("a header name is bad"))?;
    let value = HeaderValue::from_str(value).map_err(|_| bad("a header value is bad"))?;
    let own = [
        header::HOST,
        header::CONTENT_LENGTH,
        header::TRANSFER_ENCODING,
        header::CONNECTION,
        header::UPGRADE,
        header::TE,
        header::TRAILER,
        header::EXPECT,
        header::USER_AGENT,
    ];
    if own.contains(&name) {
        return Err(bad("a header is set that belongs to the connection"));
    }
    Ok((name, value))
}

/// Turns the library's error into ours. `on_connection` says whether the request was ever handed
/// to a connection.
fn explain(
    host: &str,
    error: &hyper_util::client::legacy::Error,
    on_connection: bool,
) -> EgressError {
    let mut causes = std::iter::successors(error.source(), |cause| (*cause).source());
    for cause in &mut causes {
        if let Some(own) = cause.downcast_ref::<EgressError>() {
            return own.clone();
        }
        let Some(http) = cause.downcast_ref::<hyper::Error>() else { continue };
        if http.is_canceled() {
            // The library gives the request back only if it was never begun.
            return EgressError::NotStarted { host: host.to_owned() };
        }
        if http.is_parse_too_large() {
            return EgressError::TooLarge { host: host.to_owned() };
        }
    }
    if !on_connection {
        return EgressError::NotStarted { host: host.to_owned() };
    }
    EgressError::Protocol { host: host.to_owned(), detail: innermost(error) }
}

/// The text of the deepest cause: the libraries put the useful words there.
fn innermost(error: &(dyn Error + 'static)) -> String {
    std::iter::successors(Some(error), |cause| (*cause).source())
        .last()
        .map(ToString::to_string)
        .unwrap_or_default()
}
