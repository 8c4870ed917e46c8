//! Terminals as all requests see them: settings, and those that were looked up a moment ago.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::ids::TerminalSn;
use domain::payway::Payway;
use domain::terminal::Terminal;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use money::Currency;

use crate::limits::{TERMINAL_CACHE_LIFE, TERMINALS_CACHED_COUNT_MAX};

/// Settings of the terminals (upay.md; the defaults are its decisions).
#[derive(Debug, Clone)]
pub struct TerminalSettings {
    /// Zone of the natural day that bounds cancellations (section 9.3).
    pub zone: TimeZone,
    /// The currency of all amounts; the dialect names none.
    pub currency: Currency,
    /// How long a pay call is held while the payer types (section 9.5).
    pub hold: SignedDuration,
    /// When a pending payment is reversed, from its creation (section 9.5).
    pub pay_life: SignedDuration,
    /// How long a precreated order can be paid (section 9.5).
    pub present_life: SignedDuration,
    /// Whether a cancellation is bound to the natural day of the payment (D7).
    pub same_day_cancel: bool,
    /// Calendar months after the payment within which a refund is accepted; `None`: no bound (D7).
    pub refund_months_max: Option<u32>,
    /// Whether fields that real clients omit are demanded all the same (D17, sections 5.2, 5.4).
    pub strict: bool,
    /// Whether a `device_id` may be activated once only (D10).
    pub unique_device: bool,
    /// Which wallet a barcode belongs to (section 10.9).
    pub barcodes: Vec<BarcodeRule>,
}

/// Barcodes of one wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BarcodeRule {
    /// The wallet.
    pub payway: Payway,
    /// First two digits, from and to, both included.
    pub prefixes: (u8, u8),
    /// Lengths in digits, from and to, both included.
    pub lengths: (u8, u8),
}

impl TerminalSettings {
    /// The documented behaviour in this zone and currency.
    #[must_use]
    pub fn new(zone: TimeZone, currency: Currency) -> Self {
        let rule = |payway, prefixes, lengths| BarcodeRule { payway, prefixes, lengths };
        Self {
            zone,
            currency,
            hold: SignedDuration::from_secs(35),
            pay_life: SignedDuration::from_secs(45),
            present_life: SignedDuration::from_secs(240),
            same_day_cancel: true,
            refund_months_max: Some(3),
            strict: false,
            unique_device: false,
            barcodes: vec![
                rule(Payway::WECHAT, (10, 15), (18, 18)),
                rule(Payway::ALIPAY, (25, 30), (16, 24)),
                rule(Payway::UNIONPAY, (62, 62), (19, 19)),
            ],
        }
    }

    /// The natural day of an instant.
    #[must_use]
    pub fn day(&self, at: Timestamp) -> Date {
        at.to_zoned(self.zone.clone()).date()
    }

    /// The first day whose payments may still be refunded at this instant.
    #[must_use]
    pub fn paid_since(&self, now: Timestamp) -> Date {
        let months = self.refund_months_max.map(i64::from);
        let back = months.map(|months| jiff::Span::new().try_months(months));
        let first = back.and_then(Result::ok).and_then(|span| self.day(now).checked_sub(span).ok());
        first.unwrap_or(Date::MIN)
    }

    /// The wallet of a barcode; `None` when the table has none.
    #[must_use]
    pub fn wallet_of(&self, barcode: &str) -> Option<Payway> {
        let is_digits = barcode.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u8 = barcode.get(..2).filter(|_| is_digits)?.parse().ok()?;
        let length = u8::try_from(barcode.len()).ok()?;
        let fits = |rule: &&BarcodeRule| {
            (rule.prefixes.0..=rule.prefixes.1).contains(&prefix)
                && (rule.lengths.0..=rule.lengths.1).contains(&length)
        };
        self.barcodes.iter().find(fits).map(|rule| rule.payway)
    }
}

/// A terminal with its keys in the clear: what a signature is checked against.
pub struct TerminalKeys {
    /// The terminal.
    pub terminal: Arc<Terminal>,
    /// Its version in the store.
    pub version: u64,
    /// `terminal_key`.
    pub current: String,
    /// The key before the last check-in.
    pub previous: Option<String>,
}

impl std::fmt::Debug for TerminalKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TerminalKeys").field("terminal", &self.terminal.sn).finish_non_exhaustive()
    }
}

/// Terminals that were looked up within [`TERMINAL_CACHE_LIFE`] of real time: what another node
/// changes is seen here after that.
#[derive(Default)]
pub struct TerminalCache(Mutex<HashMap<TerminalSn, (Timestamp, Arc<TerminalKeys>)>>);

impl TerminalCache {
    /// The terminal, if it was looked up a moment ago.
    #[must_use]
    pub fn get(&self, sn: &TerminalSn, real_now: Timestamp) -> Option<Arc<TerminalKeys>> {
        let map = self.lock();
        let (at, keys) = map.get(sn)?;
        let is_fresh = real_now.duration_since(*at) < TERMINAL_CACHE_LIFE;
        is_fresh.then(|| Arc::clone(keys))
    }

    /// Remembers a terminal that was read just now; an older version than the one that is known
    /// is not taken.
    pub fn put(&self, keys: Arc<TerminalKeys>, real_now: Timestamp) {
        let mut map = self.lock();
        if map.len() >= TERMINALS_CACHED_COUNT_MAX {
            map.clear();
        }
        let is_older = |(_, known): &(Timestamp, Arc<TerminalKeys>)| known.version > keys.version;
        if !map.get(&keys.terminal.sn).is_some_and(is_older) {
            map.insert(keys.terminal.sn.clone(), (real_now, keys));
        }
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TerminalSn, (Timestamp, Arc<TerminalKeys>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> TerminalSettings {
        let zone = TimeZone::get("Asia/Shanghai").unwrap();
        TerminalSettings::new(zone, Currency::from_numeric("156").unwrap())
    }

    #[test]
    fn a_barcode_names_its_wallet_by_prefix_and_length() {
        let wallet = |barcode| settings().wallet_of(barcode).map(|payway| payway.0);
        assert_eq!(wallet("130818341921441147"), Some(3));
        assert_eq!(wallet("285362899388441557"), Some(1));
        assert_eq!(wallet("6212345678901234567"), Some(17));
        assert_eq!(wallet("13081834192144114"), None);
        assert_eq!(wallet("99"), None);
        assert_eq!(wallet("28536289938844155x"), None);
        assert_eq!(wallet(""), None);
        assert_eq!(wallet("披萨披萨披萨"), None);
    }

    #[test]
    fn the_natural_day_and_the_three_months_are_those_of_the_zone() {
        let day = |text: &str| settings().day(text.parse().unwrap()).to_string();
        assert_eq!(day("2026-01-05T15:59:59Z"), "2026-01-05");
        assert_eq!(day("2026-01-05T16:00:00Z"), "2026-01-06");
        let since = |text: &str| settings().paid_since(text.parse().unwrap()).to_string();
        assert_eq!(since("2026-05-31T03:00:00Z"), "2026-02-28");
        assert_eq!(since("2026-04-05T16:00:00Z"), "2026-01-06");
    }
}
