//! The lanes of what costs RSA: each kind of request has its own, so that an inquiry does not stand
//! behind a queue of submissions.

pub(crate) use workers::Place;
use workers::{Busy, Options, Pool};

use crate::limits::{CRYPTO_JOBS_PER_LANE_COUNT_MAX, CRYPTO_THREADS_COUNT_MAX};

/// The kinds of requests that take turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Submissions of orders.
    Orders,
    /// Inquiries.
    Inquiries,
    /// Refunds and cancellations.
    Reversals,
    /// Cards.
    Cards,
    /// Logins.
    Logins,
    /// The downstream payment system.
    Downstream,
    /// Signed refusals.
    Refusals,
}

const LANES: [Lane; 7] = [
    Lane::Orders,
    Lane::Inquiries,
    Lane::Reversals,
    Lane::Cards,
    Lane::Logins,
    Lane::Downstream,
    Lane::Refusals,
];

/// The threads that sign and decrypt. Dropping it ends them after what was posted.
pub(crate) struct CryptoPool(Pool);

impl CryptoPool {
    /// A pool of this many threads; 0 means one for each core.
    pub(crate) fn new(threads: usize) -> Self {
        Self(Pool::new(Options {
            name: "crypto",
            threads,
            threads_max: CRYPTO_THREADS_COUNT_MAX,
            lanes: LANES.len(),
            places_per_lane: CRYPTO_JOBS_PER_LANE_COUNT_MAX,
        }))
    }

    /// A place in the lane, taken before a request is worked on, so that its answer can be signed.
    ///
    /// # Errors
    /// [`Busy`] when the lane is full.
    pub(crate) fn reserve(&self, lane: Lane) -> Result<Place, Busy> {
        self.0.reserve(LANES.iter().position(|known| *known == lane).unwrap_or(0))
    }

    /// Runs a job on one of the threads. A place serves any number of jobs, one after another.
    ///
    /// # Errors
    /// [`Busy`] when the job panicked or the pool is ending.
    pub(crate) async fn run<T, F>(&self, place: &Place, job: F) -> Result<T, Busy>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.0.run(place, job).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_lane_refuses_and_leaves_others_alone() {
        let pool = CryptoPool::new(1);
        let _held: Vec<Place> = (0..CRYPTO_JOBS_PER_LANE_COUNT_MAX)
            .map(|_| pool.reserve(Lane::Orders).expect("room"))
            .collect();
        assert!(pool.reserve(Lane::Orders).is_err());
        for other in &LANES[1..] {
            let place = pool.reserve(*other).expect("another lane has room");
            assert_eq!(pool.run(&place, || 7).await, Ok(7));
        }
    }
}
