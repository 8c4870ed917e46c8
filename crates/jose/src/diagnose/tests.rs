//! Each mistake of security 2 made once, and exactly its cause expected.

use serde_json::{Map, Value, json};

use super::*;
use crate::cert::Identity;
use crate::encode;
use crate::jws::{PartnerKeys, SignOptions, sign};
use crate::keyring::Clock;
use crate::testing::*;

const BODY: &[u8] = br#"{"b":"1","a":"x"}"#;

fn case<'a>(header: &'a str, body: &'a [u8]) -> Case<'a> {
    Case { call: call(header, body), uuid_seen: false, other_certificates: &[] }
}

fn found_in(case: &Case<'_>, partner: PartnerKeys) -> Diagnosis {
    *diagnose(case, &directory(partner)).expect_err("the request is refused")
}

fn found(header: &str, body: &[u8]) -> Diagnosis {
    found_in(&case(header, body), partner())
}

fn cause(header: &str) -> Cause {
    found(header, BODY).cause
}

fn members() -> Map<String, Value> {
    let members = json!({
        "alg": "RS256", "kid": signer().id().as_str(),
        "crit": ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH"],
        "UPI-UUID": UUID, "UPI-TIMESTAMP": NOW_SECOND.to_string(),
        "UPI-APPID": APP_ID, "UPI-REQPATH": PATH,
    });
    members.as_object().unwrap().clone()
}

fn encoded(members: &Map<String, Value>) -> String {
    encode::to_url(Value::Object(members.clone()).to_string().as_bytes())
}

/// A header value whose signature covers header, dot and `payload`, whatever that is.
fn over(payload: &[u8], identity: &Identity) -> String {
    let header = encoded(&members());
    let input = [header.as_bytes(), b".", payload].concat();
    let signature = identity.key().sign_sha256(&input).unwrap();
    format!("{header}..{}", encode::to_url(&signature))
}

/// A header value with changed members, signed rightly.
fn with(change: impl FnOnce(&mut Map<String, Value>)) -> String {
    let mut members = members();
    change(&mut members);
    let header = encoded(&members);
    let input = format!("{header}.{}", encode::to_url(BODY));
    let signature = signer().key().sign_sha256(input.as_bytes()).unwrap();
    format!("{header}..{}", encode::to_url(&signature))
}

fn with_path(path: &str) -> Cause {
    cause(&with(|members| members["UPI-REQPATH"] = json!(path)))
}

fn with_kid(kid: &str) -> Cause {
    cause(&with(|members| members["kid"] = json!(kid)))
}

fn with_time(stamp: &str) -> Cause {
    cause(&with(|members| members["UPI-TIMESTAMP"] = json!(stamp)))
}

/// The cause when `signed` was signed and `sent` was sent.
fn body_cause(signed: &str, sent: &str) -> Cause {
    let header = over(encode::to_url(signed.as_bytes()).as_bytes(), signer());
    found(&header, sent.as_bytes()).cause
}

fn changed(change: BodyChange) -> Cause {
    Cause::BodyChanged { change }
}

#[test]
fn a_good_request_has_no_diagnosis() {
    let header = signed(BODY);
    assert!(diagnose(&case(&header, BODY), &directory(partner())).is_ok());
}

#[test]
fn header_missing_or_misshapen() {
    let absent = Case { call: Call { header: None, ..call("", BODY) }, ..case("", BODY) };
    assert_eq!(found_in(&absent, partner()).cause, Cause::HeaderMissing);
    let good = signed(BODY);
    let (head, tail) = good.split_once("..").unwrap();
    assert_eq!(cause(head), Cause::HeaderParts { found: 1 });
    assert_eq!(cause(&format!("{head}.{tail}")), Cause::HeaderParts { found: 2 });
    let payload = encode::to_url(BODY);
    assert_eq!(cause(&format!("{head}.{payload}.{tail}")), Cause::PayloadPresent);
    assert_eq!(cause(&format!("{head}=..{tail}")), Cause::HeaderEncoding);
    assert_eq!(cause(&format!("{head}..{tail}=")), Cause::SignatureEncoding);
    assert_eq!(cause(&"a".repeat(9000)), Cause::TooLong);
    let text = encode::to_url(b"no json");
    assert!(matches!(cause(&format!("{text}..{tail}")), Cause::HeaderNotJson { .. }));
}

#[test]
fn members_of_the_header() {
    let algorithm = cause(&with(|m| m["alg"] = json!("PS256")));
    assert_eq!(algorithm, Cause::Algorithm { found: "PS256".into() });
    let unencoded = cause(&with(|m| drop(m.insert("b64".into(), json!(false)))));
    assert_eq!(unencoded, Cause::PayloadUnencoded);
    let missing = cause(&with(|m| drop(m.shift_remove("kid"))));
    assert_eq!(missing, Cause::MemberMissing { name: "kid" });
    let uuid = cause(&with(|m| m["UPI-UUID"] = json!("5BA1")));
    assert!(matches!(uuid, Cause::MemberForm { name: "UPI-UUID", .. }));
    let crit = cause(&with(|m| m["crit"] = json!(["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID"])));
    assert_eq!(crit, Cause::CritIncomplete { name: "UPI-REQPATH".into() });
    let unknown = cause(&with(|m| m["crit"].as_array_mut().unwrap().push(json!("exp"))));
    assert_eq!(unknown, Cause::CritUnknown { name: "exp".into() });
}

#[test]
fn blanks_inside_header_names() {
    for name in ["UPI-UUID ", " UPI-UUID", "UPI- UUID", "UPI-UUID\t"] {
        let member = cause(&with(|m| {
            let value = m.shift_remove("UPI-UUID").unwrap();
            m.insert(name.into(), value);
        }));
        assert_eq!(member, Cause::BlankInName { name: name.into() });
        let critical = cause(&with(|m| m["crit"][0] = json!(name)));
        assert_eq!(critical, Cause::BlankInName { name: name.into() });
    }
    let lower = cause(&with(|m| {
        let value = m.shift_remove("UPI-APPID").unwrap();
        m.insert("upi-appid".into(), value);
    }));
    assert_eq!(lower, Cause::CaseOfName { name: "upi-appid".into() });
}

#[test]
fn time_stamp_as_a_number() {
    let number = cause(&with(|m| m["UPI-TIMESTAMP"] = json!(NOW_SECOND)));
    assert_eq!(number, Cause::TimestampIsNumber);
}

#[test]
fn clock_off_by_n_seconds() {
    for seconds in [-86_400, -301, 301, 3_600] {
        let off = with_time(&(NOW_SECOND + seconds).to_string());
        assert_eq!(off, Cause::ClockOff { seconds });
    }
}

#[test]
fn time_stamp_in_another_unit_or_form() {
    assert_eq!(with_time(&format!("{NOW_SECOND}123")), Cause::TimestampMilliseconds);
    assert_eq!(with_time("20231114221320"), Cause::TimestampCalendar);
    assert_eq!(with_time("2023-11-14T22:13:20Z"), Cause::TimestampCalendar);
    assert_eq!(with_time("soon"), Cause::TimestampForm);
    assert_eq!(with_time(""), Cause::TimestampForm);
}

#[test]
fn application_and_address() {
    let app_id = cause(&with(|m| m["UPI-APPID"] = json!("99999999")));
    assert_eq!(app_id, Cause::AppIdUnknown);
    let header = signed(BODY);
    let inactive = PartnerKeys { active: false, ..partner() };
    assert_eq!(found_in(&case(&header, BODY), inactive).cause, Cause::AppInactive);
    let mut ruled = partner();
    ruled.addresses = crate::jws::AddressRule::Only(Vec::new());
    let diagnosis = found_in(&case(&header, BODY), ruled);
    assert_eq!(diagnosis.cause, Cause::AddressNotAllowed);
    assert_eq!(diagnosis.check, Check::IpRule);
}

#[test]
fn encryption_certificate_instead_of_the_signing_one() {
    assert_eq!(with_kid(receiver().id().as_str()), Cause::KidIsEncryption);
    let payload = encode::to_url(BODY);
    let by_encryption_key = cause(&over(payload.as_bytes(), receiver()));
    assert_eq!(by_encryption_key, Cause::SignedByEncryptionKey);
}

#[test]
fn serial_in_hex() {
    let decimal = signer().id().to_string();
    let hex = format!("{:x}", 1_700_000_000_001_u64);
    for written in [hex.clone(), hex.to_uppercase(), format!("0x{hex}"), format!("00{hex}")] {
        let expected = Cause::KidInHex { decimal: decimal.clone() };
        assert_eq!(with_kid(&written), expected, "{written}");
    }
    assert_eq!(with_kid("4711"), Cause::KidUnknown);
}

#[test]
fn certificates_that_are_over() {
    let header = signed(BODY);
    let clock = Clock::real(at(NOW_SECOND));
    let until = at(NOW_SECOND - 1);
    let mut rotated = partner();
    rotated.signing.rotate(Arc::clone(stranger().cert()), until, clock).unwrap();
    let ended = found_in(&case(&header, BODY), rotated.clone()).cause;
    assert_eq!(ended, Cause::KidEnded { at: until });
    rotated.signing.revoke(signer().id().as_str(), until).unwrap();
    let revoked = found_in(&case(&header, BODY), rotated).cause;
    assert_eq!(revoked, Cause::KidRevoked { at: until });
    let at_time = |real| {
        let now = Clock { real, business: clock.business };
        let case = Case { call: Call { now, ..call(&header, BODY) }, ..case(&header, BODY) };
        found_in(&case, partner()).cause
    };
    let (from, to) = (signer().cert().not_before(), signer().cert().not_after());
    assert_eq!(at_time(at(from.as_second() - 1)), Cause::KidNotYetValid { at: from });
    assert_eq!(at_time(at(to.as_second() + 1)), Cause::KidExpired { at: to });
}

#[test]
fn paths() {
    assert_eq!(with_path(&format!("https://ucsp.example{PATH}")), Cause::PathWithHost);
    assert_eq!(with_path(&format!("//ucsp.example{PATH}")), Cause::PathWithHost);
    assert_eq!(with_path(&format!("ucsp.example:8443{PATH}")), Cause::PathWithHost);
    assert_eq!(with_path(&format!("{PATH}?a=1")), Cause::PathWithQuery);
    assert_eq!(with_path(&format!("{PATH}#top")), Cause::PathWithQuery);
    assert_eq!(with_path(&format!("{PATH}/")), Cause::PathTrailingSlash);
    assert_eq!(with_path(&PATH[1..]), Cause::PathNoSlash);
    assert_eq!(with_path(&PATH.to_uppercase()), Cause::PathCase);
    assert_eq!(with_path("/v1/paymentresultinquiry"), Cause::PathPart);
    assert_eq!(with_path(&format!("/gateway{PATH}")), Cause::PathPart);
    assert_eq!(with_path("/ucsp/industry/v1/getcardlist"), Cause::PathOther);
}

#[test]
fn another_of_the_owners_keys() {
    let payload = encode::to_url(BODY);
    let header = over(payload.as_bytes(), stranger());
    assert_eq!(found(&header, BODY).cause, Cause::UnknownKey);
    let id = stranger().id().to_string();
    // Known from another application of the same owner.
    let others = [Arc::clone(stranger().cert())];
    let known = Case { other_certificates: &others, ..case(&header, BODY) };
    assert_eq!(found_in(&known, partner()).cause, Cause::SignedByOtherKey { id: id.clone() });
    // The application's own former key.
    let mut partner = partner();
    let clock = Clock::real(at(NOW_SECOND));
    let until = at(NOW_SECOND + 9);
    partner.signing.rotate(Arc::clone(stranger().cert()), until, clock).unwrap();
    let diagnosis = found_in(&case(&header, BODY), partner);
    assert_eq!(diagnosis.cause, Cause::SignedByOtherKey { id });
    assert_eq!(diagnosis.check, Check::Signature);
}

#[test]
fn pretty_printed_body() {
    let compact = r#"{"b":"1","a":["x",{}]}"#;
    let value: Value = serde_json::from_str(compact).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    let four = pretty.replace("  ", "    ");
    let tabs = pretty.replace("  ", "\t");
    let spaced = r#"{"b": "1", "a": ["x", {}]}"#;
    for signed in [&pretty, &four, &tabs, spaced] {
        assert_eq!(body_cause(signed, compact), changed(BodyChange::PrettyPrinted), "{signed}");
        assert_eq!(body_cause(compact, signed), changed(BodyChange::Reserialised), "{signed}");
    }
}

#[test]
fn reserialised_body() {
    let sent = r#"{"b":"é/<","a":"x"}"#;
    for signed in [
        r#"{"a":"x","b":"é/<"}"#,
        r#"{"b":"\u00e9/<","a":"x"}"#,
        r#"{"b":"é\/<","a":"x"}"#,
        r#"{"b":"\u00e9\/<","a":"x"}"#,
        r#"{"b":"é/\u003c","a":"x"}"#,
        r#"{"a": "x", "b": "\u00e9/<"}"#,
    ] {
        assert_eq!(body_cause(signed, sent), changed(BodyChange::Reserialised), "{signed}");
    }
    let spaces = "{ \"b\" : \"é/<\",\"a\":\"x\" }";
    assert_eq!(body_cause(sent, spaces), changed(BodyChange::Reserialised));
}

#[test]
fn byte_order_mark_line_ends_and_trailing_blanks() {
    let plain = "{\n \"a\":\"1\"\n}";
    let marked = format!("\u{feff}{plain}");
    let returns = plain.replace('\n', "\r\n");
    assert_eq!(body_cause(&marked, plain), changed(BodyChange::Bom));
    assert_eq!(body_cause(plain, &marked), changed(BodyChange::Bom));
    assert_eq!(body_cause(&returns, plain), changed(BodyChange::LineEnds));
    assert_eq!(body_cause(plain, &returns), changed(BodyChange::LineEnds));
    let ended = "{\"a\":\"1\"}\n";
    assert_eq!(body_cause(ended.trim_end(), ended), changed(BodyChange::TrailingBlanks));
    assert_eq!(body_cause(ended, ended.trim_end()), changed(BodyChange::TrailingBlanks));
    assert_eq!(body_cause("", ended), changed(BodyChange::Empty));
}

#[test]
fn payload_in_another_encoding() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};
    // Chosen so that the alphabets differ and padding is needed.
    let body = "{\"a\":\"???>>>ü\"}".as_bytes();
    assert!(STANDARD.encode(body).contains(['+', '/']) && STANDARD.encode(body).contains('='));
    let cause = |payload: &[u8]| found(&over(payload, signer()), body).cause;
    assert_eq!(cause(body), Cause::PayloadUnencoded);
    assert_eq!(cause(URL_SAFE.encode(body).as_bytes()), Cause::PayloadPadded);
    assert_eq!(cause(STANDARD.encode(body).as_bytes()), Cause::PayloadStandardBase64);
    assert_eq!(cause(STANDARD_NO_PAD.encode(body).as_bytes()), Cause::PayloadStandardBase64);
}

#[test]
fn in_body_algorithm() {
    use aws_lc_rs::digest::{SHA256, digest};
    let header = encoded(&members());
    let input = format!("{header}.{}", encode::to_url(BODY));
    for text in [input.as_bytes(), BODY] {
        let hash = digest(&SHA256, text);
        let bare = signer().key().raw().sign_bare(hash.as_ref().try_into().unwrap()).unwrap();
        let value = format!("{header}..{}", encode::to_url(&bare));
        assert_eq!(cause(&value), Cause::InBodyAlgorithm);
    }
    let body_alone = signer().key().sign_sha256(BODY).unwrap();
    let value = format!("{header}..{}", encode::to_url(&body_alone));
    assert_eq!(cause(&value), Cause::InBodyAlgorithm);
}

#[test]
fn other_hashes() {
    for vector in vectors("other_hashes.json")["detached_jws"].as_array().unwrap() {
        let found = cause(text(vector, "upi_jws"));
        assert!(matches!(found, Cause::OtherHash { hash } if hash == text(vector, "hash")));
    }
}

#[test]
fn the_right_key_over_unknown_bytes() {
    let header = signed(b"something else");
    assert_eq!(cause(&header), Cause::OtherBytes);
}

#[test]
fn uuid_already_used() {
    let header = signed(BODY);
    let again = Case { uuid_seen: true, ..case(&header, BODY) };
    let diagnosis = found_in(&again, partner());
    assert_eq!((diagnosis.check, diagnosis.cause), (Check::Uuid, Cause::UuidUsed));
    // A used UUID does not hide what failed before.
    let late = SignOptions { timestamp: NOW_SECOND + 400, ..options() };
    let header = sign(signer(), BODY, &late).unwrap();
    let again = Case { uuid_seen: true, ..case(&header, BODY) };
    assert_eq!(found_in(&again, partner()).cause, Cause::ClockOff { seconds: 400 });
}

#[test]
fn the_record_names_check_and_cause() {
    let record = found(&with(|m| m["kid"] = json!(receiver().id().as_str())), BODY).to_json();
    assert_eq!(record["check"], 5);
    assert_eq!(record["check_name"], "kid");
    assert_eq!(record["cause"], "kid_is_encryption");
    assert!(record["explanation"].as_str().unwrap().contains("signing key"));
    assert_eq!(record["evidence"][0], json!({"name": "kid", "value": "1700000000003"}));
    let hex = Cause::KidInHex { decimal: "26".into() };
    assert_eq!(hex.name(), "kid_in_hex");
    let change = changed(BodyChange::Bom);
    assert_eq!(serde_json::to_value(&change).unwrap()["change"], "bom");
}

#[test]
fn evidence_is_bounded() {
    let kid = "9".repeat(128);
    let diagnosis = found(&with(|m| m["kid"] = json!(kid)), BODY);
    assert!(diagnosis.evidence.iter().all(|e| e.value.chars().count() <= EVIDENCE_CHARS_MAX));
    let header = with(|m| m["UPI-REQPATH"] = json!(format!("/{}", "p".repeat(4000))));
    let diagnosis = found(&header, BODY);
    assert!(diagnosis.evidence.iter().all(|e| e.value.chars().count() <= EVIDENCE_CHARS_MAX));
}
