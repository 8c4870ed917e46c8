//! What stands around the fields of a message: `msgInfo`, `msgResponse`, `certificateSignature`,
//! the two shapes, the response codes, and the gateway's own refusal.

use super::login::{BY_INDUSTRY, BY_PLATFORM};
use super::rows::{INDUSTRY_CODE, MSG_ID};
use crate::class::Class::{An, Ans, N, S as Special};
use crate::field::Source::S;
use crate::field::{Field, Presence, Table, text};
use crate::form::Form;
use crate::limits::ERROR_DETAIL_CHARS_MAX;
use crate::message::Party;
use crate::part::{Part, Request, part, presence, returned, slot};
use crate::read::{Context, Demand};
use crate::tree::{self, Node, Object};
use crate::write::Out;

/// Version of the messages (F).
pub const VERSION_NO: &str = "1.0.0";

/// The row of `msgID`, which the flat shape has at top level.
pub(crate) const MSG_ID_ROW: Field = MSG_ID.declare("msgID", Presence::Mandatory);

part! {
    /// `msgInfo`: which message this is.
    MsgInfo {
        version_no "versionNo" M (text("Version Number", Ans, 5, 5).source(S)
            .note("1.0.0").eg("1.0.0"));
        msg_id "msgID" M (MSG_ID);
        time_stamp "timeStamp" M (text("Time Stamp", N, 14, 14).form(Form::DateTime).source(S)
            .note("YYYYMMDDhhmmss in the acquirer's zone (GMT+8 by default)")
            .eg("20260105103000"));
        msg_type "msgType" M (text("Message Type", Ans, 1, 50).source(S)
            .note("Name of the message").eg("SUBMIT_PAYMENT_ORDER"));
        industry_code "industryCode" M (INDUSTRY_CODE);
    }
}

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

part! {
    /// `certificateSignature`: the signature inside the body.
    CertificateSignature {
        ucsp_sign_cert_id "ucspSignCertID" C (text("UCSP Signature Certificate ID", An, 1, 128)
            .source(S).note("Signing certificate of the platform").eg("1700000000001"));
        app_sign_cert_id "appSignCertID" C (text("App Signature Certificate ID", An, 1, 128)
            .source(S).note("Signing certificate of the application").eg("1700000000011"));
        app_enc_cert_id "appEncCertID" C (text("App Encryption Certificate ID", An, 1, 128)
            .source(S).note("There if anything is encrypted: the certificate it is encrypted for")
            .eg("1700000000012"));
        signature "signature" M (text("Signature", Ans, 1, 2048).source(S)
            .note("Standard base64; the text is hashed with 00000000 in its place")
            .eg("00000000"));
    }
}

/// A half without fields of its own, as the answer of a notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoMembers;

impl Part for NoMembers {
    const TABLE: &'static Table = &Table { name: "NoMembers", fields: &[], conditions: &[] };

    fn read(_: &Object<'_>, _: &'static [Field], _: &mut Context) -> Self {
        Self
    }

    fn write(&self, _: &mut Out) {}

    fn text(&self, _: &str) -> Option<&str> {
        None
    }

    fn set_text(&mut self, _: &str, _: &str) -> bool {
        false
    }
}

/// The rows of `certificateSignature` by who signs.
#[must_use]
pub(crate) fn signature_table(signer: Party) -> &'static Table {
    const ROWS: &[Field] = CertificateSignature::TABLE.fields;
    const PLATFORM: &Table = &Table {
        name: "CertificateSignature",
        fields: &[
            ROWS[0].presence(BY_PLATFORM[0]),
            ROWS[1].presence(BY_PLATFORM[1]),
            ROWS[2].presence(BY_PLATFORM[2]),
            ROWS[3].presence(BY_PLATFORM[3]),
        ],
        conditions: &[],
    };
    const INDUSTRY: &Table = &Table {
        name: "CertificateSignature",
        fields: &[
            ROWS[0].presence(BY_INDUSTRY[0]),
            ROWS[1].presence(BY_INDUSTRY[1]),
            ROWS[2].presence(BY_INDUSTRY[2]),
            ROWS[3].presence(BY_INDUSTRY[3]),
        ],
        conditions: &[],
    };
    match signer {
        Party::Platform => PLATFORM,
        Party::Channel | Party::Industry | Party::Browser => INDUSTRY,
    }
}

/// A wrapped request: `{"msgInfo","trxInfo"}` and, where used, `certificateSignature`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wrapped<T> {
    /// Which message.
    pub msg_info: MsgInfo,
    /// Its fields.
    pub trx_info: T,
    /// The signature in the body, if there is one; whether it is right is checked elsewhere.
    pub certificate_signature: Option<CertificateSignature>,
}

/// A wrapped answer. On a refusal `trx_info` holds the returned keys that could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrappedAnswer<T> {
    /// Which message is answered.
    pub msg_info: MsgInfo,
    /// Its fields; a part without values is left out on the wire.
    pub trx_info: Option<T>,
    /// How the request ended.
    pub msg_response: MsgResponse,
    /// The signature in the body, if there is one.
    pub certificate_signature: Option<CertificateSignature>,
}

/// A flat request: `msgID` and the fields at top level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flat<T> {
    /// Number of the message.
    pub msg_id: String,
    /// Its fields.
    pub body: T,
}

/// A flat answer: `msgID`, the fields and `msgResponse` at top level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlatAnswer<T> {
    /// Number of the message that is answered.
    pub msg_id: String,
    /// Its fields; on a refusal the returned keys that could be read.
    pub body: T,
    /// How the request ended.
    pub msg_response: MsgResponse,
}

impl<T: Request> Wrapped<T> {
    /// A request of this type; `msg_id` as [`message_id`] makes it, `time_stamp` as
    /// `YYYYMMDDhhmmss` in the acquirer's zone.
    #[must_use]
    pub fn new(msg_id: &str, time_stamp: &str, industry_code: &str, trx_info: T) -> Self {
        let msg_info = MsgInfo {
            version_no: VERSION_NO.to_owned(),
            msg_id: msg_id.to_owned(),
            time_stamp: time_stamp.to_owned(),
            msg_type: T::MESSAGE.name.to_owned(),
            industry_code: industry_code.to_owned(),
        };
        Self { msg_info, trx_info, certificate_signature: None }
    }

    /// The answer with these fields; `msgInfo` is repeated with a time stamp of its own.
    #[must_use]
    pub fn answer(
        &self,
        time_stamp: &str,
        trx_info: T::Answer,
        msg_response: MsgResponse,
    ) -> WrappedAnswer<T::Answer> {
        let msg_info = self.msg_info.answered_at(time_stamp);
        WrappedAnswer { msg_info, trx_info: Some(trx_info), msg_response, ..Default::default() }
    }

    /// The answer that returns only the keys of the request (section 8.7).
    #[must_use]
    pub fn refuse(&self, time_stamp: &str, response: MsgResponse) -> WrappedAnswer<T::Answer> {
        self.answer(time_stamp, returned(&self.trx_info), response)
    }
}

impl<T: Request> Flat<T> {
    /// The answer with these fields.
    #[must_use]
    pub fn answer(&self, body: T::Answer, msg_response: MsgResponse) -> FlatAnswer<T::Answer> {
        FlatAnswer { msg_id: self.msg_id.clone(), body, msg_response }
    }

    /// The answer that returns only the keys of the request.
    #[must_use]
    pub fn refuse(&self, msg_response: MsgResponse) -> FlatAnswer<T::Answer> {
        self.answer(returned(&self.body), msg_response)
    }
}

impl MsgInfo {
    /// The same message with the time stamp of the answer.
    #[must_use]
    pub fn answered_at(&self, time_stamp: &str) -> Self {
        Self { time_stamp: time_stamp.to_owned(), ..self.clone() }
    }
}

/// A message number: `A`, the industry code, the time `YYYYMMDDhhmmss`, and six digits of
/// `random` (its rest by one million).
#[must_use]
pub fn message_id(industry_code: &str, time_stamp: &str, random: u32) -> String {
    format!("A{industry_code}{time_stamp}{:06}", random % 1_000_000)
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
