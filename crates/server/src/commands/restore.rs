//! `causeway restore`: brings a backup back, after ledger and audit trail of it were recomputed
//! in a scratch place; with `--drill` only that.
//!
//! Invariant: data that is there is never touched; nothing has its name before it is whole and on
//! the disk.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use app::ports::Store;
use app::verify::{self, AuditReport, LedgerReport};
use serde_json::json;
use store::sqlite::DATABASE_FILE;

use super::{block_on, say};
use crate::cli::{DataSource, RestoreArgs};
use crate::database::Location;
use crate::failure::{Failure, Outcome};
use crate::keys::master::explain;

/// Ending of a copy that is not whole yet.
pub(super) const PART: &str = ".part";

/// What was recomputed.
struct Proof {
    ledger: LedgerReport,
    audit: AuditReport,
}

/// A folder that goes when this does.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self, Failure> {
        let folder = std::env::temp_dir().join(format!("causeway-drill-{}", std::process::id()));
        let made = DirBuilder::new().mode(0o700).create(&folder);
        made.map_err(|error| Failure::at(folder.display(), error))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It is in the system's folder for what may go.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs the command.
pub(crate) fn run(args: &RestoreArgs) -> Outcome {
    let source = args.data.source();
    let (proof, place) = match &args.from {
        Some(from) => {
            let target = if args.drill { None } else { Some(target(&source)?) };
            let proof = drill(from)?;
            if let Some(target) = &target {
                bring(from, target).map_err(|error| {
                    // It may not have been made.
                    let _ = fs::remove_file(beside(target, PART));
                    Failure::at(target.display(), explain(&error))
                })?;
            }
            (proof, target.unwrap_or_else(|| from.clone()).display().to_string())
        }
        None if args.drill && !matches!(source, DataSource::Folder(_)) => {
            let location = Location::of(&source)?;
            let proof = block_on(async { prove(&*location.open_read_only().await?).await })?;
            (proof, location.to_string())
        }
        None => return Err(Failure::usage("name the backup by --from FILE")),
    };
    let Proof { ledger, audit } = proof;
    let report = json!({
        "ok": true, "path": place, "restored": !args.drill,
        "orders": ledger.orders, "postings": ledger.postings, "sums": ledger.sums,
        "entries": audit.entries, "heads": audit.heads,
    });
    let done = if args.drill { "holds" } else { "is restored" };
    let text = format!(
        "{place} {done}: {} orders, {} postings, {} entries of the audit trail",
        ledger.orders, ledger.postings, audit.entries
    );
    say(args.json, &text, &report)
}

/// The file that will be made. Nothing of a database may be there.
fn target(source: &DataSource) -> Result<PathBuf, Failure> {
    let location = Location::of(source)?;
    let file = location.file().ok_or_else(|| {
        Failure::usage("PostgreSQL is restored by pg_restore into an empty database, then drilled")
    })?;
    let file = match &location.folder {
        Some(folder) => folder.join(DATABASE_FILE),
        None => file.to_owned(),
    };
    for ending in ["", "-wal", "-shm"] {
        let path = beside(&file, ending);
        if path.exists() {
            let text = format!("{} is there; move it and its -wal and -shm away", path.display());
            return Err(Failure::new(text));
        }
    }
    Ok(file)
}

/// Recomputes a copy of the backup, brought up to date, in a scratch place.
fn drill(from: &Path) -> Result<Proof, Failure> {
    let scratch = Scratch::make()?;
    let copy = scratch.0.join(DATABASE_FILE);
    fs::copy(from, &copy).map_err(|error| Failure::at(from.display(), explain(&error)))?;
    let proof = block_on(async { prove(&*Location::file_of(&copy).open().await?.store).await });
    // The scratch file means nothing to whoever named the backup.
    proof.map_err(|failure| failure.about(&copy, from))
}

async fn prove(store: &dyn Store) -> Result<Proof, Failure> {
    let failed = |error| Failure::at("the backup cannot be read", error);
    let ledger = verify::ledger(store).await.map_err(failed)?;
    let audit = verify::audit(store).await.map_err(failed)?;
    store.close().await.map_err(failed)?;
    let first = ledger.named.iter().chain(&audit.named).next();
    match first {
        Some(fault) => Err(Failure::new(format!(
            "the backup is not good, {} faults, the first: {fault}; take another one",
            ledger.faults.saturating_add(audit.faults)
        ))),
        None => Ok(Proof { ledger, audit }),
    }
}

/// Copies, makes durable, names.
fn bring(from: &Path, target: &Path) -> std::io::Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let part = beside(target, PART);
    // With the owner and the mode of the backup, which only its owner may read.
    fs::copy(from, &part)?;
    File::open(&part)?.sync_all()?;
    fs::rename(&part, target)?;
    File::open(folder)?.sync_all()
}

/// A file's name with an ending.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
