//! An industry service with its payer, as ucsp.md says: submits, sends the payer to the cashier,
//! inquires, gives money back, and asks again under the same reference until it is answered.

use std::sync::Arc;

use app::use_cases::{
    PayOrder, RequestReversal, Selector, SubmitOrder, inquire_payment, pay_order, request_reversal,
    submit_order,
};
use app::{Caller, Platform, Refusal};
use domain::ids::{OrderNumber, QueryId, Reference};
use domain::order::{Details, Order, OrderState};
use domain::party::Party;
use domain::reversal::ReversalKind;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::SignedDuration;
use money::Amount;
use tokio::task::JoinSet;

use crate::limits::CLIENT_TRIES_MAX;
use crate::network::{Work, ask};
use crate::notes::Claim;
use crate::parties;
use crate::till::part;
use crate::time::pause_ms;
use crate::world::World;

/// A service with one order.
#[derive(Clone)]
struct Service {
    world: Arc<World>,
    place: u64,
    reference: Reference,
}

/// Sells one thing, to the end.
pub async fn sells(world: Arc<World>) {
    let place = world.draw(|rng| rng.below(parties::MERCHANTS_COUNT));
    let reference = Reference {
        order_id: format!("PK{}", world.number()).as_str().into(),
        txn_time: "20260302080000".into(),
    };
    let service = Service { world, place, reference };
    let minor = service.world.draw(|rng| rng.between(1, 10_000));
    let Some(order) = service.submits(minor).await else { return };
    let paid = service.payer_pays(&order.terms.number).await;
    let order = service.waits(paid).await;
    if let Some(order) = order.filter(|order| order.settlement().is_some()) {
        service.gives_back(&order, minor).await;
    }
    service.inquires().await;
}

/// What is asked with the caller of a fresh message.
type Act<A> =
    Arc<dyn Fn(Arc<Platform>, Caller) -> BoxFuture<'static, Result<A, Refusal>> + Send + Sync>;

impl Service {
    async fn ask<A: Send + 'static>(&self, act: Act<A>) -> Option<Result<A, Refusal>> {
        let world = &self.world;
        let until = world.time.now().checked_add(app::limits::REPLAY_WINDOW).unwrap_or_default();
        let party = Party::Industry(parties::INDUSTRY.into());
        let caller = parties::caller(party, world.number(), until);
        let work: Work<Result<A, Refusal>> =
            Arc::new(move |platform| act(platform, caller.clone()));
        let answer = ask(world, work).await;
        let mut notes = world.notes();
        match &answer {
            None => notes.answered("none"),
            Some(Ok(_)) => notes.answered("ok"),
            Some(Err(Refusal::Internal { incident })) => {
                notes.answered("internal");
                if world.faults.store_is_well() {
                    notes.violated(9, format!("unexpected failure {incident}"));
                }
            }
            Some(Err(Refusal::Rule { .. })) => notes.answered("rule"),
            Some(Err(_)) => notes.answered("refused"),
        }
        answer
    }

    fn submission(&self, minor: u64, life_s: Option<i64>) -> Option<SubmitOrder> {
        let canonical = format!("SUBMIT_PAYMENT_ORDER\n{{\"txnAmt\":\"{minor}\"}}");
        let now = self.world.time.now();
        Some(SubmitOrder {
            reference: self.reference.clone(),
            merchant: parties::merchant(self.place),
            acquirer: parties::acquirer(self.place),
            amount: Amount::new(minor, parties::currency()?).ok()?,
            channel: parties::CHANNEL.into(),
            user: "u-77".into(),
            details: Details::default(),
            pay_timeout: life_s
                .and_then(|life_s| now.checked_add(SignedDuration::from_secs(life_s)).ok()),
            canonical,
        })
    }

    async fn submit(&self, input: SubmitOrder) -> Option<Result<Order, Refusal>> {
        let act: Act<Order> = Arc::new(move |platform, caller| {
            let input = input.clone();
            async move { submit_order(&platform, &caller, input).await }.boxed()
        });
        let answer = self.ask(act).await;
        if let Some(Ok(order)) = &answer {
            self.world.notes().shown(order);
        }
        answer
    }

    /// Submits until it is answered; then perhaps once more as before, and once with a change.
    async fn submits(&self, minor: u64) -> Option<Order> {
        let life_s = self.world.draw(|rng| match rng.below(3) {
            0 => None,
            1 => Some(60),
            _ => Some(600),
        });
        let input = self.submission(minor, life_s)?;
        for _ in 0..CLIENT_TRIES_MAX {
            if let Some(Ok(order)) = self.submit(input.clone()).await {
                if self.world.draw(|rng| rng.chance(100)) {
                    self.changed(minor, &order).await;
                }
                return Some(order);
            }
            pause_ms(self.world.draw(|rng| rng.between(100, 5_000))).await;
        }
        None
    }

    async fn changed(&self, minor: u64, first: &Order) {
        let Some(other) = self.submission(minor + 1, None) else { return };
        let Some(same) = self.submission(minor, None) else { return };
        if let Some(Ok(again)) = self.submit(same).await
            && again.terms != first.terms
        {
            self.world.notes().violated(2, format!("{} has two answers", first.terms.number));
        }
        match self.submit(other).await {
            Some(Ok(_)) => {
                let what = format!("a changed replay of {} was taken", first.terms.number);
                self.world.notes().violated(2, what);
            }
            Some(Err(Refusal::Differs { field })) if field != "txnAmt" => {
                self.world.notes().violated(2, format!("{field} is named and not txnAmt"));
            }
            Some(Err(_)) | None => {}
        }
    }

    /// The payer confirms at the cashier: once, twice at the same time, or never.
    async fn payer_pays(&self, number: &OrderNumber) -> bool {
        let (pays, twice, after_ms) =
            self.world.draw(|rng| (rng.chance(850), rng.chance(100), rng.below(40_000)));
        pause_ms(after_ms).await;
        if !pays {
            return false;
        }
        let mut clicks = JoinSet::new();
        for _ in 0..if twice { 2 } else { 1 } {
            let (service, number) = (self.clone(), number.clone());
            clicks.spawn(async move { service.click(number).await });
        }
        while clicks.join_next().await.is_some() {}
        true
    }

    async fn click(self, number: OrderNumber) {
        let work: Work<Result<Order, Refusal>> = Arc::new(move |platform| {
            let number = number.clone();
            async move { pay_order(&platform, &number, PayOrder::default()).await }.boxed()
        });
        if let Some(Ok(order)) = ask(&self.world, work).await {
            self.world.notes().shown(&order);
        }
    }

    async fn inquires(&self) -> Option<Order> {
        let (merchant, acquirer) = (parties::merchant(self.place), parties::acquirer(self.place));
        let by = Selector::Reference(self.reference.clone());
        let act: Act<Order> = Arc::new(move |platform, caller| {
            let (merchant, acquirer, by) = (merchant.clone(), acquirer.clone(), by.clone());
            async move { inquire_payment(&platform, &caller, &merchant, &acquirer, &by).await }
                .boxed()
        });
        let order = self.ask(act).await?.ok()?;
        self.world.notes().shown(&order);
        Some(order)
    }

    async fn waits(&self, paid: bool) -> Option<Order> {
        for tried in 0..CLIENT_TRIES_MAX * 2 {
            let order = self.inquires().await;
            let is_over = |order: &Order| {
                !(order.is_open() || matches!(order.state, OrderState::Created) && tried < 4)
            };
            if let Some(order) = order.filter(is_over) {
                return Some(order);
            }
            let longest = if paid { 15_000 } else { 60_000 };
            pause_ms(self.world.draw(|rng| rng.between(500, longest))).await;
        }
        None
    }

    async fn gives_back(&self, order: &Order, minor: u64) {
        let (count, cancels) = self.world.draw(|rng| (rng.below(4), rng.chance(250)));
        let mut beside = JoinSet::new();
        for place in 0..count {
            let (kind, amount) = if cancels && place == 0 {
                (ReversalKind::Cancellation, minor)
            } else {
                (ReversalKind::Refund, self.world.draw(|rng| part(rng, minor)))
            };
            let Some(input) = self.reversal(order, kind, amount) else { continue };
            let service = self.clone();
            beside.spawn(async move { service.reverses(input).await });
            if self.world.draw(|rng| rng.chance(500)) {
                while beside.join_next().await.is_some() {}
            }
        }
        while beside.join_next().await.is_some() {}
    }

    fn reversal(&self, order: &Order, kind: ReversalKind, minor: u64) -> Option<RequestReversal> {
        Some(RequestReversal {
            kind,
            reference: Reference {
                order_id: format!("RV{}", self.world.number()).as_str().into(),
                txn_time: "20260302080000".into(),
            },
            original: Selector::QueryId(order.terms.query_id.clone()),
            merchant: parties::merchant(self.place),
            acquirer: parties::acquirer(self.place),
            amount: Amount::new(minor, parties::currency()?).ok()?,
            back_url: None,
            reserved: None,
            reason: None,
            canonical: format!("PAYMENT_REFUND\n{{\"txnAmt\":\"{minor}\"}}"),
        })
    }

    /// Asks until it is answered, and perhaps once more: each answer names the same reversal.
    async fn reverses(&self, input: RequestReversal) {
        let mut named: Option<QueryId> = None;
        let again = self.world.draw(|rng| rng.below(2));
        let mut answers = 0;
        for _ in 0..CLIENT_TRIES_MAX {
            let asked = input.clone();
            let act: Act<(Order, QueryId)> = Arc::new(move |platform, caller| {
                let input = asked.clone();
                async move { request_reversal(&platform, &caller, input).await }.boxed()
            });
            match self.ask(act).await {
                Some(Ok((order, query_id))) => {
                    let mut notes = self.world.notes();
                    notes.shown(&order);
                    notes.claim(Claim::Asked(order.terms.number.clone(), query_id.clone()));
                    if named.as_ref().is_some_and(|named| named != &query_id) {
                        notes.violated(2, format!("{} has two answers", input.reference.order_id));
                    }
                    named = Some(query_id);
                    answers += 1;
                }
                Some(Err(Refusal::Rule { .. })) => answers += 1,
                Some(Err(Refusal::Differs { field })) => {
                    let what = format!("a replay is said to differ in {field}");
                    self.world.notes().violated(2, what);
                }
                Some(Err(_)) | None => {}
            }
            if answers > again {
                return;
            }
            pause_ms(self.world.draw(|rng| rng.between(100, 9_000))).await;
        }
    }
}
