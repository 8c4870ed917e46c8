//! One running platform: the parts put together, the same for the sandbox and for production.

use std::path::PathBuf;
use std::sync::Arc;

use api::{AdminAccount, Api, MetricsText, Phase};
use app::clock::MovableClock;
use app::directory::{Directory, DirectoryCell};
use app::flights::Flights;
use app::messages::MessageBook;
use app::numbers::Numbers;
use app::ports::{Clock, Ids, Sealer, Sleeper, Store, Wallets};
use app::terminals::{TerminalCache, TerminalSettings};
use app::use_cases::{load_directory, refresh_directory};
use app::watchers::Watchers;
use app::{Platform, Settings};
use axum::Router;
use delivery::channel::ChannelGatewayParts;
use delivery::dispatcher::DispatcherParts;
use delivery::limits::RUNNING_COUNT_MAX;
use delivery::notice::NoticeSenderParts;
use delivery::{
    Bell, CallbackForm, CallbackParts, CallbackSender, Dispatcher, HttpChannelGateway,
    HttpDownstream, NativeWallet, NoticeSender, Partner, WalletTable,
};
use domain::payway::Payway;
use egress::{Client, Limits, Policy};
use jiff::tz::TimeZone;
use jose::cert::Identity;
use jose::keyring::Keys;
use jose::mac::MacKey;
use jose::secret::Secret;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::failure::{Failure, Outcome};
use crate::ids::RandomIds;
use crate::keys::PlatformKeys;
use crate::keys::stored::OwnKey;
use crate::lifecycle::Shutdown;
use crate::limits::DIRECTORY_POLL;
use crate::overheard;
use crate::terminal_logs::FolderLogs;

/// What a node is made of.
pub(crate) struct Parts {
    /// The open store.
    pub(crate) store: Arc<dyn Store>,
    /// The clock; production never moves it.
    pub(crate) clock: MovableClock,
    /// Encryption at rest.
    pub(crate) sealer: Arc<dyn Sealer>,
    /// The platform's identities, newest first.
    pub(crate) keys: Vec<OwnKey>,
    /// Address of the public pages, no slash at the end.
    pub(crate) base_url: String,
    /// Zone where an acquirer's is not known.
    pub(crate) zone: TimeZone,
    /// Which addresses may be called.
    pub(crate) policy: Policy,
    /// Certificates that are trusted besides the web's, PEM.
    pub(crate) authorities: Option<String>,
    /// Threads that sign; 0: one a core.
    pub(crate) crypto_threads: usize,
    /// Whether refusals name their diagnosis.
    pub(crate) diagnosis_header: bool,
    /// The figures.
    pub(crate) metrics: Option<MetricsText>,
    /// Where the sandbox remembers messages.
    pub(crate) messages: Option<Arc<MessageBook>>,
    /// How far the end of the program has come.
    pub(crate) phase: watch::Receiver<Phase>,
    /// What terminals need.
    pub(crate) terminals: TerminalParts,
}

/// What the terminals of a node are made of.
pub(crate) struct TerminalParts {
    /// Their settings.
    pub(crate) settings: TerminalSettings,
    /// The wallets, each with the payways it serves.
    pub(crate) wallets: Vec<WalletPart>,
    /// Signs callbacks.
    pub(crate) callback: Arc<Identity>,
    /// What stands in a callback's header.
    pub(crate) callback_form: CallbackForm,
    /// Where the logs that terminals send are kept.
    pub(crate) log_folder: PathBuf,
    /// The operator's account of the admin interface.
    pub(crate) admin: Option<AdminAccount>,
}

/// A provider that speaks the platform's own protocol.
#[derive(Clone)]
pub(crate) struct WalletPart {
    /// Which payways it serves.
    pub(crate) payways: Vec<Payway>,
    /// Its base address.
    pub(crate) url: String,
    /// What authenticates both sides; at least 16 bytes.
    pub(crate) secret: Secret<String>,
}

/// One platform, put together and not running yet.
pub(crate) struct Node {
    /// What the use cases are given.
    pub(crate) platform: Arc<Platform>,
    /// Own keys and partners' certificates.
    pub(crate) keys: Arc<PlatformKeys>,
    api: Api,
    partner: Arc<Partner>,
    bell: Arc<Bell>,
    sleeper: Arc<dyn Sleeper>,
    /// Carries notices and callbacks.
    tells: Client,
    callback: (Arc<Identity>, CallbackForm),
}

impl Node {
    /// Puts the parts together; reads the directory that is stored.
    pub(crate) async fn new(parts: Parts) -> Result<Self, Failure> {
        let directory = load_directory(&*parts.store).await;
        let directory =
            directory.map_err(|error| Failure::at("the directory cannot be read", error))?;
        let directory = Arc::new(DirectoryCell::new(Directory::new(directory)));
        let clock: Arc<dyn Clock> = Arc::new(parts.clock.clone());
        let sleeper: Arc<dyn Sleeper> = Arc::new(parts.clock.clone());
        let keys =
            Arc::new(PlatformKeys::new(&parts.keys, Arc::clone(&clock), Arc::clone(&directory))?);
        let port: Arc<dyn Keys> = Arc::<PlatformKeys>::clone(&keys);
        let (client, tells) = clients(&parts)?;
        let partner = Arc::new(Partner::new(client.clone(), Arc::clone(&port), Arc::clone(&clock)));
        let bell = Arc::new(Bell::new(Arc::clone(&sleeper)));
        let ids: Arc<dyn Ids> = Arc::new(RandomIds::default());
        let channels = HttpChannelGateway::new(ChannelGatewayParts {
            partner: Arc::clone(&partner),
            directory: Arc::clone(&directory),
            clock: Arc::clone(&clock),
            ids: Arc::clone(&ids),
            sealer: Arc::clone(&parts.sealer),
            default_zone: parts.zone.clone(),
        });
        let downstream =
            HttpDownstream::new(Arc::clone(&partner), Arc::clone(&directory), Arc::clone(&clock));
        let TerminalParts { settings, wallets, callback, callback_form, log_folder, admin } =
            parts.terminals;
        let wallet_keys = wallet_keys(&wallets)?;
        let wallets = wallet_table(&wallets, &client, (&directory, &clock))?;
        let zone = settings.zone.clone();
        let platform = Arc::new(Platform {
            wallets: overheard::wallets(wallets, parts.messages.as_ref(), &clock),
            sleeper: Arc::clone(&sleeper),
            logs: Arc::new(FolderLogs::new(log_folder, zone)),
            watchers: Watchers::default(),
            terminals: TerminalCache::default(),
            numbers: Numbers::default(),
            store: parts.store,
            clock: Arc::clone(&clock),
            ids,
            downstream: overheard::downstream(downstream, parts.messages.as_ref(), &clock),
            channels: Arc::new(channels),
            directory,
            wake: Arc::<Bell>::clone(&bell),
            sealer: parts.sealer,
            settings: Settings {
                base_url: parts.base_url,
                default_zone: parts.zone,
                compare: Box::new(dialect::ucsp::first_difference),
                terminals: settings,
                callback: Box::new(dialect::upay::callback_body),
            },
            flights: Flights::default(),
            attempted: tokio::sync::Notify::new(),
        });
        let options = api::Options {
            diagnosis_header: parts.diagnosis_header,
            crypto_threads: parts.crypto_threads,
            metrics: parts.metrics,
            wallet_keys,
            admin,
            messages: parts.messages,
            phase: Some(parts.phase),
        };
        let api = Api::new(Arc::clone(&platform), port, options);
        let callback = (callback, callback_form);
        Ok(Self { platform, keys, api, partner, bell, sleeper, tells, callback })
    }

    /// All that partners and browsers call, with further routes behind the same limits.
    pub(crate) fn public_router(&self, further: Router) -> Router {
        self.api.public_router_with(further)
    }

    /// Health, for the public listener.
    pub(crate) fn health_router(&self) -> Router {
        self.api.health_router()
    }

    /// Health and figures.
    pub(crate) fn ops_router(&self) -> Router {
        self.api.ops_router()
    }

    /// Health, figures, and what operators do: for the separate listener.
    pub(crate) fn operators_router(&self) -> Router {
        self.api.ops_router().merge(self.api.admin_router())
    }

    /// Puts in force what other nodes and operators change in the directory.
    pub(crate) fn follow_directory(&self, shutdown: &Shutdown) -> JoinHandle<()> {
        let platform = Arc::clone(&self.platform);
        let stop = shutdown.begun();
        tokio::spawn(async move {
            let mut seen = None;
            let mut stop = std::pin::pin!(stop);
            loop {
                tokio::select! {
                    () = &mut stop => return,
                    () = tokio::time::sleep(DIRECTORY_POLL) => {}
                }
                match refresh_directory(&platform, seen).await {
                    Ok(version) => seen = version,
                    Err(error) => tracing::warn!(%error, "the directory could not be read again"),
                }
            }
        })
    }

    /// Begins to answer on a listener; ends what was accepted after the shutdown.
    pub(crate) fn serve(
        listener: TcpListener,
        router: Router,
        shutdown: &Shutdown,
    ) -> JoinHandle<()> {
        tokio::spawn(api::serve(listener, router, shutdown.phase()))
    }

    /// Begins to do what falls due; ends what runs after the shutdown.
    pub(crate) fn dispatch(&self, shutdown: &Shutdown) -> JoinHandle<()> {
        let platform = &self.platform;
        let notices = NoticeSender::new(NoticeSenderParts {
            partner: Arc::new(self.partner.over(self.tells.clone())),
            directory: Arc::clone(&platform.directory),
            clock: Arc::clone(&platform.clock),
            ids: Arc::clone(&platform.ids),
            default_zone: platform.settings.default_zone.clone(),
            callbacks: Some(CallbackSender::new(CallbackParts {
                client: self.tells.clone(),
                identity: Arc::clone(&self.callback.0),
                form: self.callback.1,
                platform: Arc::clone(platform),
            })),
        });
        let dispatcher = Dispatcher::new(DispatcherParts {
            platform: Arc::clone(platform),
            notices: Arc::new(notices),
            sleeper: Arc::clone(&self.sleeper),
            bell: Arc::clone(&self.bell),
            // A restarted process is another node: it waits for the leases of the one before.
            holder: format!("{}-{}", std::process::id(), platform.ids.incident()),
        });
        let stop = shutdown.begun();
        tokio::spawn(async move { dispatcher.run(stop).await })
    }

    /// Closes the store: what was accepted is durable.
    pub(crate) async fn close(&self) -> Outcome {
        let closed = self.platform.store.close().await;
        closed.map_err(|error| Failure::at("the store cannot be closed", error))
    }
}

/// The outbound client of payments, and that of notices and callbacks: it has connections of its
/// own, as many as can be under way, so that receivers that are dead take none from payments.
fn clients(parts: &Parts) -> Result<(Client, Client), Failure> {
    let client = |limits| {
        Client::new(parts.policy.clone(), limits, parts.authorities.as_deref())
            .map_err(|error| Failure::at("the outbound client cannot be started", error))
    };
    let tells = Limits { connections_max: RUNNING_COUNT_MAX, ..Limits::default() };
    Ok((client(Limits::default())?, client(tells)?))
}

fn wallet_key(part: &WalletPart) -> Result<MacKey, Failure> {
    MacKey::new(&part.secret).map_err(|_| {
        Failure::new(format!("the secret of the wallet at {} is shorter than 16 bytes", part.url))
    })
}

/// What authenticates the wallets' notices.
fn wallet_keys(parts: &[WalletPart]) -> Result<Vec<api::WalletKey>, Failure> {
    let shared = |part: &WalletPart| {
        Ok(api::WalletKey { key: wallet_key(part)?, payways: part.payways.clone() })
    };
    parts.iter().map(shared).collect()
}

fn wallet_table(
    parts: &[WalletPart],
    client: &Client,
    (directory, clock): (&Arc<DirectoryCell>, &Arc<dyn Clock>),
) -> Result<WalletTable, Failure> {
    let mut lines: Vec<(Payway, Arc<dyn Wallets>)> = Vec::new();
    for part in parts {
        let (directory, clock) = (Arc::clone(directory), Arc::clone(clock));
        let wallet =
            NativeWallet::new(client.clone(), &part.url, wallet_key(part)?, directory, clock);
        let wallet: Arc<dyn Wallets> = Arc::new(wallet);
        lines.extend(part.payways.iter().map(|payway| (*payway, Arc::clone(&wallet))));
    }
    Ok(WalletTable::new(lines))
}
