//! Instants as the stores keep them: whole microseconds, rounded up.
//!
//! Rounded up, so that nothing falls due, expires or is forgotten too early. All stores do the
//! same, so that they answer alike.

use jiff::Timestamp;

/// Microseconds since 1970, rounded up.
pub(crate) fn to_micros(at: Timestamp) -> i64 {
    let whole = at.as_microsecond();
    let beyond = at.subsec_nanosecond() % 1_000 > 0;
    whole.saturating_add(i64::from(beyond))
}

/// The instant of these microseconds; `None` when no calendar reaches it.
pub(crate) fn from_micros(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

/// The instant as a store gives it back.
pub(crate) fn kept(at: Timestamp) -> Timestamp {
    from_micros(to_micros(at)).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_round_up_to_microseconds() {
        for (nanos, micros) in [(0, 0), (1, 1), (999, 1), (1_000, 1), (1_001, 2), (-1, 0)] {
            let at = Timestamp::from_nanosecond(nanos).unwrap();
            assert_eq!(to_micros(at), micros, "{nanos} ns");
            assert!(kept(at) >= at);
        }
        assert_eq!(kept(Timestamp::MAX), Timestamp::MAX);
    }
}
