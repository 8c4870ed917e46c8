//! First start, later starts, memory when idle, size.

use std::fs;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::ground::{Ground, Store};
use super::machine;
use super::programs::Programs;

/// How often later starts are measured.
const LATER_STARTS: usize = 5;
/// How long a started server is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(3);

#[expect(clippy::disallowed_methods, reason = "idling has no event to wait for")]
fn leave_alone() {
    thread::sleep(IDLE);
}

/// Starts on a new data folder and on a used one.
pub(crate) fn measure(programs: &Programs) -> Result<Value> {
    eprintln!("measuring the first start and later ones");
    let ground = Ground::empty(programs, Store::Sqlite)?;
    let mut server = ground.sandbox(programs)?;
    let first_s = server.ready_after.as_secs_f64();
    leave_alone();
    let after_first_kib = machine::resident_kib(server.process())?;
    let mut later_s = Vec::new();
    for _ in 0..LATER_STARTS {
        server.stop()?;
        server = ground.sandbox(programs)?;
        later_s.push(server.ready_after.as_secs_f64());
    }
    leave_alone();
    let after_later_kib = machine::resident_kib(server.process())?;
    server.stop()?;
    let size = fs::metadata(programs.release.join("causeway"))?.len();
    Ok(json!({
        "first_s": first_s,
        "later_s": later_s,
        "idle_kib_after_first": after_first_kib,
        "idle_kib_after_later": after_later_kib,
        "binary_bytes": size,
    }))
}
