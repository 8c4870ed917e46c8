//! The stand-in: checks signatures, rotates keys, and answers payment calls as a test says.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use egress::{Client, Limits, Policy};
use jiff::{SignedDuration, Timestamp};
use jose::terminal;
use sdk::terminal::{Activation, Sale, Terminal, TerminalConfig, TillClock};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A clock that jumps to the end of every wait.
pub(crate) struct Jumping(Mutex<Timestamp>);

impl Jumping {
    pub(crate) fn advance(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }
}

#[async_trait]
impl TillClock for Jumping {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    async fn wait(&self, time: Duration) {
        self.advance(i64::try_from(time.as_secs()).unwrap());
    }
}

/// What is answered to a call.
#[derive(Clone)]
pub(crate) enum Act {
    /// This.
    Say(Value),
    /// It is done, and the answer is lost.
    Lose,
}

/// The stand-in.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) clock: Arc<Jumping>,
    inside: Arc<Mutex<Inside>>,
}

#[derive(Default)]
struct Inside {
    /// Newest key first; the first two are good.
    keys: Vec<String>,
    acts: VecDeque<Act>,
    /// Answered when the acts are used up.
    otherwise: Option<Value>,
    check_ins_to_lose: u32,
    calls: Vec<(String, Value)>,
}

impl Server {
    pub(crate) async fn start(acts: &[Act]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inside = Inside { acts: acts.iter().cloned().collect(), ..Inside::default() };
        let inside = Arc::new(Mutex::new(inside));
        let router = Router::new().fallback(handle).with_state(Arc::clone(&inside));
        let router = router.layer(DefaultBodyLimit::max(jose::limits::TERMINAL_BODY_BYTES_MAX));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let clock = Jumping(Mutex::new("2026-01-05T02:30:00Z".parse().unwrap()));
        Self { url, clock: Arc::new(clock), inside }
    }

    pub(crate) fn otherwise(&self, answer: Value) {
        self.inside.lock().unwrap().otherwise = Some(answer);
    }

    pub(crate) fn lose_check_ins(&self, count: u32) {
        self.inside.lock().unwrap().check_ins_to_lose = count;
    }

    pub(crate) fn config(&self, folder: &Path) -> TerminalConfig {
        TerminalConfig {
            base_url: self.url.clone(),
            folder: folder.to_owned(),
            zone: jiff::tz::TimeZone::fixed(jiff::tz::offset(8)),
            client: Client::new(Policy::sandbox(), Limits::default(), None).unwrap(),
            clock: Arc::clone(&self.clock) as Arc<dyn TillClock>,
        }
    }

    pub(crate) async fn terminal(&self, folder: &Path) -> Terminal {
        let activation = Activation {
            vendor_sn: "91".into(),
            vendor_key: "vendor".into(),
            app_id: "app".into(),
            code: "12345678".into(),
            device_id: "till-1".into(),
            ..Activation::default()
        };
        Terminal::activate(self.config(folder), &activation).await.unwrap()
    }

    /// The paths that were called since the activation.
    pub(crate) fn paths(&self) -> Vec<String> {
        let calls = &self.inside.lock().unwrap().calls;
        calls.iter().map(|(path, _)| path.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// The body of the call with this number.
    pub(crate) fn body(&self, index: usize) -> Value {
        self.inside.lock().unwrap().calls[index].1.clone()
    }
}

async fn handle(
    State(inside): State<Arc<Mutex<Inside>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut inside = inside.lock().unwrap();
    let (sn, sign) = headers["authorization"].to_str().unwrap().split_once(' ').unwrap();
    if uri.path() == "/terminal/activate" {
        assert!(sn == "91" && terminal::verify(&body, "vendor", sign));
        return inside.new_key();
    }
    if !inside.keys.iter().take(2).any(|key| terminal::verify(&body, key, sign)) {
        let refused = json!({"result_code": "400", "error_code": "ILLEGAL_SIGN"});
        return refused.to_string().into_response();
    }
    let value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    inside.calls.push((uri.path().to_owned(), value));
    if uri.path() == "/terminal/checkin" {
        let answer = inside.new_key();
        if inside.check_ins_to_lose > 0 {
            inside.check_ins_to_lose -= 1;
            return lost();
        }
        return answer;
    }
    match inside.acts.pop_front() {
        Some(Act::Say(answer)) => answer.to_string().into_response(),
        Some(Act::Lose) => lost(),
        None => inside.otherwise.clone().unwrap().to_string().into_response(),
    }
}

impl Inside {
    fn new_key(&mut self) -> Response {
        let key = format!("key-{}", self.keys.len() + 1);
        self.keys.insert(0, key.clone());
        let inner = json!({"terminal_sn": "1001", "terminal_key": key});
        json!({"result_code": "200", "biz_response": inner}).to_string().into_response()
    }
}

/// What a broken gateway says is no answer.
fn lost() -> Response {
    (StatusCode::BAD_GATEWAY, "<html>").into_response()
}

/// An answer with these inner codes about an order in this state.
pub(crate) fn answer(result_code: &str, error_code: &str, order_status: &str) -> Value {
    let mut inner = json!({"result_code": result_code});
    if !error_code.is_empty() {
        inner["error_code"] = error_code.into();
    }
    if !order_status.is_empty() {
        inner["data"] = json!({"sn": "7890000000000001", "order_status": order_status});
    }
    json!({"result_code": "200", "biz_response": inner})
}

pub(crate) fn say(result_code: &str, error_code: &str, order_status: &str) -> Act {
    Act::Say(answer(result_code, error_code, order_status))
}

pub(crate) fn missing() -> Act {
    say("FAIL", "UPAY_ORDER_NOT_EXISTS", "")
}

pub(crate) fn sale(client_sn: &str) -> Sale {
    Sale {
        client_sn: client_sn.into(),
        total_amount: 1000,
        subject: "tea".into(),
        payway: Some("3".into()),
        ..Sale::default()
    }
}
