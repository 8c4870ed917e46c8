//! `cargo xtask sim`: the simulation, built for speed. The arguments go to it:
//! `--seeds N --minutes M`, `--seed X`, `--orders N`, `--canary NAME`; `--help` lists them.

use anyhow::Result;

use crate::shell;

/// Where seeds that failed are kept; a test runs them again.
const KEPT: &str = "sim/seeds/kept.txt";

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let fixed = ["run", "--release", "--package", "causeway-sim", "--", "--keep", KEPT];
    shell::run(shell::cargo(fixed).args(arguments))
}
