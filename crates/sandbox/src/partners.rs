//! Starts all partners on the sockets they are given, and ends them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use sdk::{Partner, PartnerConfig, Relation};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::bank::Bank;
use crate::clock::Reading;
use crate::config::{BankConfig, Listeners, PartnersConfig, ServiceConfig};
use crate::downstream::Simulator;
use crate::limits::STOP_SECONDS_MAX;
use crate::service::Service;
use crate::wallet::Wallet;
use crate::web::origin_of;

/// The partners could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What a partner knew could not be read or written.
    #[error("{path} cannot be used: {reason}; move it away to start afresh")]
    Journal {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// An address of the configuration is not usable.
    #[error("{0} is no base address such as http://127.0.0.1:8081/second")]
    BaseUrl(String),
    /// What authenticates the wallets' calls is too short to be a secret.
    #[error("the secret shared with the simulated wallets has fewer than 16 bytes")]
    WalletSecret,
}

/// The running partners.
pub struct Partners {
    banks: Vec<Arc<Bank>>,
    services: Vec<Arc<Service>>,
    simulator: Arc<Simulator>,
    wallet: Option<Arc<Wallet>>,
    tasks: JoinSet<()>,
}

impl Partners {
    /// Reads what the partners knew, begins to serve and to send, and returns at once. They
    /// stop accepting when `shutdown` ends, and finish what they had begun within 5 s.
    ///
    /// # Errors
    /// [`StartError`].
    #[expect(clippy::unused_async, reason = "it spawns tasks, so it must run inside the runtime")]
    pub async fn start(
        config: PartnersConfig,
        listeners: Listeners,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Self, StartError> {
        let mut tasks = JoinSet::new();
        let (stop, stopped) = watch::channel(false);
        let Opened { banks, services, simulator, wallet } = open(config)?;
        tasks.spawn(async move {
            shutdown.await;
            // Nobody listens any more only when all have stopped already.
            let _ = stop.send(true);
        });
        let merged = |routers: Vec<Router>| routers.into_iter().fold(Router::new(), Router::merge);
        let pages = merged(banks.iter().map(Bank::router).collect());
        tasks.spawn(serve(listeners.banks, pages, stopped.clone()));
        let pages = merged(services.iter().map(Service::router).collect());
        tasks.spawn(serve(listeners.services, pages, stopped.clone()));
        let wallets = wallet.as_ref().map(Wallet::router).unwrap_or_default();
        tasks.spawn(serve(listeners.simulator, simulator.router().merge(wallets), stopped));
        simulator.resume();
        if let Some(wallet) = &wallet {
            wallet.resume();
        }
        Ok(Self { banks, services, simulator, wallet, tasks })
    }

    /// Forgets everything that happened since the first start, in memory and on disk.
    ///
    /// # Errors
    /// [`StartError::Journal`] when a file cannot be emptied.
    pub fn reset(&self) -> Result<(), StartError> {
        for bank in &self.banks {
            bank.reset()?;
        }
        for service in &self.services {
            service.reset()?;
        }
        if let Some(wallet) = &self.wallet {
            wallet.reset()?;
        }
        self.simulator.reset()
    }

    /// The wallets behind the terminals, if there are any.
    #[must_use]
    pub fn wallet(&self) -> Option<&Arc<Wallet>> {
        self.wallet.as_ref()
    }

    /// Waits until all partners have stopped after the shutdown.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

struct Opened {
    banks: Vec<Arc<Bank>>,
    services: Vec<Arc<Service>>,
    simulator: Arc<Simulator>,
    wallet: Option<Arc<Wallet>>,
}

fn open(config: PartnersConfig) -> Result<Opened, StartError> {
    let PartnersConfig { clock, client, folder, banks, services, simulator, wallet } = config;
    let folder = folder.as_deref();
    let partner = |relation: Relation| {
        let reading = Arc::new(Reading(Arc::clone(&clock)));
        Partner::new(PartnerConfig::new(relation, reading, client.clone()))
    };
    // A form may lead through the platform to any of the partners, and nowhere else.
    let mut origins = vec![origin_of(&simulator.relation.base_url)];
    origins.extend(banks.iter().map(|bank| origin_of(&bank.base_url)));
    origins.extend(services.iter().map(|service| origin_of(&service.base_url)));
    origins.sort();
    origins.dedup();
    let open_bank = |bank: BankConfig| {
        let partner = partner(bank.relation.clone());
        Bank::open(bank, partner, Arc::clone(&clock), folder, &origins)
    };
    let banks = banks.into_iter().map(open_bank).collect::<Result<Vec<_>, _>>()?;
    let open_service = |service: ServiceConfig| {
        let partner = partner(service.relation.clone());
        Service::open(service, partner, Arc::clone(&clock), folder, &origins)
    };
    let services = services.into_iter().map(open_service).collect::<Result<Vec<_>, _>>()?;
    let simulator = Simulator::open(partner(simulator.relation), Arc::clone(&clock), folder)?;
    let open_wallet = |wallet| Wallet::open(&wallet, client.clone(), Arc::clone(&clock), folder);
    let wallet = wallet.map(open_wallet).transpose()?;
    Ok(Opened { banks, services, simulator, wallet })
}

/// Serves until told to stop, then finishes what was begun, for a bounded time.
async fn serve(listener: TcpListener, router: Router, stopped: watch::Receiver<bool>) {
    let wait = |mut stopped: watch::Receiver<bool>| async move {
        // An error means that the sender is gone, which is a stop as well.
        let _ = stopped.wait_for(|stop| *stop).await;
    };
    let serving = axum::serve(listener, router).with_graceful_shutdown(wait(stopped.clone()));
    let serving = tokio::spawn(serving.into_future());
    let abort = serving.abort_handle();
    wait(stopped).await;
    if tokio::time::timeout(Duration::from_secs(STOP_SECONDS_MAX), serving).await.is_err() {
        abort.abort();
    }
}
