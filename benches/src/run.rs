//! A run: so many connections, each asking again when it was answered, for a while.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::time::{Instant, sleep, sleep_until};

use crate::client::{Answer, Connection};
use crate::limits::{ANSWERS_PER_SAMPLE, PROBE_PAUSE_MS};
use crate::process::processor_time_us;
use crate::tally::{Sample, Tally};

/// What to do.
pub struct Plan {
    /// Where.
    pub address: SocketAddr,
    /// How many connections at once.
    pub connections: usize,
    /// How long to run before anything is counted.
    pub warmup: Duration,
    /// How long to count; without it every request is sent and counted.
    pub window: Option<Duration>,
    /// What to send, each once.
    pub requests: Vec<Vec<u8>>,
    /// Requests of other kinds, each asked again and again by a connection of its own.
    pub probes: Vec<Vec<u8>>,
    /// The process whose processor time is read at both ends of the window.
    pub server_process: Option<u32>,
}

/// What happened in the window.
pub struct Outcome {
    /// The load.
    pub tally: Tally,
    /// The probes, in their order.
    pub probes: Vec<Tally>,
    /// Length of the window.
    pub elapsed: Duration,
    /// Whether the requests ran out before the time did: then the rates mean nothing.
    pub exhausted: bool,
    /// Processor time of the server in the window.
    pub server_us: Option<u64>,
    /// Processor time of the generator in the window.
    pub own_us: Option<u64>,
}

/// When counting begins and when everything ends.
#[derive(Clone, Copy)]
struct Window {
    from: Instant,
    until: Option<Instant>,
}

impl Window {
    fn is_over(self, now: Instant) -> bool {
        self.until.is_some_and(|until| now >= until)
    }

    fn counts(self, now: Instant) -> bool {
        now >= self.from && !self.is_over(now)
    }
}

/// Runs a plan on the runtime of the caller, which should have one thread.
///
/// # Errors
/// When a connection cannot be opened or breaks.
pub async fn run(plan: Plan) -> Result<Outcome> {
    let mut connections = Vec::with_capacity(plan.connections);
    for _ in 0..plan.connections {
        connections.push(Connection::open(plan.address).await.context("cannot connect")?);
    }
    let requests: Arc<[Vec<u8>]> = plan.requests.into();
    let next = Arc::new(AtomicUsize::new(0));
    let from = Instant::now() + plan.warmup;
    let window = Window { from, until: plan.window.map(|length| from + length) };
    let mut probes = Vec::new();
    for request in plan.probes {
        let connection = Connection::open(plan.address).await.context("cannot connect")?;
        probes.push(tokio::spawn(probe(connection, request, window)));
    }
    let meter = window.until.map(|until| tokio::spawn(meter(plan.server_process, from, until)));
    let ask = |connection| ask(connection, Arc::clone(&requests), Arc::clone(&next), window);
    let asking: Vec<_> = connections.into_iter().map(|one| tokio::spawn(ask(one))).collect();
    let mut tally = Tally::default();
    for one in asking {
        tally.add(one.await??);
    }
    let elapsed = plan.window.unwrap_or_else(|| from.elapsed());
    let exhausted = plan.window.is_some() && next.load(Ordering::Relaxed) >= requests.len();
    let mut seen_by_probes = Vec::new();
    for one in probes {
        seen_by_probes.push(one.await??);
    }
    let (server_us, own_us) = match meter {
        Some(meter) => meter.await?,
        None => (None, None),
    };
    Ok(Outcome { tally, probes: seen_by_probes, elapsed, exhausted, server_us, own_us })
}

/// One connection of the load.
async fn ask(
    mut connection: Connection,
    requests: Arc<[Vec<u8>]>,
    next: Arc<AtomicUsize>,
    window: Window,
) -> Result<Tally> {
    let mut tally = Tally::default();
    loop {
        let index = next.fetch_add(1, Ordering::Relaxed);
        let Some(request) = requests.get(index) else { return Ok(tally) };
        let sent = Instant::now();
        if window.is_over(sent) {
            return Ok(tally);
        }
        let answer = connection.exchange(request).await.context("a connection broke")?;
        let now = Instant::now();
        if window.counts(now) {
            tally.latencies_us.push(microseconds(now - sent));
            if let Some(error) = wrong(&answer) {
                tally.wrong(error);
            } else if window.until.is_none() || index.is_multiple_of(ANSWERS_PER_SAMPLE) {
                let header = answer.header("UPI-JWS").map(str::to_owned);
                tally.samples.push(Sample { header, body: answer.body.to_vec() });
            }
        }
    }
}

/// One connection that asks the same again and again, with a pause.
async fn probe(mut connection: Connection, request: Vec<u8>, window: Window) -> Result<Tally> {
    let mut tally = Tally::default();
    while !window.is_over(Instant::now()) {
        let sent = Instant::now();
        let answer = connection.exchange(&request).await.context("a probe broke")?;
        let now = Instant::now();
        if window.counts(now) {
            tally.latencies_us.push(microseconds(now - sent));
            if answer.status != 200 {
                tally.wrong(format!("status {}", answer.status));
            }
        }
        sleep(Duration::from_millis(PROBE_PAUSE_MS)).await;
    }
    Ok(tally)
}

/// Processor time of server and generator between two instants.
async fn meter(server: Option<u32>, from: Instant, until: Instant) -> (Option<u64>, Option<u64>) {
    let read = || (server.and_then(|id| processor_time_us(Some(id))), processor_time_us(None));
    sleep_until(from).await;
    let before = read();
    sleep_until(until).await;
    let after = read();
    let used = |after: Option<u64>, before: Option<u64>| Some(after?.saturating_sub(before?));
    (used(after.0, before.0), used(after.1, before.1))
}

fn microseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_micros()).unwrap_or(u32::MAX)
}

/// What is wrong with an answer, by a look that costs little.
fn wrong(answer: &Answer<'_>) -> Option<String> {
    const CODE: &[u8] = br#""responseCode":""#;
    if answer.status != 200 {
        return Some(format!("status {}", answer.status));
    }
    // The code stands near the end.
    let at = answer.body.windows(CODE.len()).rposition(|part| part == CODE);
    let code = at.and_then(|at| answer.body.get(at + CODE.len()..at + CODE.len() + 2));
    match code {
        Some(b"00") => None,
        Some(code) => Some(format!("code {}", String::from_utf8_lossy(code))),
        None => Some("no code".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    /// A server that answers the same to everything, and each request is one read.
    async fn server(answer: &'static [u8]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 64];
                    while stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                        stream.write_all(answer).await.unwrap();
                    }
                });
            }
        });
        address
    }

    fn plan(address: SocketAddr, window: Option<Duration>) -> Plan {
        Plan {
            address,
            connections: 3,
            warmup: Duration::ZERO,
            window,
            requests: vec![b"GET / HTTP/1.1\r\n\r\n".to_vec(); 100],
            probes: vec![],
            server_process: None,
        }
    }

    #[tokio::test]
    async fn each_request_is_sent_once_and_its_answer_counted() {
        let answer: &[u8] =
            b"HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{\"responseCode\":\"00\"}";
        let outcome = run(plan(server(answer).await, None)).await.unwrap();
        assert_eq!(outcome.tally.latencies_us.len(), 100);
        assert_eq!(outcome.tally.samples.len(), 100);
        assert!(outcome.tally.errors.is_empty() && !outcome.exhausted);
    }

    #[tokio::test]
    async fn wrong_answers_are_counted_by_kind() {
        let refused: &[u8] =
            b"HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{\"responseCode\":\"36\"}";
        let failed: &[u8] = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
        for (answer, kind) in [(refused, "code 36"), (failed, "status 503")] {
            let outcome = run(plan(server(answer).await, None)).await.unwrap();
            assert_eq!(outcome.tally.errors.get(kind), Some(&100), "{kind}");
            assert!(outcome.tally.samples.is_empty());
        }
    }

    #[tokio::test]
    async fn a_window_that_outlasts_the_requests_is_noticed() {
        let answer: &[u8] =
            b"HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{\"responseCode\":\"00\"}";
        let window = Some(Duration::from_millis(300));
        let outcome = run(plan(server(answer).await, window)).await.unwrap();
        assert!(outcome.exhausted);
    }
}
