//! The figures that are asked for, and whether they are reached.

use serde::Serialize;
use serde_json::Value;

use super::ground::Store;

/// A figure and its requirement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: &'static str,
    /// Over which store.
    pub(crate) store: &'static str,
    /// What was measured.
    pub(crate) measured: f64,
    /// What is asked for.
    pub(crate) required: f64,
    /// Whether more is better; else less.
    pub(crate) at_least: bool,
    /// The unit, empty for a ratio.
    pub(crate) unit: &'static str,
    /// Whether it is reached.
    pub(crate) reached: bool,
}

/// Where a figure stands in the results of a store, and what is asked of it.
struct Rule {
    name: &'static str,
    measure: fn(&Value) -> Option<f64>,
    required: f64,
    at_least: bool,
    unit: &'static str,
    stores: &'static [Store],
}

const BOTH: &[Store] = &[Store::Sqlite, Store::Postgres];
const SQLITE: &[Store] = &[Store::Sqlite];
const POSTGRES: &[Store] = &[Store::Postgres];

const RULES: &[Rule] = &[
    least(
        SQLITE,
        "SUBMIT_PAYMENT_ORDER to the ceiling",
        |all| ratio(&all["submit"]["rounds"]),
        0.85,
    ),
    least(
        SQLITE,
        "PAYMENT_RESULT_INQUIRY to the ceiling",
        |all| ratio(&all["inquiry"]["rounds"]),
        0.9,
    ),
    most(SQLITE, "/healthz under load, p50", |all| probe(&all["submit"], 0), 5.0, "ms"),
    most(SQLITE, "cashier page under load, p50", |all| probe(&all["submit"], 1), 5.0, "ms"),
    most(SQLITE, "first start to ready", |all| all["start"]["first_s"].as_f64(), 3.0, "s"),
    most(SQLITE, "later start to ready", |all| median(&all["start"]["later_s"]), 0.5, "s"),
    most(SQLITE, "idle memory", idle_mib, 64.0, "MiB"),
    most(SQLITE, "binary, stripped", binary_mib, 32.0, "MiB"),
    least(SQLITE, "pay, a second", |all| median_rate(&all["till"]["pay"]), 12_000.0),
    least(POSTGRES, "pay, a second", |all| median_rate(&all["till"]["pay"]), 8_000.0),
    least(POSTGRES, "pay to pgbench", pay_to_pgbench, 0.5),
    least(SQLITE, "pay to half of the store's write sets", pay_to_store, 0.6),
    most(
        SQLITE,
        "pay, p99 of the long run",
        |all| long(all, "/latencies/p99_us", 1000.0),
        25.0,
        "ms",
    ),
    most(
        POSTGRES,
        "pay, p99 of the long run",
        |all| long(all, "/latencies/p99_us", 1000.0),
        40.0,
        "ms",
    ),
    most(SQLITE, "pay, longest stall", |all| long(all, "/longest_stall_ms", 1.0), 250.0, "ms"),
    least(SQLITE, "upay-query to the ceiling", |all| ratio(&all["till"]["query"]), 0.7),
    most(BOTH, "memory under payments, most", |all| mib(&all["till"]), 256.0, "MiB"),
    least(SQLITE, "pay over the largest table to the smallest", |all| grown(all, "pay"), 0.8),
    most(BOTH, "memory over the largest table, most", memory_grown, 256.0, "MiB"),
    least(BOTH, "notices to the RSA signing ceiling", notices, 0.8),
    most(BOTH, "p99 of others beside a silent receiver", |all| beside(all, "silent"), 1.2, ""),
    most(BOTH, "p99 of others beside a refusing receiver", |all| beside(all, "refusing"), 1.2, ""),
    most(BOTH, "recovery after kill -9 to ready, longest", recovery, 2.0, "s"),
];

const fn least(
    stores: &'static [Store],
    name: &'static str,
    measure: fn(&Value) -> Option<f64>,
    required: f64,
) -> Rule {
    Rule { name, measure, required, at_least: true, unit: "", stores }
}

const fn most(
    stores: &'static [Store],
    name: &'static str,
    measure: fn(&Value) -> Option<f64>,
    required: f64,
    unit: &'static str,
) -> Rule {
    Rule { name, measure, required, at_least: false, unit, stores }
}

/// All figures that were measured, of each store those that are asked of it.
pub(crate) fn judge(results: &Value) -> Vec<Figure> {
    let of_store = |store: Store| {
        let all = &results[store.name()];
        let rules = RULES.iter().filter(move |rule| rule.stores.contains(&store));
        rules.filter_map(move |rule| {
            let Rule { name, measure, required, at_least, unit, .. } = *rule;
            let measured = measure(all)?;
            let reached = if at_least { measured >= required } else { measured < required };
            Some(Figure { name, store: store.name(), measured, required, at_least, unit, reached })
        })
    };
    Store::ALL.into_iter().flat_map(of_store).collect()
}

/// The median over the rounds of: answers of the product for each answer of the ceiling.
fn ratio(rounds: &Value) -> Option<f64> {
    of_rounds(rounds, |round| rate_of(round, "product", "ceiling"))
}

fn rate_of(round: &Value, one: &str, other: &str) -> Option<f64> {
    Some(round[one]["per_second"].as_f64()? / round[other]["per_second"].as_f64()?)
}

/// The median over the rounds of the product's right answers a second.
pub(crate) fn median_rate(rounds: &Value) -> Option<f64> {
    of_rounds(rounds, |round| round["product"]["per_second"].as_f64())
}

fn pay_to_pgbench(all: &Value) -> Option<f64> {
    of_rounds(&all["till"]["pay"], |round| rate_of(round, "product", "pgbench"))
}

/// A payment takes two write sets: the store's payments a second are half of its write sets.
fn pay_to_store(all: &Value) -> Option<f64> {
    let till = &all["till"];
    Some(median_rate(&till["pay"])? / till["store"]["terminal"]["per_second"].as_f64()?)
}

fn long(all: &Value, path: &str, unit: f64) -> Option<f64> {
    Some(all["till"]["long"].pointer(path)?.as_f64()? / unit)
}

fn mib(run: &Value) -> Option<f64> {
    Some(run["resident_kib_most"].as_f64()? / 1024.0)
}

/// The median rate over the last size for each of the first.
fn grown(all: &Value, scenario: &str) -> Option<f64> {
    let sizes = all["growth"]["sizes"].as_array()?;
    let rate = |size: &Value| {
        of_rounds(&size["rounds"], |round| round[scenario]["product"]["per_second"].as_f64())
    };
    Some(rate(sizes.last()?)? / rate(sizes.first()?)?)
}

fn memory_grown(all: &Value) -> Option<f64> {
    let largest = all["growth"]["sizes"].as_array()?.last()?;
    largest["rounds"].as_array()?.iter().filter_map(mib).reduce(f64::max)
}

fn notices(all: &Value) -> Option<f64> {
    of_rounds(&all["delivery"]["rounds"], |round| round["rate"]["to_ceiling"].as_f64())
}

/// The median over the rounds of: p99 beside a dead receiver for that without one.
fn beside(all: &Value, dead: &str) -> Option<f64> {
    of_rounds(&all["delivery"]["rounds"], |round| {
        Some(round[dead]["p99_us"].as_f64()? / round["alone"]["p99_us"].as_f64()?)
    })
}

fn recovery(all: &Value) -> Option<f64> {
    let times = all["recovery"]["ready_s"].as_array()?;
    times.iter().filter_map(Value::as_f64).reduce(f64::max)
}

/// The median over the rounds of a probe's p50, in milliseconds.
fn probe(part: &Value, index: usize) -> Option<f64> {
    of_rounds(&part["rounds"], |round| {
        let probe = &round["product_with_others"]["probes"][index];
        Some(probe["latencies"]["p50_us"].as_f64()? / 1000.0)
    })
}

fn idle_mib(all: &Value) -> Option<f64> {
    let read = |name: &str| all["start"][name].as_f64();
    let most = read("idle_kib_after_first")?.max(read("idle_kib_after_later")?);
    Some(most / 1024.0)
}

fn binary_mib(all: &Value) -> Option<f64> {
    Some(all["start"]["binary_bytes"].as_f64()? / (1024.0 * 1024.0))
}

/// The median over the rounds of anything.
pub(crate) fn of_rounds(rounds: &Value, read: impl Fn(&Value) -> Option<f64>) -> Option<f64> {
    middle(rounds.as_array()?.iter().map(read).collect::<Option<Vec<_>>>()?)
}

fn median(numbers: &Value) -> Option<f64> {
    middle(numbers.as_array()?.iter().map(Value::as_f64).collect::<Option<Vec<_>>>()?)
}

/// The middle one; of an even number of them the lower.
fn middle(mut numbers: Vec<f64>) -> Option<f64> {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rate(per_second: f64) -> Value {
        json!({ "per_second": per_second })
    }

    #[test]
    fn the_median_round_decides() {
        let round = |product| json!({ "product": rate(product), "ceiling": rate(100.0) });
        let rounds = [round(10.0), round(90.0), round(86.0)];
        let judged = judge(&json!({"sqlite": {"submit": {"rounds": rounds}}}));
        assert_eq!(judged.len(), 1);
        assert!((judged[0].measured - 0.86).abs() < 1e-9 && judged[0].reached);
        let slow = judge(&json!({"sqlite": {"inquiry": {"rounds": [round(89.0)]}}}));
        assert!(!slow[0].reached);
    }

    #[test]
    fn payments_are_held_against_half_of_the_write_sets() {
        let till = json!({
            "pay": [{"product": rate(13_000.0), "ceiling": rate(30_000.0)}],
            "query": [{"product": rate(15_000.0), "ceiling": rate(30_000.0)}],
            "store": {"terminal": {"per_second": 20_000, "write_sets_per_second": 40_000}},
            "long": {"longest_stall_ms": 300.0, "latencies": {"p99_us": 20_000}},
            "resident_kib_most": 102_400,
        });
        let judged = judge(&json!({"sqlite": { "till": till }}));
        let found: Vec<_> = judged.iter().map(|it| (it.measured, it.reached)).collect();
        let expected = [(13_000.0, true), (0.65, true), (20.0, true), (300.0, false), (0.5, false)];
        assert_eq!(found[..5], expected);
        assert!(found[5].1 && found.len() == 6);
    }

    #[test]
    fn payments_over_postgres_are_held_against_pgbench() {
        let pay = [json!({"product": rate(8_100.0), "pgbench": rate(17_000.0)})];
        let judged = judge(&json!({"postgres": {"till": {"pay": pay}}}));
        let reached: Vec<bool> = judged.iter().map(|figure| figure.reached).collect();
        assert_eq!(reached, [true, false]);
    }

    #[test]
    fn others_beside_a_dead_receiver_are_held_against_the_same_round() {
        let p99 = |us: u32| json!({ "p99_us": us });
        let round = |to_ceiling: f64, silent| {
            json!({"rate": {"to_ceiling": to_ceiling}, "alone": p99(100), "silent": p99(silent),
                   "refusing": p99(119)})
        };
        let rounds = [round(0.9, 90), round(0.7, 130), round(0.79, 125)];
        let judged = judge(&json!({"postgres": {"delivery": {"rounds": rounds}}}));
        let reached: Vec<_> = judged.iter().map(|it| (it.measured, it.reached)).collect();
        assert_eq!(reached, [(0.79, false), (1.25, false), (1.19, true)]);
    }

    #[test]
    fn growth_is_the_last_size_to_the_first_and_recovery_the_longest() {
        let size = |pay: f64| json!({"rounds": [{"pay": {"product": rate(pay)}}]});
        let sizes = [size(1_000.0), size(10.0), size(700.0)];
        let all = json!({"growth": {"sizes": sizes}, "recovery": {"ready_s": [0.2, 2.5, 0.1]}});
        let judged = judge(&json!({"sqlite": all}));
        let found: Vec<_> = judged.iter().map(|it| (it.measured, it.reached)).collect();
        assert_eq!(found, [(0.7, false), (2.5, false)]);
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        assert!(judge(&json!({})).is_empty());
        let start = json!({"first_s": 3.5, "later_s": [0.1, 0.9, 0.2]});
        let judged = judge(&json!({"sqlite": {"start": start}}));
        let reached: Vec<bool> = judged.iter().map(|figure| figure.reached).collect();
        assert_eq!(reached, [false, true]);
        let missing = json!({"sizes": [{"rounds": []}, {"not_measured": "no room"}]});
        assert!(judge(&json!({"sqlite": {"growth": missing}})).is_empty());
    }
}
