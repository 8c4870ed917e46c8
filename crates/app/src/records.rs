//! The documents beside the orders, each with its space.

use domain::ids::{ChannelCode, IndustryCode, UserId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Space of the directory document; its one key is [`DIRECTORY_KEY`].
pub const DIRECTORY: &str = "directory";
/// The key of the directory document.
pub const DIRECTORY_KEY: &str = "current";
/// Space of one-time login links, by secret.
pub const LOGIN_LINK: &str = "login_link";
/// Space of OAuth states, by state.
pub const OAUTH_STATE: &str = "oauth_state";
/// Space of consents, by [`consent_key`].
pub const CONSENT: &str = "consent";
/// Space of the platform's own keys, sealed, by certificate id.
pub const KEY_RING: &str = "key_ring";
/// Space of refused requests with their diagnosis, by id.
pub const DIAGNOSIS: &str = "diagnosis";
/// Space of settings of the installation, such as the sandbox's clock offset.
pub const SETTING: &str = "setting";

/// Space of terminals, by `terminal_sn`.
pub const TERMINAL: &str = "terminal";
/// Space of activation codes, by code.
pub const ACTIVATION_CODE: &str = "activation_code";
/// Space of the callers' own numbers of terminals, by `app_id/client_sn`.
pub const TERMINAL_CLIENT: &str = "terminal_client";
/// Space of device ids in use, by `app_id/device_id`, where they must be unique.
pub const TERMINAL_DEVICE: &str = "terminal_device";
/// Space of what stores and merchants with a daily limit took, by [`takings_key`].
pub const TAKINGS: &str = "takings";

/// Space of what the numbers of orders and transactions are counted by; its one key is
/// [`NUMBERS_KEY`].
pub const NUMBERS: &str = "numbers";
/// The key of the count up to which blocks were taken.
pub const NUMBERS_KEY: &str = "given";

/// The key of what a store (`store`) or merchant (`merchant`) took on one natural day.
#[must_use]
pub fn takings_key(kind: &str, name: &str, day: jiff::civil::Date) -> String {
    format!("{kind}/{name}/{day}")
}

/// A login link that was given out: followed once, it leads to the service.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoginLink {
    /// The channel of the user.
    pub channel: ChannelCode,
    /// The service.
    pub industry: IndustryCode,
    /// The user.
    pub user: UserId,
    /// The user's mobile, sealed under the master key, if it is to be handed over.
    pub mobile_sealed: Option<String>,
    /// `language`, `clientType`, `longitude`, `latitude`.
    pub extras: LoginExtras,
    /// Business time after which it no longer works.
    pub expires_at: Timestamp,
}

/// Optional members that go with a login.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoginExtras {
    /// `language`.
    pub language: Option<String>,
    /// `clientType`.
    pub client_type: Option<String>,
    /// `longitude`.
    pub longitude: Option<String>,
    /// `latitude`.
    pub latitude: Option<String>,
}

/// An authorization under way (ucsp.md section 8.10).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OauthState {
    /// The channel that is asked.
    pub channel: ChannelCode,
    /// The service the browser goes to.
    pub industry: IndustryCode,
    /// The PKCE verifier, sealed under the master key.
    pub verifier_sealed: String,
    /// Business time after which it no longer works.
    pub expires_at: Timestamp,
}

/// Which data of a user went to which service, and when (ucsp.md section 8.9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The channel of the user.
    pub channel: ChannelCode,
    /// The service.
    pub industry: IndustryCode,
    /// The user.
    pub user: UserId,
    /// Names of members that were handed over, such as `userId`, `mobile`, `cardList`.
    pub members: Vec<String>,
    /// The first hand-over.
    pub first_at: Timestamp,
    /// The last hand-over.
    pub last_at: Timestamp,
}

/// The key of a consent.
#[must_use]
pub fn consent_key(channel: &ChannelCode, user: &UserId, industry: &IndustryCode) -> String {
    format!("{channel}/{industry}/{user}")
}
