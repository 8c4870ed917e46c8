//! The sandbox outcomes that the platform itself acts on (ucsp.md sections 7 and 8.1). All others
//! are the simulated downstream system's matter.

/// The partner gets each notice twice.
pub const DUPLICATE_NOTICES: u8 = 8;
/// The notice reaches the partner before the synchronous answer.
pub const NOTICE_FIRST: u8 = 9;

/// What `X-Sandbox-Scenario` may carry: the rows of the table of section 7.
pub const KNOWN: &str = "00 to 49, 51, 54, 61, 91, 96, 98, 99";

/// Whether a number is a row of the table.
#[must_use]
pub const fn is_known(number: u8) -> bool {
    matches!(number, 0..=49 | 51 | 54 | 61 | 91 | 96 | 98 | 99)
}
