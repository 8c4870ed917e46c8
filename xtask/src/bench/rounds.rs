//! The generator, and rounds of services' requests: ceiling, product, ceiling in another form, by
//! turns; then the product at a set rate.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::figures::median_rate;
use super::ground::Ground;
use super::options::Options;
use super::programs::{Programs, Server};
use super::{ceilings, machine};

/// One scenario of services, `submit` or `inquiry`, with its ceilings.
pub(crate) fn measure(
    programs: &Programs,
    options: &Options,
    ground: &Ground,
    scenario: &str,
) -> Result<Value> {
    let rsa = ceilings::rsa(programs)?;
    let requests = requests_to_sign(options, &rsa);
    let product = ground.sandbox(programs)?;
    let inline = Server::ceiling(programs, "inline")?;
    let threads = Server::ceiling(programs, "threads")?;
    let mut rounds = Vec::new();
    for round in 1..=options.rounds {
        eprintln!("measuring {scenario}, round {round} of {}", options.rounds);
        let ask = |server: &Server, probes: &[&str]| {
            load(programs, options, server, scenario, &requests, probes)
        };
        let others: &[&str] = if scenario == "submit" { &["health", "cashier"] } else { &[] };
        rounds.push(json!({
            "ceiling": ask(&inline, &[])?,
            "product": ask(&product, &[])?,
            "ceiling_on_threads": ask(&threads, &[])?,
            "product_with_others": if others.is_empty() {
                Value::Null
            } else {
                ask(&product, others)?
            },
        }));
    }
    inline.stop()?;
    threads.stop()?;
    let rounds = rounds.into();
    let scenario = format!("ucsp-{scenario}");
    let open = open_loop(programs, options, &product, &scenario, &rounds, &[])?;
    let most = machine::resident_kib_most(product.process())?;
    product.stop()?;
    Ok(json!({ "rsa": rsa, "rounds": rounds, "open": open, "resident_kib_most": most }))
}

/// More than can be answered: no handler answers faster than its keys sign.
fn requests_to_sign(options: &Options, rsa: &Value) -> String {
    const SLACK: f64 = 1.3;
    const SIGNS_AT_LEAST: f64 = 3_000.0;
    let signs = rsa["signs_per_second"].as_f64().unwrap_or(0.0);
    let one = rsa["signs_per_second_one_core"].as_f64().unwrap_or(0.0);
    let cores = rsa["cores"].as_f64().unwrap_or(1.0);
    let most = signs.max(one * cores).max(SIGNS_AT_LEAST) * SLACK;
    let seconds = u32::try_from(options.seconds + options.warmup).unwrap_or(u32::MAX);
    format!("{:.0}", most * f64::from(seconds))
}

/// One run of the generator against a server.
fn load(
    programs: &Programs,
    options: &Options,
    server: &Server,
    scenario: &str,
    requests: &str,
    probes: &[&str],
) -> Result<Value> {
    let scenario = format!("ucsp-{scenario}");
    let mut arguments = vec!["--requests", requests];
    for probe in probes {
        arguments.extend(["--probe", probe]);
    }
    let seconds = [options.warmup, options.seconds];
    bench(programs, server, &scenario, options.connections, seconds, &arguments)
}

/// The product at half of its median rate of these rounds: times count from the instant at which a
/// request was due.
pub(crate) fn open_loop(
    programs: &Programs,
    options: &Options,
    product: &Server,
    scenario: &str,
    rounds: &Value,
    others: &[&str],
) -> Result<Value> {
    let rate = median_rate(rounds).context("no round gave a rate")? / 2.0;
    let rate = format!("{:.0}", rate.max(1.0));
    eprintln!("measuring {scenario} at {rate} a second");
    let mut arguments = vec!["--rate", rate.as_str()];
    arguments.extend(others);
    let seconds = [options.warmup, options.seconds * 2];
    bench(programs, product, scenario, options.connections, seconds, &arguments)
}

/// `causeway bench` against a server: warm-up and window in seconds, and what else it is told.
pub(crate) fn bench(
    programs: &Programs,
    server: &Server,
    scenario: &str,
    connections: u64,
    seconds: [u64; 2],
    others: &[&str],
) -> Result<Value> {
    let credentials = server.credentials.to_string_lossy();
    let numbers = [seconds[0], seconds[1], connections, u64::from(server.process())];
    let [warmup, duration, connections, process] = numbers.map(|number| number.to_string());
    let mut arguments = vec!["bench", scenario, "--json", "--credentials", &*credentials];
    arguments.extend(["--warmup", &warmup, "--duration", &duration]);
    arguments.extend(["--connections", &connections, "--process", &process]);
    arguments.extend(others);
    programs.json("causeway", &arguments)
}
