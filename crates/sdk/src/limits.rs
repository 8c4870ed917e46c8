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

/// Time for one call of a terminal in seconds: the server holds a payment up to 35 s while the
/// payer types (`upay.md` 9.5).
pub const TILL_CALL_SECONDS: u64 = 45;

/// Time for handing in a log, in seconds.
pub const TILL_LOG_SECONDS: u64 = 60;

/// Seconds between two queries after a barcode payment: 3 to 5 are advised.
pub const PAY_POLL_EVERY_SECONDS: u64 = 4;

/// Seconds of such queries before the payment is cancelled: 40 to 50 are advised.
pub const PAY_POLL_SECONDS: i64 = 50;

/// Seconds between two queries while the payer scans, at first.
pub const SHOWN_POLL_OFTEN_SECONDS: u64 = 2;

/// Until when they are asked so often.
pub const SHOWN_POLL_FIRST_SECONDS: i64 = 30;

/// Seconds between two queries after that.
pub const SHOWN_POLL_EVERY_SECONDS: u64 = 5;

/// Life of an order that is shown, in seconds (D6).
pub const SHOWN_POLL_SECONDS: i64 = 240;

/// Tries of a refund or cancellation whose answers are lost.
pub const TILL_TRIES_MAX: u32 = 3;

/// Seconds between two tries.
pub const TILL_TRY_SECONDS: u64 = 2;

/// Largest file of a till that is read, in bytes.
pub const TERMINAL_FILE_BYTES_MAX: u64 = 64 * 1024;

/// Longest `client_sn` in bytes (`upay.md` 5.1).
pub const CLIENT_SN_BYTES_MAX: usize = 32;

/// Open sales that are listed; a till settles each when it is booked.
pub const INTENTS_MAX: usize = 10_000;
