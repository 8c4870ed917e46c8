//! Every typed message behind one signature, so that a test can walk all of them.

use causeway_wire::ucsp::{
    AuthorizationUrl, AutoDebitClose, AutoDebitPay, AutoDebitSign, ChannelLoginInfo,
    CloseAutoDebit, GetCardList, GetCardPayload, IndustryLoginInfo, KeyInquiryExchange,
    KeyResetResult, PaymentCancellation, PaymentRefund, PaymentResultInquiry, PaymentResultNotice,
    RefundResultInquiry, SignAutoDebit, SignAutoDebitNotice, SubmitAutoDebit, SubmitPaymentOrder,
    decode, decode_answer, decode_flat, decode_flat_answer, decode_query, encode, encode_answer,
    encode_flat, encode_flat_answer, encode_plain,
};
use causeway_wire::{Faults, Message, Part, Request, Shape, Side};

/// Decodes a body and encodes it again.
type Recode = fn(&[u8]) -> Result<Vec<u8>, Faults>;

/// One half of a message in one shape.
pub(crate) struct Codec {
    pub(crate) message: &'static Message,
    pub(crate) shape: Shape,
    pub(crate) side: Side,
    pub(crate) recode: Recode,
}

/// All halves of all messages in all their shapes.
pub(crate) fn all() -> Vec<Codec> {
    let mut codecs = Vec::new();
    add::<ChannelLoginInfo>(&mut codecs);
    add::<AuthorizationUrl>(&mut codecs);
    add::<IndustryLoginInfo>(&mut codecs);
    add::<GetCardList>(&mut codecs);
    add::<GetCardPayload>(&mut codecs);
    add::<SubmitPaymentOrder>(&mut codecs);
    add::<PaymentResultNotice>(&mut codecs);
    add::<PaymentResultInquiry>(&mut codecs);
    add::<SignAutoDebit>(&mut codecs);
    add::<SignAutoDebitNotice>(&mut codecs);
    add::<CloseAutoDebit>(&mut codecs);
    add::<SubmitAutoDebit>(&mut codecs);
    add::<PaymentCancellation>(&mut codecs);
    add::<PaymentRefund>(&mut codecs);
    add::<RefundResultInquiry>(&mut codecs);
    add::<AutoDebitSign>(&mut codecs);
    add::<AutoDebitClose>(&mut codecs);
    add::<AutoDebitPay>(&mut codecs);
    add::<KeyInquiryExchange>(&mut codecs);
    add::<KeyResetResult>(&mut codecs);
    codecs
}

fn add<T: Request>(codecs: &mut Vec<Codec>) {
    let message = T::MESSAGE;
    for leg in message.legs {
        let (request, answer): (Recode, Recode) = match leg.shape {
            Shape::Wrapped => (
                |body| decode::<T>(body).map(|one| encode(&one)).map_err(|one| one.faults),
                |body| decode_answer::<T>(body).map(|one| encode_answer(&one)),
            ),
            Shape::Flat => (
                |body| decode_flat::<T>(body).map(|m| encode_flat(&m)).map_err(|one| one.faults),
                |body| decode_flat_answer::<T>(body).map(|one| encode_flat_answer(&one)),
            ),
            Shape::Query => (recode_query::<T>, recode_query::<T>),
        };
        let shape = leg.shape;
        codecs.push(Codec { message, shape, side: Side::Request, recode: request });
        if message.answer.is_some() {
            codecs.push(Codec { message, shape, side: Side::Answer, recode: answer });
        }
    }
}

/// The query as JSON stands for its pairs here; a value that is not text is not a pair.
fn recode_query<T: Part>(body: &[u8]) -> Result<Vec<u8>, Faults> {
    let value: serde_json::Map<String, serde_json::Value> =
        serde_json::from_slice(body).unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let pairs: Vec<(String, String)> =
        value.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect();
    decode_query::<T>(&pairs).map(|part| encode_plain(&part))
}
