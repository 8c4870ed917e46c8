//! `causeway backup`: a copy of the database while the server runs.

use std::fs;

use serde_json::json;
use store::SqliteStore;

use super::restore::{PART, beside};
use super::{block_on, say};
use crate::cli::BackupArgs;
use crate::database::Location;
use crate::failure::{Failure, Outcome};

/// Runs the command.
pub(crate) fn run(args: &BackupArgs) -> Outcome {
    let location = Location::of(&args.data.source())?;
    let Some(from) = location.file() else {
        return Err(Failure::usage(
            "a database of PostgreSQL is copied by its own tools; use pg_dump --format=custom \
             (docs/ops/backup.md), and causeway restore --drill for what pg_restore made of it",
        ));
    };
    if args.to.exists() {
        let reason = "it is there already and is not replaced; name another file";
        return Err(Failure::at(args.to.display(), reason));
    }
    let part = beside(&args.to, PART);
    SqliteStore::backup(from, &args.to).map_err(|error| {
        // It may not have been made.
        let _ = fs::remove_file(&part);
        Failure::new(error.to_string()).about(&part, &args.to)
    })?;
    let bytes = fs::metadata(&args.to).map(|found| found.len());
    let bytes = bytes.map_err(|error| Failure::at(args.to.display(), error))?;
    // Read again as a restore would, without recomputing it.
    block_on(async {
        let copy = Location::file_of(&args.to).open_read_only().await?;
        copy.close().await.map_err(|error| Failure::at(args.to.display(), error))
    })?;
    let to = args.to.display().to_string();
    let text = format!("{to} is a copy of {location}, {bytes} bytes");
    say(args.json, &text, &json!({ "ok": true, "path": to, "bytes": bytes }))
}
