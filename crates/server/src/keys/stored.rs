//! Identities as the store keeps them: the certificate in clear, the private key sealed.

use app::ports::{Sealer, Store};
use app::writeset::{RecordChange, RecordWrite};
use jiff::Timestamp;
use jose::cert::{Certificate, Identity, PrivateKey};
use jose::keyring::{Entry, KeyState};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::failure::Failure;
use crate::limits::RECORDS_COUNT_MAX;

/// What the private keys are sealed for.
const SEALED_FOR: &str = "private_key";

/// What an identity is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Purpose {
    /// Signing.
    Sign,
    /// Decrypting.
    Decrypt,
}

/// Where a stored key stands; see [`KeyState`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum StoredState {
    Current,
    Overlap { until: Timestamp },
    Revoked { at: Timestamp },
}

/// One identity in the store.
#[derive(Serialize, Deserialize)]
struct StoredKey {
    owner: String,
    purpose: Purpose,
    certificate_pem: String,
    key_sealed: String,
    made_at: Timestamp,
    state: StoredState,
}

/// An identity that was read, with what it is for.
#[derive(Clone)]
pub(crate) struct OwnKey {
    /// Whose it is: `platform`, or the application id of a simulated partner.
    pub(crate) owner: String,
    /// What it is for.
    pub(crate) purpose: Purpose,
    /// When it was made.
    pub(crate) made_at: Timestamp,
    /// Certificate, private key and state.
    pub(crate) entry: Entry<Identity>,
}

impl OwnKey {
    /// A key that was just made.
    pub(crate) fn fresh(
        owner: &str,
        purpose: Purpose,
        identity: Identity,
        made_at: Timestamp,
    ) -> Self {
        let entry = Entry { key: Arc::new(identity), state: KeyState::Current };
        Self { owner: owner.to_owned(), purpose, made_at, entry }
    }

    /// The record that keeps it.
    pub(crate) fn to_record(
        &self,
        space: &'static str,
        sealer: &dyn Sealer,
    ) -> Result<RecordWrite, Failure> {
        let identity = &self.entry.key;
        let stored = StoredKey {
            owner: self.owner.clone(),
            purpose: self.purpose,
            certificate_pem: identity.cert().pem(),
            key_sealed: sealer.seal(SEALED_FOR, identity.key().to_pkcs8_pem().expose()),
            made_at: self.made_at,
            state: match self.entry.state {
                KeyState::Current => StoredState::Current,
                KeyState::Overlap { until } => StoredState::Overlap { until },
                KeyState::Revoked { at } => StoredState::Revoked { at },
            },
        };
        let body =
            serde_json::to_string(&stored).map_err(|error| Failure::at("a key's record", error))?;
        let change = RecordChange::Put { body, expires_at: None };
        Ok(RecordWrite { space, key: identity.id().to_string(), change })
    }

    fn from_record(body: &str, sealer: &dyn Sealer) -> Result<Self, Failure> {
        let damaged = |error: String| Failure::at("a stored key is damaged", error);
        let stored: StoredKey =
            serde_json::from_str(body).map_err(|error| damaged(error.to_string()))?;
        let pem = sealer.open(SEALED_FOR, &stored.key_sealed).ok_or_else(|| {
            Failure::new(
                "the stored keys were sealed under another master key; \
                 start with the master key of this data folder",
            )
        })?;
        let certificate = Certificate::from_pem(&stored.certificate_pem)
            .map_err(|error| damaged(error.to_string()))?;
        let key = PrivateKey::from_pem(&pem).map_err(|error| damaged(error.to_string()))?;
        let identity =
            Identity::new(certificate, key).map_err(|error| damaged(error.to_string()))?;
        let state = match stored.state {
            StoredState::Current => KeyState::Current,
            StoredState::Overlap { until } => KeyState::Overlap { until },
            StoredState::Revoked { at } => KeyState::Revoked { at },
        };
        Ok(Self {
            owner: stored.owner,
            purpose: stored.purpose,
            made_at: stored.made_at,
            entry: Entry { key: Arc::new(identity), state },
        })
    }
}

/// All identities of a space, newest first.
pub(crate) async fn read_all(
    store: &dyn Store,
    space: &str,
    sealer: &dyn Sealer,
) -> Result<Vec<OwnKey>, Failure> {
    let records = store
        .records(space, None, RECORDS_COUNT_MAX)
        .await
        .map_err(|error| Failure::at("the stored keys cannot be read", error))?;
    let read = records.iter().map(|(_, record)| OwnKey::from_record(&record.value, sealer));
    let mut keys = read.collect::<Result<Vec<_>, _>>()?;
    keys.sort_by_key(|key| std::cmp::Reverse(key.made_at));
    Ok(keys)
}
