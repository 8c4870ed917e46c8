//! The bounds of this crate.

use std::time::Duration;

/// Largest body of a request in bytes (security 1, check 1).
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// Largest log that a terminal sends, in bytes (upay.md section 4.4); it is not unpacked.
pub const LOG_BYTES_MAX: usize = jose::limits::TERMINAL_BODY_BYTES_MAX;
/// Logs that are taken at once, so that they fill 40 MiB of memory at most; more are told to
/// come again.
pub const LOGS_COUNT_MAX: usize = 4;
/// Calls of pay that may be open at once: they are held while payers type, and must not take the
/// room of calls that are answered at once. More are told that the platform is busy.
pub const PAYS_COUNT_MAX: usize = 2048;
/// Longest `sn` of an Authorization header in bytes.
pub const SN_BYTES_MAX: usize = 64;
/// Longest text that is drawn as a QR code, in bytes.
pub const QR_TEXT_BYTES_MAX: usize = 1024;
/// Pixels for each module of a QR code's picture.
pub const QR_MODULE_PIXELS: usize = 8;
/// Modules of the quiet zone around a QR code (ISO/IEC 18004: 4).
pub const QR_QUIET_MODULES: usize = 4;
/// Seconds that a browser keeps a QR code's picture.
pub const QR_KEPT_S: u32 = 300;
/// Largest body of a form of the cashier in bytes.
pub const FORM_BYTES_MAX: usize = 8 * 1024;
/// Longest time to read the body of a request, real time.
pub const BODY_READ_TIME_MAX: Duration = Duration::from_secs(15);
/// Longest time to read the head of a request, real time; also how long a connection may idle.
pub const HEADER_READ_TIME_MAX: Duration = Duration::from_secs(30);
/// Largest head of a request in bytes: the longest UPI-JWS header fits several times.
pub const HEADER_BYTES_MAX: usize = 64 * 1024;
/// Longest time to answer a request, real time: a downstream leg of 10 s and a wait of 5 s for a
/// request in flight fit.
pub const REQUEST_TIME_MAX: Duration = Duration::from_secs(40);
/// Connections served at once; more wait in the listener's queue.
pub const CONNECTIONS_COUNT_MAX: usize = 4096;
/// Requests worked on at once; more are refused with 503.
pub const REQUESTS_COUNT_MAX: usize = 2048;
/// How long a stopping server waits for requests that were accepted: longer than any may take, so
/// that none is cut off.
pub const DRAIN_TIME_MAX: Duration = Duration::from_secs(45);

/// Requests of one kind that may hold or wait for a signing thread at once. At 0.35 ms a
/// signature on two threads the last of them waits about 0.1 s.
pub const CRYPTO_JOBS_PER_LANE_COUNT_MAX: usize = 512;
/// Signing threads.
pub const CRYPTO_THREADS_COUNT_MAX: usize = 64;

/// Refused requests that wait to be diagnosed; more are refused all the same, without a record.
pub const DIAGNOSES_WAITING_COUNT_MAX: usize = 64;
/// Records of refused requests that may be made at once.
pub const DIAGNOSES_BURST_COUNT_MAX: i64 = 1000;
/// Records of refused requests that may be made in every second after that.
pub const DIAGNOSES_PER_SECOND_MAX: i64 = 1;
/// How long the record of a refused request is kept, business time.
pub const DIAGNOSIS_KEPT_HOURS: i64 = 30 * 24;
/// Longest texts in the record of a refused request, in characters.
pub const DIAGNOSIS_TEXT_CHARS_MAX: usize = 512;

/// How far `timeStamp` may be from business time where the signature is in the body
/// (ucsp.md section 8.8), in seconds.
pub const IN_BODY_SKEW_SECONDS_MAX: i64 = 300;

/// How long the cashier waits for the channel's cards, real time.
pub const CARD_LIST_TIME_MAX: Duration = Duration::from_secs(8);
/// How long a form of the cashier may be sent after its page was made, business time.
pub const FORM_LIFE_HOURS: i64 = 24;
/// Lines of `goodsList` that the cashier shows.
pub const GOODS_SHOWN_COUNT_MAX: usize = 5;
/// Seconds between two looks of a waiting page without script.
pub const WAIT_REFRESH_S: u32 = 3;
/// Seconds after which a browser is led back to the merchant when a payment succeeded.
pub const RETURN_AFTER_S: u32 = 6;
/// Seconds that a browser keeps the cookie of a login under way: the life of the state.
pub const AUTHORIZATION_COOKIE_S: u32 = 600;

/// What a caller that was shed is asked to wait, in seconds.
pub const RETRY_AFTER_S: u32 = 1;
/// The longest body of the admin interface.
pub const ADMIN_BODY_BYTES_MAX: usize = 16 * 1024;
/// Logs of one terminal that are listed at once.
pub const ADMIN_LOGS_COUNT_MAX: usize = 1_000;
/// Undelivered notices listed for an operator.
pub const ADMIN_NOTICES_COUNT_MAX: usize = 1_000;
/// How often a change of the directory is tried while somebody else changes it.
pub const ADMIN_TRIES_COUNT_MAX: u32 = 8;
/// How long a stopping server waits for the first request of a connection that it accepted.
pub const FIRST_REQUEST_TIME_MAX: Duration = Duration::from_millis(500);
/// How long a stopping server waits for one more request of a connection that idles: as long as a
/// client far away, which asks again at once, takes to do so.
pub const LAST_REQUEST_TIME_MAX: Duration = Duration::from_millis(250);
