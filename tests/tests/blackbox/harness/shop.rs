//! A shop's server for callbacks: it keeps the bytes, verifies them with the published key, and
//! answers as it is told.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jose::cert::PublicKey;
use serde_json::Value;
use tokio::net::TcpListener;

use super::sandbox::Sandbox;
use super::typing;
use super::wait::until;

/// One callback as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    path: String,
    headers: HeaderMap,
    pub(crate) bytes: Bytes,
}

impl Told {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).expect("a callback is JSON")
    }
}

struct State {
    /// HTTP status and body.
    answer: Mutex<(u16, &'static str)>,
    told: Mutex<Vec<Told>>,
}

/// A running shop.
pub(crate) struct Shop {
    base: String,
    key: PublicKey,
    state: Arc<State>,
}

impl Shop {
    /// Starts one that answers so.
    pub(crate) async fn start(sandbox: &Sandbox, status: u16, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let pem = sandbox.document["upay"]["callback_public_key_pem"].as_str().expect("a key");
        let key = PublicKey::from_pem(pem).expect("a public key");
        let state = State { answer: Mutex::new((status, body)), told: Mutex::default() };
        let state = Arc::new(state);
        tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { base, key, state }
    }

    /// An address of it for `notify_url`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// From now on it answers so.
    pub(crate) fn answers(&self, status: u16, body: &'static str) {
        *self.state.answer.lock().expect("answer") = (status, body);
    }

    /// What came in at this path, all of it verified.
    #[track_caller]
    pub(crate) fn at(&self, path: &str) -> Vec<Told> {
        let told = self.state.told.lock().expect("told");
        let here: Vec<Told> = told.iter().filter(|one| one.path == path).cloned().collect();
        for one in &here {
            let sign = one.headers.get("authorization").and_then(|it| it.to_str().ok());
            let sign = STANDARD.decode(sign.unwrap_or_default()).expect("Base64 and nothing else");
            assert!(self.key.verify_sha256(&one.bytes, &sign), "{one:?}");
            let form = one.headers.get("content-type").and_then(|it| it.to_str().ok());
            let form = form.unwrap_or_default();
            assert!(form.starts_with("application/json"), "{one:?}");
            let faults = typing::callback_faults(&one.json());
            assert!(faults.is_empty(), "{faults:?} in {one:?}");
        }
        here
    }

    /// Waits until so many came in at this path.
    pub(crate) async fn wait(&self, path: &str, count: usize) -> Vec<Told> {
        until(&format!("{count} callbacks at {path}"), async || {
            let here = self.at(path);
            if here.len() >= count { Ok(here) } else { Err(format!("{} came", here.len())) }
        })
        .await
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((socket, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| take(Arc::clone(&state), request));
            // A caller that goes away is its own business.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn take(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await.map(http_body_util::Collected::to_bytes);
    let bytes = bytes.unwrap_or_default();
    let path = parts.uri.path().to_owned();
    state.told.lock().expect("told").push(Told { path, headers: parts.headers, bytes });
    let (status, text) = *state.answer.lock().expect("answer");
    Ok(Response::builder().status(status).body(Full::from(text)).expect("a response"))
}
