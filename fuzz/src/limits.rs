//! The bounds of this crate.

/// Longest input of a target, bytes; libFuzzer gets it as `-max_len`.
pub const INPUT_BYTES_MAX: usize = 8 * 1024;

/// Mutations of the kept inputs that one replay makes of a target.
pub(crate) const REPLAY_MUTATIONS: u64 = 2_000;

/// The same where each needs a database.
pub(crate) const REPLAY_MUTATIONS_SLOW: u64 = 300;

/// Changes that one mutation of a genuine text takes at most.
pub(crate) const CHANGES_COUNT_MAX: usize = 4;

/// Longest run of bytes that one change moves, inserts or takes away.
pub(crate) const CHANGE_BYTES_MAX: usize = 24;

/// Commands in the life of an order at most.
pub(crate) const COMMANDS_COUNT_MAX: usize = 64;

/// Write sets of one input at most.
pub(crate) const WRITE_SETS_COUNT_MAX: usize = 24;
