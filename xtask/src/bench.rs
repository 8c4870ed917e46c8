//! `cargo xtask bench`: figures of the release binary as ratios to ceilings of the same run.
//!
//! The method is told in `benches/README.md`. Ceiling and product are asked in turns by the same
//! generator, and the requirement is held against the median of the rounds, so that what else the
//! machine does falls on both. What belongs together is one part; each part is written down when
//! it is done, with its own commit, so that a long run can be made piece by piece.

mod ceilings;
mod delivery;
mod figures;
mod ground;
mod machine;
mod options;
mod programs;
mod recovery;
mod report;
mod rounds;
mod start;
mod tills;

use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use self::ceilings::Pgbench;
use self::ground::{Ground, POSTGRES_SETTINGS, Store};
use self::options::{Options, Part};
use self::programs::Programs;
use crate::{metadata, shell};

/// Measures and reports. A figure that is not reached is no failure of the command.
pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = Options::read(arguments)?;
    let target = metadata::read()?.target_directory;
    let folder = target.join("bench");
    let programs = Programs { release: target.join("release"), folder };
    if options.names("forget") {
        return ground::forget(&programs);
    }
    build()?;
    drop(fs::remove_dir_all(&programs.folder));
    fs::create_dir_all(&programs.folder).context("the folder for measurements")?;
    if options.names("fill") {
        for store in &options.stores {
            for orders in &options.sizes {
                ground::fill(&programs, *store, *orders)?;
            }
        }
    }
    let mut page = Page::open(&options)?;
    for store in &options.stores {
        for part in Part::ALL {
            if options.wants(part) && part.applies_to(*store) {
                let conditions = conditions(&options, *store)?;
                let mut results = measure(&programs, &options, *store, part)?;
                results["conditions"] = conditions;
                page.add(*store, part, results)?;
            }
        }
    }
    drop(fs::remove_dir_all(&programs.folder));
    if options.is_whole() {
        ground::forget(&programs)?;
    }
    page.show();
    Ok(())
}

fn build() -> Result<()> {
    let product = ["build", "--release", "--locked", "-p", "causeway", "-p", "causeway-benches"];
    shell::run(&mut shell::cargo(product))?;
    // Each crate's examples alone, so that what they need changes nothing of the product.
    let store = ["-p", "causeway-store", "--example", "commit_rate", "--example", "fill"];
    let delivery = ["-p", "causeway-delivery", "--example", "notice_rate"];
    for examples in [store.as_slice(), delivery.as_slice()] {
        let words = ["build", "--release", "--locked"].iter().chain(examples);
        shell::run(&mut shell::cargo(words.copied()))?;
    }
    Ok(())
}

/// What a part was measured under.
fn conditions(options: &Options, store: Store) -> Result<Value> {
    let database = (store == Store::Postgres).then(|| POSTGRES_SETTINGS.join(", "));
    Ok(json!({
        "commit": machine::commit()?,
        "load_before": machine::load()?,
        "seconds": options.seconds,
        "rounds": options.rounds,
        "connections": options.connections,
        "database": database,
    }))
}

fn measure(programs: &Programs, options: &Options, store: Store, part: Part) -> Result<Value> {
    eprintln!("{}: {}", store.name(), part.name());
    match part {
        Part::Start => start::measure(programs),
        Part::Store => store_alone(programs, options, store),
        Part::Submit | Part::Inquiry => {
            let ground = Ground::empty(programs, store)?;
            rounds::measure(programs, options, &ground, part.name())
        }
        Part::Till => tills::measure(programs, options, store),
        Part::Growth => tills::growth(programs, options, store),
        Part::Delivery => delivery::measure(programs, options, store),
        Part::Recovery => recovery::measure(programs, options, store),
    }
}

/// The store through its port over empty tables, and what its database does beside it.
fn store_alone(programs: &Programs, options: &Options, store: Store) -> Result<Value> {
    let ground = Ground::empty(programs, store)?;
    fs::create_dir_all(programs.folder.join("ground/data"))?;
    let mut figures = ceilings::store(programs, options, &ground, "all")?;
    if let Some(cluster) = &ground.cluster {
        figures["pgbench"] = Pgbench::prepare(cluster, options.seconds)?.run()?;
    }
    Ok(figures)
}

/// What is known so far, and where it is written.
struct Page {
    results: Value,
    /// The name of the files; none when nothing is written.
    name: Option<String>,
}

impl Page {
    /// Begins with what earlier runs of this name measured.
    fn open(options: &Options) -> Result<Self> {
        let name = match &options.name {
            Some(name) => Some(name.clone()),
            None if options.is_whole() => Some(machine::commit()?),
            None => None,
        };
        let file = name.as_ref().map(|name| shell::root().join(format!("{FOLDER}/{name}.json")));
        let before = file.and_then(|file| fs::read_to_string(file).ok());
        let mut results = match before {
            Some(text) => serde_json::from_str(&text).context("the results so far")?,
            None => json!({}),
        };
        results["machine"] = machine::kind()?;
        Ok(Self { results, name })
    }

    fn add(&mut self, store: Store, part: Part, results: Value) -> Result<()> {
        self.results[store.name()][part.name()] = results;
        let judged = figures::judge(&self.results);
        self.results["figures"] = serde_json::to_value(&judged)?;
        let Some(name) = &self.name else { return Ok(()) };
        let folder = shell::root().join(FOLDER);
        fs::create_dir_all(&folder)?;
        let pretty = serde_json::to_string_pretty(&self.results)? + "\n";
        fs::write(folder.join(format!("{name}.json")), pretty)?;
        let text = report::markdown(&self.results, &judged) + "\n";
        fs::write(folder.join(format!("{name}.md")), text)?;
        eprintln!("written to {FOLDER}/{name}.md and .json");
        Ok(())
    }

    fn show(&self) {
        let judged = figures::judge(&self.results);
        println!("{}", report::markdown(&self.results, &judged));
    }
}

/// Where results are kept.
const FOLDER: &str = "benches/results";
