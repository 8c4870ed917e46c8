//! The command line: what can be asked of the binary, with help that teaches.
//!
//! Names and defaults are fixed by `interface.md`. Nothing is done here.

mod admin;
mod backup;
mod bench;
mod data;
mod run;
mod tools;

use clap::{Parser, Subcommand};

pub(crate) use admin::{
    AdminArgs, AdminCommand, AdminReach, AppCommand, CodeCommand, MerchantCommand, NoticeCommand,
    StoreCommand, TerminalCommand, VendorCommand,
};
pub(crate) use backup::{BackupArgs, RestoreArgs};
pub(crate) use bench::BenchArgs;
pub(crate) use data::{DataSource, DoctorArgs, VerifyDataArgs};
pub(crate) use run::{
    ClockCommand, ConfigCommand, MigrateArgs, Role, SandboxArgs, ServeArgs, VerifyCommand,
};
pub(crate) use tools::{
    CredentialArgs, DecryptArgs, EncryptArgs, ProfileArg, SignArgs, SpecArgs, VerifyArgs,
};

use crate::logging::LogForm;

const EXAMPLES: &str = "\
Start here:
  causeway sandbox                       a whole payment world on this machine, with a browser
                                         journey at http://127.0.0.1:8080
  causeway spec submit_payment_order     the fields of a message, as the gateway checks them
  causeway verify --help                 why is my signature refused?

Exit status: 0 done, 2 wrong usage, 1 anything else. Errors are one line on standard error.";

/// A payment platform between bank apps and the services their users pay.
#[derive(Debug, Parser)]
#[command(name = "causeway", version, after_help = EXAMPLES, disable_help_subcommand = true)]
#[command(subcommand_required = true, arg_required_else_help = false)]
pub(crate) struct Cli {
    /// How the log on standard error looks.
    #[arg(long, global = true, value_enum, value_name = "FORM")]
    pub(crate) log: Option<LogForm>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Everything on one machine with simulated partners: try the platform out.
    Sandbox(SandboxArgs),
    /// The platform alone, for production.
    Serve(ServeArgs),
    /// Make or update the database, and make the platform's keys if there are none.
    Migrate(MigrateArgs),
    /// Copy the database while the server runs.
    Backup(BackupArgs),
    /// Bring a backup back, or only prove that it is good.
    Restore(RestoreArgs),
    /// The configuration file.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look over an installation: data, keys, clock, partners, what is overdue.
    Doctor(DoctorArgs),
    /// The audit trail.
    #[command(subcommand)]
    Audit(VerifyCommand),
    /// The ledger.
    #[command(subcommand)]
    Ledger(VerifyCommand),
    /// Sign a message: prints the value of its UPI-JWS header.
    Sign(SignArgs),
    /// Verify a signature, and explain the first check that fails.
    Verify(VerifyArgs),
    /// Encrypt sensitive data for its receiver: prints a compact JWE.
    Encrypt(EncryptArgs),
    /// Decrypt a compact JWE.
    Decrypt(DecryptArgs),
    /// Show a message of the protocol: its fields, its JSON Schema, an example.
    Spec(SpecArgs),
    /// The clock of a running sandbox.
    #[command(subcommand)]
    Clock(ClockCommand),
    /// Vendors, merchants, stores, activation codes and terminals of a running platform.
    Admin(AdminArgs),
    /// Load a platform and measure: throughput, times, stalls, errors.
    Bench(BenchArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }

    /// Every command teaches: its help has an example.
    #[test]
    fn every_command_shows_an_example() {
        fn check(command: &clap::Command, path: &str) {
            let name = format!("{path} {}", command.get_name());
            if command.get_subcommands().next().is_none() {
                let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
                assert!(help.contains("causeway "), "{name} has no example in its help");
            }
            for inner in command.get_subcommands() {
                check(inner, &name);
            }
        }
        check(&Cli::command(), "");
    }
}
