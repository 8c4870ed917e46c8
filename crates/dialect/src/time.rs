//! Message times: `YYYYMMDDhhmmss` in the acquirer's zone, GMT+8 by default (ucsp.md section 2).

use jiff::Timestamp;
use jiff::civil::{DateTime, date};
use jiff::tz::{Offset, TimeZone};

/// The zone where nothing else is set.
pub const DEFAULT_ZONE_NAME: &str = "Asia/Shanghai";

/// The zone of message times where an acquirer sets no other: GMT+8.
#[must_use]
pub fn default_zone() -> TimeZone {
    TimeZone::get(DEFAULT_ZONE_NAME).unwrap_or_else(|_| TimeZone::fixed(Offset::constant(8)))
}

/// The instant as 14 digits on the clocks of the zone, cut to whole seconds.
#[must_use]
pub fn stamp(at: Timestamp, zone: &TimeZone) -> String {
    let local = zone.to_datetime(at);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        local.year().max(0),
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second()
    )
}

/// The instant that 14 digits name in the zone; `None` when they name no time of the calendar.
///
/// A time that the zone's clocks skip or show twice is taken as RFC 5545 does: after a skip, and
/// the first of two.
#[must_use]
pub fn parse_stamp(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    if text.len() != 14 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<i8>().ok();
    let year = text.get(0..4)?.parse::<i16>().ok()?;
    let time = (part(8..10)?, part(10..12)?, part(12..14)?);
    let local = DateTime::new(year, part(4..6)?, part(6..8)?, time.0, time.1, time.2, 0).ok()?;
    // Below the calendar's supported range a zone conversion fails instead of wrapping.
    if local < date(1970, 1, 1).at(0, 0, 0, 0) {
        return None;
    }
    zone.to_ambiguous_timestamp(local).compatible().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_local_and_returns() {
        let at: Timestamp = "2026-01-05T02:30:00.999Z".parse().unwrap();
        assert_eq!(stamp(at, &default_zone()), "20260105103000");
        assert_eq!(stamp(at, &TimeZone::get("Europe/Berlin").unwrap()), "20260105033000");
        let whole: Timestamp = "2026-01-05T02:30:00Z".parse().unwrap();
        assert_eq!(parse_stamp("20260105103000", &default_zone()), Some(whole));
    }

    #[test]
    fn what_is_no_time_is_no_instant() {
        for bad in ["", "2026010510300", "20260230000000", "20260105106000", "2026010510300a"] {
            assert_eq!(parse_stamp(bad, &default_zone()), None, "{bad}");
        }
        assert_eq!(parse_stamp("00000101000000", &default_zone()), None);
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_the_one_after() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = parse_stamp("20260329023000", &zone).unwrap();
        assert_eq!(stamp(at, &zone), "20260329033000");
    }
}
