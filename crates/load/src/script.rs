//! What one connection asks, and what it makes of the answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::client::Answer;
use crate::judge;

/// What an answer was worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Right,
    /// As it should be, and to be verified after the window.
    Keep,
    /// Not as it should be: the kind of fault, for the table of errors.
    Wrong(String),
}

impl Verdict {
    /// Whether the answer is as it should be.
    #[must_use]
    pub const fn is_right(&self) -> bool {
        matches!(self, Self::Right | Self::Keep)
    }
}

/// The questions of one connection, one after another.
pub trait Script: Send {
    /// The next request, whole; `None` when there are no more.
    fn next(&mut self) -> Option<&[u8]>;

    /// Looks at the answer to it, at little cost.
    fn judge(&mut self, answer: &Answer<'_>) -> Verdict;

    /// There was no answer to it.
    fn lost(&mut self) {}
}

/// Requests made ahead and shared by all connections, each sent once.
pub struct Prepared {
    requests: Arc<[Vec<u8>]>,
    next: Arc<AtomicUsize>,
    current: usize,
    per_sample: usize,
}

impl Prepared {
    /// So many scripts over the same requests; one answer of `per_sample` is kept.
    #[must_use]
    pub fn scripts(
        requests: Vec<Vec<u8>>,
        connections: usize,
        per_sample: usize,
    ) -> Vec<Box<dyn Script>> {
        let requests: Arc<[Vec<u8>]> = requests.into();
        let next = Arc::new(AtomicUsize::new(0));
        let one = || -> Box<dyn Script> {
            let (requests, next) = (Arc::clone(&requests), Arc::clone(&next));
            Box::new(Self { requests, next, current: 0, per_sample: per_sample.max(1) })
        };
        (0..connections).map(|_| one()).collect()
    }
}

impl Script for Prepared {
    fn next(&mut self) -> Option<&[u8]> {
        self.current = self.next.fetch_add(1, Ordering::Relaxed);
        self.requests.get(self.current).map(Vec::as_slice)
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Verdict {
        match judge::ucsp(answer) {
            Some(fault) => Verdict::Wrong(fault),
            None if self.current.is_multiple_of(self.per_sample) => Verdict::Keep,
            None => Verdict::Right,
        }
    }
}

/// The same request again and again; any answer with status 200 is right.
pub struct Same(pub Vec<u8>);

impl Script for Same {
    fn next(&mut self) -> Option<&[u8]> {
        Some(&self.0)
    }

    fn judge(&mut self, answer: &Answer<'_>) -> Verdict {
        judge::status(answer).map_or(Verdict::Right, Verdict::Wrong)
    }
}
