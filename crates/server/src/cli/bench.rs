//! Arguments of the load generator.

use std::path::PathBuf;

use clap::Args;
use load::limits::{CONNECTIONS_COUNT_MAX, RATE_PER_S_MAX, REQUESTS_COUNT_MAX, RUN_S_MAX};
use load::scenario::{Probe, Scenario};

const BENCH_EXAMPLES: &str = "\
Examples:
  causeway bench upay-pay --credentials causeway-data/sandbox.json
  causeway bench upay-mix --target http://127.0.0.1:8080 --credentials causeway-data/sandbox.json \\
      --connections 64 --duration 30
  causeway bench upay-query --credentials causeway-data/sandbox.json --rate 2000 --json

Without --rate each connection asks again when it was answered. With it requests fall due at equal
distances, and each time counts from the instant at which its request was due, so that a stall
shows; the timer is exact to a millisecond. Terminals are activated for the run with the codes of
the credentials. It makes real orders: use a sandbox, or an installation for tests.";

/// `causeway bench`.
#[derive(Debug, Args)]
#[command(after_help = BENCH_EXAMPLES)]
pub(crate) struct BenchArgs {
    /// What to ask.
    #[arg(value_enum, value_name = "SCENARIO")]
    pub(crate) scenario: Scenario,
    /// The platform; without it the address in the credentials. Plain HTTP only.
    #[arg(long, value_name = "URL")]
    pub(crate) target: Option<String>,
    /// A sandbox's sandbox.json, or a file of the same form.
    #[arg(long, value_name = "FILE")]
    pub(crate) credentials: PathBuf,
    /// Connections at once.
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = connections)]
    pub(crate) connections: usize,
    /// Seconds that are counted.
    #[arg(long, value_name = "S", default_value_t = 10,
          value_parser = clap::value_parser!(u64).range(1..=RUN_S_MAX))]
    pub(crate) duration: u64,
    /// Seconds before anything is counted.
    #[arg(long, value_name = "S", default_value_t = 1,
          value_parser = clap::value_parser!(u64).range(0..=RUN_S_MAX))]
    pub(crate) warmup: u64,
    /// Requests a second, whoever is free; without it a closed loop.
    #[arg(long, value_name = "R",
          value_parser = clap::value_parser!(u32).range(1..=i64::from(RATE_PER_S_MAX)))]
    pub(crate) rate: Option<u32>,
    /// Requests of ucsp scenarios to sign ahead; without it more than this machine could use.
    #[arg(long, value_name = "N", value_parser = requests)]
    pub(crate) requests: Option<usize>,
    /// Orders that upay-query asks about: a client_sn of 28 characters a line. Without it 2000 are
    /// paid first.
    #[arg(long, value_name = "FILE")]
    pub(crate) orders: Option<PathBuf>,
    /// What others ask meanwhile; may be given more than once.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(crate) probe: Vec<Probe>,
    /// The server's process, to tell its processor time for each answer.
    #[arg(long, value_name = "PID")]
    pub(crate) process: Option<u32>,
    /// Print the result as JSON, and no progress.
    #[arg(long)]
    pub(crate) json: bool,
}

fn connections(text: &str) -> Result<usize, String> {
    within(text, CONNECTIONS_COUNT_MAX)
}

fn requests(text: &str) -> Result<usize, String> {
    within(text, REQUESTS_COUNT_MAX)
}

fn within(text: &str, most: usize) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("a number from 1 to {most}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_bounds() {
        assert_eq!(connections("64"), Ok(64));
        for wrong in ["0", "-1", "4097", "many"] {
            assert!(connections(wrong).is_err(), "{wrong}");
        }
    }
}
