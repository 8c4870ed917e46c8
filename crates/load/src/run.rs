//! A run: so many connections, each with a script, for a while.

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};

use crate::client::Connection;
use crate::limits::{PROBE_PAUSE_MS, RECONNECT_PAUSE_MS};
use crate::pace::{Pace, Window};
use crate::process::processor_time_us;
use crate::script::{Script, Verdict};
use crate::tally::{Tally, Watch};

/// What to do.
pub struct Plan {
    /// Where.
    pub address: SocketAddr,
    /// How long to run before anything is counted.
    pub warmup: Duration,
    /// How long to count; without it every request is sent and counted.
    pub window: Option<Duration>,
    /// Requests a second; without it each connection asks again when it was answered.
    pub rate: Option<u32>,
    /// What each connection asks.
    pub scripts: Vec<Box<dyn Script>>,
    /// What others ask meanwhile, each on a connection of its own, with a pause.
    pub probes: Vec<Box<dyn Script>>,
    /// The process whose processor time is read at both ends of the window.
    pub server_process: Option<u32>,
    /// Whether a line on standard error tells how it goes.
    pub progress: bool,
}

impl Plan {
    /// Every request of the scripts once, and nothing else.
    #[must_use]
    pub fn once(address: SocketAddr, scripts: Vec<Box<dyn Script>>) -> Self {
        Self {
            address,
            warmup: Duration::ZERO,
            window: None,
            rate: None,
            scripts,
            probes: vec![],
            server_process: None,
            progress: false,
        }
    }
}

/// What happened in the window.
pub struct Outcome {
    /// The load.
    pub tally: Tally,
    /// The probes, in their order.
    pub probes: Vec<Tally>,
    /// Length of the window.
    pub elapsed: Duration,
    /// Longest time of the window without any answer.
    pub longest_stall: Duration,
    /// Whether the requests ran out before the time did: then the rates mean nothing.
    pub exhausted: bool,
    /// Processor time of the server in the window.
    pub server_us: Option<u64>,
    /// Processor time of the generator in the window.
    pub own_us: Option<u64>,
}

/// What all connections of a run share.
struct Shared {
    address: SocketAddr,
    pace: Pace,
    watch: Watch,
}

/// Runs a plan on the runtime of the caller, which should have one thread.
///
/// # Errors
/// When no connection can be opened to begin with.
pub async fn run(plan: Plan) -> Result<Outcome> {
    let connections = open(plan.address, plan.scripts.len()).await?;
    let for_probes = open(plan.address, plan.probes.len()).await?;
    let begun = Instant::now();
    let from = begun + plan.warmup;
    let window = Window { from, until: plan.window.map(|length| from + length) };
    let pace = Pace::new(window, begun, plan.rate);
    let shared = Arc::new(Shared { address: plan.address, pace, watch: Watch::new(window) });
    let probes = plan.probes.into_iter().zip(for_probes);
    let probing: Vec<_> =
        probes.map(|(script, one)| tokio::spawn(probe(one, script, window))).collect();
    let watching = window.until.map(|until| tokio::spawn(meter(plan.server_process, from, until)));
    let telling = plan.progress.then(|| tokio::spawn(tell(Arc::clone(&shared))));
    let asking = plan.scripts.into_iter().zip(connections);
    let asking: Vec<_> =
        asking.map(|(script, one)| tokio::spawn(ask(one, script, Arc::clone(&shared)))).collect();
    let mut tally = sum(asking).await?;
    let unsent = shared.pace.never_sent();
    if unsent > 0 {
        tally.wrong_often("never sent: all connections waited".to_owned(), unsent);
    }
    let elapsed = plan.window.unwrap_or_else(|| from.elapsed());
    let mut probes = Vec::new();
    for one in probing {
        probes.push(one.await?);
    }
    if let Some(telling) = telling {
        telling.abort();
        eprintln!();
    }
    let (server_us, own_us) = match watching {
        Some(meter) => meter.await?,
        None => (None, None),
    };
    let exhausted = plan.window.is_some() && shared.pace.is_exhausted();
    let longest_stall = shared.watch.longest_stall();
    Ok(Outcome { tally, probes, elapsed, longest_stall, exhausted, server_us, own_us })
}

async fn open(address: SocketAddr, count: usize) -> Result<Vec<Connection>> {
    let mut connections = Vec::with_capacity(count);
    for _ in 0..count {
        let opened = Connection::open(address).await;
        connections.push(opened.with_context(|| format!("nobody answers at {address}"))?);
    }
    Ok(connections)
}

async fn sum(asking: Vec<JoinHandle<Tally>>) -> Result<Tally> {
    let mut tally = Tally::default();
    for one in asking {
        tally.add(one.await?);
    }
    Ok(tally)
}

/// One connection of the load. A broken connection is an error of the table, and is opened again.
async fn ask(mut connection: Connection, mut script: Box<dyn Script>, all: Arc<Shared>) -> Tally {
    let mut tally = Tally::default();
    while let Some(due) = all.pace.turn().await {
        let Some(request) = script.next() else {
            all.pace.exhaust();
            break;
        };
        let exchanged = connection.exchange(request).await;
        let now = Instant::now();
        let verdict = match &exchanged {
            Ok(answer) => script.judge(answer),
            Err(error) => Verdict::Wrong(format!("connection broke: {}", error.kind())),
        };
        all.watch.ended(now, exchanged.is_ok(), verdict.is_right());
        let in_window = all.pace.window().counts(now);
        if in_window {
            tally.came(verdict.is_right());
        }
        if all.pace.counts(due, now) {
            let took = exchanged.is_ok().then(|| now.saturating_duration_since(due));
            tally.count(took, verdict, exchanged.as_ref().ok());
        }
        let broke = exchanged.is_err();
        if broke {
            script.lost();
            if let Some(opened) = reconnect(&all).await {
                connection = opened;
            } else {
                break;
            }
        }
    }
    tally
}

/// Tries again until the window is over; one that has no end gives up at once.
async fn reconnect(all: &Shared) -> Option<Connection> {
    loop {
        if let Ok(opened) = Connection::open(all.address).await {
            return Some(opened);
        }
        let window = all.pace.window();
        if window.until.is_none() || window.is_over(Instant::now()) {
            return None;
        }
        sleep(Duration::from_millis(RECONNECT_PAUSE_MS)).await;
    }
}

/// One connection that asks with pauses; it ends when it breaks.
async fn probe(mut connection: Connection, mut script: Box<dyn Script>, window: Window) -> Tally {
    let mut tally = Tally::default();
    while !window.is_over(Instant::now()) {
        let sent = Instant::now();
        let Some(request) = script.next() else { break };
        match connection.exchange(request).await {
            Ok(answer) => {
                let now = Instant::now();
                if window.counts(now) {
                    tally.count(Some(now - sent), script.judge(&answer), None);
                }
            }
            Err(error) => {
                tally.wrong_often(format!("connection broke: {}", error.kind()), 1);
                break;
            }
        }
        sleep(Duration::from_millis(PROBE_PAUSE_MS)).await;
    }
    tally
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

/// A line on standard error that is written anew each second.
async fn tell(all: Arc<Shared>) {
    let begun = Instant::now();
    let (mut seconds, mut before) = (0, 0);
    loop {
        seconds += 1;
        sleep_until(begun + Duration::from_secs(seconds)).await;
        let (answers, wrong) = all.watch.so_far();
        let warming = if Instant::now() < all.pace.window().from { " (warming up)" } else { "" };
        eprint!("\r{seconds:>4} s {:>8}/s {wrong:>6} wrong{warming:<14}", answers - before);
        drop(std::io::stderr().flush());
        before = answers;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::script::{Prepared, Same};

    const RIGHT: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{\"responseCode\":\"00\"}";

    /// A server that answers the same to everything, and each request is one read. With a bound
    /// it hangs up after so many answers on a connection.
    async fn server(answer: &'static [u8], answers_max: usize) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 64];
                    for _ in 0..answers_max {
                        if stream.read(&mut buffer).await.is_ok_and(|length| length > 0) {
                            stream.write_all(answer).await.unwrap();
                        }
                    }
                });
            }
        });
        address
    }

    fn scripts(count: usize) -> Vec<Box<dyn Script>> {
        Prepared::scripts(vec![b"GET / HTTP/1.1\r\n\r\n".to_vec(); count], 3, 1)
    }

    #[tokio::test]
    async fn each_request_is_sent_once_and_its_answer_counted() {
        let address = server(RIGHT, usize::MAX).await;
        let outcome = run(Plan::once(address, scripts(100))).await.unwrap();
        assert_eq!((outcome.tally.latencies_us.len(), outcome.tally.right), (100, 100));
        assert_eq!(outcome.tally.samples.len(), 100);
        assert!(outcome.tally.errors.is_empty() && !outcome.exhausted);
    }

    #[tokio::test]
    async fn a_connection_that_has_no_more_to_send_stops_no_other() {
        let address = server(RIGHT, usize::MAX).await;
        let mut own = scripts(1);
        own.truncate(1);
        own.extend(scripts(50).into_iter().take(1));
        let outcome = run(Plan::once(address, own)).await.unwrap();
        assert_eq!(outcome.tally.right, 51);
    }

    #[tokio::test]
    async fn wrong_answers_are_counted_by_kind() {
        let refused: &[u8] =
            b"HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{\"responseCode\":\"36\"}";
        let failed: &[u8] = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
        for (answer, kind) in [(refused, "code 36"), (failed, "status 503")] {
            let address = server(answer, usize::MAX).await;
            let tally = run(Plan::once(address, scripts(100))).await.unwrap().tally;
            assert_eq!(tally.errors.get(kind), Some(&100), "{kind}");
            assert!(tally.samples.is_empty() && tally.right == 0);
        }
    }

    #[tokio::test]
    async fn a_broken_connection_is_an_error_and_is_opened_again() {
        let address = server(RIGHT, 10).await;
        let tally = run(Plan::once(address, scripts(100))).await.unwrap().tally;
        let broken: u64 = tally.errors.values().sum();
        assert!(broken >= 7 && tally.right + broken == 100, "{:?}", tally.errors);
    }

    #[tokio::test]
    async fn a_connection_that_the_server_will_close_is_not_asked_again() {
        let last: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\ncontent-length: 21\r\n\r\n\
            {\"responseCode\":\"00\"}";
        let address = server(last, 1).await;
        let tally = run(Plan::once(address, scripts(100))).await.unwrap().tally;
        assert_eq!(tally.right, 100, "{:?}", tally.errors);
    }

    #[tokio::test]
    async fn a_window_that_outlasts_the_requests_is_noticed() {
        let address = server(RIGHT, usize::MAX).await;
        let window = Some(Duration::from_millis(300));
        let outcome = run(Plan { window, ..Plan::once(address, scripts(100)) }).await.unwrap();
        assert!(outcome.exhausted);
    }

    #[tokio::test]
    async fn a_set_rate_is_kept() {
        let address = server(RIGHT, usize::MAX).await;
        let same = || -> Box<dyn Script> { Box::new(Same(b"GET / HTTP/1.1\r\n\r\n".to_vec())) };
        let plan = Plan {
            window: Some(Duration::from_millis(500)),
            rate: Some(200),
            ..Plan::once(address, vec![same(), same()])
        };
        let outcome = run(plan).await.unwrap();
        assert_eq!(outcome.tally.latencies_us.len(), 100);
        assert!(outcome.longest_stall >= Duration::from_millis(4), "{:?}", outcome.longest_stall);
    }
}
