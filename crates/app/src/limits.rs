//! The bounds of this crate.

use std::time::Duration;

use jiff::SignedDuration;

/// How often a decision is made again when the order changed meanwhile.
pub const STALE_RETRIES_COUNT_MAX: u32 = 16;
/// How long a duplicate of a request in flight waits for it, real time (ucsp.md section 8.5).
pub const DUPLICATE_WAIT_S_MAX: u64 = 5;
/// Default of `payTimeout` (ucsp.md section 4).
pub const PAY_TIMEOUT_DEFAULT: SignedDuration = SignedDuration::from_mins(15);
/// The longest `payTimeout` (ucsp.md section 4).
pub const PAY_TIMEOUT_MAX: SignedDuration = SignedDuration::from_hours(24);
/// How long the downstream system may still take an attempt on; after it "not found" is proof.
pub const ATTEMPT_VALID: SignedDuration = SignedDuration::from_secs(90);
/// How long a one-time login link lives.
pub const LOGIN_LINK_LIFE: SignedDuration = SignedDuration::from_mins(5);
/// How long an OAuth state lives.
pub const OAUTH_STATE_LIFE: SignedDuration = SignedDuration::from_mins(10);
/// How long the UUID of a message is remembered, real time (security.md section 1, check 9).
pub const REPLAY_WINDOW: SignedDuration = SignedDuration::from_mins(10);
/// Tasks claimed at once.
pub const CLAIM_COUNT_MAX: usize = 64;
/// How long a lease on a task lasts, real time.
pub const TASK_LEASE: SignedDuration = SignedDuration::from_secs(90);
/// How often another number is tried when one is taken.
pub const NUMBER_TRIES_COUNT_MAX: u32 = 4;
/// How long after an intent the resolver asks by itself, business time; longer than the call.
pub const RESOLVER_GRACE: SignedDuration = SignedDuration::from_secs(15);
/// How long the sandbox outcome 09 waits for the notice, real time.
pub const NOTICE_FIRST_WAIT_S_MAX: u64 = 5;
/// Documents or journal lines read at once when everything is walked through.
pub const PAGE_COUNT_MAX: usize = 500;
/// How long one step of a moved clock waits for the work that fell due, real time.
pub const CLOCK_STEP_WAIT_S_MAX: u64 = 10;
/// How long one move of the clock waits for such work in all, real time: a partner that never
/// answers must not keep its caller for longer than a request may take.
pub const CLOCK_MOVE_WAIT_S_MAX: u64 = 30;
/// How long a terminal that was looked up is not looked up again, real time.
pub const TERMINAL_CACHE_LIFE: SignedDuration = SignedDuration::from_secs(1);
/// Terminals that are remembered at once.
pub const TERMINALS_CACHED_COUNT_MAX: usize = 20_000;
/// How long an activation code lives (upay.md section 4.1).
pub const ACTIVATION_CODE_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a terminal's call to its wallet may go on until the resolver asks by itself.
pub const SALE_GRACE: SignedDuration = SignedDuration::from_secs(15);
/// How often a held call looks whether another node recorded its end, real time.
pub const HOLD_POLL: Duration = Duration::from_secs(1);
/// How long what a store took on a day is kept.
pub const TAKINGS_LIFE: SignedDuration = SignedDuration::from_hours(3 * 24);
/// The second from which numbers are counted: 1 January 2026, GMT.
pub const NUMBERS_EPOCH_S: i64 = 1_767_225_600;
/// Numbers a second that time allows: thirteen digits last for 20 years. When more are given out
/// they run ahead of it.
pub const NUMBERS_PER_SECOND: u64 = 15_800;
/// Numbers that a node takes from the store at once.
pub const NUMBERS_BLOCK: u64 = 4_096;
/// A block that is so far behind time, a minute, is left.
pub const NUMBERS_LATE: u64 = 60 * NUMBERS_PER_SECOND;
/// Messages that the sandbox remembers for timelines.
pub const MESSAGES_KEPT_COUNT_MAX: usize = 10_000;
