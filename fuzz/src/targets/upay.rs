//! Every Upay call, reply, callback and query (`upay.md` 2 to 8).
//!
//! Rules: nothing panics; what was read, written and read again is the same, and says the same to
//! the use cases; a refusal has faults; a query's signing text does not depend on its order.

use dialect::upay as dialect_of;
use wire::upay::{
    Activate, Body, CALLS, Cancel, CheckIn, Data, Faults, Pay, Precreate, Query, Refund, Request,
    Wap, append_query, decode_callback, decode_query, decode_reply, encode_callback, encode_query,
    encode_reply, generate, signing_text,
};

use crate::input::Input;
use crate::vectors;

type Recode = fn(&[u8], bool) -> Option<()>;

/// One for each call, in the order of [`CALLS`].
const RECODES: [Recode; 8] = [
    |body, strict| one(body, strict, |message: Activate| drop(dialect_of::activation(message))),
    |body, strict| one(body, strict, |_: CheckIn| ()),
    |body, strict| {
        one(body, strict, |message: Pay| {
            let (barcode, total) = (message.dynamic_id.clone(), message.total_amount);
            let (sale, read) = dialect_of::pay(message);
            assert_eq!((read, sale.total), (barcode, total));
        })
    },
    |body, strict| one(body, strict, |message: Precreate| drop(dialect_of::precreate(message))),
    |body, strict| one(body, strict, |message: Query| drop(dialect_of::query(message))),
    |body, strict| one(body, strict, |message: Refund| drop(dialect_of::refund(message))),
    |body, strict| one(body, strict, |message: Cancel| drop(dialect_of::cancel(message))),
    |body, strict| one(body, strict, |message: Wap| drop(dialect_of::wap(message))),
];

fn one<T: Request>(body: &[u8], strict: bool, tell: impl FnOnce(T)) -> Option<()> {
    let body = Body::parse(body).ok()?;
    let request = taken::<T>(&body, strict)?;
    let written = request.encode();
    let again = Body::parse(&written).expect("what was written is an object");
    assert_eq!(T::read(&again, strict).as_ref(), Ok(&request));
    tell(request);
    Some(())
}

fn taken<T: Request>(body: &Body<'_>, strict: bool) -> Option<T> {
    match T::read(body, strict) {
        Ok(request) => {
            assert_eq!(T::read(body, false).as_ref(), Ok(&request), "strict takes no more");
            Some(request)
        }
        Err(faults) => {
            check(&faults);
            None
        }
    }
}

fn check(faults: &Faults) {
    assert!(!faults.list().is_empty() && !faults.to_string().is_empty());
}

/// First byte: what it is; second: how.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match usize::from(input.byte() % 12) {
        number @ 0..8 => call(number, &mut input),
        8 => reply(input.rest()),
        9 => callback(input.rest()),
        10 => query(&input.rest_text()),
        _ => way_back(&mut input),
    }
}

fn call(number: usize, input: &mut Input<'_>) {
    let how = input.byte();
    let strict = how & 1 == 1;
    if how & 2 == 0 {
        let _ = RECODES[number](input.rest(), strict);
        return;
    }
    let good = generate::valid(CALLS[number], input.long()).to_string();
    assert!(RECODES[number](good.as_bytes(), false).is_some(), "a good call is read: {good}");
    let _ = RECODES[number](&input.changed(good.as_bytes()), strict);
}

fn reply(bytes: &[u8]) {
    if let Ok(reply) = decode_reply(bytes) {
        assert_eq!(decode_reply(&encode_reply(&reply)), Ok(reply));
    }
}

fn callback(bytes: &[u8]) {
    if let Ok(data) = decode_callback(bytes) {
        assert_eq!(decode_callback(&encode_callback(&data)), Ok(data));
    }
}

fn query(text: &str) {
    let Some(mut pairs) = decode_query(text) else { return };
    let written = encode_query(&pairs);
    // Longer by its escapes it may be past the bound.
    if let Some(again) = decode_query(&written) {
        let kept: Vec<_> = pairs
            .iter()
            .filter(|(name, value)| !(name.is_empty() && value.is_empty()))
            .cloned()
            .collect();
        let again: Vec<_> = again
            .into_iter()
            .filter(|(name, value)| !(name.is_empty() && value.is_empty()))
            .collect();
        assert_eq!(again, kept);
    }
    let _ = taken::<Wap>(&Body::of_pairs(&pairs), false);
    let texts = [signing_text(&pairs, true), signing_text(&pairs, false)];
    assert!(texts[0].len() <= texts[1].len());
    pairs.reverse();
    assert_eq!([signing_text(&pairs, true), signing_text(&pairs, false)], texts);
    pairs.retain(|(name, _)| name != "sign" && name != "sign_type");
    assert_eq!([signing_text(&pairs, true), signing_text(&pairs, false)], texts);
}

/// What is appended to a shop's address stands at the end of its query.
fn way_back(input: &mut Input<'_>) {
    let pairs = [("status", input.text()), ("sign", input.text())];
    let pairs = pairs.map(|(name, value)| (name.to_owned(), value));
    let address = input.rest_text();
    let whole = append_query(&address, &pairs);
    let (before, fragment) =
        whole.split_once('#').map_or((whole.as_str(), None), |(b, f)| (b, Some(f)));
    assert_eq!(fragment, address.split_once('#').map(|(_, fragment)| fragment));
    let query = before.split_once('?').map(|(_, query)| query).expect("a query was appended");
    assert!(query.ends_with(&encode_query(&pairs)));
    if let Some(read) = decode_query(query) {
        assert!(read.ends_with(&pairs), "{read:?}");
    }
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, call) in (0_u8..).zip(CALLS) {
        let mut valid = vec![number, 0];
        valid.extend(generate::valid(call, u64::from(number)).to_string().into_bytes());
        seeds.push((format!("{}_valid", call.name), valid));
        let mut full = vec![number, 1];
        full.extend(generate::full(call).to_string().into_bytes());
        seeds.push((format!("{}_full", call.name), full));
        seeds.push((format!("{}_changed", call.name), vec![number, 2, 0, 0, 0, 0, 0, 0, 0, 5, 2]));
    }
    let data = Data { sn: "7890260105000017".into(), net_amount: "0".into(), ..Data::default() };
    seeds.push(("callback".into(), [&[9], encode_callback(&data).as_slice()].concat()));
    for (name, text) in [
        (
            "reply_refused",
            r#"{"result_code":"400","error_code":"ILLEGAL_SIGN","error_message":"x"}"#,
        ),
        ("reply_kept", r#"{"result_code":"200","error_code":"SUCCESS","error_message":"ok"}"#),
        (
            "reply_key",
            r#"{"result_code":"200","biz_response":{"terminal_sn":"1","terminal_key":"k"}}"#,
        ),
        (
            "reply_paid",
            r#"{"result_code":"200","biz_response":{"result_code":"PAY_SUCCESS","data":{"sn":"789",
            "total_amount":5,"payment_list":[{"type":"CARD_PRE","amount_total":"1"}]}}}"#,
        ),
    ] {
        seeds.push((name.into(), [&[8], text.as_bytes()].concat()));
    }
    for (number, vector) in vectors::list(vectors::upay(), "query").iter().enumerate() {
        let query =
            format!("{}&sign={}", vectors::text(vector, "text"), vectors::text(vector, "sign"));
        seeds.push((format!("query_{number}"), [&[10], query.as_bytes()].concat()));
    }
    let query = "subject=%E6%8A%AB+%E5%A4%A7&return_url=http%3A%2F%2F127.0.0.1%2Fr%3Fx%3D1&a=";
    seeds.push(("query_escaped".into(), [&[10], query.as_bytes()].concat()));
    seeds.push(("way_back".into(), b"\x0b\x03a&b\x02=#https://s.example/d?o=1#top".to_vec()));
    seeds
}
