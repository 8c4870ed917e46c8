//! The signing client: what leaves, what is believed, and what an error says.

use std::sync::Mutex;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use causeway_delivery::partner::{Call, CallError};
use egress::{Client, Limits, Policy};

use crate::world::{
    PARTNER_ENC, Places, SERVICE, STRANGER, Stub, nowhere, signed, signed_by, silence, world,
};

fn call(url: &str) -> Call {
    Call {
        app: SERVICE.into(),
        url: format!("{url}/base/ucsp/v1/thing"),
        body: br#"{"a":"1"}"#.to_vec(),
        header: true,
        limit: Duration::from_secs(20),
    }
}

#[tokio::test]
async fn a_call_is_signed_for_its_path_and_a_signed_answer_is_believed() {
    let stub = Stub::start(|received| async move { signed(&received.app, "{\"b\":\"2\"}") }).await;
    let world = world(&Places::default());
    let answer = world.partner.call(call(&stub.url)).await.unwrap();
    assert_eq!(&answer[..], b"{\"b\":\"2\"}");
    let seen = stub.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].path, "/base/ucsp/v1/thing");
    assert_eq!(seen[0].app, SERVICE, "UPI-APPID is the receiving partner's own id");
    assert_eq!(seen[0].headers["content-type"], "application/json");
}

/// Makes one call against a partner that answers as given; returns the error.
async fn refused<F>(
    answer: impl Fn(String) -> F + Send + Sync + 'static,
    limit: Duration,
) -> CallError
where
    F: Future<Output = axum::response::Response> + Send + 'static,
{
    let stub = Stub::start(move |received| answer(received.app)).await;
    let world = world(&Places::default());
    world.partner.call(Call { limit, ..call(&stub.url) }).await.unwrap_err()
}

#[tokio::test]
async fn what_is_not_signed_as_agreed_is_not_believed_but_may_have_been_acted_on() {
    let long = Duration::from_secs(20);
    let unsigned = refused(async |_| "{}".into_response(), long).await;
    assert!(matches!(unsigned, CallError::Signature { .. }), "{unsigned}");
    let other = refused(async |app| signed_by(&STRANGER, &app, "{}"), long).await;
    assert!(matches!(other, CallError::Signature { .. }), "{other}");
    let wrong_key = refused(async |app| signed_by(&PARTNER_ENC, &app, "{}"), long).await;
    assert!(matches!(wrong_key, CallError::Signature { .. }), "{wrong_key}");
    let other_app = refused(async |_| signed("OTHERAPP", "{}"), long).await;
    assert!(matches!(other_app, CallError::Signature { .. }), "{other_app}");
    let status = refused(async |_| StatusCode::BAD_GATEWAY.into_response(), long).await;
    assert!(matches!(status, CallError::Status { status: 502 }), "{status}");
    let silent = refused(async |_| silence().await, Duration::from_millis(200)).await;
    assert!(matches!(silent, CallError::Lost { .. }), "{silent}");
    for error in [unsigned, other, wrong_key, other_app, status, silent] {
        assert!(error.may_have_been_acted_on(), "{error}");
    }
}

#[tokio::test]
async fn an_answer_is_believed_once() {
    let kept: Mutex<Option<(String, String)>> = Mutex::new(None);
    let stub = Stub::start(move |received| {
        let mut kept = kept.lock().unwrap();
        let (header, body) = kept.get_or_insert_with(|| {
            let answer = signed(&received.app, "{}");
            (answer.headers()["UPI-JWS"].to_str().unwrap().to_owned(), "{}".to_owned())
        });
        let answer = ([("UPI-JWS", header.clone())], body.clone()).into_response();
        async move { answer }
    })
    .await;
    let world = world(&Places::default());
    assert!(world.partner.call(call(&stub.url)).await.is_ok());
    let again = world.partner.call(call(&stub.url)).await.unwrap_err();
    assert!(again.to_string().contains("used before"), "{again}");
    let client = Client::new(Policy::sandbox(), Limits::default(), None).unwrap();
    let elsewhere = world.partner.over(client).call(call(&stub.url)).await.unwrap_err();
    assert!(elsewhere.to_string().contains("used before"), "{elsewhere}");
}

#[tokio::test]
async fn what_never_left_is_known_not_to_have_been_acted_on() {
    let world = world(&Places::default());
    let dead = world.partner.call(call(&nowhere().await)).await.unwrap_err();
    let nobody = Call { app: "NOBODY00".into(), ..call("http://127.0.0.1:1") };
    let nobody = world.partner.call(nobody).await.unwrap_err();
    let address = Call { url: "not an address".to_owned(), ..call("") };
    let address = world.partner.call(address).await.unwrap_err();
    assert!(matches!(dead, CallError::NotSent { .. }), "{dead}");
    assert!(matches!(nobody, CallError::NoKeys { .. }), "{nobody}");
    assert!(matches!(address, CallError::Address), "{address}");
    for error in [dead, nobody, address] {
        assert!(!error.may_have_been_acted_on(), "{error}");
        assert_eq!(error.status(), None);
    }
}
