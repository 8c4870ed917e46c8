//! The parts of the page, each as paragraphs and tables.

use serde_json::Value;

use super::shown;
use crate::bench::figures::{median_rate, of_rounds};
use crate::bench::options::Part;

/// Who was asked in a round, in the order of the page.
const ASKED: &[(&str, &str)] = &[
    ("ceiling", "bare handler"),
    ("ceiling_on_threads", "bare handler, signs on threads of its own"),
    ("product", "product"),
    ("product_with_others", "product, while others ask"),
];

/// What a part says.
pub(super) fn part(kind: Part, results: &Value) -> Vec<String> {
    match kind {
        // All of it is among the figures.
        Part::Start => vec![],
        Part::Store => store(results),
        Part::Submit | Part::Inquiry => {
            let mut lines = rsa(&results["rsa"]);
            lines.extend(rounds(kind.name(), &results["rounds"]));
            lines.push(open(kind.name(), &results["open"]));
            lines.push(memory(results));
            lines
        }
        Part::Till => till(results),
        Part::Growth => growth(&results["sizes"]),
        Part::Delivery => delivery(results),
        Part::Recovery => vec![recovery(results)],
    }
}

fn store(figures: &Value) -> Vec<String> {
    let rate = |shape: &str| shown(figures[shape]["per_second"].as_f64(), 0);
    let mut lines = vec![format!(
        "\nThe store alone, {} callers, each answer durable: {} payments a second of two write \
         sets each, {} orders placed, {} results recorded, {} orders read a second.",
        figures["submitters"],
        rate("terminal"),
        rate("submit"),
        rate("pay"),
        rate("read"),
    )];
    let pgbench = figures["pgbench"]["per_second"].as_f64();
    lines.extend(pgbench.map(|rate| format!("`pgbench`: {rate:.0} statements a second.")));
    lines
}

fn rsa(figures: &Value) -> Vec<String> {
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

fn till(figures: &Value) -> Vec<String> {
    let (alone, long) = (&figures["store"]["terminal"], &figures["long"]);
    let times = |name: &str| long["latencies"][name].as_f64().map(|us| us / 1000.0);
    let pgbench = |round: &Value| round["pgbench"]["per_second"].as_f64();
    let mut lines = vec![format!(
        "\n{} orders in the tables before. The store alone over them: {} payments a second, two \
         write sets each, {} us of its process for one.",
        figures["orders_before"],
        shown(alone["per_second"].as_f64(), 0),
        shown(alone["cpu_us_each"].as_f64(), 1),
    )];
    if let Some(rate) = of_rounds(&figures["pay"], pgbench) {
        let to_it = median_rate(&figures["pay"]).map(|pay| pay / rate);
        let text = format!(
            "`pgbench`, one statement of three inserts, 32 connections: {rate:.0} a second; \
             payments are {} of it, the store alone {}.",
            shown(to_it, 2),
            shown(alone["per_second"].as_f64().map(|alone| alone / rate), 2),
        );
        lines.push(text);
    }
    lines.push(format!(
        "{} s of payments: {} a second, p99 {} ms, p99.9 {} ms, longest stall {} ms.",
        shown(long["window_s"].as_f64(), 0),
        shown(long["per_second"].as_f64(), 0),
        shown(times("p99_us"), 1),
        shown(times("p999_us"), 1),
        shown(long["longest_stall_ms"].as_f64(), 0),
    ));
    lines.extend(errors_of("long run", long));
    lines.push(memory(figures));
    for (name, key) in [("pay", "pay_open"), ("query", "query_open")] {
        lines.push(open(name, &figures[key]));
    }
    for name in ["pay", "query"] {
        lines.extend(rounds(name, &figures[name]));
    }
    lines
}

fn memory(results: &Value) -> String {
    let most = results["resident_kib_most"].as_f64().map(|kib| kib / 1024.0);
    format!("Memory of the product, most: {} MiB.", shown(most, 0))
}

/// A run at half of the rate.
fn open(name: &str, run: &Value) -> String {
    let time = |name: &str| shown(run["latencies"][name].as_f64().map(|us| us / 1000.0), 1);
    let text = format!(
        "Open loop, {name} at {} a second, from the instant at which a request was due: p50 {} ms, \
         p99 {} ms, p99.9 {} ms, longest {} ms.",
        run["rate"],
        time("p50_us"),
        time("p99_us"),
        time("p999_us"),
        time("max_us"),
    );
    std::iter::once(text).chain(errors_of("open loop", run)).collect::<Vec<_>>().join("\n")
}

fn growth(sizes: &Value) -> Vec<String> {
    let row = |size: &Value| {
        if let Some(reason) = size["not_measured"].as_str() {
            return format!("| {} | not measured: {reason} | | | | |", size["orders_before"]);
        }
        let of = |path: &str| of_rounds(&size["rounds"], |round| round.pointer(path)?.as_f64());
        let of = |path: &str, unit: f64, decimals| shown(of(path).map(|it| it / unit), decimals);
        format!(
            "| {} | {} | {} | {} | {} | {} |",
            size["orders_before"],
            of("/pay/product/per_second", 1.0, 0),
            of("/pay/product/latencies/p99_us", 1000.0, 1),
            of("/pay/product/longest_stall_ms", 1.0, 0),
            of("/query/product/per_second", 1.0, 0),
            of("/resident_kib_most", 1024.0, 0),
        )
    };
    let head = "\n| orders before | pay a second | p99 ms | stall ms | query a second | MiB at \
                most |\n|---:|---:|---:|---:|---:|---:|";
    let rows = sizes.as_array().into_iter().flatten().map(row);
    std::iter::once(head.to_owned()).chain(rows).collect()
}

fn delivery(figures: &Value) -> Vec<String> {
    let of = |path: &str| of_rounds(&figures["rounds"], |round| round.pointer(path)?.as_f64());
    let mut lines = vec![format!(
        "\n{} receivers in a process of their own; notices due at once: {} a second from one \
         worker, {} of RSA signing on all cores ({} a second); {} us of processor time of the \
         worker for one, {} of the receivers. Memory of the worker, most: {} MiB.",
        figures["receivers"],
        shown(of("/rate/per_second"), 0),
        shown(of("/rate/to_ceiling"), 2),
        shown(of("/signs_per_second"), 0),
        shown(of("/rate/worker_us_each"), 0),
        shown(of("/rate/receivers_us_each"), 0),
        shown(figures["resident_kib_most"].as_f64().map(|kib| kib / 1024.0), 0),
    )];
    lines.push(format!(
        "\n| {} notices a second; the other receivers | p50 ms | p99 ms | p99.9 ms | longest ms | \
         not confirmed |\n|---|---:|---:|---:|---:|---:|",
        figures["offered_per_second"]
    ));
    for (name, key) in [
        ("all are well", "alone"),
        ("one accepts and never answers", "silent"),
        ("one refuses", "refusing"),
    ] {
        let time = |end: &str| shown(of(&format!("/{key}/{end}")).map(|us| us / 1000.0), 1);
        lines.push(format!(
            "| {name} | {} | {} | {} | {} | {} |",
            time("p50_us"),
            time("p99_us"),
            time("p999_us"),
            time("max_us"),
            shown(of(&format!("/{key}/not_confirmed")), 0),
        ));
    }
    lines
}

fn recovery(figures: &Value) -> String {
    let times = figures["ready_s"].as_array().into_iter().flatten();
    let times: Vec<String> = times.map(|time| shown(time.as_f64(), 2)).collect();
    format!(
        "\nKilled under payments over at least {} orders, started again: /readyz says 200 after {} \
         s.",
        figures["orders_before"],
        times.join(", ")
    )
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
    let all = rounds.as_array().into_iter().flatten().filter_map(Value::as_object).flatten();
    all.flat_map(|(name, run)| errors_of(name, run)).collect()
}

/// Whatever went wrong in a run.
fn errors_of(name: &str, run: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    let probes = run["probes"].as_array().into_iter().flatten();
    for part in std::iter::once(run).chain(probes) {
        for (error, count) in part["errors"].as_object().into_iter().flatten() {
            lines.push(format!("\nErrors, {name}: {error}, {count} times."));
        }
    }
    lines
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
        let open = open("pay", &json!({"rate": 5, "errors": {"never sent": 7}}));
        assert!(open.ends_with("never sent, 7 times."), "{open}");
    }

    #[test]
    fn a_size_without_room_is_told() {
        let sizes = json!([{"orders_before": 5, "not_measured": "no room"}]);
        assert!(growth(&sizes).iter().any(|line| line.contains("| 5 | not measured: no room |")));
    }
}
