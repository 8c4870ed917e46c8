//! A partner's own server for notices: it verifies each, keeps it, and answers as it is told.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::messages::stamp;
use super::partner::Partner;
use super::wait::until;

/// What the server does with a notice.
#[derive(Clone)]
pub(crate) enum Conduct {
    /// Confirms: HTTP 200, signed, 00.
    Confirm,
    /// Answers signed with another code.
    Code(&'static str),
    /// Answers 00 with a signature over something else.
    FalseSignature,
    /// Answers 00 without a signature.
    Unsigned,
    /// Answers 00, signed by somebody else.
    SignedBy(Box<Partner>),
    /// Answers what is no JSON.
    Garbage,
    /// Answers with this status.
    Status(u16),
    /// Sends the caller elsewhere.
    Redirect(String),
    /// Never answers.
    Hang,
}

/// A notice that came in.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) body: Value,
}

impl Received {
    pub(crate) fn get(&self, name: &str) -> &str {
        self.body["trxInfo"][name].as_str().unwrap_or_default()
    }
}

/// A running server.
pub(crate) struct Receiver {
    base: String,
    state: Arc<State>,
}

struct State {
    partner: Partner,
    conduct: Mutex<Conduct>,
    received: Mutex<Vec<Received>>,
    faults: Mutex<Vec<String>>,
}

impl Receiver {
    /// Starts a server of this partner.
    pub(crate) async fn start(partner: &Partner, conduct: Conduct) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(State {
            partner: partner.clone(),
            conduct: Mutex::new(conduct),
            received: Mutex::default(),
            faults: Mutex::default(),
        });
        tokio::spawn(serve(listener, Arc::clone(&state)));
        Self { base, state }
    }

    /// An address of it for `backUrl`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// From now on it does this.
    pub(crate) fn conduct(&self, conduct: Conduct) {
        *self.state.conduct.lock().expect("conduct") = conduct;
    }

    /// What came in so far at this path.
    #[track_caller]
    pub(crate) fn at(&self, path: &str) -> Vec<Received> {
        let faults = self.state.faults.lock().expect("faults");
        assert!(faults.is_empty(), "the platform sent what does not verify: {faults:?}");
        let all = self.state.received.lock().expect("received");
        all.iter().filter(|one| one.path == path).cloned().collect()
    }

    /// Waits until so many came in at this path.
    pub(crate) async fn wait(&self, path: &str, count: usize) -> Vec<Received> {
        until(&format!("{count} notices at {path}"), async || {
            let got = self.at(path);
            if got.len() >= count { Ok(got) } else { Err(format!("{} came", got.len())) }
        })
        .await
    }
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    while let Ok((socket, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&state), request));
            // A caller that goes away is its own business.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
        });
    }
}

async fn answer(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let header = request.headers().get("UPI-JWS").and_then(|value| value.to_str().ok());
    let header = header.unwrap_or_default().to_owned();
    let body = request.into_body().collect().await.map(http_body_util::Collected::to_bytes);
    let body = body.unwrap_or_default();
    if let Err(rule) = state.partner.check_call(&header, &body, &path) {
        state.faults.lock().expect("faults").push(format!("{path}: {rule}"));
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let conduct = state.conduct.lock().expect("conduct").clone();
    state.received.lock().expect("received").push(Received { path, body: body.clone() });
    Ok(respond(&state.partner, conduct, &body).await)
}

async fn respond(partner: &Partner, conduct: Conduct, notice: &Value) -> Response<Full<Bytes>> {
    let text = |code: &str| {
        let mut info = notice["msgInfo"].clone();
        info["timeStamp"] = stamp().into();
        let response = json!({ "responseCode": code, "responseMsg": "as told" });
        json!({ "msgInfo": info, "msgResponse": response }).to_string()
    };
    let build = |status: u16, jws: String, body: String| {
        let mut response = Response::builder().status(status);
        response = response.header("content-type", "application/json");
        if !jws.is_empty() {
            response = response.header("UPI-JWS", jws);
        }
        response.body(Full::from(body)).expect("a response")
    };
    match conduct {
        Conduct::Confirm => {
            let body = text("00");
            build(200, partner.answer_header(body.as_bytes()), body)
        }
        Conduct::Code(code) => {
            let body = text(code);
            build(200, partner.answer_header(body.as_bytes()), body)
        }
        Conduct::FalseSignature => build(200, partner.answer_header(b"{}"), text("00")),
        Conduct::Unsigned => build(200, String::new(), text("00")),
        Conduct::SignedBy(other) => {
            let body = text("00");
            build(200, other.answer_header(body.as_bytes()), body)
        }
        Conduct::Garbage => build(200, partner.answer_header(b"<html>"), "<html>".into()),
        Conduct::Status(status) => {
            let body = text("00");
            build(status, partner.answer_header(body.as_bytes()), body)
        }
        Conduct::Redirect(to) => {
            let moved = Response::builder().status(302).header("location", to);
            moved.body(Full::default()).expect("a response")
        }
        Conduct::Hang => std::future::pending().await,
    }
}
