//! One connection that is always being kept: made anew whenever it breaks, until it is closed.
//!
//! Many callers share a connection; their questions go out one behind the other without waiting
//! for each other's answers.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, oneshot, watch};
use tokio::time::timeout;
use tokio_postgres::{AsyncMessage, Client, Error, NoTls, Statement};

use super::address::{Address, chain};
use super::fault::Fault;
use crate::limits::{RECONNECT_PAUSE_MAX, RECONNECT_PAUSE_MIN};

/// What every session is set to. The plans of batches must not depend on how full the tables were
/// when the statement was prepared: all go by index. A commit of one statement says no isolation.
const SESSION: &str = "SET default_transaction_isolation = 'read committed'; \
     SET default_transaction_read_only = off; SET statement_timeout = '120s'; \
     SET lock_timeout = '10s'; SET idle_in_transaction_session_timeout = '60s'; SET jit = off; \
     SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; \
     SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
     SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'";

/// Said beside that where questions go over many rows: their plans may read whole tables.
pub(super) const WIDE: &str = "SET enable_seqscan = on; SET enable_bitmapscan = on; \
     SET enable_hashjoin = on; SET enable_mergejoin = on";

/// A connection with the statements that were prepared on it.
pub(super) struct Connection {
    pub(super) client: Client,
    statements: Mutex<HashMap<String, Statement>>,
    dead: Notify,
}

impl Connection {
    /// The statement, prepared at its first use.
    pub(super) async fn prepared(&self, sql: &str) -> Result<Statement, Error> {
        let known =
            self.statements.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(statement) = known {
            return Ok(statement);
        }
        let statement = self.client.prepare(sql).await?;
        let mut statements = self.statements.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(statements.entry(sql.to_owned()).or_insert(statement).clone())
    }
}

/// Makes connections and sets them up.
pub(super) struct Connector {
    pub(super) address: Address,
    /// Said on every new connection.
    pub(super) greeting: Option<&'static str>,
    /// Rung at every notification of another node, and at every new connection that listens.
    pub(super) bell: Option<Bell>,
}

/// Counts the rings.
pub(super) type Bell = Arc<watch::Sender<u64>>;
type Driver = tokio::task::JoinHandle<()>;

impl Connector {
    async fn connect(&self) -> Result<(Arc<Connection>, Driver), Error> {
        let own = Arc::new(AtomicI32::new(0));
        let bell = self.bell.clone().map(|bell| (bell, Arc::clone(&own)));
        let (client, driver) = match &self.address.tls {
            None => {
                let (client, connection) = self.address.config.connect(NoTls).await?;
                (client, tokio::spawn(drive(connection, bell)))
            }
            Some(tls) => {
                let (client, connection) = self.address.config.connect(tls.clone()).await?;
                (client, tokio::spawn(drive(connection, bell)))
            }
        };
        client.batch_execute(SESSION).await?;
        let process = client.query_one("SELECT pg_backend_pid()", &[]).await?.try_get(0)?;
        own.store(process, Ordering::Relaxed);
        if let Some(greeting) = self.greeting {
            client.batch_execute(greeting).await?;
        }
        let statements = Mutex::new(HashMap::new());
        let connection = Connection { client, statements, dead: Notify::new() };
        Ok((Arc::new(connection), driver))
    }
}

/// Moves bytes until the connection ends. Rings for what other processes of the server say.
async fn drive<S, T>(
    mut connection: tokio_postgres::Connection<S, T>,
    bell: Option<(Bell, Arc<AtomicI32>)>,
) where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
        match message {
            Ok(AsyncMessage::Notification(notification)) => {
                if let Some((bell, own)) = &bell
                    && notification.process_id() != own.load(Ordering::Relaxed)
                {
                    bell.send_modify(|count| *count = count.wrapping_add(1));
                }
            }
            Ok(AsyncMessage::Notice(notice)) => tracing::debug!(%notice, "the database says"),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(error = chain(&error), "a connection to the database broke");
                return;
            }
        }
    }
}

/// The way to one kept connection.
#[derive(Clone)]
pub(super) struct Link {
    current: watch::Receiver<Option<Arc<Connection>>>,
    trouble: Arc<Mutex<String>>,
}

impl Link {
    /// Connects for the first time and keeps the connection until `closing` says so or is dropped.
    pub(super) async fn start(
        connector: Connector,
        closing: watch::Receiver<bool>,
    ) -> Result<Self, Error> {
        let (publish, current) = watch::channel(None);
        let trouble = Arc::new(Mutex::new(String::new()));
        let (first, begun) = oneshot::channel();
        let keeper = Keeper { connector, closing, publish, trouble: Arc::clone(&trouble) };
        tokio::spawn(keeper.run(first));
        match begun.await {
            Ok(Some(error)) => Err(error),
            Ok(None) | Err(_) => Ok(Self { current, trouble }),
        }
    }

    /// The connection, waited for when it is being made anew.
    pub(super) async fn get(&self, patience: Duration) -> Result<Arc<Connection>, Fault> {
        let mut current = self.current.clone();
        let found = timeout(patience, current.wait_for(Option::is_some)).await;
        match found {
            Ok(Ok(connection)) => connection.clone().ok_or(Fault::Closed),
            Ok(Err(_)) => Err(Fault::Closed),
            Err(_) => {
                let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
                Err(Fault::Lost(format!("no connection within {patience:?}: {trouble}")))
            }
        }
    }
}

impl Link {
    /// The connection after one that broke.
    pub(super) async fn another(
        &self,
        broken: &Arc<Connection>,
        patience: Duration,
    ) -> Result<Arc<Connection>, Fault> {
        self.leave(broken, patience).await;
        self.get(patience).await
    }

    /// Gives a connection up that broke. Afterwards nobody gets it any more, so that whoever tries
    /// again does not spend the tries on it.
    pub(super) async fn leave(&self, broken: &Arc<Connection>, patience: Duration) {
        broken.dead.notify_one();
        let mut current = self.current.clone();
        let gone = |it: &Option<Arc<Connection>>| {
            it.as_ref().is_none_or(|connection| !Arc::ptr_eq(connection, broken))
        };
        let _ = timeout(patience, current.wait_for(gone)).await;
    }
}

struct Keeper {
    connector: Connector,
    closing: watch::Receiver<bool>,
    publish: watch::Sender<Option<Arc<Connection>>>,
    trouble: Arc<Mutex<String>>,
}

impl Keeper {
    /// The first attempt's error goes to `first` and ends the keeper; later ones are tried again.
    async fn run(mut self, first: oneshot::Sender<Option<Error>>) {
        let (connection, driver) = match self.connector.connect().await {
            Ok(made) => made,
            Err(error) => {
                let _ = first.send(Some(error));
                return;
            }
        };
        self.publish.send_replace(Some(Arc::clone(&connection)));
        let _ = first.send(None);
        let mut current = Some((connection, driver));
        while let Some((connection, driver)) = current.take() {
            if self.hold(&connection, driver).await {
                return;
            }
            current = self.reconnect().await;
        }
    }

    /// Waits until the connection ends; whether it was closed on purpose.
    async fn hold(&mut self, connection: &Arc<Connection>, mut driver: Driver) -> bool {
        let is_closing = tokio::select! {
            _ = &mut driver => false,
            () = connection.dead.notified() => false,
            _ = self.closing.wait_for(|is_closing| *is_closing) => true,
        };
        self.publish.send_replace(None);
        driver.abort();
        is_closing
    }

    async fn reconnect(&mut self) -> Option<(Arc<Connection>, Driver)> {
        let mut pause = RECONNECT_PAUSE_MIN;
        loop {
            match self.connector.connect().await {
                Ok((connection, driver)) => {
                    tracing::info!("connected to the database again");
                    if let Some(bell) = &self.connector.bell {
                        bell.send_modify(|count| *count = count.wrapping_add(1));
                    }
                    self.publish.send_replace(Some(Arc::clone(&connection)));
                    return Some((connection, driver));
                }
                Err(error) => {
                    let reason = chain(&error);
                    tracing::warn!(reason, "the database cannot be reached");
                    *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = reason;
                }
            }
            // A pause that closing ends.
            if timeout(pause, self.closing.wait_for(|is_closing| *is_closing)).await.is_ok() {
                return None;
            }
            pause = pause.saturating_mul(2).min(RECONNECT_PAUSE_MAX);
        }
    }
}
