//! Numbers of cards: which digits may be one, so that none is kept where it does not belong.
//!
//! Goal: "never stored, never logged" of security section 7 holds for whatever a partner writes
//! into a free text. What is looked for is narrow, since numbers of orders and users are digits
//! too: a length and first digits that an issuer uses, and the check digit of ISO/IEC 7812-1.
//! Must not know: which member or partner the text came from.

/// First six digits of the test cards of the sandbox; no issuer uses them.
pub const TEST_RANGES: [&str; 4] = ["623300", "625094", "629200", "620000"];

/// Fewest digits of a number that is looked for in texts.
const DIGITS_MIN: usize = 13;
/// Most digits of a card's number (ISO/IEC 7812-1).
const DIGITS_MAX: usize = 19;

/// First digits from and to, and how long the numbers are that begin so: the public ranges of
/// Visa, Mastercard, American Express, Diners Club, JCB, Discover, Maestro and `UnionPay`.
const RANGES: [(&str, &str, usize, usize); 14] = [
    ("300", "305", 14, 16),
    ("34", "34", 15, 15),
    ("3528", "3589", 16, 19),
    ("36", "36", 14, 16),
    ("37", "37", 15, 15),
    ("38", "39", 14, 16),
    ("4", "4", 16, 16),
    ("4", "4", 19, 19),
    ("50", "50", 16, 16),
    ("51", "58", 16, 16),
    ("6011", "6011", 16, 19),
    ("62", "65", 16, 19),
    ("81", "81", 16, 19),
    ("2221", "2720", 16, 16),
];

/// Whether a number could be somebody's card: its check digit fits and it lies in no test range.
/// The sandbox refuses it (security section 7).
#[must_use]
pub fn may_be_real(number: &str) -> bool {
    let test = TEST_RANGES.iter().any(|range| number.starts_with(range));
    !test && passes_luhn(number)
}

/// Whether a text holds a number that an issuer could have given, in one piece or written in
/// groups with single blanks or hyphens between them. The sandbox's own numbers count too.
#[must_use]
pub fn holds_card_number(text: &str) -> bool {
    let enough = |text: &str| text.bytes().filter(u8::is_ascii_digit).count() >= DIGITS_MIN;
    if text.len() < DIGITS_MIN || !enough(text) {
        return false;
    }
    let pieces = text.split(|letter: char| !letter.is_ascii_digit());
    pieces.clone().any(is_issued) || groups(text).iter().any(|digits| is_issued(digits))
}

/// Whether a number has the length, the first digits and the check digit of an issued card.
fn is_issued(number: &str) -> bool {
    let listed = RANGES.iter().any(|&(first, last, shortest, longest)| {
        let begins = number.get(..first.len());
        (shortest..=longest).contains(&number.len())
            && begins.is_some_and(|begins| (first..=last).contains(&begins))
    });
    listed && passes_luhn(number)
}

/// The digits of what is written in groups of four to six, as cards print them.
fn groups(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for stretch in text.split(|letter: char| !matches!(letter, '0'..='9' | ' ' | '-')) {
        let parts: Vec<&str> = stretch.trim().split([' ', '-']).collect();
        let (Some(last), true) = (parts.last(), parts.len() > 1) else { continue };
        let printed = parts.iter().rev().skip(1).all(|part| (4..=6).contains(&part.len()));
        let digits = parts.concat();
        if printed && !last.is_empty() && digits.len() <= DIGITS_MAX {
            found.push(digits);
        }
    }
    found
}

/// Whether the check digit of ISO/IEC 7812-1 fits.
fn passes_luhn(number: &str) -> bool {
    number.len() >= 2 && luhn_sum(number, false).is_some_and(|sum| sum.is_multiple_of(10))
}

/// The check digit that makes a number of these digits; `None` unless they are digits only.
#[must_use]
pub fn check_digit(body: &str) -> Option<u32> {
    luhn_sum(body, true).map(|sum| (10 - sum % 10) % 10)
}

/// Sum of the digits, from the right, every second one doubled; the last one first if
/// `double_last`.
fn luhn_sum(digits: &str, double_last: bool) -> Option<u32> {
    let mut double = double_last;
    let mut sum = 0_u32;
    for letter in digits.chars().rev() {
        let digit = letter.to_digit(10)?;
        let counted = if double { digit * 2 } else { digit };
        sum = sum.checked_add(counted / 10 + counted % 10)?;
        double = !double;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_digit_is_the_one_of_the_standard() {
        // The example of ISO/IEC 7812-1 as commonly printed.
        assert!(passes_luhn("79927398713"));
        for last in ['0', '1', '2', '4', '5', '6', '7', '8', '9'] {
            assert!(!passes_luhn(&format!("7992739871{last}")), "{last}");
        }
        assert_eq!(check_digit("7992739871"), Some(3));
        assert_eq!(check_digit("79a"), None);
    }

    #[test]
    fn numbers_of_cards_are_found_in_texts() {
        for held in [
            "4111111111111111",
            "card 4111 1111 1111 1111 of Lin",
            "4111-1111-1111-1111",
            "3782 822463 10005",
            "https://shop.example/done?card=5555555555554444&x=1",
            "6233000000000063",
            "卡号6212345678900000003。",
        ] {
            assert!(holds_card_number(held), "{held}");
        }
    }

    #[test]
    fn other_numbers_are_left_alone() {
        for free in [
            "4111111111111112",
            "6233********0060",
            "20260105103000482913",
            "202601051030000018",
            "2088123456789012",
            "7890260105000017",
            "4200001234202601051234567890",
            "+852 9123 4567",
            // A mobile number of Germany; Visa gives out numbers of 13 digits no more.
            "4915123456787",
            "2026-01-05 10:30:00 4111",
            "u-77",
            "",
        ] {
            assert!(!holds_card_number(free), "{free}");
        }
    }

    #[test]
    fn only_numbers_that_could_be_real_are_kept_out() {
        assert!(may_be_real("4111111111111111"));
        assert!(!may_be_real("4111111111111112"), "no card can have this number");
        assert!(!may_be_real("6233000000000063"), "one of the sandbox");
    }
}
