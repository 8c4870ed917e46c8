//! Raw RSA operations that aws-lc-rs does not offer: the only unsafe code of the project.
//!
//! Goal: what the protocol needs and the safe library refuses to hand out.
//! The private transform without any padding (security 3: the unpadding of `RSA1_5` has to
//! be our own, in constant time), and the PKCS#1 v1.5 type 1 signature over 32 bare bytes
//! without a `DigestInfo` (security 4). MD5 for the terminal dialect lives here for the same
//! reason.
//!
//! Invariants: every pointer handed to the library comes from a slice whose length goes
//! with it; a key owns its `RSA` object from birth to drop; the error queue of the
//! library is emptied after each failure, so nothing leaks into a later call.
//!
//! Must not know: JSON, messages, certificates, or what a good padding looks like.

mod digest;
mod key;

pub use digest::{MD5_BYTES, md5};
pub use key::{PrivateKey, PublicKey};

/// Largest modulus in bytes (RSA 8192), RFC 8017 leaves it open; aws-lc refuses more.
pub const MODULUS_BYTES_MAX: usize = 1024;

/// Smallest modulus in bytes: RSA 2048 (security 5).
pub const MODULUS_BYTES_MIN: usize = 256;

/// Length in bytes of what the bare signature covers: one SHA-256 value.
pub const BARE_DIGEST_BYTES: usize = 32;

/// Why an operation of this crate failed. Carries no detail on purpose: the reasons
/// inside the library can tell an attacker about secret data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RsaError {
    /// The DER of a key is not an RSA key of 2048 to 8192 bits that is consistent.
    #[error("the RSA key was refused")]
    Key,
    /// Input or output is not as long as the modulus.
    #[error("the length differs from the length of the modulus")]
    Length,
    /// The private or public transform failed.
    #[error("the RSA operation failed")]
    Transform,
}

#[cfg(test)]
mod tests;
