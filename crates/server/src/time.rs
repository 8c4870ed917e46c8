//! The one place that reads the machine's clock; everybody else is given the time.

use jiff::Timestamp;

/// Real time now.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the server's clock, which all others get")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}
