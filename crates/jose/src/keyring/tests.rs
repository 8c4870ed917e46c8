//! Rotation, overlap, revocation.

use super::*;
use crate::cert::{Issue, PrivateKey};
use crate::testing::*;

fn certificate(serial: u64) -> Arc<Certificate> {
    let key = PrivateKey::from_pem(text(jose_vectors(), "sign_key_pem")).ok().unwrap();
    let not_before = at(NOW_SECOND - 100);
    let issue = Issue { subject: "test", serial, not_before, validity_days: 10 };
    Arc::clone(Identity::certify(key, &issue).unwrap().cert())
}

fn now(second: i64) -> Clock {
    Clock::real(at(NOW_SECOND + second))
}

fn ids(slot: &Slot<Certificate>) -> Vec<String> {
    slot.entries().iter().map(|entry| entry.key.id().to_string()).collect()
}

#[test]
fn both_ids_are_accepted_during_the_overlap_only() {
    let mut slot = Slot::new(certificate(1));
    let until = at(NOW_SECOND + 50);
    assert_eq!(slot.rotate(certificate(2), until, now(0)), Ok(Rotation::Changed));
    assert_eq!(slot.current().unwrap().id().as_str(), "2");
    for id in ["1", "2"] {
        assert!(slot.accepted(id, now(49)).is_ok(), "{id}");
    }
    assert_eq!(slot.accepted("1", now(50)).err(), Some(KeyRefusal::Ended { at: until }));
    assert!(slot.accepted("2", now(50)).is_ok());
    assert_eq!(slot.accepted("3", now(0)).err(), Some(KeyRefusal::Unknown));
}

#[test]
fn repeated_and_late_messages_of_a_rotation_change_nothing() {
    let mut slot = Slot::new(certificate(1));
    let until = at(NOW_SECOND + 50);
    slot.rotate(certificate(2), until, now(0)).unwrap();
    // The same message again, and an old one that comes late.
    for serial in [2, 1] {
        let later = at(NOW_SECOND + 99);
        assert_eq!(slot.rotate(certificate(serial), later, now(9)), Ok(Rotation::Unchanged));
    }
    assert_eq!(ids(&slot), ["2", "1"]);
    assert_eq!(slot.find("1").unwrap().state, KeyState::Overlap { until });
}

#[test]
fn we_sign_with_what_the_other_side_holds() {
    let mut slot = Slot::new(certificate(1));
    slot.rotate(certificate(2), at(NOW_SECOND + 50), now(0)).unwrap();
    let preferred = |held, clock| slot.preferred(held, clock).unwrap().id().to_string();
    assert_eq!(preferred(Some("1"), now(10)), "1");
    assert_eq!(preferred(Some("2"), now(10)), "2");
    assert_eq!(preferred(Some("1"), now(50)), "2");
    assert_eq!(preferred(Some("9"), now(10)), "2");
    assert_eq!(preferred(None, now(10)), "2");
}

#[test]
fn revocation_is_at_once_and_for_good() {
    let mut slot = Slot::new(certificate(1));
    slot.rotate(certificate(2), at(NOW_SECOND + 50), now(0)).unwrap();
    slot.revoke("2", at(NOW_SECOND + 1)).unwrap();
    slot.revoke("2", at(NOW_SECOND + 2)).unwrap();
    let revoked = KeyRefusal::Revoked { at: at(NOW_SECOND + 1) };
    assert_eq!(slot.accepted("2", now(1)).err(), Some(revoked));
    assert!(slot.current().is_none());
    assert!(slot.accepted("1", now(1)).is_ok());
    let again = slot.rotate(certificate(2), at(NOW_SECOND + 50), now(2));
    assert_eq!(again, Err(RotationError::Revoked));
    assert_eq!(slot.revoke("3", at(NOW_SECOND)), Err(RotationError::Unknown));
}

#[test]
fn an_id_belongs_to_one_certificate() {
    let mut slot = Slot::new(certificate(1));
    let other = Identity::generate("other", 1, at(NOW_SECOND), 1).unwrap();
    let refused = slot.rotate(Arc::clone(other.cert()), at(NOW_SECOND + 1), now(0));
    assert_eq!(refused, Err(RotationError::IdTaken));
}

#[test]
fn the_certificates_own_validity_runs_on_real_time() {
    let slot = Slot::new(certificate(1));
    let key = Arc::clone(slot.current().unwrap());
    let clock = |real| Clock { real, business: at(NOW_SECOND) };
    let before = at(key.not_before().as_second() - 1);
    let after = at(key.not_after().as_second() + 1);
    let early = KeyRefusal::NotYetValid { at: key.not_before() };
    assert_eq!(slot.accepted("1", clock(before)).err(), Some(early));
    assert_eq!(
        slot.accepted("1", clock(after)).err(),
        Some(KeyRefusal::Expired { at: key.not_after() })
    );
    let moved = Clock { real: at(NOW_SECOND), business: at(NOW_SECOND + 400 * 86_400) };
    assert!(slot.accepted("1", moved).is_ok());
}

#[test]
fn the_record_is_bounded_and_drops_only_what_is_over() {
    let until = at(NOW_SECOND + 50);
    let mut slot = Slot::new(certificate(1));
    let count = u64::try_from(KEYS_PER_SLOT_MAX).unwrap();
    for serial in 2..=count {
        slot.rotate(certificate(serial), until, now(0)).unwrap();
    }
    let next = certificate(count + 1);
    assert_eq!(slot.rotate(Arc::clone(&next), until, now(0)), Err(RotationError::Full));
    slot.revoke("1", at(NOW_SECOND)).unwrap();
    assert_eq!(slot.rotate(Arc::clone(&next), until, now(50)), Ok(Rotation::Changed));
    assert_eq!(slot.entries().len(), KEYS_PER_SLOT_MAX);
    assert!(slot.find("1").is_some(), "a revoked certificate is never forgotten");
    assert!(slot.find("2").is_none(), "the oldest one that is over made room");
}

#[test]
fn a_slot_from_storage_has_one_current_key() {
    let entry = |serial, state| Entry { key: certificate(serial), state };
    let stored = [entry(2, KeyState::Current), entry(1, KeyState::Current)];
    let slot = Slot::from_entries(stored);
    assert_eq!(slot.current().unwrap().id().as_str(), "2");
    assert!(slot.accepted("1", now(0)).is_err());
    let empty = Slot::<Certificate>::empty();
    assert!(empty.current().is_none() && empty.preferred(None, now(0)).is_none());
}

#[test]
fn a_ring_decrypts_with_current_and_overlapping_keys() {
    let ring = KeyRing::new((**signer()).clone(), (**receiver()).clone());
    let (signing, encryption) = ring.current_ids().unwrap();
    assert_eq!((&signing, &encryption), (signer().id(), receiver().id()));
    assert!(ring.decrypting(encryption.as_str(), now(0)).is_some());
    assert!(ring.decrypting(signing.as_str(), now(0)).is_none());
}
