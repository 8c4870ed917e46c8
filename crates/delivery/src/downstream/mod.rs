//! The downstream payment systems over HTTP: orders are placed in shared calls, money is moved by
//! single ones.
//!
//! What an answer does not say for certain is [`Outcome::Lost`], whatever went wrong: the resolver
//! asks on. "Not found" is proof only when the attempt can no longer be taken on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::directory::DirectoryCell;
use app::ports::{Clock, Downstream, PlaceError};
use async_trait::async_trait;
use dialect::downstream::{Said, inquire, pay, place_order, reverse, said};
use domain::Outcome;
use domain::ids::{AcquirerIin, AppId, QueryId};
use domain::order::Order;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::time::timeout;
use wire::downstream::{
    CODE_APPROVED, INQUIRE_PATH, PAY_PATH, PLACE_ORDERS_COUNT_MAX, PLACE_PATH, Place, PlaceAnswer,
    PlaceOrder, REVERSE_PATH, TransactionResult, decode, encode,
};

use crate::batch::{Batcher, Bounds, Entered, Lead, Waiting};
use crate::evidence::not_found;
use crate::limits::{
    DOWNSTREAM_LIMIT, PLACE_BATCHES_COUNT_MAX, PLACE_PAUSE, PLACE_WAITING_COUNT_MAX,
};
use crate::metered::{self, Stopwatch};
use crate::partner::{Call, Partner, below};

/// Talks to downstream payment systems over HTTP. Cheap to clone.
#[derive(Clone)]
pub struct HttpDownstream(Arc<Inner>);

struct Inner {
    partner: Arc<Partner>,
    directory: Arc<DirectoryCell>,
    clock: Arc<dyn Clock>,
    limit: Duration,
    batchers: Mutex<HashMap<AcquirerIin, Arc<Orders>>>,
}

/// The orders that wait to be placed with one downstream system.
type Orders = Batcher<PlaceOrder, Result<(), PlaceError>>;

const PLACING: Bounds = Bounds {
    calls_count_max: PLACE_BATCHES_COUNT_MAX,
    batch_count_max: PLACE_ORDERS_COUNT_MAX,
    waiting_count_max: PLACE_WAITING_COUNT_MAX,
    pause: PLACE_PAUSE,
};

/// Where a downstream system is.
struct Target {
    app: AppId,
    base_url: String,
}

impl HttpDownstream {
    /// A client over the signing client, with the usual time limit.
    #[must_use]
    pub fn new(
        partner: Arc<Partner>,
        directory: Arc<DirectoryCell>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::with_limit(partner, directory, clock, DOWNSTREAM_LIMIT)
    }

    /// The same with another limit of real time for one call; at most the usual one.
    #[must_use]
    pub fn with_limit(
        partner: Arc<Partner>,
        directory: Arc<DirectoryCell>,
        clock: Arc<dyn Clock>,
        limit: Duration,
    ) -> Self {
        let batchers = Mutex::default();
        let limit = limit.min(DOWNSTREAM_LIMIT);
        Self(Arc::new(Inner { partner, directory, clock, limit, batchers }))
    }

    /// Leads: sends batch after batch until nobody waits. Runs on a task of its own, so that a
    /// caller who gives up takes nobody else along.
    async fn lead(self, acquirer: AcquirerIin, mut lead: Lead<PlaceOrder, Result<(), PlaceError>>) {
        while let Some(batch) = lead.take().await {
            metered::placed_together(batch.len());
            let (orders, waiting): (Vec<PlaceOrder>, Vec<_>) =
                batch.into_iter().map(|one| (one.question, one.done)).unzip();
            let numbers: Vec<String> = orders.iter().map(|order| order.tn.clone()).collect();
            let mut results = self.0.place(&acquirer, orders).await;
            for (number, done) in numbers.iter().zip(waiting) {
                let result = match &mut results {
                    Ok(results) => results.remove(number).unwrap_or_else(|| {
                        Err(PlaceError::Unavailable("it gave no result for the order".to_owned()))
                    }),
                    Err(reason) => Err(PlaceError::Unavailable(reason.clone())),
                };
                // Whoever gave up meanwhile no longer wants to know.
                drop(done.send(result));
            }
        }
    }
}

/// What became of each order of a batch.
type Placed = HashMap<String, Result<(), PlaceError>>;

impl Inner {
    fn target(&self, acquirer: &AcquirerIin) -> Result<Target, String> {
        let directory = self.directory.get();
        let found = directory.acquirer(acquirer);
        let found = found.ok_or_else(|| format!("acquirer {acquirer} is not on record"))?;
        let (app, base_url) = (found.downstream_app.clone(), found.downstream_url.clone());
        Ok(Target { app, base_url })
    }

    fn batcher(&self, acquirer: &AcquirerIin) -> Arc<Orders> {
        let mut batchers = self.batchers.lock().unwrap_or_else(PoisonError::into_inner);
        let made = || Arc::new(Batcher::new(PLACING));
        Arc::clone(batchers.entry(acquirer.clone()).or_insert_with(made))
    }

    /// One signed call.
    async fn call<Q: Serialize, A: DeserializeOwned>(
        &self,
        acquirer: &AcquirerIin,
        path: &'static str,
        question: &Q,
    ) -> Result<A, String> {
        let target = self.target(acquirer)?;
        let call = Call {
            app: target.app,
            url: below(&target.base_url, path),
            body: encode(question),
            header: true,
            limit: self.limit,
        };
        let answer = self.partner.call(call).await.map_err(|error| error.to_string())?;
        decode(&answer).map_err(|error| error.to_string())
    }

    async fn place(
        &self,
        acquirer: &AcquirerIin,
        orders: Vec<PlaceOrder>,
    ) -> Result<Placed, String> {
        let began = Stopwatch::start();
        let answer = self.call::<_, PlaceAnswer>(acquirer, PLACE_PATH, &Place { orders }).await;
        let outcome = if answer.is_ok() { "answered" } else { "lost" };
        metered::downstream_called("place", outcome, began.elapsed());
        let results = answer?.results.into_iter().map(|result| {
            let placed = if result.resp_code == CODE_APPROVED {
                Ok(())
            } else {
                Err(PlaceError::Refused { code: result.resp_code, message: result.resp_msg })
            };
            (result.tn, placed)
        });
        Ok(results.collect())
    }

    /// One call about one transaction; everything that is no clear answer is lost.
    async fn transact<Q: Serialize>(
        &self,
        operation: &'static str,
        path: &'static str,
        about: About<'_>,
        question: &Q,
    ) -> Outcome {
        let began = Stopwatch::start();
        // Read before the question goes out: what is refused after this instant was refused then.
        let asked_at = self.clock.now();
        let acquirer = &about.order.terms.acquirer;
        let answer = self.call::<_, TransactionResult>(acquirer, path, question).await;
        let outcome = answer.and_then(|answer| {
            let asked = about.reversal.unwrap_or(&about.order.terms.query_id);
            said(asked.as_str(), &answer).map_err(|error| error.to_string())
        });
        let outcome = outcome.map(|said| about.outcome(said, asked_at));
        let outcome = outcome.unwrap_or_else(|reason| {
            let order = &about.order.terms.number;
            tracing::warn!(%order, operation, reason, "the downstream answer is lost");
            Outcome::Lost
        });
        metered::downstream_called(operation, outcome.name(), began.elapsed());
        outcome
    }
}

/// The transaction that a call is about.
#[derive(Clone, Copy)]
struct About<'a> {
    order: &'a Order,
    reversal: Option<&'a QueryId>,
}

impl About<'_> {
    fn outcome(&self, said: Said, asked_at: Timestamp) -> Outcome {
        match said {
            Said::Outcome(outcome) => outcome,
            Said::NotFound(result) => not_found((self.order, self.reversal), result, asked_at),
        }
    }
}

#[async_trait]
impl Downstream for HttpDownstream {
    async fn place(&self, order: &Order) -> Result<(), PlaceError> {
        let unavailable = |reason: &str| Err(PlaceError::Unavailable(reason.to_owned()));
        let acquirer = order.terms.acquirer.clone();
        // Only acquirers on record get a queue, so that there are few of them.
        if let Err(reason) = self.0.target(&acquirer) {
            return unavailable(&reason);
        }
        let (done, answer) = oneshot::channel();
        match self.0.batcher(&acquirer).enter(Waiting { question: place_order(order), done }) {
            Entered::Lead(lead) => drop(tokio::spawn(self.clone().lead(acquirer, lead))),
            Entered::Follow => {}
            Entered::Full => return unavailable("too many orders wait to be placed"),
        }
        match timeout(self.0.limit, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => unavailable("the call failed"),
            Err(_) => unavailable("it did not answer in time"),
        }
    }

    async fn pay(&self, order: &Order, card_payload: Option<String>) -> Outcome {
        let Some(question) = pay(order, card_payload) else { return Outcome::Lost };
        let about = About { order, reversal: None };
        self.0.transact("pay", PAY_PATH, about, &question).await
    }

    async fn reverse(&self, order: &Order, reversal: &QueryId) -> Outcome {
        let Some(question) = reverse(order, reversal) else { return Outcome::Lost };
        let about = About { order, reversal: Some(reversal) };
        self.0.transact("reverse", REVERSE_PATH, about, &question).await
    }

    async fn inquire(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome {
        let question = inquire(order, reversal);
        let about = About { order, reversal };
        self.0.transact("inquire", INQUIRE_PATH, about, &question).await
    }
}
