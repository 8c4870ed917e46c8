//! The part of `sandbox.json` that a service or a till needs, read by the generator and written by
//! the ceiling, so that the generator cannot tell one from the other.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use jiff::{SignedDuration, Timestamp};
use jose::cert::{Certificate, Identity, Issue, PrivateKey};
use serde::{Deserialize, Serialize};

/// The document.
#[derive(Serialize, Deserialize)]
pub struct Document {
    /// Where the platform is.
    pub base_url: String,
    /// Terminals.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upay: Option<Upay>,
    /// Channels and services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ucsp: Option<Protocol>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// When the file cannot be read or a member is missing.
    pub fn read(file: &Path) -> Result<Self> {
        let what = || format!("the credentials {}", file.display());
        let text = std::fs::read_to_string(file).with_context(what)?;
        serde_json::from_str(&text).with_context(what)
    }
}

/// Where the platform listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Host and port as the URL names them.
    pub host: String,
    /// The address behind it.
    pub address: SocketAddr,
}

impl Place {
    /// Reads `http://HOST:PORT`.
    ///
    /// # Errors
    /// For anything else: the generator speaks plain HTTP, behind the TLS terminator.
    pub fn of(url: &str) -> Result<Self> {
        let form = "the generator speaks plain HTTP: http://HOST:PORT";
        let Some(host) = url.strip_prefix("http://") else { bail!("{url}: {form}") };
        let host = host.trim_end_matches('/');
        let mut found = host.to_socket_addrs().with_context(|| format!("{url}: {form}"))?;
        let address = found.next().with_context(|| format!("{host} has no address"))?;
        Ok(Self { host: host.to_owned(), address })
    }
}

/// A vendor of terminals.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Upay {
    /// `vendor_sn`.
    pub vendor_sn: String,
    /// Its key.
    pub vendor_key: String,
    /// `app_id`.
    pub app_id: String,
    /// Codes that make terminals, at least one.
    pub activation_codes: Vec<ActivationCode>,
}

/// A code that makes terminals.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ActivationCode {
    /// `code`.
    pub code: String,
}

/// Parties of the protocol.
#[derive(Serialize, Deserialize)]
pub struct Protocol {
    /// The platform.
    pub platform: Platform,
    /// The first channel.
    pub channel: Channel,
    /// The first industry service.
    pub industry: Industry,
}

/// The platform's certificate.
#[derive(Serialize, Deserialize)]
pub struct Platform {
    /// The signing certificate.
    pub sign_cert_pem: String,
}

/// A channel.
#[derive(Serialize, Deserialize)]
pub struct Channel {
    /// `channelCode`.
    pub channel_code: String,
    /// Its users, at least one.
    pub users: Vec<User>,
}

/// A user of a channel.
#[derive(Serialize, Deserialize)]
pub struct User {
    /// `userId`.
    pub user_id: String,
}

/// An industry service.
#[derive(Clone, Serialize, Deserialize)]
pub struct Industry {
    /// `industryCode`.
    pub industry_code: String,
    /// `UPI-APPID`.
    pub app_id: String,
    /// `merId`.
    pub mer_id: String,
    /// `acqIIN`.
    pub acq_iin: String,
    /// `currencyCode` that it takes, at least one.
    pub currency_codes: Vec<String>,
    /// Id of the signing certificate, decimal.
    pub sign_cert_id: String,
    /// The signing key.
    pub sign_key_pem: String,
}

/// The service that calls.
pub struct Service {
    /// Signs requests.
    pub identity: Identity,
    /// Verifies answers.
    pub platform: Arc<Certificate>,
    /// Where the platform listens.
    pub place: Place,
    /// Its codes.
    pub industry: Industry,
    /// `channelCode` of its orders.
    pub channel_code: String,
    /// `userId` of its orders.
    pub user_id: String,
}

impl Service {
    /// The first service of a document, which calls `place`.
    ///
    /// # Errors
    /// When there is none or its keys cannot be read.
    pub fn of(document: &Document, place: Place, now: Timestamp) -> Result<Self> {
        let ucsp = document.ucsp.as_ref().context("the credentials have no part \"ucsp\"")?;
        // Only the id of the own certificate matters here: it becomes `kid`.
        let issue = Issue {
            subject: "bench",
            serial: ucsp.industry.sign_cert_id.parse().context("sign_cert_id is no number")?,
            not_before: now - SignedDuration::from_hours(1),
            validity_days: 1,
        };
        let key = PrivateKey::from_pem(&ucsp.industry.sign_key_pem)?;
        Ok(Self {
            identity: Identity::certify(key, &issue)?,
            platform: Arc::new(Certificate::from_pem(&ucsp.platform.sign_cert_pem)?),
            place,
            channel_code: ucsp.channel.channel_code.clone(),
            user_id: ucsp.channel.users.first().context("no user")?.user_id.clone(),
            industry: ucsp.industry.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_plain_http_address() {
        let place = Place::of("http://127.0.0.1:8080/").unwrap();
        assert_eq!((place.host.as_str(), place.address.port()), ("127.0.0.1:8080", 8080));
        for wrong in ["https://127.0.0.1:8080", "127.0.0.1:8080", "http://127.0.0.1"] {
            assert!(Place::of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_document_may_have_one_part_only() {
        let text = r#"{"base_url":"http://127.0.0.1:1","upay":{"vendor_sn":"1","vendor_key":"k",
            "app_id":"a","activation_codes":[{"code":"c","remaining":2}]},"admin":{}}"#;
        let document: Document = serde_json::from_str(text).unwrap();
        assert!(document.ucsp.is_none() && document.upay.is_some());
    }
}
