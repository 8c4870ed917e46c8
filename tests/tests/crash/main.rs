//! What was acknowledged stays true: the real binary under the load of tills, killed at random
//! instants, started again, and asked about everything it ever said yes to.
//!
//! Goal: count what was lost and what was doubled; both must be zero. Three cycles are part of
//! every test run; `cargo xtask crash` makes hundreds. The wallets' own books are read from their
//! files, so that the platform is never judged by its own word alone.
#![expect(clippy::unwrap_used, reason = "a helper of a test that cannot go on may panic")]

mod audit;
mod backup;
mod cluster;
mod cycle;
mod facts;
#[path = "../blackbox/harness/http.rs"]
#[expect(dead_code, reason = "shared with the black-box suite, which uses all of it")]
mod http;
mod load;
mod program;
mod report;
mod till;
#[path = "../blackbox/harness/wait.rs"]
mod wait;
mod wallet;

use cluster::Cluster;

/// How many cycles a test makes unless it is told otherwise.
const CYCLES_DEFAULT: usize = 3;

/// The number that the variable says.
fn cycles() -> usize {
    let asked = std::env::var("CAUSEWAY_CRASH_CYCLES").ok();
    asked.map_or(CYCLES_DEFAULT, |text| text.parse().expect("CAUSEWAY_CRASH_CYCLES: a number"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_loses_nothing_and_doubles_nothing() {
    cycle::run(None, cycles()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_loses_nothing_and_doubles_nothing() {
    cycle::run(Some(Cluster::make().await), cycles()).await;
}
