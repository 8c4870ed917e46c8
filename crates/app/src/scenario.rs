//! The sandbox outcomes that the platform itself acts on (ucsp.md sections 7 and 8.1). All others
//! are the simulated downstream system's matter.

/// The partner gets each notice twice.
pub const DUPLICATE_NOTICES: u8 = 8;
/// The notice reaches the partner before the synchronous answer.
pub const NOTICE_FIRST: u8 = 9;

/// The rows of the table of section 7, from and to.
const ROWS: [(u8, u8); 8] =
    [(0, 49), (51, 51), (54, 54), (61, 61), (91, 91), (96, 96), (98, 98), (99, 99)];

/// Whether a number is a row of the table, which `X-Sandbox-Scenario` may carry.
#[must_use]
pub fn is_known(number: u8) -> bool {
    ROWS.iter().any(|(from, to)| (*from..=*to).contains(&number))
}

/// The rows of the table, to read.
#[must_use]
pub fn known() -> String {
    let row = |(from, to): &(u8, u8)| {
        if from == to { format!("{from:02}") } else { format!("{from:02} to {to:02}") }
    };
    ROWS.iter().map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_told_as_the_table_has_them() {
        assert_eq!(known(), "00 to 49, 51, 54, 61, 91, 96, 98, 99");
        let known: Vec<u8> = (0..=u8::MAX).filter(|number| is_known(*number)).collect();
        assert_eq!(known.len(), 57);
        assert_eq!(known.iter().copied().filter(|it| *it >= 50).min(), Some(51));
    }
}
