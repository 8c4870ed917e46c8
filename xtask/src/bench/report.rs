//! The results as a page.

mod parts;

use serde_json::Value;

use self::parts::part;
use super::figures::Figure;
use super::ground::Store;
use super::options::Part;

/// The page: what was reached, then each part with its ceilings.
pub(crate) fn markdown(results: &Value, figures: &[Figure]) -> String {
    let machine = &results["machine"];
    let mut lines = vec![
        "# Figures\n".to_owned(),
        format!(
            "{} cores, {}, {} MiB of memory; server, database and generator on the same machine. \
             Medians of the rounds. Each part tells its commit and the load of the machine before \
             it.\n",
            machine["cores"],
            machine["processor"].as_str().unwrap_or("unknown"),
            machine["memory_mib"],
        ),
        "| store | figure | measured | asked for | reached |\n|---|---|---:|---:|---|".to_owned(),
    ];
    lines.extend(figures.iter().map(figure));
    for store in Store::ALL {
        for kind in Part::ALL {
            lines.extend(section(store, kind, &results[store.name()][kind.name()]));
        }
    }
    lines.join("\n")
}

fn figure(figure: &Figure) -> String {
    let Figure { name, store, measured, required, at_least, unit, reached } = figure;
    let bound = if *at_least { "at least" } else { "under" };
    let reached = if *reached { "yes" } else { "**no**" };
    let blank = if unit.is_empty() { "" } else { " " };
    format!(
        "| {store} | {name} | {measured:.2}{blank}{unit} | {bound} {required}{blank}{unit} | \
         {reached} |"
    )
}

/// One part, if it was measured.
fn section(store: Store, kind: Part, results: &Value) -> Vec<String> {
    if !results.is_object() {
        return vec![];
    }
    let conditions = &results["conditions"];
    let told = |name: &str| conditions[name].as_str().unwrap_or("unknown").to_owned();
    let mut lines = vec![format!(
        "\n## {}: {}\n\nCommit {}, load before {}, {} connections, {} rounds of {} s.",
        store.name(),
        kind.name(),
        told("commit"),
        conditions["load_before"],
        conditions["connections"],
        conditions["rounds"],
        conditions["seconds"],
    )];
    if let Some(settings) = conditions["database"].as_str() {
        lines.push(format!("The database: {settings}."));
    }
    lines.extend(part(kind, results));
    lines
}

/// A number, or a dash.
fn shown(number: Option<f64>, decimals: usize) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::figures::judge;
    use super::*;

    #[test]
    fn a_part_stands_on_the_page_with_its_conditions() {
        let rounds = [json!({"ceiling": {"per_second": 10.0}, "product": {"per_second": 9.0}})];
        let conditions = json!({"commit": "c0ffee", "load_before": 0.5});
        let all = json!({"machine": {}, "sqlite": {"submit": {
            "conditions": conditions, "rounds": rounds,
        }}});
        let text = markdown(&all, &judge(&all));
        for part in ["| sqlite | SUBMIT_PAYMENT_ORDER", "0.90", "## sqlite: submit", "c0ffee"] {
            assert!(text.contains(part), "{part} is missing: {text}");
        }
    }

    #[test]
    fn what_was_not_measured_is_not_on_the_page() {
        let text = markdown(&json!({"machine": {}}), &[]);
        assert!(!text.contains("RSA") && !text.contains("## "), "{text}");
    }
}
