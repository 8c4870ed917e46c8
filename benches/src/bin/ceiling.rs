//! What the machine can do at most: RSA alone, and a bare handler that verifies and signs.

use std::hint::black_box;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::serve::ListenerExt as _;
use bytes::Bytes;
use clap::{Parser, ValueEnum};
use http::{HeaderMap, StatusCode, header};
use jose::cert::Identity;
use jose::jws::{HEADER_NAME, SignOptions, fresh_uuid, parse, sign};
use jose::terminal;
use load::credentials::{
    ActivationCode, Channel, Document, Industry, Platform, Protocol, Upay, User,
};
use load::scenario::now;
use load::ucsp::{INQUIRY_ANSWER, INQUIRY_PATH, SUBMIT_ANSWER, SUBMIT_PATH};
use load::upay::messages::{ACTIVATE_PATH, PAY_ANSWER, PAY_PATH, QUERY_ANSWER, QUERY_PATH};
use mimalloc::MiMalloc;
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::time::Instant;

/// The product's, so that the ratio does not speak of allocators.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Partner that calls the bare handler.
const APP_ID: &str = "10000001";
/// Terminal that calls the bare handler, and its key; the vendor's are the same.
const TERMINAL: (&str, &str) = ("100000000000000017", "0123456789abcdef0123456789abcdef");

#[derive(Parser)]
enum Command {
    /// Signatures and verifications a second, on one core and on all.
    Rsa {
        /// Seconds for each of the four figures.
        #[arg(long, default_value_t = 1)]
        seconds: u64,
    },
    /// A handler that verifies the request and signs a constant answer, and nothing else. Calls of
    /// terminals: it checks the MD5, reads the members and gives a constant answer.
    Serve {
        /// Where to write what the generator needs.
        #[arg(long)]
        credentials: PathBuf,
        /// Where to listen; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:0")]
        listen: SocketAddr,
        /// Where signatures are made.
        #[arg(long, value_enum, default_value_t = Place::Inline)]
        sign: Place,
    },
}

/// Where signatures are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    /// On the threads that serve connections: the most a machine can do.
    Inline,
    /// On a thread for each core beside them, so that others are not held up.
    Threads,
}

fn main() -> Result<()> {
    match Command::parse() {
        Command::Rsa { seconds } => rsa(Duration::from_secs(seconds)),
        Command::Serve { credentials, listen, sign } => serve(&credentials, listen, sign),
    }
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

fn rsa(time: Duration) -> Result<()> {
    let identity = Identity::generate("ceiling", 1, now(), 1)?;
    let message = SUBMIT_ANSWER.as_bytes();
    let signature = identity.key().sign_sha256(message)?;
    let sign = || drop(black_box(identity.key().sign_sha256(black_box(message))));
    let public = identity.cert().public_key();
    let verify = || _ = black_box(public.verify_sha256(black_box(message), &signature));
    let report = json!({
        "cores": cores(),
        "signs_per_second_one_core": rate(1, time, sign),
        "signs_per_second": rate(cores(), time, sign),
        "verifications_per_second_one_core": rate(1, time, verify),
        "verifications_per_second": rate(cores(), time, verify),
    });
    println!("{report}");
    Ok(())
}

/// How often a second so many threads can do something, together.
fn rate(threads: usize, time: Duration, work: impl Fn() + Sync) -> f64 {
    const BATCH: u32 = 16;
    let started = Instant::now();
    let count = || {
        let mut count = 0_u32;
        while started.elapsed() < time {
            (0..BATCH).for_each(|_| work());
            count += BATCH;
        }
        f64::from(count)
    };
    let total: f64 = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        running.into_iter().map(|one| one.join().unwrap_or(0.0)).sum()
    });
    total / started.elapsed().as_secs_f64()
}

/// What the handler needs.
struct Bare {
    platform: Identity,
    partner: Identity,
    place: Place,
}

fn serve(file: &Path, listen: SocketAddr, place: Place) -> Result<()> {
    let bare = Bare {
        platform: Identity::generate("ceiling platform", 1_001, now(), 1)?,
        partner: Identity::generate("ceiling partner", 1_002, now(), 1)?,
        place,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(cores())
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await.context("the port cannot be bound")?;
        let address = listener.local_addr()?;
        std::fs::write(file, serde_json::to_string(&document(&bare, address))?)?;
        let submit = |state, headers, body| answer(state, SUBMIT_ANSWER, headers, body);
        let inquiry = |state, headers, body| answer(state, INQUIRY_ANSWER, headers, body);
        let router = Router::new()
            .route(SUBMIT_PATH, post(submit))
            .route(INQUIRY_PATH, post(inquiry))
            .route(ACTIVATE_PATH, post(activated))
            .route(
                PAY_PATH,
                post(async |headers: HeaderMap, body: Bytes| {
                    till_answer(PAY_ANSWER, &headers, &body)
                }),
            )
            .route(
                QUERY_PATH,
                post(async |headers: HeaderMap, body: Bytes| {
                    till_answer(QUERY_ANSWER, &headers, &body)
                }),
            )
            .with_state(Arc::new(bare));
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        println!("ready");
        Ok(axum::serve(listener, router).await?)
    })
}

fn document(bare: &Bare, address: SocketAddr) -> Document {
    let industry = Industry {
        industry_code: APP_ID.into(),
        app_id: APP_ID.into(),
        mer_id: "100000010000017".into(),
        acq_iin: "00010344".into(),
        currency_codes: vec!["344".into()],
        sign_cert_id: bare.partner.id().to_string(),
        sign_key_pem: bare.partner.key().to_pkcs8_pem().expose().clone(),
    };
    Document {
        base_url: format!("http://{address}"),
        upay: Some(Upay {
            vendor_sn: TERMINAL.0.into(),
            vendor_key: TERMINAL.1.into(),
            app_id: "bench".into(),
            activation_codes: vec![ActivationCode { code: "1".into() }],
        }),
        ucsp: Some(Protocol {
            platform: Platform { sign_cert_pem: bare.platform.cert().pem() },
            channel: Channel {
                channel_code: "20000001".into(),
                users: vec![User { user_id: "u-77".into() }],
            },
            industry,
        }),
    }
}

/// The members of a call of a terminal that a handler would look at.
#[derive(Deserialize)]
struct Asked<'a> {
    terminal_sn: &'a str,
    client_sn: &'a str,
    total_amount: Option<&'a str>,
    dynamic_id: Option<&'a str>,
    subject: Option<&'a str>,
    operator: Option<&'a str>,
}

async fn activated() -> Response {
    let (sn, key) = TERMINAL;
    json!({"result_code": "200", "biz_response": {"terminal_sn": sn, "terminal_key": key}})
        .to_string()
        .into_response()
}

fn till_answer(text: &'static str, headers: &HeaderMap, body: &[u8]) -> Response {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let named = value.and_then(|value| value.split_once(' '));
    let (sn, key) = TERMINAL;
    let known = named.is_some_and(|(own, sign)| own == sn && terminal::verify(body, key, sign));
    let asked = known.then(|| serde_json::from_slice::<Asked<'_>>(body).ok()).flatten();
    let right = asked.is_some_and(|asked| {
        let others = [asked.total_amount, asked.dynamic_id, asked.subject, asked.operator];
        black_box(others);
        asked.terminal_sn == sn && !asked.client_sn.is_empty()
    });
    if !right {
        return r#"{"result_code":"400","error_code":"ILLEGAL_SIGN"}"#.into_response();
    }
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

async fn answer(
    State(bare): State<Arc<Bare>>,
    text: &'static str,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let value = headers.get(HEADER_NAME).and_then(|value| value.to_str().ok()).unwrap_or("");
    let verified = parse(value).and_then(|jws| jws.verify(&body, bare.partner.cert()));
    if verified.is_err() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let signed = match bare.place {
        Place::Inline => signature(&bare, text),
        Place::Threads => {
            let work = tokio::task::spawn_blocking(move || signature(&bare, text));
            work.await.unwrap_or_default()
        }
    };
    let form = [(header::CONTENT_TYPE.as_str(), "application/json"), (HEADER_NAME, &signed)];
    (form, text).into_response()
}

fn signature(bare: &Bare, text: &str) -> String {
    let options = SignOptions {
        app_id: APP_ID,
        uuid: &fresh_uuid(),
        timestamp: now().as_second(),
        req_path: None,
    };
    sign(&bare.platform, text.as_bytes(), &options).unwrap_or_default()
}
