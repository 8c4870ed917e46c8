//! Every UCSP message: bytes to members and back (`ucsp.md` 2 and 8).
//!
//! Rules: nothing panics; a refusal has a fault and its detail fits `errorDetail`; members that are
//! broken each for itself are all listed; what was read, written and read again is the same.

use serde_json::{Map, Value};
use wire::generate::valid;
use wire::limits::ERROR_DETAIL_CHARS_MAX;
use wire::ucsp::{
    AuthorizationUrl, AutoDebitClose, AutoDebitPay, AutoDebitSign, ChannelLoginInfo,
    ChannelUserData, CloseAutoDebit, GetCardList, GetCardPayload, IndustryLoginInfo,
    KeyInquiryExchange, KeyResetResult, PaymentCancellation, PaymentRefund, PaymentResultInquiry,
    PaymentResultNotice, RefundResultInquiry, SignAutoDebit, SignAutoDebitNotice, SubmitAutoDebit,
    SubmitPaymentOrder, decode, decode_answer, decode_flat, decode_flat_answer, decode_plain,
    decode_query, encode, encode_answer, encode_flat, encode_flat_answer, encode_plain,
    read_gateway_refusal,
};
use wire::upay::{decode_query as pairs_of, encode_query};
use wire::{Faults, Message, Part, Request, Rule, Shape, Side};

use crate::input::Input;

/// Reads a body, and once more what it writes of it.
type Recode = fn(&[u8]) -> Result<(), Faults>;

struct Codec {
    message: &'static Message,
    shape: Shape,
    side: Side,
    recode: Recode,
}

/// Values that are wrong in most places.
const ODD: [&str; 14] = [
    "null",
    "true",
    "0",
    "-1",
    "1e400",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud83d\"",
    "\"\u{202e}x\"",
    "[]",
    "{}",
    "[[[[[[[[1]]]]]]]]",
    "\"00000000000000000000000000000000000000000000\"",
    "[{},{},{}]",
];

fn codecs() -> Vec<Codec> {
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
                |body| {
                    let one = decode::<T>(body).map_err(|one| one.faults)?;
                    let again = decode::<T>(&encode(&one)).expect("what was written is read");
                    assert_eq!(one, again);
                    Ok(())
                },
                |body| {
                    let one = decode_answer::<T>(body)?;
                    let written = encode_answer(&one);
                    let again = decode_answer::<T>(&written).expect("what was written is read");
                    assert_eq!(encode_answer(&again), written);
                    Ok(())
                },
            ),
            Shape::Flat => (
                |body| {
                    let one = decode_flat::<T>(body).map_err(|one| one.faults)?;
                    let again = decode_flat::<T>(&encode_flat(&one));
                    assert_eq!(one, again.expect("what was written is read"));
                    Ok(())
                },
                |body| {
                    let one = decode_flat_answer::<T>(body)?;
                    let again = decode_flat_answer::<T>(&encode_flat_answer(&one));
                    assert_eq!(one, again.expect("what was written is read"));
                    Ok(())
                },
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

/// The bytes are a query as a browser sends it.
fn recode_query<T: Part>(query: &[u8]) -> Result<(), Faults> {
    let query = String::from_utf8_lossy(query);
    let one = decode_query::<T>(&pairs_of(&query).unwrap_or_default())?;
    recode_plain(&one);
    Ok(())
}

fn recode_plain<T: Part>(part: &T) {
    let again = decode_plain::<T>(&encode_plain(part), "encData");
    assert_eq!(&again.expect("what was written is read"), part);
}

/// First byte: which half of which message; second: raw, or a good message that is spoilt.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let codecs = codecs();
    let codec = &codecs[input.below(codecs.len())];
    match input.byte() % 4 {
        0 => raw(codec, input.rest()),
        1 => spoilt_text(codec, &mut input),
        2 => spoilt_members(codec, &mut input),
        _ => {
            if let Ok(one) = decode_plain::<ChannelUserData>(input.rest(), "encData") {
                recode_plain(&one);
            }
            let _ = read_gateway_refusal(input.rest());
        }
    }
}

fn raw(codec: &Codec, body: &[u8]) {
    if let Err(faults) = (codec.recode)(body) {
        check(&faults);
    }
}

/// What every refusal owes its partner.
fn check(faults: &Faults) {
    assert!(!faults.is_empty() && faults.count() >= faults.list().len());
    let detail = faults.detail();
    assert!(!detail.is_empty() && detail.chars().count() <= ERROR_DETAIL_CHARS_MAX, "{detail}");
    assert!(faults.list().iter().all(|fault| !fault.path.is_empty()));
}

fn good(codec: &Codec, input: &mut Input<'_>) -> Value {
    valid(codec.message, codec.shape, codec.side, input.long())
}

fn written(codec: &Codec, value: &Value) -> Vec<u8> {
    if codec.shape != Shape::Query {
        return value.to_string().into_bytes();
    }
    let members = value.as_object().into_iter().flatten();
    let pair = |(name, value): (&String, &Value)| (name.clone(), text_of(value));
    encode_query(&members.map(pair).collect::<Vec<_>>()).into_bytes()
}

fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The bytes of a good message, some of them changed.
fn spoilt_text(codec: &Codec, input: &mut Input<'_>) {
    let body = written(codec, &good(codec, input));
    raw(codec, &body);
    raw(codec, &input.changed(&body));
}

/// Some members get a value of a wrong type: each must be named; others an odd one.
fn spoilt_members(codec: &Codec, input: &mut Input<'_>) {
    let mut value = good(codec, input);
    assert_eq!((codec.recode)(&written(codec, &value)), Ok(()), "a good message is read");
    if codec.shape == Shape::Query {
        return;
    }
    let broken = break_texts(codec, &mut value, input);
    match (codec.recode)(&written(codec, &value)) {
        Ok(()) => assert!(broken.is_empty(), "{broken:?} were not missed"),
        Err(faults) => {
            check(&faults);
            let listed = |path: &String| {
                let wrong = Rule::WrongType("string");
                faults.list().iter().any(|fault| fault.path == *path && fault.rule == wrong)
            };
            assert!(broken.iter().all(listed), "{broken:?} are not all in {faults}");
        }
    }
    let section = section(codec, &mut value).0;
    if let Some(member) = section.values_mut().nth(input.below(32))
        && let Ok(odd) = serde_json::from_str(input.pick(&ODD))
    {
        *member = odd;
    }
    raw(codec, &written(codec, &value));
}

/// The object that holds the message's own members, and how its paths begin.
fn section<'v>(codec: &Codec, value: &'v mut Value) -> (&'v mut Map<String, Value>, &'static str) {
    let wrapped = codec.shape == Shape::Wrapped && value["trxInfo"].is_object();
    let (value, path) = if wrapped { (&mut value["trxInfo"], "trxInfo.") } else { (value, "") };
    (value.as_object_mut().expect("a generated message is an object"), path)
}

/// Puts `true` for texts; returns their paths.
fn break_texts(codec: &Codec, value: &mut Value, input: &mut Input<'_>) -> Vec<String> {
    let (members, path) = section(codec, value);
    let mut broken = Vec::new();
    let pattern = input.short();
    for (at, (name, member)) in members.iter_mut().enumerate() {
        if member.is_string() && at < 16 && pattern & (1 << at) != 0 {
            *member = Value::Bool(true);
            broken.push(format!("{path}{name}"));
        }
    }
    broken
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, codec) in (0_u8..).zip(codecs()) {
        let value = valid(codec.message, codec.shape, codec.side, u64::from(number));
        let side = if codec.side == Side::Request { "request" } else { "answer" };
        let name = format!("{}_{:?}_{side}", codec.message.name, codec.shape).to_lowercase();
        let mut bytes = vec![number, 0];
        bytes.extend(written(&codec, &value));
        seeds.push((name, bytes));
        if number % 8 == 0 {
            seeds.push((format!("spoilt_members_{number}"), vec![number, 2, 0, 0, 7, 1, 1, 9, 3]));
            seeds.push((format!("spoilt_text_{number}"), vec![number, 1, 0, 1, 2, 3, 4, 5, 6, 7]));
        }
    }
    seeds
}
