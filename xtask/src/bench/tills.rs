//! Terminals: payments and queries over tables that are filled beforehand, beside the bare handler,
//! the store alone and, over PostgreSQL, `pgbench`; and the same over tables of several sizes.

use std::fs;

use anyhow::Result;
use serde_json::{Value, json};

use super::ceilings::{self, Pgbench};
use super::ground::{self, Ground, Store};
use super::machine;
use super::options::Options;
use super::programs::{Programs, Server};
use super::rounds::{bench, open_loop};

/// Rounds by turns, then the product for long, then at a set rate.
pub(crate) fn measure(programs: &Programs, options: &Options, store: Store) -> Result<Value> {
    ground::fill(programs, store, options.prefill)?;
    let alone = {
        let ground = Ground::filled(programs, store, options.prefill)?;
        // The installation of a sandbox that ran once is in the tables; nothing serves it now.
        ceilings::store(programs, options, &ground, "terminal")?
    };
    let ground = Ground::filled(programs, store, options.prefill)?;
    let cluster = ground.cluster.as_ref();
    let pgbench = cluster.map(|cluster| Pgbench::prepare(cluster, options.seconds)).transpose()?;
    let ceiling = Server::ceiling(programs, "inline")?;
    let product = ground.sandbox(programs)?;
    let names = ground.names.to_string_lossy();
    let about = ["--orders", &*names];
    let seconds = [options.warmup, options.seconds];
    let (mut pay, mut query) = (Vec::new(), Vec::new());
    for round in 1..=options.rounds {
        eprintln!("measuring terminals, round {round} of {}", options.rounds);
        let ask = |server: &Server, scenario: &str, others: &[&str]| {
            bench(programs, server, scenario, options.connections, seconds, others)
        };
        pay.push(json!({
            "pgbench": pgbench.as_ref().map(Pgbench::run).transpose()?,
            "ceiling": ask(&ceiling, "upay-pay", &[])?,
            "product": ask(&product, "upay-pay", &[])?,
        }));
        query.push(json!({
            "ceiling": ask(&ceiling, "upay-query", &about)?,
            "product": ask(&product, "upay-query", &about)?,
        }));
    }
    ceiling.stop()?;
    eprintln!("measuring terminals for {} s", options.long);
    let seconds = [options.warmup, options.long];
    let long = bench(programs, &product, "upay-pay", options.connections, seconds, &[])?;
    let (pay, query) = (Value::from(pay), Value::from(query));
    let pay_open = open_loop(programs, options, &product, "upay-pay", &pay, &[])?;
    let query_open = open_loop(programs, options, &product, "upay-query", &query, &about)?;
    let most = machine::resident_kib_most(product.process())?;
    product.stop()?;
    Ok(json!({
        "orders_before": options.prefill,
        "store": alone,
        "pay": pay,
        "query": query,
        "long": long,
        "pay_open": pay_open,
        "query_open": query_open,
        "resident_kib_most": most,
    }))
}

/// Payments and queries over tables of several sizes, by turns. A size that the disk has no room
/// for is told as such.
pub(crate) fn growth(programs: &Programs, options: &Options, store: Store) -> Result<Value> {
    let mut sizes: Vec<Value> = Vec::new();
    for orders in &options.sizes {
        sizes.push(match ground::fill(programs, store, *orders) {
            Ok(_) => json!({"orders_before": orders, "rounds": []}),
            Err(error) => json!({"orders_before": orders, "not_measured": format!("{error:#}")}),
        });
    }
    for round in 1..=options.rounds {
        for size in &mut sizes {
            let Some(orders) = size["orders_before"].as_u64() else { continue };
            if let Some(rounds) = size["rounds"].as_array_mut() {
                eprintln!("measuring {orders} orders, round {round} of {}", options.rounds);
                rounds.push(one_size(programs, options, store, orders)?);
            }
        }
    }
    Ok(json!({ "sizes": sizes }))
}

fn one_size(programs: &Programs, options: &Options, store: Store, orders: u64) -> Result<Value> {
    let ground = Ground::filled(programs, store, orders)?;
    let bytes = match store {
        Store::Sqlite => fs::metadata(format!("{}/causeway.db", ground.place()))?.len(),
        Store::Postgres => 0,
    };
    let product = ground.sandbox(programs)?;
    let names = ground.names.to_string_lossy();
    let seconds = [options.warmup, options.seconds * 2];
    let ask = |scenario: &str, others: &[&str]| {
        bench(programs, &product, scenario, options.connections, seconds, others)
    };
    let query = ask("upay-query", &["--orders", &*names])?;
    let pay = ask("upay-pay", &[])?;
    let most = machine::resident_kib_most(product.process())?;
    product.stop()?;
    Ok(json!({
        "pay": { "product": pay },
        "query": { "product": query },
        "resident_kib_most": most,
        "database_bytes": bytes,
    }))
}
