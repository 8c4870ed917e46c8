//! `causeway sandbox`: a whole payment world on one machine.
//!
//! Goal: one command, no configuration. The platform is the same as in production; the partners
//! are programs of their own that get addresses, keys and a clock, and nothing else.

pub(crate) mod addresses;
pub(crate) mod clock;
pub(crate) mod document;
mod index;
mod installation;
mod partners;
mod publish;
mod running;
pub(crate) mod seed;
mod simulation;

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use api::AdminAccount;
use app::messages::MessageBook;
use app::ports::{Clock, Sealer, Store};
use app::records::ACTIVATION_CODE;
use app::terminals::TerminalSettings;
use app::use_cases::load_directory;
use app::use_cases::terminals::store_code;
use delivery::CallbackForm;
use domain::payway::Payway;
use egress::Policy;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use jose::seal::{MasterKey, MasterKeys};
use jose::secret::Secret;
use money::Currency;
use tokio::net::TcpListener;

use crate::cli::SandboxArgs;
use crate::config::{CURRENCY_DEFAULT, ZONE_DEFAULT};
use crate::database::Location;
use crate::directory_file;
use crate::failure::{Failure, Outcome};
use crate::files;
use crate::keys::MasterSealer;
use crate::keys::master::{self, explain};
use crate::keys::stored::Purpose;
use crate::lifecycle::Shutdown;
use crate::limits::SHUTDOWN_SECONDS_MAX;
use crate::listen::bind_row;
use crate::metrics;
use crate::node::{Node, Parts, TerminalParts, WalletPart};
use crate::store_kind;
use addresses::Addresses;
use clock::ClockKeeper;
use installation::{CALLBACK, Installation};
use running::RunningPartners;
use simulation::Simulation;

/// What the four listeners are for, in their order.
const LISTENERS: [&str; 4] =
    ["the platform", "the bank apps", "the services", "the downstream system"];
/// The master key's file in the data folder.
const MASTER_KEY_FILE: &str = "master.key";
/// What the platform and the simulated wallets share, in the data folder: so that nodes of
/// `causeway serve` over the same database can use them as well.
const WALLET_SECRET_FILE: &str = "wallet.secret";
/// Where the logs that terminals send are kept.
const LOGS_FOLDER: &str = "terminal-logs";
/// Where the simulated partners keep what they know.
const PARTNERS_FOLDER: &str = "partners";

/// Runs the sandbox until a signal ends it.
pub(crate) async fn run(args: SandboxArgs) -> Outcome {
    let location = match &args.database_url {
        Some(url) => Location::url(url)?,
        None => Location::folder(&args.data),
    };
    store_kind::check(&args.data, &location)?;
    let fresh = !args.data.exists();
    make_folder(&args.data)?;
    let listeners = bind_row(args.listen, LISTENERS).await.inspect_err(|_| {
        if fresh {
            // Nothing is in it yet.
            let _ = fs::remove_dir(&args.data);
        }
    })?;
    let shutdown = Shutdown::on_signals(Duration::ZERO)?;
    let store = location.open().await?.store;
    store_kind::remember(&args.data, &location)?;
    let key = master_key(&*store, &args.data.join(MASTER_KEY_FILE)).await?;
    let sealer: Arc<dyn Sealer> = Arc::new(MasterSealer::new(MasterKeys::new(key, Vec::new())));
    let world = World::build(store, sealer, (&listeners, &shutdown), &args.data).await?;
    world.run(&args.data, listeners, &shutdown).await
}

/// The master key; a new one is made only where nothing was sealed under another.
async fn master_key(store: &dyn Store, file: &Path) -> Result<MasterKey, Failure> {
    if !file.exists() && Installation::is_there(store).await? {
        let reason = "it is missing, and the data is sealed under it; put it back";
        return Err(Failure::at(file.display(), reason));
    }
    master::read_or_make(file)
}

/// Everything, before anybody is let in.
struct World {
    node: Node,
    messages: Arc<MessageBook>,
    keeper: Arc<ClockKeeper>,
    installation: Installation,
    addresses: Addresses,
}

impl World {
    async fn build(
        store: Arc<dyn Store>,
        sealer: Arc<dyn Sealer>,
        (listeners, shutdown): (&[TcpListener; 4], &Shutdown),
        folder: &Path,
    ) -> Result<Self, Failure> {
        let failed = |error| Failure::at("the data cannot be read", error);
        let keeper = Arc::new(ClockKeeper::start(&*store).await.map_err(failed)?);
        let now = keeper.clock().real_now();
        let installation = Installation::read_or_make(&*store, &*sealer, now).await?;
        let addresses = Addresses::of(bound(listeners)?);
        let stored = load_directory(&*store).await.map_err(failed)?;
        let directory = seed::directory(&installation, &addresses, &stored, &*sealer)?;
        let zone = TimeZone::get(ZONE_DEFAULT).map_err(|error| Failure::at("zone", error))?;
        let messages = Arc::<MessageBook>::default();
        let node = Node::new(Parts {
            store,
            clock: keeper.clock().clone(),
            sealer,
            keys: installation.platform_keys(),
            base_url: addresses.platform.clone(),
            zone,
            policy: Policy::sandbox(),
            authorities: None,
            crypto_threads: 0,
            diagnosis_header: true,
            metrics: Some(metrics::start()?),
            messages: Some(Arc::clone(&messages)),
            phase: shutdown.phase(),
            terminals: terminals(&installation, &addresses, folder)?,
        })
        .await?;
        directory_file::put_in_force(&node.platform, directory, "seed").await?;
        put_codes(&*node.platform.store, &installation, installation.secrets.issued_at).await?;
        Ok(Self { node, messages, keeper, installation, addresses })
    }

    /// Lets everybody in, says `ready`, and ends what was accepted after a signal.
    async fn run(self, folder: &Path, listeners: [TcpListener; 4], shutdown: &Shutdown) -> Outcome {
        let Self { node, messages, keeper, installation, addresses } = self;
        let document = publish::document(&installation, &addresses, &node.keys)?.write(folder)?;
        let secret = &installation.secrets.wallet_secret;
        files::write_private(&folder.join(WALLET_SECRET_FILE), &format!("{secret}\n"))?;
        let running = RunningPartners::default();
        let simulation = Arc::new(Simulation {
            platform: Arc::clone(&node.platform),
            keeper: Arc::clone(&keeper),
            installation: installation.clone(),
            addresses: addresses.clone(),
            partners: running.clone(),
            messages,
        });
        let index = index::routes(&addresses, &document)
            .map_err(|error| Failure::at("the first page", error))?;
        let further = simulation::routes(simulation).merge(index).merge(node.operators_router());
        let [platform, banks, services, simulator] = listeners;
        let served = Node::serve(platform, node.public_router(further), shutdown);
        let dispatched = node.dispatch(shutdown);
        let followed = node.follow_directory(shutdown);
        let config = partners::config(&installation, &addresses, keeper.clock(), folder)?;
        let bound = sandbox::Listeners { banks, services, simulator };
        let started = sandbox::Partners::start(config, bound, running.begun()).await;
        let started = started.map_err(|error| Failure::at("the simulated partners", error));
        match started {
            Ok(partners) => running.started(partners).await,
            Err(failure) => {
                node.close().await?;
                return Err(failure);
            }
        }
        publish::greet(&addresses, &document)?;
        shutdown.begun().await;
        node.platform.watchers.let_go();
        let ended = async {
            // A part that panicked has said so; the others end all the same.
            let _ = served.await;
            let _ = dispatched.await;
            let _ = followed.await;
            // Last: what the platform accepted needs the wallets and the downstream system.
            running.stop().await;
        };
        let wait = Duration::from_secs(SHUTDOWN_SECONDS_MAX);
        if tokio::time::timeout(wait, ended).await.is_err() {
            tracing::warn!("not everything ended in time; the rest goes on at the next start");
        }
        node.close().await
    }
}

/// Terminals with the documented settings; every payway of the table goes to the simulated wallets.
fn terminals(
    installation: &Installation,
    addresses: &Addresses,
    folder: &Path,
) -> Result<TerminalParts, Failure> {
    let secrets = &installation.secrets;
    let zone = TimeZone::get(ZONE_DEFAULT).map_err(|error| Failure::at("zone", error))?;
    let currency =
        Currency::from_numeric(CURRENCY_DEFAULT).map_err(|error| Failure::at("currency", error))?;
    Ok(TerminalParts {
        settings: TerminalSettings::new(zone, currency),
        wallets: vec![WalletPart {
            payways: seed::PAYWAYS.map(Payway).to_vec(),
            url: addresses.downstream.clone(),
            secret: Secret::new(secrets.wallet_secret.clone()),
        }],
        callback: Arc::clone(installation.identity(CALLBACK, Purpose::Sign)?),
        callback_form: CallbackForm::Bare,
        log_folder: folder.join(LOGS_FOLDER),
        admin: Some(AdminAccount {
            email: secrets.admin_email.clone(),
            password: Secret::new(secrets.admin_password.clone()),
        }),
    })
}

/// Issues the activation codes of the seed; those that are there stay as they are.
async fn put_codes(
    store: &dyn Store,
    installation: &Installation,
    issued_at: Timestamp,
) -> Outcome {
    for code in seed::codes(installation, issued_at) {
        let kept = store.record(ACTIVATION_CODE, &code.code).await;
        if kept.map_err(|error| Failure::at("the activation codes", error))?.is_none() {
            let stored = store_code(store, &code).await;
            stored.map_err(|error| Failure::at("the activation codes", error))?;
        }
    }
    Ok(())
}

/// Makes the data folder, for its owner alone.
fn make_folder(folder: &Path) -> Outcome {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| {
        Failure::at(
            format_args!("the data folder {} cannot be made", folder.display()),
            explain(&error),
        )
    })
}

fn bound(listeners: &[TcpListener; 4]) -> Result<[std::net::SocketAddr; 4], Failure> {
    let address = |listener: &TcpListener| {
        listener.local_addr().map_err(|error| Failure::at("a listener", error))
    };
    let [platform, banks, services, downstream] = listeners;
    Ok([address(platform)?, address(banks)?, address(services)?, address(downstream)?])
}

/// Where the simulated partners keep what they know, below the data folder.
fn partners_folder(folder: &Path) -> Result<std::path::PathBuf, Failure> {
    let folder = folder.join(PARTNERS_FOLDER);
    make_folder(&folder)?;
    Ok(folder)
}
