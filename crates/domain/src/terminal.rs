//! Vendors, stores, activation codes and terminals (upay.md section 4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{MerchantId, StoreSn, TerminalSn, VendorAppId, VendorSn};

/// `txnTime` of references that are a terminal's `client_sn`: the space of its own beside that of
/// the channel dialect, whose times are fourteen digits.
pub const CLIENT_SN_SPACE: &str = "upay";

/// A maker of tills: signs activations.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vendor {
    /// `vendor_sn`.
    pub sn: VendorSn,
    /// Its name, for operators.
    pub name: String,
    /// `vendor_key`, sealed under the master key.
    pub key_sealed: String,
    /// Whether it is served.
    pub active: bool,
    /// `app_id`s registered under it.
    pub apps: Vec<VendorApp>,
}

impl std::fmt::Debug for Vendor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vendor").field("sn", &self.sn).finish_non_exhaustive()
    }
}

/// An application of a vendor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VendorApp {
    /// `app_id`.
    pub id: VendorAppId,
    /// Its name, for operators.
    pub name: String,
}

/// A store of a merchant: where terminals stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Store {
    /// `store_sn`.
    pub sn: StoreSn,
    /// Whose store it is.
    pub merchant: MerchantId,
    /// Its name.
    pub name: String,
    /// `store.status`: 1 open, 0 closed; a closed store takes no payments.
    pub open: bool,
    /// The most that it takes on one natural day, minor units; `None`: no limit.
    #[serde(default)]
    pub daily_limit_minor: Option<u64>,
}

/// An activation code: makes terminals of one store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActivationCode {
    /// The code, 8 or 9 digits.
    pub code: String,
    /// The vendor that may use it.
    pub vendor: VendorSn,
    /// Whose store it is.
    pub merchant: MerchantId,
    /// The store.
    pub store: StoreSn,
    /// How many terminals it is good for.
    pub uses_count_max: u32,
    /// How many of them are left.
    pub remaining: u32,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// From this instant on it activates nothing.
    pub expires_at: Timestamp,
}

/// A terminal: activated once, signs with its key.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// `terminal_sn`, digits.
    pub sn: TerminalSn,
    /// The vendor that activated it.
    pub vendor: VendorSn,
    /// `app_id` it was activated for.
    pub app: VendorAppId,
    /// The merchant it takes money for.
    pub merchant: MerchantId,
    /// The store it stands in.
    pub store: StoreSn,
    /// `device_id`; a check-in has to name the same.
    pub device_id: String,
    /// The caller's own number of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_sn: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `terminal.status`.
    pub status: TerminalStatus,
    /// `terminal_key`, sealed under the master key.
    pub key_sealed: String,
    /// The key before the last check-in, sealed; still accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_key_sealed: Option<String>,
    /// When it was activated.
    pub activated_at: Timestamp,
    /// The last check-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked_in_at: Option<Timestamp>,
}

impl std::fmt::Debug for Terminal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terminal").field("sn", &self.sn).finish_non_exhaustive()
    }
}

/// `terminal.status` of one that was activated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TerminalStatus {
    /// 1: normal.
    Active,
    /// 2: disabled by an operator; it is known and does nothing.
    Disabled,
}
