//! The bounds of this crate. Times are real time: they bound sockets, not business.

use std::time::Duration;

use jiff::SignedDuration;

/// How long a receiver may take to confirm a notice (ucsp.md section 1: within 60 s).
pub const NOTICE_LIMIT: Duration = Duration::from_mins(1);
/// How long a merchant may take to confirm a callback (upay.md section 8.1: 5 to 10 s).
pub const CALLBACK_LIMIT: Duration = Duration::from_secs(10);
/// How long a channel may take to answer.
pub const CHANNEL_LIMIT: Duration = Duration::from_secs(10);
/// How long a downstream system may take to answer.
pub const DOWNSTREAM_LIMIT: Duration = Duration::from_secs(10);
/// How often a notice is sent in one attempt: twice only for the sandbox outcome 08.
pub const NOTICE_COPIES_COUNT_MAX: u8 = 2;

/// Batches of orders that are being placed with one downstream system at the same time. While all
/// are under way, further orders gather for the next one.
pub const PLACE_BATCHES_COUNT_MAX: usize = 2;
/// Between the beginnings of two calls that place orders with one downstream system, real time:
/// what an order waits at most under load, so that the calls' signatures are shared by many.
pub const PLACE_PAUSE: Duration = Duration::from_millis(4);
/// Orders that wait to be placed with one downstream system; one more is refused.
pub const PLACE_WAITING_COUNT_MAX: usize = 8192;

/// How long a wallet may take to answer one operation.
pub const WALLET_LIMIT: Duration = Duration::from_secs(5);
/// Calls to one wallet that are under way at the same time. While all are, further operations
/// gather for the next one.
pub const WALLET_CALLS_COUNT_MAX: usize = 2;
/// Between the beginnings of two calls to one wallet, real time: what an operation waits at most
/// under load, so that many share the cost of a call.
pub const WALLET_PAUSE: Duration = Duration::from_millis(1);
/// Operations that wait for one wallet; one more is lost.
pub const WALLET_WAITING_COUNT_MAX: usize = 8192;

/// How far the clock of a downstream system may lag behind: only that long after an attempt's
/// last instant does "not found" prove that no money moved.
pub const DOWNSTREAM_CLOCK_LAG_MAX: SignedDuration = SignedDuration::from_secs(5);

/// Tasks that run at the same time for one receiver, one downstream system, or the orders.
pub const LANE_RUNNING_COUNT_MAX: usize = 32;
/// The same in a lane of which none ended within [`QUICK`]: many receivers that are silent at once
/// hold little together.
pub const UNPROVEN_RUNNING_COUNT_MAX: usize = 16;
/// What waits in such a lane.
pub const UNPROVEN_WAITING_COUNT_MAX: usize = 32;
/// What may be parked for such a lane at most: this part of what is free in all.
pub const UNPROVEN_PARKED_PART: usize = 64;
/// How soon a task must end for its lane to count as one that moves. Silence takes longer: the
/// shortest limit of a call that is tried again is 10 s.
pub const QUICK: Duration = Duration::from_secs(5);
/// Claimed tasks that wait behind those that run; more are parked.
pub const LANE_WAITING_COUNT_MAX: usize = 1024;
/// Parked tasks of a lane are given back when fewer than this wait in it.
pub const LANE_WAITING_LOW: usize = 16;
/// Parked tasks of a lane that are given back when one of its tasks ends: more than one, so that a
/// lane that moves gathers speed, and few, so that one that does not costs little.
pub const GIVEN_BACK_COUNT_MAX: usize = 2;
/// Tasks that run at the same time in all.
pub const RUNNING_COUNT_MAX: usize = 1024;
/// What one lane may run at most: this part of what is free in all.
pub const RUNNING_PART: usize = 16;
/// Claimed tasks that wait in all.
pub const WAITING_COUNT_MAX: usize = 4096;
/// What may wait in one lane at most: this part of what is free in all.
pub const WAITING_PART: usize = 4;
/// Claimed tasks that are parked in all, by name only: about 150 bytes each. One more is left to
/// its lease.
pub const PARKED_COUNT_MAX: usize = 131_072;
/// What may be parked for one lane at most: this part of what is free in all.
pub const PARKED_PART: usize = 4;
/// What must be left of a lease when a parked task is given back, so that no other node can have
/// claimed it meanwhile: clocks may differ by 5 s.
pub const PARKED_LEASE_LEFT_MIN: SignedDuration = SignedDuration::from_secs(10);
/// Nothing is claimed while so many wait in lanes that move: what is claimed sooner than it can be
/// begun would be parked.
pub const AHEAD_COUNT_MAX: usize = 512;
/// What one lane counts of it at most: the backlog of one receiver keeps nobody from the others.
pub const LANE_AHEAD_COUNT_MAX: usize = 64;
/// After so long something is claimed all the same, so that nobody stands behind the backlogs of
/// others for long.
pub const CLAIM_PAUSE: Duration = Duration::from_millis(25);
/// What must be left of a lease when a notice is begun: its limit, and time to record it.
pub const NOTICE_LEASE_LEFT_MIN: SignedDuration = SignedDuration::from_secs(70);
/// What must be left of a lease when other work is begun.
pub const WORK_LEASE_LEFT_MIN: SignedDuration = SignedDuration::from_secs(20);

/// How often the dispatcher looks for work that nobody told it of: lapsed leases, other nodes'.
pub const POLL: Duration = Duration::from_secs(5);
/// Every how many looks expired documents are forgotten and gauges are set.
pub const TIDY_POLLS: u32 = 12;
/// How long a stop waits for what is running; the rest is left to its leases.
pub const STOP_WAIT: Duration = Duration::from_secs(20);
/// Undelivered notices that are looked at for the gauges.
pub const UNDELIVERED_COUNT_MAX: usize = 100;

/// Cryptographic work of this crate that runs at the same time.
pub const CRYPTO_COUNT_MAX: usize = 8;
/// Cryptographic work that is in hand; what comes beyond it waits before it is made.
pub const CRYPTO_WAITING_COUNT_MAX: usize = 1024;
/// Longest text of an error that is kept with an attempt, in characters.
pub const ERROR_CHARS_MAX: usize = 200;
/// Longest answer of an OAuth server that is read, in bytes.
pub const OAUTH_ANSWER_BYTES_MAX: usize = 16 * 1024;
