//! Test cards of the simulated banks: numbers from ranges that no issuer uses.

use wire::card_number::{TEST_RANGES, check_digit};

/// A 16-digit test number: a range, nine digits that tell cards apart, and the check digit.
pub(crate) fn test_number(range: usize, serial: u32) -> String {
    let range = TEST_RANGES.get(range % TEST_RANGES.len()).copied().unwrap_or("623300");
    let body = format!("{range}{:09}", serial % 1_000_000_000);
    let check = check_digit(&body).unwrap_or(0);
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
    use wire::card_number::{holds_card_number, may_be_real};

    use super::*;

    #[test]
    fn the_test_numbers_are_cards_that_nobody_has() {
        for serial in [0, 6, 77_001, 999_999_999] {
            for range in 0..TEST_RANGES.len() {
                let pan = test_number(range, serial);
                assert_eq!(pan.len(), 16);
                assert!(holds_card_number(&pan), "{pan}");
                assert!(!may_be_real(&pan), "{pan}");
            }
        }
    }

    #[test]
    fn a_masked_number_shows_four_digits_at_each_end() {
        assert_eq!(masked("6233000000000060"), "6233********0060");
    }
}
