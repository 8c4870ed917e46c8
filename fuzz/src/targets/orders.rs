//! The state table under any sequence of commands, for both origins (`ucsp.md` 5, `upay.md` 9).
//!
//! Rules: each step is one that a second, plain book of account allows; the ledger balances and
//! says what the book says; the events tell the order again, also after they were written down;
//! and what partners are told of the order has the book's amounts.

use std::collections::BTreeMap;

use app::use_cases::till::{Cancelling, Found};
use dialect::{downstream, ucsp, upay, wallet};
use domain::ids::QueryId;
use domain::ledger::{Account, Posting, balances, postings};
use domain::order::{Order, OrderState};
use domain::reversal::ReversalKind;
use domain::{Event, replay};
use wire::upay::{decode_callback, decode_query, decode_reply, encode_query, encode_reply};

use crate::input::Input;
use crate::life::{Life, live};

/// The book of account: what moved and what may still move, from the events alone.
#[derive(Default)]
struct Book {
    total: u64,
    attempted: bool,
    /// Whether the attempt can no longer be paid.
    over: bool,
    /// Whether an abort was asked for and its answer is open.
    aborting: bool,
    paid: Option<u64>,
    /// Reversals that were not refused: kind, amount, whether the money went back.
    standing: BTreeMap<QueryId, (ReversalKind, u64, bool)>,
    refused: Vec<QueryId>,
}

impl Book {
    fn back(&self) -> u64 {
        self.standing.values().filter(|(.., done)| *done).map(|(_, minor, _)| minor).sum()
    }

    fn reserved(&self) -> u64 {
        self.standing.values().map(|(_, minor, _)| minor).sum()
    }

    /// Enters an event, if it may come now.
    fn enter(&mut self, event: &Event) {
        let never_paid = self.paid.is_none() && !self.over;
        match event {
            Event::Submitted { .. } => panic!("an order is submitted once"),
            Event::PaymentStarted { .. } => {
                assert!(!self.attempted && never_paid);
                self.attempted = true;
            }
            Event::PaymentAccepted { .. } | Event::PaymentUncertain { .. } => {
                assert!(self.attempted && never_paid && !self.aborting);
            }
            Event::PaymentSucceeded { .. } => {
                assert!(self.attempted && never_paid && !self.aborting);
                self.paid = Some(self.total);
            }
            Event::PaymentFailed { .. } => {
                assert!(self.attempted && never_paid && !self.aborting);
                self.over = true;
            }
            Event::AbortRequested { .. } => {
                assert!(self.attempted && never_paid);
                self.aborting = true;
            }
            Event::AbortUncertain { .. } => assert!(self.aborting && never_paid),
            Event::AbortRefused { .. } => {
                assert!(self.aborting && never_paid);
                self.aborting = false;
            }
            Event::Aborted { .. } => {
                assert!(self.attempted && never_paid);
                self.over = true;
            }
            Event::Closed { .. } => {
                assert!(!self.attempted && never_paid);
                self.over = true;
            }
            Event::ReversalRequested { terms } => self.request(terms),
            Event::ReversalAccepted { query_id, .. }
            | Event::ReversalUncertain { query_id, .. } => {
                assert!(!self.standing[query_id].2);
            }
            Event::ReversalSucceeded { query_id, .. } => {
                let entry = self.standing.get_mut(query_id).expect("it was requested");
                assert!(!entry.2, "money goes back once");
                entry.2 = true;
            }
            Event::ReversalRefused { query_id, .. } => {
                let entry = self.standing.remove(query_id).expect("it was requested");
                assert!(!entry.2, "what went back is not refused");
                self.refused.push(query_id.clone());
            }
        }
    }

    fn request(&mut self, terms: &domain::reversal::ReversalTerms) {
        let paid = self.paid.expect("only what was paid is given back");
        let cancelled =
            |(kind, ..): &(ReversalKind, u64, bool)| *kind == ReversalKind::Cancellation;
        assert!(!self.standing.values().any(cancelled), "nothing follows on a cancellation");
        let minor = terms.amount.minor();
        assert!(minor > 0 && self.reserved() + minor <= paid);
        if terms.kind == ReversalKind::Cancellation {
            assert!(self.standing.is_empty() && minor == paid);
        }
        assert!(!self.refused.contains(&terms.query_id));
        self.standing.insert(terms.query_id.clone(), (terms.kind, minor, false));
    }

    /// What order and ledger say is what stands here.
    fn check(&self, order: &Order, ledger: &[Posting]) {
        let paid = self.paid.unwrap_or(0);
        assert_eq!(order.settlement().map(|settlement| settlement.paid.minor()), self.paid);
        let back = order.settlement().map_or(0, |settlement| settlement.given_back.minor());
        assert_eq!(back, self.back());
        assert_eq!(order.refundable().minor(), paid - self.reserved());
        assert!(balances(ledger));
        let credit = |one: &&Posting| matches!(one.account, Account::Merchant(_));
        let owed: i64 = ledger.iter().filter(credit).map(|posting| -posting.minor).sum();
        assert_eq!(u64::try_from(owed).ok(), Some(paid - self.back()));
        let state = match (&order.state, self.paid) {
            (OrderState::Paid { .. }, Some(_)) => back == 0,
            (OrderState::PartRefunded { .. }, Some(paid)) => 0 < back && back < paid,
            (OrderState::Refunded { .. } | OrderState::Cancelled { .. }, Some(paid)) => {
                back == paid
            }
            (_, None) => true,
            (_, Some(_)) => false,
        };
        assert!(state, "{} with {back} of {paid} given back", order.state.name());
    }
}

pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let mut book = Book::default();
    let mut ledger = Vec::new();
    let life = live(&mut input, |before, after, event| {
        book.total = before.terms.amount.minor();
        book.enter(event);
        ledger.extend(postings(after, event));
        book.check(after, &ledger);
        told(after);
    });
    told(&life.order);
    written(&life);
}

/// The events tell the order, and so do their texts.
fn written(life: &Life) {
    assert_eq!(replay(&life.events).as_ref(), Ok(&Some(life.order.clone())));
    let again: Vec<Event> = life.events.iter().map(returned).collect();
    assert_eq!(again, life.events);
    assert_eq!(returned(&life.order), life.order);
}

fn returned<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("it is written as JSON");
    serde_json::from_str(&text).expect("what was written is read")
}

/// Everything that partners are told of the order, in both dialects.
fn told(order: &Order) {
    for reversal in [None].into_iter().chain(order.reversals.iter().map(|one| Some(&one.terms))) {
        let number = reversal.map(|terms| &terms.query_id);
        let _ = downstream::inquire(order, number);
        let _ = wallet::inquire(order, number);
        if let Some(number) = number {
            assert!(downstream::reverse(order, number).is_some());
        }
    }
    let _ = (downstream::place_order(order), downstream::pay(order, None), wallet::abort(order));
    let _ = (ucsp::payment_answer(order), ucsp::payment_shown(&order.state));
    for reversal in &order.reversals {
        let _ = (ucsp::reversal_answer(order, reversal), ucsp::reversal_response(reversal));
    }
    if order.sale().is_some() {
        told_tills(order);
    }
}

fn told_tills(order: &Order) {
    let refund = order.reversals.last().map(|reversal| reversal.terms.query_id.clone());
    let asked = Found { order: order.clone(), refund: refund.clone() };
    let whole = Found { order: order.clone(), refund: None };
    let mut replies = vec![
        upay::pay_reply(order),
        upay::precreate_reply(order, None, "https://ucsp.example/upay/qr/1.png"),
        upay::query_reply(&whole),
        upay::query_reply(&asked),
        upay::cancel_reply(order, Cancelling::Abort),
        upay::cancel_reply(order, Cancelling::Cancellation),
    ];
    replies.extend(refund.map(|refund| upay::refund_reply(order, &refund)));
    let paid = order.terms.amount.minor();
    let back = order.settlement().map_or(0, |settlement| settlement.given_back.minor());
    for biz in replies {
        let data = biz.data.as_ref().expect("every reply about an order has it");
        assert_eq!(data.total_amount, paid.to_string());
        if order.settlement().is_some() {
            assert_eq!(data.net_amount, (paid - back).to_string());
        }
        let reply = biz.into();
        assert_eq!(decode_reply(&encode_reply(&reply)), Ok(reply));
    }
    let callback = upay::callback_body(order);
    assert!(decode_callback(callback.as_bytes()).is_ok());
    let pairs = upay::wap_return(order);
    if let Some(read) = decode_query(&encode_query(&pairs)) {
        assert_eq!(read, pairs);
    }
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    // amount, currency, origin, details; then gap, command, particulars
    let industry = [0, 0, 0, 0, 0, 0];
    let terminal = [0, 1, 1, 0, 0, 0, 3, b't', b'e', b'a', 0, 0, 0, 0, 0];
    let start = [1, 0, 0];
    let paid = [1, 1, 2, 0, 0, 0, 0, 0];
    let lost = [1, 1, 5, 0];
    let refund = |number: u8| [1, 6, 4, 9, 0, number, 0, 0, 0, 0, 0, 0, 0];
    let whole = |number: u8| [1, 6, 0, 0, number, 2, 0, 0, 0, 0, 0, 1];
    let done = |number: u8| [1, 7, number, 2, 0, 0, 0, 0, 0];
    let refused = |number: u8| [1, 7, number, 4, 1, 0, 0, 0, 0];
    let abort = [1, 4, 0];
    let ended = [1, 5, 2, 0, 0, 0, 0];
    let lives: Vec<(&str, Vec<&[u8]>)> = vec![
        ("paid", vec![&start, &paid]),
        ("lost_then_paid", vec![&start, &lost, &paid]),
        ("closed", vec![&[4, 3]]),
        ("aborted", vec![&start, &abort, &ended]),
    ];
    let mut seeds = Vec::new();
    let gone = [refund(0), refund(1)].concat();
    let back = [done(0).as_slice(), &refused(1), &whole(2), &done(2)].concat();
    for (origin, head) in [("industry", industry.as_slice()), ("terminal", &terminal)] {
        for (name, steps) in &lives {
            seeds.push((format!("{origin}_{name}"), [head, &steps.concat()].concat()));
        }
        let refunded = [head, &start, &paid, &gone, &back].concat();
        seeds.push((format!("{origin}_refunded"), refunded));
        let reason = [1, 6, 4, 9, 0, 5, 0, 1, 1, b'r', 1, 2, b'n', b'o', 1, 1, b't', 0, 0, 0];
        let because = [head, &start, &paid, &reason].concat();
        seeds.push((format!("{origin}_refunded_for_a_reason"), because));
        let cancelled = [head, &start, &paid, &whole(3), &done(3), &refund(4)].concat();
        seeds.push((format!("{origin}_cancelled"), cancelled));
    }
    seeds
}
