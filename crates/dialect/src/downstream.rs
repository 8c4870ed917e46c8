//! Orders and outcomes as the acquirer's payment system is told of them, and what it says.

use domain::ids::{MerchantId, OrderNumber, QueryId};
use domain::order::{DownstreamResult, Order};
use domain::reversal::ReversalKind;
use domain::{Outcome, ids};
use jiff::Timestamp;
use wire::card_number::holds_card_number;
use wire::downstream::{Inquire, Notice, Pay, PlaceOrder, Reverse, Status, TransactionResult};
use wire::ucsp::rows;
use wire::{Field, check_text};

/// Longest `origRespMsg`, in characters (ANS 1-100).
const MESSAGE_CHARS_MAX: usize = 100;
/// Longest number of the downstream system that is kept, in characters.
const REFERENCE_CHARS_MAX: usize = 64;

/// What an answer of the downstream system says of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// This became of it.
    Outcome(Outcome),
    /// It knows no such transaction; whether that is proof depends on the time.
    NotFound(DownstreamResult),
}

/// An answer that says nothing of the transaction that was asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Garbled {
    /// It speaks of another transaction.
    #[error("the answer is about another transaction")]
    OtherTransaction,
    /// `respCode` is not two letters or digits, or does not fit the status.
    #[error("respCode of the answer is not a code that fits its status")]
    Code,
    /// A notice cannot say that a transaction is unknown.
    #[error("a notice about a transaction that is not known")]
    UnknownNoticed,
}

/// The order as it is placed.
#[must_use]
pub fn place_order(order: &Order) -> PlaceOrder {
    let terms = &order.terms;
    PlaceOrder {
        tn: terms.number.to_string(),
        query_id: terms.query_id.to_string(),
        mer_id: terms.merchant.to_string(),
        acq_iin: terms.acquirer.to_string(),
        txn_amt: terms.amount.minor().to_string(),
        currency_code: terms.amount.currency().numeric().to_owned(),
        expires_at: millis(terms.expires_at),
        scenario: terms.scenario.map(scenario),
    }
}

/// The attempt to pay the order; `None` when no attempt was made. `card_payload` is a JWE for the
/// downstream application.
#[must_use]
pub fn pay(order: &Order, card_payload: Option<String>) -> Option<Pay> {
    let (terms, attempt) = (&order.terms, order.attempt()?);
    Some(Pay {
        tn: terms.number.to_string(),
        query_id: terms.query_id.to_string(),
        mer_id: terms.merchant.to_string(),
        acq_iin: terms.acquirer.to_string(),
        txn_amt: terms.amount.minor().to_string(),
        currency_code: terms.amount.currency().numeric().to_owned(),
        card_id: attempt.card.as_ref().map(|card| card.id.to_string()),
        masked_pan: attempt.card.as_ref().map(|card| card.masked_pan.clone()),
        enc_data: card_payload,
        valid_until: millis(attempt.valid_until),
        scenario: order.scenario().map(scenario),
    })
}

/// The attempt to give money back; `None` when the order has no such reversal.
#[must_use]
pub fn reverse(order: &Order, reversal: &QueryId) -> Option<Reverse> {
    let (terms, reversal) = (&order.terms, &order.reversal(reversal)?.terms);
    Some(Reverse {
        tn: terms.number.to_string(),
        query_id: reversal.query_id.to_string(),
        orig_query_id: terms.query_id.to_string(),
        txn_type: txn_type(reversal.kind).to_owned(),
        txn_amt: reversal.amount.minor().to_string(),
        currency_code: reversal.amount.currency().numeric().to_owned(),
        mer_id: terms.merchant.to_string(),
        acq_iin: terms.acquirer.to_string(),
        valid_until: millis(reversal.valid_until),
        scenario: reversal.scenario.map(scenario),
    })
}

/// The question what became of the payment (`None`) or of a reversal.
#[must_use]
pub fn inquire(order: &Order, reversal: Option<&QueryId>) -> Inquire {
    let terms = &order.terms;
    Inquire {
        query_id: reversal.unwrap_or(&terms.query_id).to_string(),
        tn: terms.number.to_string(),
        mer_id: terms.merchant.to_string(),
    }
}

/// Reads an answer about the transaction `asked`.
///
/// # Errors
/// [`Garbled`] when it says nothing that may be relied on.
pub fn said(asked: &str, answer: &TransactionResult) -> Result<Said, Garbled> {
    if answer.query_id != asked {
        return Err(Garbled::OtherTransaction);
    }
    if check_text(&rows::ORIG_RESP_CODE, &answer.resp_code).is_err() {
        return Err(Garbled::Code);
    }
    let approved = answer.resp_code == wire::downstream::CODE_APPROVED;
    let result = result(answer);
    match answer.status {
        // The code of what is only taken on is of no interest.
        Status::Accepted => Ok(Said::Outcome(Outcome::Accepted)),
        Status::Success if approved => Ok(Said::Outcome(Outcome::Succeeded(result))),
        Status::Fail if !approved => Ok(Said::Outcome(Outcome::Refused(result))),
        Status::Success | Status::Fail => Err(Garbled::Code),
        Status::NotFound => Ok(Said::NotFound(result)),
    }
}

/// What a notice tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The order.
    pub order: OrderNumber,
    /// Its merchant.
    pub merchant: MerchantId,
    /// The payment or reversal.
    pub transaction: QueryId,
    /// What became of it.
    pub outcome: Outcome,
}

/// Reads a notice.
///
/// # Errors
/// [`Garbled`] when it says nothing that may be relied on.
pub fn told(notice: &Notice) -> Result<Told, Garbled> {
    match said(&notice.result.query_id, &notice.result)? {
        Said::Outcome(outcome) => Ok(Told {
            order: OrderNumber::new(&notice.tn),
            merchant: MerchantId::new(&notice.mer_id),
            transaction: ids::QueryId::new(&notice.result.query_id),
            outcome,
        }),
        Said::NotFound(_) => Err(Garbled::UnknownNoticed),
    }
}

/// The `txnType` of a reversal (ucsp.md section 4).
#[must_use]
pub const fn txn_type(kind: ReversalKind) -> &'static str {
    match kind {
        ReversalKind::Cancellation => "31",
        ReversalKind::Refund => "04",
    }
}

/// What may be kept and told on: members that do not have the published form are dropped. A number
/// that the system behind gives out is kept whatever digits it has, as a partner's own is.
fn result(answer: &TransactionResult) -> DownstreamResult {
    let kept = |value: &Option<String>, row: &Field| {
        value.clone().filter(|text| !text.is_empty() && check_text(row, text).is_ok())
    };
    let reference = answer.reference.clone().filter(|text| {
        !text.is_empty()
            && text.len() <= REFERENCE_CHARS_MAX
            && text.bytes().all(|byte| byte.is_ascii_graphic())
    });
    DownstreamResult {
        code: answer.resp_code.clone(),
        message: message(&answer.resp_code, &answer.resp_msg),
        reference,
        settle_amount: kept(&answer.settle_amt, &rows::SETTLE_AMT),
        settle_currency: kept(&answer.settle_currency_code, &rows::SETTLE_CURRENCY_CODE),
        settle_date: kept(&answer.settle_date, &rows::SETTLE_DATE),
        trace_no: kept(&answer.trace_no, &rows::TRACE_NO),
        trace_time: kept(&answer.trace_time, &rows::TRACE_TIME),
        wallet: None,
    }
}

/// A text of 1 to 100 printable characters.
fn message(code: &str, text: &str) -> String {
    let printable = |letter: char| if wire::Class::Ans.admits(letter) { letter } else { ' ' };
    let text: String = text.chars().map(printable).take(MESSAGE_CHARS_MAX).collect();
    // What names a card is dropped: it would be kept, and told on (security section 7).
    match Some(text.trim()).filter(|text| !holds_card_number(text)).unwrap_or_default() {
        "" if code == wire::downstream::CODE_APPROVED => "Approved".to_owned(),
        "" => format!("Refused with {code}"),
        text => text.to_owned(),
    }
}

fn millis(at: Timestamp) -> String {
    at.as_millisecond().to_string()
}

fn scenario(number: u8) -> String {
    format!("{number:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: Status, code: &str) -> TransactionResult {
        TransactionResult {
            query_id: "q1".to_owned(),
            status,
            resp_code: code.to_owned(),
            resp_msg: "words".to_owned(),
            ..TransactionResult::default()
        }
    }

    #[test]
    fn only_a_code_that_fits_its_status_is_believed() {
        let read = |status, code| said("q1", &answer(status, code));
        assert_eq!(read(Status::Accepted, "00"), Ok(Said::Outcome(Outcome::Accepted)));
        assert!(matches!(read(Status::Success, "00"), Ok(Said::Outcome(Outcome::Succeeded(_)))));
        assert!(matches!(read(Status::Fail, "51"), Ok(Said::Outcome(Outcome::Refused(_)))));
        assert!(matches!(read(Status::NotFound, "34"), Ok(Said::NotFound(_))));
        assert_eq!(read(Status::Success, "51"), Err(Garbled::Code));
        assert_eq!(read(Status::Fail, "00"), Err(Garbled::Code));
        assert_eq!(read(Status::Fail, "5\u{a0}1"), Err(Garbled::Code));
        assert_eq!(said("q2", &answer(Status::Success, "00")), Err(Garbled::OtherTransaction));
    }

    #[test]
    fn what_is_kept_has_the_published_form() {
        let mut odd = answer(Status::Fail, "51");
        odd.resp_msg = format!("line\nbreak {}", "x".repeat(200));
        odd.settle_amt = Some("12.50".to_owned());
        odd.trace_no = Some("000017".to_owned());
        odd.reference = Some("with blank".to_owned());
        let mut card = answer(Status::Fail, "51");
        card.resp_msg = "Card 4111111111111111 is stolen".to_owned();
        let reference = Some("4111111111111111".to_owned());
        card.reference.clone_from(&reference);
        let kept = super::result(&card);
        assert_eq!((kept.message.as_str(), kept.reference), ("Refused with 51", reference));
        let Ok(Said::Outcome(Outcome::Refused(result))) = said("q1", &odd) else {
            panic!("a refusal");
        };
        assert!(result.message.starts_with("line break"));
        assert_eq!(result.message.chars().count(), MESSAGE_CHARS_MAX);
        assert_eq!(result.settle_amount, None);
        assert_eq!(result.trace_no.as_deref(), Some("000017"));
        assert_eq!(result.reference, None);
    }

    #[test]
    fn an_unknown_transaction_is_nothing_to_notify() {
        let result = answer(Status::NotFound, "34");
        let notice = Notice { tn: "t".to_owned(), mer_id: "m".to_owned(), result };
        assert_eq!(told(&notice), Err(Garbled::UnknownNoticed));
    }
}
