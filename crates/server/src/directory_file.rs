//! The directory of parties as a JSON file, imported into the store when it changed.
//!
//! Goal: before there is a back office, operators keep the parties in a file under their own
//! version control. Each change becomes one journal entry.

use std::fmt::Display;
use std::path::Path;

use app::Platform;
use app::directory::DirectoryData;
use app::ports::Sealer;
use app::use_cases::{load_directory_to_change, refresh_directory, save_directory};
use app::writeset::Operation;
use delivery::channel::OAUTH_SECRET;
use serde_json::json;

use crate::directory_check;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::limits::{CONFIG_BYTES_MAX, IMPORT_ATTEMPTS_MAX};

/// How a secret that is still in clear is marked in the file: a file that holds it.
const FILE_MARK: &str = "file:";

/// Reads a directory file. A channel's `client_secret_sealed` is `file:PATH` of the secret, or the
/// sealed text itself. The failure names the first fault and how many there are.
pub(crate) fn read(path: &Path) -> Result<DirectoryData, Failure> {
    let data = read_unchecked(path)?;
    refuse(&directory_check::faults(&data), &path.display())?;
    Ok(data)
}

/// All faults of a directory file, each one line.
pub(crate) fn faults(path: &Path) -> Vec<String> {
    match read_unchecked(path) {
        Ok(data) => {
            let mut faults = directory_check::faults(&data);
            faults.extend(unread_secrets(&data));
            faults
        }
        Err(failure) => vec![failure.to_string()],
    }
}

fn read_unchecked(path: &Path) -> Result<DirectoryData, Failure> {
    let text = files::read_text(path, CONFIG_BYTES_MAX)?;
    serde_json::from_str(&text).map_err(|error| Failure::at(path.display(), error))
}

fn refuse(faults: &[String], origin: &dyn Display) -> Outcome {
    let Some(first) = faults.first() else { return Ok(()) };
    let more = match faults.len() {
        0 | 1 => String::new(),
        count => format!(" (and {} more: causeway config check lists them)", count - 1),
    };
    Err(Failure::at(origin, format!("{first}{more}")))
}

/// Files of secrets that the import would not find.
fn unread_secrets(data: &DirectoryData) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, channel) in data.channels.iter().enumerate() {
        let named = channel.oauth.as_ref().map(|oauth| &*oauth.client_secret_sealed);
        let Some(path) = named.and_then(|text| text.strip_prefix(FILE_MARK)) else { continue };
        if let Err(failure) = files::read_text(Path::new(path), CONFIG_BYTES_MAX) {
            faults.push(format!("channels[{index}].oauth.client_secret_sealed: {failure}"));
        }
    }
    faults
}

/// Replaces secrets that lie in files by sealed ones. A secret that the store has sealed already
/// stays as it is, so that an unchanged file is no change.
fn seal_secrets(
    data: &mut DirectoryData,
    stored: &DirectoryData,
    sealer: &dyn Sealer,
) -> Result<(), Failure> {
    for channel in &mut data.channels {
        let Some(oauth) = &mut channel.oauth else { continue };
        let Some(path) = oauth.client_secret_sealed.strip_prefix(FILE_MARK) else { continue };
        let secret = files::read_text(Path::new(path), CONFIG_BYTES_MAX)?;
        let before = stored.channels.iter().find(|it| it.code == channel.code);
        let before = before.and_then(|it| it.oauth.as_ref()).map(|it| &*it.client_secret_sealed);
        oauth.client_secret_sealed = sealed_like(before, secret.trim(), sealer);
    }
    Ok(())
}

/// Vendors, stores and the merchants of terminals are made over the admin interface: a file that
/// names none of them leaves them as they are.
fn keep_managed(data: &mut DirectoryData, stored: &DirectoryData) {
    if data.vendors.is_empty() {
        data.vendors.clone_from(&stored.vendors);
    }
    if data.stores.is_empty() {
        data.stores.clone_from(&stored.stores);
    }
    for merchant in stored.merchants.iter().filter(|it| it.industry.is_none()) {
        if !data.merchants.iter().any(|it| it.id == merchant.id) {
            data.merchants.push(merchant.clone());
        }
    }
}

/// Seals a channel's OAuth secret; one that was sealed before and is the same stays as it is.
pub(crate) fn sealed_like(before: Option<&str>, secret: &str, sealer: &dyn Sealer) -> String {
    let same = |sealed: &&str| sealer.open(OAUTH_SECRET, sealed).as_deref() == Some(secret);
    before.filter(same).map_or_else(|| sealer.seal(OAUTH_SECRET, secret), str::to_owned)
}

/// Puts a directory in force: stores it when it differs from the stored one, with an entry of the
/// journal. Says whether it changed anything.
pub(crate) async fn put_in_force(
    platform: &Platform,
    data: DirectoryData,
    origin: &str,
) -> Result<bool, Failure> {
    // Nodes that start at the same time import the same file; one of them comes first.
    for _ in 0..IMPORT_ATTEMPTS_MAX {
        if let Some(changed) = try_put_in_force(platform, data.clone(), origin).await? {
            return Ok(changed);
        }
    }
    Err(Failure::new("the directory was changed by somebody else meanwhile; start again"))
}

/// As [`put_in_force`]; nothing when somebody else changed the directory meanwhile.
async fn try_put_in_force(
    platform: &Platform,
    mut data: DirectoryData,
    origin: &str,
) -> Result<Option<bool>, Failure> {
    let failed = |error| Failure::at("the directory cannot be stored", error);
    let (stored, seen) = load_directory_to_change(&*platform.store).await.map_err(failed)?;
    seal_secrets(&mut data, &stored, &*platform.sealer)?;
    keep_managed(&mut data, &stored);
    refuse(&directory_check::stores(&data), &origin)?;
    if data == stored {
        // Another node that starts at the same time may have stored it since this one looked.
        refresh_directory(platform, None).await.map_err(failed)?;
        return Ok(Some(false));
    }
    let body = json!({
        "origin": origin,
        "applications": data.applications.len(),
        "channels": data.channels.len(),
        "industries": data.industries.len(),
        "merchants": data.merchants.len(),
        "openings": data.openings.len(),
    });
    let operation = Operation {
        stream: "directory".to_owned(),
        kind: "imported".to_owned(),
        body: body.to_string(),
    };
    let saved = save_directory(platform, (data, seen), operation).await.map_err(failed)?;
    Ok(saved.then_some(true))
}
