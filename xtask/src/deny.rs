//! Licences, banned crates and sources of all that is linked, by the lists of `deny.toml`.
//!
//! The file is in the format of cargo-deny, which is used where it is installed (it also knows
//! advisories). The three checks that need no database are made here in any case, so that they
//! hold on every machine.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::{shell, spdx};

#[derive(Deserialize)]
struct Lists {
    licenses: Licences,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licences {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Sources {
    #[serde(rename = "allow-registry")]
    allow_registry: Vec<String>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<LockedPackage>,
}

#[derive(Deserialize)]
struct LockedPackage {
    name: String,
    source: Option<String>,
}

/// `cargo xtask deny`.
pub(crate) fn run(_: &[String]) -> Result<()> {
    let lists: Lists = read_toml("deny.toml")?;
    let lock: Lock = read_toml("Cargo.lock")?;
    let linked = linked()?;
    let mut found = wrong_licences(&lists.licenses, &linked)?;
    found.extend(banned(&lists.bans, &linked));
    found.extend(foreign_sources(&lists.sources, &lock));
    for line in &found {
        println!("{line}");
    }
    if !found.is_empty() {
        bail!("{} findings about dependencies", found.len());
    }
    println!("deny: licences, bans and sources of {} crates are in order", linked.len());
    run_cargo_deny()
}

fn run_cargo_deny() -> Result<()> {
    if shell::find(&["cargo-deny"]).is_none() {
        println!("deny: advisories were not checked (cargo-deny is not installed)");
        return Ok(());
    }
    shell::run(&mut shell::cargo(["deny", "check", "bans", "licenses", "sources"]))?;
    if shell::succeeds(&mut shell::cargo(["deny", "fetch", "db"])) {
        shell::run(&mut shell::cargo(["deny", "check", "--disable-fetch", "advisories"]))
    } else {
        println!("deny: advisories were not checked (their database is out of reach)");
        Ok(())
    }
}

fn read_toml<T: for<'de> Deserialize<'de>>(file: &str) -> Result<T> {
    let text = fs::read_to_string(shell::root().join(file))
        .with_context(|| format!("{file} cannot be read"))?;
    toml::from_str(&text).with_context(|| format!("{file} is not as expected"))
}

/// Name and licence of every crate that is built on this platform with our features. `cargo tree`
/// is asked because the lock file also lists what no feature of ours turns on.
fn linked() -> Result<BTreeMap<String, String>> {
    let tree = shell::output(&mut shell::cargo([
        "tree",
        "--workspace",
        "--locked",
        // Built by `cargo xtask fuzz` alone.
        "--features=causeway-fuzz/libfuzzer",
        "--edges=normal,build,dev",
        "--prefix=none",
        "--format={p}\t{l}",
    ]))?;
    let mut linked = BTreeMap::new();
    for line in tree.lines().filter(|line| !line.trim().is_empty()) {
        let (package, licence) = line.split_once('\t').context("cargo tree printed no tab")?;
        let licence = licence.trim().trim_end_matches("(*)").trim();
        let name = package.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        linked.insert(name, licence.to_owned());
    }
    Ok(linked)
}

/// The name of a `name version` pair.
fn name_of(package: &str) -> &str {
    package.split_once(' ').map_or(package, |(name, _)| name)
}

fn wrong_licences(lists: &Licences, linked: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (package, licence) in linked {
        let exception = lists.exceptions.iter().find(|it| it.name == name_of(package));
        let mut allowed = lists.allow.clone();
        allowed.extend(exception.into_iter().flat_map(|it| it.allow.iter().cloned()));
        if licence.is_empty() || !spdx::is_met(licence, &allowed)? {
            found.push(format!(
                "deny.toml:1: licence: {package} is under {licence:?}; replace it, or allow the \
                 licence with a reason"
            ));
        }
    }
    Ok(found)
}

fn banned(bans: &Bans, linked: &BTreeMap<String, String>) -> Vec<String> {
    let mut found = Vec::new();
    for ban in &bans.deny {
        if linked.keys().any(|package| name_of(package) == ban.name) {
            found.push(format!(
                "Cargo.lock:1: ban: {} is linked; {}; `cargo tree -i {}` shows by whom",
                ban.name, ban.reason, ban.name
            ));
        }
    }
    found
}

fn foreign_sources(sources: &Sources, lock: &Lock) -> Vec<String> {
    let mut found = Vec::new();
    for package in &lock.package {
        let Some(source) = &package.source else { continue };
        let registry = source.strip_prefix("registry+").or(source.strip_prefix("sparse+"));
        if !registry.is_some_and(|registry| sources.allow_registry.iter().any(|it| it == registry))
        {
            found.push(format!(
                "Cargo.lock:1: source: {} comes from {source}; take it from a listed registry",
                package.name
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn linked() -> BTreeMap<String, String> {
        [("good 1.0.0", "MIT OR Apache-2.0"), ("odd 2.0.0", "GPL-3.0"), ("none 0.1.0", "")]
            .map(|(name, licence)| (name.to_owned(), licence.to_owned()))
            .into()
    }

    #[test]
    fn unlisted_and_missing_licences_are_found_and_exceptions_hold_for_their_crate() {
        let mut lists = Licences { allow: vec!["MIT".into()], exceptions: Vec::new() };
        assert_eq!(wrong_licences(&lists, &linked()).unwrap().len(), 2);
        lists.exceptions.push(Exception { name: "odd".into(), allow: vec!["GPL-3.0".into()] });
        let found = wrong_licences(&lists, &linked()).unwrap();
        assert!(found.len() == 1 && found[0].contains("none 0.1.0"), "{found:?}");
    }

    #[test]
    fn a_linked_ban_and_a_foreign_source_are_found() {
        let bans = Bans { deny: vec![Ban { name: "odd".into(), reason: "because".into() }] };
        assert_eq!(banned(&bans, &linked()).len(), 1);
        let sources = Sources { allow_registry: vec!["https://good".into()] };
        let package = |source: Option<&str>| LockedPackage {
            name: "x".into(),
            source: source.map(str::to_owned),
        };
        let lock = Lock {
            package: vec![
                package(None),
                package(Some("registry+https://good")),
                package(Some("registry+https://other")),
                package(Some("git+https://good")),
            ],
        };
        assert_eq!(foreign_sources(&sources, &lock).len(), 2);
    }
}
