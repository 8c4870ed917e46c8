//! The bounds of this crate.

/// Connections of one run.
pub const CONNECTIONS_COUNT_MAX: usize = 4096;
/// Requests that are signed ahead for one run; each takes about 1.5 KiB.
pub const REQUESTS_COUNT_MAX: usize = 1_000_000;
/// Largest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Longest time of one run, so that time stamps signed ahead stay valid (300 s, security 1).
pub const RUN_S_MAX: u64 = 120;
/// Orders that are placed before inquiries are measured.
pub const ORDERS_ASKED_COUNT: usize = 2_000;
/// One answer of so many is kept and verified after the window.
pub const ANSWERS_PER_SAMPLE: usize = 64;
/// Pause of a probe between two requests, in milliseconds.
pub const PROBE_PAUSE_MS: u64 = 5;
