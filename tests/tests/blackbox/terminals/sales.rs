//! Points 7, 8, 9 and 11: which provider, which amounts, and a payer who takes time.

use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::harness::till::{BARCODE, PAY, QUERY, barcode, client_sn};
use crate::harness::{Envelope, Report, Sandbox, Till};

/// A call of pay that is being held, and its order.
pub(super) async fn held(till: &Till, ending: &str) -> (String, JoinHandle<Envelope>) {
    let client_sn = client_sn();
    let (asking, number) = (till.clone(), client_sn.clone());
    let dynamic_id = barcode(ending);
    let call = tokio::spawn(async move { asking.pay(&number, &dynamic_id).await });
    till.wait_for(&client_sn, "CREATED").await;
    (client_sn, call)
}

#[tokio::test]
async fn acceptance_07_the_barcode_tells_the_provider() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let rows = [
        ("130818341921441147", None, "3"),
        ("285362899388441557", None, "1"),
        ("6212345678901234567", None, "17"),
        ("130818341921441147", Some("1"), "1"),
        ("285362899388441557", Some("2"), "2"),
    ];
    for (dynamic_id, payway, expected) in rows {
        let mut sale = Till::sale(&client_sn(), dynamic_id);
        sale["payway"] = payway.into();
        let reply = till.call(PAY, &sale).await;
        let seen = (reply.is("PAY_SUCCESS", "").get("payway"), reply.get("sub_payway"));
        assert_eq!(seen, (expected, "1"), "{dynamic_id} {payway:?}");
    }
    for dynamic_id in ["99", "1308183419214411", "62123"] {
        let number = client_sn();
        let reply = till.pay(&number, dynamic_id).await;
        assert!(!reply.is("FAIL", "INVALID_BARCODE").has_data(), "{dynamic_id}");
        till.query(&number).await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
        till.pay(&number, BARCODE).await.is("PAY_SUCCESS", "");
    }
    let mut sale = Till::sale(&client_sn(), BARCODE);
    sale["payway"] = "77".into();
    assert!(!till.call(PAY, &sale).await.is("FAIL", "UNEXPECTED_PROVIDER_ERROR").has_data());
    sale["payway"] = "3".into();
    till.call(PAY, &sale).await.is("PAY_SUCCESS", "");
}

#[tokio::test]
async fn acceptance_08_replies_in_every_state_keep_the_typing_rules() {
    // The harness checks each envelope; here every state is visited once.
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let rows = [
        ("9951", "INSUFFICIENT_FUND"),
        ("9954", "EXPIRED_BARCODE"),
        ("9961", "BUYER_OVER_TRANSACTION_LIMIT"),
        ("9962", "BUYER_OVER_DAILY_LIMIT"),
    ];
    for (ending, code) in rows {
        let number = client_sn();
        let reply = till.pay(&number, &barcode(ending)).await;
        reply.is("PAY_FAIL", code).stands("PAY_CANCELED", "FAIL_CANCELED", "100");
        let again = till.query(&number).await;
        again.is("SUCCESS", code).stands("PAY_CANCELED", "FAIL_CANCELED", "100");
        till.refund(&number, "1", "1").await.is("FAIL", "UPAY_REFUND_INVALID_ORDER_STATE");
        till.undo("/upay/v2/cancel", &number).await.is("FAIL", "UPAY_CANCEL_ORDER_NOOP");
    }
    let sale = json!({
        "client_sn": client_sn(), "total_amount": "101", "dynamic_id": BARCODE,
        "subject": "披萨", "operator": "kay", "description": "大", "reflect": {"a": [1, null]},
        "extended": {"goods_tag": "WXG"}, "longitude": "121.6", "latitude": "31.4",
    });
    let reply = till.call(PAY, &sale).await;
    let parts = &reply.is("PAY_SUCCESS", "").0["biz_response"]["data"]["payment_list"];
    assert!(parts.as_array().is_some_and(|parts| !parts.is_empty()), "{}", reply.0);
    for name in ["payer_uid", "trade_no", "finish_time", "channel_finish_time", "store_id"] {
        assert!(!reply.get(name).is_empty(), "{name} in {}", reply.0);
    }
    assert_eq!(reply.get("client_tsn"), reply.get("client_sn"));
    assert_eq!(reply.get("reflect"), r#"{"a":[1,null]}"#);
}

#[tokio::test]
async fn acceptance_09_amounts_are_whole_cents() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let mut report = Report::default();
    let bad: [Value; 13] = [
        json!("0"),
        json!("-1"),
        json!("1.5"),
        json!("01234567890"),
        Value::Null,
        json!(""),
        json!(0),
        json!(-5),
        json!(1.5),
        json!("1e3"),
        json!(" 5"),
        json!("12345678901"),
        json!([5]),
    ];
    for amount in bad {
        let mut sale = Till::sale(&client_sn(), BARCODE);
        sale["total_amount"] = amount.clone();
        let reply = till.call(PAY, &sale).await;
        let seen = (reply.outer(), reply.outer_message().contains("total_amount"));
        report
            .check(seen == (("400", "INVALID_PARAMS"), true), || format!("{amount}: {}", reply.0));
    }
    report.done();
    let good = [
        (json!(5), "5"),
        (json!("9999999999"), "9999999999"),
        (json!(9_999_999_999_u64), "9999999999"),
    ];
    for (amount, expected) in good {
        let mut sale = Till::sale(&client_sn(), BARCODE);
        sale["total_amount"] = amount;
        let reply = till.call(PAY, &sale).await;
        let seen = (reply.is("PAY_SUCCESS", "").get("total_amount"), reply.get("net_amount"));
        assert_eq!(seen, (expected, expected));
    }
    let reply = till.call(PAY, &json!({ "total_amount": "-1" })).await;
    let said = reply.is_refused("INVALID_PARAMS").outer_message();
    assert!(said.contains("client_sn不可以为空") && said.contains('；'), "several faults: {said}");
}

#[tokio::test]
async fn acceptance_11_a_payer_who_takes_time() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    // Typed within the hold: the call itself brings the result.
    let (number, call) = held(&till, "9905").await;
    sandbox.advance(11).await;
    let reply = call.await.expect("a reply");
    reply.is("PAY_SUCCESS", "").stands("PAID", "SUCCESS", "100");
    till.query(&number).await.is("SUCCESS", "").stands("PAID", "SUCCESS", "100");
    let (number, call) = held(&till, "9906").await;
    sandbox.advance(11).await;
    let reply = call.await.expect("a reply");
    reply.is("PAY_FAIL", "TRADE_FAILED").stands("PAY_CANCELED", "FAIL_CANCELED", "100");
    let reply = till.query(&number).await;
    reply.is("SUCCESS", "TRADE_FAILED").stands("PAY_CANCELED", "FAIL_CANCELED", "100");

    // Not within the hold, but before the deadline.
    let (late, call) = held(&till, "9907").await;
    let (never, other) = held(&till, "9907").await;
    sandbox.advance(31).await;
    assert!(!call.is_finished() && !other.is_finished(), "held up to 35 s");
    sandbox.advance(5).await;
    for call in [call, other] {
        let reply = call.await.expect("a reply");
        assert_eq!(reply.is("PAY_IN_PROGRESS", reply.biz().1).standing(), ("CREATED", "IN_PROG"));
    }
    let sn = till.query(&late).await.get("sn").to_owned();
    let paid = sandbox.simulate("pay", &json!({ "sn": sn })).await;
    assert_eq!(paid.status, 200, "{}", paid.text());
    till.wait_for(&late, "PAID").await.is("SUCCESS", "").stands("PAID", "SUCCESS", "100");

    // Never: reversed at the deadline, exactly, and without a question by the timer.
    sandbox.advance(10).await;
    let reply = till.query(&never).await;
    reply.is("SUCCESS", "TRADE_TIMEOUT").stands("PAY_CANCELED", "FAIL_CANCELED", "100");
    let sn = reply.get("sn").to_owned();
    let late = sandbox.simulate("pay", &json!({ "sn": sn })).await;
    assert_eq!(late.status, 409, "nobody pays what was reversed: {}", late.text());
    till.query(&never).await.stands("PAY_CANCELED", "FAIL_CANCELED", "100");
    till.call(QUERY, &json!({ "sn": sn })).await.is("SUCCESS", "TRADE_TIMEOUT");
    sandbox.verify_books();
}

/// The timeline of an order tells the calls of tills and those to the wallet, without their bodies.
#[tokio::test]
async fn a_timeline_tells_the_messages_of_its_order_alone() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let (number, _) = till.paid().await;
    let (other, _) = till.paid().await;
    till.query(&number).await.is("SUCCESS", "");
    till.refund(&number, "r1", "30").await.is("REFUND_SUCCESS", "");
    till.refund(&number, "r1", "30").await.is("FAIL", "UPAY_REFUND_ORDER_NOOP");
    let told = async |number: &str| {
        let timeline = sandbox.ask(&format!("timeline/{number}")).await;
        assert!(!timeline.to_string().contains(BARCODE), "{timeline}");
        let entries = timeline["entries"].as_array().unwrap().clone();
        let messages = entries.into_iter().filter(|one| one["kind"] == "message");
        let line = |one: serde_json::Value| {
            let text = |member: &str| one["details"][member].as_str().unwrap().to_owned();
            format!("{} {}", text("message"), text("code"))
        };
        messages.map(line).collect::<Vec<_>>()
    };
    let expected = [
        "pay PAY_SUCCESS",
        "charge 00",
        "query SUCCESS",
        "refund REFUND_SUCCESS",
        "refund 00",
        "refund UPAY_REFUND_ORDER_NOOP",
    ];
    let mut heard = told(&number).await;
    heard.sort();
    let mut wanted = expected.to_vec();
    wanted.sort_unstable();
    assert_eq!(heard, wanted);
    assert_eq!(told(&other).await.len(), 2, "pay and charge");
}
