//! Tests of the rules: the whole table as a snapshot, laws as properties, edges as examples.

mod edges;
#[expect(clippy::arithmetic_side_effects, reason = "an overflow in a test may panic")]
mod laws;

#[test]
fn the_state_table_is_the_committed_one() {
    insta::assert_snapshot!("state_table", crate::table::markdown());
}

#[test]
fn the_table_has_every_state() {
    let names: std::collections::BTreeSet<_> =
        crate::samples::orders().iter().map(|(_, order)| order.state.name()).collect();
    assert_eq!(names.len(), 11, "each of the eleven states has a sample: {names:?}");
}
