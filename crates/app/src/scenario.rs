//! The sandbox outcomes that the platform itself acts on (ucsp.md sections 7 and 8.1). All others
//! are the simulated downstream system's matter.

/// The partner gets each notice twice.
pub const DUPLICATE_NOTICES: u8 = 8;
/// The notice reaches the partner before the synchronous answer.
pub const NOTICE_FIRST: u8 = 9;
