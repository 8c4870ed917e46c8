//! The platform's identities and the partners' certificates, as requests need them: parsed once.
//!
//! Goal: [`jose::keyring::Keys`] over the stored ring and the directory in force. The partners'
//! certificates are parsed again only when another directory is put in force.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use app::directory::{Directory, DirectoryCell};
use app::ports::Clock;
use domain::party::{Application, EncryptionProfile, KeyUse, PartnerCertificate};
use jiff::Timestamp;
use jose::cert::{Certificate, Identity};
use jose::jwe::Profile;
use jose::jws::{AddressRule, Network, PartnerKeys};
use jose::keyring::{Clock as KeyClock, Entry, KeyRing, KeyState, Keys, Slot};

use super::stored::{OwnKey, Purpose};
use crate::failure::Failure;

/// The keys of the platform and of its partners.
pub(crate) struct PlatformKeys {
    ring: KeyRing,
    signing: Arc<Identity>,
    clock: Arc<dyn Clock>,
    directory: Arc<DirectoryCell>,
    partners: RwLock<Parsed>,
}

/// The partners of one directory.
struct Parsed {
    of: Arc<Directory>,
    partners: HashMap<String, Partner>,
}

struct Partner {
    keys: Arc<PartnerKeys>,
    profile: Profile,
}

impl PlatformKeys {
    /// Over the stored identities of the platform, newest first.
    pub(crate) fn new(
        stored: &[OwnKey],
        clock: Arc<dyn Clock>,
        directory: Arc<DirectoryCell>,
    ) -> Result<Self, Failure> {
        let of = |purpose| {
            let entries = stored.iter().filter(|key| key.purpose == purpose);
            Slot::from_entries(entries.map(|key| key.entry.clone()))
        };
        let ring = KeyRing { signing: of(Purpose::Sign), encryption: of(Purpose::Decrypt) };
        let missing = || {
            Failure::new(
                "the platform has no current signing and encryption key; run causeway migrate",
            )
        };
        let signing = Arc::clone(ring.signing.current().ok_or_else(missing)?);
        ring.encryption.current().ok_or_else(missing)?;
        let partners = RwLock::new(parse(directory.get()));
        Ok(Self { ring, signing, clock, directory, partners })
    }

    /// The current encryption identity of the platform.
    pub(crate) fn encryption(&self) -> Option<&Arc<Identity>> {
        self.ring.encryption.current()
    }

    fn now(&self) -> KeyClock {
        KeyClock { real: self.clock.real_now(), business: self.clock.now() }
    }

    /// Looks at the partners of the directory in force.
    fn with_partner<T>(&self, app_id: &str, look: impl Fn(&Partner) -> T) -> Option<T> {
        let current = self.directory.get();
        {
            let parsed = self.partners.read().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&parsed.of, &current) {
                return parsed.partners.get(app_id).map(look);
            }
        }
        let parsed = parse(current);
        let found = parsed.partners.get(app_id).map(look);
        *self.partners.write().unwrap_or_else(PoisonError::into_inner) = parsed;
        found
    }
}

impl Keys for PlatformKeys {
    fn partner(&self, app_id: &str) -> Option<Arc<PartnerKeys>> {
        self.with_partner(app_id, |partner| Arc::clone(&partner.keys))
    }

    fn signing(&self) -> Arc<Identity> {
        Arc::clone(&self.signing)
    }

    fn decryption(&self, kid: &str) -> Option<Arc<Identity>> {
        self.ring.decrypting(kid, self.now())
    }

    fn encryption_for(&self, app_id: &str) -> Option<(Arc<Certificate>, Profile)> {
        self.with_partner(app_id, |partner| {
            partner.keys.encryption.current().map(|key| (Arc::clone(key), partner.profile))
        })
        .flatten()
    }
}

fn parse(directory: Arc<Directory>) -> Parsed {
    let partners = directory.applications().map(|application| {
        let profile = match application.encryption {
            EncryptionProfile::Rsa15 => Profile::Rsa15A128CbcHs256,
            EncryptionProfile::RsaOaep256 => Profile::RsaOaep256A256Gcm,
        };
        let partner = Partner { keys: Arc::new(partner_keys(application)), profile };
        (application.id.to_string(), partner)
    });
    Parsed { partners: partners.collect(), of: directory }
}

/// The keys of an application. A certificate or an address that cannot be read is left out and
/// told: it must not stop the others.
fn partner_keys(application: &Application) -> PartnerKeys {
    PartnerKeys {
        app_id: application.id.to_string(),
        active: application.active,
        addresses: addresses(application),
        signing: slot(application, KeyUse::Sign),
        encryption: slot(application, KeyUse::Encrypt),
    }
}

fn addresses(application: &Application) -> AddressRule {
    if application.ip_rules.is_empty() {
        return AddressRule::Any;
    }
    let read = |rule: &String| match rule.parse::<Network>() {
        Ok(network) => Some(network),
        Err(error) => {
            tracing::error!(app = %application.id, rule, %error, "address rule left out");
            None
        }
    };
    AddressRule::Only(application.ip_rules.iter().filter_map(read).collect())
}

/// The certificates of one use, newest first: the last one listed that is neither revoked nor
/// retiring is the current one.
fn slot(application: &Application, key_use: KeyUse) -> Slot<Certificate> {
    let listed = application.certificates.iter().rev().filter(|it| it.key_use == key_use);
    let entries = listed.filter_map(|stored| match Certificate::import(stored.pem.as_bytes()) {
        Ok(certificate) if certificate.id().as_str() == stored.id => {
            Some(Entry { key: Arc::new(certificate), state: state(stored) })
        }
        Ok(certificate) => {
            let is = certificate.id();
            tracing::error!(app = %application.id, %is, listed = stored.id, "certificate left out");
            None
        }
        Err(error) => {
            let id = &stored.id;
            tracing::error!(app = %application.id, id, %error, "certificate left out");
            None
        }
    });
    Slot::from_entries(entries)
}

fn state(stored: &PartnerCertificate) -> KeyState {
    match (stored.revoked, stored.retires_at) {
        (true, at) => KeyState::Revoked { at: at.unwrap_or(Timestamp::UNIX_EPOCH) },
        (false, Some(until)) => KeyState::Overlap { until },
        (false, None) => KeyState::Current,
    }
}
