//! What wallets and downstream systems say, and what tills are told (section D, `upay.md` 3 and 8).
//!
//! Rules: nothing panics; what was read, written and read again is the same; what the dialect takes
//! of it is within the bounds of what may be kept and told on; a body is believed only under the
//! authentication that was made for it.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::Outcome;
use domain::order::{DownstreamResult, Order};
use jose::mac::MacKey;
use jose::secret::Secret;
use jose::terminal::sign_callback;
use sdk::terminal::{CallbackError, verify_callback};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::downstream as down;
use wire::upay::{Data, encode_callback};
use wire::wallet::{
    Answer, NOTICE_PATH, NoticeAnswer, Operation, Status, answer_context, decode,
    decode_operations, encode, request_context,
};

use crate::input::Input;
use crate::life::terms;
use crate::vectors::{receiver, signer};

/// First byte: which message.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 8 {
        0 => operations(input.rest()),
        1 => answers(input.rest()),
        2 => wallet_notice(input.rest()),
        3 => downstream(&mut input),
        4 => said(&mut input),
        5 => authenticated(&mut input),
        6 => callback(&mut input),
        _ => acquirer_said(input.rest()),
    }
}

fn operations(body: &[u8]) {
    if let Ok(operations) = decode_operations(body) {
        let written = encode(&operations);
        assert_eq!(decode_operations(&written).as_ref(), Ok(&operations));
    }
}

fn answers(body: &[u8]) {
    if let Ok(answers) = decode::<Vec<Option<Answer<'_>>>>(body) {
        let written = encode(&answers);
        assert_eq!(decode::<Vec<Option<Answer<'_>>>>(&written).as_ref(), Ok(&answers));
    }
    if let Ok(answer) = decode::<NoticeAnswer>(body) {
        assert_eq!(decode::<NoticeAnswer>(&encode(&answer)).as_ref(), Ok(&answer));
    }
}

fn wallet_notice(body: &[u8]) {
    let Ok(answer) = decode::<Answer<'_>>(body) else { return };
    let written = encode(&answer);
    assert_eq!(decode::<Answer<'_>>(&written).as_ref(), Ok(&answer));
    assert_eq!(answer.clone().into_owned(), answer);
    let sn = answer.sn.to_string();
    if let Ok(told) = dialect::wallet::told(answer) {
        assert_eq!(told.order.as_str(), sn);
        assert!(matches!(told.outcome, Outcome::Succeeded(_) | Outcome::Refused(_)));
        kept(&told.outcome);
    }
}

/// What may be kept of an answer.
fn kept(outcome: &Outcome) {
    let (Outcome::Succeeded(result) | Outcome::Refused(result)) = outcome else { return };
    kept_result(result);
    let code = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    assert!(!result.code.is_empty() && result.code.bytes().all(code), "{:?}", result.code);
}

fn kept_result(result: &DownstreamResult) {
    let plain =
        |text: &String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    assert!(result.reference.iter().all(plain));
    assert!(result.message.chars().count() <= 256 && !result.message.contains(char::is_control));
    if let Some(wallet) = &result.wallet {
        assert!(wallet.payer_uid.iter().all(plain) && wallet.payments.len() <= 16);
    }
}

/// An answer about a terminal's order.
fn said(input: &mut Input<'_>) {
    let order = Order::submitted(terms(input));
    let rest = input.rest();
    let Ok(mut answer) = decode::<Answer<'_>>(rest) else { return };
    if rest.len().is_multiple_of(2) {
        answer.sn = order.terms.number.as_str().into();
        answer.refund_no = None;
    }
    let (sn, status) = (answer.sn.to_string(), answer.status);
    let Ok(said) = dialect::wallet::said(&order, None, answer) else { return };
    assert_eq!(sn, order.terms.number.as_str());
    match said {
        dialect::wallet::Said::Outcome(outcome) => {
            // Only what the wallet called a success is one; an unclear answer decides nothing.
            let expected = match &outcome {
                Outcome::Succeeded(_) => Status::Success,
                Outcome::Refused(_) => Status::Fail,
                Outcome::Lost => Status::Error,
                Outcome::Accepted | Outcome::Presented { .. } => Status::Pending,
            };
            assert_eq!(status, expected);
            kept(&outcome);
        }
        dialect::wallet::Said::Presented { qr_code, wap_pay_request } => {
            assert!((1..=128).contains(&qr_code.len()) && status == Status::Pending);
            assert!(wap_pay_request.is_none_or(|text| text.len() <= 1024));
        }
        dialect::wallet::Said::NotFound(result) => {
            kept_result(&result);
            assert_eq!(status, Status::NotFound);
        }
    }
}

fn downstream(input: &mut Input<'_>) {
    match input.byte() % 7 {
        0 => recode::<down::Place>(input.rest()),
        1 => recode::<down::PlaceAnswer>(input.rest()),
        2 => recode::<down::Pay>(input.rest()),
        3 => recode::<down::Reverse>(input.rest()),
        4 => recode::<down::Inquire>(input.rest()),
        5 => recode::<down::TransactionResult>(input.rest()),
        _ => recode::<down::Notice>(input.rest()),
    }
}

fn recode<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(body: &[u8]) {
    if let Ok(message) = down::decode::<T>(body) {
        assert_eq!(down::decode::<T>(&down::encode(&message)).as_ref(), Ok(&message));
    }
}

fn acquirer_said(body: &[u8]) {
    let Ok(notice) = down::decode::<down::Notice>(body) else { return };
    let asked = notice.result.query_id.clone();
    if dialect::downstream::said("another", &notice.result).is_ok() {
        assert_eq!(asked, "another");
    }
    let Ok(told) = dialect::downstream::told(&notice) else { return };
    assert_eq!((told.order.as_str(), told.merchant.as_str()), (&*notice.tn, &*notice.mer_id));
    match told.outcome {
        Outcome::Succeeded(result) => {
            assert_eq!(result.code, "00");
            kept_result(&result);
        }
        Outcome::Refused(result) => {
            assert!(result.code != "00" && result.code.chars().count() == 2);
            kept_result(&result);
        }
        Outcome::Accepted | Outcome::Presented { .. } | Outcome::Lost => {}
    }
}

/// A wallet's authentication holds for its context and its bytes alone.
fn authenticated(input: &mut Input<'_>) {
    const BODY: &[u8] = br#"{"sn":"7890000000000017","status":"SUCCESS"}"#;
    static KEY: OnceLock<MacKey> = OnceLock::new();
    let key = KEY.get_or_init(|| {
        MacKey::new(&Secret::new("0123456789abcdef0123456789abcdef".to_owned())).expect("a key")
    });
    let context = request_context(NOTICE_PATH);
    let tag = key.tag(&context, BODY);
    let (given, body) = (input.changed_text(&tag), input.changed(BODY));
    let other = if input.flag() { answer_context(&tag) } else { context.clone() };
    let same = given.eq_ignore_ascii_case(&tag) && body == BODY && other == context;
    let holds = key.holds(&other, &body, &given);
    assert!(!holds || same, "{given} was made for no such body");
    assert!(key.holds(&context, BODY, &tag));
}

/// A callback is believed only when the installation signed exactly these bytes.
fn callback(input: &mut Input<'_>) {
    static GENUINE: OnceLock<(Vec<u8>, String)> = OnceLock::new();
    let (body, signature) = GENUINE.get_or_init(|| {
        let data =
            Data { sn: "7890260105000017".into(), net_amount: "5".into(), ..Data::default() };
        let body = encode_callback(&data);
        let signature = sign_callback(&body, signer()).expect("the key signs");
        (body, signature)
    });
    let key = signer().cert().public_key();
    let (given, sent) = if input.flag() {
        (input.changed_text(&format!("sn {signature}")), input.changed(body))
    } else {
        let body = input.rest();
        (sign_callback(body, signer()).expect("the key signs"), body.to_vec())
    };
    match verify_callback(key, &given, &sent) {
        Ok(_) => assert!(signed(&given, &sent), "{given} was never made"),
        Err(CallbackError::Form) => assert!(signed(&given, &sent)),
        Err(CallbackError::Signature) => {}
        Err(CallbackError::Size) => panic!("{} bytes are not too many", sent.len()),
    }
    let other = receiver().cert().public_key();
    assert_eq!(verify_callback(other, &given, &sent), Err(CallbackError::Signature));
}

/// PKCS#1 v1.5 has one signature of a text.
fn signed(given: &str, body: &[u8]) -> bool {
    let own = sign_callback(body, signer()).expect("the key signs");
    let last = given.trim().rsplit(' ').next().unwrap_or_default();
    STANDARD.decode(last).ok() == STANDARD.decode(own).ok()
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds: Vec<(String, Vec<u8>)> = TEXTS
        .iter()
        .map(|(name, head, text)| ((*name).into(), [head, text.as_bytes()].concat()))
        .collect();
    seeds.push(("mac".into(), vec![5, 0, 0, 0]));
    seeds.push(("mac_changed".into(), vec![5, 1, 0, 0, 3, 0, 1, 0]));
    seeds.push(("mac_of_an_answer".into(), vec![5, 0, 0, 1]));
    seeds.push(("callback".into(), vec![6, 1, 0, 0]));
    seeds.push(("callback_changed".into(), vec![6, 1, 0, 1, 0, 0, 9, 0, 1]));
    seeds.push(("callback_of_another_body".into(), b"\x06\x00{\"sn\":1}".to_vec()));
    seeds
}

/// Messages by hand: name, what they are read as, text.
const TEXTS: [(&str, &[u8], &str); 14] = [
    (
        "charge",
        &[0],
        r#"[{"charge":{"sn":"789","payway":3,"amount":1250,"currency":"156",
        "barcode":"1300","valid_until":1767580245000}},{"inquire":{"sn":"1",
        "payway":1}}]"#,
    ),
    (
        "present",
        &[0],
        r#"[{"present":{"sn":"789","payway":3,"sub_payway":2,"amount":1,"currency":"156",
        "merchant":"m","subject":"s","valid_until":1,
        "return_url":"https://s.example"}}]"#,
    ),
    (
        "refund",
        &[0],
        r#"[{"refund":{"sn":"789","refund_no":"1","payway":3,"amount":1,"valid_until":1}},
            {"abort":{"sn":"1","payway":1}}]"#,
    ),
    (
        "answers",
        &[1],
        r#"[null,{"sn":"1","status":"NOT_FOUND"},{"sn":"1","status":"PENDING",
        "qr_code":"https://w.example/1"}]"#,
    ),
    ("taken", &[1], r#"{"taken":true}"#),
    ("notice_odd_code", &[2], r#"{"sn":"1","status":"FAIL","code":"<b>no</b>"}"#),
    (
        "notice",
        &[2],
        r#"{"sn":"1","status":"SUCCESS","trade_no":"T1","payer_uid":"o",
        "payer_login":"a**","finished_at":1767580245000,"payments":[{"type":"CARD_PRE",
        "amount":1}]}"#,
    ),
    (
        "notice_refused",
        &[2],
        r#"{"sn":"1","refund_no":"2","status":"FAIL","code":"INSUFFICIENT_FUND",
        "message":"\u0000x"}"#,
    ),
    (
        "place",
        &[3, 0],
        r#"{"orders":[{"tn":"1","queryId":"2","merId":"3","acqIIN":"4","txnAmt":"5",
        "currencyCode":"344","expiresAt":"6"}]}"#,
    ),
    (
        "pay",
        &[3, 2],
        r#"{"tn":"1","queryId":"2","merId":"3","acqIIN":"4","txnAmt":"5",
        "currencyCode":"344","validUntil":"6"}"#,
    ),
    ("result", &[3, 5], r#"{"queryId":"1","status":"SUCCESS","respCode":"00","respMsg":"ok"}"#),
    (
        "said",
        &[4, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        r#"{"sn":"8202601051030000001","status":"SUCCESS","payments":[{"type":"X",
        "amount":2500}]}"#,
    ),
    (
        "said_presented",
        &[4, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
        r#"{"sn":"8202601051030000001","status":"PENDING","qr_code":"https://w.example/1"}"#,
    ),
    (
        "told",
        &[7],
        r#"{"tn":"8","merId":"3","queryId":"1","status":"SUCCESS","respCode":"00",
        "respMsg":"ok","settleAmt":"5","traceNo":"000001"}"#,
    ),
];

/// The operations are borrowed from their body.
const _: fn(&[u8]) -> Option<Vec<Operation<'_>>> = |body| decode_operations(body).ok();
