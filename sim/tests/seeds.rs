//! A short simulation for every change: some seeds, the kept ones, and the planted bugs. The long
//! one is `cargo xtask sim`.

use causeway_sim::{Canary, Plan, Report, run};

/// Seeds and orders of the short run.
const SEEDS: u64 = 30;
const ORDERS: u64 = 60;
/// A planted bug is found within so many seeds.
const CANARY_SEEDS: u64 = 20;
const CANARY_ORDERS: u64 = 40;

fn simulated(seed: u64, orders: u64, canary: Option<Canary>) -> Report {
    run(Plan { seed, orders, canary }).expect("a runtime")
}

fn assert_holds(seed: u64, orders: u64) {
    let report = simulated(seed, orders, None);
    let found: Vec<String> = report
        .findings
        .violations
        .iter()
        .map(|violation| format!("invariant {}: {}", violation.invariant, violation.what))
        .collect();
    assert!(
        found.is_empty(),
        "cargo xtask sim --seed {seed} --orders {orders}\n{}",
        found.join("\n")
    );
    assert!(report.findings.orders > 0 && report.findings.lines > 0, "nothing happened");
}

#[test]
fn invariants_hold_on_some_seeds() {
    for seed in 1..=SEEDS {
        assert_holds(seed, ORDERS);
    }
}

#[test]
fn kept_seeds_hold() {
    for line in include_str!("../seeds/kept.txt").lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ').map(str::parse::<u64>);
        if let (Some(Ok(seed)), Some(Ok(orders))) = (words.next(), words.next()) {
            assert_holds(seed, orders);
        }
    }
}

#[test]
fn invariant_10_the_same_seed_is_the_same_run() {
    for seed in [7, 8, 9, 10] {
        let (first, second) = (simulated(seed, ORDERS, None), simulated(seed, ORDERS, None));
        assert!(first.is_same(&second), "seed {seed}: {first:?} and {second:?}");
    }
    let other = simulated(11, ORDERS, None);
    assert!(!other.is_same(&simulated(12, ORDERS, None)), "all seeds are the same");
}

fn assert_found(canary: Canary, invariants: &[u8]) {
    let found = (1..=CANARY_SEEDS).find_map(|seed| {
        let violations = simulated(seed, CANARY_ORDERS, Some(canary)).findings.violations;
        violations.into_iter().find(|violation| invariants.contains(&violation.invariant))
    });
    assert!(found.is_some(), "{canary:?} was not found");
}

#[test]
fn a_lost_answer_taken_for_a_refusal_is_found() {
    assert_found(Canary::LostIsRefused, &[3, 4]);
}

#[test]
fn not_found_taken_for_proof_is_found() {
    assert_found(Canary::EarlyNotFound, &[3, 4]);
}

#[test]
fn an_answer_before_the_commit_is_found() {
    assert_found(Canary::EarlyAnswer, &[1, 3]);
}

#[test]
fn a_lost_update_is_found() {
    assert_found(Canary::LostUpdate, &[1, 3, 4, 5, 8]);
}

#[test]
fn a_charge_under_another_number_is_found() {
    assert_found(Canary::ChargedAgain, &[3]);
}

#[test]
fn a_notice_that_nobody_confirmed_is_found() {
    assert_found(Canary::SilentNotice, &[5]);
}
