//! Whole requests to every route: paths, queries, forms, cookies, `Authorization`, bodies.
//!
//! Rules: nothing panics and nothing answers 5xx while the store is well; whoever authenticates
//! nothing leaves no line in the journal and hears of no success; nobody is led to anything but
//! a web address; tills hear JSON envelopes.

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, StatusCode};
use jose::jws::{SignOptions, sign};
use jose::mac::MacKey;
use jose::secret::Secret;
use serde_json::Value;
use wire::generate::{Random, valid};
use wire::ucsp::MESSAGES;
use wire::upay::{CALLS, encode_query, generate, signing_text};
use wire::wallet::{MAC_HEADER, request_context};
use wire::{Shape, Side};

use crate::input::Input;
use crate::vectors::{NOW_SECOND, signer};
use crate::world::{APPS, OPERATOR, VENDOR, WALLET_SECRET, world};

/// A path of every route, and some of none.
const PATHS: [&str; 46] = [
    "/ucsp/channel/v1/channellogininfo",
    "/ucsp/channel/v1/authorize",
    "/ucsp/channel/v1/authorize/callback",
    "/ucsp/login/0000000000000000000000000000000000000000001",
    "/ucsp/industry/v1/submitpaymentorder",
    "/ucsp/industry/v1/paymentresultinquiry",
    "/ucsp/industry/v1/paymentcancellation",
    "/ucsp/industry/v1/paymentrefund",
    "/ucsp/industry/v1/refundresultinquiry",
    "/ucsp/industry/v1/getcardlist",
    "/ucsp/industry/v1/getcardpayload",
    "/downstream/v1/notice",
    "/wallet/v1/notice",
    "/cashier/800000000000000000001",
    "/cashier/800000000000000000001/pay",
    "/cashier/800000000000000000001/wait",
    "/cashier/800000000000000000001/status",
    "/terminal/activate",
    "/terminal/checkin",
    "/terminal/uploadLog",
    "/upay/v2/pay",
    "/upay/v2/precreate",
    "/upay/v2/query",
    "/upay/v2/refund",
    "/upay/v2/cancel",
    "/upay/v2/revoke",
    "/upay/qr/7890000000000001.png",
    "/upay/qr/%F0%9F.png",
    "/qr/gateway",
    "/gateway",
    "/qr/gateway/return",
    "/assets/cashier.css",
    "/assets/..%2fx",
    "/favicon.ico",
    "/healthz",
    "/readyz",
    "/admin/v1/vendors",
    "/admin/v1/apps",
    "/admin/v1/merchants",
    "/admin/v1/stores",
    "/admin/v1/stores/S-1/status",
    "/admin/v1/codes",
    "/admin/v1/terminals",
    "/admin/v1/terminals/1/status",
    "/admin/v1/terminals/1/logs/2026-01-05/x",
    "/admin/v1/notices/1/2/resend",
];
const METHODS: [Method; 6] =
    [Method::POST, Method::GET, Method::POST, Method::GET, Method::PUT, Method::HEAD];
/// Headers whose values the input writes.
const HEADERS: [&str; 10] = [
    "authorization",
    "upi-jws",
    "cookie",
    "accept-language",
    "content-type",
    "accept",
    "content-length",
    "wallet-mac",
    "x-sandbox-scenario",
    "host",
];

/// Who the request is from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    /// Somebody who proves nothing, or writes the proof by hand.
    Stranger,
    Terminal,
    Vendor,
    Partner(&'static str),
    Wallet,
    Operator,
}

const SENDERS: [From; 10] = [
    From::Stranger,
    From::Stranger,
    From::Terminal,
    From::Terminal,
    From::Vendor,
    From::Partner(APPS[0]),
    From::Partner(APPS[1]),
    From::Partner(APPS[2]),
    From::Wallet,
    From::Operator,
];

pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let from = input.pick(&SENDERS);
    let till = world().fresh();
    let before = world().journal_count();
    for _ in 0..=input.below(3) {
        send(&mut input, from, &till);
        if from == From::Stranger {
            assert_eq!(world().journal_count(), before, "a stranger left a line in the journal");
        }
    }
}

fn send(input: &mut Input<'_>, from: From, till: &(String, String)) {
    let path = PATHS[input.below(PATHS.len())].replace("800000000000000000001", &till.0);
    let method = METHODS[input.below(METHODS.len())].clone();
    let mut headers = written_headers(input);
    let mut query = if input.flag() { input.text() } else { String::new() };
    let body = body(input, &path, till);
    proof(from, &path, till, (&body, &mut query, &mut headers));
    let uri = if query.is_empty() { path.clone() } else { format!("{path}?{query}") };
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        request = request.header(name, value.into_bytes());
    }
    // What is no request never comes through an HTTP parser.
    let Ok(request) = request.body(Body::from(body)) else { return };
    let got = world().send(request);
    let well = !got.status.is_server_error() || got.status == StatusCode::NOT_IMPLEMENTED;
    let text = String::from_utf8_lossy(&got.body);
    assert!(well, "{} from {path}: {text}", got.status);
    let web = |at: &String| ["/", "https://", "http://"].iter().any(|start| at.starts_with(start));
    assert!(got.location.as_ref().is_none_or(web), "{:?}", got.location);
    if from == From::Stranger {
        assert!(!text.contains("_SUCCESS") && !text.contains(r#""responseCode":"00""#), "{text}");
        assert!(!path.starts_with("/admin/") || !got.status.is_success(), "{path}: {text}");
    }
    let tills = path.starts_with("/upay/v2/") || path.starts_with("/terminal/");
    if tills && got.status == StatusCode::OK && !text.is_empty() {
        let envelope: Value = serde_json::from_slice(&got.body).expect("tills hear JSON");
        assert!(envelope["result_code"].is_string(), "{text}");
    }
}

fn written_headers(input: &mut Input<'_>) -> Vec<(&'static str, String)> {
    (0..input.below(3)).map(|_| (input.pick(&HEADERS), input.text())).collect()
}

/// The rest of the input, or a good message of the path with changes.
fn body(input: &mut Input<'_>, path: &str, till: &(String, String)) -> Vec<u8> {
    match input.byte() % 4 {
        0 => input.chunk().to_vec(),
        1 => {
            let good = good(input, path, till);
            input.changed(good.as_bytes())
        }
        2 => good(input, path, till).into_bytes(),
        _ => Vec::new(),
    }
}

fn good(input: &mut Input<'_>, path: &str, till: &(String, String)) -> String {
    let seed = u64::from(input.byte());
    if let Some(call) = CALLS.iter().find(|call| call.paths.contains(&path)) {
        let mut value = generate::valid(call, seed);
        if value.get("terminal_sn").is_some() {
            value["terminal_sn"] = Value::String(till.0.clone());
        }
        // Few numbers, so that one request finds what another made.
        for name in ["client_sn", "sn", "refund_request_no"] {
            if value.get(name).is_some() {
                value[name] = Value::String(format!("n{}", Random::new(seed).below(3)));
            }
        }
        return value.to_string();
    }
    let at = |shape| MESSAGES.iter().find(|message| message.path(shape) == Some(path));
    let found =
        [Shape::Wrapped, Shape::Flat].into_iter().find_map(|shape| Some((at(shape)?, shape)));
    let Some((message, shape)) = found else {
        return r#"{"sn":"7890000000000001","status":"SUCCESS"}"#.to_owned();
    };
    let mut value = valid(message, shape, Side::Request, seed);
    let known = [
        ("channelCode", "20000001"),
        ("industryCode", "10000001"),
        ("merId", "100000010000017"),
        ("acqIIN", "00010344"),
        ("currencyCode", "344"),
        ("txnTime", "20231115061320"),
        ("timeStamp", "20231115061320"),
    ];
    for section in ["", "/msgInfo", "/trxInfo"] {
        for (name, text) in known {
            let place = value.pointer_mut(&format!("{section}/{name}"));
            if let Some(place) = place.filter(|place| place.is_string()) {
                *place = Value::String(text.to_owned());
            }
        }
    }
    value.to_string()
}

/// Some of the paths that ask who is there.
fn is_guarded(path: &str) -> bool {
    const SOME: [&str; 6] = [
        "/admin/v1/stores",
        "/admin/v1/codes",
        "/upay/v2/pay",
        "/terminal/activate",
        "/ucsp/industry/v1/submitpaymentorder",
        "/wallet/v1/notice",
    ];
    SOME.contains(&path)
}

type Parts<'p> = (&'p [u8], &'p mut String, &'p mut Vec<(&'static str, String)>);

/// Puts the sender's proof on the request.
fn proof(from: From, path: &str, till: &(String, String), (body, query, headers): Parts<'_>) {
    let authorization = |headers: &mut Vec<_>, value: String| {
        headers.retain(|(name, _)| *name != "authorization");
        headers.push(("authorization", value));
    };
    match from {
        From::Stranger => {}
        From::Terminal if path.ends_with("gateway") || path.ends_with("return") => {
            sign_query(till, body, query);
        }
        From::Terminal => {
            let value = format!("{} {}", till.0, jose::terminal::sign(body, &till.1));
            authorization(headers, value);
        }
        From::Vendor => {
            let value = format!("{} {}", VENDOR.0, jose::terminal::sign(body, VENDOR.1));
            authorization(headers, value);
        }
        From::Partner(app_id) => {
            let uuid = &jose::jws::fresh_uuid();
            let options = SignOptions { app_id, uuid, timestamp: NOW_SECOND, req_path: Some(path) };
            let value = sign(signer(), body, &options).expect("the key signs");
            headers.retain(|(name, _)| *name != "upi-jws");
            headers.push(("upi-jws", value));
        }
        From::Wallet => {
            let key = MacKey::new(&Secret::new(WALLET_SECRET.to_owned())).expect("a key");
            headers.retain(|(name, _)| *name != MAC_HEADER);
            headers.push((MAC_HEADER, key.tag(&request_context(path), body)));
        }
        From::Operator => {
            authorization(headers, format!("Basic {}", STANDARD.encode(OPERATOR)));
        }
    }
}

/// The members of the body as a query that the terminal signed.
fn sign_query(till: &(String, String), body: &[u8], query: &mut String) {
    let members: Value = serde_json::from_slice(body).unwrap_or_default();
    let mut pairs: Vec<(String, String)> = members
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| *name != "sign" && *name != "terminal_sn")
        .map(|(name, value)| {
            (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        })
        .collect();
    pairs.push(("terminal_sn".to_owned(), till.0.clone()));
    let sign = jose::terminal::sign_query(&signing_text(&pairs, false), &till.1);
    pairs.push(("sign".to_owned(), sign));
    *query = encode_query(&pairs);
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, path) in (0_u8..).zip(PATHS) {
        let from = match path {
            _ if path.starts_with("/terminal/activate") => 4,
            _ if path.starts_with("/upay/v2") || path.starts_with("/terminal") => 2,
            _ if path.ends_with("gateway") || path.ends_with("return") => 2,
            _ if path.starts_with("/ucsp/channel") => 5,
            _ if path.starts_with("/ucsp/industry") => 6,
            _ if path.starts_with("/downstream") => 7,
            _ if path.starts_with("/wallet") => 8,
            _ if path.starts_with("/admin") => 9,
            _ => 0,
        };
        let name = path.trim_start_matches('/').replace(['/', '.', '%'], "_");
        let name: String = name.chars().take(40).collect();
        let method = u8::from(from == 0 || path.ends_with("gateway") || path.ends_with("return"));
        seeds.push((name, vec![from, 0, number, method, 0, 0, 2, number]));
    }
    for number in (0_u8..).zip(PATHS).filter(|(_, path)| is_guarded(path)).map(|(at, _)| at) {
        for method in 0..2_u8 {
            let plan = vec![0, 0, number, method, 0, 0, 2, number];
            seeds.push((format!("stranger_{number}_{method}"), plan));
        }
    }
    let authorize = b"channelCode=20000001&industryCode=10000001";
    let mut query = vec![0, 0, 1, 1, 0, 1, u8::try_from(authorize.len()).unwrap_or(0)];
    query.extend(authorize);
    seeds.push(("authorize_with_a_query".into(), query));
    let cookie = b"causeway_authorization=x; a=b";
    let mut back = vec![0, 0, 2, 1, 1, 2, u8::try_from(cookie.len()).unwrap_or(0)];
    back.extend(cookie);
    back.extend([1, 14]);
    back.extend(b"state=x&code=y");
    seeds.push(("authorize_back_with_a_cookie".into(), back));
    seeds.push((
        "pay_then_refund".into(),
        vec![2, 2, 20, 0, 0, 0, 2, 1, 23, 0, 0, 0, 2, 1, 22, 0, 0, 0, 2, 1],
    ));
    let new_store = br#"{"sn":"S-9","merchant":"200000010000017","name":"x"}"#;
    let mut admin = vec![9, 0, 39, 0, 0, 0, 0, u8::try_from(new_store.len()).unwrap_or(0)];
    admin.extend(new_store);
    seeds.push(("admin_store".into(), admin));
    seeds
}
