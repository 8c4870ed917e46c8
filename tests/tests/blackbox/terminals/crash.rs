//! Point 23: kill -9 in every window. What was acknowledged stays; what was open ends; nothing is
//! paid twice.

use std::sync::{Arc, Mutex};

use super::sales::held;
use crate::harness::till::{BARCODE, PRECREATE, QUERY, REFUND, client_sn};
use crate::harness::wait::until;
use crate::harness::{Envelope, Sandbox, Till};

/// Kills the program, looks at its books, and starts it again; the till on new connections.
fn crash(sandbox: &mut Sandbox, till: Till) -> Till {
    sandbox.kill();
    sandbox.verify_books();
    sandbox.start_again();
    Till { http: sandbox.http.clone(), ..till }
}

#[tokio::test]
async fn acceptance_23_between_the_intent_and_the_answer() {
    let mut sandbox = Sandbox::start();
    let mut till = Till::first(&sandbox).await;
    // The wallet waits for payers of whom one pays.
    let (typing, call) = held(&till, "9905").await;
    let (idle, other) = held(&till, "9907").await;
    let offered = client_sn();
    till.call(PRECREATE, &Till::offer(&offered)).await.is("PRECREATE_SUCCESS", "");
    till = crash(&mut sandbox, till);
    call.abort();
    other.abort();
    for number in [&typing, &idle, &offered] {
        till.query(number).await.is("SUCCESS", "").stands("CREATED", "IN_PROG", "100");
        till.pay(number, BARCODE).await.is("FAIL", "CLIENT_SN_CONFLICT");
    }
    sandbox.advance(15).await;
    till.wait_for(&typing, "PAID").await.stands("PAID", "SUCCESS", "100");
    sandbox.advance(40).await;
    till.query(&idle).await.is("SUCCESS", "TRADE_TIMEOUT");
    sandbox.advance(200).await;
    till.query(&offered).await.is("SUCCESS", "TRADE_TIMEOUT");
    till = crash(&mut sandbox, till);
    till.query(&typing).await.stands("PAID", "SUCCESS", "100");
    for number in [&idle, &offered] {
        till.query(number).await.stands("PAY_CANCELED", "FAIL_CANCELED", "100");
    }

    // The wallet says nothing at all: the intent alone is known.
    let (silent, call) = held(&till, "9998").await;
    till = crash(&mut sandbox, till);
    call.abort();
    let reply = till.query(&silent).await;
    assert!(["CREATED", "PAY_ERROR"].contains(&reply.get("order_status")), "{}", reply.0);
    till.pay(&silent, BARCODE).await.is("FAIL", "CLIENT_SN_CONFLICT");
    sandbox.kill();
    sandbox.verify_books();
}

/// What a till was told before the power went, and what it asked without an answer.
#[derive(Default)]
struct Known {
    paid: Vec<String>,
    asked: Vec<String>,
    refunded: Vec<String>,
}

/// One customer after the other, until the connection breaks.
async fn customers(till: Till, known: Arc<Mutex<Known>>) {
    loop {
        let number = client_sn();
        known.lock().unwrap().asked.push(number.clone());
        let sale = till.message(&Till::sale(&number, BARCODE)).to_string();
        let Some(reply) = send(&till, crate::harness::till::PAY, sale).await else { return };
        reply.is("PAY_SUCCESS", "");
        known.lock().unwrap().paid.push(number.clone());
        let refund = serde_json::json!({
            "client_sn": number, "refund_request_no": "r", "refund_amount": "40",
        });
        let refund = till.message(&refund).to_string();
        let Some(reply) = send(&till, REFUND, refund).await else { return };
        reply.is("REFUND_SUCCESS", "");
        known.lock().unwrap().refunded.push(number);
    }
}

async fn send(till: &Till, path: &str, body: String) -> Option<Envelope> {
    let authorization = till.authorization(body.as_bytes());
    let fields = [("authorization", authorization.as_str())];
    let reply = till.try_post(path, body.into(), &fields).await.ok()?;
    Some(Envelope::of(path, &reply))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acceptance_23_at_random_instants_under_load() {
    const LANES: usize = 8;
    const CRASHES: usize = 3;
    let mut sandbox = Sandbox::start();
    let mut till = Till::first(&sandbox).await;
    let known = Arc::new(Mutex::new(Known::default()));
    for _ in 0..CRASHES {
        let lanes: Vec<_> =
            (0..LANES).map(|_| tokio::spawn(customers(till.clone(), Arc::clone(&known)))).collect();
        let dice = usize::from(crate::harness::partner::uuid().as_bytes()[0]);
        let target = known.lock().unwrap().asked.len() + 20 + dice;
        until("the load runs for a while", async || {
            let asked = known.lock().unwrap().asked.len();
            if asked >= target { Ok(()) } else { Err(format!("{asked} orders")) }
        })
        .await;
        sandbox.kill();
        for lane in lanes {
            lane.await.expect("a till saw only good answers");
        }
        sandbox.verify_books();
        sandbox.start_again();
        till = Till { http: sandbox.http.clone(), ..till };
    }
    // Past every deadline and inquiry.
    sandbox.advance(3600).await;
    let known = std::mem::take(&mut *known.lock().unwrap());
    assert!(!known.paid.is_empty() && !known.refunded.is_empty());
    for number in &known.asked {
        settled(&till, number, &known).await;
    }
    sandbox.verify_books();
}

async fn settled(till: &Till, number: &str, known: &Known) {
    let reply = till.query(number).await;
    let status = reply.get("order_status");
    if known.refunded.iter().any(|it| it == number) {
        assert_eq!((status, reply.get("net_amount")), ("PARTIAL_REFUNDED", "60"), "{}", reply.0);
    } else if known.paid.iter().any(|it| it == number) {
        assert!(["PAID", "PARTIAL_REFUNDED"].contains(&status), "{}", reply.0);
        // The till does as it is told: the same refund again. Money moves once.
        let again = till.refund(number, "r", "40").await;
        let codes = ["", "UPAY_REFUND_ORDER_NOOP"];
        assert!(codes.contains(&again.biz().1), "{}", again.0);
        let found = till.call(QUERY, &serde_json::json!({ "client_sn": number })).await;
        found.stands("PARTIAL_REFUNDED", "SUCCESS", "60");
    } else if reply.biz() == ("FAIL", "UPAY_ORDER_NOT_EXISTS") {
        till.pay(number, BARCODE).await.is("PAY_SUCCESS", "");
    } else {
        assert!(["PAID", "PAY_CANCELED"].contains(&status), "{}", reply.0);
        till.pay(number, BARCODE).await.is("FAIL", "CLIENT_SN_CONFLICT");
    }
}
