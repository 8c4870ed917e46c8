//! The table of outcomes (`upay.md` 14) as data: what the last four digits of a barcode make a
//! wallet do, and fresh barcodes for tests.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use crate::limits::WALLET_PENDING_SECONDS;

/// Why a wallet refuses, in the words of `upay.md` 10.8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Refusal {
    InsufficientFund,
    ExpiredBarcode,
    BuyerOverTransactionLimit,
    BuyerOverDailyLimit,
    /// The payer said no.
    Declined,
    /// It came after its time.
    Late,
    /// There is nothing paid to give back.
    NotPaid,
    /// The amount is zero, or above what is left to give back.
    Amount,
}

impl Refusal {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::InsufficientFund => "INSUFFICIENT_FUND",
            Self::ExpiredBarcode => "EXPIRED_BARCODE",
            Self::BuyerOverTransactionLimit => "BUYER_OVER_TRANSACTION_LIMIT",
            Self::BuyerOverDailyLimit => "BUYER_OVER_DAILY_LIMIT",
            Self::Declined => "TRADE_FAILED",
            Self::Late => wire::wallet::CODE_CLOSED,
            Self::NotPaid => wire::wallet::CODE_NOT_EXIST,
            Self::Amount => "REFUND_AMT_NOT_EQUAL_TOTAL",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::InsufficientFund => "The balance does not suffice",
            Self::ExpiredBarcode => "The barcode has expired",
            Self::BuyerOverTransactionLimit => "Above the payer's limit for one payment",
            Self::BuyerOverDailyLimit => "Above the payer's limit for today",
            Self::Declined => "The payer declined",
            Self::Late => "It came after its time",
            Self::NotPaid => "There is no such paid trade",
            Self::Amount => "The amount does not fit what was paid",
        }
    }
}

/// What becomes of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    Pay,
    Refuse(Refusal),
    /// The payer types the PIN for so many seconds, and then pays or declines.
    Wait {
        seconds: i64,
        pays: bool,
    },
    /// The payer does nothing.
    WaitForEver,
    /// The money is taken, and for a while nothing can be learned or done about it.
    Unclear,
    /// Nothing is ever said of it.
    Silent,
}

/// The endings of the table, and what they do.
const TABLE: [(&str, Plan); 9] = [
    ("9951", Plan::Refuse(Refusal::InsufficientFund)),
    ("9954", Plan::Refuse(Refusal::ExpiredBarcode)),
    ("9961", Plan::Refuse(Refusal::BuyerOverTransactionLimit)),
    ("9962", Plan::Refuse(Refusal::BuyerOverDailyLimit)),
    ("9905", Plan::Wait { seconds: WALLET_PENDING_SECONDS, pays: true }),
    ("9906", Plan::Wait { seconds: WALLET_PENDING_SECONDS, pays: false }),
    ("9907", Plan::WaitForEver),
    ("9996", Plan::Unclear),
    ("9998", Plan::Silent),
];

/// The plan of a charge by its barcode.
pub(super) fn plan_of(barcode: &str) -> Plan {
    let ending = barcode.len().checked_sub(4).and_then(|at| barcode.get(at..)).unwrap_or_default();
    // Nearly all barcodes are in no line of the table.
    if !ending.starts_with("99") {
        return Plan::Pay;
    }
    TABLE.iter().find(|(digits, _)| *digits == ending).map_or(Plan::Pay, |(_, plan)| *plan)
}

/// The providers of which barcodes can be had: name, `payway`, first digits, length
/// (`upay.md` 10.9).
const BARCODES: [(&str, u16, &str, usize); 3] =
    [("alipay", 1, "28", 18), ("wechat", 3, "13", 18), ("unionpay", 17, "62", 19)];

/// A fresh barcode of a provider with its `payway`, as a payer's phone would show it. It ends in
/// the scenario if there is one, and otherwise is paid at once. `None` when the provider is not
/// `alipay`, `wechat` or `unionpay`, or the scenario is not four digits.
#[must_use]
pub fn fresh_barcode(provider: &str, scenario: Option<&str>) -> Option<(String, u16)> {
    let (_, payway, head, length) = BARCODES.iter().find(|(name, ..)| *name == provider)?;
    let given = scenario.unwrap_or_default();
    let four_digits = given.len() == 4 && given.bytes().all(|byte| byte.is_ascii_digit());
    if scenario.is_some() && !four_digits {
        return None;
    }
    let mut random = [0_u8; 8];
    SystemRandom::new().fill(&mut random).ok()?;
    let width = length - head.len() - given.len();
    let digits = format!("{:020}", u64::from_be_bytes(random));
    let digits = digits.get(digits.len() - width..)?;
    let mut code = format!("{head}{digits}{given}");
    if scenario.is_none() && plan_of(&code) != Plan::Pay {
        code.replace_range(length - 4.., "0000");
    }
    Some((code, *payway))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_published_one() {
        for (ending, code) in [
            ("9951", "INSUFFICIENT_FUND"),
            ("9954", "EXPIRED_BARCODE"),
            ("9961", "BUYER_OVER_TRANSACTION_LIMIT"),
            ("9962", "BUYER_OVER_DAILY_LIMIT"),
        ] {
            let Plan::Refuse(refusal) = plan_of(&format!("28000000000000{ending}")) else {
                panic!("{ending} is refused");
            };
            assert_eq!(refusal.code(), code);
        }
        assert_eq!(plan_of("130000000000009905"), Plan::Wait { seconds: 10, pays: true });
        assert_eq!(plan_of("130000000000009906"), Plan::Wait { seconds: 10, pays: false });
        for paid in ["130000000000000000", "130000000000009952", "99", "", "付款码9951付款码"]
        {
            assert_eq!(plan_of(paid), Plan::Pay, "{paid}");
        }
    }

    #[test]
    fn fresh_barcodes_have_the_form_of_their_provider() {
        for (provider, payway, head, length) in BARCODES {
            let (code, found) = fresh_barcode(provider, None).unwrap();
            assert_eq!((found, code.len()), (payway, length));
            assert!(code.starts_with(head) && code.bytes().all(|byte| byte.is_ascii_digit()));
            assert_eq!(plan_of(&code), Plan::Pay);
            assert_ne!(fresh_barcode(provider, None).unwrap().0, code);
            for (ending, plan) in TABLE {
                let (code, _) = fresh_barcode(provider, Some(ending)).unwrap();
                assert_eq!((code.len(), plan_of(&code)), (length, plan));
            }
        }
        assert_eq!(fresh_barcode("paypal", None), None);
        assert_eq!(fresh_barcode("alipay", Some("99")), None);
        assert_eq!(fresh_barcode("alipay", Some("99x1")), None);
    }
}
