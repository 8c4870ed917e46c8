//! The receivers: as many as wanted, each on a port of its own, in a process of their own.
//!
//! What they answer is signed ahead, so that on a machine that they share with the sender they cost
//! what a socket costs. Each answer is given once: it carries a number that is taken only once.

use std::io::BufRead as _;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use app::clock::MovableClock;
use app::ports::Clock as _;
use jiff::SignedDuration;
use jose::cert::{Identity, Issue, PrivateKey};
use jose::jws::{HEADER_NAME, SignOptions, fresh_uuid, sign};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;

/// The argument by which the program becomes the receivers.
pub(crate) const COMMAND: &str = "receivers";

/// What the sender wants, one line on standard input.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Wanted {
    /// The key that all receivers sign with.
    pub(crate) key_pem: String,
    /// The number of its certificate.
    pub(crate) serial: u64,
    /// The receivers' applications.
    pub(crate) apps: Vec<String>,
    /// Answers for each.
    pub(crate) answers: usize,
    /// Whether the first one accepts connections and never answers.
    pub(crate) silent: bool,
}

/// What the receivers say when they are there, one line on standard output.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Listening {
    /// Their ports, in the order of the applications.
    pub(crate) ports: Vec<u16>,
}

const BODY: &str = r#"{"msgResponse":{"responseCode":"00","responseMsg":"Approved"}}"#;
/// Longest request that is read, in bytes.
const REQUEST_BYTES_MAX: usize = 256 * 1024;

/// One receiver's answers, each for one notice.
struct Answers {
    ready: Vec<Vec<u8>>,
    next: AtomicUsize,
}

/// Signs ahead, listens, and answers until standard input ends.
pub(crate) fn run() -> Result<(), Failure> {
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    let wanted: Wanted = serde_json::from_str(&line)?;
    let answers = signed(&wanted)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut ports = Vec::new();
        for (index, answers) in answers.into_iter().enumerate() {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            ports.push(listener.local_addr()?.port());
            let silent = wanted.silent && index == 0;
            tokio::spawn(serve(listener, (!silent).then(|| Arc::new(answers))));
        }
        println!("{}", serde_json::to_string(&Listening { ports })?);
        let end = || std::io::stdin().lock().read_line(&mut String::new());
        tokio::task::spawn_blocking(end).await??;
        Ok(())
    })
}

/// Answers for all receivers, made on all cores.
fn signed(wanted: &Wanted) -> Result<Vec<Answers>, Failure> {
    let identity = identity(&wanted.key_pem, wanted.serial)?;
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = wanted.answers.div_ceil(threads);
    let part = |app: &str| -> Result<Vec<Vec<u8>>, Failure> {
        (0..share).map(|_| Ok(answer(&identity, app)?)).collect()
    };
    let part = &part;
    let mut all: Vec<Vec<Vec<u8>>> = wanted.apps.iter().map(|_| Vec::new()).collect();
    thread::scope(|scope| {
        let work = || wanted.apps.iter().map(|app| part(app)).collect::<Result<Vec<_>, _>>();
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for one in running {
            let parts = one.join().map_err(|_| "a signing thread panicked")??;
            all.iter_mut().zip(parts).for_each(|(own, part)| own.extend(part));
        }
        Ok::<_, Failure>(())
    })?;
    Ok(all.into_iter().map(|ready| Answers { ready, next: AtomicUsize::new(0) }).collect())
}

/// The partners' identity from its key; only the number of the certificate matters here.
fn identity(key_pem: &str, serial: u64) -> Result<Identity, Failure> {
    let not_before = MovableClock::system().real_now() - SignedDuration::from_hours(1);
    let issue = Issue { subject: "receiver", serial, not_before, validity_days: 1 };
    Ok(Identity::certify(PrivateKey::from_pem(key_pem)?, &issue)?)
}

fn answer(identity: &Identity, app: &str) -> Result<Vec<u8>, jose::jws::JwsError> {
    let uuid = fresh_uuid();
    let timestamp = MovableClock::system().real_now().as_second();
    let options = SignOptions { app_id: app, uuid: &uuid, timestamp, req_path: None };
    let signature = sign(identity, BODY.as_bytes(), &options)?;
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         {HEADER_NAME}: {signature}\r\n\r\n{BODY}",
        BODY.len()
    );
    Ok(head.into_bytes())
}

/// Without answers the connections are held and nothing is said.
async fn serve(listener: TcpListener, answers: Option<Arc<Answers>>) {
    let mut held = Vec::new();
    while let Ok((stream, _)) = listener.accept().await {
        match &answers {
            Some(answers) => drop(tokio::spawn(confirm(stream, Arc::clone(answers)))),
            None => held.push(stream),
        }
    }
}

/// One connection; it ends when the sender hangs up or nothing is left to say.
async fn confirm(mut stream: TcpStream, answers: Arc<Answers>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = Vec::with_capacity(8 * 1024);
    loop {
        let length = loop {
            if let Some(length) = whole(&buffer) {
                break length;
            }
            if buffer.len() > REQUEST_BYTES_MAX || stream.read_buf(&mut buffer).await? == 0 {
                return Ok(());
            }
        };
        buffer.drain(..length);
        let next = answers.next.fetch_add(1, Ordering::Relaxed);
        let Some(answer) = answers.ready.get(next) else { return Ok(()) };
        stream.write_all(answer).await?;
    }
}

/// The length of the first request, once all of it is there.
fn whole(bytes: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = bytes.get(..end)?;
    let length = head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        let same = name.eq_ignore_ascii_case(NAME);
        same.then(|| std::str::from_utf8(value).ok()?.trim().parse::<usize>().ok()).flatten()
    })?;
    (bytes.len() >= end + length).then_some(end + length)
}
