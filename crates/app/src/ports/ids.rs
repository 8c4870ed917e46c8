//! Numbers that the platform gives out.

use domain::ids::{NoticeId, OrderNumber, QueryId};
use jiff::Timestamp;

/// Makes numbers: unique, in rough order of time, not guessable where a number is a capability.
pub trait Ids: Send + Sync + 'static {
    /// `tn`: AN 21; opens the cashier page, so at least 50 bits of it are random.
    fn order_number(&self, now: Timestamp) -> OrderNumber;

    /// `queryId`: N 21.
    fn query_id(&self, now: Timestamp) -> QueryId;

    /// `notifyId`: AN 32.
    fn notice_id(&self) -> NoticeId;

    /// A one-time secret for links and states: 43 characters of base64url, 256 bits.
    fn secret(&self) -> String;

    /// `count` random decimal digits, 1 to 18, as `msgID` ends in.
    fn digits(&self, count: u8) -> String;

    /// A short identifier of an unexpected failure, for the log and the partner.
    fn incident(&self) -> String;
}
