//! Writes the generated files below the folder given (the repository by default).

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    for (path, content) in causeway_wire::spec::generated_files() {
        let path = root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, content)?;
        println!("{}", path.display());
    }
    Ok(())
}
