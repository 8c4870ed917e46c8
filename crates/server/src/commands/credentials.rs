//! Whose keys an offline tool uses: a party of a `sandbox.json`, or files.

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use jose::cert::{Certificate, Identity, Issue, PrivateKey};

use crate::cli::CredentialArgs;
use crate::failure::Failure;
use crate::files;
use crate::limits::{CERTIFICATE_DAYS, CONFIG_BYTES_MAX};
use crate::sandbox::document::{KeysPart, SandboxDocument};

/// A party of a `sandbox.json`.
pub(crate) struct Party {
    /// Its application id; the platform has none of its own.
    pub(crate) app_id: Option<String>,
    /// Its signing certificate.
    pub(crate) signing: Arc<Certificate>,
    /// Its encryption certificate.
    pub(crate) encryption: Arc<Certificate>,
    own: Option<[Identity; 2]>,
}

/// What a private key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Signing.
    Sign,
    /// Decrypting.
    Decrypt,
}

impl Party {
    /// Finds a party in the file: `channel`, `industry`, `platform`, a code or an application id.
    pub(crate) fn read(file: &Path, who: &str, now: Timestamp) -> Result<Self, Failure> {
        let text = files::read_text(file, CONFIG_BYTES_MAX)?;
        let document: SandboxDocument = serde_json::from_str(&text)
            .map_err(|error| Failure::at(file.display(), format!("no sandbox.json: {error}")))?;
        let ucsp = document.ucsp;
        if who == "platform" {
            let signing = certificate(&ucsp.platform.sign_cert_pem, file)?;
            let encryption = certificate(&ucsp.platform.enc_cert_pem, file)?;
            return Ok(Self { app_id: None, signing, encryption, own: None });
        }
        let channels = ucsp.channels.into_iter().map(|it| (it.channel_code, it.app_id, it.keys));
        let services = ucsp.industries.into_iter().map(|it| (it.industry_code, it.app_id, it.keys));
        let first = [
            ("channel".to_owned(), ucsp.channel.app_id, ucsp.channel.keys),
            ("industry".to_owned(), ucsp.industry.app_id, ucsp.industry.keys),
        ];
        let mut all = first.into_iter().chain(channels).chain(services);
        let found = all.find(|(code, app_id, _)| code == who || app_id == who);
        let (_, app_id, keys) = found.ok_or_else(|| {
            Failure::usage(format!(
                "nobody in {} is called {who:?}; use channel, industry, platform, a code or an \
                 application id",
                file.display()
            ))
        })?;
        Self::partner(app_id, &keys, now).map_err(|failure| Failure::at(file.display(), failure))
    }

    fn partner(app_id: String, keys: &KeysPart, now: Timestamp) -> Result<Self, Failure> {
        let signing = certified(&keys.sign_key_pem, &keys.sign_cert_id, now)?;
        let encryption = certified(&keys.enc_key_pem, &keys.enc_cert_id, now)?;
        Ok(Self {
            app_id: Some(app_id),
            signing: Arc::clone(signing.cert()),
            encryption: Arc::clone(encryption.cert()),
            own: Some([signing, encryption]),
        })
    }

    /// The private key of this party with its certificate.
    pub(crate) fn identity(&self, key_use: Use) -> Result<Identity, Failure> {
        let [signing, encryption] = self.own.as_ref().ok_or_else(|| {
            Failure::usage("the platform's private keys are not in sandbox.json; name a partner")
        })?;
        Ok(match key_use {
            Use::Sign => signing.clone(),
            Use::Decrypt => encryption.clone(),
        })
    }
}

/// A key of `sandbox.json` with a certificate of the same id: the file holds keys alone, and
/// signatures need no more than key and id.
fn certified(pem: &str, id: &str, now: Timestamp) -> Result<Identity, Failure> {
    let key = PrivateKey::from_pem(pem).map_err(|error| Failure::at("a key", error))?;
    let serial = id.parse().map_err(|_| Failure::new(format!("{id:?} is no certificate id")))?;
    // An hour back: it must be valid for what was signed a moment ago, too.
    let not_before = now.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(now);
    let issue = Issue { subject: "sandbox", serial, not_before, validity_days: CERTIFICATE_DAYS };
    Identity::certify(key, &issue).map_err(|error| Failure::at("a key", error))
}

/// A key that the arguments name, with the application id if it is known.
pub(crate) struct Named {
    /// Certificate and key.
    pub(crate) identity: Identity,
    /// The application.
    pub(crate) app_id: Option<String>,
}

/// The private key that the arguments name.
pub(crate) fn named(args: &CredentialArgs, key_use: Use, now: Timestamp) -> Result<Named, Failure> {
    if let (Some(file), Some(who)) = (&args.credentials, &args.party) {
        let party = Party::read(file, who, now)?;
        return Ok(Named { identity: party.identity(key_use)?, app_id: party.app_id });
    }
    let Some(path) = &args.key else {
        return Err(Failure::usage(
            "whose key? give --credentials sandbox.json --as WHO, or --key FILE --cert FILE",
        ));
    };
    let key = PrivateKey::from_pem(&files::read_text(path, CONFIG_BYTES_MAX)?)
        .map_err(|error| Failure::at(path.display(), error))?;
    let identity = match (&args.cert, key_use) {
        (Some(path), Use::Sign | Use::Decrypt) => {
            let bytes = files::read(path, CONFIG_BYTES_MAX)?;
            Certificate::import(&bytes)
                .and_then(|certificate| Identity::new(certificate, key))
                .map_err(|error| Failure::at(path.display(), error))?
        }
        // Any certificate will do to decrypt: only its key is used.
        (None, Use::Decrypt) => {
            let issue = Issue {
                subject: "decrypt",
                serial: 1,
                not_before: now,
                validity_days: CERTIFICATE_DAYS,
            };
            Identity::certify(key, &issue).map_err(|error| Failure::at(path.display(), error))?
        }
        (None, Use::Sign) => {
            return Err(Failure::usage(
                "--key needs --cert FILE as well: its serial number is the kid of the signature",
            ));
        }
    };
    Ok(Named { identity, app_id: None })
}

/// A certificate in any of the forms in which partners exchange them.
pub(crate) fn read_certificate(path: &Path) -> Result<Arc<Certificate>, Failure> {
    let bytes = files::read(path, CONFIG_BYTES_MAX)?;
    let read = Certificate::import(&bytes).map_err(|error| Failure::at(path.display(), error))?;
    Ok(Arc::new(read))
}

fn certificate(pem: &str, file: &Path) -> Result<Arc<Certificate>, Failure> {
    let read = Certificate::import(pem.as_bytes());
    read.map(Arc::new).map_err(|error| Failure::at(file.display(), error))
}
