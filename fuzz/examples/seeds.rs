//! Writes the seeds of every target into `fuzz/corpus/`, from the vectors and the generators.
//! Files that are there already, such as what a run found, are left alone.

use std::fs;

use causeway_fuzz::{TARGETS, replay};

fn main() -> std::io::Result<()> {
    for target in TARGETS {
        let folder = replay::folder(replay::CORPUS, target);
        fs::create_dir_all(&folder)?;
        let seeds = (target.seeds)();
        for (name, bytes) in &seeds {
            fs::write(folder.join(name), bytes)?;
        }
        println!("{}: {} seeds", target.name, seeds.len());
    }
    Ok(())
}
