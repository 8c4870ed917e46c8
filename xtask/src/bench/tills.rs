//! Terminals: payments and queries over tables that are filled beforehand, beside the bare handler
//! and the store alone.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::programs::{Programs, Server};
use super::rounds::bench;
use super::{Options, machine};

/// The smaller size when growth is measured, in orders.
const SMALL_ORDERS: u64 = 100_000;
/// The sandbox's data folder below the folder for measurements.
const DATA: &str = "till-data";

/// Adds `till` to the results, and `growth` if it was asked for.
pub(crate) fn measure(programs: &Programs, options: &Options, results: &mut Value) -> Result<()> {
    let store = store_alone(programs, options)?;
    let names = fill(programs, options.prefill)?;
    let ceiling = Server::ceiling(programs, "inline")?;
    let product = Server::sandbox_in(programs, DATA)?;
    let names = names.to_string_lossy();
    let seconds = [options.warmup, options.seconds];
    let (mut pay, mut query) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        eprintln!("measuring terminals, round {round} of {}", options.rounds);
        let ask = |server: &Server, scenario: &str, others: &[&str]| {
            bench(programs, server, scenario, options.connections, seconds, others)
        };
        pay.push(json!({
            "ceiling": ask(&ceiling, "upay-pay", &[])?,
            "product": ask(&product, "upay-pay", &[])?,
        }));
        let about = ["--orders", &*names];
        query.push(json!({
            "ceiling": ask(&ceiling, "upay-query", &about)?,
            "product": ask(&product, "upay-query", &about)?,
        }));
    }
    eprintln!("measuring terminals for {} s", options.long);
    let seconds = [options.warmup, options.long];
    let long = bench(programs, &product, "upay-pay", options.connections, seconds, &[])?;
    results["till"] = json!({
        "orders_before": options.prefill,
        "store": store,
        "pay": pay,
        "query": query,
        "long": long,
        "resident_kib_most": machine::resident_kib_most(product.process())?,
    });
    product.stop()?;
    ceiling.stop()?;
    if options.growth > SMALL_ORDERS {
        results["growth"] = growth(programs, options)?;
    }
    Ok(())
}

/// Payments over a small table and over a large one.
fn growth(programs: &Programs, options: &Options) -> Result<Value> {
    let mut sizes = Vec::new();
    for orders in [SMALL_ORDERS, options.growth] {
        fill(programs, orders)?;
        let product = Server::sandbox_in(programs, DATA)?;
        eprintln!("measuring payments over {orders} orders");
        let seconds = [options.warmup, options.long];
        let run = bench(programs, &product, "upay-pay", options.connections, seconds, &[])?;
        let most = machine::resident_kib_most(product.process())?;
        sizes.push(json!({"orders_before": orders, "run": run, "resident_kib_most": most}));
        product.stop()?;
    }
    Ok(sizes.into())
}

/// Payments that the store alone makes durable, two write sets each, over a table of this size.
fn store_alone(programs: &Programs, options: &Options) -> Result<Value> {
    eprintln!("measuring the store alone over {} orders", options.prefill);
    let folder = programs.folder.join("store-alone");
    fs::create_dir_all(&folder)?;
    let numbers = [options.connections, options.seconds, options.prefill];
    let [connections, seconds, orders] = numbers.map(|number| number.to_string());
    let place = folder.to_string_lossy();
    let arguments = [connections.as_str(), &seconds, &place, &orders];
    let figures = programs.json("examples/commit_rate", &arguments)?;
    fs::remove_dir_all(&folder)?;
    Ok(figures)
}

/// A new sandbox with so many orders; the file with the names of some of them.
fn fill(programs: &Programs, orders: u64) -> Result<PathBuf> {
    eprintln!("filling {orders} orders in");
    let data = programs.folder.join(DATA);
    if data.exists() {
        fs::remove_dir_all(&data)?;
    }
    Server::sandbox_in(programs, DATA)?.stop()?;
    let names = programs.folder.join("till-names");
    let orders = orders.to_string();
    let (data, file) = (data.to_string_lossy(), names.to_string_lossy());
    let arguments = ["--data", &*data, "--orders", &orders, "--names", &file];
    programs.json("examples/fill", &arguments)?;
    Ok(names)
}
