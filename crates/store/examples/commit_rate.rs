//! Measures how many write sets a second the store commits, and how many reads it answers.
//!
//! `cargo run --release -p causeway-store --example commit_rate -- [SUBMITTERS] [SECONDS] [PLACE]
//! [FILL] [SHAPES]` prints one JSON object. The place is a folder for SQLite or the URL of a
//! PostgreSQL database. Shapes: `terminal` is a payment at a till, two write sets one after the
//! other: the order with its intent under a random reference, then the result with its ledger and
//! the provider's number; `submit` is what placing an order writes, `pay` what a final result
//! writes. `FILL` is how many payments are in the tables before (0 unless told; those of an earlier
//! run in the same place are kept), and then only `terminal` is measured; so it is when `SHAPES` is
//! `terminal`, for a place that was filled by other means. Benchmarks hold the platform's own rate
//! against these figures.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use app::ports::{CommitOutcome, Store};
use app::writeset::{
    KeyClaim, NameClaim, OrderWrite, SeenMessage, Target, TargetKind, Task, TaskBody, TaskId,
    TaskWrite, WriteSet,
};
use causeway_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use domain::Event;
use domain::ids::{MerchantId, NoticeId, OrderId, OrderNumber, QueryId, Reference, TxnTime};
use domain::ledger::{Account, Posting};
use domain::notice::{Notice, NoticeState, Receiver};
use domain::order::{Attempt, Details, DownstreamResult, Order, OrderState, Origin, Settlement};
use jiff::{SignedDuration, Timestamp};
use money::{Amount, Currency};
use tokio::task::JoinSet;
use tokio::time::Instant;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let submitters: u64 = arguments.next().map_or(Ok(64), |text| text.parse())?;
    let seconds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let place = arguments.next();
    let filled: u64 = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let only_terminal = match arguments.next().as_deref() {
        None | Some("all") => filled > 0,
        Some("terminal") => true,
        Some(other) => return Err(format!("there are no shapes {other:?}").into()),
    };
    let temporary = tempfile::tempdir()?;
    let store: Arc<dyn Store> = match &place {
        Some(url) if url.starts_with("postgres") => {
            Arc::new(PostgresStore::open(url, PostgresOptions::default()).await?)
        }
        Some(folder) => Arc::new(SqliteStore::open(folder.as_ref(), SqliteOptions::default())?),
        None => Arc::new(SqliteStore::open(temporary.path(), SqliteOptions::default())?),
    };
    let run = Arc::new(Run {
        numbers: AtomicU64::new(placed_before(store.as_ref()).await?),
        store,
        seconds,
        stop_at: AtomicU64::new(u64::MAX),
    });
    fill(&run, filled).await?;
    let terminal = measure(&run, submitters, Shape::Terminal).await?;
    let mut text =
        format!("{{\"submitters\":{submitters},\"seconds\":{seconds},\"terminal\":{terminal}");
    if !only_terminal {
        // Numbers go on, so that results are recorded of the orders that were placed here.
        let placed = run.numbers.load(Ordering::Relaxed);
        for (name, shape) in
            [("submit", Shape::Submit), ("pay", Shape::Pay { from: placed }), ("read", Shape::Read)]
        {
            let figures = measure(&run, submitters, shape).await?;
            write!(text, ",\"{name}\":{figures}")?;
        }
    }
    run.store.close().await?;
    println!("{text}}}");
    Ok(())
}

/// How many payments an earlier run left in the folder: numbers are given out without gaps.
async fn placed_before(store: &dyn Store) -> Result<u64, Failure> {
    let (mut there, mut beyond) = (0_u64, 1_u64 << 40);
    while there < beyond {
        let middle = there.midpoint(beyond);
        let found = store.order_by_number(&fresh(middle)?.terms.number).await?;
        if found.is_some() { there = middle + 1 } else { beyond = middle }
    }
    Ok(there)
}

/// Makes payments until the tables hold so many.
async fn fill(run: &Arc<Run>, count: u64) -> Result<(), Failure> {
    let there = run.numbers.load(Ordering::Relaxed);
    if there < count {
        run.stop_at.store(count, Ordering::Relaxed);
        measure(run, 512, Shape::Fill).await?;
        // Each submitter took one number more, and left it.
        run.numbers.store(count, Ordering::Relaxed);
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Shape {
    Submit,
    Pay { from: u64 },
    Read,
    Terminal,
    Fill,
}

struct Run {
    store: Arc<dyn Store>,
    /// The next number that was not given out.
    numbers: AtomicU64,
    /// From this number on nothing more is filled in.
    stop_at: AtomicU64,
    seconds: u64,
}

/// Runs one shape from all submitters until the time is over; figures as JSON.
async fn measure(run: &Arc<Run>, submitters: u64, shape: Shape) -> Result<String, Failure> {
    let placed = run.numbers.load(Ordering::Relaxed);
    let (began, spent) = (Instant::now(), Spent::now());
    let until = match shape {
        Shape::Fill => began + Duration::from_hours(24),
        Shape::Submit | Shape::Pay { .. } | Shape::Read | Shape::Terminal => {
            began + Duration::from_secs(run.seconds)
        }
    };
    let mut tasks: JoinSet<Result<Vec<Step>, Failure>> = JoinSet::new();
    for submitter in 0..submitters {
        let run = Arc::clone(run);
        tasks.spawn(async move {
            let mut steps = Vec::new();
            let mut turn = submitter;
            while Instant::now() < until {
                let start = Instant::now();
                if !step(&run, shape, placed, turn).await? {
                    break;
                }
                if !matches!(shape, Shape::Fill) {
                    steps.push(Step { took: start.elapsed(), ended: began.elapsed() });
                }
                turn += submitters;
            }
            Ok(steps)
        });
    }
    let mut steps = Vec::new();
    while let Some(done) = tasks.join_next().await {
        steps.extend(done??);
    }
    let sets = if matches!(shape, Shape::Terminal) { 2 } else { 1 };
    Ok(figures(steps, sets, began.elapsed(), &Spent::now().since(&spent)))
}

/// One operation of a submitter.
struct Step {
    took: Duration,
    /// Since the measurement began.
    ended: Duration,
}

/// Processor time so far; zeros where it is not told.
struct Spent {
    /// The whole process, in hundredths of a second.
    ticks: u64,
    /// The store's writer, in nanoseconds.
    writer_ns: u64,
    /// The thread that makes checkpoints, in nanoseconds.
    checkpoint_ns: u64,
}

impl Spent {
    fn now() -> Self {
        Self {
            ticks: cpu_ticks(),
            writer_ns: thread_cpu_ns("store-writer"),
            checkpoint_ns: thread_cpu_ns("store-checkpoin"),
        }
    }

    fn since(&self, before: &Self) -> Self {
        Self {
            ticks: self.ticks.saturating_sub(before.ticks),
            writer_ns: self.writer_ns.saturating_sub(before.writer_ns),
            checkpoint_ns: self.checkpoint_ns.saturating_sub(before.checkpoint_ns),
        }
    }
}

/// `sets` is how many write sets a step makes; what is said of each is said of a step.
fn figures(mut steps: Vec<Step>, sets: u32, took: Duration, spent: &Spent) -> String {
    steps.sort_by_key(|step| step.ended);
    // The longest time in which no step ended.
    let ends = steps.iter().map(|step| step.ended);
    let stall =
        ends.clone().skip(1).zip(ends).map(|(after, before)| after.saturating_sub(before)).max();
    steps.sort_by_key(|step| step.took);
    let count = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    let at = |share: usize| {
        steps.get(steps.len() * share / 1000).map_or(0, |step| step.took.as_micros())
    };
    let each = |microseconds: u64| {
        f64::from(u32::try_from(microseconds).unwrap_or(u32::MAX)) / f64::from(count.max(1))
    };
    // The system counts a process's time in hundredths of a second.
    let cpu_us = each(spent.ticks * 10_000);
    let (writer_us, checkpoint_us) =
        (each(spent.writer_ns / 1_000), each(spent.checkpoint_ns / 1_000));
    let rate = f64::from(count) / took.as_secs_f64();
    format!(
        "{{\"count\":{count},\"per_second\":{rate:.0},\"write_sets_per_second\":{:.0},\
         \"cpu_us_each\":{cpu_us:.1},\"writer_cpu_us_each\":{writer_us:.1},\
         \"checkpoint_cpu_us_each\":{checkpoint_us:.1},\"p50_us\":{},\"p99_us\":{},\
         \"p999_us\":{},\"max_us\":{},\"stall_us\":{},\"rss_kib\":{}}}",
        rate * f64::from(sets),
        at(500),
        at(990),
        at(999),
        steps.last().map_or(0, |step| step.took.as_micros()),
        stall.unwrap_or_default().as_micros(),
        resident_kib(),
    )
}

/// Processor time of this process so far, in hundredths of a second; 0 where it is not told.
fn cpu_ticks() -> u64 {
    let Ok(text) = std::fs::read_to_string("/proc/self/stat") else { return 0 };
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum()
}

/// Processor time of the threads of a name so far; 0 where it is not told.
fn thread_cpu_ns(name: &str) -> u64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let named = threads
        .filter_map(Result::ok)
        .filter(|thread| read(thread.path().join("comm")).trim_end() == name);
    let spent = |text: String| text.split_whitespace().next().and_then(|it| it.parse::<u64>().ok());
    named.filter_map(|thread| spent(read(thread.path().join("schedstat")))).sum::<u64>()
}

/// Memory of this process now; 0 where it is not told.
fn resident_kib() -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// One operation; `false` when there is nothing left to do.
async fn step(run: &Run, shape: Shape, placed: u64, turn: u64) -> Result<bool, Failure> {
    match shape {
        Shape::Submit => {
            let number = run.numbers.fetch_add(1, Ordering::Relaxed);
            commit(run, submitted(&fresh(number)?)).await
        }
        Shape::Terminal => terminal(run, run.numbers.fetch_add(1, Ordering::Relaxed)).await,
        Shape::Fill => {
            let number = run.numbers.fetch_add(1, Ordering::Relaxed);
            if number >= run.stop_at.load(Ordering::Relaxed) {
                return Ok(false);
            }
            terminal(run, number).await
        }
        Shape::Pay { from } if from + turn >= placed => Ok(false),
        Shape::Pay { from } => commit(run, paid(&fresh(from + turn)?)).await,
        Shape::Read => {
            let order = fresh(scattered(turn) % placed.max(1))?;
            let (owner, terms) = (&order.terms.merchant, &order.terms);
            let claim = run.store.by_reference(owner, &terms.reference).await?;
            let claim = claim.ok_or("a reference is missing")?;
            let found = run.store.order(owner, &claim.target.order).await?;
            found.map(|_| true).ok_or_else(|| "an order is missing".into())
        }
    }
}

/// A payment at a till: two write sets, one after the other.
async fn terminal(run: &Run, number: u64) -> Result<bool, Failure> {
    let order = at_till(fresh(number)?);
    commit(run, begun(&order)).await?;
    commit(run, settled(&order)).await
}

async fn commit(run: &Run, set: WriteSet) -> Result<bool, Failure> {
    match run.store.commit(set).await? {
        CommitOutcome::Committed => Ok(true),
        refused @ (CommitOutcome::Stale | CommitOutcome::Duplicate(_)) => {
            Err(format!("not committed: {refused:?}").into())
        }
    }
}

/// A number without order, so that merchants' references fall all over the index.
fn scattered(number: u64) -> u64 {
    number.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

fn fresh(number: u64) -> Result<Order, Failure> {
    let created_at = Timestamp::from_second(1_767_580_200)?;
    let reference = Reference {
        order_id: OrderId::new(format!("{:016x}", scattered(number))),
        txn_time: TxnTime::new("20260105103000"),
    };
    Ok(Order::submitted(domain::order::Terms {
        number: OrderNumber::new(format!("T{number:012}{:08x}", scattered(number) >> 32)),
        query_id: QueryId::new(format!("{number:021}")),
        merchant: MerchantId::new("M00000000000001"),
        acquirer: "48020000".into(),
        reference,
        amount: Amount::new(12_345, Currency::from_numeric("156")?)?,
        created_at,
        expires_at: created_at + SignedDuration::from_mins(15),
        origin: Origin::Industry {
            app: "PARKEASY".into(),
            industry: "20000001".into(),
            channel: "10000001".into(),
            user: "user-0000000001".into(),
        },
        details: Details {
            description: Some("Parking, two hours".to_owned()),
            back_url: Some("https://parking.example/notices/payment".to_owned()),
            ..Details::default()
        },
        scenario: None,
    }))
}

fn task(order: &Order, id: TaskId, due_at: Option<Timestamp>, body: TaskBody) -> Task {
    Task {
        id,
        owner: order.terms.merchant.clone(),
        order: order.terms.number.clone(),
        due_at,
        after: None,
        attempts: 0,
        body,
    }
}

fn submitted(order: &Order) -> WriteSet {
    let terms = &order.terms;
    let close = TaskId::close(&terms.number);
    WriteSet {
        order: Some(OrderWrite { order: order.clone(), expected: None }),
        events: vec![Event::Submitted { terms: Arc::clone(terms) }],
        at: Some(terms.created_at),
        keys: vec![claim(order, "orderId=x\ntxnTime=y\n".repeat(20))],
        tasks: vec![TaskWrite::Insert(task(order, close, Some(terms.expires_at), TaskBody::Close))],
        seen: Some(SeenMessage {
            app: "PARKEASY".to_owned(),
            // The reference is scattered over all values, as UUIDs are.
            id: format!("{:0>16}-0000-4000-8000", terms.reference.order_id.as_str()),
            until: terms.expires_at,
        }),
        ..WriteSet::default()
    }
}

/// The order as a till makes it: one number, and the payment under way from the beginning.
fn at_till(mut order: Order) -> Order {
    let terms = Arc::make_mut(&mut order.terms);
    terms.query_id = QueryId::new(terms.number.as_str());
    order.state = OrderState::Paying { attempt: attempt(order.terms.created_at) };
    order
}

fn attempt(at: Timestamp) -> Attempt {
    Attempt {
        card: None,
        started_at: at,
        valid_until: at + SignedDuration::from_secs(35),
        accepted_at: None,
        scenario: None,
        qr_code: None,
    }
}

fn claim(order: &Order, input: String) -> KeyClaim {
    let terms = &order.terms;
    KeyClaim {
        owner: terms.merchant.clone(),
        reference: terms.reference.clone(),
        target: Target {
            order: terms.number.clone(),
            query_id: terms.query_id.clone(),
            kind: TargetKind::Payment,
        },
        input,
    }
}

fn resolver(order: &Order, due_at: Option<Timestamp>) -> Task {
    let query_id = order.terms.query_id.clone();
    let id = TaskId::inquire(&query_id);
    task(order, id, due_at, TaskBody::Inquire { query_id, reversal: false })
}

/// The intent of a payment at a till.
fn begun(order: &Order) -> WriteSet {
    let terms = &order.terms;
    let due_at = terms.created_at + SignedDuration::from_secs(60);
    WriteSet {
        order: Some(OrderWrite { order: order.clone(), expected: None }),
        events: vec![
            Event::Submitted { terms: Arc::clone(terms) },
            Event::PaymentStarted { attempt: attempt(terms.created_at) },
        ],
        at: Some(terms.created_at),
        keys: vec![claim(order, "total_amount=12345\ndynamic_id=13\n".repeat(6))],
        tasks: vec![TaskWrite::Insert(resolver(order, Some(due_at)))],
        ..WriteSet::default()
    }
}

/// The result of a payment at a till.
fn settled(order: &Order) -> WriteSet {
    let mut set = paid(order);
    set.tasks = vec![TaskWrite::Replace { task: resolver(order, None), expected: 1 }];
    let KeyClaim { owner, reference, target, .. } = claim(order, String::new());
    let name = format!("20260105{}", reference.order_id);
    set.names = vec![NameClaim { owner, name, target }];
    set
}

/// The final result of the payment, from the order as it was placed.
fn paid(order: &Order) -> WriteSet {
    let (terms, at) = (&order.terms, order.terms.created_at);
    let result = DownstreamResult { code: "00".to_owned(), ..DownstreamResult::default() };
    let trade_day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let attempt = Attempt { accepted_at: Some(at), ..attempt(at) };
    let mut next = order.clone();
    next.state = OrderState::Paid {
        settlement: Settlement {
            attempt,
            paid_at: at,
            trade_day,
            paid: terms.amount,
            given_back: Amount::zero(terms.amount.currency()),
            result: result.clone(),
        },
    };
    let line = |account, minor| Posting {
        transaction: terms.query_id.clone(),
        account,
        minor,
        currency: terms.amount.currency(),
    };
    let minor = terms.amount.minor_signed();
    let notices = [Receiver::Industry, Receiver::Channel];
    WriteSet {
        order: Some(OrderWrite { order: next, expected: Some(1) }),
        events: vec![Event::PaymentSucceeded { at, trade_day, result }],
        at: Some(at),
        postings: vec![
            line(Account::Clearing(terms.acquirer.clone()), minor),
            line(Account::Merchant(terms.merchant.clone()), -minor),
        ],
        tasks: notices.map(|receiver| TaskWrite::Insert(notice(order, receiver))).into(),
        ..WriteSet::default()
    }
}

fn notice(order: &Order, receiver: Receiver) -> Task {
    let terms = &order.terms;
    let id = NoticeId::new(format!("{}{:0>24}", &receiver.name()[..7], terms.query_id.as_str()));
    let body = TaskBody::Notice(Box::new(Notice {
        id: id.clone(),
        receiver,
        transaction: terms.query_id.clone(),
        after: None,
        copies: 1,
        created_at: terms.created_at,
        state: NoticeState::Queued,
        attempts: Vec::new(),
        body: None,
    }));
    task(order, TaskId::notice(&id), Some(terms.created_at), body)
}
