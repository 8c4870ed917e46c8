//! The two content encryptions (RFC 7518 sections 5.2.3 and 5.3).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{
    AES_128, DecryptionContext, EncryptionContext, PaddedBlockDecryptingKey,
    PaddedBlockEncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key};
use aws_lc_rs::iv::FixedLength;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize as _, Zeroizing};

use super::{KEY_BYTES, Parts};
use crate::encode;

const HALF_BYTES: usize = 16;
const BLOCK_BYTES: usize = 16;
const CBC_TAG_BYTES: usize = 16;
const GCM_TAG_BYTES: usize = 16;
const GCM_NONCE_BYTES: usize = 12;

/// What a content encryption yields.
pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

/// The two halves of an A128CBC-HS256 key: the first authenticates, the second encrypts.
fn halves(key: &[u8; KEY_BYTES]) -> Option<(&[u8; HALF_BYTES], &[u8; HALF_BYTES])> {
    let (first, second) = key.split_first_chunk::<HALF_BYTES>()?;
    Some((first, second.first_chunk::<HALF_BYTES>()?))
}

/// HMAC-SHA-256 over header, IV, ciphertext and the header's length in bits, cut to 16 bytes.
fn cbc_tag(
    key: &[u8; HALF_BYTES],
    header: &str,
    iv: &[u8],
    ciphertext: &[u8],
) -> Option<[u8; CBC_TAG_BYTES]> {
    let bits = u64::try_from(header.len()).ok()?.checked_mul(8)?;
    let mut context = Context::with_key(&Key::new(HMAC_SHA256, key));
    context.update(header.as_bytes());
    context.update(iv);
    context.update(ciphertext);
    context.update(&bits.to_be_bytes());
    context.sign().as_ref().first_chunk().copied()
}

pub(super) fn cbc_seal(key: &[u8; KEY_BYTES], header: &str, plaintext: &[u8]) -> Option<Sealed> {
    let (mac_key, encryption_key) = halves(key)?;
    let iv: [u8; BLOCK_BYTES] = encode::random().ok()?;
    let mut ciphertext = plaintext.to_vec();
    let unbound = UnboundCipherKey::new(&AES_128, encryption_key).ok()?;
    PaddedBlockEncryptingKey::cbc_pkcs7(unbound)
        .ok()?
        .less_safe_encrypt(&mut ciphertext, EncryptionContext::Iv128(FixedLength::from(&iv)))
        .ok()?;
    let tag = cbc_tag(mac_key, header, &iv, &ciphertext)?;
    Some(Sealed { iv: iv.to_vec(), ciphertext, tag: tag.to_vec() })
}

/// Authenticates first, always; decrypts and unpads only what is authentic, so the padding
/// of the blocks cannot be probed.
pub(super) fn cbc_open(key: &[u8; KEY_BYTES], parts: &Parts<'_>) -> Option<Vec<u8>> {
    let (mac_key, encryption_key) = halves(key)?;
    let tag = cbc_tag(mac_key, parts.encoded_header, &parts.iv, &parts.ciphertext)?;
    let authentic: bool = tag.as_slice().ct_eq(&parts.tag).into();
    let iv: [u8; BLOCK_BYTES] = parts.iv.as_slice().try_into().ok()?;
    if !authentic {
        return None;
    }
    let unbound = UnboundCipherKey::new(&AES_128, encryption_key).ok()?;
    let mut buffer = Zeroizing::new(parts.ciphertext.clone());
    PaddedBlockDecryptingKey::cbc_pkcs7(unbound)
        .ok()?
        .decrypt(&mut buffer, DecryptionContext::Iv128(FixedLength::from(&iv)))
        .ok()
        .map(|plaintext| plaintext.to_vec())
}

fn gcm_key(key: &[u8; KEY_BYTES]) -> Option<LessSafeKey> {
    UnboundKey::new(&AES_256_GCM, key).ok().map(LessSafeKey::new)
}

pub(super) fn gcm_seal(key: &[u8; KEY_BYTES], header: &str, plaintext: &[u8]) -> Option<Sealed> {
    let nonce: [u8; GCM_NONCE_BYTES] = encode::random().ok()?;
    let mut ciphertext = plaintext.to_vec();
    let tag = gcm_key(key)?
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(header.as_bytes()),
            &mut ciphertext,
        )
        .ok()?;
    Some(Sealed { iv: nonce.to_vec(), ciphertext, tag: tag.as_ref().to_vec() })
}

pub(super) fn gcm_open(key: &[u8; KEY_BYTES], parts: &Parts<'_>) -> Option<Vec<u8>> {
    let nonce = Nonce::try_assume_unique_for_key(&parts.iv).ok()?;
    if parts.tag.len() != GCM_TAG_BYTES {
        return None;
    }
    let mut buffer = parts.ciphertext.clone();
    buffer.extend_from_slice(&parts.tag);
    let aad = Aad::from(parts.encoded_header.as_bytes());
    let opened = gcm_key(key)?.open_in_place(nonce, aad, &mut buffer).map(|text| text.len());
    if let Ok(length) = opened {
        buffer.truncate(length);
        Some(buffer)
    } else {
        buffer.zeroize();
        None
    }
}
