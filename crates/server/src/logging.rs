//! The log: to standard error, as text or as JSON lines; never a secret, a body or a PAN.

use std::io::IsTerminal;

use clap::ValueEnum;
use serde::Deserialize;
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// The environment variable that says what is logged, such as `info,store=debug`.
pub(crate) const FILTER_VARIABLE: &str = "CAUSEWAY_LOG";

/// How lines of the log look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LogForm {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for collectors.
    Json,
}

/// Starts the log. May be called once.
pub(crate) fn start(form: LogForm, default_filter: &str) -> Result<(), Failure> {
    let filter = match std::env::var(FILTER_VARIABLE) {
        Ok(text) => EnvFilter::try_new(&text).map_err(|error| {
            Failure::usage(format!(
                "{FILTER_VARIABLE}={text:?} is no log filter ({error}); try {FILTER_VARIABLE}=info"
            ))
        })?,
        Err(_) => EnvFilter::new(default_filter),
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        // Whoever read the log may have gone. To tell that on the same way would be a panic.
        .log_internal_errors(false);
    let started = match form {
        LogForm::Text => builder.try_init(),
        LogForm::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::at("the log cannot be started", error))
}
