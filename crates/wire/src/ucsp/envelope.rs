//! What stands around the fields of a message: `msgInfo`, `certificateSignature`, the shapes.

use super::login::{BY_INDUSTRY, BY_PLATFORM};
use super::response::MsgResponse;
use super::rows::{INDUSTRY_CODE, MSG_ID};
use crate::class::Class::{An, Ans, N};
use crate::field::Source::S;
use crate::field::{Field, Presence, Table, text};
use crate::form::Form;
use crate::message::Party;
use crate::part::{Part, Request, part, presence, returned, slot};
use crate::read::Context;
use crate::tree::Object;
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
