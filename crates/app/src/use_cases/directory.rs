//! The directory as a document of the store: loaded at start, replaced under its version.

use crate::directory::{Directory, DirectoryData};
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, Store, StoreError};
use crate::records::{DIRECTORY, DIRECTORY_KEY};
use crate::writeset::{Operation, RecordChange, RecordWrite, WriteSet};

/// Reads the directory; empty when there is none yet.
///
/// # Errors
/// The store's; [`StoreError::Damaged`] when the document cannot be read.
pub async fn load_directory(store: &dyn Store) -> Result<DirectoryData, StoreError> {
    load_directory_to_change(store).await.map(|(data, _)| data)
}

/// As [`load_directory`], with the version that [`save_directory`] replaces; none yet: `None`.
///
/// # Errors
/// As [`load_directory`].
pub async fn load_directory_to_change(
    store: &dyn Store,
) -> Result<(DirectoryData, Option<u64>), StoreError> {
    let Some(found) = store.record(DIRECTORY, DIRECTORY_KEY).await? else {
        return Ok((DirectoryData::default(), None));
    };
    let data = serde_json::from_str(&found.value).map_err(|error| StoreError::Damaged {
        what: "directory".to_owned(),
        reason: error.to_string(),
    })?;
    Ok((data, Some(found.version)))
}

/// Replaces the directory that was loaded in version `seen`, keeps `operation` in the journal, and
/// puts it in force here.
///
/// # Errors
/// The store's; `false` when somebody else changed it since it was loaded: nothing is written.
pub async fn save_directory(
    platform: &Platform,
    (data, seen): (DirectoryData, Option<u64>),
    operation: Operation,
) -> Result<bool, StoreError> {
    let body = serde_json::to_string(&data).map_err(|error| StoreError::Damaged {
        what: "directory".to_owned(),
        reason: error.to_string(),
    })?;
    let change = match seen {
        Some(expected) => RecordChange::Replace { body, expected, expires_at: None },
        None => RecordChange::Insert { body, expires_at: None },
    };
    let key = DIRECTORY_KEY.to_owned();
    let set = WriteSet {
        at: Some(platform.clock.now()),
        records: vec![RecordWrite { space: DIRECTORY, key, change }],
        operations: vec![operation],
        ..WriteSet::default()
    };
    if platform.store.commit(set).await? != CommitOutcome::Committed {
        return Ok(false);
    }
    platform.directory.set(Directory::new(data));
    Ok(true)
}

/// Puts the stored directory in force here if its version is not `seen`, which another node or an
/// operator brings about; the version that is in force afterwards.
///
/// # Errors
/// The store's; then the directory in force stays.
pub async fn refresh_directory(
    platform: &Platform,
    seen: Option<u64>,
) -> Result<Option<u64>, StoreError> {
    let Some(found) = platform.store.record(DIRECTORY, DIRECTORY_KEY).await? else {
        return Ok(None);
    };
    if seen == Some(found.version) {
        return Ok(seen);
    }
    let data = serde_json::from_str(&found.value).map_err(|error| StoreError::Damaged {
        what: "directory".to_owned(),
        reason: error.to_string(),
    })?;
    platform.directory.set(Directory::new(data));
    Ok(Some(found.version))
}
