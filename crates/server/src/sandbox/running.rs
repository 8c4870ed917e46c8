//! The simulated partners while they run.

use std::sync::Arc;

use sandbox::Partners;
use sandbox::wallet::Wallet;
use tokio::sync::Mutex;

use crate::failure::Failure;

/// The simulated partners, once they were started. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct RunningPartners(Arc<Mutex<Option<Partners>>>);

impl RunningPartners {
    /// They were started.
    pub(crate) async fn started(&self, partners: Partners) {
        *self.0.lock().await = Some(partners);
    }

    /// They forget everything that happened.
    pub(crate) async fn reset(&self) -> Result<(), Failure> {
        match &*self.0.lock().await {
            Some(partners) => {
                partners.reset().map_err(|error| Failure::at("the simulated partners", error))
            }
            None => Ok(()),
        }
    }

    /// The simulated wallets, once they run.
    pub(crate) async fn wallet(&self) -> Option<Arc<Wallet>> {
        self.0.lock().await.as_ref().and_then(Partners::wallet).cloned()
    }

    /// Waits until they have stopped after the shutdown.
    pub(crate) async fn stopped(&self) {
        let partners = self.0.lock().await.take();
        if let Some(partners) = partners {
            partners.stopped().await;
        }
    }
}
