//! `cargo xtask crash --cycles N --store sqlite|postgres`: the crash harness of `tests/`, as often
//! as wanted, against the release binary.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::{metadata, provide, shell, test};

const USAGE: &str = "cargo xtask crash [--cycles N] [--store sqlite|postgres]";
const CYCLES_DEFAULT: u32 = 200;
/// Both stores, as they are asked for and as the tests are named.
const STORES: [&str; 2] = ["sqlite", "postgres"];

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let (mut cycles, mut stores) = (CYCLES_DEFAULT, STORES.to_vec());
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let value = words.next().with_context(|| format!("{word} needs a value; {USAGE}"))?;
        match word.as_str() {
            "--cycles" => cycles = value.parse().with_context(|| format!("a number; {USAGE}"))?,
            "--store" => {
                stores.retain(|store| store == value);
                if stores.is_empty() {
                    bail!("there is no store {value:?}; {USAGE}");
                }
            }
            _ => bail!("there is no option {word}; {USAGE}"),
        }
    }
    let target = metadata::read()?.target_directory;
    let binary = test::binary(&target)?;
    let programs = match std::env::var_os("CAUSEWAY_PG_BIN") {
        Some(given) => Some(PathBuf::from(given)),
        None => provide::postgres_programs(),
    };
    if programs.is_none() && stores.contains(&"postgres") {
        bail!("PostgreSQL's server programs are missing; `cargo xtask test` installs them");
    }
    for store in stores {
        let report = target.join(format!("crash-{store}.md"));
        let fixed = ["test", "--locked", "--package", "causeway-tests", "--test", "crash"];
        let mut tests = shell::cargo(fixed);
        tests.args(["--", "--nocapture", store]);
        tests.env("CAUSEWAY_BINARY", &binary).env("CAUSEWAY_CRASH_CYCLES", cycles.to_string());
        tests.env("CAUSEWAY_CRASH_REPORT", &report);
        tests.envs(programs.iter().map(|folder| ("CAUSEWAY_PG_BIN", folder)));
        shell::run(&mut tests)?;
        println!("written to {}", report.display());
    }
    Ok(())
}
