//! What a partner's program must be told once: who it is, its keys, and the platform's.

use std::sync::Arc;
use std::time::Duration;

use egress::Client;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use jose::cert::{Certificate, Identity};
use jose::jwe::Profile;

use crate::limits::CALL_SECONDS_DEFAULT;

/// Where a partner's program reads the time. Pass the system's clock twice in production; the
/// sandbox moves business time and leaves real time alone.
pub trait TimeSource: Send + Sync + 'static {
    /// Business time: message times, deadlines.
    fn now(&self) -> Timestamp;
    /// Real time: `UPI-TIMESTAMP` and the validity of certificates.
    fn real_now(&self) -> Timestamp;
}

/// Two plain functions that read the time are a source too: business time, then real time.
impl<B, R> TimeSource for (B, R)
where
    B: Fn() -> Timestamp + Send + Sync + 'static,
    R: Fn() -> Timestamp + Send + Sync + 'static,
{
    fn now(&self) -> Timestamp {
        (self.0)()
    }

    fn real_now(&self) -> Timestamp {
        (self.1)()
    }
}

/// What secures the wrapped messages of an application, as registered (`ucsp.md` 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Security {
    /// The `UPI-JWS` header.
    #[default]
    Jws,
    /// `certificateSignature` in the body, and no header.
    Body,
    /// Both.
    Both,
}

impl Security {
    /// Whether the header is used.
    #[must_use]
    pub const fn has_header(self) -> bool {
        matches!(self, Self::Jws | Self::Both)
    }

    /// Whether the body carries a signature.
    #[must_use]
    pub const fn has_body(self) -> bool {
        matches!(self, Self::Body | Self::Both)
    }
}

/// One application of a partner and its relation to the platform. Cheap to clone.
#[derive(Clone)]
pub struct PartnerConfig {
    /// The platform's base address without a slash at its end.
    pub base_url: String,
    /// The application id (`UPI-APPID`), 8 characters.
    pub app_id: String,
    /// `channelCode` or `industryCode`.
    pub code: String,
    /// What the partner signs with.
    pub signing: Identity,
    /// What the platform encrypts to.
    pub encryption: Identity,
    /// The platform's signing certificates that are accepted, newest first: two during a
    /// rotation.
    pub platform_sign_certs: Vec<Arc<Certificate>>,
    /// The platform's encryption certificate.
    pub platform_enc_cert: Arc<Certificate>,
    /// How sensitive data are encrypted (security 3).
    pub profile: Profile,
    /// What secures wrapped messages; channels always use [`Security::Jws`].
    pub security: Security,
    /// Zone of message times: the acquirer's, GMT+8 by default (`ucsp.md` 2).
    pub zone: TimeZone,
    /// Time for one call, at most 120 s.
    pub timeout: Duration,
    /// Where the time comes from.
    pub time: Arc<dyn TimeSource>,
    /// The HTTP client.
    pub client: Client,
}

/// What differs between partners; the rest of a [`PartnerConfig`] has defaults.
#[derive(Clone)]
pub struct Relation {
    /// See [`PartnerConfig::base_url`].
    pub base_url: String,
    /// See [`PartnerConfig::app_id`].
    pub app_id: String,
    /// See [`PartnerConfig::code`].
    pub code: String,
    /// See [`PartnerConfig::signing`].
    pub signing: Identity,
    /// See [`PartnerConfig::encryption`].
    pub encryption: Identity,
    /// The platform's signing certificate.
    pub platform_sign_cert: Arc<Certificate>,
    /// The platform's encryption certificate.
    pub platform_enc_cert: Arc<Certificate>,
}

impl PartnerConfig {
    /// A relation with the published defaults: RSA1_5 profile, GMT+8, 15 s a call.
    #[must_use]
    pub fn new(relation: Relation, time: Arc<dyn TimeSource>, client: Client) -> Self {
        Self {
            base_url: relation.base_url.trim_end_matches('/').to_owned(),
            app_id: relation.app_id,
            code: relation.code,
            signing: relation.signing,
            encryption: relation.encryption,
            platform_sign_certs: vec![relation.platform_sign_cert],
            platform_enc_cert: relation.platform_enc_cert,
            profile: Profile::Rsa15A128CbcHs256,
            security: Security::Jws,
            zone: TimeZone::fixed(jiff::tz::offset(8)),
            timeout: Duration::from_secs(CALL_SECONDS_DEFAULT),
            time,
            client,
        }
    }
}

impl std::fmt::Debug for PartnerConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("PartnerConfig")
            .field("base_url", &self.base_url)
            .field("app_id", &self.app_id)
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
