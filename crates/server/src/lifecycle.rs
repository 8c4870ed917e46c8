//! How the program ends: SIGTERM drains and then ends what was accepted, SIGINT does without the
//! draining, the second signal ends at once.

use std::time::Duration;

use api::Phase;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::failure::Failure;

/// Exit status of a program that was ended by its second signal.
const ENDED_AT_ONCE: i32 = 130;

/// Tells all parts of the program when to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(watch::Sender<Phase>);

impl Shutdown {
    /// Listens to SIGTERM and SIGINT from now on. After SIGTERM the program is draining for this
    /// long before it stops, so that those who balance between nodes notice.
    pub(crate) fn on_signals(drain: Duration) -> Result<Self, Failure> {
        let failed = |error| Failure::at("signals cannot be received", error);
        let signals = Signals {
            terminate: signal(SignalKind::terminate()).map_err(failed)?,
            interrupt: signal(SignalKind::interrupt()).map_err(failed)?,
        };
        let (sender, _) = watch::channel(Phase::Serving);
        tokio::spawn(watch_signals(signals, drain, sender.clone()));
        Ok(Self(sender))
    }

    /// How far the end has come.
    pub(crate) fn phase(&self) -> watch::Receiver<Phase> {
        self.0.subscribe()
    }

    /// Returns when the program is to stop.
    pub(crate) fn begun(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut receiver = self.0.subscribe();
        async move {
            // The sender lives in `self` or in the task of the signals; without both it is over.
            let _ = receiver.wait_for(|phase| *phase == Phase::Stopping).await;
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// The next signal; whether it was SIGTERM.
    async fn next(&mut self) -> bool {
        tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => false,
        }
    }
}

async fn watch_signals(mut signals: Signals, drain: Duration, phase: watch::Sender<Phase>) {
    // Who sits at the terminal balances nothing and does not want to wait.
    let drain = if signals.next().await { drain } else { Duration::ZERO };
    if !drain.is_zero() {
        phase.send_replace(Phase::Draining);
        tracing::info!(seconds = drain.as_secs(), "draining: not ready any more, still serving");
        tokio::select! {
            () = tokio::time::sleep(drain) => {}
            _ = signals.next() => end_at_once(),
        }
    }
    phase.send_replace(Phase::Stopping);
    tracing::info!("stopping: what was accepted is ended; a second signal ends at once");
    signals.next().await;
    end_at_once();
}

fn end_at_once() {
    tracing::warn!("ended at once");
    std::process::exit(ENDED_AT_ONCE);
}
