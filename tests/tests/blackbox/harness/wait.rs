//! Waiting for something that comes by itself.

use std::time::Duration;

use tokio::time::Instant;

/// Nothing that is under way takes as long on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// Looks until the look succeeds; fails with what the last look saw.
pub(crate) async fn until<T>(what: &str, look: impl AsyncFn() -> Result<T, String>) -> T {
    until_within(PATIENCE, what, look).await
}

/// As [`until`], with another patience.
pub(crate) async fn until_within<T>(
    patience: Duration,
    what: &str,
    look: impl AsyncFn() -> Result<T, String>,
) -> T {
    let deadline = Instant::now() + patience;
    let mut looks = tokio::time::interval(BETWEEN_LOOKS);
    loop {
        looks.tick().await;
        match look().await {
            Ok(found) => return found,
            Err(seen) if Instant::now() > deadline => panic!("{what}: in vain; last seen: {seen}"),
            Err(_) => {}
        }
    }
}
