//! What stores keep as JSON: orders, events, notices, tasks, the directory's records, consents.
//!
//! Rules: nothing panics, whatever lies in the row; what is read and written is read as the same;
//! and a document with a changed byte is refused or is another good document.

use app::directory::DirectoryData;
use app::records::{Consent, LoginLink, OauthState};
use app::writeset::{Target, Task, TaskBody};
use domain::Event;
use domain::ids::Reference;
use domain::ledger::Posting;
use domain::notice::{Notice, NoticeAttempt, NoticeState, Receiver};
use domain::order::Order;
use domain::terminal::{ActivationCode, Store, Terminal, Vendor};
use money::{Amount, Currency};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::input::Input;
use crate::life::{begin, live};

type Recode = fn(&[u8]) -> bool;

/// Every kind of document.
const KINDS: [Recode; 17] = [
    again::<Order>,
    again::<Event>,
    again::<Notice>,
    again::<TaskBody>,
    again::<Task>,
    again::<Target>,
    again::<Posting>,
    again::<Reference>,
    again::<Amount>,
    again::<Currency>,
    written::<LoginLink>,
    written::<OauthState>,
    written::<Consent>,
    again::<Vendor>,
    again::<Store>,
    again::<ActivationCode>,
    again::<Terminal>,
];

fn again<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<T>(bytes) else { return false };
    let text = serde_json::to_string(&value).expect("what was read can be written");
    assert_eq!(serde_json::from_str::<T>(&text).ok().as_ref(), Some(&value), "{text}");
    true
}

/// The same for a document that cannot be compared.
fn written<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> bool {
    let Ok(value) = serde_json::from_slice::<T>(bytes) else { return false };
    let text = serde_json::to_string(&value).expect("what was read can be written");
    let again: T = serde_json::from_str(&text).expect("what was written is read");
    assert_eq!(serde_json::to_string(&again).ok(), Some(text));
    true
}

/// First byte: bytes as they come of some kind, or changes of a document that a life wrote.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    if input.flag() {
        changed(&mut input);
    } else {
        let kind = input.pick(&KINDS);
        let _ = kind(input.rest());
    }
}

fn changed(input: &mut Input<'_>) {
    let mut plan = Input::new(input.chunk());
    let life = live(&mut plan, |_, _, _| ());
    let kind = input.below(3);
    let text = match kind {
        0 => returned(&life.order),
        1 => returned(&life.events[input.below(life.events.len())]),
        _ => returned(&notice(input)),
    };
    let _ = KINDS[kind](&input.changed(text.as_bytes()));
}

/// A document as text, which is read as what it was.
fn returned<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) -> String {
    let text = serde_json::to_string(value).expect("a document is JSON");
    assert_eq!(serde_json::from_str::<T>(&text).ok().as_ref(), Some(value), "{text}");
    text
}

fn notice(input: &mut Input<'_>) -> Notice {
    let attempt = |input: &mut Input<'_>| NoticeAttempt {
        at: begin(),
        status: input.flag().then(|| input.short()),
        latency_ms: input.long(),
        error: input.flag().then(|| input.text()),
    };
    Notice {
        id: "00000000000000000000000000000017".into(),
        receiver: input.pick(&[Receiver::Industry, Receiver::Channel]),
        transaction: "202601051030000000001".into(),
        after: None,
        copies: input.byte(),
        created_at: begin(),
        body: input.flag().then(|| input.text()),
        state: if input.flag() {
            NoticeState::Queued
        } else {
            NoticeState::Confirmed { at: begin() }
        },
        attempts: (0..input.below(3)).map(|_| attempt(input)).collect(),
    }
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, (name, plan)) in (0_u8..).zip(super::orders::seeds()) {
        let mut input = Input::new(&plan);
        let life = live(&mut input, |_, _, _| ());
        if let Ok(text) = serde_json::to_string(&life.order) {
            seeds.push((format!("order_{name}"), [&[0, 0], text.as_bytes()].concat()));
        }
        if let Some(Ok(text)) = life.events.last().map(serde_json::to_string) {
            seeds.push((format!("event_{name}"), [&[0, 1], text.as_bytes()].concat()));
        }
        let mut changed = vec![1, u8::try_from(plan.len()).unwrap_or(0)];
        changed.extend(&plan);
        let kind = if name.ends_with("reason") { 0 } else { number % 3 };
        changed.extend([kind, 1, 1, 0, number, 0, 5]);
        seeds.push((format!("changed_{name}"), changed));
    }
    if let Ok(text) = serde_json::to_string(&notice(&mut Input::new(&[0, 1, 1, 0, 1]))) {
        seeds.push(("notice".into(), [&[0, 2], text.as_bytes()].concat()));
    }
    for (name, kind, text) in DOCUMENTS {
        seeds.push((name.into(), [&[0, kind], text.as_bytes()].concat()));
    }
    seeds
}

/// Small documents by hand.
const DOCUMENTS: [(&str, u8, &str); 9] = [
    ("task_close", 3, r#"{"task":"close"}"#),
    ("task_inquire", 3, r#"{"task":"inquire","query_id":"1","reversal":true}"#),
    (
        "task",
        4,
        r#"{"id":"close:8","owner":"1","order":"8","due_at":"2026-01-05T02:30:00Z",
            "after":null,"attempts":0,"body":{"task":"close"}}"#,
    ),
    ("target", 5, r#"{"order":"8","query_id":"1","kind":"refund"}"#),
    ("reference", 7, r#"{"order_id":"PK1","txn_time":"20260105103000"}"#),
    ("amount", 8, r#"{"minor":2500,"currency":"344"}"#),
    ("amount_past_its_bound", 8, r#"{"minor":18446744073709551615,"currency":"344"}"#),
    ("currency", 9, r#""344""#),
    ("store", 14, r#"{"sn":"S-1","merchant":"2","name":"x","open":true,"daily_limit_minor":5}"#),
];

/// The directory as a whole is made of the records above.
const _: fn() -> DirectoryData = DirectoryData::default;
