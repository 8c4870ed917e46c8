//! What every use case is given: the ports and the settings.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::{AcquirerIin, OrderNumber, QueryId};
use domain::order::{Order, Origin};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use tokio::sync::Notify;

use crate::directory::DirectoryCell;
use crate::flights::{Flight, Flights, Occupied};
use crate::limits::DUPLICATE_WAIT_S_MAX;
use crate::numbers::Numbers;
use crate::ports::store::StoreError;
use crate::ports::{
    ChannelGateway, Clock, Downstream, Ids, LogBooks, Sealer, Sleeper, Store, Wake, Wallets,
};
use crate::refusal::{Refusal, store_failed};
use crate::terminals::{TerminalCache, TerminalSettings};
use crate::watchers::Watchers;

/// Compares two canonical inputs and names the first field that differs.
pub type Compare = dyn Fn(&str, &str) -> Option<String> + Send + Sync;

/// Makes the body of the callback that tells of a paid order (upay.md section 8.2).
pub type Callback = dyn Fn(&Order) -> String + Send + Sync;

/// What every use case is given.
pub struct Platform {
    /// Orders, tasks, documents.
    pub store: Arc<dyn Store>,
    /// Business time and real time.
    pub clock: Arc<dyn Clock>,
    /// Numbers.
    pub ids: Arc<dyn Ids>,
    /// The downstream payment systems.
    pub downstream: Arc<dyn Downstream>,
    /// The wallets behind the terminals.
    pub wallets: Arc<dyn Wallets>,
    /// Waits on business time.
    pub sleeper: Arc<dyn Sleeper>,
    /// The logs that terminals send.
    pub logs: Arc<dyn LogBooks>,
    /// The channels.
    pub channels: Arc<dyn ChannelGateway>,
    /// The parties.
    pub directory: Arc<DirectoryCell>,
    /// The dispatcher's bell.
    pub wake: Arc<dyn Wake>,
    /// Encryption at rest.
    pub sealer: Arc<dyn Sealer>,
    /// Settings.
    pub settings: Settings,
    /// What is being worked on here.
    pub flights: Flights,
    /// Rings when an attempt to deliver a notice was recorded.
    pub attempted: Notify,
    /// Calls that are held until their order changes.
    pub watchers: Watchers,
    /// Terminals that were looked up a moment ago.
    pub terminals: TerminalCache,
    /// What the numbers given out here are counted by.
    pub numbers: Numbers,
}

/// Settings of the platform.
pub struct Settings {
    /// Address of the public pages, without a slash at the end.
    pub base_url: String,
    /// Zone of message times and trade days where an acquirer's is not known.
    pub default_zone: TimeZone,
    /// Compares two canonical inputs; the dialect knows how.
    pub compare: Box<Compare>,
    /// Settings of the terminals.
    pub terminals: TerminalSettings,
    /// Makes the body of a callback; the dialect knows how.
    pub callback: Box<Callback>,
}

impl Platform {
    /// The zone of an acquirer.
    #[must_use]
    pub fn zone(&self, acquirer: &AcquirerIin) -> TimeZone {
        let directory = self.directory.get();
        let zone = directory.acquirer(acquirer).and_then(|a| TimeZone::get(&a.zone).ok());
        zone.unwrap_or_else(|| self.settings.default_zone.clone())
    }

    /// The trade day of an instant for an acquirer.
    #[must_use]
    pub fn trade_day(&self, acquirer: &AcquirerIin, at: Timestamp) -> Date {
        domain::trade_day::trade_day(at, &self.zone(acquirer))
    }

    /// The day that counts for a payment at this instant: the trade day of the acquirer, or for a
    /// terminal the natural day in its zone (upay.md section 9.3).
    #[must_use]
    pub fn settlement_day(&self, order: &Order, at: Timestamp) -> Date {
        match order.terms.origin {
            Origin::Industry { .. } => self.trade_day(&order.terms.acquirer, at),
            Origin::Terminal(_) => self.settings.terminals.day(at),
        }
    }

    /// The number of a new transaction.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn query_id(&self, now: Timestamp) -> Result<QueryId, StoreError> {
        Ok(self.ids.query_id(now, self.numbers.next(&*self.store, now).await?))
    }

    /// The number of a new order of a terminal.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn sale_number(&self, now: Timestamp) -> Result<OrderNumber, StoreError> {
        Ok(self.ids.sale_number(self.numbers.next(&*self.store, now).await?))
    }

    /// Enters an order: commands to one order go one after another on this node.
    pub(crate) async fn enter_order(&self, number: &OrderNumber) -> Result<Flight, Refusal> {
        self.enter(format!("order:{number}")).await
    }

    pub(crate) async fn enter(&self, key: String) -> Result<Flight, Refusal> {
        let wait = Duration::from_secs(DUPLICATE_WAIT_S_MAX);
        // Without content all that enter are alike.
        self.flights.enter(key, "", wait).await.map_err(|_| Refusal::InFlight)
    }

    /// Enters the key of a transaction, with the canonical form of what is asked under it.
    ///
    /// # Errors
    /// [`Refusal::Differs`] at once while something else is worked on under the key (ucsp.md
    /// section 2); [`Refusal::InFlight`] when the same took too long.
    pub(crate) async fn enter_key(&self, key: String, canonical: &str) -> Result<Flight, Refusal> {
        let wait = Duration::from_secs(DUPLICATE_WAIT_S_MAX);
        let entered = self.flights.enter(key, canonical, wait).await;
        entered.map_err(|occupied| match occupied {
            Occupied::Same => Refusal::InFlight,
            Occupied::Other(first) => {
                let field = (self.settings.compare)(&first, canonical);
                Refusal::Differs { field: field.unwrap_or_else(|| "trxInfo".to_owned()) }
            }
        })
    }

    pub(crate) fn failed(&self, error: &StoreError) -> Refusal {
        store_failed(self.ids.incident(), error)
    }

    /// An unexpected failure: logged once, under the id that the partner gets.
    pub(crate) fn unexpected(&self, what: &str) -> Refusal {
        let incident = self.ids.incident();
        tracing::error!(%incident, what, "unexpected failure");
        Refusal::Internal { incident }
    }
}
