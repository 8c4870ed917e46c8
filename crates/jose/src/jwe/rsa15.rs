//! RSA1_5 unpadding in constant time (security 3; RFC 3218; RFC 7516 section 11.5).
//!
//! Goal: the content key out of an encoded message, or "not good", without a branch, an
//! index or a length that depends on what the message holds. The length of the key is
//! fixed, so the separator has one legal place and there is nothing to search for.

use rsa_raw::PrivateKey;
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use super::KEY_BYTES;

/// Decrypts an encrypted key. The answer is the last 32 bytes of the encoded message,
/// meaningless unless the choice is true. A wrong length and a number past the modulus are
/// seen from the ciphertext alone; they go the same way with an all-zero message.
pub(super) fn unwrap(
    key: &PrivateKey,
    encrypted_key: &[u8],
) -> (Zeroizing<[u8; KEY_BYTES]>, Choice) {
    let encoded = key
        .decrypt_raw(encrypted_key)
        .unwrap_or_else(|_| Zeroizing::new(vec![0_u8; key.modulus_bytes()]));
    unpad(&encoded)
}

/// EME-PKCS1-v1_5 for a key of 32 bytes: `00 02`, non-zero bytes, `00`, the key.
pub(super) fn unpad(encoded: &[u8]) -> (Zeroizing<[u8; KEY_BYTES]>, Choice) {
    let mut candidate = Zeroizing::new([0_u8; KEY_BYTES]);
    let parts = encoded
        .split_last_chunk::<KEY_BYTES>()
        .and_then(|(before, key)| Some((before.split_last()?, key)))
        .and_then(|((separator, before), key)| {
            let ([zero, two], padding) = before.split_first_chunk::<2>()?;
            Some((*zero, *two, padding, *separator, key))
        });
    // The length of the message is that of the modulus: public.
    let Some((zero, two, padding, separator, key)) = parts else {
        return (candidate, Choice::from(0));
    };
    let mut good = zero.ct_eq(&0) & two.ct_eq(&2) & separator.ct_eq(&0);
    for byte in padding {
        good &= !byte.ct_eq(&0);
    }
    *candidate = *key;
    (candidate, good)
}
