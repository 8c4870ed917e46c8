//! Costly cryptography off the threads that serve: signing and decrypting cost about 0.35 ms.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::limits::CRYPTO_COUNT_MAX;

/// Runs costly work beside the async threads, at most one a processor.
#[derive(Clone)]
pub(crate) struct Crypto(Arc<Semaphore>);

impl Crypto {
    pub(crate) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self(Arc::new(Semaphore::new(processors.clamp(1, CRYPTO_COUNT_MAX))))
    }

    /// The result of the work; `None` when it panicked, which is logged by the runtime's hook.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _turn = self.0.acquire().await.ok()?;
        tokio::task::spawn_blocking(work).await.ok()
    }
}
