//! Signatures inside the body: the settings `body` and `both`.

use http::StatusCode;
use jiff::SignedDuration;
use jose::inbody::{Form, sign_in_body, verify_in_body};
use serde_json::{Value, json};

use crate::harness::{
    BODY_SERVICE, BOTH_SERVICE, Call, INQUIRE, SERVICE, World, post, ring, wrapped,
};

fn inquiry(industry: &str) -> String {
    let fields = format!(
        r#"{{"queryId":"202601051030010000017","merId":"{industry}0000017","acqIIN":"00010344"}}"#
    );
    wrapped(industry, "PAYMENT_RESULT_INQUIRY", &fields)
}

/// The message with a signature in it, by the certificate of this id.
fn signed(message: &str, certificate: &str) -> String {
    let open = message.strip_suffix('}').unwrap();
    let signature = json!({ "appSignCertID": certificate, "signature": "00000000" });
    let text = format!(r#"{open},"certificateSignature":{signature}}}"#);
    sign_in_body(&text, &ring().partner_sign, Form::Bare).unwrap()
}

fn code(answer: &Value) -> &str {
    answer["msgResponse"]["responseCode"].as_str().unwrap()
}

/// Sends without header; the answer is signed in the body and has no header either.
async fn exchange(world: &World, body: &str) -> Value {
    let got = world.send(post(INQUIRE, body, None)).await;
    assert_eq!(got.status, StatusCode::OK, "{}", got.text());
    assert_eq!(got.header("UPI-JWS"), None);
    let form = verify_in_body(&got.text(), ring().platform_sign.cert()).unwrap();
    assert_eq!(form, Form::Bare);
    assert_eq!(got.json()["certificateSignature"]["ucspSignCertID"], "1001");
    got.json()
}

#[tokio::test]
async fn a_body_that_is_signed_inside_is_answered_in_kind() {
    let world = World::new();
    let body = signed(&inquiry("10000002"), "2001");
    assert_eq!(code(&exchange(&world, &body).await), "34");
    let again = exchange(&world, &body).await;
    assert_eq!(code(&again), "11");
    let detail = again["msgResponse"]["errorDetail"].as_str().unwrap();
    assert!(detail.contains("msgID"), "{detail}");
}

#[tokio::test]
async fn a_bad_signature_inside_is_code_11() {
    let world = World::new();
    let good = signed(&inquiry("10000002"), "2001");
    let cases = [
        inquiry("10000002"),
        signed(&inquiry("10000002"), "2002"),
        signed(&inquiry("10000002"), "7"),
        good.replace("00010344", "00010345"),
        good.replace(r#""signature":""#, r#""signature":"A"#),
    ];
    for (index, body) in cases.iter().enumerate() {
        assert_eq!(code(&exchange(&world, body).await), "11", "case {index}");
    }
    assert_eq!(code(&exchange(&world, &good).await), "34");
}

#[tokio::test]
async fn an_old_time_stamp_is_code_11() {
    let world = World::new();
    world.clock.advance(SignedDuration::from_secs(300));
    let edge = signed(&inquiry("10000002"), "2001");
    assert_eq!(code(&exchange(&world, &edge).await), "34");
    world.clock.advance(SignedDuration::from_secs(1));
    let late = signed(&inquiry("10000002"), "2001");
    assert_eq!(code(&exchange(&world, &late).await), "11");
}

#[tokio::test]
async fn a_shape_comes_before_the_signature_inside() {
    let world = World::new();
    let body = signed(&inquiry("10000002"), "2001").replace(r#""merId""#, r#""merid""#);
    assert_eq!(code(&exchange(&world, &body).await), "10");
}

#[tokio::test]
async fn without_header_only_the_setting_body_is_known() {
    let world = World::new();
    for industry in ["10000001", "10000003", "10000099"] {
        let got = world.send(post(INQUIRE, &signed(&inquiry(industry), "2001"), None)).await;
        assert_eq!(got.status, StatusCode::UNAUTHORIZED, "{industry}");
        assert_eq!(got.header("UPI-JWS"), None);
    }
}

#[tokio::test]
async fn both_means_both() {
    let world = World::new();
    let answer = |got: crate::harness::Got| {
        got.verify(BOTH_SERVICE);
        verify_in_body(&got.text(), ring().platform_sign.cert()).unwrap();
        got.json()
    };
    let whole = Call::new(BOTH_SERVICE, INQUIRE, &signed(&inquiry("10000003"), "2001"));
    assert_eq!(code(&answer(world.send(whole.request()).await)), "34");
    let half = Call::new(BOTH_SERVICE, INQUIRE, &inquiry("10000003"));
    let refused = answer(world.send(half.request()).await);
    assert_eq!(code(&refused), "11");
    assert_eq!(refused["msgResponse"]["errorDetail"], "certificateSignature is missing");
}

#[tokio::test]
async fn what_is_present_is_verified_though_nobody_asked() {
    let world = World::new();
    let bad = signed(&inquiry("10000001"), "2001").replace("00010344", "00010345");
    let got = world.send(Call::new(SERVICE, INQUIRE, &bad).request()).await;
    got.verify(SERVICE);
    assert_eq!(code(&got.json()), "11");
    let by_header = signed(&inquiry("10000002"), "2001");
    let got = world.send(Call::new(BODY_SERVICE, INQUIRE, &by_header).request()).await;
    got.verify(BODY_SERVICE);
    assert_eq!(code(&got.json()), "34");
}
