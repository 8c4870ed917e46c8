//! The protocol between the platform and an acquirer's downstream payment system (D).
//!
//! JSON over HTTP; every call and every answer carries UPI-JWS with the application id of the
//! downstream application, as the published messages do. All scalars are strings: amounts in
//! minor units, instants as Unix milliseconds of business time. Absent members are left out;
//! unknown ones are ignored. Every transaction is idempotent by its `queryId`.
//!
//! This is not part of the published dialect, so it is plain structs and no declared tables.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::limits::BODY_BYTES_MAX;

/// Makes orders known, many in one call.
pub const PLACE_PATH: &str = "/downstream/v1/place";
/// Attempts a payment.
pub const PAY_PATH: &str = "/downstream/v1/pay";
/// Attempts a refund or cancellation.
pub const REVERSE_PATH: &str = "/downstream/v1/reverse";
/// Asks what became of a transaction.
pub const INQUIRE_PATH: &str = "/downstream/v1/inquire";
/// Where the downstream system tells the platform a final result.
pub const NOTICE_PATH: &str = "/downstream/v1/notice";

/// Most orders of one [`Place`] call; at least one.
pub const PLACE_ORDERS_COUNT_MAX: usize = 256;

/// `respCode` of what was done or taken on.
pub const CODE_APPROVED: &str = "00";
/// `respCode` of a transaction that is not known ([`Status::NotFound`]).
pub const CODE_NOT_FOUND: &str = "34";

/// A body that is not the message it should be. Says nothing of the content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is no downstream message: {reason}")]
pub struct Unreadable {
    /// What is wrong, without any value of the body.
    pub reason: String,
}

/// Reads a body of at most [`BODY_BYTES_MAX`] bytes.
///
/// # Errors
/// [`Unreadable`] when it is larger or not of this shape.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, Unreadable> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Unreadable { reason: "it is larger than 256 KiB".to_owned() });
    }
    serde_json::from_slice(body).map_err(|error| Unreadable {
        reason: format!(
            "{:?} error at line {} column {}",
            error.classify(),
            error.line(),
            error.column()
        ),
    })
}

/// Writes a message of this protocol as JSON.
///
/// # Panics
/// Never for the structs of this module: they hold nothing that JSON cannot say.
#[must_use]
#[expect(clippy::expect_used, reason = "strings and lists of strings are always JSON")]
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).expect("a downstream message is JSON")
}

/// Request of [`PLACE_PATH`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The orders, 1 to [`PLACE_ORDERS_COUNT_MAX`].
    pub orders: Vec<PlaceOrder>,
}

/// One order that may be paid later. Placing moves no money.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceOrder {
    /// The order's number, AN 21.
    pub tn: String,
    /// Number of its payment, N 21.
    pub query_id: String,
    /// The merchant, AN 15.
    pub mer_id: String,
    /// The acquirer, AN 8-11.
    #[serde(rename = "acqIIN")]
    pub acq_iin: String,
    /// Minor units.
    pub txn_amt: String,
    /// ISO 4217 numeric.
    pub currency_code: String,
    /// Unix milliseconds from which on it can no longer be paid.
    pub expires_at: String,
    /// Sandbox only: two digits of the table of outcomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
}

/// Answer of [`PLACE_PATH`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceAnswer {
    /// One result for each order, in any order.
    pub results: Vec<PlaceResult>,
}

/// What became of one placed order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlaceResult {
    /// The order's number.
    pub tn: String,
    /// [`CODE_APPROVED`] when it is placed.
    pub resp_code: String,
    /// What the code means.
    pub resp_msg: String,
}

/// Request of [`PAY_PATH`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pay {
    /// The order's number.
    pub tn: String,
    /// Number of the payment: the key of idempotency.
    pub query_id: String,
    /// The merchant.
    pub mer_id: String,
    /// The acquirer.
    #[serde(rename = "acqIIN")]
    pub acq_iin: String,
    /// Minor units.
    pub txn_amt: String,
    /// ISO 4217 numeric.
    pub currency_code: String,
    /// The channel's identifier of the chosen card.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_id: Option<String>,
    /// `6233********0060`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked_pan: Option<String>,
    /// JWE of the card's payload for the downstream application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enc_data: Option<String>,
    /// Unix milliseconds after which the attempt must not be taken on any more.
    pub valid_until: String,
    /// Sandbox only: two digits of the table of outcomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
}

/// Request of [`REVERSE_PATH`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reverse {
    /// The order's number.
    pub tn: String,
    /// Number of the reversal: the key of idempotency.
    pub query_id: String,
    /// Number of the payment that is reversed.
    pub orig_query_id: String,
    /// `31` cancellation, `04` refund.
    pub txn_type: String,
    /// Minor units to give back.
    pub txn_amt: String,
    /// ISO 4217 numeric.
    pub currency_code: String,
    /// The merchant.
    pub mer_id: String,
    /// The acquirer.
    #[serde(rename = "acqIIN")]
    pub acq_iin: String,
    /// Unix milliseconds after which the attempt must not be taken on any more.
    pub valid_until: String,
    /// Sandbox only: two digits of the table of outcomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
}

/// Request of [`INQUIRE_PATH`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inquire {
    /// Number of the payment or reversal.
    pub query_id: String,
    /// The order's number.
    pub tn: String,
    /// The merchant.
    pub mer_id: String,
}

/// Where a transaction stands downstream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Taken on; the final result comes by notice or inquiry.
    #[default]
    Accepted,
    /// Done.
    Success,
    /// Refused; no money moved.
    Fail,
    /// No transaction of this number was ever taken on.
    NotFound,
}

/// Answer of [`PAY_PATH`], [`REVERSE_PATH`] and [`INQUIRE_PATH`], and the body of a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionResult {
    /// Number of the payment or reversal.
    pub query_id: String,
    /// Where it stands.
    pub status: Status,
    /// Two characters; [`CODE_APPROVED`] when done or taken on.
    pub resp_code: String,
    /// What the code means.
    pub resp_msg: String,
    /// The downstream system's own number of the transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Minor units.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle_amt: Option<String>,
    /// ISO 4217 numeric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle_currency_code: Option<String>,
    /// MMDD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settle_date: Option<String>,
    /// Six digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_no: Option<String>,
    /// MMDDhhmmss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_time: Option<String>,
}

/// Request of [`NOTICE_PATH`], from the downstream system to the platform.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// The order's number.
    pub tn: String,
    /// The merchant.
    pub mer_id: String,
    /// What became of the transaction.
    #[serde(flatten)]
    pub result: TransactionResult,
}

/// Answer of [`NOTICE_PATH`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoticeAnswer {
    /// [`CODE_APPROVED`] when the platform has it; anything else asks for a repeat.
    pub resp_code: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_flat_and_spelled_as_agreed() {
        let notice = Notice {
            tn: "8".to_owned(),
            mer_id: "m".to_owned(),
            result: TransactionResult {
                query_id: "q".to_owned(),
                status: Status::NotFound,
                resp_code: CODE_NOT_FOUND.to_owned(),
                resp_msg: "unknown".to_owned(),
                trace_no: Some("000001".to_owned()),
                ..TransactionResult::default()
            },
        };
        let text = String::from_utf8(encode(&notice)).expect("UTF-8");
        assert_eq!(
            text,
            concat!(
                r#"{"tn":"8","merId":"m","queryId":"q","status":"NOT_FOUND","respCode":"34","#,
                r#""respMsg":"unknown","traceNo":"000001"}"#
            )
        );
        assert_eq!(decode::<Notice>(text.as_bytes()), Ok(notice));
    }

    #[test]
    fn what_cannot_be_read_is_told_without_its_content() {
        let error = decode::<Pay>(br#"{"tn":{"secret":"6233"}}"#).expect_err("no pay request");
        assert!(!error.to_string().contains("6233"), "{error}");
        assert!(decode::<Inquire>(&vec![b' '; BODY_BYTES_MAX + 1]).is_err());
        let unknown = br#"{"queryId":"1","tn":"2","merId":"3","later":{"a":["b"]}}"#;
        assert_eq!(decode::<Inquire>(unknown).map(|inquire| inquire.tn), Ok("2".to_owned()));
    }
}
