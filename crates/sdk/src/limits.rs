//! The bounds of this crate.

/// Time for one call in seconds, unless the configuration says otherwise.
pub const CALL_SECONDS_DEFAULT: u64 = 15;

/// Largest body in bytes that is read from the platform (security 1, check 1).
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// UUIDs of the platform's calls that are remembered for 10 minutes.
pub const CALLS_REMEMBERED_MAX: usize = 100_000;

/// Notices remembered by their key, so that a repeat changes nothing. Beyond it the oldest is
/// forgotten: a partner with more keeps them in its own database.
pub const NOTICES_REMEMBERED_MAX: usize = 100_000;

/// Age in seconds up to which a login is accepted, either way (security 4).
pub const LOGIN_SECONDS_MAX: i64 = 300;

/// Logins remembered for single use; each counts for 10 minutes.
pub const LOGINS_REMEMBERED_MAX: usize = 100_000;

/// Largest `request_data` in bytes: with percent-encoding it must fit a browser's address.
pub const LOGIN_BYTES_MAX: usize = 16 * 1024;
