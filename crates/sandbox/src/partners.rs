//! Starts all partners on the sockets they are given, and ends them.

use std::future::Future;

use crate::config::{Listeners, PartnersConfig};

/// The partners could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// What a partner knew could not be read.
    #[error("{path} cannot be read: {reason}; move it away to start afresh")]
    Journal {
        /// The file.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// An address of the configuration is not usable.
    #[error("{0} is no base address such as http://127.0.0.1:8081/second")]
    BaseUrl(String),
}

/// The running partners.
pub struct Partners {
    tasks: tokio::task::JoinSet<()>,
}

impl Partners {
    /// Reads what the partners knew, begins to serve and to send, and returns at once. They
    /// stop accepting when `shutdown` ends and finish what they had begun.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        config: PartnersConfig,
        listeners: Listeners,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> Result<Self, StartError> {
        let _ = (config, listeners);
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(shutdown);
        Ok(Self { tasks })
    }

    /// Forgets everything that happened since the first start, in memory and on disk.
    ///
    /// # Errors
    /// [`StartError::Journal`] when a file cannot be emptied.
    pub fn reset(&self) -> Result<(), StartError> {
        Ok(())
    }

    /// Waits until all partners have stopped after the shutdown.
    pub async fn stopped(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}
