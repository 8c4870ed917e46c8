//! `causeway serve` and `causeway migrate`: an installation that a configuration file describes.

use std::sync::Arc;
use std::time::Duration;

use app::clock::MovableClock;
use app::ports::{Clock, CommitOutcome, Sealer, Store};
use app::records::{KEY_RING, SETTING};
use app::writeset::{Operation, RecordChange, RecordWrite, WriteSet};
use jiff::Timestamp;
use jose::cert::Identity;
use jose::seal::MasterKeys;

use crate::cli::Role;
use crate::commands::print_line;
use crate::config::{AdminConfig, Config, WalletConfig};
use crate::directory_file;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::keys::stored::{OwnKey, Purpose, read_all};
use crate::keys::{KeyPlan, MasterSealer, generate_all};
use crate::lifecycle::Shutdown;
use crate::limits::{CONFIG_BYTES_MAX, SHUTDOWN_SECONDS_MAX};
use crate::listen::bind;
use crate::metrics;
use crate::node::{Node, Parts, TerminalParts};

/// Owner of the platform's keys.
const PLATFORM: &str = "platform";
/// Owner of the key that signs callbacks to the merchants of terminals.
const CALLBACK: &str = "callback";
/// Space of the callback key: it is not in the ring that partners are answered with.
const CALLBACK_KEY: &str = "callback_key";

/// Encryption at rest as the configuration says.
pub(crate) fn sealer(config: &Config) -> Result<Arc<dyn Sealer>, Failure> {
    let key = config.master_key.read()?;
    Ok(Arc::new(MasterSealer::new(MasterKeys::new(key, Vec::new()))))
}

/// The platform's keys; made when there are none.
pub(crate) async fn keys(
    store: &dyn Store,
    sealer: &dyn Sealer,
    now: Timestamp,
) -> Result<Vec<OwnKey>, Failure> {
    let stored = read_all(store, KEY_RING, sealer).await?;
    if !stored.is_empty() {
        return Ok(stored);
    }
    let failed = |error: String| Failure::at("the platform's keys cannot be made", error);
    let plans = [KeyPlan::new("Causeway signing"), KeyPlan::new("Causeway encryption")];
    let made = tokio::task::spawn_blocking(move || generate_all(&plans, now)).await;
    let made = made.map_err(|error| failed(error.to_string()))?;
    let made = made.map_err(|error| failed(error.to_string()))?;
    let purposes = [Purpose::Sign, Purpose::Decrypt];
    let fresh: Vec<OwnKey> = made
        .into_iter()
        .zip(purposes)
        .map(|(identity, purpose)| OwnKey::fresh(PLATFORM, purpose, identity, now))
        .collect();
    let mut records =
        fresh.iter().map(|key| key.to_record(KEY_RING, sealer)).collect::<Result<Vec<_>, _>>()?;
    records.push(first(KEY_RING));
    let operation = Operation {
        stream: "installation".to_owned(),
        kind: "keys_made".to_owned(),
        body: serde_json::json!({ "keys": fresh.len() }).to_string(),
    };
    let set =
        WriteSet { at: Some(now), records, operations: vec![operation], ..WriteSet::default() };
    match store.commit(set).await.map_err(|error| failed(error.to_string()))? {
        CommitOutcome::Committed => Ok(fresh),
        // Another node that started at the same time was first: its keys are the platform's.
        CommitOutcome::Stale | CommitOutcome::Duplicate(_) => {
            read_all(store, KEY_RING, sealer).await
        }
    }
}

/// A record that only the first of several nodes can make, so that the keys of a space are made
/// once.
fn first(space: &str) -> RecordWrite {
    let change = RecordChange::Insert { body: "{}".to_owned(), expires_at: None };
    RecordWrite { space: SETTING, key: format!("{space}_made"), change }
}

/// The key that signs callbacks; made when there is none.
async fn callback_key(
    store: &dyn Store,
    sealer: &dyn Sealer,
    now: Timestamp,
) -> Result<Arc<Identity>, Failure> {
    let newest = read_all(store, CALLBACK_KEY, sealer).await?.into_iter().next();
    if let Some(stored) = newest {
        return Ok(stored.entry.key);
    }
    let failed = |error: String| Failure::at("the key for callbacks cannot be made", error);
    let plans = [KeyPlan::new("Causeway callbacks")];
    let made = tokio::task::spawn_blocking(move || generate_all(&plans, now)).await;
    let made = made.map_err(|error| failed(error.to_string()))?;
    let made = made.map_err(|error| failed(error.to_string()))?.into_iter().next();
    let identity = made.ok_or_else(|| failed("none was made".to_owned()))?;
    let fresh = OwnKey::fresh(CALLBACK, Purpose::Sign, identity, now);
    let set = WriteSet {
        at: Some(now),
        records: vec![fresh.to_record(CALLBACK_KEY, sealer)?, first(CALLBACK_KEY)],
        operations: vec![Operation {
            stream: "installation".to_owned(),
            kind: "callback_key_made".to_owned(),
            body: "{}".to_owned(),
        }],
        ..WriteSet::default()
    };
    match store.commit(set).await.map_err(|error| failed(error.to_string()))? {
        CommitOutcome::Committed => Ok(fresh.entry.key),
        // Another node that started at the same time was first.
        CommitOutcome::Stale | CommitOutcome::Duplicate(_) => {
            let first = read_all(store, CALLBACK_KEY, sealer).await?.into_iter().next();
            let first = first.ok_or_else(|| failed("somebody else writes this data".to_owned()))?;
            Ok(first.entry.key)
        }
    }
}

/// Runs the platform until a signal ends it; after SIGTERM it is draining for `drain`.
pub(crate) async fn serve(config: Config, roles: &[Role], drain: Duration) -> Outcome {
    let answers = roles.iter().any(|role| matches!(role, Role::All | Role::Api));
    let works = roles.iter().any(|role| matches!(role, Role::All | Role::Worker));
    // Nobody has to find another node when this one answers nobody.
    let drain = if answers { drain } else { Duration::ZERO };
    let shutdown = Shutdown::on_signals(drain)?;
    let public = bind(config.listen, "the platform").await?;
    let ops = match config.metrics_listen {
        Some(address) => Some(bind(address, "health and metrics").await?),
        None => None,
    };
    let node = build(&config, &shutdown).await?;
    let mut tasks = Vec::new();
    if answers {
        let router = node.public_router(node.health_router());
        tasks.push(Node::serve(public, router, &shutdown));
    } else {
        // A worker answers health alone, so that it can be watched like the others.
        tasks.push(Node::serve(public, node.ops_router(), &shutdown));
    }
    if let Some(listener) = ops {
        tasks.push(Node::serve(listener, node.operators_router(), &shutdown));
    }
    tasks.push(node.follow_directory(&shutdown));
    if works {
        tasks.push(node.dispatch(&shutdown));
    }
    tracing::info!(listen = %config.listen, public_url = config.public_url, "serving");
    print_line("ready")?;
    shutdown.begun().await;
    node.platform.watchers.let_go();
    let ended = async {
        for task in tasks {
            // A part that panicked has said so; the others end all the same.
            let _ = task.await;
        }
    };
    let wait = Duration::from_secs(SHUTDOWN_SECONDS_MAX);
    if tokio::time::timeout(wait, ended).await.is_err() {
        tracing::warn!("not everything ended in time; the rest goes on at the next start");
    }
    node.close().await
}

async fn build(config: &Config, shutdown: &Shutdown) -> Result<Node, Failure> {
    // All files come before the data: what is refused has changed nothing.
    let sealer = sealer(config)?;
    let wallets = config.terminals.wallets.iter().map(WalletConfig::read);
    let wallets = wallets.collect::<Result<_, _>>()?;
    let admin = config.terminals.admin.as_ref().map(AdminConfig::read).transpose()?;
    let authorities = config.authorities_file.as_deref();
    let authorities =
        authorities.map(|path| files::read_text(path, CONFIG_BYTES_MAX)).transpose()?;
    let directory = config.directory_file.as_deref();
    let directory = directory.map(directory_file::read).transpose()?;
    let opened = config.data.open().await?;
    let store = Arc::clone(&opened.store);
    let clock = MovableClock::system();
    let keys = keys(&*store, &*sealer, clock.real_now()).await?;
    let callback = callback_key(&*store, &*sealer, clock.real_now()).await?;
    let node = Node::new(Parts {
        store,
        clock,
        sealer,
        keys,
        base_url: config.public_url.clone(),
        zone: config.zone.clone(),
        policy: config.egress.clone(),
        authorities,
        crypto_threads: config.crypto_threads,
        diagnosis_header: false,
        metrics: Some(metrics::start()?),
        messages: None,
        phase: shutdown.phase(),
        terminals: TerminalParts {
            settings: config.terminals.settings.clone(),
            wallets,
            callback,
            callback_form: config.terminals.callback_form,
            log_folder: config.terminals.log_folder.clone(),
            admin,
        },
    })
    .await?;
    opened.tell(Arc::clone(&node.platform.wake));
    if let Some((data, path)) = directory.zip(config.directory_file.as_deref()) {
        let origin = path.display().to_string();
        if directory_file::put_in_force(&node.platform, data, &origin).await? {
            tracing::info!(file = origin, "the directory changed and is in force");
        }
    }
    Ok(node)
}
