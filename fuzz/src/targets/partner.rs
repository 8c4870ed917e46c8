//! The receiving side of the client libraries: what comes from the platform, or says so.
//!
//! Rules: nothing panics; a call or a login that the platform did not sign is refused with the
//! ready refusal; a signed one is read at most once; what tills keep and read is written alike.

use std::sync::Arc;

use egress::{Client, HeaderMap, Limits, Policy};
use jiff::Timestamp;
use jose::inbody::{Form, sign_in_body};
use jose::jws::{SignOptions, sign};
use sdk::terminal::{Intent, Reply, Trade};
use sdk::{Incoming, Partner, PartnerConfig, Relation, Security};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use wire::generate::valid;
use wire::ucsp::{CHANNEL_LOGIN_INFO, INDUSTRY_LOGIN_INFO, PAYMENT_RESULT_NOTICE};
use wire::ucsp::{GetCardList, PaymentResultNotice};
use wire::{Message, Shape, Side};

use crate::input::Input;
use crate::vectors::{NOW_SECOND, now, receiver, signer};

const APP_ID: &str = "00520446";
const PATH: &str = "/notices";

/// A partner that has seen nothing yet.
fn partner(security: Security) -> Partner {
    let client = Client::new(Policy::default(), Limits::default(), None).expect("a client");
    let relation = Relation {
        base_url: "https://ucsp.example".to_owned(),
        app_id: APP_ID.to_owned(),
        code: "10000001".to_owned(),
        signing: signer().as_ref().clone(),
        encryption: receiver().as_ref().clone(),
        platform_sign_cert: Arc::clone(signer().cert()),
        platform_enc_cert: Arc::clone(receiver().cert()),
    };
    let still: fn() -> Timestamp = now;
    let config = PartnerConfig::new(relation, Arc::new((still, still)), client);
    Partner::new(PartnerConfig { security, ..config })
}

/// First byte: a call, a login, or what a till reads.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 4 {
        0 => call(&mut input),
        1 => login(&mut input),
        2 => {
            again::<Reply>(input.rest());
            again::<Trade>(input.rest());
            again::<Intent>(input.rest());
        }
        _ => raw(&mut input),
    }
}

fn again<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<T>(bytes) {
        let text = serde_json::to_vec(&value).expect("what was read is written");
        assert_eq!(serde_json::from_slice::<T>(&text).ok(), Some(value));
    }
}

/// Bytes and header as they come: never accepted.
fn raw(input: &mut Input<'_>) {
    let security = input.pick(&[Security::Jws, Security::Body, Security::Both]);
    let mut headers = HeaderMap::new();
    if let Ok(value) = input.text().parse() {
        headers.insert(sdk::JWS_HEADER, value);
    }
    let partner = partner(security);
    let incoming = Incoming { headers: &headers, path: PATH, body: input.rest() };
    refused(partner.receive::<PaymentResultNotice>(&incoming).err());
    refused(partner.receive_flat::<GetCardList>(&incoming).err());
    assert!(partner.open_industry_login_info(&input.rest_text()).is_err());
}

fn refused(reply: Option<sdk::Reply>) {
    let reply = reply.expect("nobody signed it");
    assert!(matches!(reply.status, 200 | 400 | 401 | 413));
    assert!(!reply.body.is_empty() && serde_json::from_slice::<Value>(&reply.body).is_ok());
}

/// A good message of the platform now.
fn message(message: &Message, shape: Shape, seed: u64) -> Value {
    let mut value = valid(message, shape, Side::Request, seed);
    if shape == Shape::Wrapped {
        value["msgInfo"]["timeStamp"] = json!("20231115061320");
        value["msgInfo"]["industryCode"] = json!("10000001");
    }
    value
}

/// A notice that the platform signed, with changes afterwards.
fn call(input: &mut Input<'_>) {
    let seed = input.long();
    let body = if input.flag() {
        message(&PAYMENT_RESULT_NOTICE, Shape::Wrapped, seed).to_string()
    } else {
        message(&CHANNEL_LOGIN_INFO, Shape::Flat, seed).to_string()
    };
    let uuid = "5ba10d46d5d148dfbcc2119c08e01015";
    let options = SignOptions { app_id: APP_ID, uuid, timestamp: NOW_SECOND, req_path: Some(PATH) };
    let value = sign(signer(), body.as_bytes(), &options).expect("the key signs");
    let sent = input.changed(body.as_bytes());
    let mut headers = HeaderMap::new();
    headers.insert(sdk::JWS_HEADER, value.parse().expect("a header's value"));
    let partner = partner(Security::Jws);
    let incoming = Incoming { headers: &headers, path: PATH, body: &sent };
    let first = partner.verify_platform_call(&incoming);
    assert_eq!(first.is_ok(), sent == body.as_bytes());
    assert!(partner.verify_platform_call(&incoming).is_err(), "it was used already");
    assert!(partner.receive::<PaymentResultNotice>(&incoming).is_err());
}

/// A login that the platform signed, with changes before and after.
fn login(input: &mut Input<'_>) {
    let mut value = message(&INDUSTRY_LOGIN_INFO, Shape::Wrapped, input.long());
    value["certificateSignature"]["signature"] = json!("00000000");
    if input.flag() {
        value["trxInfo"]["mobile"] = json!(input.text());
    }
    let text = input.changed_text(&value.to_string());
    let form = if input.flag() { Form::Bare } else { Form::DigestInfo };
    let Ok(signed) = sign_in_body(&text, signer(), form) else { return };
    let partner = partner(Security::Jws);
    let sent = input.changed_text(&signed);
    match partner.open_industry_login_info(&sent) {
        Ok(login) => {
            let read: Value = serde_json::from_str(&sent).expect("what is accepted is JSON");
            assert_eq!(Some(login.user_id.as_str()), read["trxInfo"]["userId"].as_str());
            assert_eq!(sent, signed, "what was changed is accepted");
            let twice = partner.open_industry_login_info(&sent);
            assert!(twice.is_err(), "a login is for one time");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for seed in 0..6_u8 {
        seeds.push((format!("call_{seed}"), vec![0, 0, 0, 0, 0, 0, 0, 0, seed, seed % 2, 0]));
        seeds
            .push((format!("login_{seed}"), vec![1, 0, 0, 0, 0, 0, 0, 0, seed, 0, 0, seed % 2, 0]));
    }
    seeds.push(("call_changed".into(), vec![0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 99, 0, 1]));
    seeds.push(("login_plain".into(), vec![1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, b'1', b'2', 0, 1, 0]));
    seeds.push((
        "login_changed".into(),
        vec![1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 60, 0, 1],
    ));
    let reply = r#"{"result_code":"PAY_SUCCESS","data":{"sn":"789","order_status":"PAID",
            "payment_list":[{"type":"CARD_PRE","amount_total":"1"}]}}"#;
    seeds.push(("reply".into(), [&[2], reply.as_bytes()].concat()));
    for security in 0..3_u8 {
        let body = message(&PAYMENT_RESULT_NOTICE, Shape::Wrapped, 3).to_string();
        seeds
            .push((format!("raw_{security}"), [&[3, security, 1, b'x'], body.as_bytes()].concat()));
    }
    seeds
}
