//! UPI-JWS: header, checks, diagnosis (security 1 and 2).
//!
//! Rules: of what our keys did not sign nothing is accepted, whatever was changed; of what they
//! signed only what an independent reading of the header finds right; the diagnoser names the check
//! that failed and its evidence is bounded.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::diagnose::{Case, diagnose};
use jose::jws::{Answer, Call, PartnerKeys, parse, verify_answer, verify_request};
use jose::keyring::Clock;
use jose::limits::EVIDENCE_CHARS_MAX;
use serde_json::{Value, json};

use crate::input::Input;
use crate::vectors::{self, NOW_SECOND, bytes, list, now, receiver, signer, text};

const APP_ID: &str = "00520446";
const PATH: &str = "/ucsp/industry/v1/paymentresultinquiry";
/// The members that `crit` may name; the last is for requests alone.
const UNDERSTOOD: [&str; 4] = ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH"];

/// A header value and the body it was made for.
type Pair = (String, Vec<u8>);

/// Pairs that were signed with the key of the vectors.
fn genuine() -> &'static [Pair] {
    static GENUINE: OnceLock<Vec<Pair>> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let files = [vectors::jose(), vectors::golden()];
        let all = files.into_iter().flat_map(|file| list(file, "detached_jws"));
        all.map(|one| (text(one, "upi_jws").to_owned(), bytes(one, "body_base64"))).collect()
    })
}

fn find(app_id: &str) -> Option<Arc<PartnerKeys>> {
    static KEYS: OnceLock<Arc<PartnerKeys>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let (sign, encrypt) = (Arc::clone(signer().cert()), Arc::clone(receiver().cert()));
        Arc::new(PartnerKeys::new(APP_ID, sign, encrypt))
    });
    (app_id == keys.app_id).then(|| Arc::clone(keys))
}

/// First byte: bytes as they come, changes of something genuine, or a header of any members under
/// a good signature.
pub(super) fn run(data: &[u8]) {
    let mut input = Input::new(data);
    match input.byte() % 3 {
        0 => {
            let body = input.chunk();
            let header = input.rest_text();
            assert!(!is_accepted(&header, body) || is_genuine(&header, body));
        }
        1 => changed(&mut input),
        _ => signed(&mut input),
    }
}

fn changed(input: &mut Input<'_>) {
    let (header, body) = &genuine()[input.below(genuine().len())];
    let how = input.byte();
    let header = if how & 1 == 1 { input.changed_text(header) } else { header.clone() };
    let body = if how & 2 == 2 { input.changed(body) } else { body.clone() };
    if is_accepted(&header, &body) {
        assert!(is_genuine(&header, &body), "{header} was never signed for this body");
    }
}

/// Whether exactly this was signed.
fn is_genuine(header: &str, body: &[u8]) -> bool {
    genuine().iter().any(|(one, its)| one == header && its == body)
}

/// Whether the checks of a request or of an answer accept; holds the diagnoser against them.
fn is_accepted(header: &str, body: &[u8]) -> bool {
    let call = Call { header: Some(header), body, path: PATH, peer: None, now: Clock::real(now()) };
    let verified = verify_request(&call, &find);
    let case = Case { call, uuid_seen: false, other_certificates: &[] };
    match (&verified, diagnose(&case, &find)) {
        (Ok(_), Ok(_)) => assert!(parse(header).is_ok()),
        (Err(failure), Err(diagnosis)) => {
            assert_eq!(failure.check, diagnosis.check);
            assert!(!diagnosis.explanation().is_empty() && !diagnosis.cause.name().is_empty());
            let short = |text: &str| text.chars().count() <= EVIDENCE_CHARS_MAX;
            assert!(diagnosis.evidence.iter().all(|evidence| short(&evidence.value)));
            assert_eq!(diagnosis.to_json()["check"], json!(failure.check.number()));
        }
        (verified, diagnosis) => panic!("{verified:?} but {diagnosis:?}"),
    }
    let answer = Answer { header: Some(header), body, app_id: APP_ID, now_real: now() };
    let known = |kid: &str| (kid == signer().id().as_str()).then(|| Arc::clone(signer().cert()));
    let answered = verify_answer(&answer, known);
    assert!(verified.is_err() || answered.is_err(), "a message is a request or an answer");
    verified.is_ok() || answered.is_ok()
}

/// A header of the input's own members over a body, signed with the genuine key.
fn signed(input: &mut Input<'_>) {
    let body = input.chunk();
    let protected = if input.flag() { input.rest_text() } else { varied(input) };
    let encoded = URL_SAFE_NO_PAD.encode(&protected);
    let message = format!("{encoded}.{}", URL_SAFE_NO_PAD.encode(body));
    let signature = signer().key().sign_sha256(message.as_bytes()).expect("the key signs");
    let header = format!("{encoded}..{}", URL_SAFE_NO_PAD.encode(signature));
    if is_accepted(&header, body) {
        let value: Value = serde_json::from_str(&protected).expect("what is accepted is JSON");
        assert!(is_right(&value), "{protected}");
    }
}

/// The members of a good header, most of them as they must be.
fn varied(input: &mut Input<'_>) -> String {
    let mut value = json!({
        "alg": input.pick(&["RS256", "RS256", "RS256", "none", "HS256", "rs256"]),
        "kid": input.pick(&[signer().id().as_str(), "1700000000003", "1", ""]),
        "UPI-UUID": input.pick(&["5ba10d46d5d148dfbcc2119c08e01015", "5BA1", ""]),
        "UPI-TIMESTAMP": (NOW_SECOND + i64::from(input.short()) - 32_768).to_string(),
        "UPI-APPID": input.pick(&[APP_ID, APP_ID, "00520447"]),
        "UPI-REQPATH": input.pick(&[PATH, PATH, "/", "/ucsp"]),
    });
    if input.flag() {
        value["UPI-TIMESTAMP"] = json!((NOW_SECOND + i64::from(input.byte())).to_string());
    }
    let mut crit: Vec<String> = UNDERSTOOD.map(str::to_owned).to_vec();
    match input.byte() % 8 {
        0 => crit.truncate(input.below(5)),
        1 => crit.push(input.text()),
        2 => value["b64"] = json!(input.flag()),
        3 => value["UPI-LATER"] = json!("1"),
        4 => {
            value.as_object_mut().map(|members| members.remove("UPI-REQPATH"));
            crit.truncate(3);
        }
        5 => crit.swap(0, 3),
        _ => {}
    }
    value["crit"] = json!(crit);
    value.to_string()
}

/// The rules of security 1 for the protected header, read a second time in other words. A member
/// that stands twice is the target's business, not that of this reading.
fn is_right(value: &Value) -> bool {
    let member = |name: &str| value[name].as_str().unwrap_or_default();
    let listed = value["crit"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names: BTreeSet<&str> = listed.iter().filter_map(Value::as_str).collect();
    let members = value.as_object().map(|members| members.keys().map(String::as_str));
    let present: BTreeSet<&str> =
        members.into_iter().flatten().filter(|name| name.starts_with("UPI-")).collect();
    let hex = |byte: u8| byte.is_ascii_hexdigit() && !byte.is_ascii_uppercase();
    let uuid = member("UPI-UUID");
    let sent: i64 = member("UPI-TIMESTAMP").parse().unwrap_or(0);
    let path = value.get("UPI-REQPATH").is_none() || member("UPI-REQPATH") == PATH;
    member("alg") == "RS256"
        && member("kid") == signer().id().as_str()
        && member("UPI-APPID") == APP_ID
        && path
        && names.len() == listed.len()
        && names == present
        && present.iter().all(|name| UNDERSTOOD.contains(name))
        && uuid.len() == 32
        && uuid.bytes().all(hex)
        && (sent - NOW_SECOND).abs() <= 300
        && value.get("b64").is_none_or(|b64| *b64 == json!(true))
}

pub(super) fn seeds() -> Vec<(String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, (header, body)) in genuine().iter().enumerate().filter(|(at, _)| at % 5 == 0) {
        let mut bytes = vec![0, u8::try_from(body.len()).unwrap_or(0)];
        bytes.extend(body.iter().take(255));
        bytes.extend(header.as_bytes());
        seeds.push((format!("raw_{number}"), bytes));
    }
    for one in list(vectors::other_hashes(), "detached_jws") {
        let body = bytes(one, "body_base64");
        let mut raw = vec![0, u8::try_from(body.len()).unwrap_or(0)];
        raw.extend(body.iter().take(255));
        raw.extend(text(one, "upi_jws").as_bytes());
        seeds.push((format!("other_hash_{}", text(one, "hash").to_lowercase()), raw));
    }
    seeds.push(("as_it_was_signed".into(), vec![1, 0, 3, 0, 0]));
    seeds.push(("header_bit".into(), vec![1, 0, 1, 1, 0, 0, 40, 0, 1]));
    seeds.push(("body_cut".into(), vec![1, 4, 2, 1, 5, 0, 3]));
    seeds.push(("good_members".into(), {
        let mut bytes = vec![2, 2, b'{', b'}', 0, 0, 0, 0];
        bytes.extend([0x80, 0x00, 0, 0, 1, 5, 7]);
        bytes
    }));
    for kind in 0..6_u8 {
        let mut bytes = vec![2, 2, b'{', b'}', 0, 0, 0, 0];
        bytes.extend([0x80, 0x10, 0, 0, 1, 5, kind, 1, 3, b'x', b'y', b'z']);
        seeds.push((format!("members_{kind}"), bytes));
    }
    let own = format!(
        r#"{{"alg":"RS256","kid":"{}","crit":["UPI-UUID","UPI-TIMESTAMP","UPI-APPID"],
            "UPI-UUID":"5ba10d46d5d148dfbcc2119c08e01015","UPI-TIMESTAMP":"{NOW_SECOND}",
            "UPI-APPID":"{APP_ID}"}}"#,
        signer().id()
    );
    seeds.push(("own_text".into(), [&[2, 0, 1], own.as_bytes()].concat()));
    seeds
}
