//! The bounds of this crate.

/// Connections of one run.
pub const CONNECTIONS_COUNT_MAX: usize = 4096;
/// Requests that are signed ahead for one run; each takes about 1.5 KiB.
pub const REQUESTS_COUNT_MAX: usize = 1_000_000;
/// Requests a second that may be asked for.
pub const RATE_PER_S_MAX: u32 = 1_000_000;
/// Largest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 1024 * 1024;
/// Longest time of one run: its times are kept one by one.
pub const RUN_S_MAX: u64 = 600;
/// Longest time of a run with signatures made ahead, so that their time stamps stay valid (300 s,
/// security 1).
pub const SIGNED_RUN_S_MAX: u64 = 120;
/// Orders that are placed before inquiries are measured.
pub const ORDERS_ASKED_COUNT: usize = 2_000;
/// One answer of so many is kept and verified after the window.
pub const ANSWERS_PER_SAMPLE: usize = 64;
/// Pause of a probe between two requests, in milliseconds.
pub const PROBE_PAUSE_MS: u64 = 5;
/// Pause before a broken connection is opened again, in milliseconds.
pub const RECONNECT_PAUSE_MS: u64 = 50;
/// Terminals that are activated for payments, at most one a connection.
pub const TERMINALS_COUNT: usize = 8;
/// How long requests that fell due in the window may take after it, in seconds.
pub const DRAIN_S_MAX: u64 = 10;
/// Kinds of errors that are told apart; the rest is counted together.
pub const ERROR_KINDS_MAX: usize = 64;
