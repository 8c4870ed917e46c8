//! Signatures of the terminal dialect: MD5 over body and key (security 6).
//!
//! Goal: the weak hash that the protocol and every existing client demand, in this one
//! module, reachable from nowhere else. It proves a terminal's request, nothing more; key
//! and signing text are never logged.

use zeroize::Zeroizing;

use crate::cert::{CertError, Identity};
use crate::encode;
use crate::limits::{BODY_BYTES_MAX, TERMINAL_BODY_BYTES_MAX};
use crate::secret::equal_in_constant_time;

/// `sign` of a request: lower-case hex of MD5 over the body's bytes followed by the key
/// (`upay.md` 2.1).
#[must_use]
pub fn sign(body: &[u8], key: &str) -> String {
    encode::to_hex(&hash(&[body, key.as_bytes()]))
}

/// Whether `sign` is that of the body under the key. Either case of hex is accepted; the
/// bytes are compared in constant time (`upay.md` 2.2).
#[must_use]
pub fn verify(body: &[u8], key: &str, sign: &str) -> bool {
    body.len() <= TERMINAL_BODY_BYTES_MAX && matches(&hash(&[body, key.as_bytes()]), sign)
}

/// `sign` of a query: upper-case hex of MD5 over `text` followed by `&key=` and the key,
/// where `text` holds the sorted parameters joined as `upay.md` 7.2 says.
#[must_use]
pub fn sign_query(text: &str, key: &str) -> String {
    encode::to_hex(&query_hash(text, key)).to_ascii_uppercase()
}

/// Whether `sign` is that of the query text under the key, in either case of hex.
#[must_use]
pub fn verify_query(text: &str, key: &str, sign: &str) -> bool {
    text.len() <= BODY_BYTES_MAX && matches(&query_hash(text, key), sign)
}

/// The signature of a callback: standard Base64 of SHA256withRSA over the raw body
/// (`upay.md` 8.3).
///
/// # Errors
/// [`CertError`] when the key cannot sign.
pub fn sign_callback(body: &[u8], identity: &Identity) -> Result<String, CertError> {
    Ok(encode::to_standard(&identity.key().sign_sha256(body)?))
}

fn query_hash(text: &str, key: &str) -> [u8; rsa_raw::MD5_BYTES] {
    hash(&[text.as_bytes(), b"&key=", key.as_bytes()])
}

fn matches(expected: &[u8], sign: &str) -> bool {
    encode::from_hex(sign).is_some_and(|given| equal_in_constant_time(expected, &given))
}

fn hash(parts: &[&[u8]]) -> [u8; rsa_raw::MD5_BYTES] {
    rsa_raw::md5(&Zeroizing::new(parts.concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "client_sn=abc&terminal_sn=123&total_amount=1";

    #[test]
    fn published_query_vectors() {
        let sign = sign_query(QUERY, "19b820737ace6937a7808c");
        assert_eq!(sign, "FEF7DA867F4F1F2AF2AE847D3CDFBADC");
        let text = "client_sn=test&operator=TEST&return_url=test&subject=TEST\
                    &terminal_sn=test&total_amount=3";
        assert_eq!(sign_query(text, "test"), "D5AFC533FFD5EE8DA62A96661D636FF7");
    }

    #[test]
    fn rfc_1321_values() {
        assert_eq!(sign(b"", ""), "d41d8cd98f00b204e9800998ecf8427e");
        assert_eq!(sign(b"message ", "digest"), "f96b697d7cb7938d525a2f31aaf161d0");
    }

    #[test]
    fn either_case_is_accepted_and_nothing_else() {
        let sign = sign(b"{}", "key");
        assert!(verify(b"{}", "key", &sign));
        assert!(verify(b"{}", "key", &sign.to_uppercase()));
        assert!(!verify(b"{ }", "key", &sign));
        assert!(!verify(b"{}", "kez", &sign));
        assert!(!verify(b"{}", "key", &sign[1..]));
        assert!(!verify(b"{}", "key", ""));
        assert!(!verify(b"{}", "key", &format!("{sign}00")));
    }
}
