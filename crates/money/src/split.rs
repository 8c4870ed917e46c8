//! Exact splits: the parts always add up to the whole.

use crate::{Amount, AmountError};

/// Splits `whole` in proportion to `weights` by largest remainder; the parts add up to `whole`
/// exactly, and an earlier part gets the odd unit first. All weights zero puts everything into the
/// first part; no weights give no parts.
///
/// # Errors
/// [`AmountError::TooLarge`] when the weights overflow.
pub fn split(whole: Amount, weights: &[u32]) -> Result<Vec<Amount>, AmountError> {
    let total: u128 = weights.iter().map(|w| u128::from(*w)).sum();
    let mut minors = Vec::with_capacity(weights.len());
    let mut remainders = Vec::with_capacity(weights.len());
    for (position, weight) in weights.iter().enumerate() {
        let share = u128::from(whole.minor()).saturating_mul(u128::from(*weight));
        let part = share.checked_div(total).unwrap_or(0);
        remainders.push((share.checked_rem(total).unwrap_or(0), position));
        minors.push(u64::try_from(part).map_err(|_| AmountError::TooLarge)?);
    }
    let given = minors.iter().copied().fold(0_u64, u64::saturating_add);
    let mut left = whole.minor().saturating_sub(given);
    if total == 0 {
        if let Some(first) = minors.first_mut() {
            *first = left;
        }
        left = 0;
    }
    remainders.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, position) in remainders {
        if left == 0 {
            break;
        }
        if let Some(part) = minors.get_mut(position) {
            *part = part.saturating_add(1);
            left = left.saturating_sub(1);
        }
    }
    minors.into_iter().map(|minor| Amount::new(minor, whole.currency())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Currency;
    use proptest::prelude::*;

    #[test]
    fn the_odd_unit_goes_to_the_earlier_part() {
        let cny = Currency::from_numeric("156").unwrap();
        let parts = split(Amount::new(100, cny).unwrap(), &[1, 1, 1]).unwrap();
        assert_eq!(parts.iter().map(|p| p.minor()).collect::<Vec<_>>(), [34, 33, 33]);
    }

    proptest! {
        #[test]
        fn the_parts_add_up(
            minor in 0..=crate::MINOR_UNITS_MAX,
            weights in prop::collection::vec(0..1000_u32, 1..8),
        ) {
            let cny = Currency::from_numeric("156").unwrap();
            let parts = split(Amount::new(minor, cny).unwrap(), &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|p| p.minor()).sum::<u64>(), minor);
        }
    }
}
