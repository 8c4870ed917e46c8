//! Refunds and cancellations: repeated with the same number until they are answered.

use std::time::Duration;

use super::requests::object;
use super::{
    CancelEnd, Ending, Intent, IntentKind, OrderBy, Refund, RefundEnd, Reply, Terminal,
    TerminalError,
};
use crate::error::Certainty;
use crate::limits::{TILL_TRIES_MAX, TILL_TRY_SECONDS};

impl Terminal {
    /// Gives back a part or all. Sending the same refund again moves no money twice, so a lost
    /// answer is asked for again.
    ///
    /// # Errors
    /// Only before anything was sent, or when the end cannot be written down.
    pub async fn refund(&self, refund: &Refund) -> Result<RefundEnd, TerminalError> {
        if refund.refund_amount == 0 || refund.refund_request_no.is_empty() {
            return Err(TerminalError::Prepare { reason: "a refund has a number and an amount" });
        }
        let (client_sn, sn) = match &refund.order {
            OrderBy::ClientSn(client_sn) => (client_sn.as_str(), None),
            OrderBy::Sn(sn) => ("", Some(sn.clone())),
        };
        let kind = IntentKind::Refund {
            sn,
            refund_request_no: refund.refund_request_no.clone(),
            operator: refund.operator.clone(),
        };
        let fresh = self.intent(client_sn, refund.refund_amount, kind);
        let intent = match self.intents().find(&fresh)? {
            // The same number means the same money: with another amount it is a mistake.
            Some(before) if before.amount != fresh.amount => {
                let reason = "this refund number was used with another amount";
                return Err(TerminalError::Prepare { reason });
            }
            Some(before) => before,
            None => {
                self.intents().begin(&fresh)?;
                fresh
            }
        };
        self.refund_again(&intent).await
    }

    /// Sends a refund, or sends it again.
    pub(crate) async fn refund_again(&self, intent: &Intent) -> Result<RefundEnd, TerminalError> {
        let IntentKind::Refund { sn, refund_request_no, operator } = &intent.kind else {
            return Err(TerminalError::Prepare { reason: "this is no refund" });
        };
        let amount = intent.amount.to_string();
        let by_client_sn = sn.is_none().then_some(intent.client_sn.as_str());
        let members = [
            ("sn", sn.as_deref()),
            ("client_sn", by_client_sn),
            ("refund_request_no", Some(refund_request_no.as_str())),
            ("refund_amount", Some(amount.as_str())),
            ("operator", operator.as_deref()),
        ];
        let end = refunded(self.until_answered("/upay/v2/refund", &members).await);
        self.intents().end(intent, Ending::Refund(end.clone()))?;
        Ok(end)
    }

    /// Undoes an unclear payment, whether it was made or not (`upay.md` 5.5).
    ///
    /// # Errors
    /// When every try was lost, or the server refused the call as such.
    pub async fn cancel(&self, order: &OrderBy) -> Result<CancelEnd, TerminalError> {
        self.until_answered("/upay/v2/cancel", &[order.member()]).await.map(cancelled)
    }

    /// Undoes a payment of today at the cashier's wish.
    ///
    /// # Errors
    /// As [`Self::cancel`].
    pub async fn revoke(&self, order: &OrderBy) -> Result<CancelEnd, TerminalError> {
        self.until_answered("/upay/v2/revoke", &[order.member()]).await.map(cancelled)
    }

    /// A call that may be repeated, until it is answered or the tries are used up.
    async fn until_answered(
        &self,
        path: &str,
        members: &[(&str, Option<&str>)],
    ) -> Result<Reply, TerminalError> {
        let mut tries = 1;
        loop {
            let answer = self.call(path, object(members)).await;
            let retry = match &answer {
                Ok(reply) => reply.result_code.ends_with("_IN_PROGRESS"),
                Err(TerminalError::NotSent(_)) => true,
                Err(error) => error.certainty() == Certainty::Unknown,
            };
            if !retry || tries == TILL_TRIES_MAX {
                return answer;
            }
            tries += 1;
            self.clock().wait(Duration::from_secs(TILL_TRY_SECONDS)).await;
        }
    }
}

fn refunded(answer: Result<Reply, TerminalError>) -> RefundEnd {
    let reply = match answer {
        Ok(reply) => reply,
        Err(error) if error.certainty() == Certainty::NothingDone && error.code().is_some() => {
            let code = error.code().unwrap_or_default().to_owned();
            return RefundEnd::Failed { code, message: error.to_string() };
        }
        Err(error) => return RefundEnd::Open { reason: error.to_string() },
    };
    match reply.result_code.as_str() {
        "REFUND_SUCCESS" => RefundEnd::Done(reply.data),
        _ if reply.is("FAIL", "UPAY_REFUND_ORDER_NOOP") => RefundEnd::Done(reply.data),
        "FAIL" | "REFUND_FAIL" => RefundEnd::Failed {
            code: reply.error_code.unwrap_or(reply.result_code),
            message: reply.error_message.unwrap_or_default(),
        },
        "REFUND_IN_PROGRESS" => RefundEnd::Open { reason: reply.result_code },
        _ => RefundEnd::Alarm { reason: words(&reply) },
    }
}

fn cancelled(reply: Reply) -> CancelEnd {
    match reply.result_code.as_str() {
        "CANCEL_SUCCESS" | "CANCEL_ABORT_SUCCESS" => CancelEnd::Done(reply.data),
        _ if reply.is_missing() || reply.is("FAIL", "UPAY_CANCEL_ORDER_NOOP") => {
            CancelEnd::Done(reply.data)
        }
        "FAIL" => CancelEnd::Refused {
            code: reply.error_code.unwrap_or(reply.result_code),
            message: reply.error_message.unwrap_or_default(),
            trade: reply.data,
        },
        _ => CancelEnd::Alarm { reason: words(&reply), trade: reply.data },
    }
}

fn words(reply: &Reply) -> String {
    let more = [reply.error_code.as_deref(), reply.error_message.as_deref()];
    let more = more.into_iter().flatten().filter(|text| !text.is_empty());
    more.fold(reply.result_code.clone(), |all, text| format!("{all} {text}"))
}
