//! `cargo xtask test`: everything a test needs, then every test.
//!
//! The tests themselves look for nothing: they get the programs by environment variables, and a
//! variable that is already set is left as it is.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::postgres::Cluster;
use crate::{metadata, provide, shell};

/// Names a PostgreSQL server in which tests may make databases and users.
const CLUSTER: &str = "CAUSEWAY_TEST_POSTGRES";

/// Modules of the black-box suite that run over both stores; the others run over SQLite alone.
const ON_BOTH_STORES: [&str; 6] =
    ["payments::", "reversals::", "concurrency::", "crash::", "partners::", "terminals::"];

/// Finds or installs, builds, tests. `arguments` go to the runner.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let target = metadata::read()?.target_directory;
    provide::programs()?;
    let mut environment = Environment(Vec::new());
    environment.offer("CAUSEWAY_CHROMIUM", provide::chromium());
    environment.offer("CAUSEWAY_CHROMEDRIVER", provide::chromedriver());
    let postgres = provide::postgres_programs();
    environment.offer("CAUSEWAY_PG_BIN", postgres.clone());
    environment.offer("CAUSEWAY_INTEROP_PYTHON", provide::python(&target)?);
    environment.offer("CAUSEWAY_INTEROP_NODE_MODULES", provide::node_modules(&target)?);
    // Ends with this function, whatever the tests come to.
    let cluster = match postgres.filter(|_| std::env::var_os(CLUSTER).is_none()) {
        Some(programs) => Some(Cluster::start(&programs)?),
        None => None,
    };
    environment.offer(CLUSTER, cluster.as_ref().map(|cluster| cluster.url().into()));
    let packages = chosen_packages(arguments);
    if packages.is_empty() || packages.contains(&"causeway-tests") {
        environment.offer("CAUSEWAY_BINARY", Some(binary(&target)?));
    }
    let mut runner = if shell::find(&["cargo-nextest"]).is_some() {
        shell::cargo(["nextest", "run", "--locked"])
    } else {
        shell::cargo(["test", "--locked", "--lib", "--bins", "--tests"])
    };
    if packages.is_empty() {
        runner.arg("--workspace");
    }
    shell::run(environment.give(runner.args(arguments)))?;
    if arguments.is_empty() {
        test_on_postgres(&environment)?;
    }
    if arguments.is_empty() { run_doc_tests() } else { Ok(()) }
}

/// The black-box tests in which money moves, once more over PostgreSQL.
fn test_on_postgres(environment: &Environment) -> Result<()> {
    let fixed = if shell::find(&["cargo-nextest"]).is_some() {
        ["nextest", "run", "--locked"].as_slice()
    } else {
        ["test", "--locked"].as_slice()
    };
    let mut runner = shell::cargo(fixed.iter().copied());
    runner.args(["-p", "causeway-tests", "--test", "blackbox", "--"]).args(ON_BOTH_STORES);
    runner.env("CAUSEWAY_TEST_STORE", "postgres");
    shell::run(environment.give(&mut runner))
}

/// The packages that the arguments choose for the runner; none means all.
fn chosen_packages(arguments: &[String]) -> Vec<&str> {
    let mut chosen = Vec::new();
    let mut words = arguments.iter().map(String::as_str);
    while let Some(word) = words.next() {
        if word == "-p" || word == "--package" {
            chosen.extend(words.next());
        } else if let Some(package) = word.strip_prefix("--package=") {
            chosen.push(package);
        }
    }
    chosen
}

/// Variables for the tests.
struct Environment(Vec<(&'static str, PathBuf)>);

impl Environment {
    fn offer(&mut self, name: &'static str, value: Option<PathBuf>) {
        if let Some(value) = value.filter(|_| std::env::var_os(name).is_none()) {
            self.0.push((name, value));
        }
    }

    fn give<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        for (name, value) in &self.0 {
            eprintln!("+ export {name}={}", value.display());
        }
        command.envs(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The release binary: the black-box tests judge what users get.
pub(crate) fn binary(target: &Path) -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("CAUSEWAY_BINARY") {
        return Ok(given.into());
    }
    shell::run(&mut shell::cargo(["build", "--release", "--locked", "--bin", "causeway"]))?;
    Ok(target.join("release/causeway"))
}

/// Documentation examples, which nextest does not know. All crates at once: one crate alone has
/// other features of its dependencies and would build them all again.
fn run_doc_tests() -> Result<()> {
    shell::run(&mut shell::cargo(["test", "--doc", "--locked", "--workspace", "--quiet"]))
}

#[cfg(test)]
mod tests {
    use super::chosen_packages;

    #[test]
    fn packages_are_read_in_every_spelling() {
        let words = ["-p", "a", "filter", "--package=b", "--package", "c"].map(String::from);
        assert_eq!(chosen_packages(&words), ["a", "b", "c"]);
        assert!(chosen_packages(&["name_of_a_test".to_owned()]).is_empty());
    }
}
