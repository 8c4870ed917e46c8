//! The rounds: ceiling, rate, and the times of the others beside a dead receiver.

use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Write as _};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use app::ports::Store;
use serde_json::{Value, json};
use store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use crate::Failure;
use crate::receivers::{COMMAND, Listening, Wanted};
use crate::world::{Identities, PARTNER_SERIAL, World, app_of};

/// Orders and notices put into the store at once.
const PUTTERS: u64 = 256;
/// Notices that a dead receiver has before others fall due.
const BACKLOG: u64 = 2_000;
/// Numbers of the backlog begin here times the number of receivers.
const BACKLOG_FROM: u64 = 1_000_000_000;
/// How long notices fall due before they are counted.
const WARMUP: Duration = Duration::from_secs(3);
/// How long what fell due may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often it is looked whether all is done.
const LOOK: Duration = Duration::from_millis(5);
/// An address at which nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

/// What is measured.
pub(crate) struct Setup {
    /// A folder, or the URL of a database.
    pub(crate) place: String,
    /// How many receivers.
    pub(crate) receivers: u64,
    /// Length of each measurement.
    pub(crate) seconds: u64,
}

/// What is wrong with the first receiver.
#[derive(Clone, Copy, PartialEq, Eq)]
enum First {
    Well,
    Silent,
    Refusing,
}

/// All rounds, as JSON.
pub(crate) async fn all(setup: &Setup, rounds: u64) -> Result<Value, Failure> {
    let identities = Arc::new(Identities::generate()?);
    let mut measured = Vec::new();
    let mut offered = 0;
    for round in 1..=rounds {
        eprintln!("round {round} of {rounds}");
        let signs = signs_per_second(&identities)?;
        let rate = rate(setup, &identities, signs).await?;
        eprintln!("{rate}");
        if offered == 0 {
            offered = whole(rate["per_second"].as_f64().unwrap_or(0.0) / 2.0).max(1);
        }
        let steady = async |first| steady(setup, &identities, offered, first).await;
        measured.push(json!({
            "signs_per_second": signs,
            "rate": rate,
            "alone": steady(First::Well).await?,
            "silent": steady(First::Silent).await?,
            "refusing": steady(First::Refusing).await?,
        }));
    }
    Ok(json!({
        "receivers": setup.receivers,
        "seconds": setup.seconds,
        "offered_per_second": offered,
        "backlog": BACKLOG,
        "rounds": measured,
        "resident_kib_most": resident_kib_most(),
    }))
}

/// RSA signatures a second on all cores together, for one second.
fn signs_per_second(identities: &Identities) -> Result<f64, Failure> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let message = [b'n'; 1_500];
    let key = identities.platform.key();
    key.sign_sha256(&message)?;
    let began = Instant::now();
    let count = || {
        let mut count = 0_u32;
        while began.elapsed() < Duration::from_secs(1) {
            for _ in 0..16 {
                drop(black_box(key.sign_sha256(black_box(&message))));
            }
            count += 16;
        }
        f64::from(count)
    };
    let total: f64 = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(count)).collect();
        running.into_iter().map(|one| one.join().unwrap_or(0.0)).sum()
    });
    Ok(total / began.elapsed().as_secs_f64())
}

/// Notices that are all due at once, until each is confirmed and recorded.
async fn rate(setup: &Setup, identities: &Arc<Identities>, signs: f64) -> Result<Value, Failure> {
    let count = whole(signs).max(1) * setup.seconds;
    let receivers = Receivers::start(setup, identities, count, First::Well)?;
    let store = open(setup).await?;
    let world = World::new(Arc::clone(&store), identities, &receivers.urls)?;
    let world = Arc::new(world);
    put_all(&world, count, |number| number).await?;
    let before = (cpu_ticks(None), cpu_ticks(Some(receivers.child.id())));
    let began = Instant::now();
    let (stop, stopped) = oneshot::channel::<()>();
    let run = tokio::spawn(world.dispatcher().run(async move { drop(stopped.await) }));
    let patience = PATIENCE + Duration::from_secs(setup.seconds * 20);
    until(patience, || world.seen_count() >= usize::try_from(count).unwrap_or(usize::MAX)).await;
    drop(stop);
    run.await?;
    let took = began.elapsed();
    let seen = world.seen();
    let confirmed = seen.iter().filter(|seen| seen.confirmed).count();
    let confirmed = u32::try_from(confirmed)?;
    if u64::from(confirmed) != count {
        let attempts = seen.len();
        return Err(format!("{confirmed} of {count} confirmed in {attempts} attempts").into());
    }
    let each = |now: u64, then: u64| {
        let ticks = u32::try_from(now.saturating_sub(then)).unwrap_or(u32::MAX);
        f64::from(ticks) * 10_000.0 / f64::from(confirmed)
    };
    let after = (cpu_ticks(None), cpu_ticks(Some(receivers.child.id())));
    close(setup, world, store).await?;
    Ok(json!({
        "count": confirmed,
        "per_second": f64::from(confirmed) / took.as_secs_f64(),
        "to_ceiling": f64::from(confirmed) / took.as_secs_f64() / signs,
        "worker_us_each": each(after.0, before.0),
        "receivers_us_each": each(after.1, before.1),
    }))
}

/// Notices that fall due at a set rate; the times of all receivers but the first.
async fn steady(
    setup: &Setup,
    identities: &Arc<Identities>,
    offered: u64,
    first: First,
) -> Result<Value, Failure> {
    let length = WARMUP + Duration::from_secs(setup.seconds);
    let total = offered * length.as_secs();
    let receivers = Receivers::start(setup, identities, total, first)?;
    let store = open(setup).await?;
    let world = Arc::new(World::new(Arc::clone(&store), identities, &receivers.urls)?);
    if first != First::Well {
        let count = setup.receivers;
        put_all(&world, BACKLOG, move |number| (BACKLOG_FROM + number) * count).await?;
    }
    let run = tokio::spawn(world.dispatcher().run(std::future::pending()));
    let begun = Instant::now();
    fall_due(&world, begun, offered, total).await?;
    let is_other = |number: u64| number < total && world.receiver_of(number) != 0;
    let others = (0..total).filter(|number| is_other(*number)).count();
    let arrived = || world.seen().iter().filter(|seen| is_other(seen.number)).count();
    until(PATIENCE, || world.seen_count() >= others && arrived() >= others).await;
    run.abort();
    drop(run.await);
    let due = |number| begun + after(number, offered);
    let counts = |number| is_other(number) && due(number) >= begun + WARMUP;
    let expected = (0..total).filter(|number| counts(*number)).count();
    let seen: Vec<_> = world.seen().into_iter().filter(|seen| counts(seen.number)).collect();
    let times = seen.iter().filter(|seen| seen.confirmed);
    let times = times.map(|seen| seen.ended.saturating_duration_since(due(seen.number)));
    let mut times: Vec<u128> = times.map(|took| took.as_micros()).collect();
    times.sort_unstable();
    let at = |per_mille: usize| {
        let rank = (times.len() * per_mille).div_ceil(1000).max(1);
        times.get(rank - 1).copied().unwrap_or(0)
    };
    let report = json!({
        "count": times.len(),
        "not_confirmed": expected.saturating_sub(times.len()),
        "p50_us": at(500), "p99_us": at(990), "p999_us": at(999), "max_us": at(1000),
    });
    close(setup, world, store).await?;
    Ok(report)
}

/// Puts notices into the store, each at its instant.
async fn fall_due(
    world: &Arc<World>,
    begun: Instant,
    offered: u64,
    total: u64,
) -> Result<(), Failure> {
    let mut tick = interval(Duration::from_millis(1));
    let mut putting = JoinSet::new();
    let mut next = 0;
    while next < total {
        tick.tick().await;
        while next < total && begun + after(next, offered) <= Instant::now() {
            let world = Arc::clone(world);
            putting.spawn(async move { world.put(next).await });
            next += 1;
        }
        while let Some(put) = putting.try_join_next() {
            put??;
        }
    }
    while let Some(put) = putting.join_next().await {
        put??;
    }
    Ok(())
}

/// When a notice of this number should fall due, after the begin.
fn after(number: u64, offered: u64) -> Duration {
    Duration::from_nanos(number * 1_000_000_000 / offered.max(1))
}

/// Puts so many notices into the store as fast as it goes.
async fn put_all(
    world: &Arc<World>,
    count: u64,
    named: impl Fn(u64) -> u64 + Copy + Send + Sync + 'static,
) -> Result<(), Failure> {
    let next = Arc::new(AtomicU64::new(0));
    let mut putting: JoinSet<Result<(), Failure>> = JoinSet::new();
    for _ in 0..PUTTERS.min(count) {
        let (world, next) = (Arc::clone(world), Arc::clone(&next));
        putting.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(());
                }
                world.put(named(number)).await?;
            }
        });
    }
    while let Some(put) = putting.join_next().await {
        put??;
    }
    Ok(())
}

/// Waits until it holds, at most so long.
async fn until(patience: Duration, holds: impl Fn() -> bool) {
    let end = Instant::now() + patience;
    let mut look = interval(LOOK);
    while !holds() && Instant::now() < end {
        look.tick().await;
    }
}

/// An empty store.
async fn open(setup: &Setup) -> Result<Arc<dyn Store>, Failure> {
    if setup.place.starts_with("postgres") {
        let store = PostgresStore::open(&setup.place, PostgresOptions::default()).await?;
        store.clear().await?;
        return Ok(Arc::new(store));
    }
    std::fs::create_dir_all(&setup.place)?;
    Ok(Arc::new(SqliteStore::open(Path::new(&setup.place), SqliteOptions::default())?))
}

/// Closes the store and takes a folder away.
async fn close(setup: &Setup, world: Arc<World>, store: Arc<dyn Store>) -> Result<(), Failure> {
    drop(world);
    store.close().await?;
    if !setup.place.starts_with("postgres") {
        std::fs::remove_dir_all(&setup.place)?;
    }
    Ok(())
}

/// The process with the receivers.
struct Receivers {
    child: Child,
    urls: Vec<String>,
}

impl Receivers {
    /// Starts them with answers for so many notices, spread evenly.
    fn start(
        setup: &Setup,
        identities: &Identities,
        count: u64,
        first: First,
    ) -> Result<Self, Failure> {
        let wanted = Wanted {
            key_pem: identities.partner.key().to_pkcs8_pem().expose().clone(),
            serial: PARTNER_SERIAL,
            apps: (0..setup.receivers).map(app_of).collect(),
            answers: usize::try_from(count / setup.receivers + 1)?,
            silent: first == First::Silent,
        };
        let mut child = Command::new(std::env::current_exe()?)
            .arg(COMMAND)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        if let Some(input) = &mut child.stdin {
            writeln!(input, "{}", serde_json::to_string(&wanted)?)?;
        }
        if let Some(output) = &mut child.stdout {
            BufReader::new(output).read_line(&mut line)?;
        }
        let listening: Listening = serde_json::from_str(&line)?;
        let ports = listening.ports.iter().map(|port| format!("http://127.0.0.1:{port}"));
        let mut urls: Vec<String> = ports.collect();
        if let Some(url) = urls.first_mut().filter(|_| first == First::Refusing) {
            NOBODY.clone_into(url);
        }
        Ok(Self { child, urls })
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        // A process that ended by itself is no news.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The whole part of a positive number.
fn whole(number: f64) -> u64 {
    Duration::try_from_secs_f64(number).map_or(0, |length| length.as_secs())
}

/// Processor time of a process so far, the own one without a number, in hundredths of a second.
fn cpu_ticks(process: Option<u32>) -> u64 {
    let name = process.map_or_else(|| "self".to_owned(), |id| id.to_string());
    let text = std::fs::read_to_string(format!("/proc/{name}/stat")).unwrap_or_default();
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum()
}

/// The most memory that was ever resident, in KiB; 0 where it is not told.
fn resident_kib_most() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
