//! One attempt to deliver a notice: what is sent, and what counts as confirmed.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use causeway_delivery::NoticeSender;
use causeway_delivery::notice::NoticeSenderParts;
use dialect::time::default_zone;
use domain::notice::{NoticeAttempt, Receiver};
use domain::order::Order;
use domain::party::Security;
use domain::reversal::{Reversal, ReversalKind, ReversalState, ReversalTerms};
use jose::inbody::{self, Form};

use crate::world::{
    CHANNEL, PARTNER_SIGN, PLATFORM_SIGN, Places, Received, SERVICE, STRANGER, Stub, World,
    approved, hkd, notice, nowhere, paid, signed, signed_by, silence, world, world_with,
};

pub(crate) fn sender(world: &World) -> NoticeSender {
    NoticeSender::new(NoticeSenderParts {
        partner: Arc::clone(&world.partner),
        directory: Arc::clone(&world.directory),
        clock: Arc::new(world.clock.clone()),
        ids: world.ids.clone(),
        default_zone: default_zone(),
        callbacks: None,
    })
}

fn at(url: &str) -> Places {
    Places { service: url.to_owned(), channel: url.to_owned(), ..Places::default() }
}

#[tokio::test]
async fn the_service_gets_it_wrapped_and_the_channel_flat() {
    let stub = Stub::start(async |received: Received| signed(&received.app, approved())).await;
    let world = world(&at(&stub.url));
    let order = paid(&world, 1);
    for receiver in [Receiver::Industry, Receiver::Channel] {
        let attempt = sender(&world).attempt(&order, &notice(&order, receiver)).await;
        assert_eq!((attempt.status, attempt.error), (Some(200), None));
    }
    let seen = stub.seen();
    assert_eq!((seen[0].path.as_str(), seen[0].app.as_str()), ("/registered", SERVICE));
    let wrapped = seen[0].json();
    assert_eq!(wrapped["msgInfo"]["msgType"], "PAYMENT_RESULT_NOTICE");
    assert_eq!(wrapped["trxInfo"]["txnStatus"], "SUCCESS");
    assert_eq!(wrapped["trxInfo"]["notifyCount"], "1");
    assert!(wrapped.get("certificateSignature").is_none());
    assert_eq!(seen[1].path, "/ucsp/v1/paymentresultnotice");
    assert_eq!(seen[1].app, CHANNEL);
    let flat = seen[1].json();
    assert_eq!(flat["queryId"], wrapped["trxInfo"]["queryId"]);
    assert_eq!(flat["msgID"].as_str().unwrap().len(), 29);
}

#[tokio::test]
async fn the_address_is_the_reversals_then_the_payments_then_the_registered_one() {
    let world = world(&at("http://registered.example"));
    let sender = sender(&world);
    let mut order = paid(&world, 1);
    let to = |order: &Order, transaction: &str| {
        let mut notice = notice(order, Receiver::Industry);
        notice.transaction = transaction.into();
        sender.destination(order, &notice).unwrap().url
    };
    let mut reversal = Reversal::requested(ReversalTerms {
        kind: ReversalKind::Refund,
        query_id: "r".into(),
        reference: order.terms.reference.clone(),
        amount: hkd(100),
        requested_at: order.terms.created_at,
        valid_until: order.terms.expires_at,
        back_url: None,
        reserved: None,
        reason: None,
        operator: None,
        client_tsn: None,
        scenario: None,
    });
    reversal.state = ReversalState::Unknown { since: order.terms.created_at };
    order.reversals.push(reversal);
    assert_eq!(to(&order, "r"), "http://registered.example/registered");
    std::sync::Arc::make_mut(&mut order.terms).details.back_url =
        Some("https://p.example/payment".to_owned());
    assert_eq!(to(&order, "r"), "https://p.example/payment");
    order.reversals[0].terms.back_url = Some("https://p.example/refund".to_owned());
    assert_eq!(to(&order, "r"), "https://p.example/refund");
    let payment = order.terms.query_id.to_string();
    assert_eq!(to(&order, &payment), "https://p.example/payment");
}

/// One attempt at a receiver that answers as given.
async fn attempted<F>(answer: impl Fn(Received) -> F + Send + Sync + 'static) -> NoticeAttempt
where
    F: Future<Output = Response> + Send + 'static,
{
    let stub = Stub::start(answer).await;
    let world = world(&at(&stub.url));
    let order = paid(&world, 1);
    let sender = sender(&world).with_limit(Duration::from_secs(5));
    sender.attempt(&order, &notice(&order, Receiver::Industry)).await
}

const REFUSAL: &str = r#"{"msgResponse":{"responseCode":"99","responseMsg":"no"}}"#;

#[tokio::test]
async fn only_a_signed_00_within_the_limit_confirms() {
    let refused = attempted(async |r| signed(&r.app, REFUSAL)).await;
    assert_eq!(refused.status, Some(200));
    assert_eq!(refused.error.as_deref(), Some("responseCode \"99\""));
    let unsigned = attempted(async |_| approved().into_response()).await;
    assert_eq!(unsigned.status, Some(200));
    assert!(unsigned.error.unwrap().contains("signature does not hold"));
    let forged = attempted(async |r| signed_by(&STRANGER, &r.app, approved())).await;
    assert!(forged.error.unwrap().contains("signature does not hold"));
    let garbage = attempted(async |r| signed(&r.app, "thanks")).await;
    assert!(garbage.error.unwrap().contains("no msgResponse"));
    let broken = attempted(async |_| StatusCode::INTERNAL_SERVER_ERROR.into_response()).await;
    assert_eq!(broken.status, Some(500));
    assert_eq!(broken.error.as_deref(), Some("HTTP status 500"));
    let failed =
        async |r: Received| (StatusCode::CREATED, signed(&r.app, approved())).into_response();
    assert_eq!(attempted(failed).await.error.as_deref(), Some("HTTP status 201"));
}

#[tokio::test]
async fn silence_and_absence_end_the_attempt() {
    let stub = Stub::start(async |_| silence().await).await;
    let silent = world(&at(&stub.url));
    let order = paid(&silent, 1);
    let sender_of = |world: &World| sender(world).with_limit(Duration::from_millis(200));
    let told = notice(&order, Receiver::Industry);
    let attempt = sender_of(&silent).attempt(&order, &told).await;
    assert_eq!(attempt.status, None);
    assert!(attempt.error.unwrap().contains("in time"));
    let dead = world(&at(&nowhere().await));
    let attempt = sender_of(&dead).attempt(&order, &told).await;
    assert!(attempt.error.unwrap().contains("not sent"));
}

#[tokio::test]
async fn the_sandbox_may_ask_for_every_notice_twice() {
    let stub = Stub::start(async |received: Received| signed(&received.app, approved())).await;
    let world = world(&at(&stub.url));
    let order = paid(&world, 1);
    let mut told = notice(&order, Receiver::Industry);
    told.copies = 2;
    let attempt = sender(&world).attempt(&order, &told).await;
    assert_eq!(attempt.error, None);
    let seen = stub.seen();
    let of = |index: usize, name: &str| seen[index].json()["trxInfo"][name].clone();
    assert_eq!(seen.len(), 2);
    assert_eq!(of(0, "notifyId"), of(1, "notifyId"));
    assert_eq!(of(0, "notifyCount"), of(1, "notifyCount"));
}

/// The answer of a receiver that signs in the body; `id` is the number it repeats.
fn in_body(id: &str) -> String {
    let text = serde_json::json!({
        "msgInfo": {"msgID": id},
        "msgResponse": {"responseCode": "00", "responseMsg": "Approved"},
        "certificateSignature": {
            "appSignCertID": PARTNER_SIGN.id().as_str(),
            "signature": inbody::PLACEHOLDER,
        },
    })
    .to_string();
    inbody::sign_in_body(&text, &PARTNER_SIGN, Form::DigestInfo).unwrap()
}

fn number(received: &Received) -> String {
    received.json()["msgInfo"]["msgID"].as_str().unwrap().to_owned()
}

/// One attempt at an application of this security setting.
async fn secured<F>(
    security: Security,
    answer: impl Fn(Received) -> F + Send + Sync + 'static,
) -> (NoticeAttempt, Received)
where
    F: Future<Output = Response> + Send + 'static,
{
    let stub = Stub::start(answer).await;
    let world = world_with(&at(&stub.url), security);
    let order = paid(&world, 1);
    let attempt = sender(&world).attempt(&order, &notice(&order, Receiver::Industry)).await;
    (attempt, stub.seen().remove(0))
}

#[tokio::test]
async fn a_service_that_signs_in_the_body_is_told_and_believed_in_kind() {
    let answer = async |received: Received| in_body(&number(&received)).into_response();
    let (attempt, received) = secured(Security::Body, answer).await;
    assert_eq!(attempt.error, None);
    assert!(received.app.is_empty(), "no UPI-JWS is sent");
    let text = std::str::from_utf8(&received.body).unwrap();
    assert_eq!(inbody::verify_in_body(text, PLATFORM_SIGN.cert()), Ok(Form::Bare));
    let signer = received.json()["certificateSignature"]["ucspSignCertID"].clone();
    assert_eq!(signer, PLATFORM_SIGN.id().as_str());
}

#[tokio::test]
async fn in_body_answers_must_be_signed_and_answer_this_message() {
    let stale = async |_: Received| in_body("A1000000120260105103000000000").into_response();
    let (attempt, _) = secured(Security::Body, stale).await;
    assert_eq!(attempt.error.as_deref(), Some("the answer does not repeat msgID"));
    let unsigned = async |received: Received| signed(&received.app, approved());
    let (attempt, _) = secured(Security::Body, unsigned).await;
    assert!(attempt.error.unwrap().contains("signature does not hold"));
    let changed = async |received: Received| {
        in_body(&number(&received)).replace("Approved", "Approvee").into_response()
    };
    let (attempt, _) = secured(Security::Body, changed).await;
    assert!(attempt.error.unwrap().contains("signature does not hold"));
}

#[tokio::test]
async fn where_both_are_asked_for_both_must_hold() {
    let both = async |received: Received| signed(&received.app, in_body(&number(&received)));
    let (attempt, received) = secured(Security::Both, both).await;
    assert_eq!(attempt.error, None);
    assert_eq!(received.app, SERVICE);
    let only_body = async |received: Received| in_body(&number(&received)).into_response();
    assert!(secured(Security::Both, only_body).await.0.error.is_some());
    let only_header = async |received: Received| signed(&received.app, approved());
    assert!(secured(Security::Both, only_header).await.0.error.is_some());
}
