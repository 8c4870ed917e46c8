//! The figures that are asked for, and whether they are reached.

use serde::Serialize;
use serde_json::Value;

/// A figure and its requirement.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Figure {
    /// What it is.
    pub(crate) name: &'static str,
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

/// Where a figure stands in the results, and what is asked of it.
struct Rule {
    name: &'static str,
    measure: fn(&Value) -> Option<f64>,
    required: f64,
    at_least: bool,
    unit: &'static str,
}

const RULES: &[Rule] = &[
    least("SUBMIT_PAYMENT_ORDER to the ceiling", |all| ratio(&all["submit"]), 0.85),
    least("PAYMENT_RESULT_INQUIRY to the ceiling", |all| ratio(&all["inquiry"]), 0.9),
    most("/healthz under load, p50", |all| probe(&all["submit"], 0), 5.0, "ms"),
    most("cashier page under load, p50", |all| probe(&all["submit"], 1), 5.0, "ms"),
    most("first start to ready", |all| all["start"]["first_s"].as_f64(), 3.0, "s"),
    most("later start to ready", |all| median(&all["start"]["later_s"]), 0.5, "s"),
    most("idle memory", idle_mib, 64.0, "MiB"),
    most("binary, stripped", binary_mib, 32.0, "MiB"),
    least("pay, a second", |all| rate(&all["till"]["pay"]), 12_000.0),
    least("pay to half of the store's write sets", pay_to_store, 0.6),
    most("pay, p99 of the long run", |all| long(all, "/latencies/p99_us", 1000.0), 25.0, "ms"),
    most("pay, longest stall", |all| long(all, "/longest_stall_ms", 1.0), 250.0, "ms"),
    least("upay-query to the ceiling", |all| ratio(&all["till"]["query"]), 0.7),
    most("memory under payments, most", |all| till_mib(&all["till"]), 256.0, "MiB"),
    least("pay over the large table to the small", |all| grown(&all["growth"]), 0.8),
    most("memory over the large table, most", |all| till_mib(&all["growth"][1]), 256.0, "MiB"),
];

const fn least(name: &'static str, measure: fn(&Value) -> Option<f64>, required: f64) -> Rule {
    Rule { name, measure, required, at_least: true, unit: "" }
}

const fn most(
    name: &'static str,
    measure: fn(&Value) -> Option<f64>,
    required: f64,
    unit: &'static str,
) -> Rule {
    Rule { name, measure, required, at_least: false, unit }
}

/// All figures that were measured.
pub(crate) fn judge(results: &Value) -> Vec<Figure> {
    let judged = RULES.iter().filter_map(|rule| {
        let Rule { name, measure, required, at_least, unit } = *rule;
        let measured = measure(results)?;
        let reached = if at_least { measured >= required } else { measured < required };
        Some(Figure { name, measured, required, at_least, unit, reached })
    });
    judged.collect()
}

/// The median over the rounds of: answers of the product for each answer of the ceiling.
fn ratio(rounds: &Value) -> Option<f64> {
    of_rounds(rounds, |round| {
        let product = round["product"]["per_second"].as_f64()?;
        Some(product / round["ceiling"]["per_second"].as_f64()?)
    })
}

/// The median over the rounds of the product's right answers a second.
fn rate(rounds: &Value) -> Option<f64> {
    of_rounds(rounds, |round| round["product"]["per_second"].as_f64())
}

/// A payment takes two write sets: the store's payments a second are half of its write sets.
fn pay_to_store(all: &Value) -> Option<f64> {
    let till = &all["till"];
    Some(rate(&till["pay"])? / till["store"]["terminal"]["per_second"].as_f64()?)
}

fn long(all: &Value, path: &str, unit: f64) -> Option<f64> {
    Some(all["till"]["long"].pointer(path)?.as_f64()? / unit)
}

fn till_mib(run: &Value) -> Option<f64> {
    Some(run["resident_kib_most"].as_f64()? / 1024.0)
}

fn grown(sizes: &Value) -> Option<f64> {
    let rate = |index: usize| sizes[index]["run"]["per_second"].as_f64();
    Some(rate(1)? / rate(0)?)
}

/// The median over the rounds of a probe's p50, in milliseconds.
fn probe(rounds: &Value, index: usize) -> Option<f64> {
    of_rounds(rounds, |round| {
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

    #[test]
    fn the_median_round_decides() {
        let rate = |per_second: f64| json!({ "per_second": per_second });
        let round = |product| json!({ "product": rate(product), "ceiling": rate(100.0) });
        let submit = [round(10.0), round(90.0), round(86.0)];
        let judged = judge(&json!({"submit": submit}));
        assert_eq!(judged.len(), 1);
        assert!((judged[0].measured - 0.86).abs() < 1e-9 && judged[0].reached);
        let slow = judge(&json!({"inquiry": [round(89.0)]}));
        assert!(!slow[0].reached);
    }

    #[test]
    fn payments_are_held_against_half_of_the_write_sets() {
        let rate = |per_second: f64| json!({ "per_second": per_second });
        let till = json!({
            "pay": [{"product": rate(13_000.0), "ceiling": rate(30_000.0)}],
            "query": [{"product": rate(15_000.0), "ceiling": rate(30_000.0)}],
            "store": {"terminal": {"per_second": 20_000, "write_sets_per_second": 40_000}},
            "long": {"longest_stall_ms": 300.0, "latencies": {"p99_us": 20_000}},
            "resident_kib_most": 102_400,
        });
        let judged = judge(&json!({ "till": till }));
        let found: Vec<_> = judged.iter().map(|it| (it.measured, it.reached)).collect();
        let expected = [(13_000.0, true), (0.65, true), (20.0, true), (300.0, false), (0.5, false)];
        assert_eq!(found[..5], expected);
        assert!(found[5].1 && found.len() == 6);
    }

    #[test]
    fn what_was_not_measured_is_not_judged() {
        assert!(judge(&json!({})).is_empty());
        let start = json!({"start": {"first_s": 3.5, "later_s": [0.1, 0.9, 0.2]}});
        let reached: Vec<bool> = judge(&start).iter().map(|figure| figure.reached).collect();
        assert_eq!(reached, [false, true]);
    }
}
