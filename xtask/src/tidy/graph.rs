//! Who depends on whom, against the table of [`crate::edges`].

use super::Finding;
use super::scan::{Scanned, is_word};
use crate::edges::{ANY, EDGES, NOT_IN_PURE, PURE, RESERVED, RUN_BY_HAND, SERVER};
use crate::metadata::{Dependency, Package};

/// All edges that the table does not have, and all that is declared and not used.
pub(crate) fn check(packages: &[Package], rust: &[Scanned<'_>]) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in packages {
        found.extend(wrong_edges(package));
        found.extend(reserved_crates(package));
        found.extend(unused_dependencies(package, rust));
    }
    found.extend(orphans(packages));
    found
}

fn finding(package: &Package, rule: &'static str, advice: String) -> Finding {
    Finding { file: package.manifest(), line: 1, rule, advice }
}

/// Edges between our own crates.
fn wrong_edges(package: &Package) -> Vec<Finding> {
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == package.name) else {
        let advice = "this crate has no row in xtask/src/edges.rs; say there whom it may know";
        return vec![finding(package, "edge", advice.to_owned())];
    };
    let mut found = Vec::new();
    for dependency in package.dependencies.iter().filter(|it| it.path.is_some()) {
        let name = dependency.name.as_str();
        let free = dependency.is_dev() || *allowed == ANY;
        if name == SERVER || !(free || allowed.contains(&name)) {
            let advice = format!("{} may not know {name} (xtask/src/edges.rs)", package.name);
            found.push(finding(package, "edge", advice));
        }
    }
    found
}

/// Outside crates that belong to one of ours, and those that pure crates may not have.
fn reserved_crates(package: &Package) -> Vec<Finding> {
    let own_name = package.name.as_str();
    let mut found = Vec::new();
    for dependency in package.dependencies.iter().filter(|it| !it.is_dev()) {
        let outside = dependency.name.as_str();
        let reserved = RESERVED.iter().find(|it| it.outside == outside);
        if let Some(reserved) = reserved.filter(|it| !it.only.contains(&own_name)) {
            let advice = format!("{own_name} may not use {outside}: {}", reserved.because);
            found.push(finding(package, "reserved", advice));
        }
        if PURE.contains(&own_name) && NOT_IN_PURE.contains(&outside) {
            let advice = format!("{own_name} is pure and may not use {outside}");
            found.push(finding(package, "pure", advice));
        }
    }
    found
}

/// Dependencies that no file of the crate names.
fn unused_dependencies(package: &Package, rust: &[Scanned<'_>]) -> Option<Finding> {
    let folder = package.manifest().replace("Cargo.toml", "");
    let files: Vec<&Scanned<'_>> =
        rust.iter().filter(|file| file.source.path.starts_with(&folder)).collect();
    let is_used = |dependency: &Dependency| {
        let name = dependency.name_in_code();
        files.iter().any(|file| names(&file.code, &name))
    };
    let unused: Vec<&str> = package
        .dependencies
        .iter()
        .filter(|dependency| !is_used(dependency))
        .map(|dependency| dependency.name.as_str())
        .collect();
    let advice = || format!("no file of the crate names {}; remove them", unused.join(", "));
    (!unused.is_empty()).then(|| finding(package, "unused", advice()))
}

fn names(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(at, _)| {
        let before = code.get(..at).and_then(|text| text.chars().next_back());
        let after = code.get(at + name.len()..).and_then(|text| text.chars().next());
        !before.is_some_and(is_word) && !after.is_some_and(is_word)
    })
}

/// Members on which nobody depends.
fn orphans(packages: &[Package]) -> Vec<Finding> {
    let is_known = |name: &str| {
        packages.iter().flat_map(|it| &it.dependencies).any(|it| !it.is_dev() && it.name == name)
    };
    packages
        .iter()
        .filter(|it| !RUN_BY_HAND.contains(&it.name.as_str()) && !is_known(&it.name))
        .map(|it| finding(it, "orphan", format!("nobody depends on {}; use or delete it", it.name)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::SourceFile;
    use super::*;

    fn package(name: &str, dependencies: Vec<Dependency>) -> Package {
        let manifest_path = crate::shell::root().join(format!("crates/{name}/Cargo.toml"));
        Package { name: name.into(), manifest_path, dependencies }
    }

    fn dependency(name: &str, kind: Option<&str>) -> Dependency {
        let path = name.starts_with("causeway").then(|| "somewhere".into());
        Dependency { name: name.into(), rename: None, kind: kind.map(str::to_owned), path }
    }

    fn rules(package: &Package) -> Vec<&'static str> {
        let found = wrong_edges(package).into_iter().chain(reserved_crates(package));
        found.map(|finding| finding.rule).collect()
    }

    #[test]
    fn an_arrow_that_runs_up_is_found() {
        let up = package("causeway-domain", vec![dependency("causeway-app", None)]);
        assert_eq!(rules(&up), ["edge"]);
        let down = package("causeway-app", vec![dependency("causeway-domain", None)]);
        assert_eq!(rules(&down), [""; 0]);
        let development = package("causeway-domain", vec![dependency("causeway-app", Some("dev"))]);
        assert_eq!(rules(&development), [""; 0]);
        let server = package("causeway-tests", vec![dependency("causeway", Some("dev"))]);
        assert_eq!(rules(&server), ["edge"]);
        assert_eq!(rules(&package("causeway-new", Vec::new())), ["edge"]);
    }

    #[test]
    fn outside_crates_have_owners() {
        let sql = package("causeway-api", vec![dependency("rusqlite", None)]);
        assert_eq!(rules(&sql), ["reserved"]);
        let store = package("causeway-store", vec![dependency("rusqlite", None)]);
        assert_eq!(rules(&store), [""; 0]);
        let pure = package("causeway-money", vec![dependency("tokio", None)]);
        assert_eq!(rules(&pure), ["pure"]);
    }

    #[test]
    fn what_nobody_names_is_unused() {
        let source = SourceFile {
            path: "crates/a/src/lib.rs".into(),
            text: "//! serde\nuse other_crate::x;\nlet tokio_like = \"toml\";\n".into(),
        };
        let rust = [Scanned::new(&source)];
        let names = ["serde", "other-crate", "tokio", "toml"];
        let package = package("a", names.map(|name| dependency(name, None)).into());
        let found = unused_dependencies(&package, &rust).unwrap();
        assert!(found.advice.contains("serde, tokio, toml;"), "{found:?}");
    }
}
