//! The ports to the systems behind the platform, with what is said there written into the book
//! that the timeline reads.

use std::sync::Arc;

use app::messages::{Message, MessageBook, PLATFORM};
use app::ports::Clock;
use app::ports::downstream::{Downstream, PlaceError};
use app::ports::wallets::{PresentError, Presented, Wallets};
use async_trait::async_trait;
use domain::Outcome;
use domain::ids::QueryId;
use domain::order::Order;
use domain::payway::{Payway, SubPayway};
use jiff::Timestamp;

/// A port that is listened to.
struct Overheard<P> {
    port: P,
    /// Who is at its other end.
    whom: &'static str,
    book: Arc<MessageBook>,
    /// Business time.
    clock: Arc<dyn Clock>,
}

/// The port to the downstream systems, listened to where there is a book.
pub(crate) fn downstream(
    port: impl Downstream,
    book: Option<&Arc<MessageBook>>,
    clock: &Arc<dyn Clock>,
) -> Arc<dyn Downstream> {
    let Some(book) = book.map(Arc::clone) else { return Arc::new(port) };
    let whom = "the downstream payment system";
    Arc::new(Overheard { port, whom, book, clock: Arc::clone(clock) })
}

/// The port to the wallets, listened to where there is a book.
pub(crate) fn wallets(
    port: impl Wallets,
    book: Option<&Arc<MessageBook>>,
    clock: &Arc<dyn Clock>,
) -> Arc<dyn Wallets> {
    let Some(book) = book.map(Arc::clone) else { return Arc::new(port) };
    Arc::new(Overheard { port, whom: "the wallet", book, clock: Arc::clone(clock) })
}

impl<P> Overheard<P> {
    fn note(
        &self,
        at: Timestamp,
        what: &str,
        (order, about): (&Order, Option<&QueryId>),
        code: &str,
    ) {
        let number = about.map_or(order.terms.number.as_str(), QueryId::as_str);
        self.book.note(&Message {
            at,
            owner: &order.terms.merchant,
            names: &[number.into()],
            from: PLATFORM,
            to: self.whom,
            message: what,
            code,
            detail: None,
        });
    }

    async fn outcome(
        &self,
        what: &str,
        about: (&Order, Option<&QueryId>),
        asked: impl Future<Output = Outcome>,
    ) -> Outcome {
        let at = self.clock.now();
        let outcome = asked.await;
        let code = match &outcome {
            Outcome::Accepted => "taken on",
            Outcome::Succeeded(result) | Outcome::Refused(result) => &result.code,
            Outcome::Presented { .. } => "payable",
            Outcome::Lost => "no answer",
        };
        self.note(at, what, about, code);
        outcome
    }
}

#[async_trait]
impl<P: Downstream> Downstream for Overheard<P> {
    async fn place(&self, order: &Order) -> Result<(), PlaceError> {
        let at = self.clock.now();
        let placed = self.port.place(order).await;
        let code = match &placed {
            Ok(()) => "00",
            Err(PlaceError::Refused { code, .. }) => code,
            Err(PlaceError::Unavailable(_)) => "no answer",
        };
        self.note(at, "place", (order, None), code);
        placed
    }

    async fn pay(&self, order: &Order, card_payload: Option<String>) -> Outcome {
        self.outcome("pay", (order, None), self.port.pay(order, card_payload)).await
    }

    async fn reverse(&self, order: &Order, reversal: &QueryId) -> Outcome {
        let asked = self.port.reverse(order, reversal);
        self.outcome("reverse", (order, Some(reversal)), asked).await
    }

    async fn inquire(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome {
        let asked = self.port.inquire(order, reversal);
        self.outcome("inquire", (order, reversal), asked).await
    }
}

#[async_trait]
impl<P: Wallets> Wallets for Overheard<P> {
    fn takes(&self, payway: Payway, sub_payway: SubPayway) -> bool {
        self.port.takes(payway, sub_payway)
    }

    async fn charge(&self, order: &Order, barcode: &str) -> Outcome {
        self.outcome("charge", (order, None), self.port.charge(order, barcode)).await
    }

    async fn present(
        &self,
        order: &Order,
        return_url: Option<&str>,
    ) -> Result<Presented, PresentError> {
        let at = self.clock.now();
        let presented = self.port.present(order, return_url).await;
        let code = match &presented {
            Ok(_) => "payable",
            Err(PresentError::Refused { code, .. }) => code,
            Err(PresentError::Unavailable(_)) => "no answer",
        };
        self.note(at, "present", (order, None), code);
        presented
    }

    async fn abort(&self, order: &Order) -> Outcome {
        self.outcome("abort", (order, None), self.port.abort(order)).await
    }

    async fn reverse(&self, order: &Order, reversal: &QueryId) -> Outcome {
        let asked = self.port.reverse(order, reversal);
        self.outcome("refund", (order, Some(reversal)), asked).await
    }

    async fn inquire(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome {
        let asked = self.port.inquire(order, reversal);
        self.outcome("inquire", (order, reversal), asked).await
    }
}
