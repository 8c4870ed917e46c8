//! UPI-JWS: the detached signature of every server-to-server message (security 1).
//!
//! Goal: sign the bytes of a body exactly as they are sent, and check a received header in
//! the one order that the specification gives, so that nothing unauthenticated is read.
//!
//! Invariants: the payload is hashed piece by piece and never copied whole; `alg` is RS256
//! or nothing; `crit` is enforced.

mod check;
mod header;
mod partner;
mod replay;

use aws_lc_rs::digest::{Context, Digest, SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::cert::{Certificate, Identity, PublicKey};
use crate::encode;
use crate::limits::{BODY_BYTES_MAX, JWS_HEADER_BYTES_MAX};

pub use check::{
    Answer, Call, Check, Failure, Reason, VerifiedHeader, verify_answer, verify_request,
};
pub use header::{JwsError, Protected};
pub use partner::{AddressRule, Network, PartnerKeys, Partners};
pub use replay::{Admission, ReplayWindow};

/// Name of the HTTP header that carries the signature.
pub const HEADER_NAME: &str = "UPI-JWS";

/// What the signer says about itself and the message.
#[derive(Debug, Clone, Copy)]
pub struct SignOptions<'a> {
    /// The partner's application id, in requests and in answers (security 1).
    pub app_id: &'a str,
    /// 32 lower-case hex digits, fresh for each message: [`fresh_uuid`].
    pub uuid: &'a str,
    /// Real time in Unix seconds.
    pub timestamp: i64,
    /// Path of the called service; `None` in an answer.
    pub req_path: Option<&'a str>,
}

/// The protected header in the order of the worked example of security 1.
#[derive(Serialize)]
struct Outgoing<'a> {
    alg: &'static str,
    kid: &'a str,
    crit: &'a [&'static str],
    #[serde(rename = "UPI-UUID")]
    uuid: &'a str,
    #[serde(rename = "UPI-TIMESTAMP")]
    timestamp: String,
    #[serde(rename = "UPI-APPID")]
    app_id: &'a str,
    #[serde(rename = "UPI-REQPATH", skip_serializing_if = "Option::is_none")]
    req_path: Option<&'a str>,
}

/// Signs a body and returns the value of the `UPI-JWS` header. Costs about 0.35 ms: keep it
/// off the threads that serve other requests.
///
/// # Errors
/// [`JwsError::TooLong`] when the body or the header is past its bound, [`JwsError::Sign`]
/// when the library fails.
pub fn sign(
    identity: &Identity,
    body: &[u8],
    options: &SignOptions<'_>,
) -> Result<String, JwsError> {
    const CRITICAL: [&str; 4] = header::MEMBERS;
    if body.len() > BODY_BYTES_MAX {
        return Err(JwsError::TooLong { length: body.len() });
    }
    let without_path = CRITICAL.split_last().map_or(&CRITICAL[..], |(_, others)| others);
    let outgoing = Outgoing {
        alg: header::ALGORITHM,
        kid: identity.id().as_str(),
        crit: if options.req_path.is_some() { &CRITICAL } else { without_path },
        uuid: options.uuid,
        timestamp: options.timestamp.to_string(),
        app_id: options.app_id,
        req_path: options.req_path,
    };
    let json = serde_json::to_vec(&outgoing).map_err(|_| JwsError::Sign)?;
    let mut value = encode::to_url(&json);
    let digest = signing_digest(&value, body);
    let signature = identity.key().sign_digest(&digest).ok_or(JwsError::Sign)?;
    value.push_str("..");
    URL_SAFE_NO_PAD.encode_string(signature, &mut value);
    if value.len() > JWS_HEADER_BYTES_MAX {
        return Err(JwsError::TooLong { length: value.len() });
    }
    Ok(value)
}

/// A parsed `UPI-JWS` header value whose signature is still to be verified.
#[derive(Debug, Clone)]
pub struct Detached {
    /// The members of the protected header.
    pub protected: Protected,
    encoded_header: String,
    signature: Vec<u8>,
}

/// Takes a header value apart and reads the protected header: checks 2 and 3 of security 1,
/// as far as requests and answers agree.
///
/// # Errors
/// [`JwsError`] names the first rule that failed; [`JwsError::check`] gives its number.
pub fn parse(value: &str) -> Result<Detached, JwsError> {
    if value.len() > JWS_HEADER_BYTES_MAX {
        return Err(JwsError::TooLong { length: value.len() });
    }
    let mut parts = value.split('.');
    let (Some(encoded_header), Some(payload), Some(signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwsError::Parts { found: value.split('.').count() });
    };
    if !payload.is_empty() {
        return Err(JwsError::PayloadPresent);
    }
    let signature = encode::from_url(signature).ok_or(JwsError::SignatureEncoding)?;
    let json = encode::from_url(encoded_header).ok_or(JwsError::HeaderEncoding)?;
    let protected = header::read(&json)?;
    Ok(Detached { protected, encoded_header: encoded_header.to_owned(), signature })
}

/// Whom a header value names, though it may break any rule: its `UPI-APPID` and `kid`, when its
/// first part is a JSON object with both.
fn named(value: &str) -> Option<(String, String)> {
    let value = Some(value).filter(|value| value.len() <= JWS_HEADER_BYTES_MAX)?;
    let json = encode::from_url(value.split('.').next()?)?;
    let header: serde_json::Value = serde_json::from_slice(&json).ok()?;
    let member = |name| header.get(name)?.as_str().map(str::to_owned);
    Some((member("UPI-APPID")?, member("kid")?))
}

impl Detached {
    /// Check 8: whether the signature is the certificate's over exactly these body bytes.
    ///
    /// # Errors
    /// [`JwsError::SignatureInvalid`].
    pub fn verify(&self, body: &[u8], certificate: &Certificate) -> Result<(), JwsError> {
        self.verify_with_key(body, certificate.public_key())
    }

    /// As [`Self::verify`], with a bare public key.
    ///
    /// # Errors
    /// [`JwsError::SignatureInvalid`].
    pub fn verify_with_key(&self, body: &[u8], key: &PublicKey) -> Result<(), JwsError> {
        let digest = signing_digest(&self.encoded_header, body);
        if body.len() <= BODY_BYTES_MAX && key.verifies(&digest, &self.signature) {
            Ok(())
        } else {
            Err(JwsError::SignatureInvalid)
        }
    }

    /// The first part of the header value, base64url as received.
    pub(crate) fn encoded_header(&self) -> &str {
        &self.encoded_header
    }

    /// The signature's bytes.
    pub(crate) fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// SHA-256 of the signing input `header "." BASE64URL(body)`, without building it.
fn signing_digest(encoded_header: &str, body: &[u8]) -> Digest {
    const PIECE_BYTES: usize = 3 * 1024;
    const PIECE_CHARS: usize = 4 * 1024;
    let mut context = Context::new(&SHA256);
    context.update(encoded_header.as_bytes());
    context.update(b".");
    let mut encoded = [0_u8; PIECE_CHARS];
    for piece in body.chunks(PIECE_BYTES) {
        let written = URL_SAFE_NO_PAD.encode_slice(piece, &mut encoded).unwrap_or(0);
        // A piece is a multiple of three bytes, so pieces join without padding and fit.
        assert!(written > 0, "a piece of the body always fits the buffer");
        context.update(encoded.get(..written).unwrap_or_default());
    }
    context.finish()
}

/// A fresh `UPI-UUID`: 32 lower-case hex digits of a random (version 4) UUID.
///
/// # Panics
/// When the system's random generator fails: going on would reuse numbers.
#[must_use]
#[expect(clippy::expect_used, reason = "without randomness no message may be sent")]
pub fn fresh_uuid() -> String {
    let mut bytes: [u8; 16] = encode::random().expect("the system's random generator works");
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    encode::to_hex(&bytes)
}

#[cfg(test)]
mod tests;
