//! The table of outcomes (`ucsp.md` 7 and 8.1) as data: what two digits make the downstream
//! system do.

use crate::limits::{LATE_SUCCESS_SECONDS, SILENCE_SECONDS};

/// When the caller hears of an attempt for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum First {
    /// "Taken on" at once; the result follows.
    Accepted,
    /// The result itself at once.
    Final,
    /// Nothing until the silence is over.
    Silence,
}

/// What becomes of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The synchronous answer.
    pub(crate) first: First,
    /// Seconds of business time until the result is there.
    pub(crate) settles_after_seconds: i64,
    /// The result: 00, or the code of the refusal.
    pub(crate) code: &'static str,
    /// How often the result is told to the platform.
    pub(crate) notices: u8,
}

const SUCCESS: Plan =
    Plan { first: First::Accepted, settles_after_seconds: 0, code: "00", notices: 1 };

const fn refusal(code: &'static str) -> Plan {
    Plan { first: First::Final, settles_after_seconds: 0, code, notices: 0 }
}

/// The plan for two digits of the table.
pub(crate) const fn plan(digits: u8) -> Plan {
    match digits {
        5 => Plan { settles_after_seconds: LATE_SUCCESS_SECONDS, ..SUCCESS },
        6 => Plan { code: "01", ..SUCCESS },
        7 => Plan { notices: 0, ..SUCCESS },
        8 => Plan { notices: 2, ..SUCCESS },
        9 => Plan { first: First::Final, notices: 0, ..SUCCESS },
        51 => refusal("51"),
        54 => refusal("54"),
        61 => refusal("61"),
        91 => refusal("91"),
        96 => refusal("96"),
        98 => Plan {
            first: First::Silence,
            settles_after_seconds: SILENCE_SECONDS,
            notices: 0,
            ..SUCCESS
        },
        99 => refusal("99"),
        _ => SUCCESS,
    }
}

/// The plan of an attempt: `scenario` where the message carries one, else the last two digits
/// of the amount in minor units.
pub(crate) fn plan_of(scenario: Option<&str>, amount_minor: u64) -> Plan {
    let forced = scenario.and_then(|digits| digits.parse::<u8>().ok());
    let by_amount = u8::try_from(amount_minor % 100).unwrap_or(0);
    plan(forced.map_or(by_amount, |digits| digits % 100))
}

/// What a response code says to a human.
pub(crate) fn words(code: &str) -> &'static str {
    match code {
        "00" => "Approved",
        "01" => "Declined by the issuer",
        "12" => "The original does not allow this transaction",
        "13" => "The amount does not fit the original",
        "14" => "Not a test card of this sandbox",
        "30" => "The card data cannot be read",
        "34" => "No such transaction",
        "36" => "The attempt came after its time",
        "51" => "Insufficient balance",
        "54" => "Expired card",
        "61" => "Amount over the card's limit",
        "91" => "The issuer does not respond",
        "96" => "System error",
        _ => "Common error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_published_one() {
        for digits in 0..=49 {
            assert_eq!(plan(digits).code == "00", digits != 6, "{digits}");
        }
        for digits in [51, 54, 61, 91, 96, 99] {
            assert_eq!(plan(digits).code, digits.to_string());
            assert_eq!(plan(digits).first, First::Final);
        }
        assert_eq!(plan(5).settles_after_seconds, 10);
        assert_eq!((plan(7).notices, plan(8).notices, plan(9).first), (0, 2, First::Final));
        assert_eq!((plan(98).first, plan(98).settles_after_seconds), (First::Silence, 60));
        assert_eq!((plan(98).code, plan(98).notices), ("00", 0));
    }

    #[test]
    fn a_scenario_of_the_message_comes_before_the_amount() {
        assert_eq!(plan_of(None, 2551), plan(51));
        assert_eq!(plan_of(Some("07"), 2551), plan(7));
        assert_eq!(plan_of(Some("what"), 2500), plan(0));
    }
}
