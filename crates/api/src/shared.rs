//! What all handlers share.

use std::sync::Arc;

use app::{Platform, Refusal};
use jiff::tz::TimeZone;
use jose::jws::ReplayWindow;
use jose::keyring::{Clock as KeyClock, Keys};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use crate::Options;
use crate::crypto::CryptoPool;
use crate::gateway::diagnosis::Diagnoses;
use crate::limits::{LOGS_COUNT_MAX, PAYS_COUNT_MAX, REQUESTS_COUNT_MAX};

/// What all handlers share.
pub(crate) struct Shared {
    /// The use cases' ports and settings.
    pub(crate) platform: Arc<Platform>,
    /// Own keys and partners' certificates.
    pub(crate) keys: Arc<dyn Keys>,
    /// The messages of the last 10 minutes that this node saw (check 9).
    pub(crate) replay: ReplayWindow,
    /// The threads that sign and decrypt.
    pub(crate) crypto: CryptoPool,
    /// Records of refused requests.
    pub(crate) diagnoses: Diagnoses,
    /// Requests that may be worked on at once.
    pub(crate) requests: Semaphore,
    /// Calls of pay that may be open at once.
    pub(crate) pays: Semaphore,
    /// Logs of terminals that may be taken at once.
    pub(crate) logs: Semaphore,
    /// What the program decided.
    pub(crate) options: Options,
}

impl Shared {
    pub(crate) fn new(platform: Arc<Platform>, keys: Arc<dyn Keys>, options: Options) -> Self {
        Self {
            diagnoses: Diagnoses::new(Arc::clone(&platform)),
            platform,
            keys,
            replay: ReplayWindow::new(),
            crypto: CryptoPool::new(options.crypto_threads),
            requests: Semaphore::new(REQUESTS_COUNT_MAX),
            pays: Semaphore::new(PAYS_COUNT_MAX),
            logs: Semaphore::new(LOGS_COUNT_MAX),
            options,
        }
    }

    /// The two times that decide about keys.
    pub(crate) fn key_clock(&self) -> KeyClock {
        let clock = &self.platform.clock;
        KeyClock { real: clock.real_now(), business: clock.now() }
    }

    /// Ends a piece of work even when the request that began it goes away.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Refusal>> + Send + 'static,
    ) -> Result<T, Refusal> {
        let work = tokio::spawn(work.in_current_span());
        work.await.unwrap_or_else(|error| {
            let incident = self.platform.ids.incident();
            tracing::error!(%incident, %error, "a use case ended unexpectedly");
            Err(Refusal::Internal { incident })
        })
    }

    /// The present business time as `YYYYMMDDhhmmss` in a zone.
    pub(crate) fn time_stamp(&self, zone: &TimeZone) -> String {
        dialect::time::stamp(self.platform.clock.now(), zone)
    }

    /// Whether the public pages are served by TLS, so that cookies may insist on it.
    pub(crate) fn is_https(&self) -> bool {
        self.platform.settings.base_url.starts_with("https://")
    }
}
