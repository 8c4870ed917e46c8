//! `causeway config check`: all faults of a configuration file, one line each.

use std::path::Path;

use serde_json::json;

use super::say;
use crate::config::Config;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::limits::CONFIG_BYTES_MAX;

/// Runs the command.
pub(crate) fn check(path: &Path, as_json: bool) -> Outcome {
    let text = files::read_text(path, CONFIG_BYTES_MAX)?;
    let mut faults = match Config::parse(&text) {
        Ok(config) => beyond_the_text(&config),
        Err(faults) => faults,
    };
    let shown = path.display();
    let report = json!({ "file": shown.to_string(), "ok": faults.is_empty(), "faults": faults });
    if faults.is_empty() {
        return say(as_json, &format!("{shown}: good"), &report);
    }
    let count = faults.len();
    for fault in &mut faults {
        *fault = format!("{shown}: {fault}");
    }
    say(as_json, &faults.join("\n"), &report)?;
    let plural = if count == 1 { "fault" } else { "faults" };
    Err(Failure::at(shown, format!("{count} {plural}; mend what is listed above")))
}

/// Faults that only this machine can tell: files and secrets that are not there.
fn beyond_the_text(config: &Config) -> Vec<String> {
    let mut faults = Vec::new();
    if let Err(failure) = config.master_key.read() {
        faults.push(format!("master_key: {failure}"));
    }
    let files = [
        ("directory.file", &config.directory_file),
        ("egress.authorities_file", &config.authorities_file),
    ];
    for (name, file) in files {
        if let Some(Err(failure)) = file.as_ref().map(|path| files::read(path, CONFIG_BYTES_MAX)) {
            faults.push(format!("{name}: {failure}"));
        }
    }
    if let Some(Err(failure)) = config.directory_file.as_deref().map(crate::directory_file::read) {
        faults.push(format!("directory.file: {failure}"));
    }
    faults.dedup();
    faults
}
