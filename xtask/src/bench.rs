//! `cargo xtask bench`: figures of the release binary as ratios to ceilings of the same run.
//!
//! The method is told in `benches/README.md`. Ceiling and product are asked in turns by the same
//! generator, and the requirement is held against the median of the rounds, so that what else the
//! machine does falls on both.

mod figures;
mod machine;
mod programs;
mod report;
mod rounds;
mod tills;

use std::fs;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::{metadata, shell};
use programs::{Programs, Server};

const USAGE: &str = "cargo xtask bench [--seconds N] [--warmup N] [--rounds N] [--connections N] \
                     [--only start|rsa|store|submit|inquiry|till] [--name NAME] [--prefill N] \
                     [--long SECONDS] [--growth N]";
const SECONDS_MAX: u64 = 60;
const LONG_SECONDS_MAX: u64 = 600;
const ORDERS_MAX: u64 = 100_000_000;
const ROUNDS_MAX: u64 = 20;

/// What was asked for.
struct Options {
    seconds: u64,
    warmup: u64,
    rounds: u64,
    connections: u64,
    /// Orders in the tables before payments at terminals are measured.
    prefill: u64,
    /// Seconds of the run that shows stalls.
    long: u64,
    /// Orders of the large table when growth is measured; 0: it is not.
    growth: u64,
    only: Option<String>,
    name: Option<String>,
}

impl Options {
    fn read(arguments: &[String]) -> Result<Self> {
        let mut options = Self {
            seconds: 5,
            warmup: 2,
            rounds: 3,
            connections: 64,
            prefill: 1_000_000,
            long: 60,
            growth: 0,
            only: None,
            name: None,
        };
        let mut words = arguments.iter();
        while let Some(word) = words.next() {
            let value = words.next().with_context(|| format!("{word} needs a value; {USAGE}"))?;
            let number = || value.parse::<u64>().with_context(|| format!("{word}: a number"));
            match word.as_str() {
                "--seconds" => options.seconds = number()?.clamp(1, SECONDS_MAX),
                "--warmup" => options.warmup = number()?.min(SECONDS_MAX),
                "--rounds" => options.rounds = number()?.clamp(1, ROUNDS_MAX),
                "--connections" => options.connections = number()?,
                "--prefill" => options.prefill = number()?.min(ORDERS_MAX),
                "--long" => options.long = number()?.clamp(1, LONG_SECONDS_MAX),
                "--growth" => options.growth = number()?.min(ORDERS_MAX),
                "--only" => options.only = Some(value.clone()),
                "--name" => options.name = Some(value.clone()),
                _ => bail!("there is no option {word}; {USAGE}"),
            }
        }
        match options.only.as_deref() {
            None | Some("start" | "rsa" | "store" | "submit" | "inquiry" | "till") => Ok(options),
            Some(other) => bail!("there is nothing called {other:?} to measure; {USAGE}"),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }
}

/// Measures and reports. A figure that is not reached is no failure of the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::read(arguments)?;
    let target = metadata::read()?.target_directory;
    build(&options)?;
    let folder = target.join("bench");
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).context("the folder for measurements")?;
    let programs = Programs { release: target.join("release"), folder };
    let mut results = json!({
        "commit": machine::commit()?,
        "machine": machine::kind()?,
        "load_before": machine::load()?,
        "options": {
            "seconds": options.seconds, "rounds": options.rounds,
            "connections": options.connections, "long": options.long,
        },
    });
    measure(&programs, &options, &mut results)?;
    drop(fs::remove_dir_all(&programs.folder));
    let judged = figures::judge(&results);
    results["figures"] = serde_json::to_value(&judged)?;
    let text = report::markdown(&results, &judged);
    println!("{text}");
    if options.only.is_none() {
        let name = options.name.map_or_else(machine::commit, Ok)?;
        let results_folder = shell::root().join("benches/results");
        fs::create_dir_all(&results_folder)?;
        let pretty = serde_json::to_string_pretty(&results)? + "\n";
        fs::write(results_folder.join(format!("{name}.json")), pretty)?;
        fs::write(results_folder.join(format!("{name}.md")), text + "\n")?;
        println!("written to benches/results/{name}.md and .json");
    }
    Ok(())
}

fn build(options: &Options) -> Result<()> {
    let build = ["build", "--release", "--locked", "-p", "causeway", "-p", "causeway-benches"];
    shell::run(&mut shell::cargo(build))?;
    if options.wants("store") || options.wants("till") {
        let examples = ["--example", "commit_rate", "--example", "fill", "-p", "causeway-store"];
        let examples = ["build", "--release", "--locked"].into_iter().chain(examples);
        shell::run(&mut shell::cargo(examples))?;
    }
    Ok(())
}

fn measure(programs: &Programs, options: &Options, results: &mut Value) -> Result<()> {
    let seconds = options.seconds.to_string();
    if options.wants("rsa") || options.wants("submit") || options.wants("inquiry") {
        eprintln!("measuring RSA alone");
        results["rsa"] = programs.json("ceiling", &["rsa", "--seconds", "1"])?;
    }
    if options.wants("store") {
        eprintln!("measuring the store alone");
        let connections = options.connections.to_string();
        results["store"] = programs.json("examples/commit_rate", &[&connections, &seconds])?;
    }
    if options.wants("till") {
        tills::measure(programs, options, results)?;
    }
    let product = if options.wants("start") {
        let (started, server) = programs::starts(programs)?;
        results["start"] = started;
        server
    } else {
        Server::sandbox(programs)?
    };
    if options.wants("submit") || options.wants("inquiry") {
        rounds::measure(programs, options, &product, results)?;
    }
    product.stop()
}

#[cfg(test)]
mod tests {
    use super::Options;

    fn read(words: &[&str]) -> Result<Options, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        Options::read(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn options_have_defaults_and_bounds() {
        let options = read(&["--seconds", "1000", "--only", "submit"]).unwrap();
        assert_eq!((options.seconds, options.connections), (60, 64));
        assert!(options.wants("submit") && !options.wants("start"));
        assert!(read(&[]).unwrap().wants("start"));
    }

    #[test]
    fn wrong_options_are_named() {
        for words in [&["--second", "1"][..], &["--seconds"], &["--only", "x"], &["--rounds", "a"]]
        {
            assert!(read(words).is_err_and(|text| !text.is_empty()), "{words:?}");
        }
    }
}
