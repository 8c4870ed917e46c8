//! Test cards: numbers from ranges that no issuer uses, and the rule that keeps real ones out.

/// First six digits of the test cards of the simulated banks.
const TEST_RANGES: [&str; 4] = ["623300", "625094", "629200", "620000"];

/// Whether a number lies in a test range.
pub(crate) fn is_test_number(pan: &str) -> bool {
    TEST_RANGES.iter().any(|range| pan.starts_with(range))
}

/// Whether a number could be somebody's card: it passes the check digit and is none of ours.
/// The sandbox refuses it (security 7).
pub(crate) fn may_be_real(pan: &str) -> bool {
    !is_test_number(pan) && passes_luhn(pan)
}

/// Whether the check digit of ISO/IEC 7812-1 fits.
fn passes_luhn(pan: &str) -> bool {
    pan.len() >= 2 && luhn_sum(pan, false).is_some_and(|sum| sum % 10 == 0)
}

/// Sum of the digits, from the right, every second one doubled; the last one first if
/// `double_last`.
fn luhn_sum(digits: &str, double_last: bool) -> Option<u32> {
    let mut double = double_last;
    let mut sum = 0;
    for character in digits.chars().rev() {
        let digit = character.to_digit(10)?;
        let counted = if double { digit * 2 } else { digit };
        sum += counted / 10 + counted % 10;
        double = !double;
    }
    Some(sum)
}

/// A 16-digit test number: a range, nine digits that tell cards apart, and the check digit.
pub(crate) fn test_number(range: usize, serial: u32) -> String {
    let range = TEST_RANGES.get(range % TEST_RANGES.len()).copied().unwrap_or("623300");
    let body = format!("{range}{:09}", serial % 1_000_000_000);
    let check = luhn_sum(&body, true).map_or(0, |sum| (10 - sum % 10) % 10);
    format!("{body}{check}")
}

/// First and last four digits in clear.
pub(crate) fn masked(pan: &str) -> String {
    let head = pan.get(..4).unwrap_or_default();
    let tail = pan.len().checked_sub(4).and_then(|at| pan.get(at..)).unwrap_or_default();
    let hidden = pan.len().saturating_sub(8);
    format!("{head}{}{tail}", "*".repeat(hidden))
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
    }

    #[test]
    fn only_numbers_that_could_be_real_are_kept_out() {
        for serial in [0, 6, 77_001, 999_999_999] {
            for range in 0..TEST_RANGES.len() {
                let pan = test_number(range, serial);
                assert_eq!(pan.len(), 16);
                assert!(passes_luhn(&pan), "{pan}");
                assert!(!may_be_real(&pan), "{pan}");
            }
        }
        assert!(may_be_real("4111111111111111"));
        assert!(!may_be_real("4111111111111112"), "no card can have this number");
    }

    #[test]
    fn a_masked_number_shows_four_digits_at_each_end() {
        assert_eq!(masked("6233000000000060"), "6233********0060");
    }
}
