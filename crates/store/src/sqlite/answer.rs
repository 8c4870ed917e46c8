//! How a transaction is answered to all who wait for it: the writer wakes one of them, and that one
//! wakes the others. To wake another thread's task costs the writer a call of the system; to wake
//! one's neighbour costs next to nothing.

use app::ports::{CommitOutcome, StoreError};
use tokio::sync::oneshot;

use super::rows::Rows;

type Outcome = Result<CommitOutcome, StoreError>;

/// One who waits, what he is told, and his rows, which are given back here so that the writer need
/// not free what another thread has allocated.
pub(super) type Told = (oneshot::Sender<Answer>, Outcome, Box<Rows>);

/// The answer to one write set, with those that are to be passed on.
#[derive(Debug)]
pub(super) struct Answer {
    outcome: Option<Outcome>,
    others: Vec<Told>,
    _rows: Box<Rows>,
}

/// Answers all.
pub(super) fn answer(mut all: Vec<Told>) {
    // Who has gone is passed over; what was committed for him stays.
    while let Some((first, outcome, rows)) = all.pop() {
        match first.send(Answer { outcome: Some(outcome), others: all, _rows: rows }) {
            Ok(()) => return,
            Err(mut back) => all = std::mem::take(&mut back.others),
        }
    }
}

impl Answer {
    /// What became of the write set; the others learn theirs.
    pub(super) fn take(mut self) -> Outcome {
        self.outcome.take().unwrap_or(Err(StoreError::Closed))
    }
}

impl Drop for Answer {
    /// Whatever becomes of the one who was woken, the others are told.
    fn drop(&mut self) {
        for (other, outcome, rows) in self.others.drain(..) {
            // That one may have gone.
            let _ = other.send(Self { outcome: Some(outcome), others: Vec::new(), _rows: rows });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_are_told_though_some_have_gone() {
        let channels = (0..6).map(|_| oneshot::channel());
        let (senders, mut receivers): (Vec<_>, Vec<_>) = channels.unzip();
        // The last is woken first; it and one more are not there any more.
        drop(receivers.pop());
        drop(receivers.remove(1));
        let told = |it| {
            let rows = Rows::of(app::writeset::WriteSet::default()).unwrap();
            (it, Ok(CommitOutcome::Committed), Box::new(rows))
        };
        answer(senders.into_iter().map(told).collect());
        // The one that was woken in their place goes without a look.
        drop(receivers.pop());
        for receiver in receivers {
            assert_eq!(receiver.await.unwrap().take().unwrap(), CommitOutcome::Committed);
        }
    }
}
