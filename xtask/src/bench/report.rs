//! The results as a page.

use serde_json::Value;

use super::figures::{Figure, of_rounds};

/// Who was asked in a round, in the order of the page.
const ASKED: &[(&str, &str)] = &[
    ("ceiling", "bare handler"),
    ("ceiling_on_threads", "bare handler, signs on threads of its own"),
    ("product", "product"),
    ("product_with_others", "product, while others ask"),
];

/// The page: what was reached, the ceilings, the rounds.
pub(crate) fn markdown(results: &Value, figures: &[Figure]) -> String {
    let machine = &results["machine"];
    let mut lines = vec![
        format!("# Figures of {}\n", results["commit"].as_str().unwrap_or("unknown")),
        format!(
            "{} cores, {}, {} MiB of memory; server and generator on the same machine. Load of \
             the machine before: {}.\n",
            machine["cores"],
            machine["processor"].as_str().unwrap_or("unknown"),
            machine["memory_mib"],
            results["load_before"],
        ),
        "| figure | measured | asked for | reached |\n|---|---:|---:|---|".to_owned(),
    ];
    lines.extend(figures.iter().map(figure));
    lines.extend(rsa(&results["rsa"]));
    lines.extend(store(&results["store"]));
    for scenario in ["submit", "inquiry"] {
        lines.extend(rounds(scenario, &results[scenario]));
    }
    lines.extend(till(&results["till"]));
    for (name, key) in [("upay-pay", "pay"), ("upay-query", "query")] {
        lines.extend(rounds(name, &results["till"][key]));
    }
    lines.extend(growth(&results["growth"]));
    lines.join("\n")
}

/// The store alone with a payment's rows, and the long run.
fn till(figures: &Value) -> Option<String> {
    let (alone, long) = (&figures["store"]["terminal"], &figures["long"]);
    let times = |name: &str| long["latencies"][name].as_f64().map(|us| us / 1000.0);
    figures.is_object().then(|| {
        format!(
            "\nTerminals, {} orders in the tables before. The store alone: {} payments a second, \
             two write sets each, {} us of its writer for one. {} s of payments: {} a second, p99 \
             {} ms, p99.9 {} ms, longest stall {} ms, {} MiB at most.",
            figures["orders_before"],
            shown(alone["per_second"].as_f64(), 0),
            shown(alone["writer_cpu_us_each"].as_f64(), 1),
            shown(long["window_s"].as_f64(), 0),
            shown(long["per_second"].as_f64(), 0),
            shown(times("p99_us"), 1),
            shown(times("p999_us"), 1),
            shown(long["longest_stall_ms"].as_f64(), 0),
            shown(figures["resident_kib_most"].as_f64().map(|kib| kib / 1024.0), 0),
        )
    })
}

fn growth(sizes: &Value) -> Vec<String> {
    let row = |size: &Value| {
        let run = &size["run"];
        format!(
            "| {} | {} | {} | {} | {} |",
            size["orders_before"],
            shown(run["per_second"].as_f64(), 0),
            shown(run["latencies"]["p99_us"].as_f64().map(|us| us / 1000.0), 1),
            shown(run["longest_stall_ms"].as_f64(), 0),
            shown(size["resident_kib_most"].as_f64().map(|kib| kib / 1024.0), 0),
        )
    };
    let Some(sizes) = sizes.as_array() else { return vec![] };
    let head = "\n| orders before | pay a second | p99 ms | stall ms | MiB at most |\n\
                |---:|---:|---:|---:|---:|";
    std::iter::once(head.to_owned()).chain(sizes.iter().map(row)).collect()
}

fn figure(figure: &Figure) -> String {
    let Figure { name, measured, required, at_least, unit, reached } = figure;
    let bound = if *at_least { "at least" } else { "under" };
    let reached = if *reached { "yes" } else { "**no**" };
    let blank = if unit.is_empty() { "" } else { " " };
    format!("| {name} | {measured:.2}{blank}{unit} | {bound} {required}{blank}{unit} | {reached} |")
}

fn rsa(figures: &Value) -> Vec<String> {
    if !figures.is_object() {
        return vec![];
    }
    let row = |name: &str| {
        let read = |end: &str| shown(figures[format!("{name}_per_second{end}")].as_f64(), 0);
        format!("| {name} a second | {} | {} |", read("_one_core"), read(""))
    };
    vec![
        "\n| RSA 2048 alone | one core | all cores |\n|---|---:|---:|".to_owned(),
        row("signs"),
        row("verifications"),
    ]
}

fn store(figures: &Value) -> Option<String> {
    let rate = |shape: &str| shown(figures[shape]["per_second"].as_f64(), 0);
    figures.is_object().then(|| {
        format!(
            "\nThe store alone, {} callers, each answer durable: {} orders placed a second, {} \
             results recorded a second, {} orders read a second.",
            figures["submitters"],
            rate("submit"),
            rate("pay"),
            rate("read"),
        )
    })
}

fn rounds(scenario: &str, rounds: &Value) -> Vec<String> {
    if !rounds.is_array() {
        return vec![];
    }
    let mut lines = vec![format!(
        "\n| {scenario} | a second | to the ceiling | p50 ms | p99 ms | p99.9 ms | server us | \
         generator us |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    )];
    lines.extend(ASKED.iter().filter_map(|(key, name)| asked(rounds, key, name)));
    lines.extend(errors(rounds));
    lines
}

/// The medians of one row; none if it was not asked.
fn asked(rounds: &Value, key: &str, name: &str) -> Option<String> {
    let of = |path: &str| of_rounds(rounds, |round| round[key].pointer(path)?.as_f64());
    let rate = of("/per_second")?;
    let ratio = of_rounds(rounds, |round| {
        Some(round[key]["per_second"].as_f64()? / round["ceiling"]["per_second"].as_f64()?)
    });
    let time = |path: &str| shown(of(path).map(|time| time / 1000.0), 1);
    Some(format!(
        "| {name} | {rate:.0} | {} | {} | {} | {} | {} | {} |",
        shown(ratio, 2),
        time("/latencies/p50_us"),
        time("/latencies/p99_us"),
        time("/latencies/p999_us"),
        shown(of("/server_us_per_answer"), 0),
        shown(of("/own_us_per_answer"), 0),
    ))
}

/// Whatever went wrong in any round.
fn errors(rounds: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for round in rounds.as_array().into_iter().flatten() {
        for (name, run) in round.as_object().into_iter().flatten() {
            let probes = run["probes"].as_array().into_iter().flatten();
            for part in std::iter::once(run).chain(probes) {
                for (error, count) in part["errors"].as_object().into_iter().flatten() {
                    lines.push(format!("\nErrors, {name}: {error}, {count} times."));
                }
            }
        }
    }
    lines
}

fn shown(number: Option<f64>, decimals: usize) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn medians_and_errors_are_on_the_page() {
        let run = |rate: u32| json!({"per_second": rate, "errors": {}});
        let mut round = json!({"ceiling": run(1000), "product": run(900)});
        let fine = rounds("submit", &json!([round]));
        assert!(fine.iter().any(|line| line.starts_with("| product | 900 | 0.90 |")), "{fine:?}");
        assert_eq!(fine.len(), 3);
        round["product"]["errors"] = json!({"status 503": 2});
        let wrong = rounds("submit", &json!([round]));
        assert!(wrong.iter().any(|line| line.ends_with("status 503, 2 times.")), "{wrong:?}");
    }

    #[test]
    fn what_was_not_measured_is_not_on_the_page() {
        let text = markdown(&json!({"machine": {}}), &[]);
        assert!(!text.contains("RSA") && !text.contains("submit"), "{text}");
    }
}
