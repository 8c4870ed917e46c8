//! Authentication of bytes under a secret that two parties share: HMAC-SHA256 (RFC 2104).
//!
//! Goal: calls between the platform and a wallet provider of its own kind are believed only when
//! they come from whoever has the secret. Context and body are hashed one after the other; it is
//! for the caller to choose contexts of which none begins another.

use aws_lc_rs::hmac;

use crate::encode;
use crate::secret::Secret;

/// Shortest secret in bytes: half the length of the hash (RFC 2104 section 3 advises the whole).
const SECRET_BYTES_MIN: usize = 16;

/// The secret, ready for use. Cheap to clone.
#[derive(Clone)]
pub struct MacKey(hmac::Key);

/// The secret is too short to be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shared secret is shorter than 16 bytes")]
pub struct ShortSecret;

impl MacKey {
    /// Takes the secret's bytes as they are.
    ///
    /// # Errors
    /// [`ShortSecret`] when it has fewer than 16 bytes.
    pub fn new(secret: &Secret<String>) -> Result<Self, ShortSecret> {
        let bytes = secret.expose().as_bytes();
        if bytes.len() < SECRET_BYTES_MIN {
            return Err(ShortSecret);
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// What authenticates the body in this context: 64 lower-case hex digits.
    #[must_use]
    pub fn tag(&self, context: &str, body: &[u8]) -> String {
        let mut hash = hmac::Context::with_key(&self.0);
        hash.update(context.as_bytes());
        hash.update(body);
        encode::to_hex(hash.sign().as_ref())
    }

    /// Whether `tag` is that of the body in this context, compared in constant time.
    #[must_use]
    pub fn holds(&self, context: &str, body: &[u8], tag: &str) -> bool {
        let mut hash = hmac::Context::with_key(&self.0);
        hash.update(context.as_bytes());
        hash.update(body);
        encode::from_hex(tag).is_some_and(|given| {
            crate::secret::equal_in_constant_time(hash.sign().as_ref(), &given)
        })
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MacKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(secret: &str) -> MacKey {
        MacKey::new(&Secret::new(secret.to_owned())).unwrap()
    }

    #[test]
    fn the_tag_is_that_of_the_standard() {
        let secret = String::from_utf8(vec![b'k'; 20]).unwrap();
        let whole = key(&secret).tag("", b"Hi There");
        let parts = key(&secret).tag("Hi ", b"There");
        assert_eq!(whole, parts);
        // openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkk
        assert_eq!(whole, EXPECTED);
    }

    const EXPECTED: &str = "1046c806047333131e249b79d69617c830380a6d59894be7084fb77303553db1";

    #[test]
    fn only_the_same_bytes_context_and_secret_hold() {
        let key = key("a secret of two parties");
        let tag = key.tag("request\n", b"body");
        assert!(key.holds("request\n", b"body", &tag));
        assert!(!key.holds("request\n", b"bodY", &tag));
        assert!(!key.holds("answer\n", b"body", &tag));
        assert!(!key.holds("request\n", b"body", &tag[..62]));
        assert!(!key.holds("request\n", b"body", "no hex"));
        let other = MacKey::new(&Secret::new("a secret of two others".to_owned())).unwrap();
        assert!(!other.holds("request\n", b"body", &tag));
        assert!(MacKey::new(&Secret::new("short".to_owned())).is_err());
        assert_eq!(format!("{key:?}"), "MacKey");
    }
}
