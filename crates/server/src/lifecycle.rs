//! How the program ends: the first signal ends what was accepted, the second ends at once.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::failure::Failure;

/// Exit status of a program that was ended by its second signal.
const ENDED_AT_ONCE: i32 = 130;

/// Tells all parts of the program when to stop. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Shutdown(watch::Sender<bool>);

impl Shutdown {
    /// Listens to SIGTERM and SIGINT from now on.
    pub(crate) fn on_signals() -> Result<Self, Failure> {
        let failed = |error| Failure::at("signals cannot be received", error);
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        let (sender, _) = watch::channel(false);
        tokio::spawn(watch_signals(terminate, interrupt, sender.clone()));
        Ok(Self(sender))
    }

    /// Returns when the program is to stop.
    pub(crate) fn begun(&self) -> impl Future<Output = ()> + Send + 'static + use<> {
        let mut receiver = self.0.subscribe();
        async move {
            // The sender lives in `self` or in the task of the signals; without both it is over.
            let _ = receiver.wait_for(|stop| *stop).await;
        }
    }
}

async fn watch_signals(mut terminate: Signal, mut interrupt: Signal, stop: watch::Sender<bool>) {
    either(&mut terminate, &mut interrupt).await;
    tracing::info!("stopping: what was accepted is ended; a second signal ends at once");
    stop.send_replace(true);
    either(&mut terminate, &mut interrupt).await;
    tracing::warn!("ended at once");
    std::process::exit(ENDED_AT_ONCE);
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
