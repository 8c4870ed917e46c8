//! How the writers of a node take turns: each transaction costs the server the same again before
//! its first row, so that few large ones are cheaper than many small ones.
//!
//! Goal: while one writer commits, the next gathers what comes, and begins when the other has ended
//! or when enough has come to be worth a transaction beside it. Whoever comes alone never waits.
//! Invariant: nothing waits longer than [`GATHER_WAIT`] for another writer's commit.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use crate::limits::{GATHER_COUNT, GATHER_WAIT, POSTGRES_BATCH_COUNT_MAX};

/// What the writers of a node know of one another.
#[derive(Debug, Default)]
pub(super) struct Turns {
    committing: AtomicUsize,
    ended: Notify,
}

/// A commit that is under way; it has ended when this is dropped.
#[derive(Debug)]
pub(super) struct Turn<'t>(&'t Turns);

impl Turns {
    /// A commit begins.
    pub(super) fn begin(&self) -> Turn<'_> {
        self.committing.fetch_add(1, Ordering::AcqRel);
        Turn(self)
    }

    /// Waits for the first that comes and takes what is worth a transaction; nothing when the queue
    /// is closed and empty.
    pub(super) async fn take<T>(&self, queue: &mut mpsc::Receiver<T>) -> Vec<T> {
        let mut taken = Vec::with_capacity(POSTGRES_BATCH_COUNT_MAX);
        if queue.recv_many(&mut taken, POSTGRES_BATCH_COUNT_MAX).await == 0 {
            return taken;
        }
        let ended = self.ended.notified();
        if self.committing.load(Ordering::Acquire) > 0 {
            let enough = async {
                while taken.len() < GATHER_COUNT
                    && let Some(next) = queue.recv().await
                {
                    taken.push(next);
                }
            };
            let gathered = async {
                tokio::select! {
                    () = enough => {}
                    () = ended => {}
                }
            };
            let _ = timeout(GATHER_WAIT, gathered).await;
            while taken.len() < POSTGRES_BATCH_COUNT_MAX
                && let Ok(next) = queue.try_recv()
            {
                taken.push(next);
            }
        }
        taken
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.committing.fetch_sub(1, Ordering::AcqRel);
        self.0.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::task::{JoinHandle, yield_now};

    use super::*;

    /// The finest that the runtime's clock knows.
    const TICK: Duration = Duration::from_millis(1);

    /// A queue, and a writer that takes from it while another commits.
    fn gathering(turns: &Arc<Turns>) -> (mpsc::Sender<usize>, JoinHandle<Vec<usize>>) {
        let (sender, mut queue) = mpsc::channel(1024);
        let turns = Arc::clone(turns);
        let taken = tokio::spawn(async move { turns.take(&mut queue).await });
        (sender, taken)
    }

    /// What was taken without any time passing.
    async fn at_once(taken: JoinHandle<Vec<usize>>) -> Vec<usize> {
        timeout(TICK, taken).await.expect("nothing is waited for").unwrap()
    }

    async fn send(sender: &mpsc::Sender<usize>, count: usize) {
        for number in 0..count {
            sender.send(number).await.unwrap();
            yield_now().await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_comes_alone_waits_for_nobody() {
        let turns = Arc::new(Turns::default());
        let (sender, taken) = gathering(&turns);
        send(&sender, 1).await;
        assert_eq!(at_once(taken).await, [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_during_a_commit_is_taken_at_its_end() {
        let turns = Arc::new(Turns::default());
        let turn = turns.begin();
        let (sender, taken) = gathering(&turns);
        send(&sender, GATHER_COUNT - 1).await;
        assert!(!taken.is_finished());
        drop(turn);
        assert_eq!(at_once(taken).await.len(), GATHER_COUNT - 1);
    }

    #[tokio::test(start_paused = true)]
    async fn enough_is_committed_beside_another() {
        let turns = Arc::new(Turns::default());
        let _turn = turns.begin();
        let (sender, taken) = gathering(&turns);
        send(&sender, GATHER_COUNT).await;
        assert_eq!(at_once(taken).await.len(), GATHER_COUNT);
    }

    #[tokio::test(start_paused = true)]
    async fn a_commit_that_hangs_holds_nobody_for_long() {
        let turns = Arc::new(Turns::default());
        let _turn = turns.begin();
        let (sender, mut taken) = gathering(&turns);
        send(&sender, 1).await;
        assert!(timeout(GATHER_WAIT / 2, &mut taken).await.is_err(), "it gathers");
        assert_eq!(timeout(GATHER_WAIT, taken).await.unwrap().unwrap(), [0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_closed_queue_gives_what_is_left_and_then_nothing() {
        let turns = Turns::default();
        let _turn = turns.begin();
        let (sender, mut queue) = mpsc::channel(8);
        send(&sender, 2).await;
        drop(sender);
        assert_eq!(turns.take(&mut queue).await, [0, 1]);
        assert!(turns.take(&mut queue).await.is_empty());
    }
}
