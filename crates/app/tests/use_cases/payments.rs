//! Submitting, paying, resolving, closing.

use std::sync::atomic::Ordering;

use app::Refusal;
use app::ports::downstream::PlaceError;
use app::ports::store::Lease;
use app::use_cases::{
    PayOrder, Selector, SubmitOrder, inquire_payment, notices_of, pay_order, record_downstream,
    run_close, run_inquiry, submit_order,
};
use app::writeset::{SeenMessage, Task, TaskBody, Versioned};
use domain::order::{Order, OrderState};
use domain::{Outcome, Rejection};
use jiff::SignedDuration;
use money::{Amount, Currency};

use crate::harness::{
    World, acquirer, other_service, reference, refused, service, submit, succeeded,
};

async fn submitted(world: &World) -> Order {
    submit_order(&world.platform, &service(), submit("PK20260105000017", 2500)).await.unwrap()
}

async fn due(world: &World) -> Vec<Versioned<Task>> {
    let platform = &world.platform;
    let real_now = platform.clock.real_now();
    let lease_until = real_now.checked_add(SignedDuration::from_secs(90)).unwrap();
    let lease = Lease { holder: "test".to_owned(), real_now, lease_until };
    platform.store.claim_due(platform.clock.now(), &lease, 64).await.unwrap()
}

async fn due_inquiry(world: &World) -> Option<Versioned<Task>> {
    let tasks = due(world).await;
    tasks.into_iter().find(|t| matches!(t.value.body, TaskBody::Inquire { .. }))
}

#[tokio::test]
async fn a_hundred_equal_submissions_are_one_order() {
    let world = World::new();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let platform = world.platform.clone();
        tasks.spawn(async move {
            submit_order(&platform, &service(), submit("PK20260105000017", 2500)).await
        });
    }
    let orders: Vec<Order> = tasks.join_all().await.into_iter().map(Result::unwrap).collect();
    assert!(orders.iter().all(|order| order == &orders[0]));
    assert_eq!(world.downstream.placed.load(Ordering::SeqCst), 1);
    world.verify().await;
}

#[tokio::test]
async fn a_changed_replay_names_the_field_and_a_used_message_is_refused() {
    let world = World::new();
    submitted(&world).await;
    let changed = submit("PK20260105000017", 2600);
    let refusal = submit_order(&world.platform, &service(), changed).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Differs { field } if field == "txnAmt"));
    // Before any rule of the merchant is looked at.
    let foreign = Amount::new(2600, Currency::from_numeric("840").unwrap()).unwrap();
    let changed = SubmitOrder { amount: foreign, ..submit("PK20260105000017", 2600) };
    let refusal = submit_order(&world.platform, &service(), changed).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Differs { .. }), "{refusal}");
    let caller = seen_as(&world, "5ba10d46d5d148dfbcc2119c08e01015");
    submit_order(&world.platform, &caller, submit("PK20260105000018", 2500)).await.unwrap();
    let again = submit_order(&world.platform, &caller, submit("PK20260105000019", 2500)).await;
    assert!(matches!(again.unwrap_err(), Refusal::Replayed));
    let same = submit_order(&world.platform, &caller, submit("PK20260105000018", 2500)).await;
    assert!(matches!(same.unwrap_err(), Refusal::Replayed), "the same bytes are a replay");
    let fresh = seen_as(&world, "5ba10d46d5d148dfbcc2119c08e01016");
    submit_order(&world.platform, &fresh, submit("PK20260105000018", 2500)).await.unwrap();
    let again = submit_order(&world.platform, &fresh, submit("PK20260105000018", 2500)).await;
    assert!(matches!(again.unwrap_err(), Refusal::Replayed), "a repeat is remembered as well");
}

fn seen_as(world: &World, id: &str) -> app::Caller {
    let mut caller = service();
    caller.seen = Some(SeenMessage {
        app: "00520101".to_owned(),
        id: id.to_owned(),
        until: world.platform.clock.real_now().checked_add(SignedDuration::from_mins(10)).unwrap(),
    });
    caller
}

#[tokio::test]
async fn an_order_that_is_not_placed_is_not_made() {
    let world = World::new();
    let (code, message) = ("99".to_owned(), "common error".to_owned());
    world.downstream.place.lock().unwrap().push_back(PlaceError::Refused { code, message });
    let no = submit_order(&world.platform, &service(), submit("PK20260105000017", 2599)).await;
    assert!(matches!(no.unwrap_err(), Refusal::DownstreamRefused { code, .. } if code == "99"));
    let by = Selector::Reference(reference("PK20260105000017"));
    let (merchant, iin) = ("100000010000017".into(), "00010344".into());
    let found = inquire_payment(&world.platform, &service(), &merchant, &iin, &by).await;
    assert!(matches!(found.unwrap_err(), Refusal::UnknownTransaction));
}

#[tokio::test]
async fn a_foreign_merchant_is_no_merchant() {
    let world = World::new();
    let order = submitted(&world).await;
    let by = Selector::QueryId(order.terms.query_id.clone());
    let iin = "00010344".into();
    let own = "100000020000017".into();
    let found = inquire_payment(&world.platform, &other_service(), &own, &iin, &by).await;
    assert!(matches!(found.unwrap_err(), Refusal::UnknownTransaction));
    let foreign = "100000010000017".into();
    let found = inquire_payment(&world.platform, &other_service(), &foreign, &iin, &by).await;
    assert!(matches!(found.unwrap_err(), Refusal::NoRight { field: "merId", .. }));
    let no = submit_order(&world.platform, &other_service(), submit("PK20260105000020", 1)).await;
    assert!(matches!(no.unwrap_err(), Refusal::NoRight { field: "merId", .. }));
}

#[tokio::test]
async fn twenty_payers_make_one_attempt() {
    let world = World::new();
    let number = submitted(&world).await.terms.number.clone();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (platform, number) = (world.platform.clone(), number.clone());
        tasks.spawn(async move { pay_order(&platform, &number, PayOrder::default()).await });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(world.downstream.paid.load(Ordering::SeqCst), 1);
    assert!(matches!(world.order(&number).await.state, OrderState::Paid { .. }));
    world.verify().await;
}

#[tokio::test]
async fn a_lost_answer_is_unknown_blocks_and_is_resolved_by_inquiry() {
    let world = World::new();
    let order = submitted(&world).await;
    let number = order.terms.number.clone();
    world.downstream.pay.lock().unwrap().push_back(Outcome::Lost);
    world.downstream.inquire.lock().unwrap().extend([Outcome::Lost, Outcome::Lost]);
    let after = pay_order(&world.platform, &number, PayOrder::default()).await.unwrap();
    assert!(matches!(after.state, OrderState::Unknown { .. }));
    let again = pay_order(&world.platform, &number, PayOrder::default()).await.unwrap_err();
    assert!(matches!(again, Refusal::Rule { rejection: Rejection::PaymentUnknown, .. }));
    // Asked at once, then 1 s and 2 s later; the third answer is the result.
    for gap in [0, 1, 2] {
        world.clock.advance(SignedDuration::from_secs(gap));
        let task = due_inquiry(&world).await.expect("an inquiry is due");
        run_inquiry(&world.platform, &task).await.unwrap();
    }
    assert_eq!(world.downstream.asked.load(Ordering::SeqCst), 3);
    assert!(matches!(world.order(&number).await.state, OrderState::Paid { .. }));
    world.clock.advance(SignedDuration::from_hours(1));
    assert!(due_inquiry(&world).await.is_none(), "nobody asks any more");
    world.verify().await;
}

#[tokio::test]
async fn an_intent_without_an_outcome_is_found_by_the_resolver() {
    let world = World::new();
    let number = submitted(&world).await.terms.number.clone();
    {
        // The process dies after the intent, before the answer: the future is never polled again.
        let pay = pay_order(&world.platform, &number, PayOrder::default());
        let mut pay = std::pin::pin!(pay);
        while !matches!(world.order(&number).await.state, OrderState::Paying { .. }) {
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(pay.as_mut().poll(context).is_ready())
            });
            assert!(!polled.await, "the payment must not end before it is cut off");
        }
    }
    assert!(due_inquiry(&world).await.is_none(), "the call itself may still be running");
    world.clock.advance(SignedDuration::from_secs(15));
    let task = due_inquiry(&world).await.expect("the resolver falls due");
    run_inquiry(&world.platform, &task).await.unwrap();
    assert!(matches!(world.order(&number).await.state, OrderState::Paid { .. }));
    world.verify().await;
}

#[tokio::test]
async fn a_downstream_notice_counts_once_and_only_from_its_acquirer() {
    let world = World::new();
    let order = submitted(&world).await;
    let (number, query_id) = (order.terms.number.clone(), order.terms.query_id.clone());
    world.downstream.pay.lock().unwrap().push_back(Outcome::Accepted);
    pay_order(&world.platform, &number, PayOrder::default()).await.unwrap();
    let tell = |caller| {
        let (platform, number, query_id) = (&world.platform, number.clone(), query_id.clone());
        async move { record_downstream(platform, &caller, &number, &query_id, succeeded()).await }
    };
    assert!(matches!(tell(service()).await.unwrap_err(), Refusal::UnknownTransaction));
    tell(acquirer()).await.unwrap();
    tell(acquirer()).await.unwrap();
    let notices = notices_of(&world.platform, &order.terms.merchant, &number).await.unwrap();
    assert_eq!(notices.len(), 2, "one for the service, one for the channel");
    let contradiction =
        record_downstream(&world.platform, &acquirer(), &number, &query_id, refused("51")).await;
    assert!(matches!(
        contradiction.unwrap_err(),
        Refusal::Rule { rejection: Rejection::Contradiction("paid"), .. }
    ));
    world.verify().await;
}

#[tokio::test]
async fn the_deadline_is_exact_and_closes_by_timer() {
    let world = World::new();
    let number = submitted(&world).await.terms.number.clone();
    world.clock.advance(SignedDuration::from_secs(15 * 60));
    let late = pay_order(&world.platform, &number, PayOrder::default()).await.unwrap_err();
    assert!(matches!(late, Refusal::Rule { rejection: Rejection::Expired(_), .. }));
    let tasks = due(&world).await;
    assert_eq!(tasks.len(), 1);
    run_close(&world.platform, &tasks[0]).await.unwrap();
    assert!(matches!(world.order(&number).await.state, OrderState::Closed { .. }));
    assert_eq!(world.downstream.paid.load(Ordering::SeqCst), 0);
    world.verify().await;
}

/// Who claims a closing may see a later time than who decides it: clocks differ, and are put back.
#[tokio::test]
async fn a_closing_that_comes_too_early_waits_for_its_time() {
    let world = World::new();
    let number = submitted(&world).await.terms.number.clone();
    world.clock.advance(SignedDuration::from_secs(15 * 60));
    let tasks = due(&world).await;
    world.clock.advance(SignedDuration::from_secs(-5));
    run_close(&world.platform, &tasks[0]).await.unwrap();
    assert!(matches!(world.order(&number).await.state, OrderState::Created));
    world.clock.advance(SignedDuration::from_secs(5));
    let tasks = due(&world).await;
    run_close(&world.platform, &tasks[0]).await.unwrap();
    assert!(matches!(world.order(&number).await.state, OrderState::Closed { .. }));
}

#[tokio::test]
async fn only_a_card_of_the_list_can_be_chosen() {
    let world = World::new();
    let number = submitted(&world).await.terms.number.clone();
    let foreign = PayOrder { card: Some("card-9".into()), scenario: None };
    let no = pay_order(&world.platform, &number, foreign).await.unwrap_err();
    assert!(matches!(no, Refusal::NoRight { field: "cardId", .. }));
    let own = PayOrder { card: Some("card-1".into()), scenario: None };
    let order = pay_order(&world.platform, &number, own).await.unwrap();
    let card = order.settlement().unwrap().attempt.card.clone().unwrap();
    assert_eq!(card.masked_pan, "625094******0016");
}

#[tokio::test]
async fn a_coupon_that_nobody_gave_out_is_not_passed_over() {
    let world = World::new();
    let mut input = submit("PK20260105000017", 2500);
    input.details.coupon = Some("CP-2026-01".to_owned());
    let no = submit_order(&world.platform, &service(), input).await.unwrap_err();
    assert!(matches!(no, Refusal::Limit { field: "couponId", .. }), "{no}");
    assert_eq!(world.downstream.placed.load(Ordering::SeqCst), 0);
    // The key is free: without the coupon the order is placed.
    submit_order(&world.platform, &service(), submit("PK20260105000017", 2500)).await.unwrap();
}
