//! `cargo xtask tidy`: the rules of the house that neither the compiler nor the linter knows.
//!
//! Every finding is a line `file:line: rule: what to do`. Lengths ratchet: `xtask/ratchet.toml`
//! holds the exact number of every place that is over a limit, so that it can only be lowered on
//! purpose.

mod graph;
mod lengths;
mod scan;
mod words;

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::{edges, generate, metadata, shell};

/// One thing that is wrong, and what to do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    file: String,
    line: usize,
    rule: &'static str,
    advice: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}: {}", self.file, self.line, self.rule, self.advice)
    }
}

/// A text file of the repository.
pub(crate) struct SourceFile {
    /// Relative to the repository, with slashes.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|it| it == "rs")
    }

    fn finding(&self, line: usize, rule: &'static str, advice: impl Into<String>) -> Finding {
        Finding { file: self.path.clone(), line, rule, advice: advice.into() }
    }
}

/// All text files that git tracks or would track.
pub(crate) fn source_files() -> Result<Vec<SourceFile>> {
    let arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let list = shell::output(shell::command("git").args(arguments).current_dir(shell::root()))?;
    let mut files = Vec::new();
    for path in list.split('\0').filter(|path| !path.is_empty()) {
        // Deleted but not yet committed, or not text: neither has lines to judge.
        if let Ok(text) = fs::read_to_string(shell::root().join(path)) {
            files.push(SourceFile { path: path.to_owned(), text });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    Ok(files)
}

/// `cargo xtask tidy`; `--lower` rewrites the ratchet where a place has shrunk.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let files = source_files()?;
    let metadata = metadata::read()?;
    let rust: Vec<scan::Scanned> =
        files.iter().filter(|file| file.is_rust()).map(scan::Scanned::new).collect();
    let ratchet_text = fs::read_to_string(shell::root().join(lengths::RATCHET))
        .with_context(|| format!("{} cannot be read", lengths::RATCHET))?;
    let ratchet = toml::from_str(&ratchet_text)
        .with_context(|| format!("{} is not as expected", lengths::RATCHET))?;
    if arguments.iter().any(|argument| argument == "--lower") {
        let lowered = lengths::lowered(&rust, &ratchet);
        fs::write(shell::root().join(lengths::RATCHET), lowered.to_text()?)
            .context("the ratchet cannot be written")?;
        return run(&[]);
    }
    let mut found = graph::check(&metadata.packages, &rust);
    found.extend(lengths::check(&rust, &ratchet));
    found.extend(words::check(&rust));
    found.extend(rust.iter().filter_map(without_goal));
    found.extend(files.iter().flat_map(machine_paths));
    found.extend(lenient_crates(&metadata.packages, &rust));
    found.extend(drifted_files());
    found.sort();
    for finding in &found {
        println!("{finding}");
    }
    if !found.is_empty() {
        bail!("{} findings", found.len());
    }
    let long = rust.iter().filter(|file| file.line_count() > lengths::FILE_LINES_AIM).count();
    println!(
        "tidy: {} files in order ({long} over the aim of {} lines)",
        files.len(),
        lengths::FILE_LINES_AIM
    );
    Ok(())
}

/// A module that does not state its goal.
fn without_goal(file: &scan::Scanned<'_>) -> Option<Finding> {
    let first = file.source.text.lines().find(|line| !line.trim().is_empty());
    let states = first.is_some_and(|line| line.starts_with("//!"));
    (!states).then(|| {
        let advice = "begin the file with `//!` lines: goal, invariants, what it must not know";
        file.source.finding(1, "goal", advice)
    })
}

/// Folders of somebody's machine, which mean nothing on another.
const MACHINE_FOLDERS: &[&str] = &["/work/", "/home/", "/root/", "/Users/", "/tmp/t-"];

fn machine_paths(file: &SourceFile) -> Vec<Finding> {
    // This file has to name them.
    if file.path == "xtask/src/tidy.rs" {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let named = MACHINE_FOLDERS.iter().find(|folder| begins_a_path(line, folder));
        if let Some(folder) = named {
            let advice = format!("{folder} is a place on one machine; name a place in the project");
            found.push(file.finding(index + 1, "machine-path", advice));
        }
    }
    found
}

/// Whether the folder stands in the line as the beginning of a path and not inside a URL or path.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|it| it.is_alphanumeric() || "./-_~}*$".contains(it))
    })
}

/// Crates of rules that do not deny the strict lints in themselves.
fn lenient_crates(packages: &[metadata::Package], rust: &[scan::Scanned<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in packages.iter().filter(|it| edges::STRICT.contains(&it.name.as_str())) {
        let path = package.manifest().replace("Cargo.toml", "src/lib.rs");
        let Some(lib) = rust.iter().find(|file| file.source.path == path) else { continue };
        let attributes: String = lib
            .code
            .split("#![")
            .skip(1)
            .filter_map(|rest| rest.split_once(']'))
            .map(|(attribute, _)| attribute)
            .filter(|attribute| attribute.contains("deny("))
            .collect();
        let missing: Vec<&str> =
            edges::STRICT_LINTS.iter().copied().filter(|lint| !attributes.contains(lint)).collect();
        if !missing.is_empty() {
            let advice = format!("add #![deny({})] to this crate", missing.join(", "));
            found.push(lib.source.finding(1, "strict-lints", advice));
        }
    }
    found
}

/// Generated files that are not what their declarations make.
fn drifted_files() -> Vec<Finding> {
    let drifted = generate::files().into_iter().filter(|file| {
        fs::read_to_string(shell::root().join(&file.path)).ok().as_ref() != Some(&file.content)
    });
    drifted
        .map(|file| Finding {
            file: file.path,
            line: 1,
            rule: "drift",
            advice: "this file is generated; run `cargo xtask generate` and commit it".to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_found_and_longer_paths_are_not() {
        let found = |text: &str| {
            let file = SourceFile { path: "a.md".into(), text: text.into() };
            machine_paths(&file).len()
        };
        assert_eq!(found("see /home/somebody/x"), 1);
        assert_eq!(found("a\nb=\"/root/x\"\n"), 1);
        assert_eq!(found("https://a.example/home/x and $DIR/work/x"), 0);
    }

    #[test]
    fn a_module_without_goal_is_found() {
        let goal = |text: &str| {
            let file = SourceFile { path: "a.rs".into(), text: text.into() };
            without_goal(&scan::Scanned::new(&file)).is_none()
        };
        assert!(goal("//! Goal.\nfn f() {}\n"));
        assert!(!goal("fn f() {}\n//! late\n"));
        assert!(!goal("// no doc comment\n"));
        assert!(!goal(""));
    }
}
