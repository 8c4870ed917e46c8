//! The wallets behind the terminals, simulated: Alipay, WeChat Pay, UnionPay QR and any other.
//!
//! Goal: one program that behaves as `upay.md` 14 says for every wallet; asynchronous where a
//! payer takes time; with books of its own, so that a platform that asks for too much is refused.
//! It answers many operations in one call, each for itself, and tells later results by notice.
//!
//! It knows the platform by its address and a shared secret alone. What its payers do comes from
//! its page ([`page`]) or from the sandbox's simulation calls ([`Wallet::simulate`]).

mod answer;
mod books;
mod journal;
#[cfg(test)]
mod laws;
mod outcome;
mod page;
mod pages;
mod trade;

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use egress::{Client, Request};
use jiff::Timestamp;
use jose::mac::MacKey;
use tokio::sync::Semaphore;
use wire::wallet::{
    MAC_HEADER, NOTICE_PATH, NoticeAnswer, OPERATIONS_PATH, answer_context, decode,
    decode_operations, encode, request_context,
};

use self::books::{Books, Changes};
use self::journal::Journal;
pub use self::outcome::fresh_barcode;
use self::trade::{Speech, State as TradeState, Trade};
use crate::clock::{Busy, PartnerClock};
use crate::config::WalletConfig;
use crate::downstream::later;
use crate::limits::{BODY_BYTES_MAX, NOTICE_ATTEMPTS_MAX, NOTICES_AT_ONCE_MAX};
use crate::partners::StartError;
use crate::reply::plain;
use crate::web::Site;

/// What the payer does with an open payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Pays.
    Success,
    /// Declines.
    Fail,
    /// Pays, but for 60 s of business time nothing can be learned of it and nobody is told.
    Unknown,
}

/// Why a payer can do nothing with a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotPayable {
    /// No wallet knows a payment of this number.
    #[error("no wallet knows this payment")]
    Unknown,
    /// It was paid, refused or closed, or its time is over.
    #[error("the payment cannot be paid now")]
    Over,
}

/// The simulated wallets.
pub struct Wallet {
    key: MacKey,
    base_url: String,
    notice_url: String,
    client: Client,
    clock: Arc<dyn PartnerClock>,
    known: Mutex<Known>,
    notices: Semaphore,
    site: Site<()>,
}

struct Known {
    books: Books,
    journal: Journal,
}

impl Wallet {
    /// Wallets that remember what their journal in the folder holds; without one they keep
    /// everything in memory.
    ///
    /// # Errors
    /// [`StartError`] when the journal cannot be used or the secret is too short.
    pub fn open(
        config: &WalletConfig,
        client: Client,
        clock: Arc<dyn PartnerClock>,
        folder: Option<&Path>,
    ) -> Result<Arc<Self>, StartError> {
        let key = MacKey::new(&config.secret).map_err(|_| StartError::WalletSecret)?;
        let mut books = Books::default();
        let journal = Journal::open(folder, &mut books)?;
        // After paying, the browser goes wherever the shop wants it.
        let anywhere = ["http:".to_owned(), "https:".to_owned()];
        Ok(Arc::new(Self {
            key,
            base_url: config.base_url.clone(),
            notice_url: format!("{}{NOTICE_PATH}", config.platform_url),
            client,
            clock,
            known: Mutex::new(Known { books, journal }),
            notices: Semaphore::new(NOTICES_AT_ONCE_MAX),
            site: Site::new("wallet", &config.base_url, "", &anywhere),
        }))
    }

    /// Goes on with the payers who were typing when it stopped.
    pub(crate) fn resume(self: &Arc<Self>) {
        let due = self.known().books.due();
        self.await_ends(due);
    }

    /// Forgets everything.
    pub(crate) fn reset(&self) -> Result<(), StartError> {
        let mut known = self.known();
        known.books = Books::default();
        known.journal.clear()
    }

    /// The routes of the protocol, and the wallet's page.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new()
            .route(OPERATIONS_PATH, post(operations))
            .route("/wallet/pay/{token}", get(page::show).post(page::choose))
            .route("/wallet/assets/wallet.css", get(page::stylesheet))
            .route("/wallet/assets/icon.svg", get(page::icon))
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX + 1))
            .with_state(Arc::clone(self))
    }

    /// The payer's side of an open payment, as the wallet's page would do it. Returns when the
    /// platform was told once, whether it took the notice or not.
    ///
    /// # Errors
    /// [`NotPayable`].
    pub async fn simulate(self: &Arc<Self>, sn: &str, choice: Choice) -> Result<(), NotPayable> {
        let sn = books::number(sn).ok_or(NotPayable::Unknown)?;
        self.decide(sn, choice).await.map(|_| ())
    }

    /// Ends an open trade by the payer's choice and tells the platform.
    async fn decide(self: &Arc<Self>, sn: u64, choice: Choice) -> Result<Trade, NotPayable> {
        let now_ms = self.now_ms();
        let trade = {
            let mut changes = Changes::default();
            let mut known = self.known();
            let mut trade =
                known.books.trade(sn, now_ms, &mut changes).ok_or(NotPayable::Unknown)?;
            let payable = trade.is_payable(now_ms);
            if payable {
                trade.end(choice, now_ms);
                known.books.change(trade, &mut changes);
            }
            known.write(&changes);
            if !payable {
                return Err(NotPayable::Over);
            }
            trade
        };
        self.tell(trade, self.clock.busy()).await;
        Ok(trade)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// Tells the platform of trades when they have ended by themselves.
    fn await_ends(self: &Arc<Self>, due: Vec<(u64, i64)>) {
        for (sn, at_ms) in due {
            let wallet = Arc::clone(self);
            let until = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX);
            tokio::spawn(async move {
                let busy = wallet.clock.sleep_until(until).await;
                let ended = {
                    let mut changes = Changes::default();
                    let mut known = wallet.known();
                    let now_ms = wallet.now_ms();
                    let ended = known.books.trade(sn, now_ms, &mut changes);
                    known.write(&changes);
                    ended
                };
                // Who ended it otherwise meanwhile knows of it already.
                if let Some(trade) = ended.filter(|trade| trade.ends_ms == at_ms) {
                    wallet.tell(trade, busy).await;
                }
            });
        }
    }

    /// Tells the platform what became of a trade; returns after the first try, and goes on with
    /// the repeats, 1, 2, 4 and 8 s apart.
    async fn tell(self: &Arc<Self>, trade: Trade, busy: Busy) {
        let over = !trade.is_open() && trade.speech(self.now_ms()) == Speech::Plain;
        if !over || self.tell_once(&trade).await {
            return;
        }
        let wallet = Arc::clone(self);
        tokio::spawn(async move {
            drop(busy);
            for repeat in 1..NOTICE_ATTEMPTS_MAX {
                let until = later(wallet.clock.now(), 1 << (repeat - 1));
                let busy = wallet.clock.sleep_until(until).await;
                let told = wallet.tell_once(&trade).await;
                drop(busy);
                if told {
                    return;
                }
            }
        });
    }

    /// One notice; whether the platform took it.
    async fn tell_once(&self, trade: &Trade) -> bool {
        let body = encode(&answer::payment(trade));
        let tag = self.key.tag(&request_context(NOTICE_PATH), &body);
        let request = Request::post(&self.notice_url, body)
            .header("Content-Type", "application/json")
            .header(MAC_HEADER, tag.as_str());
        let permit = self.notices.acquire().await;
        let answer = self.client.send(request).await;
        drop(permit);
        let reason = match answer {
            Ok(answer) if answer.status == 200 => {
                let mac = answer.header(MAC_HEADER).unwrap_or_default();
                if !self.key.holds(&answer_context(&tag), &answer.body, mac) {
                    "the answer is not authenticated".to_owned()
                } else if decode(&answer.body) == Ok(NoticeAnswer { taken: true }) {
                    return true;
                } else {
                    "not taken".to_owned()
                }
            }
            Ok(answer) => format!("status {}", answer.status),
            Err(error) => error.to_string(),
        };
        tracing::info!(sn = trade.sn, reason, "wallet notice not confirmed");
        false
    }

    /// Does the operations of one authenticated call; what comes of it as the answer's body.
    fn operate(self: &Arc<Self>, body: &[u8]) -> Result<Vec<u8>, wire::wallet::Unreadable> {
        let operations = decode_operations(body)?;
        let now_ms = self.now_ms();
        let mut changes = Changes::default();
        let mut answers = Vec::with_capacity(operations.len());
        let mut known = self.known();
        for operation in &operations {
            answers.push(known.books.operate(operation, &self.key, now_ms, &mut changes));
        }
        known.write(&changes);
        drop(known);
        for (operation, answer) in operations.iter().zip(&mut answers) {
            if let wire::wallet::Operation::Present(present) = operation
                && let Some(answer) = answer
            {
                answer.qr_code = self.page_url(&present.sn).map(Into::into);
            }
        }
        self.await_ends(changes.due);
        Ok(encode(&answers))
    }

    /// The address of the page that pays an order: nobody can guess it.
    fn page_url(&self, sn: &str) -> Option<String> {
        books::number(sn).map(|sn| format!("{}/wallet/pay/{}", self.base_url, self.token(sn)))
    }

    fn token(&self, sn: u64) -> String {
        let sn = books::digits(&sn);
        let proof = self.key.tag("page\n", sn.as_bytes());
        format!("{sn}-{}", proof.get(..24).unwrap_or(&proof))
    }

    /// The order that a token of [`Self::page_url`] leads to.
    fn sn_of(&self, token: &str) -> Option<u64> {
        let sn = token.split_once('-').and_then(|(sn, _)| books::number(sn))?;
        let own = self.token(sn);
        jose::secret::equal_in_constant_time(own.as_bytes(), token.as_bytes()).then_some(sn)
    }
}

impl Known {
    fn write(&mut self, changes: &Changes) {
        self.journal.append(&changes.lines, &self.books);
    }
}

/// Many operations in one call.
async fn operations(
    State(wallet): State<Arc<Wallet>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let busy = wallet.clock.busy();
    let tag = headers.get(MAC_HEADER).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !wallet.key.holds(&request_context(OPERATIONS_PATH), &body, tag) {
        return plain(401, "the call is not authenticated\n");
    }
    let answer = match wallet.operate(&body) {
        Ok(answer) => answer,
        Err(error) => {
            tracing::warn!(%error, "wallet call refused");
            return plain(400, "the body is no message of this protocol\n");
        }
    };
    drop(busy);
    let mac = wallet.key.tag(&answer_context(tag), &answer);
    let headers = [(header::CONTENT_TYPE.as_str(), "application/json"), (MAC_HEADER, &mac)];
    (headers, answer).into_response()
}

/// Whether the payer has nothing more to do with a trade.
const fn is_paid(trade: &Trade) -> bool {
    matches!(trade.state, TradeState::Paid)
}
