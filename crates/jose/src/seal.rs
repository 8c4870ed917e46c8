//! Secrets at rest, encrypted under a master key (security 5).
//!
//! Goal: bytes that can lie in a database or a file, bound by `aad` to the place where they
//! lie, so that one record's secret cannot be moved to another.
//!
//! Format: version 1, id of the master key (8 bytes), nonce (12), AES-256-GCM ciphertext
//! with its tag (16). Version and key id are authenticated together with `aad`.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::encode;
use crate::limits::SEALED_BYTES_MAX;
use crate::secret::Secret;

const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
const KEY_ID_BYTES: usize = 8;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const HEAD_BYTES: usize = 1 + KEY_ID_BYTES + NONCE_BYTES;

/// Why sealing or opening failed. Opening has one error for all that a forger could try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The text of a master key is not 32 bytes in hex or base64.
    #[error("a master key is 32 bytes, written as 64 hex digits or as base64")]
    MasterKey,
    /// More than 1 MiB.
    #[error("too long to be sealed")]
    TooLong,
    /// The library or the random generator failed.
    #[error("the secret could not be sealed")]
    Seal,
    /// The bytes are not of this format.
    #[error("not a sealed secret")]
    Format,
    /// Sealed under a master key that is not at hand.
    #[error("sealed under another master key")]
    OtherKey,
    /// Changed, or sealed for another place.
    #[error("the sealed secret could not be opened")]
    Open,
}

/// A 32-byte key that encrypts other secrets. At most 2^32 secrets may be sealed under one
/// key, because nonces are random.
pub struct MasterKey {
    id: [u8; KEY_ID_BYTES],
    key: LessSafeKey,
    text: Secret<String>,
}

impl MasterKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`SealError::Seal`] when the random generator fails.
    pub fn generate() -> Result<Self, SealError> {
        let bytes = Zeroizing::new(encode::random::<KEY_BYTES>().map_err(|_| SealError::Seal)?);
        Self::from_bytes(&bytes)
    }

    /// Reads the text of a file or an environment variable: 64 hex digits, or base64 of 32
    /// bytes in the standard or the URL alphabet; blanks around it are ignored.
    ///
    /// # Errors
    /// [`SealError::MasterKey`].
    pub fn from_text(text: &str) -> Result<Self, SealError> {
        let text = text.trim();
        let bytes = encode::from_hex(text)
            .or_else(|| encode::from_standard(text))
            .or_else(|| encode::from_url(text));
        let bytes = Zeroizing::new(bytes.ok_or(SealError::MasterKey)?);
        let exact: &[u8; KEY_BYTES] =
            bytes.as_slice().try_into().map_err(|_| SealError::MasterKey)?;
        Self::from_bytes(exact)
    }

    /// Takes the key itself.
    ///
    /// # Errors
    /// [`SealError::MasterKey`] when the library refuses it.
    pub fn from_bytes(bytes: &[u8; KEY_BYTES]) -> Result<Self, SealError> {
        let unbound = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::MasterKey)?;
        let named = Zeroizing::new([b"causeway master key ".as_slice(), bytes].concat());
        let hash = digest(&SHA256, &named);
        let id = hash.as_ref().first_chunk().ok_or(SealError::MasterKey)?;
        let text = Secret::new(encode::to_hex(bytes));
        Ok(Self { id: *id, key: LessSafeKey::new(unbound), text })
    }

    /// 64 hex digits, for writing the key to its file.
    #[must_use]
    pub const fn to_text(&self) -> &Secret<String> {
        &self.text
    }

    /// Name of the key in hex: tells keys apart and reveals nothing about them.
    #[must_use]
    pub fn id(&self) -> String {
        encode::to_hex(&self.id)
    }

    /// Seals a secret for the place that `aad` names, such as `app/00520446/sign_key`.
    ///
    /// # Errors
    /// [`SealError::TooLong`] past 1 MiB, [`SealError::Seal`] when the library fails.
    pub fn seal(&self, plaintext: &[u8], aad: &str) -> Result<Vec<u8>, SealError> {
        if plaintext.len() > SEALED_BYTES_MAX {
            return Err(SealError::TooLong);
        }
        let nonce: [u8; NONCE_BYTES] = encode::random().map_err(|_| SealError::Seal)?;
        let mut body = plaintext.to_vec();
        let aad = Aad::from(bound(self.id, aad));
        let unique = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(unique, aad, &mut body).map_err(|_| SealError::Seal)?;
        Ok([&[VERSION], self.id.as_slice(), &nonce, &body].concat())
    }

    /// Opens what [`Self::seal`] made for the same place.
    ///
    /// # Errors
    /// [`SealError::Format`], [`SealError::OtherKey`] or [`SealError::Open`].
    pub fn open(&self, sealed: &[u8], aad: &str) -> Result<Secret<Vec<u8>>, SealError> {
        let (id, nonce, body) = take_apart(sealed)?;
        if *id != self.id {
            return Err(SealError::OtherKey);
        }
        let mut buffer = Zeroizing::new(body.to_vec());
        let aad = Aad::from(bound(self.id, aad));
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let plaintext =
            self.key.open_in_place(nonce, aad, &mut buffer).map_err(|_| SealError::Open)?;
        Ok(Secret::new(plaintext.to_vec()))
    }
}

/// The current master key and the former ones, so that the key itself can be rotated:
/// seal with the current one, open with whichever it was.
pub struct MasterKeys {
    current: MasterKey,
    former: Vec<MasterKey>,
}

impl MasterKeys {
    /// Keys in use: the first seals, all open.
    #[must_use]
    pub const fn new(current: MasterKey, former: Vec<MasterKey>) -> Self {
        Self { current, former }
    }

    /// The key that seals.
    #[must_use]
    pub const fn current(&self) -> &MasterKey {
        &self.current
    }

    /// Seals under the current key, see [`MasterKey::seal`].
    ///
    /// # Errors
    /// As [`MasterKey::seal`].
    pub fn seal(&self, plaintext: &[u8], aad: &str) -> Result<Vec<u8>, SealError> {
        self.current.seal(plaintext, aad)
    }

    /// Opens with the key that sealed, see [`MasterKey::open`].
    ///
    /// # Errors
    /// As [`MasterKey::open`].
    pub fn open(&self, sealed: &[u8], aad: &str) -> Result<Secret<Vec<u8>>, SealError> {
        let (id, ..) = take_apart(sealed)?;
        let mut keys = std::iter::once(&self.current).chain(&self.former);
        keys.find(|key| key.id == *id).ok_or(SealError::OtherKey)?.open(sealed, aad)
    }

    /// Whether a secret should be sealed anew because its key is not the current one.
    ///
    /// # Errors
    /// [`SealError::Format`].
    pub fn is_stale(&self, sealed: &[u8]) -> Result<bool, SealError> {
        take_apart(sealed).map(|(id, ..)| *id != self.current.id)
    }
}

type Taken<'a> = (&'a [u8; KEY_ID_BYTES], &'a [u8; NONCE_BYTES], &'a [u8]);

fn take_apart(sealed: &[u8]) -> Result<Taken<'_>, SealError> {
    const LENGTH_MAX: usize = HEAD_BYTES + SEALED_BYTES_MAX + TAG_BYTES;
    let taken = sealed.split_first().and_then(|(version, rest)| {
        let (id, rest) = rest.split_first_chunk()?;
        let (nonce, body) = rest.split_first_chunk()?;
        (*version == VERSION).then_some((id, nonce, body))
    });
    match taken {
        Some(taken) if sealed.len() <= LENGTH_MAX => Ok(taken),
        Some(_) | None => Err(SealError::Format),
    }
}

/// What is authenticated beside the secret.
fn bound(id: [u8; KEY_ID_BYTES], aad: &str) -> Vec<u8> {
    [&[VERSION], id.as_slice(), aad.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> MasterKey {
        MasterKey::generate().unwrap()
    }

    #[test]
    fn opens_only_in_its_place_and_unchanged() {
        let key = key();
        let sealed = key.seal(b"secret", "app/1/key").unwrap();
        assert_eq!(key.open(&sealed, "app/1/key").ok().unwrap().expose(), b"secret");
        assert_eq!(key.open(&sealed, "app/2/key").err(), Some(SealError::Open));
        for index in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[index] ^= 1;
            assert!(key.open(&changed, "app/1/key").is_err(), "byte {index}");
        }
        for length in 0..sealed.len() {
            assert!(key.open(&sealed[..length], "app/1/key").is_err(), "cut to {length}");
        }
    }

    #[test]
    fn same_secret_never_looks_the_same() {
        let key = key();
        assert_ne!(key.seal(b"x", "a").unwrap(), key.seal(b"x", "a").unwrap());
    }

    #[test]
    fn former_keys_open_and_are_stale() {
        let old = key();
        let old_text = old.to_text().expose().clone();
        let sealed = old.seal(b"secret", "a").unwrap();
        let keys = MasterKeys::new(key(), vec![MasterKey::from_text(&old_text).unwrap()]);
        assert_eq!(keys.open(&sealed, "a").ok().unwrap().expose(), b"secret");
        assert!(keys.is_stale(&sealed).unwrap());
        let fresh = keys.seal(b"secret", "a").unwrap();
        assert!(!keys.is_stale(&fresh).unwrap());
        assert_eq!(old.open(&fresh, "a").err(), Some(SealError::OtherKey));
    }

    #[test]
    fn master_key_texts() {
        let bytes = [0xa5_u8; 32];
        let from_bytes = MasterKey::from_bytes(&bytes).unwrap();
        let hex = format!(" {}\n", encode::to_hex(&bytes));
        for text in [hex, encode::to_standard(&bytes), encode::to_url(&bytes)] {
            assert_eq!(MasterKey::from_text(&text).ok().unwrap().id(), from_bytes.id());
        }
        for wrong in ["", "abcd", &"a".repeat(63), &"a".repeat(66)] {
            assert_eq!(MasterKey::from_text(wrong).err(), Some(SealError::MasterKey));
        }
    }
}
