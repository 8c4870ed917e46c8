//! MD5, which the safe library leaves out and the terminal dialect demands (security 6).
//!
//! Goal: one call. Not for anything that must resist an attacker by the hash alone.

/// Length of an MD5 value in bytes.
pub const MD5_BYTES: usize = 16;

/// MD5 of a message (RFC 1321). Any length; the empty message too.
#[must_use]
#[expect(unsafe_code, reason = "the one-shot hash of the library")]
pub fn md5(message: &[u8]) -> [u8; MD5_BYTES] {
    let mut value = [0_u8; MD5_BYTES];
    // SAFETY: pointer and length are of one slice, which is only read; the library writes
    // exactly 16 bytes to `value`. It cannot fail and keeps no pointer.
    unsafe { aws_lc_sys::MD5(message.as_ptr(), message.len(), value.as_mut_ptr()) };
    value
}
