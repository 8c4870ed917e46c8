//! Costly cryptography off the threads that serve: signing and decrypting cost about 0.35 ms.

use std::sync::Arc;

use workers::{Options, Pool};

use crate::limits::{CRYPTO_COUNT_MAX, CRYPTO_WAITING_COUNT_MAX};

/// All work of this crate is of one kind.
const LANE: usize = 0;

/// Runs costly work on threads of its own, at most one a processor. Clones share them.
#[derive(Clone)]
pub(crate) struct Crypto(Arc<Pool>);

impl Crypto {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Pool::new(Options {
            name: "delivery-crypto",
            threads: 0,
            threads_max: CRYPTO_COUNT_MAX,
            lanes: 1,
            places_per_lane: CRYPTO_WAITING_COUNT_MAX,
        })))
    }

    /// The result of the work; `None` when it panicked, which is logged by the runtime's hook.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let place = self.0.wait(LANE).await.ok()?;
        self.0.run(&place, work).await.ok()
    }
}
