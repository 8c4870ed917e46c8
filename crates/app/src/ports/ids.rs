//! Numbers that the platform gives out.

use domain::ids::{NoticeId, OrderNumber, QueryId};
use jiff::Timestamp;

/// Makes numbers: unique, in rough order of time, not guessable where a number is a capability.
pub trait Ids: Send + Sync + 'static {
    /// `tn`: AN 21; opens the cashier page, so at least 50 bits of it are random.
    fn order_number(&self, now: Timestamp) -> OrderNumber;

    /// `queryId`: N 21.
    fn query_id(&self, now: Timestamp) -> QueryId;

    /// `sn` of a terminal's order: N 16 beginning with 789, growing with time. Another node may
    /// make the same one: then it is taken, and the next is tried.
    fn sale_number(&self, now: Timestamp) -> OrderNumber;

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
