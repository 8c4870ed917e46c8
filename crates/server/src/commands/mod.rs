//! The commands, one a file. Each returns [`Outcome`]; only `main` prints errors and exits.

mod admin;
mod backup;
mod bench;
mod clock;
mod config;
mod credentials;
mod crypt;
mod doctor;
mod migrate;
mod restore;
mod sandbox;
mod serve;
mod sign;
mod spec;
mod verify;
mod verify_data;

use std::io::Write;

use serde_json::Value;

use crate::cli::{Cli, ClockCommand, Command, ConfigCommand, VerifyCommand};
use crate::failure::{Failure, Outcome};
use crate::logging::{self, LogForm};

/// What tools log unless they are told otherwise: nothing but trouble.
const QUIET: &str = "warn";
/// What production logs unless it is told otherwise.
const SERVER: &str = "info";
/// What the sandbox logs: nothing but trouble, and its own start and end.
const SANDBOX: &str = "warn,causeway::=info";

/// Runs the command that was asked for.
pub(crate) fn run(cli: Cli) -> Outcome {
    let form = cli.log.unwrap_or_default();
    let log = |filter: &str| logging::start(form, filter);
    match cli.command {
        Command::Sandbox(args) => log(SANDBOX).and_then(|()| sandbox::run(args)),
        // The configuration may choose the form of the log.
        Command::Serve(args) => serve::run(&args, cli.log),
        Command::Migrate(args) => log(QUIET).and_then(|()| migrate::run(&args)),
        Command::Backup(args) => log(QUIET).and_then(|()| backup::run(&args)),
        Command::Restore(args) => log(QUIET).and_then(|()| restore::run(&args)),
        Command::Config(ConfigCommand::Check { config, json }) => config::check(&config, json),
        Command::Doctor(args) => log(QUIET).and_then(|()| doctor::run(&args)),
        Command::Audit(VerifyCommand::Verify(args)) => {
            log(QUIET).and_then(|()| verify_data::audit(&args))
        }
        Command::Ledger(VerifyCommand::Verify(args)) => {
            log(QUIET).and_then(|()| verify_data::ledger(&args))
        }
        Command::Sign(args) => sign::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Encrypt(args) => crypt::encrypt(&args),
        Command::Decrypt(args) => crypt::decrypt(&args),
        Command::Spec(args) => spec::run(&args),
        Command::Clock(ClockCommand::Advance { duration, url, json }) => {
            clock::advance(&duration, &url, json)
        }
        Command::Admin(args) => admin::run(&args),
        Command::Bench(args) => bench::run(args),
    }
}

/// Prints the result: text for people, or JSON.
fn say(as_json: bool, text: &str, report: &Value) -> Outcome {
    let shown = if as_json { wire::spec::pretty(report) } else { text.to_owned() };
    print_line(&shown)
}

/// A line on standard output. A reader that went away (`| head`) is no error.
pub(crate) fn print_line(line: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::at("standard output", error)),
    }
}

/// Runs a command that waits for others.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::at("the runtime cannot be started", error))?;
    runtime.block_on(work)
}

/// The form of the log that the command line or else the configuration asks for.
fn log_form(asked: Option<LogForm>, configured: Option<LogForm>) -> LogForm {
    asked.or(configured).unwrap_or_default()
}
