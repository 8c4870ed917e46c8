//! On what the figures were measured: the kind of machine, never its name.

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::shell;

/// The short commit, with `-changed` when the product's files differ from it.
pub(crate) fn commit() -> Result<String> {
    let mut git = shell::command("git");
    git.current_dir(shell::root()).args(["rev-parse", "--short=10", "HEAD"]);
    let commit = shell::output(&mut git)?.trim().to_owned();
    let mut status = shell::command("git");
    status.current_dir(shell::root()).args(["status", "--porcelain", "-uno", "--", "crates"]);
    let clean = shell::output(&mut status)?.trim().is_empty();
    Ok(if clean { commit } else { commit + "-changed" })
}

/// Cores, processor and memory.
pub(crate) fn kind() -> Result<Value> {
    let processors = fs::read_to_string("/proc/cpuinfo").context("/proc/cpuinfo")?;
    let memory = fs::read_to_string("/proc/meminfo").context("/proc/meminfo")?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(json!({
        "cores": cores,
        "processor": value_of(&processors, "model name").unwrap_or("unknown"),
        "memory_mib": value_of(&memory, "MemTotal").and_then(kibibytes).map(|kib| kib / 1024),
    }))
}

/// Average number of runnable threads in the minute before: what else the machine did.
pub(crate) fn load() -> Result<f64> {
    let text = fs::read_to_string("/proc/loadavg").context("/proc/loadavg")?;
    text.split(' ').next().and_then(|word| word.parse().ok()).context("/proc/loadavg's form")
}

/// Resident memory of a process in KiB.
pub(crate) fn resident_kib(process: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).context("its memory")?;
    value_of(&text, "VmRSS").and_then(kibibytes).context("VmRSS is missing")
}

/// The most memory that was ever resident of a process, in KiB.
pub(crate) fn resident_kib_most(process: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).context("its memory")?;
    value_of(&text, "VmHWM").and_then(kibibytes).context("VmHWM is missing")
}

/// The value behind `name:` at the beginning of a line.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then_some(value.trim())
    })
}

fn kibibytes(value: &str) -> Option<u64> {
    value.strip_suffix(" kB")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{kibibytes, value_of};

    #[test]
    fn values_are_found_by_their_whole_name() {
        let text = "VmRSSx:\t1 kB\nVmRSS:\t  2048 kB\nmodel name\t: A B\n";
        assert_eq!(value_of(text, "VmRSS").and_then(kibibytes), Some(2048));
        assert_eq!(value_of(text, "model name"), Some("A B"));
        assert_eq!(value_of(text, "Vm"), None);
    }
}
