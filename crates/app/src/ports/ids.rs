//! Numbers that the platform gives out.

use domain::ids::{NoticeId, OrderNumber, QueryId};
use jiff::Timestamp;

/// Makes numbers: unique, in rough order of time, not guessable where a number is a capability.
pub trait Ids: Send + Sync + 'static {
    /// `tn`: AN 21; opens the cashier page, so at least 50 bits of it are random.
    fn order_number(&self, now: Timestamp) -> OrderNumber;

    /// `queryId`: N 21. `count` is one that nobody else was given; what is made of two counts less
    /// than 1 000 000 000 apart differs, and so does what is made in two seconds.
    fn query_id(&self, now: Timestamp, count: u64) -> QueryId;

    /// `sn` of a terminal's order: N 16 beginning with 789, growing with `count`, which nobody else
    /// was given; what is made of two counts less than 10 000 000 000 000 apart differs.
    fn sale_number(&self, count: u64) -> OrderNumber;

    /// `terminal_key`: 32 lower-case hexadecimal digits, 128 random bits.
    fn terminal_key(&self) -> String;

    /// `notifyId`: AN 32.
    fn notice_id(&self) -> NoticeId;

    /// A one-time secret for links and states: 43 characters of base64url, 256 bits.
    fn secret(&self) -> String;

    /// `count` random decimal digits, 1 to 18, as `msgID` ends in.
    fn digits(&self, count: u8) -> String;

    /// A short identifier of an unexpected failure, for the log and the partner.
    fn incident(&self) -> String;
}
