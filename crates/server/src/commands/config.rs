//! `causeway config check`: all faults of a configuration file, one line each.

use std::path::Path;

use serde_json::json;

use super::say;
use crate::config::Config;
use crate::directory_file;
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

/// Faults that only this machine can tell: files and secrets that are not there. What `serve` would
/// refuse is found here.
fn beyond_the_text(config: &Config) -> Vec<String> {
    let mut faults = Vec::new();
    let mut note = |name: &str, failure: Option<Failure>| {
        faults.extend(failure.map(|failure| format!("{name}: {failure}")));
    };
    note("master_key", config.master_key.read().err());
    let authorities = config.authorities_file.as_deref();
    let authorities = authorities.map(|path| files::read_text(path, CONFIG_BYTES_MAX));
    note("egress.authorities_file", authorities.and_then(Result::err));
    for wallet in &config.terminals.wallets {
        note("wallets.secret_file", wallet.read().err());
    }
    note("admin.password_file", config.terminals.admin.as_ref().and_then(|it| it.read().err()));
    let directory = config.directory_file.as_deref().map(directory_file::faults);
    faults.extend(directory.into_iter().flatten().map(|it| format!("directory.file: {it}")));
    faults
}
