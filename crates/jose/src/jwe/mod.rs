//! Compact JWE: sensitive members for one receiver (security 3).
//!
//! Goal: two profiles and nothing else, and a decryption that tells an attacker nothing.
//!
//! Invariants: content key and IV come from the system generator; whatever is wrong with
//! the encrypted key, the authentication of the content is always computed, with a random
//! key then, and the error is the same one.

mod content;
mod rsa15;

use std::sync::Arc;

use aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256;
use serde::Deserialize;
use subtle::{Choice, ConditionallySelectable as _};
use zeroize::Zeroizing;

use crate::cert::{CertId, Certificate, Identity, PublicKey};
use crate::encode;
use crate::limits::{
    CERT_ID_CHARS_MAX, JWE_BYTES_MAX, JWE_HEADER_BYTES_MAX, JWE_PLAINTEXT_BYTES_MAX,
};
use crate::secret::Secret;

/// Length in bytes of the content key, the same in both profiles.
const KEY_BYTES: usize = 32;

/// How key and content are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Profile {
    /// `RSA1_5` and `A128CBC-HS256`: the published one, and the default.
    Rsa15A128CbcHs256,
    /// `RSA-OAEP-256` and `A256GCM`: opt-in per application.
    RsaOaep256A256Gcm,
}

impl Profile {
    /// Both profiles.
    pub const ALL: [Self; 2] = [Self::Rsa15A128CbcHs256, Self::RsaOaep256A256Gcm];

    /// The `alg` member (RFC 7518 section 4).
    #[must_use]
    pub const fn alg(self) -> &'static str {
        match self {
            Self::Rsa15A128CbcHs256 => "RSA1_5",
            Self::RsaOaep256A256Gcm => "RSA-OAEP-256",
        }
    }

    /// The `enc` member (RFC 7518 section 5).
    #[must_use]
    pub const fn enc(self) -> &'static str {
        match self {
            Self::Rsa15A128CbcHs256 => "A128CBC-HS256",
            Self::RsaOaep256A256Gcm => "A256GCM",
        }
    }
}

/// Why a JWE was not made or not opened. All that happens after the header was understood
/// and the key found is [`JweError::Decrypt`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JweError {
    /// Past the bound.
    #[error("the plaintext or the JWE is too long")]
    TooLong,
    /// Not five parts of base64url.
    #[error("a compact JWE has five parts of unpadded base64url")]
    Shape,
    /// The protected header is not the expected JSON.
    #[error("the protected header of the JWE is not understood")]
    Header,
    /// `alg` and `enc` are not a profile that is allowed here.
    #[error("alg and enc are not a profile that is allowed here")]
    Profile,
    /// No accepted encryption certificate has the `kid`.
    #[error("kid is not one of the receiver's encryption certificates")]
    Kid,
    /// Decryption failed. Deliberately without a reason.
    #[error("the JWE could not be decrypted")]
    Decrypt,
    /// Encryption failed inside the library.
    #[error("the text could not be encrypted")]
    Encrypt,
}

/// What is understood of a protected header. Members not listed are ignored, but `crit` and
/// `zip` change the meaning and are refused.
#[derive(Deserialize)]
struct Header {
    alg: String,
    enc: String,
    kid: String,
    crit: Option<serde::de::IgnoredAny>,
    zip: Option<serde::de::IgnoredAny>,
}

/// A compact JWE taken apart.
struct Parts<'a> {
    encoded_header: &'a str,
    header: Header,
    encrypted_key: Vec<u8>,
    iv: Vec<u8>,
    ciphertext: Vec<u8>,
    tag: Vec<u8>,
}

/// Encrypts for the owner of a certificate, whose id becomes `kid`.
///
/// # Errors
/// [`JweError::TooLong`] past 160 KiB, [`JweError::Encrypt`] when the library fails.
pub fn encrypt(plaintext: &[u8], to: &Certificate, profile: Profile) -> Result<String, JweError> {
    encrypt_to_key(plaintext, to.public_key(), to.id(), profile)
}

/// As [`encrypt`], for a bare public key and its id.
///
/// # Errors
/// As [`encrypt`].
pub fn encrypt_to_key(
    plaintext: &[u8],
    key: &PublicKey,
    kid: &CertId,
    profile: Profile,
) -> Result<String, JweError> {
    if plaintext.len() > JWE_PLAINTEXT_BYTES_MAX {
        return Err(JweError::TooLong);
    }
    let json = format!(r#"{{"alg":"{}","enc":"{}","kid":"{kid}"}}"#, profile.alg(), profile.enc());
    let header = encode::to_url(json.as_bytes());
    let content_key = Zeroizing::new(random::<KEY_BYTES>()?);
    let encrypted_key = wrap(&content_key, key, profile)?;
    let sealed = match profile {
        Profile::Rsa15A128CbcHs256 => content::cbc_seal(&content_key, &header, plaintext),
        Profile::RsaOaep256A256Gcm => content::gcm_seal(&content_key, &header, plaintext),
    };
    let sealed = sealed.ok_or(JweError::Encrypt)?;
    let part = |bytes: &[u8]| encode::to_url(bytes);
    Ok(format!(
        "{header}.{}.{}.{}.{}",
        part(&encrypted_key),
        part(&sealed.iv),
        part(&sealed.ciphertext),
        part(&sealed.tag)
    ))
}

fn random<const N: usize>() -> Result<[u8; N], JweError> {
    encode::random().map_err(|_| JweError::Encrypt)
}

fn wrap(
    content_key: &[u8; KEY_BYTES],
    key: &PublicKey,
    profile: Profile,
) -> Result<Vec<u8>, JweError> {
    let mut output = vec![0_u8; key.oaep().ciphertext_size()];
    let written = match profile {
        Profile::Rsa15A128CbcHs256 => key.rsa15().encrypt(content_key, &mut output),
        Profile::RsaOaep256A256Gcm => {
            key.oaep().encrypt(&OAEP_SHA256_MGF1SHA256, content_key, &mut output, None)
        }
    };
    written.map(|bytes| bytes.to_vec()).map_err(|_| JweError::Encrypt)
}

/// Decrypts a compact JWE. `keys` yields the accepted identity for a `kid`, `allowed` the
/// profiles that the sender may use.
///
/// # Errors
/// [`JweError`]; all failures after the key was found are the one [`JweError::Decrypt`].
pub fn decrypt(
    compact: &str,
    keys: impl Fn(&str) -> Option<Arc<Identity>>,
    allowed: &[Profile],
) -> Result<Secret<Vec<u8>>, JweError> {
    let parts = split(compact)?;
    let named =
        |profile: &&Profile| profile.alg() == parts.header.alg && profile.enc() == parts.header.enc;
    let profile = allowed.iter().find(named).ok_or(JweError::Profile)?;
    let identity = keys(&parts.header.kid).ok_or(JweError::Kid)?;
    let content_key = unwrap(&identity, &parts.encrypted_key, *profile)?;
    let opened = match profile {
        Profile::Rsa15A128CbcHs256 => content::cbc_open(&content_key, &parts),
        Profile::RsaOaep256A256Gcm => content::gcm_open(&content_key, &parts),
    };
    opened.map(Secret::new).ok_or(JweError::Decrypt)
}

/// The `kid` of a compact JWE, unauthenticated: for choosing a key or for an explanation.
///
/// # Errors
/// As the first steps of [`decrypt`].
pub fn kid(compact: &str) -> Result<String, JweError> {
    split(compact).map(|parts| parts.header.kid)
}

fn split(compact: &str) -> Result<Parts<'_>, JweError> {
    if compact.len() > JWE_BYTES_MAX {
        return Err(JweError::TooLong);
    }
    let mut texts = compact.split('.');
    let mut next = || texts.next().ok_or(JweError::Shape);
    let encoded_header = next()?;
    let (encrypted_key, iv, ciphertext, tag) = (next()?, next()?, next()?, next()?);
    if texts.next().is_some() {
        return Err(JweError::Shape);
    }
    if encoded_header.len() > JWE_HEADER_BYTES_MAX {
        return Err(JweError::TooLong);
    }
    let bytes = |text: &str| encode::from_url(text).ok_or(JweError::Shape);
    let json = bytes(encoded_header)?;
    let header: Header = serde_json::from_slice(&json).map_err(|_| JweError::Header)?;
    let fits = (1..=CERT_ID_CHARS_MAX).contains(&header.kid.len());
    if !fits || header.crit.is_some() || header.zip.is_some() {
        return Err(JweError::Header);
    }
    Ok(Parts {
        encoded_header,
        header,
        encrypted_key: bytes(encrypted_key)?,
        iv: bytes(iv)?,
        ciphertext: bytes(ciphertext)?,
        tag: bytes(tag)?,
    })
}

/// The content key, or a random one when the encrypted key is wrong in any way. Fails only
/// when the random generator does.
fn unwrap(
    identity: &Identity,
    encrypted_key: &[u8],
    profile: Profile,
) -> Result<Zeroizing<[u8; KEY_BYTES]>, JweError> {
    let substitute = Zeroizing::new(random::<KEY_BYTES>().map_err(|_| JweError::Decrypt)?);
    let (candidate, good) = match profile {
        Profile::Rsa15A128CbcHs256 => rsa15::unwrap(identity.key().raw(), encrypted_key),
        Profile::RsaOaep256A256Gcm => oaep_unwrap(identity, encrypted_key),
    };
    let mut chosen = Zeroizing::new([0_u8; KEY_BYTES]);
    for ((to, real), random) in chosen.iter_mut().zip(candidate.iter()).zip(substitute.iter()) {
        *to = u8::conditional_select(random, real, good);
    }
    Ok(chosen)
}

/// The library's OAEP unpadding is constant in time and has one error; the substitute key
/// then keeps the rest of the path the same too.
fn oaep_unwrap(identity: &Identity, encrypted_key: &[u8]) -> (Zeroizing<[u8; KEY_BYTES]>, Choice) {
    let key = identity.key().oaep();
    let mut output = Zeroizing::new(vec![0_u8; key.min_output_size()]);
    let mut candidate = Zeroizing::new([0_u8; KEY_BYTES]);
    let length = key
        .decrypt(&OAEP_SHA256_MGF1SHA256, encrypted_key, &mut output, None)
        .map_or(0, |plain| plain.len());
    candidate.iter_mut().zip(output.iter()).for_each(|(to, from)| *to = *from);
    (candidate, Choice::from(u8::from(length == KEY_BYTES)))
}

#[cfg(test)]
mod tests;
