//! The protocol between the platform and a wallet provider that has none of its own: the
//! simulated wallets of the sandbox speak it.
//!
//! JSON over HTTP. One request carries many operations, each independent of the others; the
//! answers come as an array of the same length and order, with `null` for an operation that got
//! none: its caller must take the outcome for unknown. Amounts are minor units, instants Unix
//! milliseconds of business time; absent members are left out, unknown ones ignored. A payment is
//! idempotent by its `sn`, a refund by its `refund_no`.
//!
//! Every body is authenticated by [`MAC_HEADER`]: lower-case hex of HMAC-SHA256 under the shared
//! secret, over lines of context and the body's raw bytes ([`request_context`],
//! [`answer_context`]). An answer's context holds the request's own authentication, so that no
//! answer fits another request.
//!
//! This is no published dialect, so it is plain structs and no declared tables.

use std::borrow::Cow;

use serde::de::Deserialize as Readable;
use serde::{Deserialize, Serialize};

use crate::limits::{BODY_BYTES_MAX, WALLET_OPERATIONS_COUNT_MAX};

/// Operations on payments, many in one call; below the wallet's base address.
pub const OPERATIONS_PATH: &str = "/wallet/v1/operations";
/// Where a wallet tells the platform a final result.
pub const NOTICE_PATH: &str = "/wallet/v1/notice";
/// Header that authenticates a body.
pub const MAC_HEADER: &str = "wallet-mac";

/// `code` of a refusal: the trade was closed before it was paid.
pub const CODE_CLOSED: &str = "TRADE_TIMEOUT";
/// `code` of a refusal: there is no such trade.
pub const CODE_NOT_EXIST: &str = "TRADE_NOT_EXIST";

/// What stands before the body of a request or notice when it is authenticated.
#[must_use]
pub fn request_context(path: &str) -> String {
    format!("request\n{path}\n")
}

/// What stands before the body of an answer when it is authenticated; `request_mac` is what the
/// request carried in [`MAC_HEADER`].
#[must_use]
pub fn answer_context(request_mac: &str) -> String {
    format!("answer\n{request_mac}\n")
}

/// A body that is not the message it should be. Says nothing of the content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is larger than [`BODY_BYTES_MAX`].
    #[error("the body is larger than 256 KiB")]
    Large,
    /// It is not of this shape.
    #[error("the body is no wallet message: {class} error at line {line} column {column}")]
    Shape {
        /// Syntax, data or end of file.
        class: &'static str,
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// A call carries 1 to [`WALLET_OPERATIONS_COUNT_MAX`] operations.
    #[error("a call carries {WALLET_OPERATIONS_COUNT_MAX} operations at most, and one at least")]
    Count,
}

/// Reads a body of at most [`BODY_BYTES_MAX`] bytes; texts are borrowed from it.
///
/// # Errors
/// [`Unreadable`] when it is larger or not of this shape.
pub fn decode<'a, T: Readable<'a>>(body: &'a [u8]) -> Result<T, Unreadable> {
    if body.len() > BODY_BYTES_MAX {
        return Err(Unreadable::Large);
    }
    serde_json::from_slice(body).map_err(|error| Unreadable::Shape {
        class: match error.classify() {
            serde_json::error::Category::Io => "reading",
            serde_json::error::Category::Syntax => "syntax",
            serde_json::error::Category::Data => "data",
            serde_json::error::Category::Eof => "end of file",
        },
        line: error.line(),
        column: error.column(),
    })
}

/// Reads the operations of one call.
///
/// # Errors
/// [`Unreadable`], also when there are none or too many.
pub fn decode_operations(body: &[u8]) -> Result<Vec<Operation<'_>>, Unreadable> {
    let operations: Vec<Operation<'_>> = decode(body)?;
    if operations.is_empty() || operations.len() > WALLET_OPERATIONS_COUNT_MAX {
        return Err(Unreadable::Count);
    }
    Ok(operations)
}

/// Writes a message of this protocol as JSON.
///
/// # Panics
/// Never for the structs of this module: they hold nothing that JSON cannot say.
#[must_use]
#[expect(clippy::expect_used, reason = "texts, numbers and lists of them are always JSON")]
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    serde_json::to_vec(message).expect("a wallet message is JSON")
}

/// One operation of a call to [`OPERATIONS_PATH`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation<'a> {
    /// Takes the money of the payer whose barcode was read.
    Charge(#[serde(borrow)] Charge<'a>),
    /// Makes an order payable by whoever scans or opens it.
    Present(#[serde(borrow)] Present<'a>),
    /// Ends an attempt for certain: what is unpaid is closed, what was paid is given back, and a
    /// number that is not known yet can never be charged.
    Abort(#[serde(borrow)] Abort<'a>),
    /// Gives money of a paid order back.
    Refund(#[serde(borrow)] Refund<'a>),
    /// Asks what became of a payment or refund.
    Inquire(#[serde(borrow)] Inquire<'a>),
}

/// A payment by the payer's barcode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge<'a> {
    /// The platform's number of the order: the key of idempotency.
    #[serde(borrow)]
    pub sn: Cow<'a, str>,
    /// The wallet (`upay.md` 10.5).
    pub payway: u16,
    /// Minor units, above zero.
    pub amount: u64,
    /// ISO 4217 numeric.
    #[serde(borrow)]
    pub currency: Cow<'a, str>,
    /// `dynamic_id`.
    #[serde(borrow)]
    pub barcode: Cow<'a, str>,
    /// Unix milliseconds after which it must not be taken on any more.
    pub valid_until: i64,
}

/// A payment that the payer comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present<'a> {
    /// The platform's number of the order: the key of idempotency.
    #[serde(borrow)]
    pub sn: Cow<'a, str>,
    /// The wallet (`upay.md` 10.5).
    pub payway: u16,
    /// `2` QR code, `3` WAP, `4` mini program (`upay.md` 10.6).
    pub sub_payway: u8,
    /// Minor units, above zero.
    pub amount: u64,
    /// ISO 4217 numeric.
    #[serde(borrow)]
    pub currency: Cow<'a, str>,
    /// Who is paid, as the payer shall read it.
    #[serde(borrow)]
    pub merchant: Cow<'a, str>,
    /// What is paid for.
    #[serde(borrow)]
    pub subject: Cow<'a, str>,
    /// Unix milliseconds from which on it can no longer be paid.
    pub valid_until: i64,
    /// Where the payer's browser goes afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<Cow<'a, str>>,
}

/// The end of an attempt.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abort<'a> {
    /// The platform's number of the order.
    #[serde(borrow)]
    pub sn: Cow<'a, str>,
    /// The wallet.
    pub payway: u16,
}

/// Money that goes back to the payer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund<'a> {
    /// The platform's number of the paid order.
    #[serde(borrow)]
    pub sn: Cow<'a, str>,
    /// The platform's number of the refund: the key of idempotency.
    #[serde(borrow)]
    pub refund_no: Cow<'a, str>,
    /// The wallet.
    pub payway: u16,
    /// Minor units to give back, above zero.
    pub amount: u64,
    /// Unix milliseconds after which it must not be taken on any more.
    pub valid_until: i64,
}

/// The question what became of something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquire<'a> {
    /// The platform's number of the order.
    #[serde(borrow)]
    pub sn: Cow<'a, str>,
    /// The number of the refund that is asked about; absent: the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_no: Option<Cow<'a, str>>,
    /// The wallet.
    pub payway: u16,
}

/// Where a payment or refund stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Taken on: the payer has to do something, or the wallet has.
    Pending,
    /// Done. Of an abort: the attempt is over and no money stays taken.
    Success,
    /// Refused; no money moved, or all of it was given back.
    Fail,
    /// Nothing of this number was ever taken on.
    NotFound,
    /// The wallet cannot say: the outcome is unknown.
    #[default]
    Error,
}

/// The answer to one operation, and the body of a notice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer<'a> {
    /// Which order it speaks of.
    #[serde(borrow)]
    pub sn: Cow<'a, str>,
    /// Which refund it speaks of; absent: the payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refund_no: Option<Cow<'a, str>>,
    /// Where that stands.
    pub status: Status,
    /// Why it was refused, in the words of `upay.md` 10.8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Cow<'a, str>>,
    /// The same for a human.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Cow<'a, str>>,
    /// The wallet's own number of the payment or refund.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trade_no: Option<Cow<'a, str>>,
    /// The payer as the wallet knows them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_uid: Option<Cow<'a, str>>,
    /// The payer's account, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer_login: Option<Cow<'a, str>>,
    /// When it was done, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<i64>,
    /// What it was paid with; the amounts add up to what was paid.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<Part<'a>>,
    /// Of [`Operation::Present`]: the text of the QR code, an address that any browser opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qr_code: Option<Cow<'a, str>>,
    /// Of [`Operation::Present`] by WAP or mini program: JSON text for the wallet's own page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wap_pay_request: Option<Cow<'a, str>>,
}

impl Answer<'_> {
    /// The same with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Answer<'static> {
        let own = |text: Option<Cow<'_, str>>| text.map(|text| Cow::Owned(text.into_owned()));
        let part =
            |part: Part<'_>| Part { kind: Cow::Owned(part.kind.into_owned()), amount: part.amount };
        Answer {
            sn: Cow::Owned(self.sn.into_owned()),
            refund_no: own(self.refund_no),
            status: self.status,
            code: own(self.code),
            message: own(self.message),
            trade_no: own(self.trade_no),
            payer_uid: own(self.payer_uid),
            payer_login: own(self.payer_login),
            finished_at: self.finished_at,
            payments: self.payments.into_iter().map(part).collect(),
            qr_code: own(self.qr_code),
            wap_pay_request: own(self.wap_pay_request),
        }
    }
}

/// A part of what was paid.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part<'a> {
    /// `type` of `payment_list` (`upay.md` 10.7).
    #[serde(borrow, rename = "type")]
    pub kind: Cow<'a, str>,
    /// Minor units.
    pub amount: u64,
}

/// Answer of [`NOTICE_PATH`], with HTTP status 200; anything else asks for a repeat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeAnswer {
    /// Whether the platform has it.
    pub taken: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge() -> Operation<'static> {
        Operation::Charge(Charge {
            sn: "7890000000000017".into(),
            payway: 3,
            amount: 1250,
            currency: "156".into(),
            barcode: "130000000000000017".into(),
            valid_until: 1_767_580_245_000,
        })
    }

    #[test]
    fn operations_are_spelled_as_agreed_and_read_back() {
        let operations = vec![
            charge(),
            Operation::Inquire(Inquire { sn: "1".into(), refund_no: None, payway: 1 }),
        ];
        let text = String::from_utf8(encode(&operations)).expect("UTF-8");
        assert_eq!(
            text,
            concat!(
                r#"[{"charge":{"sn":"7890000000000017","payway":3,"amount":1250,"#,
                r#""currency":"156","barcode":"130000000000000017","#,
                r#""valid_until":1767580245000}},{"inquire":{"sn":"1","payway":1}}]"#
            )
        );
        assert_eq!(decode_operations(text.as_bytes()), Ok(operations));
    }

    #[test]
    fn what_needs_no_escape_is_borrowed() {
        let body = encode(&[charge()]);
        let operations = decode_operations(&body).expect("one operation");
        let [Operation::Charge(charge)] = operations.as_slice() else { panic!("a charge") };
        assert!(matches!(charge.sn, Cow::Borrowed(_)));
        assert!(matches!(charge.barcode, Cow::Borrowed(_)));
    }

    #[test]
    fn an_operation_without_an_answer_is_null() {
        let answer = Answer { sn: "1".into(), status: Status::NotFound, ..Answer::default() };
        let text = String::from_utf8(encode(&[None, Some(answer.clone())])).expect("UTF-8");
        assert_eq!(text, r#"[null,{"sn":"1","status":"NOT_FOUND"}]"#);
        let read = decode::<Vec<Option<Answer<'_>>>>(text.as_bytes());
        assert_eq!(read, Ok(vec![None, Some(answer)]));
    }

    #[test]
    fn what_cannot_be_read_is_told_without_its_content() {
        let error = decode_operations(br#"[{"charge":{"barcode":{"1300":1}}}]"#).expect_err("none");
        assert!(!error.to_string().contains("1300"), "{error}");
        assert_eq!(decode_operations(b"[]"), Err(Unreadable::Count));
        let many = vec![charge(); WALLET_OPERATIONS_COUNT_MAX + 1];
        assert_eq!(decode_operations(&encode(&many)), Err(Unreadable::Count));
        assert_eq!(decode_operations(&vec![b' '; BODY_BYTES_MAX + 1]), Err(Unreadable::Large));
        let unknown = br#"[{"abort":{"sn":"1","payway":1,"later":{"a":["b"]}}}]"#;
        assert_eq!(decode_operations(unknown).map(|all| all.len()), Ok(1));
    }

    #[test]
    fn no_context_is_the_start_of_another() {
        assert_eq!(request_context(NOTICE_PATH), "request\n/wallet/v1/notice\n");
        assert_ne!(request_context("x"), answer_context("x"));
    }
}
