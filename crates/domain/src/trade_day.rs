//! The trade day runs from 23:00 to 23:00 in the acquirer's zone (ucsp.md section 4).

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;

/// The hour of the local clock at which the next trade day begins.
const BEGINS_HOUR: i8 = 23;

/// The trade day of an instant: an instant at or after 23:00 belongs to the next day.
#[must_use]
pub fn trade_day(at: Timestamp, zone: &TimeZone) -> Date {
    let local = zone.to_datetime(at);
    if local.time() >= Time::constant(BEGINS_HOUR, 0, 0, 0) {
        local.date().tomorrow().unwrap_or_else(|_| local.date())
    } else {
        local.date()
    }
}
