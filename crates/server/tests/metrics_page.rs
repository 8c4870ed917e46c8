//! The page of metrics says what the code counts: each name once, its kind and its labels.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must say where")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: &str = include_str!("../../../docs/ops/metrics.md");
const KINDS: [&str; 3] = ["counter", "gauge", "histogram"];

/// Kind and labels of a metric. The labels are not known where the code gives them by a variable.
#[derive(Debug, PartialEq, Eq)]
struct Metric {
    kind: String,
    labels: Option<Vec<String>>,
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// What stands between the first two quotes, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    text.split_once('"')?.1.split_once('"')
}

/// Every use of the macros that register a metric.
fn counted() -> BTreeMap<String, Metric> {
    let mut files = Vec::new();
    for folder in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap() {
        let folder = folder.unwrap().path().join("src");
        if folder.is_dir() {
            sources(&folder, &mut files);
        }
    }
    let mut all = BTreeMap::new();
    for text in files.iter().map(|file| fs::read_to_string(file).unwrap()) {
        for kind in KINDS {
            for used in text.split(&format!("{kind}!(")).skip(1) {
                let (name, rest) = quoted(used).unwrap();
                let call = rest.split_once(')').unwrap().0;
                let labels = call.split(',').filter(|part| part.contains("=>"));
                let labels = labels.map(|part| quoted(part).unwrap().0.to_owned()).collect();
                let labels = (!call.contains('&')).then_some(labels);
                all.insert(name.to_owned(), Metric { kind: kind.to_owned(), labels });
            }
        }
    }
    all
}

fn told() -> BTreeMap<String, Metric> {
    let rows = PAGE.lines().filter(|line| line.starts_with("| `causeway_"));
    let mut all = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let labels = cells[3].split(", ").map(|label| label.trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        let metric = Metric { kind: cells[2].to_owned(), labels: Some(labels) };
        let twice = all.insert(cells[1].trim_matches('`').to_owned(), metric);
        assert!(twice.is_none(), "twice: {row}");
    }
    all
}

#[test]
fn the_page_of_metrics_lists_what_is_counted() {
    let (counted, told) = (counted(), told());
    let names = |all: &BTreeMap<String, Metric>| all.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&told), names(&counted));
    assert!(counted.len() > 10, "{counted:?}");
    for (name, metric) in &counted {
        let page = &told[name];
        assert_eq!(page.kind, metric.kind, "{name}");
        assert!(metric.labels.is_none() || page.labels == metric.labels, "{name}: {metric:?}");
    }
}
