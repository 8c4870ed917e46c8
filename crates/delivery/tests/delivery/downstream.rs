//! The downstream system: orders share calls, and an outcome is never guessed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::ports::{Clock, Downstream, PlaceError};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use causeway_delivery::HttpDownstream;
use domain::{Event, Outcome, apply};
use jiff::SignedDuration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use wire::downstream::{Place, PlaceAnswer, PlaceResult, decode, encode};

use crate::world::{
    DOWNSTREAM, Places, Received, STRANGER, Stub, World, nowhere, order, paying, signed, signed_by,
    silence, until, world,
};

fn at(url: &str) -> Places {
    Places { downstream: url.to_owned(), ..Places::default() }
}

fn downstream(world: &World) -> HttpDownstream {
    downstream_within(world, Duration::from_secs(10))
}

fn downstream_within(world: &World, limit: Duration) -> HttpDownstream {
    let clock = Arc::new(world.clock.clone());
    let (partner, directory) = (Arc::clone(&world.partner), Arc::clone(&world.directory));
    HttpDownstream::with_limit(partner, directory, clock, limit)
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// Places all orders but those whose amount says otherwise: 51 is refused, 99 is not mentioned.
fn placed(received: &Received) -> Response {
    let asked: Place = decode(&received.body).unwrap();
    let results = asked.orders.into_iter().filter(|order| order.txn_amt != "99").map(|order| {
        let resp_code = if order.txn_amt == "51" { "61" } else { "00" };
        PlaceResult { tn: order.tn, resp_code: resp_code.to_owned(), resp_msg: "said".to_owned() }
    });
    signed(&received.app, text(encode(&PlaceAnswer { results: results.collect() })))
}

#[tokio::test]
async fn concurrent_orders_share_calls_and_none_is_lost() {
    let gate = Arc::new(Semaphore::new(0));
    let held = Arc::clone(&gate);
    let stub = Stub::start(move |received| {
        let gate = Arc::clone(&held);
        async move {
            gate.acquire().await.unwrap().forget();
            placed(&received)
        }
    })
    .await;
    let world = world(&at(&stub.url));
    let downstream = downstream(&world);
    let asked = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for number in 0..300 {
        let (downstream, order) = (downstream.clone(), order(&world, number));
        let asked = Arc::clone(&asked);
        callers.spawn(async move {
            asked.fetch_add(1, Ordering::SeqCst);
            downstream.place(&order).await
        });
    }
    until(async || asked.load(Ordering::SeqCst) == 300 && stub.seen().len() == 2).await;
    gate.add_permits(1000);
    while let Some(placed) = callers.join_next().await {
        assert_eq!(placed.unwrap(), Ok(()));
    }
    let sizes: Vec<usize> = stub
        .seen()
        .iter()
        .map(|received| decode::<Place>(&received.body).unwrap().orders.len())
        .collect();
    assert_eq!(sizes.iter().sum::<usize>(), 300, "each order is placed once: {sizes:?}");
    assert!(sizes.len() <= 6, "those who waited went together: {sizes:?}");
    assert_eq!(stub.seen()[0].app, DOWNSTREAM);
    assert_eq!(stub.seen()[0].path, "/downstream/v1/place");
}

#[tokio::test]
async fn each_order_of_a_batch_has_its_own_result() {
    let stub = Stub::start(async |received: Received| placed(&received)).await;
    let world = world(&at(&stub.url));
    let downstream = downstream(&world);
    let of = |minor: u64| {
        let mut order = order(&world, minor);
        std::sync::Arc::make_mut(&mut order.terms).amount = crate::world::hkd(minor);
        order
    };
    let (one, two, three) = (of(100), of(51), of(99));
    let (one, two, three) =
        tokio::join!(downstream.place(&one), downstream.place(&two), downstream.place(&three));
    assert_eq!(one, Ok(()));
    assert_eq!(two, Err(PlaceError::Refused { code: "61".to_owned(), message: "said".to_owned() }));
    assert!(matches!(three, Err(PlaceError::Unavailable(_))));
}

#[tokio::test]
async fn who_cannot_be_asked_is_unavailable_and_the_next_try_is_free() {
    let broken = Arc::new(AtomicUsize::new(1));
    let state = Arc::clone(&broken);
    let stub =
        Stub::start(move |received| {
            let broken = state.swap(0, Ordering::SeqCst) == 1;
            async move {
                if broken { StatusCode::BAD_GATEWAY.into_response() } else { placed(&received) }
            }
        })
        .await;
    let world = world(&at(&stub.url));
    let client = downstream(&world);
    let order = order(&world, 1);
    assert!(matches!(client.place(&order).await, Err(PlaceError::Unavailable(_))));
    assert_eq!(client.place(&order).await, Ok(()));
    let dead = crate::world::world(&at(&nowhere().await));
    assert!(matches!(downstream(&dead).place(&order).await, Err(PlaceError::Unavailable(_))));
    let mut stranger = order;
    std::sync::Arc::make_mut(&mut stranger.terms).acquirer = "99999999".into();
    assert!(matches!(client.place(&stranger).await, Err(PlaceError::Unavailable(_))));
}

fn result(query_id: &str, status: &str, code: &str) -> String {
    format!(r#"{{"queryId":"{query_id}","status":"{status}","respCode":"{code}","respMsg":"m"}}"#)
}

fn asked(received: &Received) -> String {
    received.json()["queryId"].as_str().unwrap().to_owned()
}

/// The outcome of a payment whose call is answered as given.
async fn paid_with<F>(answer: impl Fn(Received) -> F + Send + Sync + 'static) -> Outcome
where
    F: Future<Output = Response> + Send + 'static,
{
    let stub = Stub::start(answer).await;
    let world = world(&at(&stub.url));
    let client = downstream_within(&world, Duration::from_secs(5));
    client.pay(&paying(&world, 1), Some("a.b.c.d.e".to_owned())).await
}

#[tokio::test]
async fn a_clear_answer_is_the_outcome() {
    let with = |status: &'static str, code: &'static str| {
        paid_with(async move |r: Received| signed(&r.app, result(&asked(&r), status, code)))
    };
    assert_eq!(with("ACCEPTED", "00").await, Outcome::Accepted);
    assert!(matches!(with("SUCCESS", "00").await, Outcome::Succeeded(said) if said.code == "00"));
    assert!(matches!(with("FAIL", "51").await, Outcome::Refused(said) if said.code == "51"));
}

#[tokio::test]
async fn anything_else_is_lost_never_refused() {
    let long = Outcome::Lost;
    let failed = paid_with(async |_| StatusCode::INTERNAL_SERVER_ERROR.into_response()).await;
    let garbage = paid_with(async |r: Received| signed(&r.app, "{\"status\":\"FAIL\"}")).await;
    let unsigned =
        paid_with(async |r: Received| result(&asked(&r), "FAIL", "51").into_response()).await;
    let forged = paid_with(async |r: Received| {
        signed_by(&STRANGER, &r.app, result(&asked(&r), "FAIL", "51"))
    })
    .await;
    let other = paid_with(async |r: Received| signed(&r.app, result("other", "FAIL", "51"))).await;
    let contradictory =
        paid_with(async |r: Received| signed(&r.app, result(&asked(&r), "FAIL", "00"))).await;
    let unknown =
        paid_with(async |r: Received| signed(&r.app, result(&asked(&r), "NOT_FOUND", "34"))).await;
    for (name, outcome) in [
        ("a failure", failed),
        ("garbage", garbage),
        ("unsigned", unsigned),
        ("forged", forged),
        ("another transaction", other),
        ("a contradiction", contradictory),
        ("not found while it may still be taken on", unknown),
    ] {
        assert_eq!(outcome, long, "{name}");
    }
    let dead = world(&at(&nowhere().await));
    assert_eq!(downstream(&dead).pay(&paying(&dead, 1), None).await, Outcome::Lost);
    let stub = Stub::start(async |_| silence().await).await;
    let silent = world(&at(&stub.url));
    let client = downstream_within(&silent, Duration::from_millis(200));
    assert_eq!(client.pay(&paying(&silent, 1), None).await, Outcome::Lost);
}

/// A downstream system that knows no transaction.
async fn empty_books() -> Stub {
    Stub::start(async |r: Received| signed(&r.app, result(&asked(&r), "NOT_FOUND", "34"))).await
}

#[tokio::test]
async fn not_found_is_proof_only_when_the_attempt_can_no_longer_be_taken_on() {
    let stub = empty_books().await;
    let world = world(&at(&stub.url));
    let client = downstream(&world);
    let order = paying(&world, 1);
    assert_eq!(client.inquire(&order, None).await, Outcome::Lost);
    let until = order.attempt().unwrap().valid_until;
    let left = until.duration_since(world.clock.now());
    world.clock.advance(left).await;
    assert_eq!(client.inquire(&order, None).await, Outcome::Lost, "clocks may differ a little");
    world.clock.advance(SignedDuration::from_secs(10)).await;
    assert!(matches!(client.inquire(&order, None).await, Outcome::Refused(r) if r.code == "34"));
    assert_eq!(stub.seen()[0].path, "/downstream/v1/inquire");
}

/// Whoever took it on once and does not find it is wrong: a replica that lags behind, say.
#[tokio::test]
async fn not_found_proves_nothing_of_what_was_taken_on_once() {
    let stub = empty_books().await;
    let world = world(&at(&stub.url));
    let client = downstream(&world);
    let order = paying(&world, 1);
    let accepted = Event::PaymentAccepted { at: world.clock.now(), qr_code: None };
    let order = apply(order, &accepted).unwrap();
    world.clock.advance(SignedDuration::from_hours(1)).await;
    assert_eq!(client.inquire(&order, None).await, Outcome::Lost);
}

#[tokio::test]
async fn the_payment_says_what_was_chosen_and_until_when() {
    let stub =
        Stub::start(async |r: Received| signed(&r.app, result(&asked(&r), "ACCEPTED", "00"))).await;
    let world = world(&at(&stub.url));
    let order = paying(&world, 1);
    downstream(&world).pay(&order, Some("a.b.c.d.e".to_owned())).await;
    let sent = stub.seen().remove(0).json();
    assert_eq!(sent["encData"], "a.b.c.d.e");
    assert_eq!(sent["txnAmt"], "2500");
    let until = order.attempt().unwrap().valid_until.as_millisecond().to_string();
    assert_eq!(sent["validUntil"], until);
    assert!(world.clock.now() < order.attempt().unwrap().valid_until);
}
