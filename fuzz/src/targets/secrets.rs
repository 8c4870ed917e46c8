//! Secrets at rest, terminal signatures, the key ring (security 5 and 6).
//!
//! Rules: a sealed secret opens unchanged, in its place, and in no other way; a terminal's
//! signature holds for exactly its bytes and its key; the ring never holds two current keys, never
//! accepts a revoked one, and what it prefers it accepts.

use std::sync::{Arc, OnceLock};

use jose::cert::{Certificate, Identity, Issue, PrivateKey};
use jose::keyring::{Clock, KeyState, Slot};
use jose::limits::KEYS_PER_SLOT_MAX;
use jose::seal::{MasterKey, MasterKeys, SealError};
use jose::terminal::{sign, sign_query, verify, verify_query};

use crate::input::Input;
use crate::limits::COMMANDS_COUNT_MAX;
use crate::vectors::{self, NOW_SECOND, bytes, list, text};

/// First byte: what it is about.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 6 {
        0 => master_key(&input.rest_text()),
        1 => opened(input.rest(), "app/00520446/sign_key"),
        2 => changed(&mut input),
        3 => body(&mut input),
        4 => query(&mut input),
        _ => ring(&mut input),
    }
}

fn master_key(written: &str) {
    if let Ok(key) = MasterKey::from_text(written) {
        let again = MasterKey::from_text(key.to_text().expose());
        assert_eq!(again.map(|again| again.id()).ok(), Some(key.id()));
        let sealed = key.seal(b"x", "a").expect("it seals");
        assert_eq!(key.open(&sealed, "b").err(), Some(SealError::Open));
    }
}

fn genuine() -> &'static (MasterKeys, Vec<u8>, &'static str) {
    static GENUINE: OnceLock<(MasterKeys, Vec<u8>, &'static str)> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let one = &list(vectors::golden(), "sealed")[0];
        let former = MasterKey::from_text(text(one, "master_key")).expect("a key");
        let current = MasterKey::from_bytes(&[7; 32]).expect("a key");
        (MasterKeys::new(current, vec![former]), bytes(one, "sealed_base64"), text(one, "aad"))
    })
}

fn opened(sealed: &[u8], place: &str) {
    let (keys, its, own) = genuine();
    let known = sealed == its.as_slice() && place == *own;
    assert_eq!(keys.open(sealed, place).is_ok(), known);
    if let Ok(stale) = keys.is_stale(sealed) {
        assert!(stale || sealed.len() >= 21);
    }
}

fn changed(input: &mut Input<'_>) {
    let (_, sealed, place) = genuine();
    let (sealed, place) = (input.changed(sealed), input.changed_text(place));
    opened(&sealed, &place);
}

/// `sign` over a body: the same bytes and key, either case of hex, nothing else.
fn body(input: &mut Input<'_>) {
    let (key, body) = (input.text(), input.chunk());
    let genuine = sign(body, &key);
    assert!(verify(body, &key, &genuine) && verify(body, &key, &genuine.to_uppercase()));
    let (given, other) = (input.changed_text(&genuine), input.changed(body));
    let other_key = input.changed_text(&key);
    // Body and key are joined without a mark between them: that is the protocol's.
    let same = [other.as_slice(), other_key.as_bytes()].concat() == [body, key.as_bytes()].concat();
    let fits = same && given.eq_ignore_ascii_case(&genuine);
    assert_eq!(verify(&other, &other_key, &given), fits, "{given}");
    assert!(!verify(body, &key, &input.rest_text()) || input.rest().len() == 32);
}

fn query(input: &mut Input<'_>) {
    let (key, signed) = (input.text(), input.text());
    let genuine = sign_query(&signed, &key);
    assert!(verify_query(&signed, &key, &genuine));
    let (given, other) = (input.changed_text(&genuine), input.changed_text(&signed));
    let fits = other == signed && given.eq_ignore_ascii_case(&genuine);
    assert_eq!(verify_query(&other, &key, &given), fits, "{given}");
}

/// Certificates of one key, each valid for longer than the one before.
fn certificates() -> &'static [Arc<Certificate>] {
    static ALL: OnceLock<Vec<Arc<Certificate>>> = OnceLock::new();
    ALL.get_or_init(|| {
        let make = |number: u32| {
            let key = PrivateKey::from_pem(text(vectors::jose(), "sign_key_pem")).expect("a key");
            let (serial, not_before) = (u64::from(number), vectors::at(NOW_SECOND));
            let issue = Issue { subject: "x", serial, not_before, validity_days: number * 3 };
            Arc::clone(Identity::certify(key, &issue).expect("a certificate").cert())
        };
        (1..=8).map(make).collect()
    })
}

fn ring(input: &mut Input<'_>) {
    let mut slot: Slot<Certificate> = Slot::empty();
    let mut now = vectors::now();
    for _ in 0..COMMANDS_COUNT_MAX {
        if input.is_empty() {
            break;
        }
        now = vectors::at(now.as_second() + i64::from(input.short()) * 30 - 86_400);
        let clock = Clock::real(now);
        let certificate = &certificates()[input.below(8)];
        match input.byte() % 3 {
            0 => {
                let until = vectors::at(now.as_second() + i64::from(input.short()) * 60);
                let before = slot.find(certificate.id().as_str()).map(|entry| entry.state);
                let rotated = slot.rotate(Arc::clone(certificate), until, clock);
                if let Some(state) = before {
                    let after = slot.find(certificate.id().as_str()).map(|entry| entry.state);
                    assert_eq!(after, Some(state), "a known key moved: {rotated:?}");
                }
            }
            1 => {
                let known = slot.find(certificate.id().as_str()).is_some();
                assert_eq!(slot.revoke(certificate.id().as_str(), now).is_ok(), known);
            }
            _ => {}
        }
        check(&slot, clock);
    }
}

fn check(slot: &Slot<Certificate>, clock: Clock) {
    assert!(slot.entries().len() <= KEYS_PER_SLOT_MAX);
    let current = slot.entries().iter().filter(|entry| entry.state == KeyState::Current);
    assert!(current.count() <= 1, "one key is current: {:?}", slot.entries());
    for entry in slot.entries() {
        let id = entry.key.id().as_str();
        let in_time = entry.key.is_valid_at(clock.real);
        let stands = match entry.state {
            KeyState::Current => true,
            KeyState::Overlap { until } => clock.business < until,
            KeyState::Revoked { .. } => false,
        };
        assert_eq!(slot.accepted(id, clock).is_ok(), stands && in_time, "{entry:?}");
        let preferred = slot.preferred(Some(id), clock);
        let own = preferred.is_some_and(|key| key.id() == entry.key.id());
        assert_eq!(own, (stands && in_time) || entry.state == KeyState::Current, "{entry:?}");
    }
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let (_, sealed, _) = genuine();
    let one = &list(vectors::golden(), "sealed")[0];
    let mut seeds = vec![
        ("master_key".to_owned(), [&[0], text(one, "master_key").as_bytes()].concat()),
        ("sealed".to_owned(), [&[1], sealed.as_slice()].concat()),
        ("sealed_changed".to_owned(), vec![2, 1, 0, 0, 9, 0, 1, 0]),
        ("sealed_elsewhere".to_owned(), vec![2, 0, 1, 1, 0, 0, 0, b'x']),
        ("ring".to_owned(), vec![5, 12, 0, 1, 0, 9, 9, 12, 0, 2, 0, 9, 9, 12, 0, 3, 0, 9, 9]),
        ("ring_revoked".to_owned(), vec![5, 12, 0, 1, 0, 9, 9, 12, 0, 1, 1, 12, 0, 1, 0, 9, 9]),
    ];
    for (number, one) in list(vectors::upay(), "body").iter().enumerate() {
        let (key, body) = (text(one, "key"), text(one, "body"));
        let mut bytes = vec![3, u8::try_from(key.len()).unwrap_or(0)];
        bytes.extend(key.as_bytes());
        bytes.push(u8::try_from(body.len()).unwrap_or(0));
        bytes.extend(body.as_bytes());
        bytes.extend([0, 0, 0]);
        seeds.push((format!("body_{number}"), bytes.clone()));
        let end = bytes.len() - 3;
        bytes.truncate(end);
        bytes.extend([1, 0, 0, 3, 0, 2, 0, 0]);
        seeds.push((format!("body_{number}_changed"), bytes));
    }
    for (number, one) in list(vectors::upay(), "query").iter().enumerate() {
        let (key, signed) = (text(one, "key"), text(one, "text"));
        let mut bytes = vec![4, u8::try_from(key.len()).unwrap_or(0)];
        bytes.extend(key.as_bytes());
        bytes.push(u8::try_from(signed.len()).unwrap_or(0));
        bytes.extend(signed.as_bytes());
        seeds.push((format!("query_{number}"), bytes));
    }
    seeds
}
