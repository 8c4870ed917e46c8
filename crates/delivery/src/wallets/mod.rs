//! The wallets behind the terminals: which provider serves which `payway`.
//!
//! A provider is one folder here with a type that implements [`Wallets`] for its own protocol; the
//! table says which payways it serves. It must hold what the port promises: idempotent calls, and
//! [`Outcome::Lost`] for everything that an answer does not say for certain.

mod native;

use std::collections::BTreeMap;
use std::sync::Arc;

use app::ports::{PresentError, Presented, Wallets};
use async_trait::async_trait;
use domain::Outcome;
use domain::ids::QueryId;
use domain::order::Order;
use domain::payway::{Payway, SubPayway};

pub use native::NativeWallet;

/// The providers by payway, as configured. Without any, no payway is taken.
#[derive(Default)]
pub struct WalletTable(BTreeMap<Payway, Arc<dyn Wallets>>);

impl WalletTable {
    /// The table; of two lines for one payway the later counts.
    #[must_use]
    pub fn new(lines: impl IntoIterator<Item = (Payway, Arc<dyn Wallets>)>) -> Self {
        Self(lines.into_iter().collect())
    }

    /// The provider of a terminal's order. None when the configuration does not name its payway
    /// any more: what became of its payments cannot be learned then.
    fn of(&self, order: &Order) -> Option<&Arc<dyn Wallets>> {
        let provider = order.sale().and_then(|sale| self.0.get(&sale.payway));
        if provider.is_none() {
            let order = &order.terms.number;
            tracing::error!(%order, "no provider is configured for the order's payway");
        }
        provider
    }
}

#[async_trait]
impl Wallets for WalletTable {
    fn takes(&self, payway: Payway, sub_payway: SubPayway) -> bool {
        self.0.get(&payway).is_some_and(|provider| provider.takes(payway, sub_payway))
    }

    async fn charge(&self, order: &Order, barcode: &str) -> Outcome {
        match self.of(order) {
            Some(provider) => provider.charge(order, barcode).await,
            None => Outcome::Lost,
        }
    }

    async fn present(
        &self,
        order: &Order,
        return_url: Option<&str>,
    ) -> Result<Presented, PresentError> {
        match self.of(order) {
            Some(provider) => provider.present(order, return_url).await,
            None => Err(PresentError::Unavailable("its payway has no provider".to_owned())),
        }
    }

    async fn abort(&self, order: &Order) -> Outcome {
        match self.of(order) {
            Some(provider) => provider.abort(order).await,
            None => Outcome::Lost,
        }
    }

    async fn reverse(&self, order: &Order, reversal: &QueryId) -> Outcome {
        match self.of(order) {
            Some(provider) => provider.reverse(order, reversal).await,
            None => Outcome::Lost,
        }
    }

    async fn inquire(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome {
        match self.of(order) {
            Some(provider) => provider.inquire(order, reversal).await,
            None => Outcome::Lost,
        }
    }
}
