//! A sum of money: minor units and a currency, checked in every operation.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Currency;

/// The largest amount in minor units: twelve digits (`txnAmt` is N 1-12, ucsp.md section 3).
pub const MINOR_UNITS_MAX: u64 = 999_999_999_999;

/// A sum of money in minor units, 0 to [`MINOR_UNITS_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawAmount", into = "RawAmount")]
pub struct Amount {
    minor: u64,
    currency: Currency,
}

/// The serialised form, checked on the way in.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct RawAmount {
    minor: u64,
    currency: Currency,
}

impl TryFrom<RawAmount> for Amount {
    type Error = AmountError;

    fn try_from(raw: RawAmount) -> Result<Self, Self::Error> {
        Self::new(raw.minor, raw.currency)
    }
}

impl From<Amount> for RawAmount {
    fn from(amount: Amount) -> Self {
        Self { minor: amount.minor, currency: amount.currency }
    }
}

/// Why an amount could not be made or computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// The text is not one to twelve digits.
    #[error("an amount is 1 to 12 digits in minor units")]
    NotDigits,
    /// The sum is above [`MINOR_UNITS_MAX`].
    #[error("the amount is above {MINOR_UNITS_MAX} minor units")]
    TooLarge,
    /// More was taken away than there was.
    #[error("the amount would be below zero")]
    BelowZero,
    /// Two currencies met in one operation.
    #[error("the currencies {0} and {1} differ")]
    CurrencyDiffers(Currency, Currency),
}

impl Amount {
    /// An amount of `minor` units.
    ///
    /// # Errors
    /// [`AmountError::TooLarge`] above twelve digits.
    pub const fn new(minor: u64, currency: Currency) -> Result<Self, AmountError> {
        if minor > MINOR_UNITS_MAX {
            return Err(AmountError::TooLarge);
        }
        Ok(Self { minor, currency })
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads the protocol's form: one to twelve digits, minor units, no point.
    ///
    /// # Errors
    /// [`AmountError::NotDigits`] for anything else.
    pub fn parse_minor(text: &str, currency: Currency) -> Result<Self, AmountError> {
        if text.is_empty() || text.len() > 12 || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AmountError::NotDigits);
        }
        let minor = text.parse().map_err(|_| AmountError::NotDigits)?;
        Self::new(minor, currency)
    }

    /// The minor units.
    #[must_use]
    pub const fn minor(self) -> u64 {
        self.minor
    }

    /// The minor units as a ledger posting takes them; an amount always fits.
    #[must_use]
    pub fn minor_signed(self) -> i64 {
        i64::try_from(self.minor).unwrap_or(i64::MAX)
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum of both.
    ///
    /// # Errors
    /// When the currencies differ or the sum has more than twelve digits.
    pub fn checked_add(self, other: Self) -> Result<Self, AmountError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_add(other.minor).ok_or(AmountError::TooLarge)?;
        Self::new(minor, self.currency)
    }

    /// What is left after `other` is taken away.
    ///
    /// # Errors
    /// When the currencies differ or less than nothing would be left.
    pub fn checked_sub(self, other: Self) -> Result<Self, AmountError> {
        self.same_currency(other)?;
        let minor = self.minor.checked_sub(other.minor).ok_or(AmountError::BelowZero)?;
        Self::new(minor, self.currency)
    }

    /// Whether this covers `other`, in the same currency.
    ///
    /// # Errors
    /// When the currencies differ.
    pub fn covers(self, other: Self) -> Result<bool, AmountError> {
        self.same_currency(other)?;
        Ok(self.minor >= other.minor)
    }

    fn same_currency(self, other: Self) -> Result<(), AmountError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(AmountError::CurrencyDiffers(self.currency, other.currency))
        }
    }

    /// The number in the currency's own form, without its name: `25.00`, `2500`, `2.500`, with a
    /// comma between thousands.
    #[must_use]
    pub fn to_decimal(self) -> String {
        let digits = usize::from(self.currency.minor_digits());
        let text = format!("{:0>width$}", self.minor, width = digits.saturating_add(1));
        let (whole, fraction) = text.split_at(text.len().saturating_sub(digits));
        let mut grouped = String::new();
        for (position, digit) in whole.chars().enumerate() {
            let left = whole.len().saturating_sub(position);
            if position > 0 && left.is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        if digits == 0 { grouped } else { format!("{grouped}.{fraction}") }
    }
}

impl fmt::Display for Amount {
    /// `HKD 25.00`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency.alpha(), self.to_decimal())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(numeric: &str) -> Currency {
        Currency::from_numeric(numeric).expect("a known currency")
    }

    #[test]
    fn every_currency_has_its_own_form() {
        let form = |minor, numeric| Amount::new(minor, currency(numeric)).unwrap().to_string();
        assert_eq!(form(2500, "344"), "HKD 25.00");
        assert_eq!(form(5, "344"), "HKD 0.05");
        assert_eq!(form(2500, "392"), "JPY 2,500");
        assert_eq!(form(2500, "414"), "KWD 2.500");
        assert_eq!(form(123_456_789, "156"), "CNY 1,234,567.89");
        assert_eq!(form(0, "156"), "CNY 0.00");
    }

    #[test]
    fn the_protocol_form_is_digits_only() {
        let cny = currency("156");
        for bad in ["", "-1", "+1", "1.0", "1e3", " 1", "1234567890123", "１"] {
            assert_eq!(Amount::parse_minor(bad, cny), Err(AmountError::NotDigits), "{bad}");
        }
        assert_eq!(Amount::parse_minor("999999999999", cny).unwrap().minor(), MINOR_UNITS_MAX);
    }

    #[test]
    fn the_bounds_hold() {
        let cny = currency("156");
        let full = Amount::new(MINOR_UNITS_MAX, cny).unwrap();
        let one = Amount::new(1, cny).unwrap();
        assert_eq!(full.checked_add(one), Err(AmountError::TooLarge));
        assert_eq!(Amount::zero(cny).checked_sub(one), Err(AmountError::BelowZero));
        let hkd = Amount::new(1, currency("344")).unwrap();
        assert!(matches!(one.checked_add(hkd), Err(AmountError::CurrencyDiffers(..))));
        assert!(matches!(one.covers(hkd), Err(AmountError::CurrencyDiffers(..))));
    }

    fn half() -> std::ops::Range<u64> {
        0..MINOR_UNITS_MAX / 2
    }

    proptest! {
        #[test]
        fn adding_and_taking_away_return_to_the_start(a in half(), b in half()) {
            let cny = currency("156");
            let (a, b) = (Amount::new(a, cny).unwrap(), Amount::new(b, cny).unwrap());
            prop_assert_eq!(a.checked_add(b).unwrap().checked_sub(b).unwrap(), a);
        }

        #[test]
        fn the_serialised_form_returns(minor in 0..=MINOR_UNITS_MAX) {
            let amount = Amount::new(minor, currency("344")).unwrap();
            let read = Amount::parse_minor(&minor.to_string(), currency("344"));
            prop_assert_eq!(read.unwrap(), amount);
        }
    }
}
