//! One running platform: the parts put together, the same for the sandbox and for production.

use std::sync::Arc;

use api::{Api, MetricsText};
use app::clock::MovableClock;
use app::directory::{Directory, DirectoryCell};
use app::flights::Flights;
use app::ports::{Clock, Ids, Sealer, Sleeper, Store};
use app::use_cases::load_directory;
use app::{Platform, Settings};
use axum::Router;
use delivery::channel::ChannelGatewayParts;
use delivery::dispatcher::DispatcherParts;
use delivery::notice::NoticeSenderParts;
use delivery::{Bell, Dispatcher, HttpChannelGateway, HttpDownstream, NoticeSender, Partner};
use egress::{Client, Limits, Policy};
use jiff::tz::TimeZone;
use jose::keyring::Keys;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::failure::{Failure, Outcome};
use crate::ids::RandomIds;
use crate::keys::PlatformKeys;
use crate::keys::stored::OwnKey;
use crate::lifecycle::Shutdown;

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
}

impl Node {
    /// Puts the parts together; reads the directory that is stored.
    pub(crate) async fn new(parts: Parts) -> Result<Self, Failure> {
        let directory = load_directory(&*parts.store).await;
        let directory =
            directory.map_err(|error| Failure::at("the directory cannot be read", error))?;
        let directory = Arc::new(DirectoryCell::new(Directory::new(directory)));
        let clock: Arc<dyn Clock> = Arc::new(parts.clock.clone());
        let sleeper: Arc<dyn Sleeper> = Arc::new(parts.clock);
        let keys =
            Arc::new(PlatformKeys::new(&parts.keys, Arc::clone(&clock), Arc::clone(&directory))?);
        let port: Arc<dyn Keys> = Arc::<PlatformKeys>::clone(&keys);
        let client = Client::new(parts.policy, Limits::default(), parts.authorities.as_deref())
            .map_err(|error| Failure::at("the outbound client cannot be started", error))?;
        let partner = Arc::new(Partner::new(client, Arc::clone(&port), Arc::clone(&clock)));
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
        let platform = Arc::new(Platform {
            store: parts.store,
            clock: Arc::clone(&clock),
            ids,
            downstream: Arc::new(HttpDownstream::new(
                Arc::clone(&partner),
                Arc::clone(&directory),
                Arc::clone(&clock),
            )),
            channels: Arc::new(channels),
            directory,
            wake: Arc::<Bell>::clone(&bell),
            sealer: parts.sealer,
            settings: Settings {
                base_url: parts.base_url,
                default_zone: parts.zone,
                compare: Box::new(dialect::ucsp::first_difference),
            },
            flights: Flights::default(),
            attempted: tokio::sync::Notify::new(),
        });
        let options = api::Options {
            diagnosis_header: parts.diagnosis_header,
            crypto_threads: parts.crypto_threads,
            metrics: parts.metrics,
        };
        let api = Api::new(Arc::clone(&platform), port, options);
        Ok(Self { platform, keys, api, partner, bell, sleeper })
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

    /// Begins to answer on a listener; ends what was accepted after the shutdown.
    pub(crate) fn serve(
        listener: TcpListener,
        router: Router,
        shutdown: &Shutdown,
    ) -> JoinHandle<()> {
        let stop = shutdown.begun();
        tokio::spawn(async move { api::serve(listener, router, stop).await })
    }

    /// Begins to do what falls due; ends what runs after the shutdown.
    pub(crate) fn dispatch(&self, shutdown: &Shutdown) -> JoinHandle<()> {
        let platform = &self.platform;
        let notices = NoticeSender::new(NoticeSenderParts {
            partner: Arc::clone(&self.partner),
            directory: Arc::clone(&platform.directory),
            clock: Arc::clone(&platform.clock),
            ids: Arc::clone(&platform.ids),
            default_zone: platform.settings.default_zone.clone(),
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
