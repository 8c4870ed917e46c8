//! The whole projection as one page: every state of an order, what both dialects call it, and what
//! each call of a terminal tells of it.

use std::fmt::Write as _;

use app::ports::Presented;
use app::use_cases::till::{Cancelling, TillRefusal};
use domain::abort::{Abort, AbortReason, AbortStanding};
use domain::ids::Reference;
use domain::order::{
    Attempt, Details, DownstreamResult, Order, OrderState, Origin, PaymentPart, Sale, Settlement,
    Terms, WalletResult,
};
use domain::payway::{Payway, SubPayway};
use domain::reversal::{Reversal, ReversalKind, ReversalState, ReversalTerms};
use domain::{Rejection, terminal};
use jiff::Timestamp;
use money::{Amount, Currency};
use wire::upay::{Biz, Reply};

use super::{Asked, cancel_reply, pay_reply, precreate_reply, refund_reply, refused, standing};
use crate::ucsp::payment_shown;

const HEAD: &str = "\
# What terminals are told of each state

Computed from the rules of `crates/dialect`; `cargo run -p causeway-dialect --example states` writes
this page and a test compares it. The sample order is over 100 cents; a refund is over 30.

## Orders

The columns pay, precreate and cancel show what a call tells that left the order in this state:
cancel as the end of an open payment / as the undoing of a paid or unclear one. The column `UCSP`
shows what the dialect of channels and services calls it.

| state | UCSP | order_status | status | net | error | pay | precreate | cancel |
|---|---|---|---|---|---|---|---|---|
";

/// The page.
#[must_use]
pub fn markdown() -> String {
    let mut page = String::from(HEAD);
    for (label, order) in orders() {
        let shown = standing(&order);
        let presented = Presented { qr_code: "q".to_owned(), wap_pay_request: None };
        let error = shown.error.as_ref().map_or("", |(code, _)| code.as_str());
        let _ = writeln!(
            page,
            "| {label} | {} | {} | {} | {} | {error} | {} | {} | {} / {} |",
            payment_shown(&order.state).status,
            shown.order_status.code(),
            shown.status.code(),
            shown.net_minor,
            said(&pay_reply(&order)),
            said(&precreate_reply(&order, Some(&presented), "i")),
            said(&cancel_reply(&order, Cancelling::Abort)),
            said(&cancel_reply(&order, Cancelling::Cancellation)),
        );
    }
    page.push_str("\n## Refunds\n\n| refund | refund tells |\n|---|---|\n");
    for (label, order) in orders() {
        let refund = order.reversals.last().filter(|it| it.terms.kind == ReversalKind::Refund);
        if let Some(refund) = refund {
            let told = said(&refund_reply(&order, &refund.terms.query_id));
            let _ = writeln!(page, "| {label} | {told} |");
        }
    }
    page.push_str("\n## Refusals\n\n| refusal | call | told |\n|---|---|---|\n");
    for (label, refusal, asked) in refusals() {
        let told = match refused(&refusal, asked) {
            Reply::Biz(biz) => said(&biz),
            Reply::Refused { result_code, error_code, error_message } => {
                format!("{result_code} {error_code} {error_message}")
            }
            Reply::Credentials { .. } | Reply::LogKept => String::new(),
        };
        let _ = writeln!(page, "| {label} | {asked:?} | {told} |");
    }
    page
}

fn said(biz: &Biz) -> String {
    let Biz { result_code, error_code, error_message, data } = biz;
    let data = if data.is_some() { "" } else { ", no data" };
    if error_code.is_empty() {
        format!("{result_code}{data}")
    } else if result_code == "FAIL" {
        format!("{result_code} {error_code} {error_message}{data}")
    } else {
        format!("{result_code} {error_code}{data}")
    }
}

fn cents(minor: u64) -> Amount {
    // The currency is in the list and the amounts are small.
    let currency = Currency::from_numeric("156").ok().or_else(|| Currency::all().next());
    let amount = currency.map(|it| Amount::new(minor, it).unwrap_or(Amount::zero(it)));
    amount.unwrap_or_else(|| unreachable!("there is a currency"))
}

/// The instant of the samples: 5 January 2026, 10:30 in Shanghai.
fn at() -> Timestamp {
    Timestamp::from_second(1_767_580_200).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn result(code: &str) -> DownstreamResult {
    DownstreamResult {
        code: code.to_owned(),
        message: "sample".to_owned(),
        reference: Some("2026010522001400000000000017".to_owned()),
        wallet: Some(Box::new(WalletResult {
            payer_uid: Some("o-77".to_owned()),
            payer_login: Some("k***@example.com".to_owned()),
            finished_at: Some(at()),
            payments: vec![PaymentPart { kind: "WALLET_WEIXIN".to_owned(), minor: 100 }],
        })),
        ..DownstreamResult::default()
    }
}

/// A terminal's order over 100 cents in a state, for tests and the page.
#[must_use]
pub fn sample(state: OrderState, reversals: Vec<Reversal>) -> Order {
    let terms = Terms {
        number: "7890260105000017".into(),
        query_id: "7890260105000017".into(),
        merchant: "100000010000017".into(),
        acquirer: "00010344".into(),
        reference: Reference {
            order_id: "till7-17".into(),
            txn_time: terminal::CLIENT_SN_SPACE.into(),
        },
        amount: cents(100),
        created_at: at(),
        expires_at: at(),
        origin: Origin::Terminal(Box::new(Sale {
            terminal: "100000000000123".into(),
            store: "S-1".into(),
            payway: Payway::WECHAT,
            sub_payway: SubPayway::BARCODE,
            presented: false,
            subject: "Pizza".to_owned(),
            operator: Some("kay".to_owned()),
            reflect: Some("bay=17".to_owned()),
            payer_uid: None,
            extended: None,
        })),
        details: Details::default(),
        scenario: None,
    };
    Order { state, reversals, ..Order::submitted(terms) }
}

fn attempt() -> Attempt {
    Attempt {
        card: None,
        started_at: at(),
        valid_until: at(),
        accepted_at: Some(at()),
        scenario: None,
        qr_code: None,
    }
}

/// The payment of [`sample`], of which so much was given back.
#[must_use]
pub fn settlement(given_back: u64) -> Settlement {
    Settlement {
        attempt: attempt(),
        paid_at: at(),
        trade_day: jiff::civil::date(2026, 1, 5),
        paid: cents(100),
        given_back: cents(given_back),
        result: result("00"),
    }
}

/// A reversal of [`sample`]: a refund over 30 cents, or a cancellation.
#[must_use]
pub fn reversal(kind: ReversalKind, state: ReversalState) -> Reversal {
    let minor = match kind {
        ReversalKind::Refund => 30,
        ReversalKind::Cancellation => 100,
    };
    let terms = ReversalTerms {
        kind,
        query_id: "202601051130010000172".into(),
        reference: Reference { order_id: "R1".into(), txn_time: "7890260105000017".into() },
        amount: cents(minor),
        requested_at: at(),
        valid_until: at(),
        back_url: None,
        reserved: None,
        reason: None,
        operator: Some("lee".to_owned()),
        client_tsn: None,
        scenario: None,
    };
    Reversal { state, ..Reversal::requested(terms) }
}

fn aborts() -> Vec<(String, Order)> {
    let reasons = [
        ("merchant", AbortReason::Merchant),
        ("deadline", AbortReason::Timeout),
        ("uncertain", AbortReason::Uncertain),
    ];
    let standings = [
        ("asked", AbortStanding::Asked),
        ("no answer", AbortStanding::Uncertain { since: at() }),
        ("refused", AbortStanding::Refused { at: at() }),
    ];
    let mut all = Vec::new();
    for (why, reason) in reasons {
        for (how, standing) in standings {
            let abort = Abort { standing, ..Abort::requested(reason, at()) };
            let state = OrderState::Aborting { attempt: attempt(), abort };
            all.push((format!("aborting, {why}, {how}"), sample(state, Vec::new())));
        }
        let abort = Abort::requested(reason, at());
        let state = OrderState::Aborted { attempt: attempt(), abort, at: at() };
        all.push((format!("aborted, {why}"), sample(state, Vec::new())));
    }
    all
}

fn orders() -> Vec<(String, Order)> {
    let failed = |code| OrderState::Failed { attempt: attempt(), result: result(code), at: at() };
    let plain = [
        ("created", OrderState::Created),
        ("closed", OrderState::Closed { at: at() }),
        ("paying", OrderState::Paying { attempt: attempt() }),
        ("unknown", OrderState::Unknown { attempt: attempt(), since: at() }),
        ("failed, no funds", failed("INSUFFICIENT_FUND")),
        ("failed, odd code", failed("51")),
    ];
    let mut all: Vec<(String, Order)> = Vec::new();
    all.extend(plain.into_iter().map(|(label, state)| (label.to_owned(), sample(state, vec![]))));
    all.extend(aborts());
    let states = [
        ("processing", ReversalState::Processing),
        ("unknown", ReversalState::Unknown { since: at() }),
        ("refused", ReversalState::Refused { at: at(), result: result("TRADE_FAILED") }),
    ];
    let paid = || OrderState::Paid { settlement: settlement(0) };
    all.push(("paid".to_owned(), sample(paid(), vec![])));
    for (kind, name) in [(ReversalKind::Refund, "refund"), (ReversalKind::Cancellation, "cancel")] {
        for (label, state) in states.clone() {
            let order = sample(paid(), vec![reversal(kind, state)]);
            all.push((format!("paid, {name} {label}"), order));
        }
    }
    let done =
        |kind| vec![reversal(kind, ReversalState::Succeeded { at: at(), result: result("00") })];
    let ended = [
        (
            "part refunded",
            OrderState::PartRefunded { settlement: settlement(30) },
            ReversalKind::Refund,
        ),
        ("refunded", OrderState::Refunded { settlement: settlement(100) }, ReversalKind::Refund),
        (
            "cancelled",
            OrderState::Cancelled { settlement: settlement(100) },
            ReversalKind::Cancellation,
        ),
    ];
    for (label, state, kind) in ended {
        all.push((label.to_owned(), sample(state, done(kind))));
    }
    all
}

fn refusals() -> Vec<(String, TillRefusal, Asked)> {
    let plain = [
        ("client_sn used", TillRefusal::ClientSnConflict { sn: "789".into() }),
        ("no wallet's barcode", TillRefusal::InvalidBarcode),
        ("unknown payway", TillRefusal::UnknownProvider),
        ("no order", TillRefusal::NoOrder),
        ("no merchant or store", TillRefusal::NoTerminal),
        ("terminal disabled", TillRefusal::TerminalDisabled),
        ("store closed", TillRefusal::StoreClosed),
        ("store over its limit", TillRefusal::StoreOverDailyLimit),
        ("merchant over its limit", TillRefusal::MerchantOverDailyLimit),
        ("busy", TillRefusal::Busy),
        ("internal", TillRefusal::Internal { incident: "k3f9".to_owned() }),
    ];
    let mut all: Vec<(String, TillRefusal, Asked)> = Vec::new();
    let sales = plain.into_iter().map(|(label, refusal)| (label.to_owned(), refusal, Asked::Sale));
    all.extend(sales);
    for (label, order) in orders() {
        for asked in [Asked::Refund, Asked::Cancel] {
            let rejection = Rejection::NotSuccessful("sample");
            let refusal = TillRefusal::Rule { order: Box::new(order.clone()), rejection };
            all.push((format!("wrong state: {label}"), refusal, asked));
        }
    }
    let refunded = OrderState::Refunded { settlement: settlement(100) };
    for (label, state) in [
        ("too much: paid", OrderState::Paid { settlement: settlement(0) }),
        ("too much: refunded", refunded.clone()),
    ] {
        let rejection = Rejection::AboveRefundable { left: cents(0) };
        let refusal = TillRefusal::Rule { order: Box::new(sample(state, vec![])), rejection };
        all.push((label.to_owned(), refusal, Asked::Refund));
    }
    let state = ReversalState::Succeeded { at: at(), result: result("00") };
    let again = reversal(ReversalKind::Refund, state);
    let query_id = again.terms.query_id.clone();
    let order = Box::new(sample(refunded, vec![again]));
    all.push((
        "done before".to_owned(),
        TillRefusal::RefundDone { order, query_id },
        Asked::Refund,
    ));
    all
}
