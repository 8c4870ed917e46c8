//! Sales: paid, polled, and cancelled when they stay unclear (`upay.md` 9.5 and 9.6).

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::requests::object;
use super::{
    CancelEnd, Ending, Intent, IntentKind, OrderBy, PayEnd, Precreate, Presenting, RefundEnd,
    Reply, Sale, Shown, Terminal, TerminalError,
};
use crate::error::Certainty;
use crate::limits::{
    PAY_POLL_EVERY_SECONDS, PAY_POLL_SECONDS, SHOWN_POLL_EVERY_SECONDS, SHOWN_POLL_FIRST_SECONDS,
    SHOWN_POLL_OFTEN_SECONDS, SHOWN_POLL_SECONDS,
};

/// How often an order is asked about, and for how long.
#[derive(Clone, Copy)]
struct Polling {
    /// The pace at first, and until when.
    often: Duration,
    often_until: SignedDuration,
    /// The pace then, and the end of it all.
    every: Duration,
    until: SignedDuration,
}

/// After a barcode payment: every 4 s up to 50 s.
const PAY: Polling = Polling {
    often: Duration::from_secs(PAY_POLL_EVERY_SECONDS),
    often_until: SignedDuration::ZERO,
    every: Duration::from_secs(PAY_POLL_EVERY_SECONDS),
    until: SignedDuration::from_secs(PAY_POLL_SECONDS),
};

/// While a payer scans: every 2 s for 30 s, then every 5 s, 240 s in all.
const SHOWN: Polling = Polling {
    often: Duration::from_secs(SHOWN_POLL_OFTEN_SECONDS),
    often_until: SignedDuration::from_secs(SHOWN_POLL_FIRST_SECONDS),
    every: Duration::from_secs(SHOWN_POLL_EVERY_SECONDS),
    until: SignedDuration::from_secs(SHOWN_POLL_SECONDS),
};

/// Answers in a row that must say "there is no such order" before it is believed: a request that
/// was lost on its way may still arrive.
const MISSING_ANSWERS: u32 = 2;

impl Terminal {
    /// Takes a barcode payment to its end: at once, or after queries for up to 50 s, or by a
    /// cancellation. The end is kept until [`Self::settle`].
    ///
    /// # Errors
    /// Only before anything was sent, or when the end cannot be written down: then the sale is
    /// among [`Self::pending`].
    pub async fn pay(&self, sale: &Sale, barcode: &str) -> Result<PayEnd, TerminalError> {
        let intent = self.begin(sale, IntentKind::Pay)?;
        let mut body = sale.body();
        body.insert("dynamic_id".to_owned(), Value::from(barcode));
        let end = match self.call("/upay/v2/pay", body).await {
            Ok(reply) => match reply.result_code.as_str() {
                "PAY_SUCCESS" => Some(PayEnd::Paid(reply.data.unwrap_or_default())),
                "PAY_FAIL" | "FAIL" => Some(PayEnd::failed(reply)),
                "PAY_FAIL_ERROR" => Some(PayEnd::alarm(reply)),
                _ => None,
            },
            Err(error) => nothing_done(&error),
        };
        let end = match end {
            Some(end) => end,
            None => self.follow(&sale.client_sn, self.clock().now(), PAY).await,
        };
        self.ended(&intent, end)
    }

    /// Makes an order that the payer scans. Show it, then [`Self::watch`] it.
    ///
    /// # Errors
    /// As [`Self::pay`].
    pub async fn precreate(
        &self,
        sale: &Sale,
        how: &Precreate,
    ) -> Result<Presenting, TerminalError> {
        let intent = self.begin(sale, IntentKind::Precreate)?;
        let mut body = sale.body();
        body.extend(object(&[
            ("sub_payway", how.sub_payway.as_deref()),
            ("payer_uid", how.payer_uid.as_deref()),
        ]));
        let end = match self.call("/upay/v2/precreate", body).await {
            Ok(reply) => match reply.result_code.as_str() {
                "PRECREATE_SUCCESS" => {
                    let trade = reply.data.unwrap_or_default();
                    let qr_code = trade.qr_code.clone().unwrap_or_default();
                    return Ok(Presenting::Shown(Shown { qr_code, trade }));
                }
                "PRECREATE_FAIL" | "FAIL" => Some(PayEnd::failed(reply)),
                "PRECREATE_FAIL_ERROR" => Some(PayEnd::alarm(reply)),
                _ => None,
            },
            Err(error) => nothing_done(&error),
        };
        // Nobody saw the code, so nobody can pay: what may be there is cancelled.
        let end = match end {
            Some(end) => end,
            None => self.give_up(&sale.client_sn).await,
        };
        self.ended(&intent, end).map(Presenting::Ended)
    }

    /// Waits until an order that is shown was paid, or its time is over and it was cancelled.
    ///
    /// # Errors
    /// When the end cannot be written down.
    pub async fn watch(&self, client_sn: &str) -> Result<PayEnd, TerminalError> {
        let like = self.intent(client_sn, 0, IntentKind::Precreate);
        let intent = self.intents().find(&like)?.unwrap_or(like);
        let end = self.follow(client_sn, intent.begun_at, SHOWN).await;
        self.ended(&intent, end)
    }

    /// Brings what a crash left open to its end. A payment is never sent again.
    ///
    /// # Errors
    /// When the end cannot be written down.
    pub async fn resume(&self, intent: &Intent) -> Result<Ending, TerminalError> {
        let still_open = matches!(intent.end, Some(Ending::Refund(RefundEnd::Open { .. })));
        if let Some(end) = intent.end.as_ref().filter(|_| !still_open) {
            return Ok(end.clone());
        }
        let polling = match &intent.kind {
            IntentKind::Refund { .. } => {
                return self.refund_again(intent).await.map(Ending::Refund);
            }
            IntentKind::Pay => PAY,
            IntentKind::Precreate => SHOWN,
        };
        let end = self.follow(&intent.client_sn, intent.begun_at, polling).await;
        self.ended(intent, end).map(Ending::Sale)
    }

    fn begin(&self, sale: &Sale, kind: IntentKind) -> Result<Intent, TerminalError> {
        if sale.total_amount == 0 || sale.client_sn.is_empty() {
            return Err(TerminalError::Prepare { reason: "a sale has a number and an amount" });
        }
        let intent = self.intent(&sale.client_sn, sale.total_amount, kind);
        self.intents().begin(&intent)?;
        Ok(intent)
    }

    pub(crate) fn intent(&self, client_sn: &str, amount: u64, kind: IntentKind) -> Intent {
        let begun_at = self.clock().now();
        Intent { client_sn: client_sn.to_owned(), kind, amount, begun_at, end: None }
    }

    fn ended(&self, intent: &Intent, end: PayEnd) -> Result<PayEnd, TerminalError> {
        self.intents().end(intent, Ending::Sale(end.clone()))?;
        Ok(end)
    }

    /// Asks until there is an end or the time is over; then the order is given up.
    async fn follow(&self, client_sn: &str, begun_at: Timestamp, polling: Polling) -> PayEnd {
        let order = OrderBy::ClientSn(client_sn.to_owned());
        let mut missing = 0;
        loop {
            let age = self.clock().now().duration_since(begun_at);
            let pause = if age < polling.often_until { polling.often } else { polling.every };
            self.clock().wait(pause).await;
            if let Ok(reply) = self.query(&order).await {
                missing = if reply.is_missing() { missing + 1 } else { 0 };
                if missing == MISSING_ANSWERS {
                    return PayEnd::failed(reply);
                }
                if let Some(end) = judged(reply) {
                    return end;
                }
            }
            if self.clock().now().duration_since(begun_at) >= polling.until {
                return self.give_up(client_sn).await;
            }
        }
    }

    /// Cancels what stayed unclear. Anything but a good answer is an alarm, unless the order
    /// itself is seen cancelled.
    async fn give_up(&self, client_sn: &str) -> PayEnd {
        let order = OrderBy::ClientSn(client_sn.to_owned());
        match self.cancel(&order).await {
            Ok(CancelEnd::Done(trade)) => PayEnd::Reversed(trade),
            Ok(CancelEnd::Refused { code, trade, .. }) => self.seen(&order, code, trade).await,
            Ok(CancelEnd::Alarm { reason, trade }) => self.seen(&order, reason, trade).await,
            Err(error) => self.seen(&order, error.to_string(), None).await,
        }
    }

    /// The last look before an alarm.
    async fn seen(
        &self,
        order: &OrderBy,
        reason: String,
        trade: Option<Box<super::Trade>>,
    ) -> PayEnd {
        match self.query(order).await {
            Ok(reply) if matches!(reply.order_status(), "CANCELED" | "PAY_CANCELED") => {
                PayEnd::Reversed(reply.data)
            }
            Ok(reply) => PayEnd::Alarm { reason, trade: reply.data.or(trade) },
            Err(_) => PayEnd::Alarm { reason, trade },
        }
    }
}

/// The end of a sale of which for certain nothing was done.
fn nothing_done(error: &TerminalError) -> Option<PayEnd> {
    (error.certainty() == Certainty::NothingDone).then(|| PayEnd::Failed {
        code: error.code().unwrap_or("NOT_SENT").to_owned(),
        message: error.to_string(),
        trade: None,
    })
}

/// The end that an order's state means; none while it is open (10.3).
fn judged(reply: Reply) -> Option<PayEnd> {
    match reply.order_status() {
        "PAID" | "REFUNDED" | "PARTIAL_REFUNDED" | "REFUND_ERROR" => {
            Some(PayEnd::Paid(reply.data.unwrap_or_default()))
        }
        "PAY_CANCELED" => Some(PayEnd::failed(reply)),
        "CANCELED" => Some(PayEnd::Reversed(reply.data)),
        "PAY_ERROR" | "CANCEL_ERROR" => Some(PayEnd::alarm(reply)),
        _ => None,
    }
}
