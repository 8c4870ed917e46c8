//! Measures how many notices a second one worker delivers, and what a dead receiver costs the
//! others.
//!
//! `cargo run --release -p causeway-delivery --example notice_rate -- PLACE [RECEIVERS] [SECONDS]
//! [ROUNDS]` prints one JSON object. The place is a folder for SQLite or the URL of a PostgreSQL
//! database that may be cleared. The worker is the product's dispatcher, store, signing client and
//! outbound client; the receivers are in a process of their own and answer over HTTP what was
//! signed ahead. Each round measures
//!
//! 1. the ceiling: RSA signatures of a notice's size, on all cores;
//! 2. `rate`: as many notices as could be signed in the time are due at once, until each is
//!    confirmed and recorded;
//! 3. three times notices that fall due at a fixed rate, half of the first round's: `alone`, with
//!    all receivers well; `silent`, where the first receiver accepts connections and never answers;
//!    `refusing`, where nobody listens at its address. A dead receiver has a backlog at the
//!    beginning. Times count from the instant at which a notice should have fallen due until its
//!    confirmation was verified, and only those of the other receivers count.

mod measure;
mod receivers;
mod world;

use mimalloc::MiMalloc;

/// The product's.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const USAGE: &str = "notice_rate PLACE [RECEIVERS] [SECONDS] [ROUNDS]";

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let place = arguments.next().ok_or(USAGE)?;
    if place == receivers::COMMAND {
        return receivers::run();
    }
    let mut number = |default| arguments.next().map_or(Ok(default), |text| text.parse::<u64>());
    let (receivers, seconds, rounds) = (number(100)?, number(5)?, number(3)?);
    if receivers < 2 || seconds == 0 || rounds == 0 {
        return Err(USAGE.into());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let setup = measure::Setup { place, receivers, seconds };
    let report = runtime.block_on(measure::all(&setup, rounds))?;
    println!("{report}");
    Ok(())
}
