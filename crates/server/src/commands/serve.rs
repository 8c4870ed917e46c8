//! `causeway serve`.

use std::time::Duration;

use super::{block_on, log_form};
use crate::cli::ServeArgs;
use crate::config::Config;
use crate::failure::Outcome;
use crate::logging::{self, LogForm};
use crate::production;

/// Runs the command.
pub(crate) fn run(args: &ServeArgs, log: Option<LogForm>) -> Outcome {
    let config = Config::read(&args.config)?;
    logging::start(log_form(log, config.log), super::SERVER)?;
    let drain = Duration::from_secs(args.drain_seconds);
    block_on(production::serve(config, &args.role, drain))
}
