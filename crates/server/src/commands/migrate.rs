//! `causeway migrate`: makes or updates the database; makes the platform's keys if there are none.

use app::ports::Store;
use serde_json::json;

use super::{block_on, say};
use crate::cli::{DataSource, MigrateArgs};
use crate::config::Config;
use crate::database::Location;
use crate::failure::{Failure, Outcome};
use crate::production;
use crate::time::real_now;

/// Runs the command.
pub(crate) fn run(args: &MigrateArgs) -> Outcome {
    let source = args.data.source();
    let config = match &source {
        DataSource::Config(file) => Some(Config::read(file)?),
        DataSource::Folder(_) | DataSource::Database(_) => None,
    };
    let location = match &config {
        Some(config) => config.data.clone(),
        None => Location::of(&source)?,
    };
    let keys = block_on(async {
        let store = location.open()?;
        let keys = match &config {
            Some(config) => {
                let sealer = production::sealer(config)?;
                Some(production::keys(&store, &*sealer, real_now()).await?.len())
            }
            None => None,
        };
        let closed = store.close().await;
        closed.map_err(|error| Failure::at("the store cannot be closed", error))?;
        Ok(keys)
    })?;
    let path = location.path.display().to_string();
    let words = keys.map(|count| format!(", {count} keys of the platform")).unwrap_or_default();
    let report = json!({ "ok": true, "path": path, "platform_keys": keys });
    say(args.json, &format!("{path} is up to date{words}"), &report)
}
