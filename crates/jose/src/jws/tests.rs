//! Signing, parsing and the order of the checks.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::cert::PublicKey;
use crate::keyring::{Clock, KeyRefusal};
use crate::testing::*;

fn body_of(vector: &Value) -> Vec<u8> {
    STANDARD.decode(text(vector, "body_base64")).unwrap()
}

/// A header value around any protected header, signed by the signer of the vectors.
fn around(protected: &str, body: &[u8]) -> String {
    let encoded = encode::to_url(protected.as_bytes());
    let signature = signer().key().sign_digest(&signing_digest(&encoded, body)).unwrap();
    format!("{encoded}..{}", encode::to_url(&signature))
}

fn members() -> Value {
    json!({
        "alg": "RS256", "kid": signer().id().as_str(),
        "crit": ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH"],
        "UPI-UUID": UUID, "UPI-TIMESTAMP": NOW_SECOND.to_string(),
        "UPI-APPID": APP_ID, "UPI-REQPATH": PATH,
    })
}

fn changed(change: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
    let mut members = members();
    change(members.as_object_mut().unwrap());
    around(&members.to_string(), b"{}")
}

fn first_failure(header: &str) -> Check {
    verify_request(&call(header, b"{}"), &directory(partner())).unwrap_err().check
}

#[test]
fn independent_vectors_verify() {
    let vectors = jose_vectors();
    let key = PublicKey::from_pem(text(vectors, "sign_public_pem")).unwrap();
    let all = vectors["detached_jws"].as_array().unwrap();
    assert!(!all.is_empty());
    for vector in all {
        let body = body_of(vector);
        let detached = parse(text(vector, "upi_jws")).unwrap();
        assert_eq!(detached.protected.kid, text(&vector["protected"], "kid"));
        assert_eq!(detached.protected.uuid, text(&vector["protected"], "UPI-UUID"));
        detached.verify_with_key(&body, &key).unwrap();
        let input = text(vector, "signing_input");
        let digest = signing_digest(detached.encoded_header(), &body);
        let whole = aws_lc_rs::digest::digest(&SHA256, input.as_bytes());
        assert_eq!(digest.as_ref(), whole.as_ref());
    }
}

#[test]
fn requests_are_signed_byte_for_byte_like_the_vectors() {
    let same_header = |vector: &&Value| vector["protected"].get("UPI-REQPATH").is_some();
    let all = jose_vectors()["detached_jws"].as_array().unwrap();
    assert!(all.iter().filter(same_header).count() >= 5);
    for vector in all.iter().filter(same_header) {
        assert_eq!(signed(&body_of(vector)), text(vector, "upi_jws"));
    }
}

#[test]
fn rfc_7515_appendix_a2() {
    let file = vectors("rfc.json");
    let vector = &file["rfc7515_a2"];
    let key = PublicKey::from_pem(text(vector, "public_key_pem")).unwrap();
    let payload = encode::from_url(text(vector, "payload_base64url")).unwrap();
    let signature = encode::from_url(text(vector, "signature_base64url")).unwrap();
    let digest = signing_digest(text(vector, "encoded_header"), &payload);
    assert!(key.verifies(&digest, &signature));
    let private = crate::cert::PrivateKey::from_pem(text(vector, "private_key_pem")).unwrap();
    assert_eq!(private.sign_digest(&digest).unwrap(), signature);
}

#[test]
fn an_answer_carries_no_path() {
    let options = SignOptions { req_path: None, ..options() };
    let header = sign(signer(), b"{}", &options).unwrap();
    let protected = parse(&header).unwrap().protected;
    assert_eq!(protected.req_path, None);
    assert_eq!(protected.crit, ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID"]);
}

#[test]
fn a_good_request_passes_and_says_who_signed() {
    let header = signed(b"{}");
    let verified = verify_request(&call(&header, b"{}"), &directory(partner())).unwrap();
    assert_eq!(verified.app_id(), APP_ID);
    assert_eq!(verified.uuid(), UUID);
    assert_eq!(verified.certificate().id(), signer().id());
}

#[test]
fn crit_in_any_order_and_unknown_members_are_fine() {
    let header = changed(|members| {
        members["crit"] = json!(["UPI-REQPATH", "UPI-APPID", "UPI-UUID", "UPI-TIMESTAMP"]);
        members.insert("typ".into(), json!("JOSE"));
        members.insert("x5t".into(), json!({"deep": [1, 2]}));
    });
    assert!(verify_request(&call(&header, b"{}"), &directory(partner())).is_ok());
}

#[test]
fn wrong_header_values_fail_check_2() {
    let good = signed(b"{}");
    let (head, tail) = good.split_once("..").unwrap();
    let long = format!("{good}{}", "A".repeat(crate::limits::JWS_HEADER_BYTES_MAX));
    let wrong = [
        String::new(),
        head.to_owned(),
        format!("{head}.{tail}"),
        format!("{head}..{tail}."),
        format!("{head}.e30.{tail}"),
        format!("{head}..{tail}="),
        format!("{head}..{tail}+"),
        long,
    ];
    for header in wrong {
        assert_eq!(first_failure(&header), Check::Header, "{header:.80}");
    }
    let absent = Call { header: None, ..call("", b"{}") };
    let failure = verify_request(&absent, &directory(partner())).unwrap_err();
    assert_eq!(failure.check, Check::Header);
    assert!(!failure.sign_refusal);
}

#[test]
fn a_header_that_breaks_a_rule_still_says_whose_it_is() {
    let signs = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let header = changed(|members| change(members));
        let failure = verify_request(&call(&header, b"{}"), &directory(partner())).unwrap_err();
        assert_eq!(failure.check, Check::ProtectedHeader);
        failure.sign_refusal
    };
    assert!(signs(&|members| members["crit"] = json!(["UPI-UUID"])));
    assert!(signs(&|members| members["UPI-UUID"] = json!("F".repeat(32))));
    assert!(signs(&|members| drop(members.remove("UPI-REQPATH"))));
    assert!(!signs(&|members| drop(members.remove("kid"))));
    let other = stranger().id().as_str();
    assert!(!signs(&|members| {
        members["crit"] = json!([]);
        members["kid"] = json!(other);
    }));
}

#[test]
fn wrong_protected_headers_fail_check_3() {
    type Change = fn(&mut serde_json::Map<String, Value>);
    let wrong: [(&str, Change); 14] = [
        ("alg none", |m| m["alg"] = json!("none")),
        ("alg PS256", |m| m["alg"] = json!("PS256")),
        ("no kid", |m| drop(m.shift_remove("kid"))),
        ("no uuid", |m| drop(m.shift_remove("UPI-UUID"))),
        ("upper-case uuid", |m| m["UPI-UUID"] = json!(UUID.to_uppercase())),
        ("short uuid", |m| m["UPI-UUID"] = json!("ab")),
        ("number", |m| m["UPI-TIMESTAMP"] = json!(1_700_000_000)),
        ("no crit", |m| drop(m.shift_remove("crit"))),
        ("crit incomplete", |m| m["crit"] = json!(["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID"])),
        ("crit twice", |m| {
            let crit = m["crit"].as_array_mut().unwrap();
            crit.push(json!("UPI-UUID"));
        }),
        ("crit unknown", |m| m["crit"].as_array_mut().unwrap().push(json!("exp"))),
        ("foreign member", |m| drop(m.insert("UPI-OTHER".into(), json!("1")))),
        ("no path", |m| {
            m.shift_remove("UPI-REQPATH");
            m["crit"] = json!(["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID"]);
        }),
        ("b64", |m| drop(m.insert("b64".into(), json!(false)))),
    ];
    for (name, change) in wrong {
        assert_eq!(first_failure(&changed(change)), Check::ProtectedHeader, "{name}");
    }
    for json in ["", "[]", "null", "{", "{}{}", "{\"alg\":\"RS256\",\"alg\":\"RS256\"}"] {
        assert_eq!(first_failure(&around(json, b"{}")), Check::ProtectedHeader, "{json}");
    }
    let doubled = members().to_string().replacen("\"kid\"", "\"kid\":\"1\",\"kid\"", 1);
    assert_eq!(first_failure(&around(&doubled, b"{}")), Check::ProtectedHeader);
}

#[test]
fn checks_4_to_8_fail_in_their_order() {
    // Everything is wrong at first; each step mends one thing and meets the next check.
    let mut members = members();
    let stranger_kid = stranger().id().as_str();
    members["UPI-APPID"] = json!("99999999");
    members["kid"] = json!(stranger_kid);
    members["UPI-TIMESTAMP"] = json!((NOW_SECOND - 301).to_string());
    members["UPI-REQPATH"] = json!("/other");
    let mut partner = partner();
    partner.active = false;
    partner.addresses = AddressRule::Only(vec!["192.0.2.0/24".parse().unwrap()]);
    let check = |members: &Value, partner: &PartnerKeys| {
        let header = around(&members.to_string(), b"other body");
        let failure = verify_request(&call(&header, b"{}"), &directory(partner.clone()));
        failure.map(|_| ()).map_err(|failure| (failure.check, failure.sign_refusal))
    };
    assert_eq!(check(&members, &partner), Err((Check::AppId, false)));
    members["UPI-APPID"] = json!(APP_ID);
    assert_eq!(check(&members, &partner), Err((Check::AppId, false)));
    partner.active = true;
    assert_eq!(check(&members, &partner), Err((Check::IpRule, false)));
    partner.addresses = AddressRule::Any;
    assert_eq!(check(&members, &partner), Err((Check::Kid, false)));
    members["kid"] = json!(receiver().id().as_str());
    assert_eq!(check(&members, &partner), Err((Check::Kid, true)));
    members["kid"] = json!(signer().id().as_str());
    assert_eq!(check(&members, &partner), Err((Check::Timestamp, true)));
    members["UPI-TIMESTAMP"] = json!(NOW_SECOND.to_string());
    assert_eq!(check(&members, &partner), Err((Check::ReqPath, true)));
    members["UPI-REQPATH"] = json!(PATH);
    assert_eq!(check(&members, &partner), Err((Check::Signature, true)));
}

#[test]
fn time_stamps_are_accepted_300_seconds_either_way() {
    for (offset, accepted) in [(-301, false), (-300, true), (0, true), (300, true), (301, false)] {
        let options = SignOptions { timestamp: NOW_SECOND + offset, ..options() };
        let header = sign(signer(), b"{}", &options).unwrap();
        let result = verify_request(&call(&header, b"{}"), &directory(partner()));
        assert_eq!(result.is_ok(), accepted, "{offset}");
    }
    for stamp in ["", "+1700000000", "-1", "1700000000.0", " 1700000000", "99999999999999999999"] {
        let header = changed(|members| members["UPI-TIMESTAMP"] = json!(stamp));
        assert_eq!(first_failure(&header), Check::Timestamp, "{stamp:?}");
    }
}

#[test]
fn a_moved_business_clock_changes_overlaps_but_not_freshness() {
    let mut partner = partner();
    let start = Clock::real(at(NOW_SECOND));
    let until = crate::keyring::overlap_end(start.business);
    assert_eq!(until.duration_since(start.business), SignedDuration::from_hours(7 * 24));
    partner.signing.rotate(Arc::clone(stranger().cert()), until, start).unwrap();
    let header = signed(b"{}");
    let passes = |business| {
        let now = Clock { real: start.real, business };
        let call = Call { now, ..call(&header, b"{}") };
        verify_request(&call, &directory(partner.clone())).map(|_| ()).map_err(|f| f.reason)
    };
    assert_eq!(passes(start.business), Ok(()));
    assert_eq!(passes(at(until.as_second() - 1)), Ok(()));
    let kid = signer().id().to_string();
    let ended = Reason::Kid { kid, refusal: KeyRefusal::Ended { at: until } };
    assert_eq!(passes(until), Err(ended));
}

#[test]
fn address_rules() {
    let range: Network = "192.0.2.0/24".parse().unwrap();
    for (address, inside) in [
        ("192.0.2.0", true),
        ("192.0.2.255", true),
        ("::ffff:192.0.2.7", true),
        ("192.0.3.0", false),
        ("2001:db8::1", false),
    ] {
        assert_eq!(range.contains(address.parse().unwrap()), inside, "{address}");
    }
    let all: Network = "0.0.0.0/0".parse().unwrap();
    assert!(all.contains("203.0.113.9".parse().unwrap()));
    assert!(!all.contains("::1".parse().unwrap()));
    let six: Network = "2001:db8::/32".parse().unwrap();
    assert!(six.contains("2001:db8:ffff::1".parse().unwrap()));
    assert!(!six.contains("2001:db9::1".parse().unwrap()));
    for wrong in ["", "192.0.2.0/33", "::/129", "x/8", "192.0.2.0/", "192.0.2.0/-1"] {
        assert!(wrong.parse::<Network>().is_err(), "{wrong}");
    }
    assert!(!AddressRule::Only(vec![all]).admits(None));
    assert!(AddressRule::Any.admits(None));
}

#[test]
fn answers_are_checked_in_the_same_order() {
    let now_real = at(NOW_SECOND);
    let find = |kid: &str| (kid == signer().id().as_str()).then(|| Arc::clone(signer().cert()));
    let check = |options: SignOptions<'_>, signer: &crate::cert::Identity, body: &[u8]| {
        let header = sign(signer, b"{}", &options).unwrap();
        let answer = Answer { header: Some(&header), body, app_id: APP_ID, now_real };
        verify_answer(&answer, find).map(|_| ()).map_err(|failure| failure.check)
    };
    let good = SignOptions { req_path: None, ..options() };
    assert_eq!(check(good, signer(), b"{}"), Ok(()));
    assert_eq!(check(options(), signer(), b"{}"), Err(Check::ProtectedHeader));
    let foreign = SignOptions { app_id: "99999999", ..good };
    assert_eq!(check(foreign, signer(), b"{}"), Err(Check::AppId));
    assert_eq!(check(good, stranger(), b"{}"), Err(Check::Kid));
    let late = SignOptions { timestamp: NOW_SECOND + 301, ..good };
    assert_eq!(check(late, signer(), b"{}"), Err(Check::Timestamp));
    assert_eq!(check(good, signer(), b"{ }"), Err(Check::Signature));
}

#[test]
fn bodies_past_the_bound_are_refused() {
    let long = vec![b' '; BODY_BYTES_MAX + 1];
    assert!(matches!(sign(signer(), &long, &options()), Err(JwsError::TooLong { .. })));
    let edge = vec![b' '; BODY_BYTES_MAX];
    let header = signed(&edge);
    assert!(parse(&header).unwrap().verify(&edge, signer().cert()).is_ok());
}

#[test]
fn uuids_are_fresh_and_well_formed() {
    let all: std::collections::HashSet<_> = (0..1000).map(|_| fresh_uuid()).collect();
    assert_eq!(all.len(), 1000);
    assert!(all.iter().all(|uuid| header::is_uuid(uuid) && uuid.as_bytes()[12] == b'4'));
}

#[test]
fn replay_window_remembers_ten_minutes_per_application() {
    let window = ReplayWindow::new();
    let uuid = fresh_uuid();
    assert!(window.admit(APP_ID, &uuid, at(0)));
    assert!(!window.admit(APP_ID, &uuid, at(0)));
    assert!(window.admit("00000002", &uuid, at(0)));
    // A stamp 300 s ahead is still accepted 600 s later, so the last second counts too.
    assert!(!window.admit(APP_ID, &uuid, at(600)));
    assert!(window.admit(APP_ID, &uuid, at(601)));
    assert!(!window.admit(APP_ID, &uuid, at(602)));
    assert_eq!(window.try_admit(APP_ID, "short", at(0)), Admission::Seen);
    assert_eq!(window.try_admit("much too long an id", &uuid, at(0)), Admission::Seen);
}

#[test]
fn a_full_replay_window_refuses_and_never_forgets() {
    let capacity = crate::limits::REPLAY_SHARDS * 4;
    let window = ReplayWindow::with_capacity(capacity);
    let uuids: Vec<_> = (0..capacity * 8).map(|_| fresh_uuid()).collect();
    let admitted: Vec<_> = uuids.iter().filter(|u| window.admit(APP_ID, u, at(5))).collect();
    assert_eq!(admitted.len(), capacity);
    assert_eq!(window.len(), capacity);
    for uuid in &admitted {
        assert_eq!(window.try_admit(APP_ID, uuid, at(6)), Admission::Seen);
    }
    let refused = uuids.iter().find(|uuid| !admitted.contains(uuid)).unwrap();
    assert_eq!(window.try_admit(APP_ID, refused, at(605)), Admission::Full);
    assert_eq!(window.try_admit(APP_ID, refused, at(606)), Admission::Fresh);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_body_round_trips_and_any_changed_byte_fails(
        body in proptest::collection::vec(any::<u8>(), 0..5000),
        place in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let header = signed(&body);
        prop_assert!(parse(&header).unwrap().verify(&body, signer().cert()).is_ok());
        if !body.is_empty() {
            let mut other = body.clone();
            other[place.index(body.len())] ^= 1 << bit;
            prop_assert!(parse(&header).unwrap().verify(&other, signer().cert()).is_err());
        }
        let mut bytes = header.into_bytes();
        let index = place.index(bytes.len());
        bytes[index] ^= 1;
        let text = String::from_utf8(bytes).unwrap();
        let accepted = verify_request(&call(&text, &body), &directory(partner())).is_ok();
        prop_assert!(!accepted);
    }

    #[test]
    fn no_header_value_panics(value in "\\PC{0,300}") {
        prop_assert!(parse(&value).is_err());
    }
}
