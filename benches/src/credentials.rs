//! The part of `sandbox.json` that a service needs, read by the generator and written by the
//! ceiling, so that the generator cannot tell one from the other.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use jiff::{SignedDuration, Timestamp};
use jose::cert::{Certificate, Identity, Issue, PrivateKey};
use serde::{Deserialize, Serialize};

/// The document.
#[derive(Serialize, Deserialize)]
pub struct Document {
    /// Where the platform is.
    pub base_url: String,
    /// The protocol's part.
    pub ucsp: Protocol,
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
#[derive(Serialize, Deserialize)]
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
    pub address: SocketAddr,
    /// Its codes.
    pub industry: Industry,
    /// `channelCode` of its orders.
    pub channel_code: String,
    /// `userId` of its orders.
    pub user_id: String,
}

impl Service {
    /// Reads a document.
    ///
    /// # Errors
    /// When a member is missing or no key or address can be read from it.
    pub fn read(file: &Path, now: Timestamp) -> Result<Self> {
        let text = std::fs::read_to_string(file).context("the credentials cannot be read")?;
        let document: Document = serde_json::from_str(&text).context("the credentials' form")?;
        Self::of(document, now)
    }

    /// The service that a document describes.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of(document: Document, now: Timestamp) -> Result<Self> {
        let Document { base_url, ucsp } = document;
        let address = base_url.trim_start_matches("http://").trim_end_matches('/');
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
            address: address.parse().context("base_url is not http://ADDRESS:PORT")?,
            channel_code: ucsp.channel.channel_code,
            user_id: ucsp.channel.users.into_iter().next().context("no user")?.user_id,
            industry: ucsp.industry,
        })
    }
}
