//! The life of an order as an input tells it: terms of either origin, and commands at instants.

use std::sync::Arc;

use domain::abort::AbortReason;
use domain::ids::{QueryId, Reference};
use domain::order::{
    Attempt, Card, Details, DownstreamResult, Goods, Order, Origin, PaymentPart, Sale, Terms,
    WalletResult,
};
use domain::payway::{Payway, SubPayway};
use domain::reversal::{ReversalKind, ReversalTerms};
use domain::{Command, Decision, Event, Outcome, apply, decide};
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use money::{Amount, Currency};

use crate::input::Input;
use crate::limits::COMMANDS_COUNT_MAX;
use crate::vectors;

/// The trade day on which most happens.
const TODAY: Date = date(2026, 1, 5);
/// Gaps between commands, seconds: within a call, up to the deadline, over days, over years.
const GAPS: [i64; 8] = [0, 1, 30, 899, 900, 86_400, 31_536_001, -5];

/// What became of an order, step by step.
pub(crate) struct Life {
    pub(crate) order: Order,
    pub(crate) events: Vec<Event>,
}

/// Business time at the submission.
pub(crate) fn begin() -> Timestamp {
    vectors::at(1_767_580_200)
}

pub(crate) fn terms(input: &mut Input<'_>) -> Terms {
    let minor = match input.byte() % 4 {
        0 => 2_500,
        1 => 1,
        2 => u64::from(input.short()).max(1),
        _ => 999_999_999_999,
    };
    let numeric = input.pick(&["344", "156", "392", "048"]);
    let currency = Currency::from_numeric(numeric).expect("a currency of the table");
    let by_terminal = input.flag();
    Terms {
        number: "8202601051030000001".into(),
        query_id: "202601051030000000001".into(),
        merchant: "100000010000017".into(),
        acquirer: "00010344".into(),
        reference: reference("PK20260105000017"),
        amount: Amount::new(minor, currency).expect("an amount within its bound"),
        created_at: begin(),
        expires_at: later(begin(), 900),
        origin: if by_terminal { terminal(input) } else { industry() },
        details: details(input),
        scenario: None,
    }
}

fn reference(order_id: &str) -> Reference {
    Reference { order_id: order_id.into(), txn_time: "20260105103000".into() }
}

fn industry() -> Origin {
    Origin::Industry {
        app: "00520446".into(),
        industry: "10000001".into(),
        channel: "20000001".into(),
        user: "u-77".into(),
    }
}

fn terminal(input: &mut Input<'_>) -> Origin {
    Origin::Terminal(Box::new(Sale {
        terminal: "100000000000000017".into(),
        store: "S-1".into(),
        payway: input.pick(&[Payway::WECHAT, Payway::ALIPAY, Payway(999)]),
        sub_payway: input.pick(&[SubPayway::BARCODE, SubPayway::QR, SubPayway(0)]),
        presented: input.flag(),
        subject: input.text(),
        operator: some(input),
        reflect: some(input),
        payer_uid: None,
        extended: None,
    }))
}

fn some(input: &mut Input<'_>) -> Option<String> {
    input.flag().then(|| input.text())
}

fn details(input: &mut Input<'_>) -> Details {
    let goods = |input: &mut Input<'_>| Goods {
        name: input.text(),
        quantity: some(input),
        ..Goods::default()
    };
    Details {
        description: some(input),
        goods: (0..input.below(3)).map(|_| goods(input)).collect(),
        reserved: some(input),
        ..Details::default()
    }
}

fn later(from: Timestamp, seconds: i64) -> Timestamp {
    from.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(from)
}

/// Lives through what the input commands; `step` sees every event with the order before and after.
///
/// # Panics
/// When an event that was decided cannot follow.
pub(crate) fn live(input: &mut Input<'_>, mut step: impl FnMut(&Order, &Order, &Event)) -> Life {
    let terms = terms(input);
    let mut now = begin();
    let mut events = vec![Event::Submitted { terms: Arc::new(terms.clone()) }];
    let mut order = Order::submitted(terms);
    for _ in 0..COMMANDS_COUNT_MAX {
        if input.is_empty() {
            break;
        }
        now = later(now, input.pick(&GAPS));
        let command = command(input, &order, now);
        // Two requests never carry one number: the store refuses the second.
        if let Command::RequestReversal { terms, .. } = &command
            && order.reversal(&terms.query_id).is_some()
        {
            continue;
        }
        match decide(&order, &command, now) {
            Ok(Decision::Happens(event)) => {
                let before = order.clone();
                order = apply(order, &event).expect("a decided event can follow");
                step(&before, &order, &event);
                events.push(*event);
            }
            Ok(Decision::Nothing) => {}
            Err(rejection) => {
                assert!(rejection.number() > 0 && !rejection.to_string().is_empty());
            }
        }
    }
    Life { order, events }
}

fn command(input: &mut Input<'_>, order: &Order, now: Timestamp) -> Command {
    match input.byte() % 8 {
        0 => Command::StartPayment { attempt: attempt(input, now) },
        1 | 2 => Command::RecordPayment { outcome: outcome(input), trade_day: day(input) },
        3 => Command::Close,
        4 => Command::RequestAbort {
            reason: input.pick(&[
                AbortReason::Merchant,
                AbortReason::Timeout,
                AbortReason::Uncertain,
            ]),
        },
        5 => Command::RecordAbort { outcome: outcome(input) },
        6 => Command::RequestReversal {
            terms: reversal(input, order, now),
            trade_day: day(input),
            paid_since: input.flag().then(|| day(input)),
            same_day: input.flag(),
        },
        _ => Command::RecordReversal {
            query_id: query_id(input),
            outcome: outcome(input),
            later: input.flag(),
        },
    }
}

fn attempt(input: &mut Input<'_>, now: Timestamp) -> Attempt {
    let card = |input: &mut Input<'_>| Card {
        id: input.text().as_str().into(),
        masked_pan: "6233********0060".to_owned(),
        card_type: some(input),
        issuer: None,
    };
    Attempt {
        card: input.flag().then(|| card(input)),
        started_at: now,
        valid_until: later(now, 90),
        accepted_at: None,
        scenario: None,
        qr_code: None,
    }
}

fn day(input: &mut Input<'_>) -> Date {
    input.pick(&[TODAY, TODAY, date(2026, 1, 6), date(2025, 1, 1)])
}

fn query_id(input: &mut Input<'_>) -> QueryId {
    QueryId::new(format!("2026010510300000000{:02}", 10 + input.below(6)))
}

fn reversal(input: &mut Input<'_>, order: &Order, now: Timestamp) -> ReversalTerms {
    let total = order.terms.amount.minor();
    let minor = match input.byte() % 6 {
        0 => total,
        1 => total.saturating_add(1),
        2 => 0,
        3 => order.refundable().minor(),
        _ => total.min(1 + u64::from(input.byte())),
    };
    let other = Currency::from_numeric("840").expect("a currency of the table");
    let own = order.terms.amount.currency();
    let currency = if input.byte() == 255 { other } else { own };
    let amount = Amount::new(minor, currency).unwrap_or(Amount::zero(currency));
    let query_id = query_id(input);
    ReversalTerms {
        kind: input.pick(&[ReversalKind::Refund, ReversalKind::Refund, ReversalKind::Cancellation]),
        reference: reference(query_id.as_str()),
        query_id,
        amount,
        requested_at: now,
        valid_until: later(now, 90),
        back_url: None,
        reserved: some(input),
        reason: some(input),
        operator: None,
        client_tsn: some(input),
        scenario: None,
    }
}

pub(crate) fn outcome(input: &mut Input<'_>) -> Outcome {
    match input.byte() % 6 {
        0 => Outcome::Accepted,
        1 => Outcome::Presented { qr_code: input.text() },
        2 | 3 => Outcome::Succeeded(result(input)),
        4 => Outcome::Refused(result(input)),
        _ => Outcome::Lost,
    }
}

fn result(input: &mut Input<'_>) -> DownstreamResult {
    let wallet = |input: &mut Input<'_>| WalletResult {
        payer_uid: some(input),
        payer_login: None,
        finished_at: input.flag().then(begin),
        payments: vec![PaymentPart { kind: "CARD_PRE".to_owned(), minor: input.long() }],
    };
    DownstreamResult {
        code: input.pick(&["00", "51", "TRADE_TIMEOUT", ""]).to_owned(),
        message: input.text(),
        reference: some(input),
        wallet: input.flag().then(|| Box::new(wallet(input))),
        ..DownstreamResult::default()
    }
}
