//! Writes `docs/reference/upay-states.md` below the folder given (the repository by default).

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    let path = root.join("docs/reference/upay-states.md");
    fs::write(&path, causeway_dialect::upay::table::markdown())?;
    println!("{}", path.display());
    Ok(())
}
