//! Forms of values beyond their character class: dates, numbers of messages, addresses, lists.
//!
//! Dates are checked against the calendar (leap years included); second 60 is not accepted, since
//! the platform's clocks have none.

use std::net::IpAddr;

use crate::fault::Rule;

/// The form of a text value.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// No form beyond class and length.
    Free,
    /// `A` + 8 characters industry code + `YYYYMMDDhhmmss` + 6 digits (S).
    MessageId,
    /// `YYYYMMDDhhmmss`.
    DateTime,
    /// `YYYYMMDD`.
    Date,
    /// `YYMM`.
    YearMonth,
    /// `MMDD`; 29 February is a valid day, since the year is not known.
    MonthDay,
    /// `MMDDhhmmss`.
    MonthDayTime,
    /// A number above zero.
    AboveZero,
    /// An absolute address that starts with `http://` or `https://`, without blanks.
    Url,
    /// An IPv4 or IPv6 address.
    IpAddress,
    /// Digits and asterisks, at most ten digits in clear.
    MaskedPan,
    /// PEM or base64 DER; line breaks are allowed, other control characters are not.
    Certificate,
    /// One of these values; the second text says what it means.
    Values(&'static [(&'static str, &'static str)]),
}

impl Form {
    /// The form in words, for notes and for [`Rule::BadForm`]; empty where there is none.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Free | Self::Values(_) => "",
            Self::MessageId => "A + industry code + YYYYMMDDhhmmss + 6 digits",
            Self::DateTime => "a time YYYYMMDDhhmmss",
            Self::Date => "a day YYYYMMDD",
            Self::YearMonth => "a month YYMM",
            Self::MonthDay => "a day MMDD",
            Self::MonthDayTime => "a time MMDDhhmmss",
            Self::AboveZero => "above zero",
            Self::Url => "an http or https address",
            Self::IpAddress => "an IP address",
            Self::MaskedPan => "a masked PAN",
            Self::Certificate => "PEM or base64 DER",
        }
    }

    /// Checks a value whose length and class are right.
    ///
    /// # Errors
    /// [`Rule::BadForm`], or [`Rule::NotAllowed`] for a list of values.
    pub fn check(self, value: &str) -> Result<(), Rule> {
        let good = match self {
            Self::Free => true,
            Self::Values(allowed) => {
                let known = allowed.iter().any(|(one, _)| *one == value);
                return if known { Ok(()) } else { Err(Rule::NotAllowed) };
            }
            Self::MessageId => is_message_id(value),
            Self::DateTime => is_date_time(value),
            Self::Date => is_date(value),
            Self::YearMonth => value.get(2..4).is_some_and(|month| within(month, 1, 12)),
            Self::MonthDay => is_month_day(value, LEAP_YEAR),
            Self::MonthDayTime => {
                value.get(..4).is_some_and(|day| is_month_day(day, LEAP_YEAR))
                    && value.get(4..).is_some_and(is_time)
            }
            Self::AboveZero => value.bytes().any(|digit| digit != b'0'),
            Self::Url => is_url(value),
            Self::IpAddress => value.parse::<IpAddr>().is_ok(),
            Self::MaskedPan => is_masked(value),
            Self::Certificate => {
                value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n'))
            }
        };
        if good { Ok(()) } else { Err(Rule::BadForm(self.words())) }
    }
}

/// Any leap year: stands in where the form has no year.
const LEAP_YEAR: u32 = 2000;

fn number(digits: &str) -> Option<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn within(digits: &str, min: u32, max: u32) -> bool {
    number(digits).is_some_and(|value| (min..=max).contains(&value))
}

fn is_message_id(value: &str) -> bool {
    value.len() == 29
        && value.starts_with('A')
        && value.get(9..23).is_some_and(is_date_time)
        && value.get(23..).is_some_and(|tail| tail.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_date_time(value: &str) -> bool {
    value.len() == 14 && value.get(..8).is_some_and(is_date) && value.get(8..).is_some_and(is_time)
}

fn is_date(value: &str) -> bool {
    let year = value.get(..4).and_then(number).unwrap_or(0);
    value.len() == 8
        && year > 0
        && value.get(4..).is_some_and(|month_day| is_month_day(month_day, year))
}

fn is_month_day(value: &str, year: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match value.get(..2).and_then(number) {
        Some(1 | 3 | 5 | 7 | 8 | 10 | 12) => 31,
        Some(4 | 6 | 9 | 11) => 30,
        Some(2) if leap => 29,
        Some(2) => 28,
        Some(_) | None => 0,
    };
    value.len() == 4 && value.get(2..).is_some_and(|day| within(day, 1, days))
}

fn is_time(value: &str) -> bool {
    value.len() == 6
        && value.get(..2).is_some_and(|hour| within(hour, 0, 23))
        && value.get(2..4).is_some_and(|minute| within(minute, 0, 59))
        && value.get(4..).is_some_and(|second| within(second, 0, 59))
}

fn is_url(value: &str) -> bool {
    let rest = value.strip_prefix("https://").or_else(|| value.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty() && !rest.starts_with('/') && !value.contains(char::is_whitespace)
    })
}

fn is_masked(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let stars = value.bytes().filter(|byte| *byte == b'*').count();
    digits + stars == value.len() && digits <= 10
}

#[cfg(test)]
mod tests {
    //! Each form with values on both sides of its border.

    use super::Form;

    #[test]
    fn forms_admit_what_they_say() {
        let table: [(Form, &str, bool); 36] = [
            (Form::MessageId, "A1000000120260105103000482913", true),
            (Form::MessageId, "B1000000120260105103000482913", false),
            (Form::MessageId, "A1000000120261305103000482913", false),
            (Form::MessageId, "A100000012026010510300048291x", false),
            (Form::DateTime, "20240229235959", true),
            (Form::DateTime, "20230229235959", false),
            (Form::DateTime, "21000229000000", false),
            (Form::DateTime, "20000229000000", true),
            (Form::DateTime, "20260431000000", false),
            (Form::DateTime, "20260105240000", false),
            (Form::DateTime, "20260105106000", false),
            (Form::DateTime, "20260105103060", false),
            (Form::DateTime, "00000105103000", false),
            (Form::Date, "20261231", true),
            (Form::Date, "20261232", false),
            (Form::Date, "20260001", false),
            (Form::YearMonth, "2912", true),
            (Form::YearMonth, "2913", false),
            (Form::YearMonth, "2900", false),
            (Form::MonthDay, "0229", true),
            (Form::MonthDay, "0230", false),
            (Form::MonthDay, "1300", false),
            (Form::MonthDayTime, "0105103000", true),
            (Form::MonthDayTime, "0105253000", false),
            (Form::AboveZero, "000", false),
            (Form::AboveZero, "001", true),
            (Form::Url, "https://a.example/x?y=1", true),
            (Form::Url, "javascript:alert(1)", false),
            (Form::Url, "https://", false),
            (Form::Url, "https://a example", false),
            (Form::IpAddress, "2001:db8::1", true),
            (Form::IpAddress, "203.0.113.256", false),
            (Form::MaskedPan, "6233********0060", true),
            (Form::MaskedPan, "6233000000000060", false),
            (Form::Certificate, "-----BEGIN X-----\nAA==\n", true),
            (Form::Values(&[("0", ""), ("1", "")]), "2", false),
        ];
        for (form, value, good) in table {
            assert_eq!(form.check(value).is_ok(), good, "{form:?} {value}");
        }
    }
}
