//! The numbers that the platform gives out, from the system's random generator.
//!
//! Goal: unique over nodes and restarts, in rough order of time, and not guessable where a number
//! is a capability (`tn` opens the cashier page).

use std::sync::atomic::{AtomicI64, Ordering};

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

/// The second from which the numbers of sales count: 1 January 2026, GMT.
const SALES_EPOCH_S: i64 = 1_767_225_600;
/// Numbers of sales a second: thirteen digits last for 20 years.
const SALES_PER_SECOND: i64 = 15_800;
/// The most that a node goes on when it starts or finds a number taken by another.
const SALES_STEP_MAX: u64 = 64;

/// Numbers from the system's random generator.
#[derive(Debug)]
pub(crate) struct RandomIds {
    random: SystemRandom,
    /// The last number of a sale, less its head.
    last_sale: AtomicI64,
}

impl Default for RandomIds {
    fn default() -> Self {
        Self { random: SystemRandom::new(), last_sale: AtomicI64::new(0) }
    }
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

    /// YYMMDDhhmmss in GMT, three digits of milliseconds, six random digits.
    fn query_id(&self, now: Timestamp) -> QueryId {
        let time = now.to_zoned(TimeZone::UTC).strftime("%y%m%d%H%M%S").to_string();
        let milliseconds = now.as_millisecond().rem_euclid(1_000);
        QueryId::new(format!("{time}{milliseconds:03}{}", self.decimal(6)))
    }

    /// `789` and thirteen digits that grow with time. When more are given out than time has, they
    /// run ahead of it. The start of a node is random, so that two rarely make the same.
    fn sale_number(&self, now: Timestamp) -> OrderNumber {
        let time = now.as_millisecond() - SALES_EPOCH_S * 1_000;
        let slot = time.max(0).saturating_mul(SALES_PER_SECOND) / 1_000;
        let last = self.last_sale.load(Ordering::Relaxed);
        let step = if slot > last {
            // The first number of a moment: somewhere in it.
            i64::try_from(u64::from(self.bytes::<1>()[0]) % SALES_STEP_MAX).unwrap_or(0)
        } else {
            0
        };
        let taken = self.last_sale.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| {
            Some(last.saturating_add(1).max(slot.saturating_add(step)))
        });
        let last = taken.unwrap_or(last);
        let number = last.saturating_add(1).max(slot.saturating_add(step));
        OrderNumber::new(format!("789{:013}", number.rem_euclid(10_000_000_000_000)))
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
        let query_id = ids.query_id(now);
        assert!(query_id.as_str().starts_with("260105103000123"));
        assert_eq!(query_id.as_str().len(), 21);
        assert!(query_id.as_str().bytes().all(|byte| byte.is_ascii_digit()));
        assert_eq!(ids.notice_id().as_str().len(), 32);
        assert_eq!(ids.secret().len(), 43);
        assert_eq!(ids.digits(6).len(), 6);
        assert_eq!(ids.digits(0).len(), 1);
    }

    #[test]
    fn numbers_follow_time_and_do_not_repeat() {
        let ids = RandomIds::default();
        let (early, late) = (at("2026-01-05T10:30:00Z"), at("2026-01-05T10:30:00.001Z"));
        assert!(ids.order_number(early) < ids.order_number(late));
        assert!(ids.query_id(early) < ids.query_id(late));
        let many: HashSet<_> = (0..10_000).map(|_| ids.order_number(early)).collect();
        assert_eq!(many.len(), 10_000);
    }

    #[test]
    fn numbers_of_sales_have_sixteen_digits_and_grow() {
        let ids = RandomIds::default();
        let now = at("2026-11-22T10:30:00Z");
        let many: Vec<_> = (0..100_000).map(|_| ids.sale_number(now)).collect();
        assert!(many.iter().all(|sn| sn.as_str().len() == 16 && sn.as_str().starts_with("789")));
        assert!(many.is_sorted_by(|one, next| one < next));
        let later = ids.sale_number(at("2026-11-22T10:31:00Z"));
        assert!(later > many[99_999]);
        assert_eq!(ids.terminal_key().len(), 32);
    }

    #[test]
    fn base_36_counts_like_base_36() {
        assert_eq!(base36(0, 3), "000");
        assert_eq!(base36(35, 3), "00z");
        assert_eq!(base36(36, 3), "010");
    }
}
