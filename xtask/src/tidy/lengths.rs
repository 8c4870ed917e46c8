//! How long functions, files and lines may be, and the ratchet for what is over.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::Finding;
use super::scan::Scanned;

/// The list of what is over a limit, with its exact present number.
pub(crate) const RATCHET: &str = "xtask/ratchet.toml";

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 600;
pub(crate) const FILE_LINES_AIM: usize = 300;
const COLUMNS_MAX: usize = 100;

const RATCHET_HEAD: &str = "\
# What is longer than the limits of `cargo xtask tidy`, with its exact present number. A number may
# only go down: `cargo xtask tidy --lower` does that. A new entry needs a reason in the commit.
";

/// The content of `xtask/ratchet.toml`.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ratchet {
    /// Functions over the limit of lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    function: Vec<LongFunction>,
    /// Files over the limit of lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    file: Vec<LongFile>,
    /// Files with lines over the limit of columns.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<LongFile>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct LongFunction {
    file: String,
    name: String,
    lines: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct LongFile {
    file: String,
    lines: usize,
}

impl Ratchet {
    pub(crate) fn to_text(&self) -> Result<String> {
        let text = toml::to_string(self).context("the ratchet cannot be written as TOML")?;
        Ok(format!("{RATCHET_HEAD}\n{text}").trim_end().to_owned() + "\n")
    }
}

/// Something over a limit, as it is now.
struct Over {
    kind: Kind,
    file: String,
    /// Name of the function; empty for files.
    name: String,
    line: usize,
    count: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Function,
    File,
    Columns,
}

impl Over {
    fn advice(&self) -> (&'static str, String) {
        match self.kind {
            Kind::Function => (
                "function-lines",
                format!(
                    "{} has {} lines of at most {FUNCTION_LINES_MAX}; give its steps names",
                    self.name, self.count
                ),
            ),
            Kind::File => (
                "file-lines",
                format!("{} lines of at most {FILE_LINES_MAX}; split the module", self.count),
            ),
            Kind::Columns => {
                ("columns", format!("{} lines over {COLUMNS_MAX} columns; break them", self.count))
            }
        }
    }
}

/// All that is over a limit.
fn measure(rust: &[Scanned<'_>]) -> Vec<Over> {
    let mut over = Vec::new();
    for file in rust {
        let entry = |kind, name: &str, line, count| Over {
            kind,
            file: file.source.path.clone(),
            name: name.to_owned(),
            line,
            count,
        };
        for function in file.functions() {
            if function.lines > FUNCTION_LINES_MAX {
                over.push(entry(Kind::Function, &function.name, function.line, function.lines));
            }
        }
        if file.line_count() > FILE_LINES_MAX {
            over.push(entry(Kind::File, "", 1, file.line_count()));
        }
        let lines = file.source.text.lines().enumerate();
        let wide: Vec<usize> = lines
            .filter(|(_, line)| line.chars().count() > COLUMNS_MAX)
            .map(|(index, _)| index + 1)
            .collect();
        if let Some(first) = wide.first() {
            over.push(entry(Kind::Columns, "", *first, wide.len()));
        }
    }
    over
}

/// The recorded number for a place, if there is one.
fn recorded(ratchet: &Ratchet, over: &Over) -> Vec<usize> {
    let of_files = |list: &[LongFile]| {
        list.iter().filter(|it| it.file == over.file).map(|it| it.lines).collect()
    };
    match over.kind {
        Kind::Function => ratchet
            .function
            .iter()
            .filter(|it| it.file == over.file && it.name == over.name)
            .map(|it| it.lines)
            .collect(),
        Kind::File => of_files(&ratchet.file),
        Kind::Columns => of_files(&ratchet.columns),
    }
}

/// What is over a limit and not recorded, and what is recorded and no longer so.
pub(crate) fn check(rust: &[Scanned<'_>], ratchet: &Ratchet) -> Vec<Finding> {
    let over = measure(rust);
    let mut found = Vec::new();
    for place in &over {
        if !recorded(ratchet, place).contains(&place.count) {
            let (rule, advice) = place.advice();
            found.push(Finding { file: place.file.clone(), line: place.line, rule, advice });
        }
    }
    let stale = |file: &str, what: String| Finding {
        file: RATCHET.to_owned(),
        line: 1,
        rule: "ratchet",
        advice: format!("{file} {what} is no longer so; run `cargo xtask tidy --lower`"),
    };
    let is = |kind, file: &str, name: &str, count| {
        over.iter()
            .any(|it| it.kind == kind && it.file == file && it.name == name && it.count == count)
    };
    for it in &ratchet.function {
        if !is(Kind::Function, &it.file, &it.name, it.lines) {
            found.push(stale(&it.file, format!("{} with {} lines", it.name, it.lines)));
        }
    }
    for (kind, list, what) in [
        (Kind::File, &ratchet.file, "lines"),
        (Kind::Columns, &ratchet.columns, "lines that are too wide"),
    ] {
        for it in list.iter().filter(|it| !is(kind, &it.file, "", it.lines)) {
            found.push(stale(&it.file, format!("with {} {what}", it.lines)));
        }
    }
    found
}

/// The ratchet with every recorded number lowered to the present one; nothing is raised or added.
pub(crate) fn lowered(rust: &[Scanned<'_>], ratchet: &Ratchet) -> Ratchet {
    let mut lowered = Ratchet::default();
    for place in measure(rust) {
        let known = recorded(ratchet, &place).into_iter().max().filter(|it| *it >= place.count);
        if known.is_none() {
            continue;
        }
        let file = place.file.clone();
        let lines = place.count;
        match place.kind {
            Kind::Function => {
                lowered.function.push(LongFunction { file, name: place.name.clone(), lines });
            }
            Kind::File => lowered.file.push(LongFile { file, lines }),
            Kind::Columns => lowered.columns.push(LongFile { file, lines }),
        }
    }
    lowered
}

#[cfg(test)]
mod tests {
    use super::super::SourceFile;
    use super::*;

    fn file(function_lines: usize) -> SourceFile {
        let body = "    f();\n".repeat(function_lines - 2);
        SourceFile { path: "a.rs".into(), text: format!("//! Goal.\nfn long() {{\n{body}}}\n") }
    }

    fn ratchet(lines: usize) -> Ratchet {
        let function = LongFunction { file: "a.rs".into(), name: "long".into(), lines };
        Ratchet { function: vec![function], ..Ratchet::default() }
    }

    #[test]
    fn the_limit_is_exact_and_the_ratchet_too() {
        let count = |lines, ratchet: &Ratchet| {
            let source = file(lines);
            check(&[Scanned::new(&source)], ratchet).len()
        };
        let none = Ratchet::default();
        assert_eq!(count(70, &none), 0);
        assert_eq!(count(71, &none), 1);
        assert_eq!(count(71, &ratchet(71)), 0);
        // Over the recorded number: too long, and the record is wrong.
        assert_eq!(count(72, &ratchet(71)), 2);
        // A record that is too high, or needless, is stale.
        assert_eq!(count(71, &ratchet(72)), 2);
        assert_eq!(count(60, &ratchet(71)), 1);
    }

    #[test]
    fn lowering_never_raises() {
        let source = file(80);
        let scanned = [Scanned::new(&source)];
        assert_eq!(lowered(&scanned, &ratchet(90)), ratchet(80));
        assert_eq!(lowered(&scanned, &ratchet(75)), Ratchet::default());
        let text = ratchet(80).to_text().unwrap();
        assert_eq!(toml::from_str::<Ratchet>(&text).unwrap(), ratchet(80));
    }

    #[test]
    fn wide_lines_count_characters() {
        let wide = |line: String| {
            let source = SourceFile { path: "a.rs".into(), text: line };
            check(&[Scanned::new(&source)], &Ratchet::default()).len()
        };
        assert_eq!(wide("中".repeat(100)), 0);
        assert_eq!(wide("x".repeat(101)), 1);
    }
}
