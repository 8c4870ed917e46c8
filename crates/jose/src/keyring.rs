//! Keys that change without anyone being locked out (security 5).
//!
//! Goal: one description of rotation for both sides. A [`Slot`] holds the keys of one
//! purpose of one party: the current one, older ones during their overlap, and those that
//! ended or were revoked, kept so that the diagnoser can tell them from unknown ones.
//!
//! Invariants: the newest key is first; exactly one key is current; an id stands once; a
//! revoked key never comes back. Overlaps run on business time, the validity of
//! certificates on real time (`interface.md`, what the clock moves).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::cert::{CertId, Certificate, Identity};
use crate::jwe::Profile;
use crate::jws::PartnerKeys;
use crate::limits::{KEY_OVERLAP_DAYS_DEFAULT, KEYS_PER_SLOT_MAX};

/// What has a certificate: a partner's certificate, or an identity of our own.
pub trait Keyed {
    /// The certificate.
    fn certificate(&self) -> &Certificate;
}

impl Keyed for Certificate {
    fn certificate(&self) -> &Certificate {
        self
    }
}

impl Keyed for Identity {
    fn certificate(&self) -> &Certificate {
        self.cert()
    }
}

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// The newest key: used for all that is signed or encrypted from now on.
    Current,
    /// An older key, still accepted until this business time (not included).
    Overlap {
        /// End of the overlap, business time.
        until: Timestamp,
    },
    /// Revoked at once, for good.
    Revoked {
        /// When, business time.
        at: Timestamp,
    },
}

/// A key and its state.
#[derive(Debug)]
pub struct Entry<K> {
    /// The certificate or identity.
    pub key: Arc<K>,
    /// Where it stands.
    pub state: KeyState,
}

/// Why a key with a known or unknown id is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefusal {
    /// No key of this purpose has the id.
    #[error("no such certificate of this purpose is on record")]
    Unknown,
    /// The overlap is over.
    #[error("the certificate was replaced and its overlap ended at {at}")]
    Ended {
        /// When, business time.
        at: Timestamp,
    },
    /// It was revoked.
    #[error("the certificate was revoked at {at}")]
    Revoked {
        /// When, business time.
        at: Timestamp,
    },
    /// The certificate's own validity has not begun.
    #[error("the certificate is valid only from {at}")]
    NotYetValid {
        /// When, real time.
        at: Timestamp,
    },
    /// The certificate's own validity is over.
    #[error("the certificate expired at {at}")]
    Expired {
        /// When, real time.
        at: Timestamp,
    },
}

/// Why a change of keys was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RotationError {
    /// Another key with this id is on record.
    #[error("another certificate with this id is already on record")]
    IdTaken,
    /// The id is unknown.
    #[error("no certificate with this id is on record")]
    Unknown,
    /// The key was revoked and cannot come back.
    #[error("the certificate was revoked and cannot be used again")]
    Revoked,
    /// The record is full; nothing that is still accepted may be dropped.
    #[error("too many certificates are on record")]
    Full,
}

/// The two times that decide about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Real time: validity of certificates, freshness of messages.
    pub real: Timestamp,
    /// Business time, which a sandbox may move: overlaps.
    pub business: Timestamp,
}

impl Clock {
    /// A clock that was not moved: both times are the same.
    #[must_use]
    pub const fn real(now: Timestamp) -> Self {
        Self { real: now, business: now }
    }
}

/// The keys of one purpose of one party, newest first.
#[derive(Debug)]
pub struct Slot<K> {
    entries: Vec<Entry<K>>,
}

// Written out, because the derived forms would ask that the key itself can be copied.
impl<K> Clone for Entry<K> {
    fn clone(&self) -> Self {
        Self { key: Arc::clone(&self.key), state: self.state }
    }
}

impl<K> Clone for Slot<K> {
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone() }
    }
}

impl<K: Keyed> Slot<K> {
    /// A slot with its first key.
    #[must_use]
    pub fn new(key: Arc<K>) -> Self {
        Self { entries: vec![Entry { key, state: KeyState::Current }] }
    }

    /// A slot without any key: nothing is accepted until one is added by [`Self::rotate`].
    #[must_use]
    pub const fn empty() -> Self {
        Self { entries: Vec::new() }
    }

    /// Rebuilds a slot from storage, newest first. Only the first `Current` entry stays
    /// current; any other ends at once. Entries past the bound are dropped from the end.
    #[must_use]
    pub fn from_entries(entries: impl IntoIterator<Item = Entry<K>>) -> Self {
        let mut seen_current = false;
        let keep_one = |mut entry: Entry<K>| {
            if entry.state == KeyState::Current {
                if seen_current {
                    entry.state = KeyState::Overlap { until: Timestamp::MIN };
                }
                seen_current = true;
            }
            entry
        };
        Self { entries: entries.into_iter().take(KEYS_PER_SLOT_MAX).map(keep_one).collect() }
    }

    /// All keys on record, newest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry<K>] {
        &self.entries
    }

    /// The current key; `None` when it was revoked or there never was one.
    #[must_use]
    pub fn current(&self) -> Option<&Arc<K>> {
        self.entries.iter().find(|entry| entry.state == KeyState::Current).map(|entry| &entry.key)
    }

    /// The entry with this id, whatever its state.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Entry<K>> {
        self.entries.iter().find(|entry| entry.key.certificate().id().as_str() == id)
    }

    /// The key with this id, if it is accepted now.
    ///
    /// # Errors
    /// [`KeyRefusal`] says why it is not.
    pub fn accepted(&self, id: &str, now: Clock) -> Result<&Arc<K>, KeyRefusal> {
        let entry = self.find(id).ok_or(KeyRefusal::Unknown)?;
        match entry.state {
            KeyState::Revoked { at } => return Err(KeyRefusal::Revoked { at }),
            KeyState::Overlap { until } if now.business >= until => {
                return Err(KeyRefusal::Ended { at: until });
            }
            KeyState::Current | KeyState::Overlap { .. } => {}
        }
        let certificate = entry.key.certificate();
        if now.real < certificate.not_before() {
            Err(KeyRefusal::NotYetValid { at: certificate.not_before() })
        } else if now.real > certificate.not_after() {
            Err(KeyRefusal::Expired { at: certificate.not_after() })
        } else {
            Ok(&entry.key)
        }
    }

    /// The key to use towards a party that is known to hold `held`: that one as long as it
    /// is accepted, else the current one. So a lost message of a rotation never makes us
    /// sign with a key the other side has not seen (security 5).
    #[must_use]
    pub fn preferred(&self, held: Option<&str>, now: Clock) -> Option<&Arc<K>> {
        held.and_then(|id| self.accepted(id, now).ok()).or_else(|| self.current())
    }

    /// Makes `key` current; the former current key is accepted until `overlap_until`.
    /// Naming the current key again changes nothing, so a repeated message is harmless.
    ///
    /// # Errors
    /// [`RotationError::IdTaken`] when another key has its id, [`RotationError::Revoked`]
    /// when this one was revoked, [`RotationError::Full`] past [`KEYS_PER_SLOT_MAX`].
    pub fn rotate(
        &mut self,
        key: Arc<K>,
        overlap_until: Timestamp,
        now: Clock,
    ) -> Result<Rotation, RotationError> {
        if let Some(known) = self.find(key.certificate().id().as_str()) {
            if known.key.certificate() != key.certificate() {
                return Err(RotationError::IdTaken);
            }
            return match known.state {
                KeyState::Revoked { .. } => Err(RotationError::Revoked),
                // An old key sent late must not push out the newer one.
                KeyState::Current | KeyState::Overlap { .. } => Ok(Rotation::Unchanged),
            };
        }
        self.make_room(now)?;
        for entry in &mut self.entries {
            if entry.state == KeyState::Current {
                entry.state = KeyState::Overlap { until: overlap_until };
            }
        }
        self.entries.insert(0, Entry { key, state: KeyState::Current });
        Ok(Rotation::Changed)
    }

    /// Drops the oldest key that is no longer accepted when the record is full. Revoked
    /// ones stay: forgetting one would let it come back.
    fn make_room(&mut self, now: Clock) -> Result<(), RotationError> {
        if self.entries.len() < KEYS_PER_SLOT_MAX {
            return Ok(());
        }
        let over = |entry: &Entry<K>| match entry.state {
            KeyState::Overlap { until } => until <= now.business,
            KeyState::Current | KeyState::Revoked { .. } => false,
        };
        let index = self.entries.iter().rposition(over).ok_or(RotationError::Full)?;
        self.entries.remove(index);
        Ok(())
    }

    /// Revokes a key at once. Revoking twice keeps the first time.
    ///
    /// # Errors
    /// [`RotationError::Unknown`].
    pub fn revoke(&mut self, id: &str, at: Timestamp) -> Result<(), RotationError> {
        let mut entries = self.entries.iter_mut();
        let entry = entries
            .find(|entry| entry.key.certificate().id().as_str() == id)
            .ok_or(RotationError::Unknown)?;
        if !matches!(entry.state, KeyState::Revoked { .. }) {
            entry.state = KeyState::Revoked { at };
        }
        Ok(())
    }
}

/// Whether a rotation changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The key is current now.
    Changed,
    /// The key was on record already.
    Unchanged,
}

/// End of the default overlap that begins at this business time (security 5: 7 days).
#[must_use]
pub fn overlap_end(begin: Timestamp) -> Timestamp {
    let overlap = SignedDuration::from_hours(KEY_OVERLAP_DAYS_DEFAULT.saturating_mul(24));
    begin.saturating_add(overlap).unwrap_or(Timestamp::MAX)
}

/// The platform's or a partner's own identities: signing and encryption.
#[derive(Clone)]
pub struct KeyRing {
    /// Identities that sign.
    pub signing: Slot<Identity>,
    /// Identities that decrypt.
    pub encryption: Slot<Identity>,
}

impl KeyRing {
    /// A ring with one identity for each purpose.
    #[must_use]
    pub fn new(signing: Identity, encryption: Identity) -> Self {
        Self { signing: Slot::new(Arc::new(signing)), encryption: Slot::new(Arc::new(encryption)) }
    }

    /// The identity to decrypt with, for [`crate::jwe::decrypt`]: current or in overlap.
    #[must_use]
    pub fn decrypting(&self, kid: &str, now: Clock) -> Option<Arc<Identity>> {
        self.encryption.accepted(kid, now).ok().cloned()
    }

    /// Ids that stand in the key exchange messages: current signing and encryption.
    #[must_use]
    pub fn current_ids(&self) -> Option<(CertId, CertId)> {
        let signing = self.signing.current()?.id().clone();
        Some((signing, self.encryption.current()?.id().clone()))
    }
}

/// All keys of the platform as its outer parts see them: the platform's own identities and
/// every application's certificates. One value, held in memory and replaced as a whole when
/// the directory changes. Times are the implementation's business: what it yields is
/// accepted now.
pub trait Keys: Send + Sync {
    /// The application with this id, active or not, with all its certificates.
    fn partner(&self, app_id: &str) -> Option<Arc<PartnerKeys>>;

    /// The platform's current signing identity.
    fn signing(&self) -> Arc<Identity>;

    /// The signing identity to use towards one application: during a rotation the one the
    /// application is known to hold ([`Slot::preferred`]), else the current one.
    fn signing_for(&self, app_id: &str) -> Arc<Identity> {
        let _ = app_id;
        self.signing()
    }

    /// The platform's encryption identity with this id, current or in overlap.
    fn decryption(&self, kid: &str) -> Option<Arc<Identity>>;

    /// Certificate and profile for what is encrypted for an application.
    fn encryption_for(&self, app_id: &str) -> Option<(Arc<Certificate>, Profile)>;
}

#[cfg(test)]
mod tests;
