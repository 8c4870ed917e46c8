//! Rounds: ceiling, product, ceiling in another form, by turns.

use anyhow::Result;
use serde_json::{Value, json};

use super::Options;
use super::programs::{Programs, Server};

/// Asks ceilings and product by turns and adds `submit` and `inquiry` to the results.
pub(crate) fn measure(
    programs: &Programs,
    options: &Options,
    product: &Server,
    results: &mut Value,
) -> Result<()> {
    let inline = Server::ceiling(programs, "inline")?;
    let threads = Server::ceiling(programs, "threads")?;
    let requests = requests_to_sign(options, results);
    for scenario in ["submit", "inquiry"] {
        if !options.wants(scenario) {
            continue;
        }
        let mut rounds = Vec::new();
        for round in 1..=options.rounds {
            eprintln!("measuring {scenario}, round {round} of {}", options.rounds);
            let ask = |server: &Server, probes: &[&str]| {
                load(programs, options, server, scenario, &requests, probes)
            };
            let others: &[&str] = if scenario == "submit" { &["health", "cashier"] } else { &[] };
            rounds.push(json!({
                "ceiling": ask(&inline, &[])?,
                "product": ask(product, &[])?,
                "ceiling_on_threads": ask(&threads, &[])?,
                "product_with_others": if others.is_empty() {
                    Value::Null
                } else {
                    ask(product, others)?
                },
            }));
        }
        results[scenario] = rounds.into();
    }
    inline.stop()?;
    threads.stop()
}

/// More than can be answered: no handler answers faster than its keys sign.
fn requests_to_sign(options: &Options, results: &Value) -> String {
    const SLACK: f64 = 1.3;
    const SIGNS_AT_LEAST: f64 = 3_000.0;
    let signs = results["rsa"]["signs_per_second"].as_f64().unwrap_or(0.0);
    let one = results["rsa"]["signs_per_second_one_core"].as_f64().unwrap_or(0.0);
    let cores = results["rsa"]["cores"].as_f64().unwrap_or(1.0);
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
