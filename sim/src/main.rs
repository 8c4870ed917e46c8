//! `cargo xtask sim`: runs seeds, says how many orders a second, names the seeds that fail.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use causeway_sim::limits::NAMED_COUNT_MAX;
use causeway_sim::notes::Violation;
use causeway_sim::{Canary, Plan, Report, run};
use clap::Parser;
use mimalloc::MiMalloc;

#[global_allocator]
static GLOBAL: MiMalloc = MiMalloc;

/// Simulates the whole platform from seeds.
#[derive(Debug, Parser)]
struct Arguments {
    /// This seed alone.
    #[arg(long)]
    seed: Option<u64>,
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    first: u64,
    /// Orders of each seed.
    #[arg(long, default_value_t = 200)]
    orders: u64,
    /// Ends after so many minutes, whatever seeds are left.
    #[arg(long)]
    minutes: Option<u64>,
    /// Plants a bug, which must be found.
    #[arg(long)]
    canary: Option<Canary>,
    /// Adds the seeds that fail to this file.
    #[arg(long)]
    keep: Option<PathBuf>,
}

/// Every so many seeds one is run twice, to see that it is the same.
const TWICE_EVERY: u64 = 25;

/// What all seeds came to.
#[derive(Debug, Default)]
struct Total {
    seeds: u64,
    orders: u64,
    lines: u64,
    steps: u64,
    crashes: u64,
    virtual_s: u64,
    states: std::collections::BTreeMap<&'static str, u64>,
    failed: Vec<u64>,
}

impl Total {
    fn add(&mut self, report: &Report) {
        self.seeds += 1;
        self.orders += report.findings.orders;
        self.lines += report.findings.lines;
        self.steps += report.steps;
        self.crashes += report.crashes;
        self.virtual_s += report.virtual_s;
        for (state, count) in &report.findings.states {
            *self.states.entry(state).or_default() += count;
        }
        if !report.findings.violations.is_empty() {
            self.failed.push(report.seed);
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let (first, seeds) = match arguments.seed {
        Some(seed) => (seed, 1),
        None => (arguments.first, arguments.seeds),
    };
    let watch = causeway_sim::time::Watch::start();
    let mut total = Total::default();
    for seed in first..first.saturating_add(seeds) {
        let plan = Plan { seed, orders: arguments.orders, canary: arguments.canary };
        let report = checked(plan, seeds == 1)?;
        name(&report, arguments.orders);
        total.add(&report);
        if let (Some(file), false, None) =
            (&arguments.keep, report.findings.violations.is_empty(), arguments.canary)
        {
            keep(file, &report, arguments.orders)?;
        }
        if arguments.minutes.is_some_and(|minutes| watch.elapsed().as_secs() >= minutes * 60) {
            break;
        }
    }
    let took = watch.elapsed().as_secs_f64();
    let rate = f64::from(u32::try_from(total.orders).unwrap_or(u32::MAX)) / took;
    println!("seeds {}, orders {}, in {took:.1} s: {rate:.0} orders/s", total.seeds, total.orders);
    println!(
        "draws {}, journal lines {}, crashes {}, virtual hours {}",
        total.steps,
        total.lines,
        total.crashes,
        total.virtual_s / 3_600
    );
    println!("orders by state: {:?}", total.states);
    println!("seeds with violations: {} {:?}", total.failed.len(), total.failed);
    Ok(if total.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs a seed, and now and then once more.
fn checked(plan: Plan, twice: bool) -> anyhow::Result<Report> {
    let mut report = run(plan)?;
    if twice || plan.seed.is_multiple_of(TWICE_EVERY) {
        let again = run(plan)?;
        if !report.is_same(&again) {
            let what = "the same seed was another run".to_owned();
            report.findings.violations.push(Violation { invariant: 10, what });
        }
    }
    Ok(report)
}

fn keep(file: &Path, report: &Report, orders: u64) -> anyhow::Result<()> {
    let mut kept = std::fs::OpenOptions::new().append(true).create(true).open(file)?;
    let first = report.findings.violations.first();
    let what = first.map_or("", |violation| violation.what.as_str());
    writeln!(kept, "{} {orders} {what}", report.seed)?;
    Ok(())
}

fn name(report: &Report, orders: u64) {
    let violations = &report.findings.violations;
    if violations.is_empty() {
        return;
    }
    println!("seed {}: {} violations", report.seed, violations.len());
    for violation in violations.iter().take(NAMED_COUNT_MAX) {
        println!("  invariant {}: {}", violation.invariant, violation.what);
    }
    println!("  again: cargo xtask sim --seed {} --orders {orders}", report.seed);
}
