//! Loads a platform with signed requests and prints what came out as JSON.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Result, ensure};
use causeway_benches::credentials::Service;
use causeway_benches::limits::{CONNECTIONS_COUNT_MAX, REQUESTS_COUNT_MAX, RUN_S_MAX};
use causeway_benches::scenario::{Probe, Scenario, Size, measure, now};
use clap::Parser;

/// Closed loop: each connection asks again when it was answered.
#[derive(Parser)]
struct Arguments {
    /// `sandbox.json` of a sandbox, or the file of a ceiling.
    #[arg(long)]
    credentials: PathBuf,
    /// What to ask.
    #[arg(long, value_enum)]
    scenario: Scenario,
    /// Connections at once.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Seconds before anything is counted.
    #[arg(long, default_value_t = 1)]
    warmup: u64,
    /// Seconds that are counted.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Requests to sign ahead.
    #[arg(long, default_value_t = 30_000)]
    requests: usize,
    /// What else to ask meanwhile; may be repeated.
    #[arg(long, value_enum)]
    probe: Vec<Probe>,
    /// The server's process, to read its processor time.
    #[arg(long)]
    process: Option<u32>,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    ensure!(arguments.warmup + arguments.seconds <= RUN_S_MAX, "at most {RUN_S_MAX} seconds");
    ensure!((1..=REQUESTS_COUNT_MAX).contains(&arguments.requests), "too many requests");
    ensure!((1..=CONNECTIONS_COUNT_MAX).contains(&arguments.connections), "too many connections");
    let service = Service::read(&arguments.credentials, now())?;
    let size = Size {
        connections: arguments.connections,
        warmup: Duration::from_secs(arguments.warmup),
        window: Duration::from_secs(arguments.seconds),
        requests: arguments.requests,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (scenario, process) = (arguments.scenario, arguments.process);
    let measuring = measure(&service, scenario, &size, &arguments.probe, process);
    println!("{}", serde_json::to_string(&runtime.block_on(measuring)?)?);
    Ok(())
}
