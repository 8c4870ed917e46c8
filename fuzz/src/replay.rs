//! The kept inputs of a target, and mutations of them, without instruments.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use wire::generate::Random;

use crate::input::Input;
use crate::limits::INPUT_BYTES_MAX;
use crate::targets::Target;

/// Inputs that lead far, small.
pub const CORPUS: &str = "corpus";
/// Inputs that once broke a rule.
pub const REGRESSIONS: &str = "regressions";

/// The folder of a target in `corpus/` or `regressions/`.
#[must_use]
pub fn folder(kind: &str, target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(kind).join(target.name)
}

/// The kept inputs of a target, in the order of their names.
///
/// # Errors
/// When the corpus of the target cannot be read; a target without regressions is fine.
pub fn kept(target: &Target) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut paths = files(&folder(CORPUS, target))?;
    match files(&folder(REGRESSIONS, target)) {
        Ok(found) => paths.extend(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    paths.sort();
    paths.into_iter().map(|path| fs::read(&path).map(|bytes| (path, bytes))).collect()
}

fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect()
}

/// Runs the kept inputs, and [`Target::mutations`] mutations of them that are the same in
/// every run; returns how many inputs ran.
///
/// # Errors
/// As [`kept`].
///
/// # Panics
/// When a rule is broken.
pub fn replay(target: &Target) -> io::Result<usize> {
    let kept = kept(target)?;
    for (_, bytes) in &kept {
        (target.run)(bytes);
    }
    let mut count = kept.len();
    for number in 0..target.mutations {
        let mut random = Random::new(number);
        let Some((_, base)) = kept.get(random.below(kept.len())) else { break };
        let plan: Vec<u8> = (0..64).flat_map(|_| random.draw().to_be_bytes()).collect();
        let mut mutated = Input::new(&plan).changed(base);
        mutated.truncate(INPUT_BYTES_MAX);
        (target.run)(&mutated);
        count += 1;
    }
    Ok(count)
}
