//! Measures how many write sets a second the store commits, and how many reads it answers.
//!
//! `cargo run --release -p causeway-store --example commit_rate -- [SUBMITTERS] [SECONDS] [PLACE]`
//! prints one JSON object. The place is a folder for SQLite or the URL of an empty PostgreSQL
//! database. Two shapes: `submit` is what placing an order writes, `pay` what a final result
//! writes. Benchmarks hold the platform's own rate against these figures.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use app::ports::{CommitOutcome, Store};
use app::writeset::{
    KeyClaim, OrderWrite, SeenMessage, Target, TargetKind, Task, TaskBody, TaskId, TaskWrite,
    WriteSet,
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
    let temporary = tempfile::tempdir()?;
    let store: Arc<dyn Store> = match &place {
        Some(url) if url.starts_with("postgres") => {
            Arc::new(PostgresStore::open(url, PostgresOptions::default()).await?)
        }
        Some(folder) => Arc::new(SqliteStore::open(folder.as_ref(), SqliteOptions::default())?),
        None => Arc::new(SqliteStore::open(temporary.path(), SqliteOptions::default())?),
    };
    let run = Arc::new(Run { store, numbers: AtomicU64::new(0), seconds });
    let submit = measure(&run, submitters, Shape::Submit).await?;
    let pay = measure(&run, submitters, Shape::Pay).await?;
    let read = measure(&run, submitters, Shape::Read).await?;
    run.store.close().await?;
    println!(
        "{{\"submitters\":{submitters},\"seconds\":{seconds},\"submit\":{submit},\"pay\":{pay},\
         \"read\":{read}}}"
    );
    Ok(())
}

#[derive(Clone, Copy)]
enum Shape {
    Submit,
    Pay,
    Read,
}

struct Run {
    store: Arc<dyn Store>,
    numbers: AtomicU64,
    seconds: u64,
}

/// Runs one shape from all submitters until the time is over; figures as JSON.
async fn measure(run: &Arc<Run>, submitters: u64, shape: Shape) -> Result<String, Failure> {
    let placed = run.numbers.load(Ordering::Relaxed);
    let (began, cpu, writer_cpu) = (Instant::now(), cpu_ticks(), writer_cpu_ns());
    let until = began + Duration::from_secs(run.seconds);
    let mut tasks: JoinSet<Result<Vec<Duration>, Failure>> = JoinSet::new();
    for submitter in 0..submitters {
        let run = Arc::clone(run);
        tasks.spawn(async move {
            let mut times = Vec::new();
            let mut turn = submitter;
            while Instant::now() < until {
                let start = Instant::now();
                if !step(&run, shape, placed, turn).await? {
                    break;
                }
                times.push(start.elapsed());
                turn += submitters;
            }
            Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(done) = tasks.join_next().await {
        times.extend(done??);
    }
    let cpu = Cpu {
        ticks: cpu_ticks().saturating_sub(cpu),
        writer_ns: writer_cpu_ns().saturating_sub(writer_cpu),
    };
    Ok(figures(times, began.elapsed(), &cpu))
}

/// Processor time that a measurement took.
struct Cpu {
    /// The whole process, in hundredths of a second.
    ticks: u64,
    /// The store's writer.
    writer_ns: u64,
}

fn figures(mut times: Vec<Duration>, took: Duration, cpu: &Cpu) -> String {
    times.sort();
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
    let at = |share: usize| times.get(times.len() * share / 1000).map_or(0, Duration::as_micros);
    let each = |microseconds: u64| {
        f64::from(u32::try_from(microseconds).unwrap_or(u32::MAX)) / f64::from(count.max(1))
    };
    // The system counts a process's time in hundredths of a second.
    let (cpu_us, writer_us) = (each(cpu.ticks * 10_000), each(cpu.writer_ns / 1_000));
    format!(
        "{{\"count\":{count},\"per_second\":{:.0},\"cpu_us_each\":{cpu_us:.1},\
         \"writer_cpu_us_each\":{writer_us:.1},\"p50_us\":{},\"p99_us\":{},\"p999_us\":{}}}",
        f64::from(count) / took.as_secs_f64(),
        at(500),
        at(990),
        at(999)
    )
}

/// Processor time of this process so far, in hundredths of a second; 0 where it is not told.
fn cpu_ticks() -> u64 {
    let Ok(text) = std::fs::read_to_string("/proc/self/stat") else { return 0 };
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    after_name.split_whitespace().skip(11).take(2).filter_map(|it| it.parse::<u64>().ok()).sum()
}

/// Processor time of the store's writer so far; 0 where it is not told.
fn writer_cpu_ns() -> u64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0 };
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    let writers = threads
        .filter_map(Result::ok)
        .filter(|thread| read(thread.path().join("comm")).trim_end() == "store-writer");
    let spent = |text: String| text.split_whitespace().next().and_then(|it| it.parse::<u64>().ok());
    writers.filter_map(|thread| spent(read(thread.path().join("schedstat")))).sum::<u64>()
}

/// One operation; `false` when there is nothing left to do.
async fn step(run: &Run, shape: Shape, placed: u64, turn: u64) -> Result<bool, Failure> {
    match shape {
        Shape::Submit => {
            let number = run.numbers.fetch_add(1, Ordering::Relaxed);
            commit(run, submitted(&fresh(number)?)).await
        }
        Shape::Pay if turn >= placed => Ok(false),
        Shape::Pay => commit(run, paid(&fresh(turn)?)).await,
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
        events: vec![Event::Submitted { terms: Box::new(terms.clone()) }],
        at: Some(terms.created_at),
        keys: vec![KeyClaim {
            owner: terms.merchant.clone(),
            reference: terms.reference.clone(),
            target: Target {
                order: terms.number.clone(),
                query_id: terms.query_id.clone(),
                kind: TargetKind::Payment,
            },
            input: "orderId=x\ntxnTime=y\n".repeat(20),
        }],
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

/// The final result of the payment, from the order as it was placed.
fn paid(order: &Order) -> WriteSet {
    let (terms, at) = (&order.terms, order.terms.created_at);
    let result = DownstreamResult { code: "00".to_owned(), ..DownstreamResult::default() };
    let trade_day = at.to_zoned(jiff::tz::TimeZone::UTC).date();
    let attempt = Attempt {
        card: None,
        started_at: at,
        valid_until: at,
        accepted_at: Some(at),
        scenario: None,
        qr_code: None,
    };
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
