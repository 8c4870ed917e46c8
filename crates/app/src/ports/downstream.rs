//! The downstream payment system of an acquirer, behind the platform.

use async_trait::async_trait;
use domain::Outcome;
use domain::ids::QueryId;
use domain::order::Order;

/// How the platform talks to the downstream system. Each call is idempotent by its number.
#[async_trait]
pub trait Downstream: Send + Sync + 'static {
    /// Makes the order known, before `tn` is given out. Moves no money; an order that is placed
    /// and never paid expires by itself.
    async fn place(&self, order: &Order) -> Result<(), PlaceError>;

    /// Attempts the payment of an order in state PAYING. An answer that was lost is
    /// [`Outcome::Lost`], never an error: the resolver goes on.
    /// `card_payload` is the chosen card, a JWE for the downstream system; never kept.
    async fn pay(&self, order: &Order, card_payload: Option<String>) -> Outcome;

    /// Attempts a reversal of the order.
    async fn reverse(&self, order: &Order, reversal: &QueryId) -> Outcome;

    /// Asks what became of the payment (`None`) or of a reversal. "Not found" is
    /// [`Outcome::Refused`] only after `valid_until` of the attempt, else [`Outcome::Lost`].
    async fn inquire(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome;
}

/// The order could not be placed; no money can move.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    /// The downstream system refused the order for certain, with its code.
    #[error("the downstream system refused the order: {code} {message}")]
    Refused {
        /// Its response code.
        code: String,
        /// Its message.
        message: String,
    },
    /// It did not answer, or not in time, or with garbage.
    #[error("the downstream system did not answer: {0}")]
    Unavailable(String),
}
