//! The callback of a paid order (`upay.md` 8): who sent it, and what it says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jose::cert::PublicKey;

use super::Trade;
use crate::limits::BODY_BYTES_MAX;

/// Why a callback is not believed. Answer anything but `success`, and query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// The body is larger than any callback.
    #[error("the callback is too large")]
    Size,
    /// `Authorization` is no signature of this body by the installation's key.
    #[error("the signature of the callback is not valid")]
    Signature,
    /// The body is signed and cannot be read.
    #[error("the callback cannot be read")]
    Form,
}

/// Verifies a callback over its raw body and reads it. `authorization` is the header's value: the
/// Base64 of the signature, alone or behind `sn` and a blank (8.3). Answer `success` when the
/// order was booked; the same callback may come again.
///
/// # Errors
/// As the variants say.
pub fn verify_callback(
    key: &PublicKey,
    authorization: &str,
    body: &[u8],
) -> Result<Trade, CallbackError> {
    if body.len() > BODY_BYTES_MAX {
        return Err(CallbackError::Size);
    }
    let signature = authorization.trim().rsplit(' ').next().unwrap_or_default();
    let signature = STANDARD.decode(signature).map_err(|_| CallbackError::Signature)?;
    if !key.verify_sha256(body, &signature) {
        return Err(CallbackError::Signature);
    }
    serde_json::from_slice(body).map_err(|_| CallbackError::Form)
}
