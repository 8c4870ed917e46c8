//! Checks 1 to 9, each broken alone: status, body, signature, and the record for the owner.

use axum::body::Body;
use http::{Request, StatusCode};
use jiff::SignedDuration;
use serde_json::Value;

use crate::harness::{
    ACQUIRER, BANK, Call, FENCED, FROZEN, Got, INQUIRE, SERVICE, SUBMIT, World, get, login, post,
    ring, send, submit,
};

const E0: &str = r#"{"MsgResponse":{"responseCode":"E0","responseMsg":"Unauthorized access"}}"#;
const MALFORMED: &str =
    r#"{"MsgResponse":{"responseCode":"10","responseMsg":"Message Format Invalid"}}"#;

fn bare(kind: Option<&str>, body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::post(SUBMIT);
    if let Some(kind) = kind {
        request = request.header("Content-Type", kind);
    }
    request.body(body.into()).unwrap()
}

#[tokio::test]
async fn check_1_looks_at_the_outside_of_a_body() {
    let world = World::new();
    let json = Some("application/json");
    let too_large = vec![b' '; 256 * 1024 + 1];
    let largest = vec![b' '; 256 * 1024];
    let cases: [(Request<Body>, StatusCode); 8] = [
        (bare(json, too_large.clone()), StatusCode::PAYLOAD_TOO_LARGE),
        (bare(Some("text/plain"), too_large), StatusCode::PAYLOAD_TOO_LARGE),
        (bare(None, "{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (bare(Some("text/json"), "{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (bare(Some("application/json;charset=gbk"), "{}"), StatusCode::UNSUPPORTED_MEDIA_TYPE),
        (bare(json, vec![b'"', 0xff, b'"']), StatusCode::BAD_REQUEST),
        (bare(Some("Application/JSON; charset=\"UTF-8\""), "{}"), StatusCode::UNAUTHORIZED),
        (bare(json, largest), StatusCode::UNAUTHORIZED),
    ];
    for (index, (request, status)) in cases.into_iter().enumerate() {
        let got = world.send(request).await;
        let body = if status == StatusCode::UNAUTHORIZED { E0 } else { MALFORMED };
        assert_eq!((got.status, got.text().as_str()), (status, body), "case {index}");
        assert_eq!(got.header("UPI-JWS"), None);
    }
}

/// What the owner finds under the id that the refusal named.
async fn record(world: &World, got: &Got) -> Value {
    let id = got.header("UPI-DIAGNOSIS").expect("the sandbox names the record").to_owned();
    let found = async {
        loop {
            let record = world.platform.store.record(app::records::DIAGNOSIS, &id).await.unwrap();
            if let Some(record) = record {
                return serde_json::from_str(&record.value).unwrap();
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), found).await.expect("a record")
}

async fn refused(world: &World, request: Request<Body>, check: u64, signed_for: Option<&str>) {
    let got = world.send(request).await;
    assert_eq!((got.status, got.text().as_str()), (StatusCode::UNAUTHORIZED, E0), "check {check}");
    match signed_for {
        Some(app) => got.verify(app),
        None => assert_eq!(got.header("UPI-JWS"), None, "check {check}"),
    }
    let record = record(world, &got).await;
    assert_eq!(record["check"], check, "{record}");
    assert!(!record.to_string().contains("PK2026"), "no body in {record}");
}

#[tokio::test]
async fn checks_2_to_4_are_refused_unsigned_unless_the_sender_is_known() {
    let world = World::new();
    let body = submit("PK20260105000017");
    refused(&world, post(SUBMIT, &body, None), 2, None).await;
    refused(&world, post(SUBMIT, &body, Some("a.b.c")), 2, None).await;
    refused(&world, post(SUBMIT, &body, Some("a..c..d")), 2, None).await;
    refused(&world, post(SUBMIT, &body, Some("e30..AA")), 3, None).await;
    let unknown = Call::new("99999999", SUBMIT, &body);
    refused(&world, unknown.request(), 4, None).await;
    let frozen = Call::new(FROZEN, SUBMIT, &body);
    refused(&world, frozen.request(), 4, Some(FROZEN)).await;
    let fenced = Call::new(FENCED, SUBMIT, &body);
    refused(&world, fenced.request(), 4, Some(FENCED)).await;
}

#[tokio::test]
async fn two_signature_headers_are_none() {
    let world = World::new();
    let call = Call::new(SERVICE, SUBMIT, &submit("PK20260105000017"));
    let mut request = call.request();
    request.headers_mut().append("UPI-JWS", call.header().parse().unwrap());
    refused(&world, request, 2, None).await;
}

#[tokio::test]
async fn checks_5_to_8_are_refused_signed_when_kid_is_the_senders() {
    let world = World::new();
    let fresh = || Call::new(SERVICE, SUBMIT, &submit("PK20260105000017"));
    let mut call = fresh();
    call.identity = ring().platform_sign.clone();
    refused(&world, call.request(), 5, None).await;
    let mut call = fresh();
    call.identity = ring().partner_encrypt.clone();
    refused(&world, call.request(), 5, Some(SERVICE)).await;
    for late in [-301, 301] {
        let mut call = fresh();
        call.timestamp += late;
        refused(&world, call.request(), 6, Some(SERVICE)).await;
    }
    let mut call = fresh();
    call.signed_path = INQUIRE.to_owned();
    refused(&world, call.request(), 7, Some(SERVICE)).await;
    let mut call = fresh();
    call.signed_body.push(' ');
    refused(&world, call.request(), 8, Some(SERVICE)).await;
}

#[tokio::test]
async fn check_9_lets_a_message_through_once() {
    let world = World::new();
    let mut call = Call::new(SERVICE, SUBMIT, &submit("PK20260105000017"));
    let first = world.send(call.request()).await;
    assert_eq!(first.json()["msgResponse"]["responseCode"], "00");
    refused(&world, call.request(), 9, Some(SERVICE)).await;
    // The same business content in a fresh message is answered as the first time.
    call.uuid = jose::jws::fresh_uuid();
    let again = world.send(call.request()).await;
    assert_eq!(again.json()["trxInfo"], first.json()["trxInfo"]);
}

#[tokio::test]
async fn a_message_that_changed_something_stays_used_after_a_restart() {
    let world = World::new();
    let body = login("");
    let call = Call::new(BANK, "/ucsp/channel/v1/channellogininfo", &body);
    let first = world.send(call.request()).await;
    assert_eq!(first.json()["msgResponse"]["responseCode"], "00", "{}", first.text());
    let again = send(&world.restarted(), call.request()).await;
    assert_eq!((again.status, again.text().as_str()), (StatusCode::UNAUTHORIZED, E0));
    again.verify(BANK);
}

#[tokio::test]
async fn the_edges_of_the_time_window_are_inside() {
    for late in [-300, 300] {
        let world = World::new();
        let mut call = Call::new(SERVICE, SUBMIT, &submit("PK20260105000017"));
        call.timestamp += late;
        let got = world.send(call.request()).await;
        assert_eq!(got.status, StatusCode::OK, "{late}");
    }
}

#[tokio::test]
async fn a_party_on_the_way_of_another_has_no_right() {
    let world = World::new();
    let order = submit("PK20260105000017");
    for app in [BANK, ACQUIRER] {
        let answer = world.call(app, SUBMIT, &order).await;
        assert_eq!(answer["msgResponse"]["responseCode"], "36");
        let detail = answer["msgResponse"]["errorDetail"].as_str().unwrap();
        assert!(detail.starts_with("UPI-APPID"), "{detail}");
        assert_eq!(answer["trxInfo"]["orderId"], "PK20260105000017");
        assert_eq!(answer["trxInfo"]["tn"], Value::Null);
    }
    let login = login("");
    let answer = world.call(SERVICE, "/ucsp/channel/v1/channellogininfo", &login).await;
    assert_eq!(answer["msgResponse"]["responseCode"], "36");
}

#[tokio::test]
async fn other_methods_and_paths_are_not_there() {
    let world = World::new();
    assert_eq!(world.send(get(SUBMIT)).await.status, StatusCode::METHOD_NOT_ALLOWED);
    let got = world.send(get("/ucsp/industry/v1/signautodebit")).await;
    assert_eq!(got.status, StatusCode::NOT_FOUND);
    assert!(got.text().contains("No such page"));
    let got = world.send(post("/ucsp/industry/v1/signautodebit", "{}", None)).await;
    assert_eq!((got.status, got.text().as_str()), (StatusCode::NOT_FOUND, "not found\n"));
}

#[tokio::test]
async fn a_moved_clock_ages_no_signature() {
    let world = World::new();
    world.clock.advance(SignedDuration::from_hours(1));
    let call = Call::new(SERVICE, SUBMIT, &submit("PK20260105000017"));
    assert_eq!(world.send(call.request()).await.status, StatusCode::OK);
}
