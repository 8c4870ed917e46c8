//! The simulated partners while they run.
//!
//! Invariant: they run longer than the platform, which asks them about what it accepted.

use std::sync::Arc;

use sandbox::Partners;
use sandbox::wallet::Wallet;
use tokio::sync::{Mutex, watch};

use crate::failure::Failure;

/// The simulated partners, once they were started. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct RunningPartners {
    partners: Arc<Mutex<Option<Partners>>>,
    /// Whether they are to stop.
    stop: watch::Sender<bool>,
}

impl RunningPartners {
    /// Returns when the partners are to stop.
    pub(crate) fn begun(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut stop = self.stop.subscribe();
        async move {
            // Without a sender nobody is left who could need them.
            let _ = stop.wait_for(|stop| *stop).await;
        }
    }

    /// They were started.
    pub(crate) async fn started(&self, partners: Partners) {
        *self.partners.lock().await = Some(partners);
    }

    /// They forget everything that happened.
    pub(crate) async fn reset(&self) -> Result<(), Failure> {
        match &*self.partners.lock().await {
            Some(partners) => {
                partners.reset().map_err(|error| Failure::at("the simulated partners", error))
            }
            None => Ok(()),
        }
    }

    /// The simulated wallets, once they run.
    pub(crate) async fn wallet(&self) -> Option<Arc<Wallet>> {
        self.partners.lock().await.as_ref().and_then(Partners::wallet).cloned()
    }

    /// Tells them to stop, and waits until they have.
    pub(crate) async fn stop(&self) {
        self.stop.send_replace(true);
        let partners = self.partners.lock().await.take();
        if let Some(partners) = partners {
            partners.stopped().await;
        }
    }
}
