//! Refunds and cancellations.

use std::sync::atomic::Ordering;
use std::time::Duration;

use app::Refusal;
use app::use_cases::{
    PayOrder, Selector, inquire_payment, inquire_reversal, notices_of, pay_order,
    record_downstream, request_reversal, run_inquiry, submit_order,
};
use app::writeset::{TaskId, Versioned};
use domain::order::{Order, OrderState};
use domain::reversal::{FirstAnswer, ReversalKind, ReversalState};
use domain::{Outcome, Rejection};
use jiff::SignedDuration;

use crate::harness::{World, acquirer, reference, refused, reversal, service, submit, succeeded};

async fn paid(world: &World) -> Order {
    let order =
        submit_order(&world.platform, &service(), submit("PK20260105000017", 2500)).await.unwrap();
    pay_order(&world.platform, &order.terms.number, PayOrder::default()).await.unwrap()
}

#[tokio::test]
async fn fifty_refunds_at_once_never_give_back_more_than_was_paid() {
    let world = World::new();
    let order = paid(&world).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (platform, order) = (world.platform.clone(), order.clone());
        tasks.spawn(async move {
            let id = format!("RF2026010500{number:04}");
            let input = reversal(ReversalKind::Refund, &id, &order, 100);
            request_reversal(&platform, &service(), input).await
        });
    }
    let results = tasks.join_all().await;
    let done = results.iter().filter(|result| result.is_ok()).count();
    assert_eq!(done, 25, "25 of 50 refunds over 1.00 fit into 25.00");
    for result in results {
        if let Err(refusal) = result {
            let rule = matches!(
                refusal,
                Refusal::Rule {
                    field: "txnAmt" | "origQryId",
                    rejection: Rejection::AboveRefundable { .. }
                }
            );
            assert!(rule, "{refusal}");
        }
    }
    let after = world.order(&order.terms.number).await;
    assert!(matches!(after.state, OrderState::Refunded { .. }));
    world.verify().await;
}

#[tokio::test]
async fn a_replayed_refund_moves_money_once_and_is_answered_as_first() {
    let world = World::new();
    let order = paid(&world).await;
    world.downstream.reverse.lock().unwrap().push_back(Outcome::Accepted);
    let input = reversal(ReversalKind::Refund, "RF20260105000001", &order, 1000);
    let first = request_reversal(&world.platform, &service(), input.clone()).await.unwrap();
    let answer = |(order, id): &(Order, _)| order.reversal(id).unwrap().first_answer();
    assert_eq!(answer(&first), FirstAnswer::Pending);
    let task = world.platform.store.task(&order.terms.merchant, &TaskId::inquire(&first.1)).await;
    run_inquiry(&world.platform, &task.unwrap().unwrap()).await.unwrap();
    let again = request_reversal(&world.platform, &service(), input).await.unwrap();
    assert_eq!(again.1, first.1);
    assert_eq!(answer(&again), FirstAnswer::Pending, "as first, though it is done by now");
    assert!(matches!(again.0.reversal(&again.1).unwrap().state, ReversalState::Succeeded { .. }));
    assert_eq!(world.downstream.reversed.load(Ordering::SeqCst), 1);
    let changed = reversal(ReversalKind::Refund, "RF20260105000001", &order, 900);
    let no = request_reversal(&world.platform, &service(), changed).await.unwrap_err();
    assert!(matches!(no, Refusal::Differs { .. }));
    world.verify().await;
}

/// A client that got no answer asks another node, while the first still works on it: what the first
/// reserved must not be told as a refusal.
#[tokio::test]
async fn a_refund_that_another_node_takes_meanwhile_is_answered_as_there() {
    let world = World::new();
    let order = paid(&world).await;
    let other = world.another_node();
    let input = reversal(ReversalKind::Refund, "RF20260105000001", &order, 2500);
    // The other node has looked for the key and waits for the order.
    let key = format!("order:{}", order.terms.number);
    let turn = other.platform.flights.enter(key, "", Duration::from_secs(5)).await.unwrap();
    let asked = {
        let (platform, input) = (other.platform.clone(), input.clone());
        tokio::spawn(async move { request_reversal(&platform, &service(), input).await })
    };
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let (_, first) = request_reversal(&world.platform, &service(), input).await.unwrap();
    drop(turn);
    let (_, again) = asked.await.unwrap().unwrap();
    assert_eq!(again, first);
    assert_eq!(world.downstream.reversed.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_notice_that_overtakes_the_answer_does_not_change_it() {
    let world = World::new();
    let order = paid(&world).await;
    world.downstream.reverse.lock().unwrap().push_back(Outcome::Accepted);
    let input = reversal(ReversalKind::Refund, "RF20260105000001", &order, 1000);
    {
        // The downstream system tells the result before its answer was recorded.
        let caller = service();
        let mut refund = std::pin::pin!(request_reversal(&world.platform, &caller, input.clone()));
        while world.order(&order.terms.number).await.reversals.is_empty() {
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(refund.as_mut().poll(context).is_ready())
            });
            assert!(!polled.await, "the refund must not end before it is overtaken");
        }
        let (number, id) = {
            let order = world.order(&order.terms.number).await;
            (order.terms.number.clone(), order.reversals[0].terms.query_id.clone())
        };
        record_downstream(&world.platform, &acquirer(), &number, &id, succeeded()).await.unwrap();
        let (after, id) = refund.await.unwrap();
        assert_eq!(after.reversal(&id).unwrap().first_answer(), FirstAnswer::Pending);
    }
    world.verify().await;
}

/// Lets a request go on until it waits for somebody.
async fn begin<F: Future + Unpin>(request: &mut F) {
    let polled = std::future::poll_fn(|context| {
        std::task::Poll::Ready(std::pin::Pin::new(&mut *request).poll(context).is_ready())
    });
    assert!(!polled.await, "the request must be under way");
}

#[tokio::test]
async fn other_content_under_a_key_in_flight_is_told_so_at_once() {
    let world = World::new();
    let order = paid(&world).await;
    let caller = service();
    let ask = |input| Box::pin(request_reversal(&world.platform, &caller, input));
    let id = "RV20260105000001";
    let mut first = ask(reversal(ReversalKind::Refund, id, &order, 1000));
    begin(&mut first).await;
    for kind in [ReversalKind::Refund, ReversalKind::Cancellation] {
        let no = ask(reversal(kind, id, &order, 900)).await.unwrap_err();
        assert!(matches!(&no, Refusal::Differs { field } if field == "txnAmt"), "{no}");
    }
    // The same waits for the first.
    let mut same = ask(reversal(ReversalKind::Refund, id, &order, 1000));
    begin(&mut same).await;
    let (first, same) = tokio::join!(first, same);
    assert_eq!(first.unwrap().1, same.unwrap().1);
    assert_eq!(world.downstream.reversed.load(Ordering::SeqCst), 1);

    let submission = |minor| submit_order(&world.platform, &caller, submit("PK2026", minor));
    let mut first = Box::pin(submission(2500));
    begin(&mut first).await;
    let no = submission(2600).await.unwrap_err();
    assert!(matches!(&no, Refusal::Differs { field } if field == "txnAmt"), "{no}");
    let refund = ask(reversal(ReversalKind::Refund, "PK2026", &order, 100)).await.unwrap_err();
    assert!(matches!(refund, Refusal::Differs { .. }), "{refund}");
    // Callers who went away no longer stand in the way of anybody, whichever goes first.
    let mut same = Box::pin(submission(2500));
    begin(&mut same).await;
    drop(first);
    drop(same);
    assert_eq!(submission(2600).await.unwrap().terms.amount.minor(), 2600);
    world.verify().await;
}

#[tokio::test]
async fn a_refused_refund_frees_its_amount() {
    let world = World::new();
    let order = paid(&world).await;
    world.downstream.reverse.lock().unwrap().push_back(refused("96"));
    let all = reversal(ReversalKind::Refund, "RF20260105000001", &order, 2500);
    let (after, id) = request_reversal(&world.platform, &service(), all).await.unwrap();
    assert_eq!(after.reversal(&id).unwrap().first_answer(), FirstAnswer::Refused);
    let again = reversal(ReversalKind::Refund, "RF20260105000002", &order, 2500);
    let (after, _) = request_reversal(&world.platform, &service(), again).await.unwrap();
    assert!(matches!(after.state, OrderState::Refunded { .. }));
    world.verify().await;
}

#[tokio::test]
async fn an_unknown_refund_keeps_its_amount_until_it_is_known() {
    let world = World::new();
    let order = paid(&world).await;
    world.downstream.reverse.lock().unwrap().push_back(Outcome::Lost);
    let part = reversal(ReversalKind::Refund, "RF20260105000001", &order, 2000);
    let (_, id) = request_reversal(&world.platform, &service(), part).await.unwrap();
    let more = reversal(ReversalKind::Refund, "RF20260105000002", &order, 1000);
    let no = request_reversal(&world.platform, &service(), more).await.unwrap_err();
    assert!(matches!(no, Refusal::Rule { rejection: Rejection::AboveRefundable { .. }, .. }));
    let task = world.platform.store.task(&order.terms.merchant, &TaskId::inquire(&id)).await;
    let task: Versioned<_> = task.unwrap().unwrap();
    run_inquiry(&world.platform, &task).await.unwrap();
    let after = world.order(&order.terms.number).await;
    assert!(matches!(after.state, OrderState::PartRefunded { .. }));
    world.verify().await;
}

#[tokio::test]
async fn a_cancellation_is_for_the_trade_day_in_full_and_alone() {
    let world = World::new();
    let order = paid(&world).await;
    let cancel = |id: &str, minor| reversal(ReversalKind::Cancellation, id, &order, minor);
    let caller = service();
    let ask = |input| request_reversal(&world.platform, &caller, input);
    let no = ask(cancel("CX20260105000001", 2400)).await.unwrap_err();
    assert!(matches!(no, Refusal::Rule { field: "txnAmt", .. }), "{no}");
    // 10:30 in Shanghai; the trade day ends at 23:00.
    world.clock.advance(SignedDuration::from_mins(12 * 60 + 30));
    let no = ask(cancel("CX20260105000002", 2500)).await.unwrap_err();
    assert!(matches!(no, Refusal::Rule { rejection: Rejection::TradeDayOver { .. }, .. }));
    let world = World::new();
    let order = paid(&world).await;
    world.clock.advance(SignedDuration::from_mins(12 * 60 + 29));
    let cancel = |id: &str| reversal(ReversalKind::Cancellation, id, &order, 2500);
    let caller = service();
    let ask = |input| request_reversal(&world.platform, &caller, input);
    let (after, _) = ask(cancel("CX20260105000003")).await.unwrap();
    assert!(matches!(after.state, OrderState::Cancelled { .. }));
    let no = ask(cancel("CX20260105000004")).await.unwrap_err();
    assert!(matches!(no, Refusal::Rule { rejection: Rejection::AlreadyCancelled, .. }));
    world.verify().await;
}

#[tokio::test]
async fn reversals_and_payments_do_not_answer_for_each_other() {
    let world = World::new();
    let order = paid(&world).await;
    let refund = reversal(ReversalKind::Refund, "RF20260105000001", &order, 500);
    let (_, id) = request_reversal(&world.platform, &service(), refund).await.unwrap();
    let ask = |by| {
        let platform = &world.platform;
        let (merchant, iin) = ("100000010000017".into(), "00010344".into());
        async move { inquire_reversal(platform, &service(), &merchant, &iin, &by).await }
    };
    assert_eq!(ask(Selector::QueryId(id.clone())).await.unwrap().1, id);
    assert_eq!(ask(Selector::Reference(reference("RF20260105000001"))).await.unwrap().1, id);
    let payment = ask(Selector::QueryId(order.terms.query_id.clone())).await;
    assert!(matches!(payment.unwrap_err(), Refusal::UnknownTransaction));
    let mut of_refund = reversal(ReversalKind::Refund, "RF20260105000002", &order, 100);
    of_refund.original = Selector::QueryId(id);
    let no = request_reversal(&world.platform, &service(), of_refund).await.unwrap_err();
    assert!(matches!(no, Refusal::UnknownTransaction), "a refund cannot be refunded");
}

#[tokio::test]
async fn notices_of_an_order_queue_behind_each_other() {
    let world = World::new();
    let order = paid(&world).await;
    let refund = reversal(ReversalKind::Refund, "RF20260105000001", &order, 500);
    world.clock.advance(SignedDuration::from_secs(1));
    request_reversal(&world.platform, &service(), refund).await.unwrap();
    let platform = &world.platform;
    let notices = notices_of(platform, &order.terms.merchant, &order.terms.number).await.unwrap();
    assert_eq!(notices.len(), 4);
    for later in notices.iter().filter(|n| n.transaction != order.terms.query_id) {
        let earlier = notices.iter().find(|n| Some(&n.id) == later.after.as_ref()).unwrap();
        assert_eq!(earlier.receiver, later.receiver);
        assert_eq!(earlier.transaction, order.terms.query_id);
    }
}

/// Nodes' clocks differ: what was made later queues behind what was made earlier all the same.
#[tokio::test]
async fn notices_queue_in_the_order_in_which_they_were_made_whatever_clocks_say() {
    let world = World::new();
    let order = paid(&world).await;
    for (seconds, id) in [(-4, "RF20260105000001"), (1, "RF20260105000002")] {
        world.clock.advance(SignedDuration::from_secs(seconds));
        let refund = reversal(ReversalKind::Refund, id, &order, 500);
        request_reversal(&world.platform, &service(), refund).await.unwrap();
    }
    let (owner, number) = (&order.terms.merchant, &order.terms.number);
    let notices = notices_of(&world.platform, owner, number).await.unwrap();
    let (made, later) = notices.split_at(2);
    assert_eq!((made.len(), later.len()), (2, 4));
    for notice in later {
        let before = notices.iter().take_while(|it| it.id != notice.id);
        let last = before.filter(|it| it.receiver == notice.receiver).last();
        assert_eq!(notice.after, last.map(|it| it.id.clone()));
    }
}

#[tokio::test]
async fn a_refusal_about_the_original_names_the_field_that_named_it() {
    let world = World::new();
    let order =
        submit_order(&world.platform, &service(), submit("PK20260105000017", 2500)).await.unwrap();
    let named = order.terms.reference.clone();
    for (original, wanted) in [
        (Selector::QueryId(order.terms.query_id.clone()), "origQryId"),
        (Selector::Both(order.terms.query_id.clone(), named.clone()), "origQryId"),
        (Selector::Reference(named), "origOrderId"),
    ] {
        let mut input = reversal(ReversalKind::Refund, "RF20260105000001", &order, 100);
        input.original = original;
        let no = request_reversal(&world.platform, &service(), input).await.unwrap_err();
        let unpaid = Rejection::NotSuccessful("created");
        let as_wanted = matches!(
            &no, Refusal::Rule { field, rejection } if *field == wanted && *rejection == unpaid
        );
        assert!(as_wanted, "{wanted}: {no}");
    }
}

#[tokio::test]
async fn two_names_of_the_original_must_name_the_same() {
    let world = World::new();
    let (platform, caller) = (&world.platform, service());
    let pay = async |id: &str| {
        let order = submit_order(platform, &caller, submit(id, 2500)).await.unwrap();
        pay_order(platform, &order.terms.number, PayOrder::default()).await.unwrap()
    };
    let (one, other) = (pay("PK20260105000001").await, pay("PK20260105000002").await);
    let both = |numbered: &Order, named: &str| {
        Selector::Both(numbered.terms.query_id.clone(), reference(named))
    };
    let names = ["PK20260105000001", "PK20260105000009"];
    for kind in [ReversalKind::Cancellation, ReversalKind::Refund] {
        for name in names {
            let mut input = reversal(kind, "RV20260105000001", &other, 2500);
            input.original = both(&other, name);
            let no = request_reversal(platform, &caller, input).await.unwrap_err();
            assert!(matches!(no, Refusal::Limit { field: "origOrderId", .. }), "{no}");
        }
    }
    assert_eq!(world.downstream.reversed.load(Ordering::SeqCst), 0);
    let mut input = reversal(ReversalKind::Refund, "RV20260105000001", &one, 1000);
    input.original = both(&one, "PK20260105000001");
    let (_, refund) = request_reversal(platform, &caller, input).await.unwrap();

    let (merchant, iin) = ("100000010000017".into(), "00010344".into());
    let ask = async |by| inquire_payment(platform, &caller, &merchant, &iin, &by).await;
    for name in names {
        let no = ask(both(&other, name)).await.unwrap_err();
        assert!(matches!(no, Refusal::Limit { field: "orderId", .. }), "{no}");
    }
    ask(both(&one, "PK20260105000001")).await.unwrap();
    let unknown = Selector::Both("999999999999999999999".into(), reference("PK20260105000001"));
    assert!(matches!(ask(unknown).await.unwrap_err(), Refusal::UnknownTransaction));
    let ask = async |name| {
        let by = Selector::Both(refund.clone(), reference(name));
        inquire_reversal(platform, &caller, &merchant, &iin, &by).await
    };
    ask("RV20260105000001").await.unwrap();
    let no = ask("PK20260105000001").await.unwrap_err();
    assert!(matches!(no, Refusal::Limit { field: "orderId", .. }), "{no}");
    world.verify().await;
}
