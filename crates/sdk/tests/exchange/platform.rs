//! The stand-in: keys of both sides, a fixed time, and a server that does what a test says.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use egress::{Client, Limits, Policy};
use jiff::{SignedDuration, Timestamp};
use jose::cert::Identity;
use jose::jws::{self, Call, PartnerKeys, SignOptions, VerifiedHeader, verify_request};
use jose::keyring::Clock;
use sdk::{JWS_HEADER, Partner, PartnerConfig, Relation};
use tokio::net::TcpListener;

pub(crate) const APP_ID: &str = "PARKEASY";
pub(crate) const INDUSTRY_CODE: &str = "10000001";

pub(crate) fn start() -> Timestamp {
    "2026-01-05T02:30:00Z".parse().unwrap()
}

fn identity(subject: &str, serial: u64) -> Identity {
    Identity::generate(subject, serial, start() - SignedDuration::from_hours(24), 30).unwrap()
}

/// The keys of both sides.
pub(crate) struct Keys {
    pub(crate) platform_sign: Identity,
    pub(crate) platform_enc: Identity,
    pub(crate) partner_sign: Identity,
    pub(crate) partner_enc: Identity,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self {
            platform_sign: identity("platform sign", 1),
            platform_enc: identity("platform enc", 2),
            partner_sign: identity("partner sign", 11),
            partner_enc: identity("partner enc", 12),
        }
    }

    /// The partner's configuration, at a time `seconds` after the start.
    pub(crate) fn config(&self, base_url: &str, seconds: i64) -> PartnerConfig {
        let relation = Relation {
            base_url: base_url.to_owned(),
            app_id: APP_ID.to_owned(),
            code: INDUSTRY_CODE.to_owned(),
            signing: self.partner_sign.clone(),
            encryption: self.partner_enc.clone(),
            platform_sign_cert: Arc::clone(self.platform_sign.cert()),
            platform_enc_cert: Arc::clone(self.platform_enc.cert()),
        };
        let client = Client::new(Policy::sandbox(), Limits::default(), None).unwrap();
        let time = move || start() + SignedDuration::from_secs(seconds);
        let mut config = PartnerConfig::new(relation, Arc::new((time, start)), client);
        config.timeout = Duration::from_secs(10);
        config
    }

    pub(crate) fn partner(&self, base_url: &str) -> Partner {
        Partner::new(self.config(base_url, 0))
    }

    /// Verifies a request of the partner as the gateway does.
    pub(crate) fn verify(
        &self,
        headers: &HeaderMap,
        path: &str,
        body: &[u8],
    ) -> Result<VerifiedHeader, String> {
        let keys = Arc::new(PartnerKeys::new(
            APP_ID,
            Arc::clone(self.partner_sign.cert()),
            Arc::clone(self.partner_enc.cert()),
        ));
        let call = Call {
            header: headers.get(JWS_HEADER).and_then(|value| value.to_str().ok()),
            body,
            path,
            peer: None,
            now: Clock::real(start()),
        };
        let find = |app_id: &str| (app_id == APP_ID).then(|| Arc::clone(&keys));
        verify_request(&call, &find).map_err(|failure| failure.cause)
    }

    /// Signs as the platform: an answer, or a request to `path`.
    pub(crate) fn sign(&self, body: &[u8], path: Option<&str>) -> String {
        sign_with(&self.platform_sign, body, path)
    }
}

pub(crate) fn sign_with(identity: &Identity, body: &[u8], path: Option<&str>) -> String {
    let options = SignOptions {
        app_id: APP_ID,
        uuid: &jws::fresh_uuid(),
        timestamp: start().as_second(),
        req_path: path,
    };
    jws::sign(identity, body, &options).unwrap()
}

/// A request as the stand-in got it.
pub(crate) struct Got {
    pub(crate) headers: HeaderMap,
    pub(crate) path: String,
    pub(crate) body: Bytes,
}

type Act = Arc<dyn Fn(Got) -> Response + Send + Sync>;

async fn handle(State(act): State<Act>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    act(Got { headers, path: uri.path().to_owned(), body })
}

/// Serves `act` for every request, under the base address that is returned.
pub(crate) async fn serve(act: impl Fn(Got) -> Response + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let act: Act = Arc::new(act);
    let router = Router::new().fallback(handle).with_state(act);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// An answer with a signature header.
pub(crate) fn signed(status: u16, jws: &str, body: Vec<u8>) -> Response {
    let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
    response.headers_mut().insert(JWS_HEADER, HeaderValue::from_str(jws).unwrap());
    response
}
