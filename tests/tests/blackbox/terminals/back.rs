//! Points 14, 15 and 18: giving money back, and finding orders.

use serde_json::json;

use super::at_once;
use crate::harness::till::{BARCODE, CANCEL, PRECREATE, QUERY, REFUND, REVOKE, client_sn};
use crate::harness::{Sandbox, Till};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acceptance_14_refunds_in_parts() {
    const AT_ONCE: usize = 25;
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let (number, _) = till.paid().await;
    let first = till.refund(&number, "r1", "30").await;
    first.is("REFUND_SUCCESS", "").stands("PARTIAL_REFUNDED", "SUCCESS", "70");
    assert_eq!(first.get("client_tsn"), format!("{number}-r1"));
    let query = till.query(&number).await;
    query.is("SUCCESS", "").stands("PARTIAL_REFUNDED", "SUCCESS", "70");
    let own = json!({
        "client_sn": number, "refund_request_no": "r2", "refund_amount": 70, "client_tsn": "mine",
        "operator": "lee",
    });
    let second = till.call(REFUND, &own).await;
    second.is("REFUND_SUCCESS", "").stands("REFUNDED", "SUCCESS", "0");
    assert_eq!((second.get("client_tsn"), second.get("operator")), ("mine", "lee"));
    till.query(&number).await.is("SUCCESS", "").stands("REFUNDED", "SUCCESS", "0");

    let (number, _) = till.paid().await;
    let replies = at_once(AT_ONCE, |index| {
        let (till, number) = (till.clone(), number.clone());
        Box::pin(async move { till.refund(&number, &format!("p{index}"), "10").await })
    })
    .await;
    let done = replies.iter().filter(|reply| reply.biz().0 == "REFUND_SUCCESS").count();
    assert_eq!(done, 10, "10 of 100, ten times");
    for reply in replies.iter().filter(|reply| reply.biz().0 != "REFUND_SUCCESS") {
        let allowed = ["REFUNDABLE_AMOUNT_NOT_ENOUGH", "UPAY_REFUND_INVALID_ORDER_STATE"];
        assert!(allowed.contains(&reply.biz().1), "{}", reply.0);
    }
    till.query(&number).await.stands("REFUNDED", "SUCCESS", "0");
    sandbox.verify_books();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acceptance_15_a_refund_request_no_moves_money_once() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let (number, _) = till.paid().await;
    till.refund(&number, "r0", "101").await.is("FAIL", "REFUNDABLE_AMOUNT_NOT_ENOUGH");
    till.refund(&number, "r1", "30").await.is("REFUND_SUCCESS", "");
    for amount in ["30", "70", "1"] {
        let again = till.refund(&number, "r1", amount).await;
        again.is("FAIL", "UPAY_REFUND_ORDER_NOOP").stands("PARTIAL_REFUNDED", "SUCCESS", "70");
        assert_eq!(again.get("client_tsn"), format!("{number}-r1"));
    }
    till.refund(&number, "r2", "71").await.is("FAIL", "REFUNDABLE_AMOUNT_NOT_ENOUGH");
    till.refund(&number, "r2", "70").await.is("REFUND_SUCCESS", "");
    let again = till.refund(&number, "r1", "30").await;
    again.is("FAIL", "UPAY_REFUND_ORDER_NOOP").stands("REFUNDED", "SUCCESS", "0");
    let more = till.refund(&number, "r3", "1").await;
    more.is("FAIL", "UPAY_REFUND_INVALID_ORDER_STATE").stands("REFUNDED", "SUCCESS", "0");

    // The same request twenty times at once, as an impatient till would.
    let (number, _) = till.paid().await;
    let replies = at_once(20, |_| {
        let (till, number) = (till.clone(), number.clone());
        Box::pin(async move { till.refund(&number, "same", "60").await })
    })
    .await;
    let done = replies.iter().filter(|reply| reply.biz().0 == "REFUND_SUCCESS").count();
    assert!(done >= 1, "{:?}", replies.first());
    till.query(&number).await.stands("PARTIAL_REFUNDED", "SUCCESS", "40");
    sandbox.verify_books();
}

#[tokio::test]
async fn acceptance_18_finding_orders() {
    let sandbox = Sandbox::start();
    let (till, colleague) = (Till::first(&sandbox).await, Till::first(&sandbox).await);
    let foreign = Till::foreign(&sandbox).await;
    for path in [QUERY, CANCEL, REVOKE] {
        let reply = till.call(path, &json!({ "client_sn": "none" })).await;
        assert!(!reply.is("FAIL", "UPAY_ORDER_NOT_EXISTS").has_data());
        till.call(path, &json!({ "sn": "7890000000000000" }))
            .await
            .is("FAIL", "UPAY_ORDER_NOT_EXISTS");
        till.call(path, &json!({})).await.is_refused("INVALID_PARAMS");
        till.call(path, &json!({ "sn": "", "client_sn": null })).await.is_refused("INVALID_PARAMS");
        let long = "x".repeat(64);
        till.call(path, &json!({ "client_sn": long })).await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    }
    till.refund("none", "1", "1").await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    let neither = json!({ "refund_request_no": "1", "refund_amount": "1" });
    till.call(REFUND, &neither).await.is_refused("INVALID_PARAMS");

    let (number, paid) = till.paid().await;
    let (other, _) = till.paid().await;
    let sn = paid.get("sn");
    let both = |client_sn: &str| json!({ "sn": sn, "client_sn": client_sn });
    assert_eq!(till.call(QUERY, &both(&other)).await.get("client_sn"), number, "sn decides");
    assert_eq!(colleague.call(QUERY, &both("wrong")).await.get("client_sn"), number);
    let wrong = json!({ "sn": "7890000000000000", "client_sn": number });
    till.call(CANCEL, &wrong).await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    till.query(&number).await.stands("PAID", "SUCCESS", "100");

    let by_trade = json!({
        "sn": paid.get("trade_no"), "refund_request_no": "by-trade", "refund_amount": "40",
    });
    let back = colleague.call(REFUND, &by_trade).await;
    back.is("REFUND_SUCCESS", "").stands("PARTIAL_REFUNDED", "SUCCESS", "60");
    assert_eq!(back.get("sn"), sn);
    let alone = json!({ "refund_request_no": "by-trade" });
    let found = till.call(QUERY, &alone).await;
    assert_eq!(found.is("SUCCESS", "").get("client_tsn"), format!("{number}-by-trade"));

    // What belongs to another merchant does not exist.
    foreign.query(&number).await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    for path in [QUERY, CANCEL, REVOKE] {
        foreign.call(path, &json!({ "sn": sn })).await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    }
    foreign.call(QUERY, &alone).await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    foreign.refund(&number, "f", "1").await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    foreign.call(REFUND, &by_trade).await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    let offer = client_sn();
    till.call(PRECREATE, &Till::offer(&offer)).await.is("PRECREATE_SUCCESS", "");
    till.refund(&offer, "1", "1").await.is("FAIL", "UPAY_REFUND_INVALID_ORDER_STATE");
    foreign.pay(&offer, BARCODE).await.is("PAY_SUCCESS", "");
}
