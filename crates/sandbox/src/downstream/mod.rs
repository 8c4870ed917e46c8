//! The downstream payment system of an acquirer, simulated.
//!
//! Goal: it behaves as the table of outcomes says (`ucsp.md` 7), keeps its own books so that a
//! platform that asks for too much is refused, and is asynchronous: results travel by notice.
//! Idempotent by `queryId`; what is unknown to it is "not found". It knows the platform only by
//! its certificates and address.

mod outcome;
mod transaction;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use sdk::{Incoming, Partner};
use serde::de::DeserializeOwned;
use tokio::sync::Semaphore;
use wire::card_number::may_be_real;
use wire::downstream::{
    CODE_APPROVED, CODE_NOT_FOUND, INQUIRE_PATH, Inquire, NOTICE_PATH, NoticeAnswer, PAY_PATH,
    PLACE_ORDERS_COUNT_MAX, PLACE_PATH, Pay, Place, PlaceAnswer, PlaceResult, REVERSE_PATH,
    Reverse, Status, TransactionResult, decode, encode,
};
use wire::ucsp::{CardPayload, decode_plain};

use self::outcome::{Plan, plan_of, words};
pub(crate) use self::transaction::later;
use self::transaction::{Transaction, refused};
use crate::clock::PartnerClock;
use crate::journal::Journal;
use crate::limits::{BODY_BYTES_MAX, NOTICE_ATTEMPTS_MAX, NOTICES_AT_ONCE_MAX, TRANSACTIONS_MAX};
use crate::partners::StartError;
use crate::reply::{Answered, Refused, plain, sent};

/// The simulated downstream payment system.
pub struct Simulator {
    partner: Partner,
    clock: Arc<dyn PartnerClock>,
    journal: Journal,
    books: Mutex<Books>,
    notices: Semaphore,
}

#[derive(Default)]
struct Books {
    by_query_id: HashMap<String, Transaction>,
    /// Sum of the reversals of a payment that did not fail, minor units.
    reversed: HashMap<String, u64>,
    trace: u64,
}

impl Books {
    fn insert(&mut self, transaction: Transaction) {
        if transaction.code == CODE_APPROVED
            && let Some(original) = &transaction.original
        {
            *self.reversed.entry(original.clone()).or_default() += transaction.amount_minor;
        }
        self.trace = self.trace.max(transaction.trace);
        self.by_query_id.insert(transaction.query_id.clone(), transaction);
    }

    /// Why a reversal does not fit its original; `None` when it does.
    fn reversal_refusal(&self, fresh: &Reverse, now: Timestamp) -> Option<&'static str> {
        let Some(original) = self.by_query_id.get(&fresh.orig_query_id) else {
            return Some("34");
        };
        if original.original.is_some() || !original.is_success(now) {
            return Some("12");
        }
        let amount_minor = amount_of(&fresh.txn_amt);
        let reversed = self.reversed.get(&fresh.orig_query_id).copied().unwrap_or(0);
        let room = original.amount_minor.saturating_sub(reversed);
        let fits = match fresh.txn_type.as_str() {
            "31" => reversed == 0 && amount_minor == original.amount_minor,
            _ => amount_minor <= room,
        };
        let same = original.currency_code == fresh.currency_code && original.tn == fresh.tn;
        (!fits || !same || amount_minor == 0).then_some("13")
    }
}

impl Simulator {
    /// A simulator that remembers what its journal holds.
    pub(crate) fn open(
        partner: Partner,
        clock: Arc<dyn PartnerClock>,
        folder: Option<&Path>,
    ) -> Result<Arc<Self>, StartError> {
        let (journal, known) =
            Journal::open(folder, "downstream", |one: &Transaction| one.query_id.clone())?;
        let mut books = Books::default();
        for transaction in known {
            books.insert(transaction);
        }
        Ok(Arc::new(Self {
            partner,
            clock,
            journal,
            books: Mutex::new(books),
            notices: Semaphore::new(NOTICES_AT_ONCE_MAX),
        }))
    }

    /// Goes on with the notices that were due when it stopped.
    pub(crate) fn resume(self: &Arc<Self>) {
        let due: Vec<Transaction> = self
            .books()
            .by_query_id
            .values()
            .filter(|transaction| transaction.notices_due > 0)
            .cloned()
            .collect();
        for transaction in due {
            self.tell(transaction);
        }
    }

    /// Forgets all transactions.
    pub(crate) fn reset(&self) -> Result<(), StartError> {
        *self.books() = Books::default();
        self.journal.clear()
    }

    /// The routes of the protocol.
    pub(crate) fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route("/", get(about))
            .route(PLACE_PATH, post(place))
            .route(PAY_PATH, post(pay))
            .route(REVERSE_PATH, post(reverse))
            .route(INQUIRE_PATH, post(inquire))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX + 1))
            .with_state(Arc::clone(self))
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Verifies and reads a call; the error is the ready answer.
    fn read<T: DeserializeOwned>(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<T, Refused> {
        let call = Incoming { headers, path: uri.path(), body };
        self.partner.verify_platform_call(&call)?;
        decode(body).map_err(|error| {
            tracing::warn!(%error, "downstream call refused");
            plain(400, "the body is no message of this protocol").into()
        })
    }

    /// Takes an attempt on, or finds the one that was taken on before.
    /// `decide` sees the books as they are then.
    fn take_on(
        self: &Arc<Self>,
        mut fresh: Transaction,
        decide: impl FnOnce(&Books, Timestamp) -> Plan,
    ) -> Transaction {
        let now = self.clock.now();
        let mut books = self.books();
        if let Some(known) = books.by_query_id.get(&fresh.query_id) {
            return known.clone();
        }
        fresh.trace = books.trace + 1;
        let full = books.by_query_id.len() >= TRANSACTIONS_MAX;
        let plan = if full { outcome::plan(96) } else { decide(&books, now) };
        fresh.follow(plan, now);
        if !full {
            self.journal.append(&fresh);
            books.insert(fresh.clone());
        }
        drop(books);
        if fresh.notices_due > 0 {
            self.tell(fresh.clone());
        }
        fresh
    }

    /// The answer to an attempt, after its silence if it has one.
    async fn first_answer(&self, transaction: &Transaction) -> TransactionResult {
        match transaction.silent_until {
            Some(until) => {
                let busy = self.clock.sleep_until(until).await;
                let result = transaction.result(self.clock.now());
                drop(busy);
                result
            }
            None => transaction.first_answer(self.clock.now()),
        }
    }

    /// Tells the platform the result when it is there, as often as the plan says.
    fn tell(self: &Arc<Self>, transaction: Transaction) {
        let simulator = Arc::clone(self);
        let mut busy = simulator.clock.busy();
        tokio::spawn(async move {
            if simulator.clock.now() < transaction.settles_at {
                drop(busy);
                busy = simulator.clock.sleep_until(transaction.settles_at).await;
            }
            for _ in 0..transaction.notices_due {
                busy = simulator.tell_once(&transaction, busy).await;
            }
            drop(busy);
            simulator.told(&transaction);
        });
    }

    /// One notice with its repeats, 1, 2, 4 and 8 s apart.
    async fn tell_once(
        &self,
        transaction: &Transaction,
        mut busy: crate::clock::Busy,
    ) -> crate::clock::Busy {
        for attempt in 0..NOTICE_ATTEMPTS_MAX {
            let body = encode(&transaction.notice(self.clock.now()));
            let permit = self.notices.acquire().await;
            let answer = self.partner.call(NOTICE_PATH, body).await;
            drop(permit);
            let reason = match answer.as_deref().map(decode::<NoticeAnswer>) {
                Ok(Ok(answer)) if answer.resp_code == CODE_APPROVED => return busy,
                Ok(Ok(answer)) => format!("code {}", answer.resp_code),
                Ok(Err(error)) => error.to_string(),
                Err(error) => error.to_string(),
            };
            tracing::info!(query_id = transaction.query_id, reason, "notice not confirmed");
            if attempt + 1 < NOTICE_ATTEMPTS_MAX {
                drop(busy);
                busy = self.clock.sleep_until(later(self.clock.now(), 1 << attempt)).await;
            }
        }
        busy
    }

    fn told(&self, transaction: &Transaction) {
        let mut books = self.books();
        if let Some(known) = books.by_query_id.get_mut(&transaction.query_id) {
            known.notices_due = 0;
            self.journal.append(known);
        }
    }

    /// Why a card cannot be charged, whatever the table says; `None` when it can.
    fn card_refusal(&self, sealed: &str) -> Option<&'static str> {
        let Ok(plain) = self.partner.open(sealed) else {
            return Some("30");
        };
        let Ok(card) = decode_plain::<CardPayload>(plain.expose(), "encData") else {
            return Some("30");
        };
        if card.pan.as_deref().is_some_and(may_be_real) {
            return Some("14");
        }
        let month = self.clock.now().to_zoned(TimeZone::UTC).strftime("%y%m").to_string();
        (card.expiry_date < month).then_some("54")
    }

    /// Whether an attempt came after the time until which it may be taken on.
    fn is_late(&self, valid_until_ms: &str) -> bool {
        let until = valid_until_ms.parse().ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
        until.is_none_or(|until| self.clock.now() > until)
    }

    fn knows(&self, query_id: &str) -> bool {
        self.books().by_query_id.contains_key(query_id)
    }

    fn signed<T: serde::Serialize>(&self, message: &T) -> Response {
        sent(self.partner.signed(encode(message)))
    }
}

type Shared = State<Arc<Simulator>>;

async fn about() -> Response {
    plain(200, "The downstream payment system of an acquirer, simulated. It has no pages.\n")
}

async fn place(State(simulator): Shared, uri: Uri, headers: HeaderMap, body: Bytes) -> Answered {
    let _busy = simulator.clock.busy();
    let place: Place = simulator.read(&uri, &headers, &body)?;
    if place.orders.is_empty() || place.orders.len() > PLACE_ORDERS_COUNT_MAX {
        return Err(plain(400, "1 to 256 orders are placed in one call").into());
    }
    let result = |order: &wire::downstream::PlaceOrder| {
        let amount = amount_of(&order.txn_amt);
        let plan = plan_of(order.scenario.as_deref(), amount);
        // Of the whole table only 99 strikes when an order is placed.
        let code = if plan.code == "99" { "99" } else { CODE_APPROVED };
        PlaceResult {
            tn: order.tn.clone(),
            resp_code: code.to_owned(),
            resp_msg: words(code).to_owned(),
        }
    };
    Ok(simulator.signed(&PlaceAnswer { results: place.orders.iter().map(result).collect() }))
}

async fn pay(State(simulator): Shared, uri: Uri, headers: HeaderMap, body: Bytes) -> Answered {
    let pay: Pay = simulator.read(&uri, &headers, &body)?;
    let amount_minor = amount_of(&pay.txn_amt);
    if !simulator.knows(&pay.query_id) && simulator.is_late(&pay.valid_until) {
        return Ok(simulator.signed(&refused(&pay.query_id, "36")));
    }
    let forced = pay.scenario.as_deref();
    let refusal = pay.enc_data.as_deref().and_then(|sealed| simulator.card_refusal(sealed));
    let plan = plan_of(forced, amount_minor);
    let overridden = plan != plan_of(None, amount_minor);
    let plan = match refusal {
        // An outcome that overrides the amount's own overrides an expired card as well, but
        // nothing lets a real number through.
        Some(code) if !overridden || code == "14" => Plan { code, ..outcome::plan(51) },
        Some(_) | None => plan,
    };
    let fresh = Transaction {
        query_id: pay.query_id,
        tn: pay.tn,
        mer_id: pay.mer_id,
        amount_minor,
        currency_code: pay.currency_code,
        ..blank()
    };
    let transaction = simulator.take_on(fresh, |_, _| plan);
    Ok(simulator.signed(&simulator.first_answer(&transaction).await))
}

async fn reverse(State(simulator): Shared, uri: Uri, headers: HeaderMap, body: Bytes) -> Answered {
    let reverse: Reverse = simulator.read(&uri, &headers, &body)?;
    if !simulator.knows(&reverse.query_id) && simulator.is_late(&reverse.valid_until) {
        return Ok(simulator.signed(&refused(&reverse.query_id, "36")));
    }
    let amount_minor = amount_of(&reverse.txn_amt);
    let fresh = Transaction {
        query_id: reverse.query_id.clone(),
        tn: reverse.tn.clone(),
        mer_id: reverse.mer_id.clone(),
        original: Some(reverse.orig_query_id.clone()),
        amount_minor,
        currency_code: reverse.currency_code.clone(),
        ..blank()
    };
    let transaction =
        simulator.take_on(fresh, |books, now| match books.reversal_refusal(&reverse, now) {
            Some(code) => Plan { code, ..outcome::plan(51) },
            None => plan_of(reverse.scenario.as_deref(), amount_minor),
        });
    Ok(simulator.signed(&simulator.first_answer(&transaction).await))
}

/// An amount in minor units; what is no number is zero, which nothing accepts.
fn amount_of(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

async fn inquire(State(simulator): Shared, uri: Uri, headers: HeaderMap, body: Bytes) -> Answered {
    let _busy = simulator.clock.busy();
    let inquire: Inquire = simulator.read(&uri, &headers, &body)?;
    let now = simulator.clock.now();
    let known = simulator.books().by_query_id.get(&inquire.query_id).map(|one| one.result(now));
    let result = known.unwrap_or_else(|| TransactionResult {
        query_id: inquire.query_id.clone(),
        status: Status::NotFound,
        resp_code: CODE_NOT_FOUND.to_owned(),
        resp_msg: words(CODE_NOT_FOUND).to_owned(),
        ..TransactionResult::default()
    });
    Ok(simulator.signed(&result))
}

/// A transaction whose members are still to be set.
fn blank() -> Transaction {
    Transaction {
        query_id: String::new(),
        tn: String::new(),
        mer_id: String::new(),
        original: None,
        amount_minor: 0,
        currency_code: String::new(),
        accepted_at: Timestamp::UNIX_EPOCH,
        settles_at: Timestamp::UNIX_EPOCH,
        silent_until: None,
        final_at_once: false,
        code: String::new(),
        notices_due: 0,
        trace: 0,
    }
}
