//! Fills a sandbox's database with paid orders of a terminal, so that a measurement meets tables
//! of some size. The server must not run meanwhile.
//!
//! `cargo run --release -p causeway-store --example fill -- --data DIR --orders N [--names FILE]
//! [--database-url URL]`
//!
//! `DIR` is the sandbox's data folder with its `sandbox.json`; its database is in there unless a
//! URL says that it is PostgreSQL. Each order takes one write set with
//! everything that a paid order leaves behind: its events, key, second name, ended task and
//! postings. `FILE` gets the `client_sn` of a sample of them, one a line. Run it again and it adds
//! orders of other numbers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use app::ports::{CommitOutcome, Store};
use app::writeset::{
    KeyClaim, NameClaim, OrderWrite, Target, TargetKind, Task, TaskBody, TaskId, TaskWrite,
    WriteSet,
};
use causeway_store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore};
use domain::ids::{
    MerchantId, OrderId, OrderNumber, QueryId, Reference, StoreSn, TerminalSn, TxnTime,
};
use domain::ledger;
use domain::order::{
    Attempt, Details, DownstreamResult, Order, Origin, PaymentPart, Sale, Terms, WalletResult,
};
use domain::payway::{Payway, SubPayway};
use domain::terminal::CLIENT_SN_SPACE;
use domain::{Event, apply};
use jiff::{SignedDuration, Timestamp};
use money::{Amount, Currency};
use serde_json::Value;
use tokio::task::JoinSet;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "fill --data DIR --orders N [--names FILE] [--database-url URL]";
/// Write sets under way at once: the store commits many with one sync.
const SUBMITTERS: u64 = 512;
/// Orders whose `client_sn` is written down.
const NAMES_MAX: u64 = 50_000;
/// Cents of every order.
const MINOR: u64 = 1_000;
/// Longest `client_sn` of the load generator's form.
const CLIENT_SN_BYTES: usize = 28;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut options = HashMap::new();
    for pair in words.chunks(2) {
        let [name, value] = pair else { return Err(USAGE.into()) };
        options.insert(name.as_str(), value.as_str());
    }
    let data = PathBuf::from(*options.get("--data").ok_or(USAGE)?);
    let count: u64 = options.get("--orders").ok_or(USAGE)?.parse()?;
    let store: Arc<dyn Store> = match options.get("--database-url") {
        Some(url) => Arc::new(PostgresStore::open(url, PostgresOptions::default()).await?),
        None => Arc::new(SqliteStore::open(&data, SqliteOptions::default())?),
    };
    let fill = Arc::new(Fill::open(&data, store, count)?);
    let mut tasks: JoinSet<Result<(), Failure>> = JoinSet::new();
    for _ in 0..SUBMITTERS {
        tasks.spawn(work(Arc::clone(&fill)));
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    fill.store.close().await?;
    if let Some(file) = options.get("--names") {
        std::fs::write(file, fill.names())?;
    }
    println!("{{\"orders\":{count}}}");
    Ok(())
}

struct Fill {
    store: Arc<dyn Store>,
    merchant: MerchantId,
    place: StoreSn,
    /// Different each time, so that a second run adds orders.
    run: u64,
    count: u64,
    next: AtomicU64,
}

impl Fill {
    fn open(data: &Path, store: Arc<dyn Store>, count: u64) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(data.join("sandbox.json"))?;
        let code = serde_json::from_str::<Value>(&text)?["upay"]["activation_codes"][0].clone();
        let text = |name: &str| code[name].as_str().map(str::to_owned).ok_or("no activation code");
        Ok(Self {
            store,
            merchant: MerchantId::new(text("merchant")?),
            place: StoreSn::new(text("store_sn")?),
            run: u64::from(std::process::id()),
            count,
            next: AtomicU64::new(0),
        })
    }

    /// Two numbers without order: merchants' own fall all over an index.
    fn client_sn(&self, number: u64) -> String {
        let first = mixed(number ^ (self.run << 40));
        let mut text = format!("{first:016x}{:016x}", mixed(first));
        text.truncate(CLIENT_SN_BYTES);
        text
    }

    fn names(&self) -> String {
        let step = (self.count / NAMES_MAX).max(1);
        let numbers = (0..self.count).step_by(usize::try_from(step).unwrap_or(1));
        numbers.fold(String::new(), |mut all, number| {
            all.push_str(&self.client_sn(number));
            all.push('\n');
            all
        })
    }

    /// The write set of one paid order.
    fn paid(&self, number: u64) -> Result<WriteSet, Failure> {
        let terms = Arc::new(self.terms(number)?);
        let at = terms.created_at;
        let attempt = Attempt {
            card: None,
            started_at: at,
            valid_until: terms.expires_at,
            accepted_at: None,
            scenario: None,
            qr_code: None,
        };
        let events = vec![
            Event::Submitted { terms: Arc::clone(&terms) },
            Event::PaymentStarted { attempt },
            Event::PaymentSucceeded {
                at,
                trade_day: at.to_zoned(jiff::tz::TimeZone::UTC).date(),
                result: result(number, at),
            },
        ];
        let mut order = Order::submitted(Arc::clone(&terms));
        for event in events.iter().skip(1) {
            order = apply(order, event)?;
        }
        let target = Target {
            order: terms.number.clone(),
            query_id: terms.query_id.clone(),
            kind: TargetKind::Payment,
        };
        let owner = terms.merchant.clone();
        let postings = events.last().map(|event| ledger::postings(&order, event));
        Ok(WriteSet {
            events,
            at: Some(at),
            postings: postings.unwrap_or_default(),
            keys: vec![KeyClaim {
                owner: owner.clone(),
                reference: terms.reference.clone(),
                target: target.clone(),
                input: String::new(),
            }],
            names: vec![NameClaim { owner: owner.clone(), name: trade_no(number), target }],
            tasks: vec![TaskWrite::Insert(Task {
                id: TaskId::inquire(&terms.query_id),
                owner,
                order: terms.number.clone(),
                due_at: None,
                after: None,
                attempts: 0,
                body: TaskBody::Inquire { query_id: terms.query_id.clone(), reversal: false },
            })],
            order: Some(OrderWrite { order, expected: None }),
            ..WriteSet::default()
        })
    }

    fn terms(&self, number: u64) -> Result<Terms, Failure> {
        // A thousand orders a second, some time ago.
        let millisecond = i64::try_from(number)?;
        let created_at =
            Timestamp::from_second(1_767_580_200)? + SignedDuration::from_millis(millisecond);
        // The server's own numbers grow with time from the lower end: these do not meet them.
        let text = format!("7899{:03}{number:09}", self.run % 1_000);
        Ok(Terms {
            number: OrderNumber::new(text.clone()),
            query_id: QueryId::new(text),
            merchant: self.merchant.clone(),
            acquirer: "48020000".into(),
            reference: Reference {
                order_id: OrderId::new(self.client_sn(number)),
                txn_time: TxnTime::new(CLIENT_SN_SPACE),
            },
            amount: Amount::new(MINOR, Currency::from_numeric("156")?)?,
            created_at,
            expires_at: created_at + SignedDuration::from_secs(45),
            origin: Origin::Terminal(Box::new(Sale {
                terminal: TerminalSn::new("1000000000"),
                store: self.place.clone(),
                payway: Payway::WECHAT,
                sub_payway: SubPayway::BARCODE,
                presented: false,
                subject: "bench".to_owned(),
                operator: Some("01".to_owned()),
                reflect: None,
                payer_uid: None,
                extended: None,
            })),
            details: Details::default(),
            scenario: None,
        })
    }
}

async fn work(fill: Arc<Fill>) -> Result<(), Failure> {
    loop {
        let number = fill.next.fetch_add(1, Ordering::Relaxed);
        if number >= fill.count {
            return Ok(());
        }
        match fill.store.commit(fill.paid(number)?).await? {
            CommitOutcome::Committed => {}
            refused @ (CommitOutcome::Stale | CommitOutcome::Duplicate(_)) => {
                return Err(format!("order {number} was not committed: {refused:?}").into());
            }
        }
    }
}

/// What the simulated wallet says of a payment.
fn result(number: u64, at: Timestamp) -> DownstreamResult {
    DownstreamResult {
        code: "00".to_owned(),
        reference: Some(trade_no(number)),
        wallet: Some(Box::new(WalletResult {
            payer_uid: Some(format!("payer-{:010}", number % 100_000)),
            payer_login: Some("p***@example.com".to_owned()),
            finished_at: Some(at),
            payments: vec![PaymentPart { kind: "WALLET_WEIXIN".to_owned(), minor: MINOR }],
        })),
        ..DownstreamResult::default()
    }
}

fn trade_no(number: u64) -> String {
    format!("20260105{:08}{number:012}", std::process::id() % 100_000_000)
}

/// SplitMix64.
fn mixed(number: u64) -> u64 {
    let next = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let next = (next ^ (next >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let next = (next ^ (next >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    next ^ (next >> 31)
}
