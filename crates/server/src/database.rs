//! Where the data lies, and opening it.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use store::{OpenError, SqliteOptions, SqliteStore};

use crate::cli::DataSource;
use crate::config::Config;
use crate::failure::Failure;
use crate::keys::master::explain;

/// Where an installation's data lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Location {
    /// The folder or the database file.
    pub(crate) path: PathBuf,
    /// The data folder, if the data lies in one.
    pub(crate) folder: Option<PathBuf>,
}

impl Location {
    /// In a data folder.
    pub(crate) fn folder(path: &Path) -> Self {
        Self { path: path.to_owned(), folder: Some(path.to_owned()) }
    }

    /// In the database that an URL names: `sqlite:FILE` or `sqlite:///FILE`.
    pub(crate) fn url(url: &str) -> Result<Self, Failure> {
        let rest = url.strip_prefix("sqlite:").ok_or_else(|| {
            Failure::usage(if url.starts_with("postgres") {
                "this build has SQLite only; leave the database URL out, or use sqlite:FILE"
                    .to_owned()
            } else {
                // The text is not repeated: it may hold a password.
                "the database URL is not known here; use sqlite:FILE".to_owned()
            })
        })?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() {
            return Err(Failure::usage("the database URL names no file; use sqlite:FILE"));
        }
        Ok(Self { path: PathBuf::from(path), folder: None })
    }

    /// Where the arguments, or the configuration they name, say.
    pub(crate) fn of(source: &DataSource) -> Result<Self, Failure> {
        match source {
            DataSource::Folder(folder) => Ok(Self::folder(folder)),
            DataSource::Database(url) => Self::url(url),
            DataSource::Config(file) => Ok(Config::read(file)?.data),
        }
    }

    /// Opens for reading and writing, alone; makes the folder, makes or migrates the tables.
    pub(crate) fn open(&self) -> Result<SqliteStore, Failure> {
        if let Some(folder) = &self.folder {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| Failure::at(folder.display(), explain(&error)))?;
        }
        SqliteStore::open(&self.path, SqliteOptions::default()).map_err(|error| failed(&error))
    }

    /// Opens for reading, also while a server writes.
    pub(crate) fn open_read_only(&self) -> Result<SqliteStore, Failure> {
        SqliteStore::open_read_only(&self.path).map_err(|error| failed(&error))
    }
}

fn failed(error: &OpenError) -> Failure {
    Failure::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_name_a_file() {
        let path = |url| Location::url(url).ok().unwrap().path;
        assert_eq!(path("sqlite:data/x.db"), Path::new("data/x.db"));
        assert_eq!(path("sqlite:///var/x.db"), Path::new("/var/x.db"));
        for url in ["postgres://u:secret@h/db", "postgresql://h/db"] {
            let text = Location::url(url).err().unwrap().to_string();
            assert!(text.contains("SQLite only") && !text.contains("secret"), "{text}");
        }
        assert!(Location::url("sqlite:").is_err());
        assert!(Location::url("mysql://u:secret@h").err().unwrap().to_string().contains("sqlite"));
    }
}
