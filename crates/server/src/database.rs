//! Where the data lies, and opening it.

use std::fmt;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use app::ports::{Store, Wake};
use store::{PostgresOptions, PostgresStore, SqliteOptions, SqliteStore, postgres};
use tokio::sync::watch;

use crate::cli::DataSource;
use crate::config::Config;
use crate::failure::Failure;
use crate::keys::master::explain;
use crate::store_kind::{self, StoreKind};

/// Where an installation's data lies.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Location {
    place: Place,
    /// The data folder, if the data lies in one.
    pub(crate) folder: Option<PathBuf>,
}

#[derive(Clone, PartialEq, Eq)]
enum Place {
    /// The folder or the database file.
    Sqlite(PathBuf),
    /// The URL, which may hold a password, and what may be shown of it.
    Postgres { url: String, shown: String },
}

impl fmt::Display for Location {
    /// Without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Sqlite(path) => path.display().fmt(f),
            Place::Postgres { shown, .. } => f.write_str(shown),
        }
    }
}

impl fmt::Debug for Location {
    /// Without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}

/// An open store.
pub(crate) struct Opened {
    /// The store.
    pub(crate) store: Arc<dyn Store>,
    /// Changes when another node may have made work due.
    wakes: Option<watch::Receiver<u64>>,
}

impl Opened {
    /// From now on the work of other nodes is told like that of this one.
    pub(crate) fn tell(self, wake: Arc<dyn Wake>) {
        let Some(mut wakes) = self.wakes else { return };
        tokio::spawn(async move {
            while wakes.changed().await.is_ok() {
                wake.wake();
            }
        });
    }
}

impl Location {
    /// In a data folder.
    pub(crate) fn folder(path: &Path) -> Self {
        Self { place: Place::Sqlite(path.to_owned()), folder: Some(path.to_owned()) }
    }

    /// In a database file.
    pub(crate) fn file_of(path: &Path) -> Self {
        Self { place: Place::Sqlite(path.to_owned()), folder: None }
    }

    /// The database file or the folder with it; none in PostgreSQL.
    pub(crate) fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::Sqlite(path) => Some(path),
            Place::Postgres { .. } => None,
        }
    }

    /// Which kind of store it is.
    pub(crate) const fn kind(&self) -> StoreKind {
        match (&self.place, &self.folder) {
            (Place::Sqlite(_), Some(_)) => StoreKind::Folder,
            (Place::Sqlite(_), None) => StoreKind::Sqlite,
            (Place::Postgres { .. }, _) => StoreKind::Postgres,
        }
    }

    /// In the database that an URL names: `sqlite:FILE`, `sqlite:///FILE` or `postgres://...`.
    pub(crate) fn url(url: &str) -> Result<Self, Failure> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let shown = postgres::shown(url).map_err(|error| Failure::usage(error.to_string()))?;
            let place = Place::Postgres { url: url.to_owned(), shown };
            return Ok(Self { place, folder: None });
        }
        // The text is not repeated: it may hold a password.
        let unknown = "the database URL is not known here; use sqlite:FILE or \
                       postgres://USER:PASSWORD@HOST/DATABASE";
        let rest = url.strip_prefix("sqlite:").ok_or_else(|| Failure::usage(unknown))?;
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() {
            return Err(Failure::usage("the database URL names no file; use sqlite:FILE"));
        }
        Ok(Self { place: Place::Sqlite(PathBuf::from(path)), folder: None })
    }

    /// Where the arguments, or the configuration they name, say.
    pub(crate) fn of(source: &DataSource) -> Result<Self, Failure> {
        match source {
            DataSource::Folder(folder) => Ok(Self::folder(folder)),
            DataSource::Database(url) => Self::url(url),
            DataSource::Config(file) => Ok(Config::read(file)?.data),
        }
    }

    /// Opens for reading and writing; makes the folder, makes or migrates the tables. A file is
    /// opened alone, a database server beside other nodes.
    pub(crate) async fn open(&self) -> Result<Opened, Failure> {
        if let Some(folder) = &self.folder {
            store_kind::check(folder, self)?;
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|error| Failure::at(folder.display(), explain(&error)))?;
        }
        match &self.place {
            Place::Sqlite(path) => {
                let store = SqliteStore::open(path, SqliteOptions::default()).map_err(failed)?;
                Ok(Opened { store: Arc::new(store), wakes: None })
            }
            Place::Postgres { url, .. } => {
                let store = PostgresStore::open(url, PostgresOptions::default()).await;
                let store = store.map_err(failed)?;
                let wakes = Some(store.wakes());
                Ok(Opened { store: Arc::new(store), wakes })
            }
        }
    }

    /// Opens for reading, also while a server writes.
    pub(crate) async fn open_read_only(&self) -> Result<Arc<dyn Store>, Failure> {
        if let Some(folder) = &self.folder {
            store_kind::check(folder, self)?;
        }
        match &self.place {
            Place::Sqlite(path) => Ok(Arc::new(SqliteStore::open_read_only(path).map_err(failed)?)),
            Place::Postgres { url, .. } => {
                Ok(Arc::new(PostgresStore::open_read_only(url).await.map_err(failed)?))
            }
        }
    }
}

fn failed(error: impl fmt::Display) -> Failure {
    Failure::new(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_name_a_file_or_a_server() {
        let place = |url| Location::url(url).ok().unwrap().to_string();
        assert_eq!(place("sqlite:data/x.db"), "data/x.db");
        assert_eq!(place("sqlite:///var/x.db"), "/var/x.db");
        assert_eq!(place("postgres://u:secret@h/db"), "h:5432/db");
        assert_eq!(place("postgresql://u:secret@h:6432/db"), "h:6432/db");
        assert!(!format!("{:?}", Location::url("postgres://u:secret@h/db")).contains("secret"));
        assert!(Location::url("sqlite:").is_err());
        for url in ["mysql://u:secret@h", "postgres://u:secret@h"] {
            let text = Location::url(url).err().unwrap().to_string();
            assert!(text.contains("postgres://USER") && !text.contains("secret"), "{text}");
        }
    }
}
