//! The bounds of a run. Times are virtual.

/// Nodes over one store at most.
pub const NODES_COUNT_MAX: u64 = 3;
/// How far the clock of a node or of a partner may be off, either way, in milliseconds; two of
/// them together stay below what the platform allows for.
pub const SKEW_MS_MAX: u64 = 2_000;
/// How long a client waits for an answer.
pub const CLIENT_LIMIT_MS: u64 = 65_000;
/// Within this time a node that lives answers every call, refusals included (invariant 9).
pub const ANSWER_MS_MAX: u64 = 180_000;
/// How often a client asks again before it gives up.
pub const CLIENT_TRIES_MAX: u32 = 12;
/// How often a partner tells a result until it is taken.
pub const TELL_TRIES_MAX: u32 = 10;
/// How long a run goes on after the last fault until everything has to be settled.
pub const SETTLE_S_MAX: u64 = 6 * 3_600;
/// Between two looks whether everything is settled.
pub const SETTLE_LOOK_S: u64 = 60;
/// Questions about one transaction that a partner gets at most (invariant 9).
pub const QUESTIONS_COUNT_MAX: u32 = 400;
/// Violations that a report names.
pub const NAMED_COUNT_MAX: usize = 12;
/// Orders of one seed at most; what the model store answers at once is the bound.
pub const ORDERS_COUNT_MAX: u64 = 2_000;
