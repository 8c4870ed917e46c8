//! `DIR/sandbox.json`: what a stranger's program needs to take part in the sandbox.
//!
//! The form is fixed by `interface.md`. It holds private keys of the simulated partners, so it is
//! written with mode 0600, whole or not at all.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::files;

/// The file's name in the data folder.
pub(crate) const FILE_NAME: &str = "sandbox.json";

/// The whole file.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SandboxDocument {
    /// The platform's base address.
    pub(crate) base_url: String,
    /// Terminal dialect.
    pub(crate) upay: UpayPart,
    /// Channels and industry services.
    pub(crate) ucsp: UcspPart,
    /// The operator's account.
    pub(crate) admin: AdminPart,
}

/// Vendor, app and activation codes of the terminal dialect.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UpayPart {
    /// Number of the vendor.
    pub(crate) vendor_sn: String,
    /// Its key.
    pub(crate) vendor_key: String,
    /// Its app.
    pub(crate) app_id: String,
    /// Codes that make terminals.
    pub(crate) activation_codes: Vec<ActivationCode>,
    /// Verifies callbacks of this installation.
    pub(crate) callback_public_key_pem: String,
}

/// A code that makes terminals of one store.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ActivationCode {
    /// Eight digits.
    pub(crate) code: String,
    /// How many terminals it is good for.
    pub(crate) remaining: u32,
    /// The merchant.
    pub(crate) merchant: String,
    /// The store.
    pub(crate) store_sn: String,
}

/// The public protocol's part.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UcspPart {
    /// The platform's certificates.
    pub(crate) platform: PlatformPart,
    /// The first channel.
    pub(crate) channel: ChannelPart,
    /// The first industry service.
    pub(crate) industry: IndustryPart,
    /// All channels.
    pub(crate) channels: Vec<ChannelPart>,
    /// All industry services.
    pub(crate) industries: Vec<IndustryPart>,
}

/// The platform's certificates.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct PlatformPart {
    /// Id of the signing certificate.
    pub(crate) sign_cert_id: String,
    /// The signing certificate.
    pub(crate) sign_cert_pem: String,
    /// Id of the encryption certificate.
    pub(crate) enc_cert_id: String,
    /// The encryption certificate.
    pub(crate) enc_cert_pem: String,
}

/// The keys of a partner.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct KeysPart {
    /// Id of its signing certificate.
    pub(crate) sign_cert_id: String,
    /// Its signing key, PKCS#8.
    pub(crate) sign_key_pem: String,
    /// Id of its encryption certificate.
    pub(crate) enc_cert_id: String,
    /// Its encryption key, PKCS#8.
    pub(crate) enc_key_pem: String,
}

/// A channel.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ChannelPart {
    /// `channelCode`.
    pub(crate) channel_code: String,
    /// `UPI-APPID`.
    pub(crate) app_id: String,
    /// Where its pages and its endpoints are.
    pub(crate) base_url: String,
    /// Its keys.
    #[serde(flatten)]
    pub(crate) keys: KeysPart,
    /// Its users.
    pub(crate) users: Vec<UserPart>,
}

/// A user of a channel.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UserPart {
    /// `userId`.
    pub(crate) user_id: String,
    /// Mobile number.
    pub(crate) mobile: String,
}

/// An industry service.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct IndustryPart {
    /// `industryCode`.
    pub(crate) industry_code: String,
    /// `UPI-APPID`.
    pub(crate) app_id: String,
    /// Where its pages and its endpoints are.
    pub(crate) base_url: String,
    /// INDUSTRY_INDEX_URL.
    pub(crate) index_url: String,
    /// `merId`.
    pub(crate) mer_id: String,
    /// `acqIIN`.
    pub(crate) acq_iin: String,
    /// ISO 4217 numeric codes that it may take.
    pub(crate) currency_codes: Vec<String>,
    /// Its keys.
    #[serde(flatten)]
    pub(crate) keys: KeysPart,
}

/// The operator's account.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct AdminPart {
    /// Its e-mail address.
    pub(crate) email: String,
    /// Its password.
    pub(crate) password: String,
}

impl SandboxDocument {
    /// Writes the file into a data folder, mode 0600: a reader sees the old one or the new one.
    pub(crate) fn write(&self, folder: &Path) -> Result<PathBuf, Failure> {
        let path = folder.join(FILE_NAME);
        let mut text = serde_json::to_string_pretty(self)
            .map_err(|error| Failure::at(path.display(), error))?;
        text.push('\n');
        files::write_private(&path, &text)?;
        Ok(path)
    }
}
