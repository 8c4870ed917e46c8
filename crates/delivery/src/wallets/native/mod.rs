//! The provider that speaks [`wire::wallet`]: operations that come at the same time share calls,
//! and each has its own outcome and its own deadline.
//!
//! An operation that the provider leaves unanswered delays no other: its caller alone waits until
//! the deadline, as it would for a connection on which nothing comes. What an answer does not say
//! for certain is [`Outcome::Lost`].

use std::sync::Arc;
use std::time::Duration;

use app::directory::DirectoryCell;
use app::ports::{Clock, PresentError, Presented, Wallets};
use async_trait::async_trait;
use dialect::wallet::{Said, said};
use domain::Outcome;
use domain::ids::QueryId;
use domain::order::Order;
use domain::payway::{Payway, SubPayway};
use egress::{Client, Request};
use jose::mac::MacKey;
use tokio::sync::oneshot;
use tokio::time::timeout;
use wire::limits::{WALLET_OPERATION_BYTES_MAX, WALLET_OPERATIONS_COUNT_MAX};
use wire::wallet::{
    Answer, MAC_HEADER, OPERATIONS_PATH, Operation, answer_context, decode, encode, request_context,
};

use crate::batch::{Batcher, Bounds, Entered, Lead, Waiting};
use crate::evidence::not_found;
use crate::limits::{WALLET_CALLS_COUNT_MAX, WALLET_LIMIT, WALLET_PAUSE, WALLET_WAITING_COUNT_MAX};
use crate::metered::{self, Stopwatch};
use crate::partner::below;

/// The status of every answer that is one.
const OK: u16 = 200;

const SHARING: Bounds = Bounds {
    calls_count_max: WALLET_CALLS_COUNT_MAX,
    batch_count_max: WALLET_OPERATIONS_COUNT_MAX,
    waiting_count_max: WALLET_WAITING_COUNT_MAX,
    pause: WALLET_PAUSE,
};

/// Talks to one provider. Cheap to clone.
#[derive(Clone)]
pub struct NativeWallet(Arc<Inner>);

struct Inner {
    client: Client,
    url: String,
    context: String,
    key: MacKey,
    directory: Arc<DirectoryCell>,
    clock: Arc<dyn Clock>,
    limit: Duration,
    batcher: Arc<Batcher<Vec<u8>, Reply>>,
}

/// What the provider said to one operation; `None` when it left it unanswered.
type Reply = Option<Answer<'static>>;

/// Why nothing was heard of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum Unheard {
    #[error("the order is no terminal's, or has no such reversal")]
    NoOperation,
    #[error("the operation is larger than {WALLET_OPERATION_BYTES_MAX} bytes")]
    Large,
    #[error("too many operations wait for this wallet")]
    Full,
    #[error("the call failed")]
    Call,
    #[error("no answer came in time")]
    Late,
}

impl NativeWallet {
    /// A provider at a base address, with which a secret is shared.
    #[must_use]
    pub fn new(
        client: Client,
        base_url: &str,
        key: MacKey,
        directory: Arc<DirectoryCell>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self::with_limit(client, base_url, key, (directory, clock), WALLET_LIMIT)
    }

    /// The same with another limit of real time for one operation; at most the usual one.
    #[must_use]
    pub fn with_limit(
        client: Client,
        base_url: &str,
        key: MacKey,
        (directory, clock): (Arc<DirectoryCell>, Arc<dyn Clock>),
        limit: Duration,
    ) -> Self {
        let url = below(base_url, OPERATIONS_PATH);
        let context = request_context(OPERATIONS_PATH);
        let limit = limit.min(WALLET_LIMIT);
        let batcher = Arc::new(Batcher::new(SHARING));
        Self(Arc::new(Inner { client, url, context, key, directory, clock, limit, batcher }))
    }

    /// Leads: sends batch after batch until nobody waits. Runs on a task of its own, so that a
    /// caller who gives up takes nobody else along.
    async fn lead(self, mut lead: Lead<Vec<u8>, Reply>) {
        while let Some(batch) = lead.take().await {
            metered::wallet_called_together(batch.len());
            let (operations, waiting): (Vec<Vec<u8>>, Vec<_>) =
                batch.into_iter().map(|one| (one.question, one.done)).unzip();
            match self.0.call(&operations).await {
                Ok(replies) => {
                    for (reply, done) in replies.into_iter().zip(waiting) {
                        // Whoever gave up meanwhile no longer wants to know.
                        drop(done.send(reply));
                    }
                }
                // Those who wait see that nobody will answer any more.
                Err(reason) => {
                    tracing::warn!(reason, count = waiting.len(), "a wallet's answers are lost");
                }
            }
        }
    }

    /// One operation, taken along by a call.
    async fn ask(&self, operation: &Operation<'_>) -> Result<Answer<'static>, Unheard> {
        let began = Stopwatch::start();
        let question = encode(operation);
        if question.len() > WALLET_OPERATION_BYTES_MAX {
            return Err(Unheard::Large);
        }
        let (done, reply) = oneshot::channel();
        match self.0.batcher.enter(Waiting { question, done }) {
            Entered::Lead(lead) => drop(tokio::spawn(self.clone().lead(lead))),
            Entered::Follow => {}
            Entered::Full => return Err(Unheard::Full),
        }
        match timeout(self.0.limit, reply).await {
            Ok(Ok(Some(answer))) => Ok(answer),
            Ok(Ok(None)) => {
                began.reaches(self.0.limit).await;
                Err(Unheard::Late)
            }
            Ok(Err(_)) => Err(Unheard::Call),
            Err(_) => Err(Unheard::Late),
        }
    }

    /// What was said to an operation about the order's payment (`None`) or a reversal.
    async fn hear(
        &self,
        name: &'static str,
        (order, reversal): (&Order, Option<&QueryId>),
        operation: Option<Operation<'_>>,
    ) -> Result<Said, String> {
        let began = Stopwatch::start();
        let answer = match operation {
            Some(operation) => self.ask(&operation).await,
            None => Err(Unheard::NoOperation),
        };
        let heard = answer
            .map_err(|error| error.to_string())
            .and_then(|answer| said(order, reversal, answer).map_err(|error| error.to_string()));
        let result = match &heard {
            Ok(Said::Outcome(outcome)) => outcome.name(),
            Ok(Said::Presented { .. }) => "presented",
            Ok(Said::NotFound(_)) => "not_found",
            Err(_) => Outcome::Lost.name(),
        };
        metered::wallet_called(name, result, began.elapsed());
        if let Err(reason) = &heard {
            let order = &order.terms.number;
            tracing::warn!(%order, operation = name, reason, "the wallet's answer is lost");
        }
        heard
    }

    /// What became of the payment or a reversal; everything that is no clear answer is lost.
    async fn transact(
        &self,
        name: &'static str,
        about: (&Order, Option<&QueryId>),
        operation: Option<Operation<'_>>,
    ) -> Outcome {
        // Read before the question goes out: what is unknown after this instant was unknown then.
        let asked_at = self.0.clock.now();
        match self.hear(name, about, operation).await {
            Ok(Said::Outcome(outcome)) => outcome,
            Ok(Said::NotFound(result)) => not_found(about, result, asked_at),
            // An order that can be paid by its code, and was not yet.
            Ok(Said::Presented { .. }) => Outcome::Accepted,
            Err(_) => Outcome::Lost,
        }
    }
}

impl Inner {
    /// One authenticated call with many operations; as many replies.
    async fn call(&self, operations: &[Vec<u8>]) -> Result<Vec<Reply>, String> {
        let length: usize = operations.iter().map(|one| one.len().saturating_add(1)).sum();
        let mut body = Vec::with_capacity(length.saturating_add(1));
        for (place, operation) in operations.iter().enumerate() {
            body.push(if place == 0 { b'[' } else { b',' });
            body.extend_from_slice(operation);
        }
        body.push(b']');
        let tag = self.key.tag(&self.context, &body);
        let request = Request::post(self.url.as_str(), body)
            .header("Content-Type", "application/json")
            .header(MAC_HEADER, tag.as_str())
            .timeout(self.limit);
        let answer = self.client.send(request).await.map_err(|error| error.to_string())?;
        if answer.status != OK {
            return Err(format!("HTTP status {}", answer.status));
        }
        let mac = answer.header(MAC_HEADER).unwrap_or_default();
        if !self.key.holds(&answer_context(&tag), &answer.body, mac) {
            return Err("the answer is not authenticated".to_owned());
        }
        let replies: Vec<Option<Answer<'_>>> =
            decode(&answer.body).map_err(|error| error.to_string())?;
        if replies.len() != operations.len() {
            return Err("another number of answers than of operations".to_owned());
        }
        Ok(replies.into_iter().map(|reply| reply.map(Answer::into_owned)).collect())
    }
}

#[async_trait]
impl Wallets for NativeWallet {
    /// QQ wallet cannot be paid by a code that the till shows (`upay.md` 5.2).
    fn takes(&self, payway: Payway, sub_payway: SubPayway) -> bool {
        match sub_payway {
            SubPayway::BARCODE => true,
            SubPayway::QR | SubPayway::WAP | SubPayway::MINI => payway != Payway::QQ,
            _ => false,
        }
    }

    async fn charge(&self, order: &Order, barcode: &str) -> Outcome {
        let operation = dialect::wallet::charge(order, barcode);
        self.transact("charge", (order, None), operation).await
    }

    async fn present(
        &self,
        order: &Order,
        return_url: Option<&str>,
    ) -> Result<Presented, PresentError> {
        let directory = self.0.directory.get();
        let merchant = directory.merchant(&order.terms.merchant);
        let name = merchant.map_or(order.terms.merchant.as_str(), |it| it.name.as_str());
        let operation = dialect::wallet::present(order, name, return_url);
        match self.hear("present", (order, None), operation).await {
            Ok(Said::Presented { qr_code, wap_pay_request }) => {
                Ok(Presented { qr_code, wap_pay_request })
            }
            Ok(Said::Outcome(Outcome::Refused(result))) => {
                Err(PresentError::Refused { code: result.code, message: result.message })
            }
            Ok(Said::Outcome(_) | Said::NotFound(_)) => {
                Err(PresentError::Unavailable("it says nothing clear".to_owned()))
            }
            Err(reason) => Err(PresentError::Unavailable(reason)),
        }
    }

    async fn abort(&self, order: &Order) -> Outcome {
        self.transact("abort", (order, None), dialect::wallet::abort(order)).await
    }

    async fn reverse(&self, order: &Order, reversal: &QueryId) -> Outcome {
        let operation = dialect::wallet::refund(order, reversal);
        self.transact("refund", (order, Some(reversal)), operation).await
    }

    async fn inquire(&self, order: &Order, reversal: Option<&QueryId>) -> Outcome {
        let operation = dialect::wallet::inquire(order, reversal);
        self.transact("inquire", (order, reversal), operation).await
    }
}
