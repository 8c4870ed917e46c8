//! The bounds of this crate. A value past its bound is refused, never cut.

/// Longest `UPI-JWS` header value in bytes: a protected header with the longest kid and
/// path and the signature of an 8192-bit key fit well below.
pub const JWS_HEADER_BYTES_MAX: usize = 8 * 1024;

/// Longest body in bytes that is signed or verified (security 1, check 1).
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// Longest body in bytes that a terminal signs: its log (`upay.md` 4.4).
pub const TERMINAL_BODY_BYTES_MAX: usize = 10 * 1024 * 1024;

/// Longest compact JWE in bytes: it travels inside a body.
pub const JWE_BYTES_MAX: usize = BODY_BYTES_MAX;

/// Longest plaintext in bytes that is encrypted: its base64url must fit a compact JWE.
pub const JWE_PLAINTEXT_BYTES_MAX: usize = 160 * 1024;

/// Longest protected header of a JWE in bytes, as base64url.
pub const JWE_HEADER_BYTES_MAX: usize = 2 * 1024;

/// Longest certificate in bytes, in whatever form it comes (DER, PEM, base64).
pub const CERTIFICATE_BYTES_MAX: usize = 16 * 1024;

/// Longest private key in bytes, PEM or DER: RSA 8192 needs about 6.4 KiB of PEM.
pub const PRIVATE_KEY_BYTES_MAX: usize = 16 * 1024;

/// Longest certificate id in characters (security 1: AN 1-128).
pub const CERT_ID_CHARS_MAX: usize = 128;

/// Longest application id in characters that is looked up. Real ids have 8 (security 1);
/// a longer one is simply unknown.
pub const APP_ID_CHARS_MAX: usize = 64;

/// Smallest RSA modulus in bits (security 5).
pub const RSA_BITS_MIN: usize = 2048;

/// Largest RSA modulus in bits: beyond it verification would cost too much.
pub const RSA_BITS_MAX: usize = 8192;

/// Accepted difference in seconds between `UPI-TIMESTAMP` and real time, either way
/// (security 1).
pub const TIMESTAMP_SKEW_SECONDS_MAX: i64 = 300;

/// How long in seconds a UUID is remembered for its application (security 1, check 9).
pub const REPLAY_WINDOW_SECONDS: i64 = 600;

/// UUIDs remembered at the same time, all applications together: 10 minutes of 6 600
/// messages a second, at most about 400 MB. When it is full, new messages are refused.
pub const REPLAY_ENTRIES_MAX: usize = 4_000_000;

/// Parts of the replay window that are locked separately.
pub const REPLAY_SHARDS: usize = 16;

/// Keys of one purpose that one party may have on record, revoked and ended ones included.
pub const KEYS_PER_SLOT_MAX: usize = 32;

/// Overlap of an old key after a rotation in days, unless set otherwise (security 5).
pub const KEY_OVERLAP_DAYS_DEFAULT: i64 = 7;

/// Address ranges of one application's IP rule.
pub const ADDRESS_RANGES_MAX: usize = 64;

/// Longest signature value in a body in characters (`ucsp.md` 4: ANS 1-2048).
pub const IN_BODY_SIGNATURE_CHARS_MAX: usize = 2048;

/// Longest plaintext in bytes that is sealed at rest.
pub const SEALED_BYTES_MAX: usize = 1024 * 1024;

/// Longest text in characters that a piece of evidence of the diagnoser may have.
pub const EVIDENCE_CHARS_MAX: usize = 512;

/// Days before a certificate's end at which its owner is warned (security 5); compare with
/// [`crate::cert::Certificate::days_left`].
pub const EXPIRY_WARNING_DAYS: [i64; 4] = [60, 30, 7, 1];
