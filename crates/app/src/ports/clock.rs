//! Two times: business time, which the sandbox can move, and real time, which nothing moves.

use jiff::Timestamp;

/// The clock of the platform (interface.md, "What the clock moves").
pub trait Clock: Send + Sync + 'static {
    /// Business time: message time stamps, deadlines, repeats, inquiries, trade days.
    fn now(&self) -> Timestamp;

    /// Real time: freshness of authentication, replay windows, certificate validity.
    fn real_now(&self) -> Timestamp;
}
