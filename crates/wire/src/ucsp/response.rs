//! How a request ended: `msgResponse`, the response codes, and the gateway's own refusal.

use crate::class::Class::{An, S as Special};
use crate::field::Source::S;
use crate::field::text;
use crate::limits::ERROR_DETAIL_CHARS_MAX;
use crate::part::{Part, part, presence, slot};
use crate::read::{Context, Demand};
use crate::tree::{self, Node};

part! {
    /// `msgResponse`: how the request ended. It never speaks of the downstream result.
    MsgResponse {
        response_code "responseCode" M (text("Response Code", An, 2, 2).source(S).eg("00"));
        response_msg "responseMsg" M (text("Response Message", Special, 1, 100).source(S)
            .eg("Approved"));
        error_detail "errorDetail" O (text("Error Details", Special, 1, 255).source(S)
            .note("The field and the rule that failed").eg("trxInfo.txnAmt is missing"));
    }
}

/// The response codes (S).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ResponseCode {
    /// 00: done. On `SUBMIT_PAYMENT_ORDER` it means placed, not paid.
    Approved,
    /// 01: refused downstream.
    TransactionFail,
    /// 05: the only code that is not final; the sender inquires.
    Accepted,
    /// 10: shape.
    MessageFormatInvalid,
    /// 11: the signature in the body.
    SignatureVerificationFails,
    /// 34: no such order, for this merchant.
    OrderNotFound,
    /// 36: a right, state, amount, day or limit.
    OrderInfoIncorrect,
    /// 99: anything else.
    CommonError,
}

impl ResponseCode {
    /// All codes in the order of the published table.
    pub const ALL: [Self; 8] = [
        Self::Approved,
        Self::TransactionFail,
        Self::Accepted,
        Self::MessageFormatInvalid,
        Self::SignatureVerificationFails,
        Self::OrderNotFound,
        Self::OrderInfoIncorrect,
        Self::CommonError,
    ];

    /// Two characters, as on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Approved => "00",
            Self::TransactionFail => "01",
            Self::Accepted => "05",
            Self::MessageFormatInvalid => "10",
            Self::SignatureVerificationFails => "11",
            Self::OrderNotFound => "34",
            Self::OrderInfoIncorrect => "36",
            Self::CommonError => "99",
        }
    }

    /// The text of `responseMsg`.
    #[must_use]
    pub const fn message(self) -> &'static str {
        match self {
            Self::Approved => "Approved",
            Self::TransactionFail => "Transaction Fail",
            Self::Accepted => "Accepted, need to inquiry transaction result",
            Self::MessageFormatInvalid => "Message Format Invalid",
            Self::SignatureVerificationFails => "Signature Verification Fails",
            Self::OrderNotFound => "Transaction Order not Found",
            Self::OrderInfoIncorrect => "Order Info is Incorrect",
            Self::CommonError => "Common Error",
        }
    }

    /// The code of these two characters, if the table has it.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.code() == code)
    }

    /// Whether the request has ended: true for all but 05.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Accepted)
    }
}

impl MsgResponse {
    /// The response of a code, without detail.
    #[must_use]
    pub fn of(code: ResponseCode) -> Self {
        Self {
            response_code: code.code().to_owned(),
            response_msg: code.message().to_owned(),
            error_detail: None,
        }
    }

    /// The response of a code with `errorDetail`, made printable and cut to 255 characters.
    #[must_use]
    pub fn detailed(code: ResponseCode, detail: &str) -> Self {
        let detail: String = detail
            .chars()
            .map(|character| if Special.admits(character) { character } else { ' ' })
            .take(ERROR_DETAIL_CHARS_MAX)
            .collect();
        Self { error_detail: Some(detail).filter(|text| !text.is_empty()), ..Self::of(code) }
    }

    /// The code, if the table has it.
    #[must_use]
    pub fn code(&self) -> Option<ResponseCode> {
        ResponseCode::parse(&self.response_code)
    }
}

/// The body of a refusal by the gateway: `code` is `E0` with HTTP 401 (P), or 10 where check 1
/// fails with 413, 415 or 400 (section 8.8). The member is `MsgResponse` with a capital here.
#[must_use]
pub fn gateway_refusal(format_invalid: bool) -> &'static str {
    if format_invalid {
        r#"{"MsgResponse":{"responseCode":"10","responseMsg":"Message Format Invalid"}}"#
    } else {
        r#"{"MsgResponse":{"responseCode":"E0","responseMsg":"Unauthorized access"}}"#
    }
}

/// Reads the body of a refusal by the gateway, if it is one.
#[must_use]
pub fn read_gateway_refusal(body: &[u8]) -> Option<MsgResponse> {
    let root = tree::parse(body).ok()?;
    let Some(Node::Object(response)) = root.present("MsgResponse") else {
        return None;
    };
    let mut context = Context::new(Demand::Request);
    let response = context.members::<MsgResponse>(response, MsgResponse::TABLE);
    context.into_faults().is_empty().then_some(response)
}
