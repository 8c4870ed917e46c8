//! `causeway migrate`: makes or updates the database; makes the platform's keys if there are none.

use serde_json::{Value, json};

use super::{block_on, say};
use crate::cli::{DataSource, MigrateArgs};
use crate::config::Config;
use crate::database::Location;
use crate::directory_file;
use crate::failure::{Failure, Outcome};
use crate::keys::stored::{OwnKey, Purpose};
use crate::production;
use crate::time::real_now;

/// Runs the command.
pub(crate) fn run(args: &MigrateArgs) -> Outcome {
    let source = args.data.source();
    let config = match &source {
        DataSource::Config(file) => Some(Config::read(file)?),
        DataSource::Folder(_) | DataSource::Database(_) => None,
    };
    // What the server would refuse at its start is refused before anything is changed.
    if let Some(path) = config.as_ref().and_then(|config| config.directory_file.as_deref()) {
        directory_file::read(path)?;
    }
    let location = match &config {
        Some(config) => config.data.clone(),
        None => Location::of(&source)?,
    };
    let keys = block_on(async {
        let store = location.open().await?.store;
        let keys = match &config {
            Some(config) => {
                let sealer = production::sealer(config)?;
                Some(production::keys(&*store, &*sealer, real_now()).await?)
            }
            None => None,
        };
        let closed = store.close().await;
        closed.map_err(|error| Failure::at("the store cannot be closed", error))?;
        Ok(keys)
    })?;
    let path = location.to_string();
    let count = keys.as_ref().map(Vec::len);
    let words = count.map(|count| {
        format!(", {count} keys of the platform (--json has their certificates for partners)")
    });
    let report = json!({
        "ok": true,
        "path": path,
        "platform_keys": count,
        "certificates": keys.iter().flatten().map(certificate).collect::<Vec<_>>(),
    });
    say(args.json, &format!("{path} is up to date{}", words.unwrap_or_default()), &report)
}

/// What partners need of a key: they verify with the one, and encrypt to the other.
fn certificate(key: &OwnKey) -> Value {
    let identity = &key.entry.key;
    json!({
        "id": identity.id().to_string(),
        "use": match key.purpose {
            Purpose::Sign => "sign",
            Purpose::Decrypt => "encrypt",
        },
        "pem": identity.cert().pem(),
    })
}
