//! The parties: applications, channels, industry services, merchants, acquirers, and who is
//! opened to whom.

use jiff::Timestamp;
use money::Currency;
use serde::{Deserialize, Serialize};

use crate::ids::{AcquirerIin, AppId, ChannelCode, IndustryCode, MerchantId};

/// An application of a partner: what signs and is signed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    /// `UPI-APPID`, 8 characters.
    pub id: AppId,
    /// Whose application it is.
    pub owner: Party,
    /// A frozen application is refused at the gateway.
    pub active: bool,
    /// Sandbox applications may force outcomes (ucsp.md section 7).
    pub sandbox: bool,
    /// What secures wrapped messages (ucsp.md section 2).
    #[serde(default)]
    pub security: Security,
    /// Which form of in-body signature it is sent.
    #[serde(default)]
    pub in_body: InBodyForm,
    /// Which profile it is encrypted for.
    #[serde(default)]
    pub encryption: EncryptionProfile,
    /// Source addresses that may use it (`10.0.0.0/8`, `::1`); empty: any.
    #[serde(default)]
    pub ip_rules: Vec<String>,
    /// Its certificates, present and past.
    pub certificates: Vec<PartnerCertificate>,
}

/// Whose application it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "code", rename_all = "snake_case")]
pub enum Party {
    /// A channel.
    Channel(ChannelCode),
    /// An industry service.
    Industry(IndustryCode),
    /// The downstream payment system of an acquirer.
    Downstream(AcquirerIin),
}

/// What secures wrapped messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Security {
    /// The `UPI-JWS` header.
    #[default]
    Jws,
    /// `certificateSignature` in the body.
    Body,
    /// Both.
    Both,
}

/// The form of an in-body signature (security.md section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InBodyForm {
    /// PKCS#1 v1.5 over the bare hash.
    #[default]
    Bare,
    /// Plain SHA256withRSA.
    DigestInfo,
}

/// The encryption profile (security.md section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EncryptionProfile {
    /// `RSA1_5` with `A128CBC-HS256`.
    #[default]
    Rsa15,
    /// `RSA-OAEP-256` with `A256GCM`.
    RsaOaep256,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyUse {
    /// Signing.
    Sign,
    /// Encryption.
    Encrypt,
}

/// A certificate of a partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerCertificate {
    /// Decimal serial; opaque, 1-128 characters.
    pub id: String,
    /// Signing or encryption.
    pub key_use: KeyUse,
    /// The certificate, PEM.
    pub pem: String,
    /// Real time until which it is accepted although a newer one is there (overlap).
    #[serde(default)]
    pub retires_at: Option<Timestamp>,
    /// Revoked at once.
    #[serde(default)]
    pub revoked: bool,
}

/// A channel: a bank or wallet app.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// `channelCode`.
    pub code: ChannelCode,
    /// The name that the cashier shows.
    pub name: String,
    /// The application that speaks for it.
    pub app: AppId,
    /// Registered base address; calls go to it + `/ucsp/v1/...`.
    pub base_url: String,
    /// Whether it is served.
    pub active: bool,
    /// OAuth 2.0 of the channel, for way two of the login.
    #[serde(default)]
    pub oauth: Option<OauthClient>,
}

/// The platform's registration at a channel's OAuth server (ucsp.md section 8.10).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OauthClient {
    /// Authorization address.
    pub authorize_url: String,
    /// Token address.
    pub token_url: String,
    /// User-info address.
    pub userinfo_url: String,
    /// Client id.
    pub client_id: String,
    /// Client secret, sealed under the master key.
    pub client_secret_sealed: String,
}

impl std::fmt::Debug for OauthClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OauthClient").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// An industry service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Industry {
    /// `industryCode`.
    pub code: IndustryCode,
    /// The name that users see.
    pub name: String,
    /// The application that speaks for it.
    pub app: AppId,
    /// INDUSTRY_INDEX_URL, the login page.
    pub index_url: String,
    /// Registered address for notices without `backUrl`.
    pub back_url: String,
    /// Registered address for the browser's return without `frontUrl`.
    #[serde(default)]
    pub front_url: Option<String>,
    /// Whether it is served.
    pub active: bool,
    /// Members of the login that it needs, such as `mobile` (ucsp.md section 8.11).
    #[serde(default)]
    pub needs: Vec<String>,
    /// Hours after a user's hand-over within which cards are given out; `None`: no limit.
    #[serde(default)]
    pub cards_within_hours: Option<u32>,
}

/// A merchant: of an industry service, of terminals, or of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merchant {
    /// `merId`.
    pub id: MerchantId,
    /// The name that the cashier shows.
    pub name: String,
    /// The service whose merchant it is, if it is one's.
    #[serde(default)]
    pub industry: Option<IndustryCode>,
    /// Its acquirer.
    pub acquirer: AcquirerIin,
    /// The currencies it may take.
    pub currencies: Vec<Currency>,
    /// The most that its terminals take on one natural day, minor units; `None`: no limit.
    #[serde(default)]
    pub daily_limit_minor: Option<u64>,
    /// Whether it is served.
    pub active: bool,
}

/// An acquirer with its zone and its downstream payment system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acquirer {
    /// `acqIIN`.
    pub iin: AcquirerIin,
    /// IANA zone of message times and of the trade day, such as `Asia/Shanghai`.
    pub zone: String,
    /// Base address of its downstream payment system.
    pub downstream_url: String,
    /// The application that speaks for the downstream system.
    pub downstream_app: AppId,
}

/// The bilateral opening of a service for a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// The channel.
    pub channel: ChannelCode,
    /// The service.
    pub industry: IndustryCode,
    /// Whether it is open.
    pub open: bool,
}
