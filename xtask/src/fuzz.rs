//! `cargo xtask fuzz`: the targets of `fuzz/` under libFuzzer, built with the pinned compiler.
//!
//! The counters that libFuzzer reads are put in by a pass of LLVM that every compiler has, so no
//! other toolchain is needed. Only what runs is instrumented: a triple is named, so that build
//! scripts and macros are built without.

use std::env::consts::ARCH;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{metadata, shell};

const USAGE: &str = "cargo xtask fuzz [--target X] [--minutes M] [--smoke]";
const MINUTES_DEFAULT: u64 = 10;
/// How long each target runs with `--smoke`, seconds.
const SMOKE_SECONDS: u64 = 20;
/// Longest input in bytes, as in `fuzz/src/limits.rs`.
const INPUT_BYTES_MAX: u64 = 8 * 1024;
/// An input that takes longer is a finding, seconds.
const INPUT_SECONDS_MAX: u64 = 20;
/// A process that grows beyond is a finding, MiB.
const MEMORY_MIB_MAX: u64 = 1_500;
const CORPUS: &str = "fuzz/corpus";
const INSTRUMENTS: [&str; 5] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];

struct Options {
    targets: Vec<String>,
    seconds: u64,
}

/// Builds the targets, then runs one or all of them, one after the other.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = options(arguments)?;
    let target = metadata::read()?.target_directory.join("fuzz");
    let binary = build(&target)?;
    let mut failed = Vec::new();
    for name in &options.targets {
        if let Err(error) = run_one(&binary, &target, name, options.seconds) {
            eprintln!("{name}: {error:#}");
            failed.push(name.as_str());
        }
    }
    if !failed.is_empty() {
        bail!(
            "findings of {}: keep each input in fuzz/regressions/TARGET/, mend the rule, and give \
             it a test of its own",
            failed.join(", ")
        );
    }
    Ok(())
}

fn options(arguments: &[String]) -> Result<Options> {
    let mut options = Options { targets: targets()?, seconds: MINUTES_DEFAULT * 60 };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if word == "--smoke" {
            options.seconds = SMOKE_SECONDS;
            continue;
        }
        let value = words.next().with_context(|| format!("{word} needs a value; {USAGE}"))?;
        match word.as_str() {
            "--minutes" => {
                let minutes: u64 = value.parse().with_context(|| format!("a number; {USAGE}"))?;
                options.seconds = minutes.saturating_mul(60);
            }
            "--target" => {
                options.targets.retain(|target| target == value);
                if options.targets.is_empty() {
                    bail!("there is no target {value:?}; there are {}", targets()?.join(", "));
                }
            }
            _ => bail!("there is no option {word}; {USAGE}"),
        }
    }
    Ok(options)
}

/// Every target has a folder in the corpus, and a test holds the two lists against each other.
fn targets() -> Result<Vec<String>> {
    let folder = shell::root().join(CORPUS);
    let entries = fs::read_dir(&folder).with_context(|| format!("{CORPUS} cannot be read"))?;
    let mut names = Vec::new();
    for entry in entries {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn build(target: &Path) -> Result<PathBuf> {
    let triple = format!("{ARCH}-unknown-linux-gnu");
    let mut build = shell::cargo(["build", "--locked", "--package", "causeway-fuzz"]);
    build.args(["--features", "libfuzzer", "--profile", "fuzz", "--target", &triple]);
    build.arg("--target-dir").arg(target).env("RUSTFLAGS", INSTRUMENTS.join(" "));
    shell::run(&mut build)?;
    Ok(target.join(triple).join("fuzz/fuzz"))
}

/// What a run finds goes to `target/fuzz/found/`, and the inputs that lead further to
/// `target/fuzz/work/`, where the next run goes on; the corpus is only read.
fn run_one(binary: &Path, target: &Path, name: &str, seconds: u64) -> Result<()> {
    let (work, found) = (target.join("work").join(name), target.join("found"));
    for folder in [&work, &found] {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let mut run = shell::command(binary);
    run.current_dir(shell::root()).env("CAUSEWAY_FUZZ_TARGET", name);
    run.arg(format!("-max_total_time={seconds}"));
    run.arg(format!("-max_len={INPUT_BYTES_MAX}"));
    run.arg(format!("-timeout={INPUT_SECONDS_MAX}"));
    run.arg(format!("-rss_limit_mb={MEMORY_MIB_MAX}"));
    run.arg(format!("-artifact_prefix={}/{name}-", found.display()));
    run.args(["-print_final_stats=1"]).arg(work).arg(format!("{CORPUS}/{name}"));
    shell::run(&mut run)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Options> {
        options(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options_choose_targets_and_time() {
        let all = read(&[]).unwrap();
        assert!(all.targets.len() > 10 && all.seconds == 600);
        let one = read(&["--target", "jws", "--minutes", "2"]).unwrap();
        assert_eq!((one.targets, one.seconds), (vec!["jws".to_owned()], 120));
        assert_eq!(read(&["--smoke"]).unwrap().seconds, 20);
        for bad in [["--target", "none"], ["--minutes", "x"], ["--else", "1"]] {
            assert!(read(&bad).is_err(), "{bad:?}");
        }
        assert!(read(&["--minutes"]).is_err());
    }
}
