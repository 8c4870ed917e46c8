//! Points 16 and 17: cancel and revoke; and the outcomes that stay unknown for a while.

use serde_json::{Value, json};

use super::sales::held;
use crate::harness::till::{CANCEL, PRECREATE, REVOKE, barcode, client_sn};
use crate::harness::wait::until;
use crate::harness::{Envelope, Sandbox, Till};

const DAY_SECONDS: u64 = 86_400;

/// What is left of a reply without what differs from order to order.
fn shape(reply: &Envelope) -> Value {
    let mut shape = reply.0.clone();
    if let Some(data) = shape.pointer_mut("/biz_response/data").and_then(Value::as_object_mut) {
        for name in ["sn", "client_sn", "client_tsn", "trade_no", "payer_uid"] {
            data.remove(name);
        }
        data.retain(|name, _| !name.ends_with("time"));
    }
    shape
}

/// Every way that undoing can go, on fresh orders; the shapes of the replies.
async fn undone(sandbox: &Sandbox, till: &Till, path: &str) -> Vec<Value> {
    let mut shapes = Vec::new();
    let mut keep = |reply: &Envelope| shapes.push(shape(reply));

    let (paid, _) = till.paid().await;
    let reply = till.undo(path, &paid).await;
    reply.is("CANCEL_SUCCESS", "").stands("CANCELED", "SUCCESS", "0");
    keep(&reply);
    let again = till.undo(path, &paid).await;
    again.is("FAIL", "UPAY_CANCEL_ORDER_NOOP").stands("CANCELED", "SUCCESS", "0");
    keep(&again);
    till.query(&paid).await.is("SUCCESS", "").stands("CANCELED", "SUCCESS", "0");
    till.refund(&paid, "1", "1").await.is("FAIL", "UPAY_REFUND_INVALID_ORDER_STATE");

    let (refunded, _) = till.paid().await;
    till.refund(&refunded, "r", "1").await.is("REFUND_SUCCESS", "");
    let reply = till.undo(path, &refunded).await;
    reply.is("FAIL", "UPAY_CANCEL_INVALID_ORDER_STATE").stands("PARTIAL_REFUNDED", "SUCCESS", "99");
    keep(&reply);

    let refused = client_sn();
    till.pay(&refused, &barcode("9951")).await.is("PAY_FAIL", "INSUFFICIENT_FUND");
    let reply = till.undo(path, &refused).await;
    reply.is("FAIL", "UPAY_CANCEL_ORDER_NOOP").stands("PAY_CANCELED", "FAIL_CANCELED", "100");
    keep(&reply);

    let offered = client_sn();
    till.call(PRECREATE, &Till::offer(&offered)).await.is("PRECREATE_SUCCESS", "");
    let reply = till.undo(path, &offered).await;
    assert_eq!(reply.is("CANCEL_ABORT_SUCCESS", "").standing(), ("CANCELED", "SUCCESS"));
    keep(&reply);
    let sn = reply.get("sn").to_owned();
    let late = sandbox.simulate("pay", &json!({ "sn": sn })).await;
    assert_eq!(late.status, 409, "{}", late.text());

    // While the payer types: the held call ends with the cancel, and nothing was taken.
    let (typing, call) = held(till, "9907").await;
    let reply = till.undo(path, &typing).await;
    assert_eq!(reply.is("CANCEL_ABORT_SUCCESS", "").standing(), ("CANCELED", "SUCCESS"));
    keep(&reply);
    let ended = call.await.expect("the held call ends");
    assert_eq!(ended.standing(), ("CANCELED", "SUCCESS"), "{}", ended.0);
    keep(&ended);
    keep(&till.undo(path, "none").await);
    keep(&till.call(path, &json!({})).await);
    shapes
}

#[tokio::test]
async fn acceptance_16_and_17_cancel_and_revoke() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let cancelled = undone(&sandbox, &till, CANCEL).await;
    let revoked = undone(&sandbox, &till, REVOKE).await;
    for (cancel, revoke) in cancelled.iter().zip(&revoked) {
        assert_eq!(cancel.to_string(), revoke.to_string(), "revoke equals cancel, byte for byte");
    }
    // The next day in Shanghai it is too late, but not for a refund.
    let (yesterday, _) = till.paid().await;
    sandbox.advance(DAY_SECONDS).await;
    for path in [CANCEL, REVOKE] {
        let reply = till.undo(path, &yesterday).await;
        reply.is("FAIL", "UPAY_CANCEL_INVALID_ORDER_STATE").stands("PAID", "SUCCESS", "100");
    }
    let back = till.refund(&yesterday, "r", "100").await;
    back.is("REFUND_SUCCESS", "").stands("REFUNDED", "SUCCESS", "0");
    let (old, _) = till.paid().await;
    sandbox.advance(93 * DAY_SECONDS).await;
    let late = till.refund(&old, "r", "1").await;
    late.is("FAIL", "UPAY_REFUND_INVALID_ORDER_STATE").stands("PAID", "SUCCESS", "100");
    sandbox.verify_books();
}

#[tokio::test]
async fn a_day_ends_at_midnight_in_shanghai() {
    const SHANGHAI_SECONDS: u64 = 8 * 3600;
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let now = u64::try_from(sandbox.now().await).expect("after 1970");
    let left = DAY_SECONDS - (now + SHANGHAI_SECONDS) % DAY_SECONDS;
    // A quarter of an hour before midnight, of this day or of the next.
    sandbox.advance(if left > 900 { left - 900 } else { left + DAY_SECONDS - 900 }).await;
    let (today, _) = till.paid().await;
    let (tomorrow, _) = till.paid().await;
    sandbox.advance(600).await;
    till.undo(CANCEL, &today).await.is("CANCEL_SUCCESS", "");
    sandbox.advance(300).await;
    till.undo(CANCEL, &tomorrow).await.is("FAIL", "UPAY_CANCEL_INVALID_ORDER_STATE");
}

/// 9996: nobody knows, and the reversal fails too; an inquiry finds out after a minute.
#[tokio::test]
async fn an_unknown_outcome_is_an_error_until_it_is_known() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let number = client_sn();
    let reply = till.pay(&number, &barcode("9996")).await;
    assert_eq!(reply.biz().0, "PAY_FAIL_ERROR", "{}", reply.0);
    assert_eq!(reply.get("order_status"), "PAY_ERROR", "{}", reply.0);
    till.refund(&number, "1", "1").await.is("FAIL", "UPAY_REFUND_INVALID_ORDER_STATE");
    assert_eq!(till.query(&number).await.get("order_status"), "PAY_ERROR");
    sandbox.advance(65).await;
    let end = until("an end", async || {
        let reply = till.query(&number).await;
        let known = ["PAID", "PAY_CANCELED"].contains(&reply.get("order_status"));
        if known { Ok(reply) } else { Err(reply.0.to_string()) }
    })
    .await;
    end.is("SUCCESS", end.biz().1);
    sandbox.verify_books();
}

/// 9998: the provider says nothing at all; what may have been paid is never called failed.
#[tokio::test]
async fn a_silent_provider_leaves_an_error_and_no_second_payment() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let number = client_sn();
    let reply = till.pay(&number, &barcode("9998")).await;
    reply.is("PAY_FAIL_ERROR", reply.biz().1);
    assert_eq!(reply.get("order_status"), "PAY_ERROR", "{}", reply.0);
    till.query(&number).await.is("SUCCESS", "").stands("PAY_ERROR", reply.get("status"), "100");
    till.pay(&number, &barcode("0000")).await.is("FAIL", "CLIENT_SN_CONFLICT");
    let undone = till.undo(CANCEL, &number).await;
    assert!(undone.biz().0.ends_with("_ERROR"), "{}", undone.0);
    assert!(["CANCEL_ERROR", "PAY_ERROR"].contains(&undone.get("order_status")), "{}", undone.0);
    let doctor = String::from_utf8(sandbox.run(&["doctor"]).stdout).expect("text");
    let told = format!("1 payment is unknown: {}", reply.get("sn"));
    assert!(doctor.contains(&told), "{doctor}");
    sandbox.verify_books();
}
