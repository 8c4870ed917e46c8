//! When the resolver asks the downstream system again about a transaction whose result is open.

use jiff::SignedDuration;

/// The gaps of the seed, in seconds: asked at once, then after each gap.
const FIRST_GAPS_S: [i64; 7] = [0, 1, 2, 4, 8, 16, 32];
/// Then every minute for an hour.
const MINUTE_COUNT: u32 = 60;
/// Then every ten minutes for a day.
const TEN_MINUTES_COUNT: u32 = 144;

/// The gap before inquiry number `asked` (0 is the first): 0, 1, 2, 4, 8, 16, 32 s, then every
/// minute for an hour, every ten minutes for a day, then every hour for as long as it takes.
#[must_use]
pub fn gap(asked: u32) -> SignedDuration {
    let position = usize::try_from(asked).unwrap_or(usize::MAX);
    if let Some(seconds) = FIRST_GAPS_S.get(position) {
        return SignedDuration::from_secs(*seconds);
    }
    let later = asked.saturating_sub(7);
    if later < MINUTE_COUNT {
        SignedDuration::from_mins(1)
    } else if later < MINUTE_COUNT.saturating_add(TEN_MINUTES_COUNT) {
        SignedDuration::from_mins(10)
    } else {
        SignedDuration::from_hours(1)
    }
}
