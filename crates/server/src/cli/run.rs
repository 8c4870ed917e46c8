//! Arguments of the commands that run or reach a platform.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::data::{DataArgs, VerifyDataArgs};
use crate::limits::DRAIN_SECONDS_MAX;

const SANDBOX_EXAMPLES: &str = "\
Examples:
  causeway sandbox
  causeway sandbox --data /tmp/try --listen 127.0.0.1:9000
  causeway sandbox --listen 127.0.0.1:0       any four free ports in a row

Listeners: the platform on PORT, the bank app Harbour Bank on PORT+1, the parking service ParkEasy
on PORT+2, the downstream payment system on PORT+3. Keys, numbers and addresses for your own
programs are in DIR/sandbox.json, which is there when the line `ready` is printed.";

/// `causeway sandbox`.
#[derive(Debug, Args)]
#[command(after_help = SANDBOX_EXAMPLES)]
pub(crate) struct SandboxArgs {
    /// The data folder; made at the first start.
    #[arg(long, value_name = "DIR", default_value = "./causeway-data")]
    pub(crate) data: PathBuf,
    /// Address and first of four ports; port 0 takes any four free ones in a row.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8080", value_parser = address)]
    pub(crate) listen: SocketAddr,
    /// The database; without it SQLite in the data folder.
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse().map_err(|_| "write address and port, such as 127.0.0.1:8080")
}

const SERVE_EXAMPLES: &str = "\
Examples:
  causeway config check --config /etc/causeway/causeway.toml
  causeway serve --config /etc/causeway/causeway.toml
  causeway serve --config causeway.toml --role api       requests only, no notices
  causeway serve --config causeway.toml --log json
  causeway serve --config causeway.toml --drain-seconds 0     one node, no balancer

It speaks plain HTTP and belongs behind a TLS terminator on the same machine. After SIGTERM it goes
on for the seconds of draining, not ready and asking for connections to be closed; then it ends what
was accepted, within 50 seconds. SIGINT does without the draining; a second signal ends at once.";

/// `causeway serve`.
#[derive(Debug, Args)]
#[command(after_help = SERVE_EXAMPLES)]
pub(crate) struct ServeArgs {
    /// The configuration file (TOML).
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// What this process does, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "all", value_name = "ROLE")]
    pub(crate) role: Vec<Role>,
    /// How long after SIGTERM it serves on while /readyz says 503, so that balancers notice.
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    #[arg(value_parser = clap::value_parser!(u64).range(0..=DRAIN_SECONDS_MAX))]
    pub(crate) drain_seconds: u64,
}

/// What a process of the platform does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Everything.
    All,
    /// Answers requests.
    Api,
    /// Sends notices, asks the downstream systems, closes what nobody paid.
    Worker,
}

const MIGRATE_EXAMPLES: &str = "\
Examples:
  causeway migrate --config /etc/causeway/causeway.toml
  causeway migrate --data ./causeway-data

Migrations run forward only and are safe to repeat. A data folder of a newer version is refused.";

/// `causeway migrate`.
#[derive(Debug, Args)]
#[command(after_help = MIGRATE_EXAMPLES)]
pub(crate) struct MigrateArgs {
    /// Which installation.
    #[command(flatten)]
    pub(crate) data: DataArgs,
    /// Print the report as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `causeway config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check a configuration file and list all of its faults.
    #[command(after_help = CONFIG_EXAMPLES)]
    Check {
        /// The configuration file (TOML).
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Print the report as JSON.
        #[arg(long)]
        json: bool,
    },
}

const CONFIG_EXAMPLES: &str = "\
Examples:
  causeway config check --config causeway.toml
  causeway config check --config causeway.toml --json

A small configuration:
  listen = \"127.0.0.1:8080\"
  public_url = \"https://pay.example.com\"
  data = \"/var/lib/causeway\"
  [master_key]
  file = \"/etc/causeway/master.key\"
  [directory]
  file = \"/etc/causeway/directory.json\"
  [metrics]
  listen = \"127.0.0.1:9090\"";

/// `causeway audit` and `causeway ledger`.
#[derive(Debug, Subcommand)]
pub(crate) enum VerifyCommand {
    /// Verify from the data alone; reads only, also while the server runs.
    Verify(VerifyDataArgs),
}

const CLOCK_EXAMPLES: &str = "\
Examples:
  causeway clock advance 10s
  causeway clock advance 1h30m
  causeway clock advance 2d --url http://127.0.0.1:9000 --json

Business time moves: deadlines, repeats of notices, trade days. The freshness of signatures stays on
real time. The clock never runs backwards; the call returns when all that fell due was started.";

/// `causeway clock`.
#[derive(Debug, Subcommand)]
pub(crate) enum ClockCommand {
    /// Move the sandbox's business time forward.
    #[command(after_help = CLOCK_EXAMPLES)]
    Advance {
        /// How far: seconds, or with units such as 90s, 15m, 2h, 1d, 1h30m.
        duration: String,
        /// Where the sandbox's platform listens.
        #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8080")]
        url: String,
        /// Print the answer as JSON.
        #[arg(long)]
        json: bool,
    },
}
