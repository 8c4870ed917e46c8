//! Notices: the product's dispatcher against RSA, and the others beside a dead receiver.

use anyhow::Result;
use serde_json::Value;

use super::ground::{Ground, Store};
use super::options::Options;
use super::programs::Programs;

/// Runs the measuring program of `delivery` over an empty store.
pub(crate) fn measure(programs: &Programs, options: &Options, store: Store) -> Result<Value> {
    eprintln!("measuring delivery");
    let ground = Ground::empty(programs, store)?;
    let numbers = [options.receivers, options.seconds, options.rounds];
    let [receivers, seconds, rounds] = numbers.map(|number| number.to_string());
    programs.json("examples/notice_rate", &[&ground.place(), &receivers, &seconds, &rounds])
}
