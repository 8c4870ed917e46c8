//! The currencies of ISO 4217 with their minor units.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency(&'static Row);

/// One line of the standard's list.
#[derive(PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Row {
    alpha: &'static str,
    numeric: &'static str,
    minor_digits: u8,
}

/// The text names no currency of ISO 4217.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no currency of ISO 4217")]
pub struct CurrencyError(pub String);

impl Currency {
    /// The currency of a three-digit code, as `currencyCode` carries it.
    ///
    /// # Errors
    /// [`CurrencyError`] when there is none.
    pub fn from_numeric(numeric: &str) -> Result<Self, CurrencyError> {
        Self::find(numeric, |row| row.numeric)
    }

    /// The currency of a three-letter code.
    ///
    /// # Errors
    /// [`CurrencyError`] when there is none.
    pub fn from_alpha(alpha: &str) -> Result<Self, CurrencyError> {
        Self::find(alpha, |row| row.alpha)
    }

    fn find(text: &str, column: fn(&Row) -> &'static str) -> Result<Self, CurrencyError> {
        let row = ROWS.iter().find(|row| column(row) == text);
        row.map(Self).ok_or_else(|| CurrencyError(text.chars().take(8).collect()))
    }

    /// The three digits of the standard.
    #[must_use]
    pub const fn numeric(self) -> &'static str {
        self.0.numeric
    }

    /// The three letters of the standard.
    #[must_use]
    pub const fn alpha(self) -> &'static str {
        self.0.alpha
    }

    /// How many digits stand behind the point: 0 to 3.
    #[must_use]
    pub const fn minor_digits(self) -> u8 {
        self.0.minor_digits
    }

    /// All currencies, in alphabetical order.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(Self)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha())
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_numeric(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.numeric().to_owned()
    }
}

const fn row(alpha: &'static str, numeric: &'static str, minor_digits: u8) -> Row {
    Row { alpha, numeric, minor_digits }
}

/// Active currencies in use for payments; funds, metals and test codes are left out.
static ROWS: &[Row] = &[
    row("AED", "784", 2),
    row("AFN", "971", 2),
    row("ALL", "008", 2),
    row("AMD", "051", 2),
    row("ANG", "532", 2),
    row("AOA", "973", 2),
    row("ARS", "032", 2),
    row("AUD", "036", 2),
    row("AWG", "533", 2),
    row("AZN", "944", 2),
    row("BAM", "977", 2),
    row("BBD", "052", 2),
    row("BDT", "050", 2),
    row("BGN", "975", 2),
    row("BHD", "048", 3),
    row("BIF", "108", 0),
    row("BMD", "060", 2),
    row("BND", "096", 2),
    row("BOB", "068", 2),
    row("BRL", "986", 2),
    row("BSD", "044", 2),
    row("BTN", "064", 2),
    row("BWP", "072", 2),
    row("BYN", "933", 2),
    row("BZD", "084", 2),
    row("CAD", "124", 2),
    row("CDF", "976", 2),
    row("CHF", "756", 2),
    row("CLP", "152", 0),
    row("CNY", "156", 2),
    row("COP", "170", 2),
    row("CRC", "188", 2),
    row("CUP", "192", 2),
    row("CVE", "132", 2),
    row("CZK", "203", 2),
    row("DJF", "262", 0),
    row("DKK", "208", 2),
    row("DOP", "214", 2),
    row("DZD", "012", 2),
    row("EGP", "818", 2),
    row("ERN", "232", 2),
    row("ETB", "230", 2),
    row("EUR", "978", 2),
    row("FJD", "242", 2),
    row("FKP", "238", 2),
    row("GBP", "826", 2),
    row("GEL", "981", 2),
    row("GHS", "936", 2),
    row("GIP", "292", 2),
    row("GMD", "270", 2),
    row("GNF", "324", 0),
    row("GTQ", "320", 2),
    row("GYD", "328", 2),
    row("HKD", "344", 2),
    row("HNL", "340", 2),
    row("HTG", "332", 2),
    row("HUF", "348", 2),
    row("IDR", "360", 2),
    row("ILS", "376", 2),
    row("INR", "356", 2),
    row("IQD", "368", 3),
    row("IRR", "364", 2),
    row("ISK", "352", 0),
    row("JMD", "388", 2),
    row("JOD", "400", 3),
    row("JPY", "392", 0),
    row("KES", "404", 2),
    row("KGS", "417", 2),
    row("KHR", "116", 2),
    row("KMF", "174", 0),
    row("KPW", "408", 2),
    row("KRW", "410", 0),
    row("KWD", "414", 3),
    row("KYD", "136", 2),
    row("KZT", "398", 2),
    row("LAK", "418", 2),
    row("LBP", "422", 2),
    row("LKR", "144", 2),
    row("LRD", "430", 2),
    row("LSL", "426", 2),
    row("LYD", "434", 3),
    row("MAD", "504", 2),
    row("MDL", "498", 2),
    row("MGA", "969", 2),
    row("MKD", "807", 2),
    row("MMK", "104", 2),
    row("MNT", "496", 2),
    row("MOP", "446", 2),
    row("MRU", "929", 2),
    row("MUR", "480", 2),
    row("MVR", "462", 2),
    row("MWK", "454", 2),
    row("MXN", "484", 2),
    row("MYR", "458", 2),
    row("MZN", "943", 2),
    row("NAD", "516", 2),
    row("NGN", "566", 2),
    row("NIO", "558", 2),
    row("NOK", "578", 2),
    row("NPR", "524", 2),
    row("NZD", "554", 2),
    row("OMR", "512", 3),
    row("PAB", "590", 2),
    row("PEN", "604", 2),
    row("PGK", "598", 2),
    row("PHP", "608", 2),
    row("PKR", "586", 2),
    row("PLN", "985", 2),
    row("PYG", "600", 0),
    row("QAR", "634", 2),
    row("RON", "946", 2),
    row("RSD", "941", 2),
    row("RUB", "643", 2),
    row("RWF", "646", 0),
    row("SAR", "682", 2),
    row("SBD", "090", 2),
    row("SCR", "690", 2),
    row("SDG", "938", 2),
    row("SEK", "752", 2),
    row("SGD", "702", 2),
    row("SHP", "654", 2),
    row("SLE", "925", 2),
    row("SOS", "706", 2),
    row("SRD", "968", 2),
    row("SSP", "728", 2),
    row("STN", "930", 2),
    row("SVC", "222", 2),
    row("SYP", "760", 2),
    row("SZL", "748", 2),
    row("THB", "764", 2),
    row("TJS", "972", 2),
    row("TMT", "934", 2),
    row("TND", "788", 3),
    row("TOP", "776", 2),
    row("TRY", "949", 2),
    row("TTD", "780", 2),
    row("TWD", "901", 2),
    row("TZS", "834", 2),
    row("UAH", "980", 2),
    row("UGX", "800", 0),
    row("USD", "840", 2),
    row("UYU", "858", 2),
    row("UZS", "860", 2),
    row("VES", "928", 2),
    row("VND", "704", 0),
    row("VUV", "548", 0),
    row("WST", "882", 2),
    row("XAF", "950", 0),
    row("XCD", "951", 2),
    row("XOF", "952", 0),
    row("XPF", "953", 0),
    row("YER", "886", 2),
    row("ZAR", "710", 2),
    row("ZMW", "967", 2),
    row("ZWG", "924", 2),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_well_formed() {
        for (position, row) in ROWS.iter().enumerate() {
            assert!(row.alpha.len() == 3 && row.numeric.len() == 3 && row.minor_digits <= 3);
            let twins = ROWS.iter().skip(position + 1);
            for other in twins {
                assert!(other.alpha != row.alpha && other.numeric != row.numeric, "{}", row.alpha);
            }
        }
    }

    #[test]
    fn codes_are_found_both_ways() {
        assert_eq!(Currency::from_numeric("344").unwrap().alpha(), "HKD");
        assert_eq!(Currency::from_alpha("CNY").unwrap().numeric(), "156");
        assert!(Currency::from_numeric("999").is_err());
        assert!(Currency::from_numeric("hkd").is_err());
    }
}
