//! What the sandbox makes at its first start and keeps: keys, and the secrets of the accounts.

use std::collections::BTreeMap;
use std::sync::Arc;

use app::ports::{CommitOutcome, Sealer, Store};
use app::records::{KEY_RING, SETTING};
use app::writeset::{Operation, RecordChange, RecordWrite, WriteSet};
use jiff::Timestamp;
use jose::cert::Identity;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::document::ActivationCode;
use super::seed;
use crate::failure::Failure;
use crate::ids::RandomIds;
use crate::keys::stored::{OwnKey, Purpose, read_all};
use crate::keys::{KeyPlan, generate_all};

/// Space of the simulated partners' keys, sealed, by certificate id.
const SANDBOX_KEY: &str = "sandbox_key";
/// Key of the secrets in the space of settings.
const SECRETS_KEY: &str = "sandbox";
/// What the secrets are sealed for.
const SEALED_FOR: &str = "sandbox_secrets";
/// Owner of the platform's keys.
pub(crate) const PLATFORM: &str = "platform";
/// Owner of the key that signs callbacks of the terminal dialect.
pub(crate) const CALLBACK: &str = "callback";

/// Secrets of accounts, made once.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    /// The operator's address.
    pub(crate) admin_email: String,
    /// The operator's password.
    pub(crate) admin_password: String,
    /// The platform's secret at each channel's OAuth server, by channel code.
    pub(crate) oauth: BTreeMap<String, String>,
    /// Vendor of the terminal dialect.
    pub(crate) vendor_sn: String,
    /// Its key.
    pub(crate) vendor_key: String,
    /// Its app.
    pub(crate) upay_app_id: String,
    /// Codes that make terminals.
    pub(crate) activation_codes: Vec<ActivationCode>,
    /// What the platform and the simulated wallets share.
    pub(crate) wallet_secret: String,
    /// Business time at which the codes were issued.
    pub(crate) issued_at: Timestamp,
}

/// What the first start made.
#[derive(Clone)]
pub(crate) struct Installation {
    /// The platform's keys, newest first.
    pub(crate) platform: Vec<OwnKey>,
    /// The simulated partners' keys.
    pub(crate) partners: Vec<OwnKey>,
    /// Secrets of accounts.
    pub(crate) secrets: Secrets,
    sealed_secrets: String,
}

impl Installation {
    /// Whether an earlier start made one.
    pub(crate) async fn is_there(store: &dyn Store) -> Result<bool, Failure> {
        let found = store.record(SETTING, SECRETS_KEY).await;
        found.map(|it| it.is_some()).map_err(|error| Failure::at("the data cannot be read", error))
    }

    /// Reads what the first start made, or makes it.
    pub(crate) async fn read_or_make(
        store: &dyn Store,
        sealer: &dyn Sealer,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let failed = |error| Failure::at("the data cannot be read", error);
        let Some(record) = store.record(SETTING, SECRETS_KEY).await.map_err(failed)? else {
            let made = Self::make(sealer, now).await?;
            made.store(store, sealer, now, "installed").await?;
            return Ok(made);
        };
        let platform = read_all(store, KEY_RING, sealer).await?;
        let partners = read_all(store, SANDBOX_KEY, sealer).await?;
        let sealed_secrets: String = serde_json::from_str(&record.value)
            .map_err(|error| Failure::at("the sandbox's secrets are damaged", error))?;
        let opened = sealer.open(SEALED_FOR, &sealed_secrets).ok_or_else(|| {
            Failure::new("the data was sealed under another master key; put master.key back")
        })?;
        let secrets = serde_json::from_str(&opened)
            .map_err(|error| Failure::at("the sandbox's secrets are damaged", error))?;
        Ok(Self { platform, partners, secrets, sealed_secrets })
    }

    async fn make(sealer: &dyn Sealer, now: Timestamp) -> Result<Self, Failure> {
        let owners = seed::key_owners();
        let plans = owners.iter().flat_map(|(_, subject)| {
            [
                KeyPlan::new(format!("{subject} signing")),
                KeyPlan::new(format!("{subject} encryption")),
            ]
        });
        let plans: Vec<KeyPlan> = plans.collect();
        let made = tokio::task::spawn_blocking(move || generate_all(&plans, now)).await;
        let made = made.map_err(|error| Failure::at("keys cannot be made", error))?;
        let made = made.map_err(|error| Failure::at("keys cannot be made", error))?;
        let mut identities = made.into_iter();
        let (mut platform, mut partners) = (Vec::new(), Vec::new());
        for (owner, _) in &owners {
            let keys = if owner == PLATFORM { &mut platform } else { &mut partners };
            for purpose in [Purpose::Sign, Purpose::Decrypt] {
                let identity = identities.next();
                let identity = identity.ok_or_else(|| Failure::new("a key was not made"))?;
                keys.push(OwnKey::fresh(owner, purpose, identity, now));
            }
        }
        let secrets = make_secrets(&RandomIds::default(), now);
        let text = serde_json::to_string(&secrets)
            .map_err(|error| Failure::at("the sandbox's secrets", error))?;
        let sealed_secrets = sealer.seal(SEALED_FOR, &text);
        Ok(Self { platform, partners, secrets, sealed_secrets })
    }

    /// Writes everything in one write set, with an entry of the journal.
    pub(crate) async fn store(
        &self,
        store: &dyn Store,
        sealer: &dyn Sealer,
        now: Timestamp,
        kind: &str,
    ) -> Result<(), Failure> {
        let platform = self.platform.iter().map(|key| key.to_record(KEY_RING, sealer));
        let partners = self.partners.iter().map(|key| key.to_record(SANDBOX_KEY, sealer));
        let mut records = platform.chain(partners).collect::<Result<Vec<_>, _>>()?;
        records.push(RecordWrite {
            space: SETTING,
            key: SECRETS_KEY.to_owned(),
            change: RecordChange::Put {
                body: json!(self.sealed_secrets).to_string(),
                expires_at: None,
            },
        });
        let operation = Operation {
            stream: "installation".to_owned(),
            kind: kind.to_owned(),
            body: json!({ "keys": self.platform.len() + self.partners.len() }).to_string(),
        };
        let set =
            WriteSet { at: Some(now), records, operations: vec![operation], ..WriteSet::default() };
        match store.commit(set).await {
            Ok(CommitOutcome::Committed) => Ok(()),
            Ok(CommitOutcome::Stale | CommitOutcome::Duplicate(_)) => {
                Err(Failure::new("somebody else writes this data; stop it first"))
            }
            Err(error) => Err(Failure::at("the data cannot be written", error)),
        }
    }

    /// The platform's keys, newest first.
    pub(crate) fn platform_keys(&self) -> Vec<OwnKey> {
        self.platform.clone()
    }

    /// The current identity of an owner.
    pub(crate) fn identity(
        &self,
        owner: &str,
        purpose: Purpose,
    ) -> Result<&Arc<Identity>, Failure> {
        let mut all = self.platform.iter().chain(&self.partners);
        let found = all.find(|key| key.owner == owner && key.purpose == purpose);
        found.map(|key| &key.entry.key).ok_or_else(|| {
            Failure::new(format!(
                "the keys of {owner} are not in the data; start with a new folder"
            ))
        })
    }
}

fn make_secrets(ids: &RandomIds, now: Timestamp) -> Secrets {
    let code = |merchant: &str, store: &str, remaining| ActivationCode {
        code: ids.decimal(8),
        remaining,
        merchant: merchant.to_owned(),
        store_sn: store.to_owned(),
    };
    let codes = seed::STORES
        .iter()
        .flat_map(|(merchant, store)| [code(merchant, store, 1_000), code(merchant, store, 2)]);
    let oauth = seed::CHANNELS.iter().map(|it| (it.code.to_owned(), ids.hex(48)));
    Secrets {
        admin_email: "admin@sandbox.example".to_owned(),
        admin_password: ids.password(),
        oauth: oauth.collect(),
        vendor_sn: format!("9{}", ids.decimal(9)),
        vendor_key: ids.hex(32),
        upay_app_id: ids.decimal(16),
        activation_codes: codes.collect(),
        wallet_secret: ids.hex(64),
        issued_at: now,
    }
}
