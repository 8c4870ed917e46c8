//! Opening the database: what it must be, its tables, and the connections that are kept.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::timeout;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error, NoTls};

use super::PostgresOptions;
use super::address::Address;
use super::error::{OpenError, at_open};
use super::link::{Bell, Connector, Link, WIDE};
use super::migrate;
use super::pool::Pool;
use crate::limits::{NOTIFY_PAUSE, POSTGRES_VERSION_MIN, RECONNECT_PAUSE_MAX};

/// Where notifications are sent.
const LISTEN: &str = "LISTEN causeway_work";
const NOTIFY: &str = "NOTIFY causeway_work";

/// Checks the database and brings its tables up to date.
pub(super) async fn prepare(address: &Address, options: PostgresOptions) -> Result<(), OpenError> {
    let client = connect(address, options).await?;
    check_server(&client, address, options).await?;
    let failed = |operation| at_open(&address.shown, operation, options.sessions());
    let found = migrate::version(&client).await.map_err(failed("the version"))?;
    let (place, known) = (address.shown.clone(), migrate::known());
    if found > known {
        return Err(OpenError::Newer { place, found, known });
    }
    migrate::migrate(&client).await.map_err(failed("the migration"))
}

/// Checks the database, whose tables must be up to date, and allows a replica.
pub(super) async fn prepare_read_only(
    address: &mut Address,
    options: PostgresOptions,
) -> Result<(), OpenError> {
    address.config.target_session_attrs(TargetSessionAttrs::Any);
    let client = connect(address, options).await?;
    check_server(&client, address, options).await?;
    let failed = at_open(&address.shown, "the version", options.sessions());
    let found = migrate::version(&client).await.map_err(failed)?;
    let (place, known) = (address.shown.clone(), migrate::known());
    match found.cmp(&known) {
        std::cmp::Ordering::Less => Err(OpenError::Older { place, found, known }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(OpenError::Newer { place, found, known }),
    }
}

/// A connection for a moment; a server that is just starting is waited for.
async fn connect(address: &Address, options: PostgresOptions) -> Result<Client, OpenError> {
    let attempts = async {
        loop {
            match once(address).await {
                Err(error) if error.code() == Some(&SqlState::CANNOT_CONNECT_NOW) => {
                    let mut pause = tokio::time::interval(RECONNECT_PAUSE_MAX / 4);
                    pause.tick().await;
                    pause.tick().await;
                }
                result => return result,
            }
        }
    };
    let failed = at_open(&address.shown, "connecting", options.sessions());
    let reason = "it did not answer in time".to_owned();
    let late = |_| OpenError::Unreachable { place: address.shown.clone(), reason };
    timeout(options.patience, attempts).await.map_err(late)?.map_err(failed)
}

async fn once(address: &Address) -> Result<Client, Error> {
    match &address.tls {
        None => {
            let (client, connection) = address.config.connect(NoTls).await?;
            tokio::spawn(connection);
            Ok(client)
        }
        Some(tls) => {
            let (client, connection) = address.config.connect(tls.clone()).await?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

async fn check_server(
    client: &Client,
    address: &Address,
    options: PostgresOptions,
) -> Result<(), OpenError> {
    let sql = "SELECT current_setting('server_version_num')::int8 / 10000, \
               current_setting('server_encoding'), current_setting('fsync')";
    let failed = || at_open(&address.shown, "the version", options.sessions());
    let row = client.query_one(sql, &[]).await.map_err(failed())?;
    let major: i64 = row.try_get(0).map_err(failed())?;
    let place = address.shown.clone();
    let found = u32::try_from(major).unwrap_or(0);
    if found < POSTGRES_VERSION_MIN {
        return Err(OpenError::Version { place, found });
    }
    let found: String = row.try_get(1).map_err(failed())?;
    if found != "UTF8" {
        return Err(OpenError::Encoding { place, found });
    }
    if row.try_get::<_, &str>(2).map_err(failed())? == "off" {
        tracing::warn!(place, "fsync is off: what is acknowledged does not survive a power cut");
    }
    Ok(())
}

/// Makes kept connections, all of which end with `closing`.
pub(super) struct Links<'a> {
    pub(super) address: &'a Address,
    pub(super) options: PostgresOptions,
    pub(super) closing: watch::Receiver<bool>,
}

impl Links<'_> {
    async fn one(
        &self,
        greeting: Option<&'static str>,
        bell: Option<Bell>,
    ) -> Result<Link, OpenError> {
        let connector = Connector { address: self.address.clone(), greeting, bell };
        let started = Link::start(connector, self.closing.clone()).await;
        started.map_err(at_open(&self.address.shown, "connecting", self.options.sessions()))
    }

    async fn several(
        &self,
        count: usize,
        greeting: Option<&'static str>,
    ) -> Result<Vec<Link>, OpenError> {
        let mut links = Vec::with_capacity(count);
        for _ in 0..count.max(1) {
            links.push(self.one(greeting, None).await?);
        }
        Ok(links)
    }

    /// For short questions.
    pub(super) async fn short(&self) -> Result<Pool, OpenError> {
        let links = self.several(self.options.readers_count, None).await?;
        Ok(Pool::short(links, self.options.patience))
    }

    /// For questions over many rows.
    pub(super) async fn long(&self) -> Result<Pool, OpenError> {
        let links = self.several(self.options.scanners_count, Some(WIDE)).await?;
        Ok(Pool::long(links, self.options.patience))
    }

    /// For a writer.
    pub(super) async fn writing(&self) -> Result<Link, OpenError> {
        self.one(None, None).await
    }

    /// Hears when other nodes wrote tasks, and tells them when this one did.
    pub(super) async fn listening(&self, bell: Bell, work: Arc<Notify>) -> Result<(), OpenError> {
        let link = self.one(Some(LISTEN), Some(bell)).await?;
        tokio::spawn(tell(link, work, self.closing.clone(), self.options.patience));
        Ok(())
    }
}

/// Notifies the other nodes, at most once in a while: it is a hint, and each one is a commit.
async fn tell(
    link: Link,
    work: Arc<Notify>,
    mut closing: watch::Receiver<bool>,
    patience: Duration,
) {
    loop {
        tokio::select! {
            () = work.notified() => {}
            _ = closing.wait_for(|is_closing| *is_closing) => return,
        }
        if let Ok(connection) = link.get(patience).await
            && let Err(error) = connection.client.batch_execute(NOTIFY).await
        {
            tracing::debug!(%error, "the other nodes were not notified; they look by themselves");
        }
        if timeout(NOTIFY_PAUSE, closing.wait_for(|is_closing| *is_closing)).await.is_ok() {
            return;
        }
    }
}
