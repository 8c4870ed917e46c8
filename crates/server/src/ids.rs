//! The numbers that the platform gives out: of the count that `app::numbers` keeps, or from the
//! system's random generator.
//!
//! Goal: unique over nodes and restarts, in rough order of time, and not guessable where a number
//! is a capability (`tn` opens the cashier page).

use app::ports::Ids;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{NoticeId, OrderNumber, QueryId};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Length of `tn` (AN 21) and `queryId` (N 21).
const NUMBER_CHARS: usize = 21;
/// Base 36 digits of the milliseconds since 1970: enough until the year 5188.
const TIME_CHARS: usize = 9;
const BASE36: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// Writes numbers, with the system's random generator.
#[derive(Debug, Default)]
pub(crate) struct RandomIds {
    random: SystemRandom,
}

impl RandomIds {
    /// Random bytes.
    #[expect(clippy::expect_used, reason = "without randomness no number may be given out")]
    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.random.fill(&mut bytes).expect("the system's random generator works");
        bytes
    }

    /// `count` random characters of an alphabet of at most 256, each equally likely.
    fn characters(&self, alphabet: &[u8], count: usize) -> String {
        // Bytes past the last whole multiple of the alphabet would favour its first characters.
        let fair = 256 - 256 % alphabet.len();
        let mut text = String::with_capacity(count);
        while text.len() < count {
            for byte in self.bytes::<32>() {
                if usize::from(byte) < fair && text.len() < count {
                    text.push(char::from(alphabet[usize::from(byte) % alphabet.len()]));
                }
            }
        }
        text
    }

    /// Random decimal digits.
    pub(crate) fn decimal(&self, count: usize) -> String {
        self.characters(b"0123456789", count)
    }

    /// Random hexadecimal digits in lower case.
    pub(crate) fn hex(&self, count: usize) -> String {
        self.characters(b"0123456789abcdef", count)
    }

    /// A password that can be read aloud: 20 letters and digits in groups of five.
    pub(crate) fn password(&self) -> String {
        let text = self.characters(b"abcdefghjkmnpqrstuvwxyz23456789", 20);
        [&text[..5], &text[5..10], &text[10..15], &text[15..]].join("-")
    }
}

/// The number in base 36, left-filled with zeros, the last `width` digits.
fn base36(mut number: u64, width: usize) -> String {
    let mut digits = vec![b'0'; width];
    for place in digits.iter_mut().rev() {
        *place = BASE36[usize::try_from(number % 36).unwrap_or(0)];
        number /= 36;
    }
    digits.into_iter().map(char::from).collect()
}

impl Ids for RandomIds {
    /// `8`, the time in base 36, and eleven random characters (56 bits).
    fn order_number(&self, now: Timestamp) -> OrderNumber {
        let time = base36(u64::try_from(now.as_millisecond()).unwrap_or(0), TIME_CHARS);
        let random = self.characters(BASE36, NUMBER_CHARS - 1 - TIME_CHARS);
        OrderNumber::new(format!("8{time}{random}"))
    }

    /// YYMMDDhhmmss in GMT and nine digits of the count.
    fn query_id(&self, now: Timestamp, count: u64) -> QueryId {
        let time = now.to_zoned(TimeZone::UTC).strftime("%y%m%d%H%M%S").to_string();
        QueryId::new(format!("{time}{:09}", count % 1_000_000_000))
    }

    /// `789` and thirteen digits of the count.
    fn sale_number(&self, count: u64) -> OrderNumber {
        OrderNumber::new(format!("789{:013}", count % 10_000_000_000_000))
    }

    fn terminal_key(&self) -> String {
        self.hex(32)
    }

    fn notice_id(&self) -> NoticeId {
        NoticeId::new(self.hex(32))
    }

    fn secret(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.bytes::<32>())
    }

    fn digits(&self, count: u8) -> String {
        self.decimal(usize::from(count.clamp(1, 18)))
    }

    fn incident(&self) -> String {
        self.hex(12)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_have_the_published_forms() {
        let ids = RandomIds::default();
        let now = at("2026-01-05T10:30:00.123Z");
        let tn = ids.order_number(now);
        assert_eq!(tn.as_str().len(), 21);
        assert!(tn.as_str().starts_with('8'));
        assert!(tn.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_eq!(ids.query_id(now, 5_600_000_123).as_str(), "260105103000600000123");
        assert_eq!(ids.sale_number(454_500_000_123).as_str(), "7890454500000123");
        assert_eq!(ids.notice_id().as_str().len(), 32);
        assert_eq!(ids.terminal_key().len(), 32);
        assert_eq!(ids.secret().len(), 43);
        assert_eq!(ids.digits(6).len(), 6);
        assert_eq!(ids.digits(0).len(), 1);
    }

    #[test]
    fn numbers_follow_time_and_do_not_repeat() {
        let ids = RandomIds::default();
        let (early, late) = (at("2026-01-05T10:30:00Z"), at("2026-01-05T10:30:00.001Z"));
        assert!(ids.order_number(early) < ids.order_number(late));
        assert!(ids.query_id(early, 1) < ids.query_id(late, 2));
        let many: HashSet<_> = (0..10_000).map(|_| ids.order_number(early)).collect();
        assert_eq!(many.len(), 10_000);
    }

    #[test]
    fn base_36_counts_like_base_36() {
        assert_eq!(base36(0, 3), "000");
        assert_eq!(base36(35, 3), "00z");
        assert_eq!(base36(36, 3), "010");
    }
}
