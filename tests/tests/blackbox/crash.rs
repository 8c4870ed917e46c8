//! kill -9: between any two steps of a payment, and at random instants under load. What was
//! acknowledged stays true, what was open reaches its end, and the books hold.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::harness::messages::{REFUND, SUBMIT, wrapped};
use crate::harness::wait::until;
use crate::harness::{Conduct, Placed, Receiver, Sandbox, Service};

/// Kills the program and starts it again on its data.
fn crash(sandbox: &mut Sandbox) -> Service {
    sandbox.kill();
    sandbox.start_again();
    Service::first(sandbox)
}

#[tokio::test]
async fn between_any_two_steps_of_a_payment() {
    let mut sandbox = Sandbox::start();
    let mut service = Service::first(&sandbox);
    let receiver = Receiver::start(&service.partner, Conduct::Status(503)).await;
    let mut order = service.order("2505");
    order["backUrl"] = receiver.url("/notice").into();
    let placed = service.place_order(&order).await;

    service = crash(&mut sandbox); // placed, not paid
    assert_eq!(service.status(&placed).await, "CREATED");
    let again = service.send(SUBMIT, &order).await.expect("00");
    assert_eq!(again.get("tn"), placed.tn, "the first answer again");

    assert_eq!(sandbox.pay(&placed.tn, None).await.status, 200);
    service = crash(&mut sandbox); // taken on downstream, no result
    assert_eq!(service.status(&placed).await, "PAYING");
    assert_eq!(sandbox.pay(&placed.tn, None).await.status, 409, "no second attempt");

    sandbox.advance(70).await;
    service.wait_for(&placed, "SUCCESS").await;
    receiver.wait("/notice", 1).await;
    service = crash(&mut sandbox); // paid, the service not told
    assert_eq!(service.status(&placed).await, "SUCCESS");
    receiver.conduct(Conduct::Confirm);
    let before = receiver.at("/notice").len();
    sandbox.advance(16 * 60).await;
    receiver.wait("/notice", before + 1).await;

    let mut refund = service.reversal(&placed, "1005");
    refund["backUrl"] = receiver.url("/refund").into();
    service.send(REFUND, &refund).await.expect("05");
    service = crash(&mut sandbox); // a refund taken on, no result
    assert_eq!(service.inquire_reversal(&refund).await.get("txnStatus"), "PROCESSING");
    let rest = service.reversal(&placed, "1501");
    service.send(REFUND, &rest).await.expect_detail("36", "txnAmt");
    sandbox.advance(70).await;
    service.wait_for_reversal(&refund, "SUCCESS").await;
    receiver.wait("/refund", 1).await;
    service = crash(&mut sandbox); // all done
    let answer = service.inquire(&placed).await.expect("00");
    assert_eq!((answer.get("txnStatus"), answer.get("refundedAmt")), ("PART_REFUNDED", "1005"));
    in_the_middle_of_a_call(&mut sandbox, &service).await;
    sandbox.kill();
    sandbox.verify_books();
}

/// Killed while the downstream system is asked and silent: unknown, until it is known.
async fn in_the_middle_of_a_call(sandbox: &mut Sandbox, service: &Service) {
    let placed = service.place("2598").await;
    let (http, url) = (sandbox.http.clone(), format!("{}/sandbox/v1/pay", sandbox.base()));
    let body = serde_json::json!({ "tn": placed.tn }).to_string();
    let asking = tokio::spawn(async move { http.post(&url, &[], body).await });
    service.wait_for(&placed, "PAYING").await;
    let service = crash(sandbox);
    // The call ends with its connection, or was answered before: neither matters.
    let _ = asking.await;
    assert_eq!(service.status(&placed).await, "PAYING", "never failed by a crash");
    assert_eq!(sandbox.pay(&placed.tn, None).await.status, 409);
    sandbox.advance(3 * 3600).await;
    let end = until("an end", async || {
        let status = service.status(&placed).await;
        if status == "PAYING" { Err(status) } else { Ok(status) }
    })
    .await;
    assert!(["SUCCESS", "FAIL"].contains(&end.as_str()), "{end}");
}

/// What was acknowledged before the power went.
#[derive(Default)]
struct Acknowledged {
    placed: Vec<(Value, Placed)>,
    paid: Vec<Placed>,
    refunds: Vec<Value>,
}

type Ledger = Arc<Mutex<Acknowledged>>;

/// One customer after the other, until the connection breaks.
async fn customers(service: Service, base: String, lane: usize, known: Ledger) {
    for round in 0.. {
        let amount = ["2500", "3105", "4700", "5209"][(lane + round) % 4];
        let order = service.order(amount);
        let body = wrapped(&service.partner, SUBMIT, &order).to_string();
        let Ok(reply) = service.partner.try_post(SUBMIT, &body, &[]).await else { return };
        let answer = service.partner.accept(&reply).expect("00");
        let text = |name: &str| order[name].as_str().expect("a text").to_owned();
        let placed = Placed {
            order_id: text("orderId"),
            txn_time: text("txnTime"),
            amount: amount.to_owned(),
            tn: answer.get("tn").to_owned(),
            payment_url: answer.get("paymentUrl").to_owned(),
        };
        known.lock().unwrap().placed.push((order, placed.clone()));
        let url = format!("{base}/sandbox/v1/pay");
        let body = serde_json::json!({ "tn": placed.tn }).to_string();
        let Ok(reply) = service.partner.http.post(&url, &[], body).await else { return };
        assert_eq!(reply.status, 200, "{}", reply.text());
        if reply.json()["state"] != "SUCCESS" {
            continue;
        }
        known.lock().unwrap().paid.push(placed.clone());
        let refund = service.reversal(&placed, "1000");
        let body = wrapped(&service.partner, REFUND, &refund).to_string();
        let Ok(reply) = service.partner.try_post(REFUND, &body, &[]).await else { return };
        let answer = service.partner.accept(&reply);
        assert!(["00", "05"].contains(&answer.code()), "{}", answer.0);
        known.lock().unwrap().refunds.push(refund);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_random_instants_under_load() {
    const LANES: usize = 8;
    const CRASHES: usize = 4;
    let mut sandbox = Sandbox::start();
    let known = Ledger::default();
    for _ in 0..CRASHES {
        let base = sandbox.base();
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| {
                let service = Service::first(&sandbox);
                tokio::spawn(customers(service, base.clone(), lane, Arc::clone(&known)))
            })
            .collect();
        let dice = usize::from(crate::harness::partner::uuid().as_bytes()[0]);
        let target = known.lock().unwrap().placed.len() + 20 + dice;
        until("the load runs for a while", async || {
            let placed = known.lock().unwrap().placed.len();
            if placed >= target { Ok(()) } else { Err(format!("{placed} orders")) }
        })
        .await;
        sandbox.kill();
        for lane in lanes {
            lane.await.expect("a customer saw only good answers");
        }
        sandbox.verify_books();
        sandbox.start_again();
    }
    // Past every slow outcome, payment deadline and inquiry.
    sandbox.advance(2 * 3600).await;
    let service = Service::first(&sandbox);
    let known = std::mem::take(&mut *known.lock().unwrap());
    assert!(known.placed.len() > CRASHES * LANES, "only {} orders", known.placed.len());
    assert!(!known.paid.is_empty() && !known.refunds.is_empty(), "nothing was paid or refunded");
    for (order, placed) in &known.placed {
        let again = service.send(SUBMIT, order).await.expect("00");
        assert_eq!(again.get("tn"), placed.tn, "an acknowledged order is kept");
        let status = service.status(placed).await;
        assert!(!["CREATED", "PAYING"].contains(&status.as_str()), "{}: {status}", placed.tn);
    }
    for placed in &known.paid {
        let status = service.status(placed).await;
        let kept = ["SUCCESS", "PART_REFUNDED"].contains(&status.as_str());
        assert!(kept, "{} was paid and is {status}", placed.tn);
    }
    for refund in &known.refunds {
        service.wait_for_reversal(refund, "SUCCESS").await;
    }
    sandbox.verify_books();
}

#[tokio::test]
async fn a_signal_ends_what_was_accepted() {
    let mut sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let placed = service.place_paid(&sandbox, "2500").await;
    sandbox.signal("TERM");
    assert_eq!(sandbox.wait(), Some(0), "{}", sandbox.log());
    sandbox.verify_books();
    sandbox.start_again();
    let service = Service::first(&sandbox);
    assert_eq!(service.status(&placed).await, "SUCCESS");
    let offset = sandbox.now().await;
    sandbox.advance(86_400).await;
    sandbox.signal("INT");
    assert_eq!(sandbox.wait(), Some(0), "{}", sandbox.log());
    sandbox.start_again();
    assert!(sandbox.now().await >= offset + 86_400, "the clock survives and never runs back");
}
