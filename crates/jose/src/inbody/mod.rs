//! The signature inside the body, `certificateSignature.signature` (security 4).
//!
//! Goal: sign and verify the text itself. The signature's value is cut out of the received
//! bytes and replaced by the placeholder; nothing is parsed and written again, so member
//! order, blanks and escapes stay as the sender wrote them.

mod scan;

use std::ops::Range;

use aws_lc_rs::digest::{SHA256, digest};

use crate::cert::{Certificate, Identity};
use crate::encode;
use crate::limits::{BODY_BYTES_MAX, IN_BODY_SIGNATURE_CHARS_MAX};

/// What stands in `signature` while the text is hashed.
pub const PLACEHOLDER: &str = "00000000";

/// What the signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// PKCS#1 v1.5 type 1 over the 32 bytes of the hash itself: the family's way, default.
    Bare,
    /// Plain SHA256withRSA: the hash inside a `DigestInfo`.
    DigestInfo,
}

/// Why a text was not signed or its signature not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InBodyError {
    /// Longer than 256 KiB.
    #[error("the text is too long")]
    TooLong,
    /// Not a JSON object.
    #[error("the text is not a JSON object")]
    Json,
    /// `certificateSignature.signature` is absent, stands twice, or is not a string.
    #[error("certificateSignature.signature must stand once and be a string")]
    Member,
    /// The text to sign does not hold the placeholder.
    #[error("certificateSignature.signature must be 00000000 before signing")]
    Placeholder,
    /// The value is not standard base64 of a plausible length.
    #[error("certificateSignature.signature is not standard base64")]
    Encoding,
    /// The signature does not fit key and text.
    #[error("the in-body signature does not verify")]
    Invalid,
    /// Signing failed inside the library.
    #[error("the text could not be signed")]
    Sign,
}

/// Signs a JSON text whose `certificateSignature.signature` is `"00000000"` and returns the
/// text with the signature in its place, all else unchanged.
///
/// # Errors
/// [`InBodyError`] names what is wrong with the text.
pub fn sign_in_body(
    text_with_placeholder: &str,
    identity: &Identity,
    form: Form,
) -> Result<String, InBodyError> {
    let value = locate(text_with_placeholder)?;
    if text_with_placeholder.get(value.clone()) != Some(PLACEHOLDER) {
        return Err(InBodyError::Placeholder);
    }
    let hash = digest(&SHA256, text_with_placeholder.as_bytes());
    let signature = match form {
        Form::Bare => {
            let bytes = hash.as_ref().try_into().map_err(|_| InBodyError::Sign)?;
            identity.key().raw().sign_bare(bytes).ok()
        }
        Form::DigestInfo => identity.key().sign_digest(&hash),
    };
    let signature = encode::to_standard(&signature.ok_or(InBodyError::Sign)?);
    replaced(text_with_placeholder, &value, &signature).ok_or(InBodyError::Sign)
}

/// Verifies a received text in either form and says which one it was.
///
/// # Errors
/// [`InBodyError`] names what is wrong with the text; a signature that does not fit is
/// [`InBodyError::Invalid`], whatever the cause.
pub fn verify_in_body(text: &str, certificate: &Certificate) -> Result<Form, InBodyError> {
    let value = locate(text)?;
    let written = text.get(value.clone()).ok_or(InBodyError::Member)?;
    if written.len() > IN_BODY_SIGNATURE_CHARS_MAX {
        return Err(InBodyError::Encoding);
    }
    // Some writers escape the slash; the value is read as JSON, the text is left alone.
    let plain: String =
        serde_json::from_str(&format!("\"{written}\"")).map_err(|_| InBodyError::Json)?;
    let signature = encode::from_standard(&plain).ok_or(InBodyError::Encoding)?;
    let signed = replaced(text, &value, PLACEHOLDER).ok_or(InBodyError::Member)?;
    let hash = digest(&SHA256, signed.as_bytes());
    let key = certificate.public_key();
    let bare = hash.as_ref().try_into().is_ok_and(|h| key.raw().verify_bare(h, &signature));
    if bare {
        Ok(Form::Bare)
    } else if key.verifies(&hash, &signature) {
        Ok(Form::DigestInfo)
    } else {
        Err(InBodyError::Invalid)
    }
}

/// Where the signature's value stands in the text, without its quotes.
fn locate(text: &str) -> Result<Range<usize>, InBodyError> {
    if text.len() > BODY_BYTES_MAX {
        return Err(InBodyError::TooLong);
    }
    // Only well-formed JSON reaches the scanner, which therefore needs no errors of its own.
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|_| InBodyError::Json)?;
    let object = scan::only_member(text, 0..text.len(), "certificateSignature");
    let value = object.and_then(|object| scan::only_member(text, object, "signature"));
    value.and_then(|value| scan::string_content(text, value)).ok_or(InBodyError::Member)
}

fn replaced(text: &str, place: &Range<usize>, value: &str) -> Option<String> {
    let (before, after) = (text.get(..place.start)?, text.get(place.end..)?);
    Some([before, value, after].concat())
}

#[cfg(test)]
mod tests;
