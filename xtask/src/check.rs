//! `cargo xtask check`: all that is judged without running the product.

use anyhow::{Result, bail};

use crate::{deny, shell, tidy};

/// Runs every check and fails at the end, so that one run shows all that is wrong.
pub(crate) fn run(_: &[String]) -> Result<()> {
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    let results = [
        ("format", shell::run(&mut shell::cargo(["fmt", "--all", "--check"]))),
        ("tidy", tidy::run(&[])),
        ("deny", deny::run(&[])),
        ("clippy", shell::run(&mut shell::cargo(clippy))),
    ];
    let mut failed = Vec::new();
    for (name, result) in results {
        if let Err(error) = result {
            eprintln!("{name}: {error:#}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    println!("check: format, tidy, deny and clippy are in order");
    Ok(())
}
