//! pay, precreate, query, refund, cancel and revoke over the router: what a till is told.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::task::{JoinHandle, JoinSet};

use crate::harness::{World, get};
use crate::till::{NO_FUNDS, PAID, PENDING, SILENT, Till, sale};

fn told<'r>(biz: &'r Value, members: [&str; 3]) -> [&'r str; 3] {
    members.map(|member| {
        let value = if member == "result_code" || member == "error_code" {
            &biz[member]
        } else {
            &biz["data"][member]
        };
        value.as_str().unwrap_or_default()
    })
}

fn standing(biz: &Value) -> [&str; 3] {
    told(biz, ["result_code", "order_status", "status"])
}

fn refusal(biz: &Value) -> [&str; 3] {
    told(biz, ["result_code", "error_code", "order_status"])
}

#[tokio::test]
async fn pay_tells_what_became_of_it() {
    let world = World::new();
    let till = world.till().await;
    let paid = world.pay(&till, "1", PAID).await;
    assert_eq!(standing(&paid), ["PAY_SUCCESS", "PAID", "SUCCESS"]);
    assert_eq!(told(&paid, ["net_amount", "payway", "client_tsn"]), ["100", "3", "1"]);
    assert_eq!(paid["data"]["payment_list"][0]["amount_total"], "100");
    let refused = world.pay(&till, "2", NO_FUNDS).await;
    assert_eq!(standing(&refused), ["PAY_FAIL", "PAY_CANCELED", "FAIL_CANCELED"]);
    assert_eq!(refused["error_message"], "账户金额不足");
    // The wallet did not answer, but said that it ended what it may have begun.
    let silent = world.pay(&till, "3", SILENT).await;
    assert_eq!(refusal(&silent), ["PAY_FAIL", "TRADE_TIMEOUT", "PAY_CANCELED"]);
    world.wallets.aborts_lost.store(true, Ordering::SeqCst);
    let unclear = world.pay(&till, "4", SILENT).await;
    assert_eq!(standing(&unclear), ["PAY_FAIL_ERROR", "PAY_ERROR", "FAIL_IO_2"]);
    let unknown = world.pay(&till, "5", "99").await;
    assert_eq!(refusal(&unknown), ["FAIL", "INVALID_BARCODE", ""]);
    assert_eq!(world.pay(&till, "5", PAID).await["result_code"], "PAY_SUCCESS", "still free");
    let mut explicit = sale("6", PAID);
    explicit["payway"] = json!(1);
    assert_eq!(world.biz(&till, "pay", explicit.clone()).await["data"]["payway"], "1");
    assert_eq!(refusal(&world.biz(&till, "pay", explicit).await)[1], "CLIENT_SN_CONFLICT");
}

#[tokio::test]
async fn a_client_sn_is_the_merchants() {
    let world = World::new();
    let (one, other) = (world.till().await, world.till_in("S-2").await);
    assert_eq!(world.pay(&one, "1", PAID).await["result_code"], "PAY_SUCCESS");
    assert_eq!(world.pay(&other, "1", PAID).await["result_code"], "PAY_SUCCESS");
    let sn = world.biz(&one, "query", json!({"client_sn": "1"})).await["data"]["sn"].clone();
    let foreign = world.biz(&other, "query", json!({"sn": sn})).await;
    assert_eq!(refusal(&foreign), ["FAIL", "UPAY_ORDER_NOT_EXISTS", ""]);
    let wrong = json!({"sn": sn, "client_sn": "none"});
    assert_eq!(world.biz(&one, "query", wrong).await["data"]["client_sn"], "1", "sn decides");
    let trade_no = format!("T{}", sn.as_str().unwrap());
    let by_trade_no = world.biz(&one, "query", json!({"sn": trade_no})).await;
    assert_eq!(by_trade_no["data"]["sn"], sn);
}

#[tokio::test]
async fn a_pending_payment_is_held_and_ends_at_its_deadline() {
    let world = Arc::new(World::new());
    let till = world.till().await;
    let held = tokio::spawn({
        let (world, till) = (Arc::clone(&world), till.clone());
        async move { world.pay(&till, "1", PENDING).await }
    });
    let by = || json!({"client_sn": "1"});
    let query = || world.biz(&till, "query", by());
    while query().await["result_code"] != "SUCCESS" {
        tokio::task::yield_now().await;
    }
    assert_eq!(standing(&query().await), ["SUCCESS", "CREATED", "IN_PROG"]);
    world.clock.advance(SignedDuration::from_secs(35));
    let biz = held.await.unwrap();
    assert_eq!(standing(&biz), ["PAY_IN_PROGRESS", "CREATED", "IN_PROG"]);
    assert!(biz["data"].get("finish_time").is_none());
    world.clock.advance(SignedDuration::from_secs(9));
    assert_eq!(standing(&query().await)[1], "CREATED");
    world.clock.advance(SignedDuration::from_secs(1));
    let over = query().await;
    assert_eq!(standing(&over), ["SUCCESS", "PAY_CANCELED", "FAIL_CANCELED"]);
    assert_eq!(over["error_message"], "交易超时自动撤单");
    assert_eq!(over["data"]["net_amount"], "100");
}

async fn precreated(world: &World, till: &Till, client_sn: &str) -> Value {
    let mut body = sale(client_sn, PAID);
    body["payway"] = json!("3");
    world.biz(till, "precreate", body).await
}

#[tokio::test]
async fn precreate_gives_a_code_and_its_picture() {
    let world = World::new();
    let till = world.till().await;
    let biz = precreated(&world, &till, "1").await;
    assert_eq!(standing(&biz), ["PRECREATE_SUCCESS", "CREATED", "IN_PROG"]);
    assert_eq!(biz["data"]["wap_pay_request"], r#"{"appid":"wx1"}"#);
    assert_eq!(biz["data"]["sub_payway"], "2");
    let sn = biz["data"]["sn"].as_str().unwrap();
    assert_eq!(biz["data"]["qr_code"], json!(format!("https://wallet.example/p/{sn}")));
    let url = biz["data"]["qr_code_image_url"].as_str().unwrap();
    let path = url.strip_prefix("https://ucsp.example").unwrap();
    let picture = world.send(get(path)).await;
    assert_eq!(picture.header("content-type"), Some("image/png"));
    assert!(picture.body.starts_with(b"\x89PNG"));
    for none in ["/upay/qr/1.png", "/upay/qr/1"] {
        assert_eq!(world.send(get(none)).await.status, StatusCode::NOT_FOUND);
    }
    world.clock.advance(SignedDuration::from_secs(239));
    let query = || world.biz(&till, "query", json!({"client_sn": "1"}));
    assert_eq!(standing(&query().await)[1], "CREATED");
    world.clock.advance(SignedDuration::from_secs(2));
    assert_eq!(standing(&query().await)[1], "PAY_CANCELED");
    let mut qq = sale("2", PAID);
    qq["payway"] = json!(6);
    assert_eq!(refusal(&world.biz(&till, "precreate", qq).await)[1], "UNEXPECTED_PROVIDER_ERROR");
}

fn refund(number: &str, amount: u64) -> Value {
    json!({
        "client_sn": "1",
        "refund_request_no": number,
        "refund_amount": amount,
        "operator": "lee",
    })
}

#[tokio::test]
async fn refunds_are_partial_and_happen_once() {
    let world = World::new();
    let till = world.till().await;
    world.pay(&till, "1", PAID).await;
    let part = world.biz(&till, "refund", refund("R1", 30)).await;
    assert_eq!(standing(&part), ["REFUND_SUCCESS", "PARTIAL_REFUNDED", "SUCCESS"]);
    assert_eq!(told(&part, ["net_amount", "client_tsn", "operator"]), ["70", "1-R1", "lee"]);
    let again = world.biz(&till, "refund", refund("R1", 99)).await;
    assert_eq!(refusal(&again), ["FAIL", "UPAY_REFUND_ORDER_NOOP", "PARTIAL_REFUNDED"]);
    let much = world.biz(&till, "refund", refund("R2", 71)).await;
    assert_eq!(refusal(&much)[1], "REFUNDABLE_AMOUNT_NOT_ENOUGH");
    let rest = world.biz(&till, "refund", refund("R2", 70)).await;
    assert_eq!(standing(&rest), ["REFUND_SUCCESS", "REFUNDED", "SUCCESS"]);
    let none = world.biz(&till, "refund", refund("R3", 1)).await;
    assert_eq!(refusal(&none)[1], "UPAY_REFUND_INVALID_ORDER_STATE");
    assert_eq!(none["error_message"], "订单已全额退款,可退金额不足");
    let again = world.biz(&till, "refund", refund("R1", 30)).await;
    assert_eq!(refusal(&again)[1], "UPAY_REFUND_ORDER_NOOP", "also after a full refund");
    let found = world.biz(&till, "query", json!({"refund_request_no": "R1"})).await;
    assert_eq!(
        told(&found, ["result_code", "client_tsn", "order_status"]),
        ["SUCCESS", "1-R1", "REFUNDED"]
    );
    let cancel = world.biz(&till, "cancel", json!({"client_sn": "1"})).await;
    assert_eq!(refusal(&cancel)[1], "UPAY_CANCEL_INVALID_ORDER_STATE");
}

/// D16: a number longer than any order's is merely not found.
#[tokio::test]
async fn a_number_of_any_length_is_looked_up() {
    let world = World::new();
    let till = world.till().await;
    for length in [33, 65, 129, 200, 100_000] {
        for member in ["client_sn", "sn"] {
            let number = "x".repeat(length);
            let mut asked = refund("R1", 30);
            asked["client_sn"] = json!("");
            asked[member] = json!(number);
            for call in ["query", "cancel", "revoke", "refund"] {
                let none = world.biz(&till, call, asked.clone()).await;
                assert_eq!(refusal(&none)[..2], ["FAIL", "UPAY_ORDER_NOT_EXISTS"], "{length}");
            }
        }
    }
}

/// The number is a key within one order: of several orders that have it the asking terminal's
/// newest is meant, and the merchant's newest where it has none (upay.md sections 5.3 and 9.2).
#[tokio::test]
async fn a_refund_number_alone_means_the_newest_order() {
    let world = World::new();
    let (first, second, third) = (world.till().await, world.till().await, world.till().await);
    for (till, client_sn) in [(&first, "a"), (&first, "b"), (&second, "c"), (&second, "d")] {
        world.pay(till, client_sn, PAID).await;
        let mut refund = refund("1", 30);
        refund["client_sn"] = json!(client_sn);
        world.biz(till, "refund", refund).await;
    }
    for (till, client_sn) in [(&first, "b"), (&second, "d"), (&third, "d")] {
        let found = world.biz(till, "query", json!({"refund_request_no": "1"})).await;
        let expected = format!("{client_sn}-1");
        assert_eq!(
            told(&found, ["result_code", "client_sn", "client_tsn"]),
            ["SUCCESS", client_sn, &expected]
        );
    }
    let stranger = world.till_in("S-2").await;
    let none = world.biz(&stranger, "query", json!({"refund_request_no": "1"})).await;
    assert_eq!(none["error_code"], "UPAY_ORDER_NOT_EXISTS");
}

#[tokio::test]
async fn an_unclear_refund_is_resumed() {
    let world = World::new();
    let till = world.till().await;
    world.pay(&till, "1", PAID).await;
    world.wallets.reversals_lost.store(true, Ordering::SeqCst);
    let unclear = world.biz(&till, "refund", refund("R1", 30)).await;
    assert_eq!(standing(&unclear), ["REFUND_ERROR", "REFUND_ERROR", "REFUND_ERROR"]);
    world.wallets.reversals_lost.store(false, Ordering::SeqCst);
    // Another amount under the same number moves nothing, and asks nobody (upay.md section 9.2).
    for amount in [1, 29, 31, 100] {
        let other = world.biz(&till, "refund", refund("R1", amount)).await;
        assert_eq!(refusal(&other), ["FAIL", "UPAY_REFUND_ORDER_NOOP", "REFUND_ERROR"]);
        assert_eq!(other["data"]["status"], "REFUND_ERROR");
    }
    let resumed = world.biz(&till, "refund", refund("R1", 30)).await;
    assert_eq!(standing(&resumed), ["REFUND_SUCCESS", "PARTIAL_REFUNDED", "SUCCESS"]);
    assert_eq!(resumed["data"]["net_amount"], "70");
}

#[tokio::test]
async fn cancel_and_revoke_are_the_same() {
    for call in ["cancel", "revoke"] {
        let world = World::new();
        let till = world.till().await;
        let by = json!({"client_sn": "1"});
        let none = world.biz(&till, call, by.clone()).await;
        assert_eq!(refusal(&none), ["FAIL", "UPAY_ORDER_NOT_EXISTS", ""]);
        world.pay(&till, "1", PAID).await;
        let done = world.biz(&till, call, by.clone()).await;
        assert_eq!(standing(&done), ["CANCEL_SUCCESS", "CANCELED", "SUCCESS"]);
        assert_eq!(done["data"]["net_amount"], "0");
        let again = world.biz(&till, call, by).await;
        assert_eq!(refusal(&again), ["FAIL", "UPAY_CANCEL_ORDER_NOOP", "CANCELED"]);
        let refund = world.biz(&till, "refund", refund("R1", 1)).await;
        assert_eq!(refusal(&refund)[1], "UPAY_REFUND_INVALID_ORDER_STATE");
        precreated(&world, &till, "2").await;
        let abort = world.biz(&till, call, json!({"client_sn": "2"})).await;
        assert_eq!(standing(&abort), ["CANCEL_ABORT_SUCCESS", "CANCELED", "SUCCESS"]);
        world.pay(&till, "3", PAID).await;
        world.clock.advance(SignedDuration::from_hours(14));
        let late = world.biz(&till, call, json!({"client_sn": "3"})).await;
        assert_eq!(refusal(&late), ["FAIL", "UPAY_CANCEL_INVALID_ORDER_STATE", "PAID"]);
    }
}

#[tokio::test]
async fn amounts_are_exact() {
    let world = World::new();
    let till = world.till().await;
    let pay = |amount: &str, client_sn: &str| {
        let body = format!(
            r#"{{"terminal_sn":"{}","client_sn":"{client_sn}","total_amount":{amount},
               "dynamic_id":"{PAID}","subject":"s"}}"#,
            till.sn
        );
        let (world, till) = (&world, &till);
        async move { world.upay_text(till, "pay", &body).await }
    };
    for bad in ["\"0\"", "\"-1\"", "-1", "1.5", "\"1.5\"", "\"01234567890\"", "null", "\"\""] {
        let reply = pay(bad, "bad").await;
        assert_eq!(reply["error_code"], "INVALID_PARAMS", "{bad} {reply}");
        assert!(reply["error_message"].as_str().unwrap().starts_with("total_amount"), "{reply}");
    }
    let five = pay("5", "1").await;
    assert_eq!(five["biz_response"]["data"]["total_amount"], "5");
    let most = pay("9999999999", "2").await;
    assert_eq!(most["biz_response"]["data"]["total_amount"], "9999999999");
}

#[tokio::test]
async fn strict_mode_asks_for_the_operator() {
    let world = World::with(|settings| settings.strict = true);
    let till = world.till().await;
    let mut body = sale("1", PAID);
    body["operator"] = Value::Null;
    let reply = world.upay(&till, "pay", body).await;
    assert_eq!(reply["error_message"], "operator不可以为空");
}

/// Pays in a task of its own.
fn begin(
    world: &Arc<World>,
    till: &Till,
    client_sn: String,
    barcode: &'static str,
) -> JoinHandle<Value> {
    let (world, till) = (Arc::clone(world), till.clone());
    tokio::spawn(async move { world.upay(&till, "pay", sale(&client_sn, barcode)).await })
}

#[tokio::test]
async fn one_order_of_many_at_once() {
    let world = Arc::new(World::new());
    let till = world.till().await;
    let calls: Vec<_> = (0..50).map(|_| begin(&world, &till, "1".to_owned(), PAID)).collect();
    let mut results = Vec::new();
    for call in calls {
        let reply = call.await.unwrap();
        let biz = &reply["biz_response"];
        results.push(told(biz, ["result_code", "error_code", "order_status"]).join(" "));
    }
    results.sort();
    results.dedup_by(|one, other| one == other && one.starts_with("FAIL"));
    assert_eq!(results, ["FAIL CLIENT_SN_CONFLICT ", "PAY_SUCCESS  PAID"]);
}

/// Waits until the order is there.
async fn made(world: &World, till: &Till, client_sn: &str) {
    while world.biz(till, "query", json!({"client_sn": client_sn})).await["result_code"] == "FAIL" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_cancel_ends_the_held_call() {
    let world = Arc::new(World::new());
    let till = world.till().await;
    let held = begin(&world, &till, "1".to_owned(), PENDING);
    made(&world, &till, "1").await;
    let cancel = world.biz(&till, "cancel", json!({"client_sn": "1"})).await;
    assert_eq!(standing(&cancel), ["CANCEL_ABORT_SUCCESS", "CANCELED", "SUCCESS"]);
    let reply = held.await.unwrap();
    assert_eq!(standing(&reply["biz_response"]), ["PAY_FAIL", "CANCELED", "SUCCESS"]);
    assert_eq!(reply["biz_response"]["data"]["net_amount"], "0");
}

#[tokio::test]
async fn a_payment_goes_on_when_its_caller_goes_away() {
    let world = Arc::new(World::new());
    let till = world.till().await;
    let held = begin(&world, &till, "1".to_owned(), PENDING);
    made(&world, &till, "1").await;
    held.abort();
    world.clock.advance(SignedDuration::from_secs(45));
    let over = world.biz(&till, "query", json!({"client_sn": "1"})).await;
    assert_eq!(standing(&over), ["SUCCESS", "PAY_CANCELED", "FAIL_CANCELED"]);
}

#[tokio::test]
async fn held_calls_do_not_take_the_room_of_others() {
    let world = Arc::new(World::new());
    let till = world.till().await;
    let mut calls = JoinSet::new();
    for number in 0..=causeway_api::limits::PAYS_COUNT_MAX {
        let (world, till) = (Arc::clone(&world), till.clone());
        calls.spawn(
            async move { world.upay(&till, "pay", sale(&number.to_string(), PENDING)).await },
        );
    }
    // One too many: it is told at once, in an envelope.
    let busy = calls.join_next().await.unwrap().unwrap();
    assert_eq!(busy["result_code"], "500");
    assert_eq!(busy["error_message"], "系统繁忙，请稍后重试");
    for number in 0..causeway_api::limits::PAYS_COUNT_MAX {
        made(&world, &till, &number.to_string()).await;
    }
    world.clock.advance(SignedDuration::from_secs(36));
    while let Some(reply) = calls.join_next().await {
        assert_eq!(reply.unwrap()["biz_response"]["result_code"], "PAY_IN_PROGRESS");
    }
}
