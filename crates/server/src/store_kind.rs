//! Which kind of store a data folder belongs to, in a file of the folder.
//!
//! Goal: the folder of a sandbox whose tables lie elsewhere is not taken for one with tables of its
//! own; that start would silently begin another installation. The file holds one word, no address
//! and no secret. A folder without it is of an older version, and is taken as it is asked for.

use std::path::Path;

use crate::database::Location;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::limits::STORE_KIND_BYTES_MAX;

/// The file's name in the data folder.
const FILE_NAME: &str = "store.kind";

/// Where the tables are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreKind {
    /// In the data folder.
    Folder,
    /// In a file of SQLite that an URL names.
    Sqlite,
    /// In PostgreSQL.
    Postgres,
}

impl StoreKind {
    const fn word(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }
}

/// Refuses a folder that belongs to another kind of store than is asked for.
pub(crate) fn check(folder: &Path, asked: &Location) -> Outcome {
    let path = folder.join(FILE_NAME);
    if !path.exists() {
        return Ok(());
    }
    let found = files::read_text(&path, STORE_KIND_BYTES_MAX)?;
    let found = found.trim();
    if found == asked.kind().word() {
        return Ok(());
    }
    let shown = folder.display();
    let where_it_is = match found {
        "folder" => "in it; leave --database-url out",
        "sqlite" => "in another file of SQLite; give its --database-url",
        "postgresql" => "in PostgreSQL; give its --database-url",
        _ => return Err(Failure::at(path.display(), "it names no kind of store known here")),
    };
    Err(Failure::new(format!(
        "the data of {shown} is {where_it_is}, or name another folder by --data"
    )))
}

/// Keeps in the folder which kind of store it belongs to.
pub(crate) fn remember(folder: &Path, location: &Location) -> Outcome {
    let path = folder.join(FILE_NAME);
    if path.exists() {
        return Ok(());
    }
    files::write_private(&path, &format!("{}\n", location.kind().word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_refused_to_any_other_kind_of_store_and_an_older_one_to_none() {
        let at = |folder: &Path| {
            [
                Location::folder(folder),
                Location::url("sqlite:elsewhere.db").ok().unwrap(),
                Location::url("postgres://u:secret@h/d").ok().unwrap(),
            ]
        };
        for kind in 0..3 {
            let folder = tempfile::tempdir().unwrap();
            let locations = at(folder.path());
            assert!(locations.iter().all(|it| check(folder.path(), it).is_ok()));
            remember(folder.path(), &locations[kind]).ok().unwrap();
            let kept = std::fs::read_to_string(folder.path().join(FILE_NAME)).unwrap();
            assert!(!kept.contains("secret") && !kept.contains("h/d"), "{kept}");
            for (asked, location) in locations.iter().enumerate() {
                let told = check(folder.path(), location);
                assert_eq!(told.is_ok(), asked == kind, "{asked} of {kind}");
                let words = told.err().map(|it| it.to_string()).unwrap_or_default();
                let helps = words.contains("--database-url") && words.contains("--data");
                assert!(asked == kind || helps, "{words}");
            }
        }
    }
}
