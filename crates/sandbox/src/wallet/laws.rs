//! The books under random operations: what must hold after each.

use std::collections::HashMap;

use proptest::prelude::*;
use wire::wallet::{Abort, Charge, Inquire, Operation, Present, Refund, Status};

use super::*;

const ENDINGS: [&str; 7] = ["0000", "9951", "9905", "9906", "9907", "9996", "9998"];

fn key_of(sn: u8) -> u64 {
    books::number(&sn.to_string()).unwrap()
}

/// One thing that happens.
#[derive(Debug, Clone)]
enum Event {
    Charge { sn: u8, amount: u64, ending: usize },
    Present { sn: u8, amount: u64 },
    Abort { sn: u8 },
    Refund { sn: u8, refund_no: u8, amount: u64 },
    Inquire { sn: u8, refund_no: Option<u8> },
    Choose { sn: u8, choice: Choice },
    Pass { seconds: i64 },
}

fn event() -> impl Strategy<Value = Event> {
    let (sn, amount, refund_no) = (1_u8..4, 1_u64..100, 1_u8..6);
    prop_oneof![
        (sn.clone(), amount.clone(), 0..ENDINGS.len())
            .prop_map(|(sn, amount, ending)| Event::Charge { sn, amount, ending }),
        (sn.clone(), amount.clone()).prop_map(|(sn, amount)| Event::Present { sn, amount }),
        sn.clone().prop_map(|sn| Event::Abort { sn }),
        (sn.clone(), refund_no.clone(), amount).prop_map(|(sn, refund_no, amount)| Event::Refund {
            sn,
            refund_no,
            amount
        }),
        (sn.clone(), proptest::option::of(refund_no))
            .prop_map(|(sn, refund_no)| Event::Inquire { sn, refund_no }),
        (sn, prop_oneof![Just(Choice::Success), Just(Choice::Fail), Just(Choice::Unknown)])
            .prop_map(|(sn, choice)| Event::Choose { sn, choice }),
        (1_i64..40).prop_map(|seconds| Event::Pass { seconds }),
    ]
}

/// What the platform was told so far.
#[derive(Default)]
struct Heard {
    paid: HashMap<u8, u64>,
    over: HashMap<u8, Status>,
    aborted: HashMap<u8, bool>,
    backs: HashMap<u8, (u8, u64, Status)>,
}

struct Run {
    books: Books,
    recalled: Books,
    now_ms: i64,
    heard: Heard,
}

impl Run {
    fn operation(event: &Event, now_ms: i64) -> Option<Operation<'static>> {
        let valid_until = now_ms + 45_000;
        Some(match event {
            Event::Charge { sn, amount, ending } => Operation::Charge(Charge {
                sn: sn.to_string().into(),
                payway: 3,
                amount: *amount,
                currency: "156".into(),
                barcode: format!("13000000000000{}", ENDINGS[*ending]).into(),
                valid_until,
            }),
            Event::Present { sn, amount } => Operation::Present(Present {
                sn: sn.to_string().into(),
                payway: 1,
                sub_payway: 3,
                amount: *amount,
                currency: "156".into(),
                valid_until,
                ..Present::default()
            }),
            Event::Abort { sn } => Operation::Abort(Abort { sn: sn.to_string().into(), payway: 3 }),
            Event::Refund { sn, refund_no, amount } => Operation::Refund(Refund {
                sn: sn.to_string().into(),
                refund_no: refund_no.to_string().into(),
                payway: 3,
                amount: *amount,
                valid_until,
            }),
            Event::Inquire { sn, refund_no } => Operation::Inquire(Inquire {
                sn: sn.to_string().into(),
                refund_no: refund_no.map(|number| number.to_string().into()),
                payway: 3,
            }),
            Event::Choose { .. } | Event::Pass { .. } => return None,
        })
    }

    fn step(&mut self, event: &Event, key: &MacKey) {
        let mut changes = Changes::default();
        if let Event::Pass { seconds } = event {
            self.now_ms += seconds * 1000;
        }
        if let Event::Choose { sn, choice } = event
            && let Some(mut trade) = self.books.trade(key_of(*sn), self.now_ms, &mut changes)
            && trade.is_payable(self.now_ms)
        {
            trade.end(*choice, self.now_ms);
            self.books.change(trade, &mut changes);
        }
        if let Some(operation) = Self::operation(event, self.now_ms) {
            let answer = self.books.operate(&operation, key, self.now_ms, &mut changes);
            if let Some(answer) = answer {
                self.hear(event, answer.status, &answer.payments);
            }
        }
        for line in changes.lines {
            let text = serde_json::to_string(&line).unwrap();
            self.recalled.recall(serde_json::from_str(&text).unwrap());
        }
    }

    fn hear(&mut self, event: &Event, status: Status, payments: &[wire::wallet::Part<'_>]) {
        let heard = &mut self.heard;
        match event {
            Event::Charge { sn, .. }
            | Event::Present { sn, .. }
            | Event::Inquire { sn, refund_no: None } => {
                let aborted = heard.aborted.contains_key(sn);
                if status == Status::Success {
                    assert!(!aborted, "an attempt that was ended was paid");
                    let sum = payments.iter().map(|part| part.amount).sum();
                    assert_eq!(*heard.paid.entry(*sn).or_insert(sum), sum, "paid otherwise");
                }
                if matches!(status, Status::Success | Status::Fail) {
                    let before = *heard.over.entry(*sn).or_insert(status);
                    assert!(before == status || aborted, "{before:?} became {status:?}");
                }
            }
            Event::Abort { sn } if status == Status::Success => {
                heard.aborted.insert(*sn, true);
            }
            Event::Refund { sn, refund_no, amount } if status != Status::Error => {
                let decided = (*sn, *amount, status);
                assert_eq!(*heard.backs.entry(*refund_no).or_insert(decided), decided);
            }
            Event::Inquire { sn, refund_no: Some(refund_no) } if status != Status::Error => {
                match heard.backs.get(refund_no) {
                    // Another order's refund is told as it stands.
                    Some((of, _, _)) if of != sn => {}
                    Some((_, _, before)) => assert_eq!(*before, status),
                    None => assert_eq!(status, Status::NotFound),
                }
            }
            Event::Abort { .. }
            | Event::Refund { .. }
            | Event::Inquire { .. }
            | Event::Choose { .. }
            | Event::Pass { .. } => {}
        }
        for (sn, paid) in &heard.paid {
            let backs = heard.backs.values().filter(|(of, ..)| of == sn);
            let given: u64 = backs
                .filter(|(.., status)| *status == Status::Success)
                .map(|(_, amount, _)| amount)
                .sum();
            assert!(given <= *paid, "{given} of {paid} were given back");
        }
    }
}

proptest! {
    /// Money: what goes back is never more than what was paid, a result is never taken back, and
    /// a number that was ended stays so; the journal recalls the books as they are.
    #[test]
    fn the_books_hold_the_laws(events in proptest::collection::vec(event(), 1..60)) {
        let secret = jose::secret::Secret::new("a secret of platform and wallet".to_owned());
        let key = MacKey::new(&secret).unwrap();
        let mut run = Run {
            books: Books::default(),
            recalled: Books::default(),
            now_ms: 1_767_580_200_000,
            heard: Heard::default(),
        };
        for event in &events {
            run.step(event, &key);
        }
        let lines = |books: &Books| {
            let mut lines: Vec<String> =
                books.all_lines().iter().map(|line| serde_json::to_string(line).unwrap()).collect();
            lines.sort();
            lines
        };
        prop_assert_eq!(lines(&run.books), lines(&run.recalled));
    }
}

/// Trades that are over are forgotten one for one, those that are open are not.
#[test]
fn the_books_are_bounded() {
    let secret = jose::secret::Secret::new("a secret of platform and wallet".to_owned());
    let key = MacKey::new(&secret).unwrap();
    let mut books = Books::default();
    let charge = |sn: usize, ending: &str| {
        Operation::Charge(Charge {
            sn: sn.to_string().into(),
            payway: 3,
            amount: 1,
            currency: "156".into(),
            barcode: format!("13000000000000{ending}").into(),
            valid_until: 10,
        })
    };
    let mut changes = Changes::default();
    books.operate(&charge(1, "9907"), &key, 5, &mut changes);
    let count = crate::limits::WALLET_TRADES_MAX + 10;
    for sn in 2..count {
        changes = Changes::default();
        books.operate(&charge(sn, "0000"), &key, 5, &mut changes);
    }
    assert_eq!(books.open_lines().len(), 1);
    assert_eq!(books.all_lines().len(), crate::limits::WALLET_TRADES_MAX + 1);
    assert!(books.trade(key_of(2), 5, &mut changes).is_none());
    assert!(books.trade(key_of(1), 5, &mut changes).is_some());
}

#[test]
fn numbers_keep_their_leading_zeros() {
    assert_ne!(books::number("17"), books::number("017"));
    for text in ["7", "0", "7890000000000017", "000000000000000017"] {
        assert_eq!(books::digits(&books::number(text).unwrap()), text);
    }
    for wrong in ["", "x", "-1", "+1", "1.0", "99999999999999999999", "１"] {
        assert_eq!(books::number(wrong), None, "{wrong}");
    }
}
