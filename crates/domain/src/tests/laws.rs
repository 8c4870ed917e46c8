//! The money laws of ucsp.md section 5 over random lives of an order.

use jiff::civil::{Date, date};
use proptest::prelude::*;

use crate::abort::AbortReason;
use crate::command::{Command, Outcome};
use crate::decide::{Decision, decide};
use crate::event::Event;
use crate::ledger::{Posting, balances, postings};
use crate::order::{Order, OrderState};
use crate::reversal::{ReversalKind, ReversalState};
use crate::{apply, replay, samples};

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![
        Just(Outcome::Accepted),
        Just(Outcome::Presented { qr_code: "code".to_owned() }),
        Just(Outcome::Succeeded(samples::result("00"))),
        Just(Outcome::Refused(samples::result("51"))),
        Just(Outcome::Lost),
    ]
}

fn reason() -> impl Strategy<Value = AbortReason> {
    prop_oneof![
        Just(AbortReason::Merchant),
        Just(AbortReason::Timeout),
        Just(AbortReason::Uncertain),
    ]
}

fn day() -> impl Strategy<Value = Date> {
    prop_oneof![9 => Just(samples::TODAY), 1 => Just(date(2026, 1, 6))]
}

fn query_id(number: u8) -> String {
    format!("2026010510300000000{number:02}")
}

fn command() -> impl Strategy<Value = Command> {
    let kind = prop_oneof![3 => Just(ReversalKind::Refund), 1 => Just(ReversalKind::Cancellation)];
    let minor = prop_oneof![1..=samples::AMOUNT, Just(samples::AMOUNT), Just(samples::AMOUNT + 1)];
    prop_oneof![
        3 => Just(Command::StartPayment { attempt: samples::attempt() }),
        3 => (outcome(), day())
            .prop_map(|(outcome, trade_day)| Command::RecordPayment { outcome, trade_day }),
        1 => Just(Command::Close),
        1 => reason().prop_map(|reason| Command::RequestAbort { reason }),
        1 => outcome().prop_map(|outcome| Command::RecordAbort { outcome }),
        4 => (kind, 10..16_u8, minor, day()).prop_map(|(kind, number, minor, trade_day)| {
            let terms = samples::reversal(kind, &query_id(number), minor);
            Command::RequestReversal { terms, trade_day, paid_since: None, same_day: true }
        }),
        4 => (10..16_u8, outcome(), any::<bool>()).prop_map(|(number, outcome, later)| {
            Command::RecordReversal { query_id: query_id(number).as_str().into(), outcome, later }
        }),
    ]
}

fn lives() -> impl Strategy<Value = Vec<(Command, i64)>> {
    prop::collection::vec((command(), 0..1000_i64), 0..40)
}

/// Lives through the commands; rejected ones change nothing.
fn live(commands: &[(Command, i64)]) -> (Order, Vec<Event>, Vec<Posting>) {
    let mut order = Order::submitted(samples::terms());
    let mut events = vec![Event::Submitted { terms: samples::terms().into() }];
    let mut ledger = Vec::new();
    for (command, second) in commands {
        // Two requests never carry one number: the store refuses the second.
        if let Command::RequestReversal { terms, .. } = command
            && order.reversal(&terms.query_id).is_some()
        {
            continue;
        }
        if let Ok(Decision::Happens(event)) = decide(&order, command, samples::later(*second)) {
            let before = order.clone();
            order = apply(order, &event).expect("a decided event can follow");
            check_step(&before, &order, &event);
            ledger.extend(postings(&order, &event));
            events.push(*event);
        }
    }
    (order, events, ledger)
}

/// What must hold of every single step.
fn check_step(before: &Order, after: &Order, event: &Event) {
    if matches!(before.state, OrderState::Unknown { .. }) {
        let by_evidence = matches!(
            event,
            Event::PaymentSucceeded { .. }
                | Event::PaymentFailed { .. }
                | Event::AbortRequested { .. }
        );
        assert!(by_evidence, "UNKNOWN ends by evidence alone, not by {}", event.name());
    }
    if let OrderState::Aborting { abort, .. } = &before.state
        && abort.is_open()
    {
        let by_abort =
            !matches!(event, Event::PaymentSucceeded { .. } | Event::PaymentFailed { .. });
        assert!(by_abort, "an open abort ends by its own answer, not by {}", event.name());
    }
    if matches!(
        before.state,
        OrderState::Closed { .. } | OrderState::Failed { .. } | OrderState::Aborted { .. }
    ) {
        panic!("{} came after the end", event.name());
    }
    if before.settlement().is_some() {
        assert!(after.settlement().is_some(), "what was paid stays paid");
    }
}

fn sum(order: &Order, counts: impl Fn(&ReversalState) -> bool) -> u64 {
    let counted = order.reversals.iter().filter(|r| counts(&r.state));
    counted.map(|r| r.terms.amount.minor()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_life_breaks_a_money_law(commands in lives()) {
        let (order, events, ledger) = live(&commands);
        let paid = order.settlement().map_or(0, |s| s.paid.minor());
        let back = sum(&order, |state| matches!(state, ReversalState::Succeeded { .. }));
        let reserved = sum(&order, |state| !matches!(state, ReversalState::Refused { .. }));
        prop_assert!(back <= paid && reserved <= paid, "{back} and {reserved} of {paid}");
        prop_assert_eq!(order.settlement().map_or(0, |s| s.given_back.minor()), back);
        prop_assert_eq!(order.refundable().minor(), paid - reserved);
        let cancellations = order.reversals.iter().filter(|r| {
            r.terms.kind == ReversalKind::Cancellation && !r.is_refused()
        });
        prop_assert!(cancellations.count() <= 1);
        let successes = events.iter().filter(|e| matches!(e, Event::PaymentSucceeded { .. }));
        prop_assert!(successes.count() <= 1);
        prop_assert!(balances(&ledger));
        let merchant: i64 = ledger
            .iter()
            .filter(|posting| matches!(posting.account, crate::ledger::Account::Merchant(_)))
            .map(|posting| -posting.minor)
            .sum();
        prop_assert_eq!(u64::try_from(merchant).unwrap(), paid - back);
        prop_assert_eq!(replay(&events).unwrap().unwrap(), order);
    }

    #[test]
    fn the_serialised_form_returns(commands in lives()) {
        let (order, events, _) = live(&commands);
        let text = serde_json::to_string(&order).unwrap();
        prop_assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
        for event in events {
            let text = serde_json::to_string(&event).unwrap();
            prop_assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
        }
    }
}
