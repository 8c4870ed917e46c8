//! Decoding and encoding of whole bodies, in both shapes.
//!
//! Decoding lists all faults of the shape at once. Where a request is refused, [`Rejected`]
//! carries what the refusal must repeat.

use std::fmt;

use super::envelope::{
    CertificateSignature, Flat, FlatAnswer, MSG_ID_ROW, MsgInfo, Wrapped, WrappedAnswer,
    signature_table,
};
use super::response::{MsgResponse, ResponseCode};
use crate::fault::{Faults, Rule};
use crate::field::{Field, Table};
use crate::limits::BODY_BYTES_MAX;
use crate::message::{Party, Shape};
use crate::part::{Part, Request, returned};
use crate::read::{Context, Demand, is_jwe};
use crate::slot::Slot;
use crate::tree::{self, Object};
use crate::write::Out;

/// A request that does not have the declared shape: code 10.
#[derive(Clone, PartialEq, Eq)]
pub struct Rejected<A> {
    /// All faults.
    pub faults: Faults,
    /// What could be read of `msgInfo`; in the flat shape only `msg_id`.
    pub msg_info: MsgInfo,
    /// The returned keys that could be read.
    pub returned: A,
}

impl<A: Part> Rejected<A> {
    fn body(rule: Rule) -> Self {
        Self { faults: Faults::body(rule), msg_info: MsgInfo::default(), returned: A::default() }
    }

    /// `msgResponse` with code 10 and the faults as far as they fit.
    #[must_use]
    pub fn msg_response(&self) -> MsgResponse {
        MsgResponse::detailed(ResponseCode::MessageFormatInvalid, &self.faults.detail())
    }

    /// The refusal in wrapped shape; `time_stamp` is `YYYYMMDDhhmmss` in the acquirer's zone.
    #[must_use]
    pub fn wrapped_answer(self, time_stamp: &str) -> WrappedAnswer<A> {
        WrappedAnswer {
            msg_info: self.msg_info.answered_at(time_stamp),
            msg_response: self.msg_response(),
            trx_info: Some(self.returned),
            certificate_signature: None,
        }
    }

    /// The refusal in flat shape.
    #[must_use]
    pub fn flat_answer(self) -> FlatAnswer<A> {
        let msg_response = self.msg_response();
        FlatAnswer { msg_id: self.msg_info.msg_id, body: self.returned, msg_response }
    }
}

impl<A> fmt::Debug for Rejected<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Rejected").field(&self.faults).finish()
    }
}

impl<A> fmt::Display for Rejected<A> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the message does not have the declared shape: {}", self.faults)
    }
}

impl<A> std::error::Error for Rejected<A> {}

/// The object in a member; says so when it is missing though needed, or of another type.
fn section<T: Part>(
    context: &mut Context,
    root: &Object<'_>,
    name: &'static str,
    table: &'static Table,
    needed: bool,
) -> Option<T> {
    let (node, again) = root.find(name);
    if again {
        context.fault(name, Rule::Duplicate);
        return None;
    }
    let Some(node) = node.filter(|node| !node.is_absent()) else {
        if needed {
            context.fault(name, Rule::Missing);
        }
        return None;
    };
    context.within(name, |context| context.object(node, table))
}

fn msg_info(context: &mut Context, root: &Object<'_>, name: &str, needed: bool) -> MsgInfo {
    let info = section::<MsgInfo>(context, root, "msgInfo", MsgInfo::TABLE, needed);
    let mut info = info.unwrap_or_default();
    if !info.msg_type.is_empty() && info.msg_type != name {
        context.within("msgInfo", |context| context.fault("msgType", Rule::NotAllowed));
        info.msg_type.clear();
    }
    info
}

/// Reads `certificateSignature`; `sealed` says whether the message carries anything encrypted.
fn signature(
    context: &mut Context,
    root: &Object<'_>,
    signer: Party,
    needed: bool,
    sealed: bool,
) -> Option<CertificateSignature> {
    let table = signature_table(signer);
    let name = "certificateSignature";
    let signature = section::<CertificateSignature>(context, root, name, table, needed)?;
    if needed && sealed && signature.app_enc_cert_id.is_none() {
        context.within(name, |context| context.fault("appEncCertID", Rule::Missing));
    }
    Some(signature)
}

/// Decodes a wrapped request.
///
/// # Errors
/// [`Rejected`] with all faults, and with what a refusal repeats.
pub fn decode<T: Request>(body: &[u8]) -> Result<Wrapped<T>, Box<Rejected<T::Answer>>> {
    let root = tree::parse(body).map_err(Rejected::body).map_err(Box::new)?;
    let mut context = Context::new(Demand::Request);
    let message = T::MESSAGE;
    let msg_info = msg_info(&mut context, &root, message.name, true);
    let trx_info = section::<T>(&mut context, &root, "trxInfo", T::TABLE, true);
    let trx_info = trx_info.unwrap_or_default();
    let signer = message.leg(Shape::Wrapped).map_or(Party::Industry, |leg| leg.from);
    let needed = message.signed_in_body;
    let sealed = trx_info.text("mobile").is_some_and(is_jwe);
    let certificate_signature = signature(&mut context, &root, signer, needed, sealed);
    let faults = context.into_faults();
    if !faults.is_empty() {
        let returned = returned(&trx_info);
        return Err(Box::new(Rejected { faults, msg_info, returned }));
    }
    Ok(Wrapped { msg_info, trx_info, certificate_signature })
}

/// Decodes a flat request.
///
/// # Errors
/// [`Rejected`] with all faults, and with what a refusal repeats.
pub fn decode_flat<T: Request>(body: &[u8]) -> Result<Flat<T>, Box<Rejected<T::Answer>>> {
    let root = tree::parse(body).map_err(Rejected::body).map_err(Box::new)?;
    let mut context = Context::new(Demand::Request);
    let msg_id = msg_id(&mut context, &root);
    let body = context.members::<T>(&root, T::TABLE);
    let faults = context.into_faults();
    if faults.is_empty() {
        return Ok(Flat { msg_id, body });
    }
    let msg_info = MsgInfo { msg_id, ..MsgInfo::default() };
    Err(Box::new(Rejected { faults, msg_info, returned: returned(&body) }))
}

fn msg_id(context: &mut Context, root: &Object<'_>) -> String {
    static ROW: Field = MSG_ID_ROW;
    <String as Slot>::read(root, Some(&ROW), context)
}

/// Decodes the members of a query, percent-decoded already.
///
/// # Errors
/// All faults.
pub fn decode_query<T: Part>(pairs: &[(String, String)]) -> Result<T, Faults> {
    let bytes: usize = pairs.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > BODY_BYTES_MAX {
        return Err(Faults::body(Rule::TooLarge));
    }
    let object = Object::from_pairs(pairs);
    finish(Context::new(Demand::Request), |context| context.members(&object, T::TABLE))
}

/// Decodes the plaintext of a sealed object; `name` leads the paths, as in `encData.idNo`.
///
/// # Errors
/// All faults.
pub fn decode_plain<T: Part>(plaintext: &[u8], name: &'static str) -> Result<T, Faults> {
    let root = tree::parse(plaintext).map_err(Faults::body)?;
    finish(Context::new(Demand::Request), |context| {
        context.within(name, |context| context.members(&root, T::TABLE))
    })
}

fn finish<T>(mut context: Context, read: impl FnOnce(&mut Context) -> T) -> Result<T, Faults> {
    let value = read(&mut context);
    let faults = context.into_faults();
    if faults.is_empty() { Ok(value) } else { Err(faults) }
}

/// Reads `msgResponse` and with it what the rest of the answer must hold.
fn response(context: &mut Context, root: &Object<'_>) -> MsgResponse {
    let table = MsgResponse::TABLE;
    let response = section::<MsgResponse>(context, root, "msgResponse", table, true);
    let response = response.unwrap_or_default();
    let approved = response.code() == Some(ResponseCode::Approved);
    context.demand(if approved { Demand::Approval } else { Demand::Nothing });
    response
}

/// Decodes a wrapped answer to a request of type `T`.
///
/// With code 00 the mandatory members and those bound to 00 must be there; with any other code
/// whatever is there is read. Codes outside the table are accepted as text.
///
/// # Errors
/// All faults.
pub fn decode_answer<T: Request>(body: &[u8]) -> Result<WrappedAnswer<T::Answer>, Faults> {
    let root = tree::parse(body).map_err(Faults::body)?;
    let table = <T::Answer as Part>::TABLE;
    finish(Context::new(Demand::Request), |context| {
        let msg_response = response(context, &root);
        let approved = msg_response.code() == Some(ResponseCode::Approved);
        let msg_info = msg_info(context, &root, T::MESSAGE.name, approved);
        let needed = approved && !table.fields.is_empty();
        let trx_info = section(context, &root, "trxInfo", table, needed);
        let leg = T::MESSAGE.leg(Shape::Wrapped);
        let signer = leg.map_or(Party::Platform, |leg| leg.to);
        let certificate_signature = signature(context, &root, signer, false, false);
        WrappedAnswer { msg_info, trx_info, msg_response, certificate_signature }
    })
}

/// Decodes a flat answer to a request of type `T`; the same rules as in [`decode_answer`].
///
/// # Errors
/// All faults.
pub fn decode_flat_answer<T: Request>(body: &[u8]) -> Result<FlatAnswer<T::Answer>, Faults> {
    let root = tree::parse(body).map_err(Faults::body)?;
    finish(Context::new(Demand::Request), |context| {
        let msg_response = response(context, &root);
        let msg_id = msg_id(context, &root);
        let body = context.members(&root, <T::Answer as Part>::TABLE);
        FlatAnswer { msg_id, body, msg_response }
    })
}

fn written(inside: impl FnOnce(&mut Out)) -> Vec<u8> {
    let mut out = Out::new();
    out.object(inside);
    out.into_bytes()
}

/// Writes a part unless none of its members is there.
fn write_unless_empty<T: Part>(out: &mut Out, name: &str, part: &T) {
    if *part != T::default() {
        out.part(name, part);
    }
}

/// Encodes a wrapped request: members in the order of the declaration, absent ones left out.
#[must_use]
pub fn encode<T: Request>(message: &Wrapped<T>) -> Vec<u8> {
    written(|out| {
        out.part("msgInfo", &message.msg_info);
        out.part("trxInfo", &message.trx_info);
        if let Some(signature) = &message.certificate_signature {
            out.part("certificateSignature", signature);
        }
    })
}

/// Encodes a wrapped answer. Empty parts are left out.
#[must_use]
pub fn encode_answer<A: Part>(answer: &WrappedAnswer<A>) -> Vec<u8> {
    written(|out| {
        write_unless_empty(out, "msgInfo", &answer.msg_info);
        if let Some(trx_info) = &answer.trx_info {
            write_unless_empty(out, "trxInfo", trx_info);
        }
        out.part("msgResponse", &answer.msg_response);
        if let Some(signature) = &answer.certificate_signature {
            out.part("certificateSignature", signature);
        }
    })
}

/// Encodes a flat request.
#[must_use]
pub fn encode_flat<T: Request>(message: &Flat<T>) -> Vec<u8> {
    written(|out| {
        out.text("msgID", &message.msg_id);
        message.body.write(out);
    })
}

/// Encodes a flat answer.
#[must_use]
pub fn encode_flat_answer<A: Part>(answer: &FlatAnswer<A>) -> Vec<u8> {
    written(|out| {
        out.text("msgID", &answer.msg_id);
        answer.body.write(out);
        out.part("msgResponse", &answer.msg_response);
    })
}

/// Encodes the plaintext of a sealed object.
#[must_use]
pub fn encode_plain<T: Part>(part: &T) -> Vec<u8> {
    written(|out| part.write(out))
}
