//! HTTP in: routers by audience, extractors that yield the authenticated party, pages.
//!
//! Goal: every request is judged before it is read (security 1), every answer to an
//! authenticated partner is signed, and a browser sees calm pages that need no script.
//!
//! Invariants: no handler holds a business rule or knows a row; nothing unauthenticated reaches a
//! use case; no body, card number, secret link or query string is logged; everything has a bound
//! in [`limits`].
//!
//! Must not know: how orders are decided or stored, how partners are called.

mod admin;
mod assets;
mod cashier;
mod channel;
mod crypto;
mod downstream;
pub mod gallery;
mod gateway;
mod heard;
mod industry;
pub mod limits;
mod once;
mod ops;
mod pages;
mod serve;
mod shared;
mod terminal;
mod wallet;

use std::sync::Arc;

use app::Platform;
use app::messages::MessageBook;
use axum::Router;
use axum::middleware::from_fn_with_state;
use jose::keyring::Keys;
use tokio::sync::watch;

pub use admin::AdminAccount;
pub use ops::MetricsText;
pub use serve::{Phase, serve};
pub use wallet::WalletKey;

use crate::shared::Shared;

/// What the program that mounts the routers decides.
#[derive(Clone, Default)]
pub struct Options {
    /// Whether refusals of the gateway name their diagnosis in `UPI-DIAGNOSIS` (security 2).
    pub diagnosis_header: bool,
    /// Threads that sign and decrypt; 0 means one for each core.
    pub crypto_threads: usize,
    /// Yields the text of `/metrics`; without it the address answers 404.
    pub metrics: Option<MetricsText>,
    /// What authenticates notices of the wallets; with none of them none is taken.
    pub wallet_keys: Vec<WalletKey>,
    /// The operator's account; without one there is no admin interface.
    pub admin: Option<AdminAccount>,
    /// Where messages are remembered for the timelines of the sandbox; without it none are.
    pub messages: Option<Arc<MessageBook>>,
    /// How far the end of the program has come, for `/readyz`; without it it never ends.
    pub phase: Option<watch::Receiver<Phase>>,
}

/// The HTTP face of a platform.
#[derive(Clone)]
pub struct Api {
    shared: Arc<Shared>,
}

impl Api {
    /// The face of this platform, with these keys. Starts the threads that sign.
    #[must_use]
    pub fn new(platform: Arc<Platform>, keys: Arc<dyn Keys>, options: Options) -> Self {
        Self { shared: Arc::new(Shared::new(platform, keys, options)) }
    }

    /// All that partners and browsers may call, with limits, logs and metrics around it.
    ///
    /// Serve it with the peer's address (`ConnectInfo<SocketAddr>`), as [`serve()`] does; without
    /// one, applications with an address rule are refused.
    pub fn public_router(&self) -> Router {
        self.public_router_with(Router::new())
    }

    /// As [`Self::public_router`], with further routes behind the same limits, logs and metrics.
    /// They must not have a fallback.
    pub fn public_router_with(&self, further: Router) -> Router {
        let observe = from_fn_with_state(Arc::clone(&self.shared), ops::observe);
        Router::new()
            .merge(channel::routes())
            .merge(industry::routes())
            .merge(downstream::routes())
            .merge(wallet::routes())
            .merge(cashier::routes())
            .merge(terminal::routes())
            .merge(assets::routes())
            .with_state(Arc::clone(&self.shared))
            .merge(further)
            .fallback(pages::not_found)
            .layer(observe)
    }

    /// `/healthz` and `/readyz`, for the public listener: load balancers ask there.
    pub fn health_router(&self) -> Router {
        ops::health().with_state(Arc::clone(&self.shared))
    }

    /// What operators do over HTTP; mount it where only they reach it.
    pub fn admin_router(&self) -> Router {
        admin::routes(&self.shared).with_state(Arc::clone(&self.shared))
    }

    /// `/healthz`, `/readyz` and `/metrics`; mount it on a separate listener in production.
    pub fn ops_router(&self) -> Router {
        ops::routes().with_state(Arc::clone(&self.shared))
    }
}
