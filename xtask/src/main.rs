//! The one tool of the repository: `cargo xtask COMMAND`.
//!
//! Goal: whatever a contributor or the integration server does by hand more than once is a command
//! here. To add one: write a module with `pub fn run(arguments: &[String]) -> anyhow::Result<()>`
//! and add a row to [`COMMANDS`].

mod bench;
mod check;
mod crash;
mod deny;
mod edges;
mod fuzz;
mod generate;
mod metadata;
mod postgres;
mod provide;
mod shell;
mod sim;
mod spdx;
mod test;
mod tidy;

use std::process::ExitCode;

struct Command {
    name: &'static str,
    does: &'static str,
    run: fn(&[String]) -> anyhow::Result<()>,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        does: "find or install what the tests need, build the binary, run every test; further \
               arguments go to the runner",
        run: test::run,
    },
    Command { name: "check", does: "format, clippy, tidy and deny", run: check::run },
    Command {
        name: "tidy",
        does: "dependency edges, lengths, banned words, drift of generated files",
        run: tidy::run,
    },
    Command { name: "deny", does: "licences, banned crates, sources, advisories", run: deny::run },
    Command { name: "generate", does: "write the generated files", run: generate::run },
    Command {
        name: "crash",
        does: "load, kill -9, restart, audit: --cycles N --store sqlite|postgres",
        run: crash::run,
    },
    Command {
        name: "bench",
        does: "figures of the release binary as ratios to ceilings measured in the same run",
        run: bench::run,
    },
    Command {
        name: "sim",
        does: "the whole platform in simulated time: --seeds N --minutes M, or --seed X to see \
               one again",
        run: sim::run,
    },
    Command {
        name: "fuzz",
        does: "the targets of fuzz/ under libFuzzer: --target X --minutes M, or --smoke",
        run: fuzz::run,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((name, rest)) = arguments.split_first() else {
        print_usage();
        return ExitCode::from(2);
    };
    if name == "help" || name == "--help" || name == "-h" {
        print_usage();
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("xtask: there is no command {name:?}; `cargo xtask help` lists them");
        return ExitCode::from(2);
    };
    match (command.run)(rest) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask {name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn print_usage() {
    println!("cargo xtask COMMAND [ARGUMENTS]\n");
    for command in COMMANDS {
        println!("  {:<10} {}", command.name, command.does);
    }
}
