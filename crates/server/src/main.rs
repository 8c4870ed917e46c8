//! The one binary: command line, configuration, wiring, and the program's life.
//!
//! Goal: put the parts together and nothing else. Rules live in `domain`, use cases in `app`;
//! here is what differs from one installation to another.

mod cli;
mod commands;
mod config;
mod database;
mod directory_check;
mod directory_file;
mod failure;
mod files;
mod ids;
mod keys;
mod lifecycle;
mod limits;
mod listen;
mod logging;
mod metrics;
mod node;
mod overheard;
mod production;
mod sandbox;
mod store_kind;
mod terminal_logs;
mod time;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use mimalloc::MiMalloc;

use crate::cli::Cli;

/// Requests make many small values on one thread and drop them on another.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return wrong_usage(&error),
    };
    match commands::run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&failure);
            failure.code()
        }
    }
}

/// Help and version are printed as they are; wrong usage becomes one line and status 2.
fn wrong_usage(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader that went away is no error.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    tell(&explain(error));
    ExitCode::from(2)
}

/// A usage error in one line. Where a subcommand is missing the parser only has the whole help.
fn explain(error: &clap::Error) -> String {
    let rendered = error.to_string();
    if error.kind() != ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return one_line(&rendered);
    }
    let usage = rendered.lines().find_map(|line| line.strip_prefix("Usage: "));
    let usage = usage.unwrap_or("causeway").split(" [").next().unwrap_or_default();
    let command = usage.split(" <").next().unwrap_or_default();
    let listed = rendered.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = listed.take_while(|line| !line.is_empty()).filter_map(|line| {
        line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split_whitespace().next()
    });
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    format!("{command} needs a subcommand: {}; see {command} --help", names.join(", "))
}

/// Why the program ends. The reader may have gone, which is no further error.
fn tell(reason: &dyn std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "causeway: {reason}");
}

/// The message and the tip of a usage error, without the paragraphs of usage.
fn one_line(rendered: &str) -> String {
    let mut text = String::new();
    let mut usage = None;
    for line in rendered.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let line = line.strip_prefix("error:").map_or(line, str::trim);
        if let Some(rest) = line.strip_prefix("Usage:") {
            usage = Some(rest.trim().to_owned());
        } else if !line.starts_with("For more information") && usage.is_none() {
            text.push_str(if text.is_empty() { "" } else { " " });
            text.push_str(line);
        }
    }
    let words = usage.unwrap_or_else(|| "causeway".to_owned());
    let command: Vec<&str> =
        words.split(' ').take_while(|word| !word.starts_with(['-', '<', '['])).collect();
    format!("{text}; see {} --help", command.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_is_one_line_that_names_the_help() {
        for (arguments, words) in [
            (vec!["causeway"], "requires a subcommand"),
            (vec!["causeway", "sandbx"], "sandbx"),
            (vec!["causeway", "sandbox", "--lisen", "1"], "--listen"),
            (vec!["causeway", "serve"], "--config <FILE>"),
            (vec!["causeway", "sandbox", "--listen", "here"], "such as 127.0.0.1:8080"),
            (vec!["causeway", "audit"], "causeway audit needs a subcommand: verify"),
            (vec!["causeway", "config"], "causeway config needs a subcommand: check"),
            (vec!["causeway", "admin", "notice"], "notice needs a subcommand: list, resend"),
        ] {
            let error = Cli::try_parse_from(&arguments).err().unwrap();
            let line = explain(&error);
            assert!(line.contains(words), "{line}");
            assert!(line.ends_with("--help") && !line.contains('\n'), "{line}");
        }
    }
}
