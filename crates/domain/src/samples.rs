//! One order in each state and one command of each kind, for the state table and for tests.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use money::{Amount, Currency};

use crate::abort::AbortReason;
use crate::command::{Command, Outcome};
use crate::event::Event;
use crate::ids::{QueryId, Reference};
use crate::order::{Attempt, Details, DownstreamResult, Order, Origin, Terms};
use crate::reversal::{ReversalKind, ReversalTerms};
use crate::{Impossible, apply};

/// The amount of all samples, minor units.
pub(crate) const AMOUNT: u64 = 2500;
/// The instant at which commands of the samples are decided: 5 January 2026, 10:30 in Hong Kong.
pub(crate) const NOW_MS: i64 = 1_767_580_200_000;
/// The trade day of [`NOW_MS`].
pub(crate) const TODAY: Date = date(2026, 1, 5);

pub(crate) fn now() -> Timestamp {
    Timestamp::from_millisecond(NOW_MS).unwrap_or(Timestamp::UNIX_EPOCH)
}

pub(crate) fn amount(minor: u64) -> Amount {
    let currency = Currency::from_numeric("344").unwrap_or_else(|_| unreachable_currency());
    Amount::new(minor, currency).unwrap_or(Amount::zero(currency))
}

fn unreachable_currency() -> Currency {
    // The list of ISO 4217 is never empty; the first stands in.
    Currency::all().next().unwrap_or_else(|| unreachable!())
}

pub(crate) fn terms() -> Terms {
    Terms {
        number: "8SAMPLE00000000000001".into(),
        query_id: "202601051030000000001".into(),
        merchant: "100000010000017".into(),
        acquirer: "00010344".into(),
        reference: reference("PK20260105000017"),
        amount: amount(AMOUNT),
        created_at: now(),
        expires_at: later(900),
        origin: Origin::Industry {
            app: "00520446".into(),
            industry: "10000001".into(),
            channel: "20000001".into(),
            user: "u-77".into(),
        },
        details: Details::default(),
        scenario: None,
    }
}

fn reference(order_id: &str) -> Reference {
    Reference { order_id: order_id.into(), txn_time: "20260105103000".into() }
}

pub(crate) fn later(seconds: i64) -> Timestamp {
    now().checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(now())
}

pub(crate) fn attempt() -> Attempt {
    Attempt {
        card: None,
        started_at: now(),
        valid_until: later(90),
        accepted_at: None,
        scenario: None,
        qr_code: None,
    }
}

pub(crate) fn result(code: &str) -> DownstreamResult {
    DownstreamResult { code: code.to_owned(), message: "sample".to_owned(), ..Default::default() }
}

pub(crate) fn reversal(kind: ReversalKind, query_id: &str, minor: u64) -> ReversalTerms {
    ReversalTerms {
        kind,
        query_id: query_id.into(),
        reference: reference(query_id),
        amount: amount(minor),
        requested_at: now(),
        valid_until: later(90),
        back_url: None,
        reserved: None,
        reason: None,
        operator: None,
        client_tsn: None,
        scenario: None,
    }
}

/// The number of the reversal that the samples with one carry.
pub(crate) const REVERSAL: &str = "202601051030000000002";

fn refund_asked(minor: u64) -> Event {
    let terms = reversal(ReversalKind::Refund, REVERSAL, minor);
    Event::ReversalRequested { terms: Box::new(terms) }
}

fn cancellation_asked() -> Event {
    let terms = reversal(ReversalKind::Cancellation, REVERSAL, AMOUNT);
    Event::ReversalRequested { terms: Box::new(terms) }
}

fn reversed() -> Event {
    Event::ReversalSucceeded {
        query_id: REVERSAL.into(),
        at: now(),
        result: result("00"),
        later: false,
    }
}

/// One order in each state, with the label of its row.
pub(crate) fn orders() -> Vec<(&'static str, Order)> {
    let started = Event::PaymentStarted { attempt: attempt() };
    let paid = Event::PaymentSucceeded { at: now(), trade_day: TODAY, result: result("00") };
    let failed = Event::PaymentFailed { at: now(), result: result("51") };
    let uncertain = Event::PaymentUncertain { at: now() };
    let accepted = Event::PaymentAccepted { at: now(), qr_code: None };
    let calling = |reason| Event::AbortRequested { reason, at: now() };
    let called = calling(AbortReason::Merchant);
    let over = calling(AbortReason::Timeout);
    let abort_lost = Event::AbortUncertain { at: now() };
    let abort_refused = Event::AbortRefused { at: now(), result: result("96") };
    let aborted = Event::Aborted { at: now(), result: result("00") };
    let refused = Event::ReversalRefused {
        query_id: REVERSAL.into(),
        at: now(),
        result: result("96"),
        later: false,
    };
    let lost = Event::ReversalUncertain { query_id: REVERSAL.into(), at: now() };
    let lives: Vec<(&'static str, Vec<Event>)> = vec![
        ("created", vec![]),
        ("closed", vec![Event::Closed { at: now() }]),
        ("paying", vec![started.clone()]),
        ("paying, accepted", vec![started.clone(), accepted]),
        ("unknown", vec![started.clone(), uncertain]),
        ("aborting", vec![started.clone(), called.clone()]),
        ("aborting at the deadline", vec![started.clone(), over]),
        ("aborting, unknown", vec![started.clone(), called.clone(), abort_lost]),
        ("aborting, refused", vec![started.clone(), called.clone(), abort_refused]),
        ("aborted", vec![started.clone(), called, aborted]),
        ("failed", vec![started.clone(), failed]),
        ("paid", vec![started.clone(), paid.clone()]),
        ("paid, refund open", vec![started.clone(), paid.clone(), refund_asked(1000)]),
        ("paid, refund unknown", vec![started.clone(), paid.clone(), refund_asked(1000), lost]),
        ("paid, refund refused", vec![started.clone(), paid.clone(), refund_asked(1000), refused]),
        ("paid, cancellation open", vec![started.clone(), paid.clone(), cancellation_asked()]),
        ("part_refunded", vec![started.clone(), paid.clone(), refund_asked(1000), reversed()]),
        ("refunded", vec![started.clone(), paid.clone(), refund_asked(AMOUNT), reversed()]),
        ("cancelled", vec![started, paid, cancellation_asked(), reversed()]),
    ];
    let built = lives.into_iter().map(|(label, events)| live(&events).map(|order| (label, order)));
    built.filter_map(Result::ok).collect()
}

fn live(events: &[Event]) -> Result<Order, Impossible> {
    events.iter().try_fold(Order::submitted(terms()), apply)
}

/// One command of each kind, with the label of its column.
pub(crate) fn commands() -> Vec<(&'static str, Command, Timestamp)> {
    let pay = |outcome| Command::RecordPayment { outcome, trade_day: TODAY };
    let fresh = "202601051030000000009";
    let ask = |kind, minor| Command::RequestReversal {
        terms: reversal(kind, fresh, minor),
        trade_day: TODAY,
        paid_since: None,
        same_day: true,
    };
    let late = |kind, minor| Command::RequestReversal {
        terms: reversal(kind, fresh, minor),
        trade_day: date(2026, 4, 6),
        paid_since: Some(date(2026, 1, 6)),
        same_day: false,
    };
    let told = |outcome| Command::RecordReversal {
        query_id: QueryId::from(REVERSAL),
        outcome,
        later: false,
    };
    let tomorrow = Command::RequestReversal {
        terms: reversal(ReversalKind::Cancellation, fresh, AMOUNT),
        trade_day: date(2026, 1, 6),
        paid_since: None,
        same_day: true,
    };
    let abort = |reason| Command::RequestAbort { reason };
    let ended = |outcome| Command::RecordAbort { outcome };
    let shown = Outcome::Presented { qr_code: "https://wallet.example/1".to_owned() };
    let any_day = late(ReversalKind::Cancellation, AMOUNT);
    let year = later(366 * 24 * 3600);
    vec![
        ("start_payment", Command::StartPayment { attempt: attempt() }, now()),
        ("start_payment, too late", Command::StartPayment { attempt: attempt() }, later(900)),
        ("payment accepted", pay(Outcome::Accepted), now()),
        ("payment presented", pay(shown), now()),
        ("payment succeeded", pay(Outcome::Succeeded(result("00"))), now()),
        ("payment refused", pay(Outcome::Refused(result("51"))), now()),
        ("payment lost", pay(Outcome::Lost), now()),
        ("close, too early", Command::Close, later(899)),
        ("close", Command::Close, later(900)),
        ("abort", abort(AbortReason::Merchant), now()),
        ("abort at the deadline, too early", abort(AbortReason::Timeout), later(899)),
        ("abort at the deadline", abort(AbortReason::Timeout), later(900)),
        ("abort what is unknown", abort(AbortReason::Uncertain), now()),
        ("abort accepted", ended(Outcome::Accepted), now()),
        ("abort succeeded", ended(Outcome::Succeeded(result("00"))), now()),
        ("abort refused", ended(Outcome::Refused(result("96"))), now()),
        ("abort lost", ended(Outcome::Lost), now()),
        ("refund a part", ask(ReversalKind::Refund, 1000), now()),
        ("refund all", ask(ReversalKind::Refund, AMOUNT), now()),
        ("refund too much", ask(ReversalKind::Refund, AMOUNT.saturating_add(1)), now()),
        ("refund after a year", ask(ReversalKind::Refund, 1000), year),
        ("refund after the days of a terminal", late(ReversalKind::Refund, 1000), now()),
        ("cancel", ask(ReversalKind::Cancellation, AMOUNT), now()),
        ("cancel a part", ask(ReversalKind::Cancellation, 1000), now()),
        ("cancel on the next trade day", tomorrow, now()),
        ("cancel on a later day where that is allowed", any_day, now()),
        ("reversal accepted", told(Outcome::Accepted), now()),
        ("reversal succeeded", told(Outcome::Succeeded(result("00"))), now()),
        ("reversal refused", told(Outcome::Refused(result("96"))), now()),
        ("reversal lost", told(Outcome::Lost), now()),
    ]
}
