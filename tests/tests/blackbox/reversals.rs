//! Cancellations and refunds: their rules, their notices, their inquiries.

use serde_json::Value;

use crate::harness::messages::{CANCEL, INQUIRE, INQUIRE_REFUND, REFUND, SUBMIT, order_id};
use crate::harness::wait::until;
use crate::harness::{Conduct, Placed, Receiver, Sandbox, Service};

/// The trade day ends at 23:00 at GMT+8, which is 15:00 UTC.
const TRADE_DAY_END_S: i64 = 15 * 3600;
const DAY_S: i64 = 86_400;

/// Seconds of business time until the trade day ends.
async fn left_of_trade_day(sandbox: &Sandbox) -> u64 {
    let left = (TRADE_DAY_END_S - sandbox.now().await).rem_euclid(DAY_S);
    u64::try_from(left).expect("not negative")
}

/// Leaves the last ten minutes of a trade day, so that a test has time.
async fn leave_the_end(sandbox: &Sandbox) {
    let left = left_of_trade_day(sandbox).await;
    if left < 600 {
        sandbox.advance(left + 60).await;
    }
}

#[tokio::test]
async fn refunds_in_parts_to_the_last_cent() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let receiver = Receiver::start(&service.partner, Conduct::Confirm).await;
    let placed = service.place_paid(&sandbox, "9000").await;
    let original = service.status_query_id(&placed).await;

    let mut first = service.reversal(&placed, "4000");
    first["backUrl"] = receiver.url("/refund").into();
    first["refundReason"] = "left early".into();
    first["reqReserved"] = "note".into();
    let answer = service.send(REFUND, &first).await.expect_taken();
    let number = answer.get("queryId").to_owned();
    assert_eq!(number.len(), 21, "{}", answer.0);
    let done = service.wait_for_reversal(&first, "SUCCESS").await;
    for (name, value) in [
        ("txnType", "04"),
        ("origQryId", original.as_str()),
        ("queryId", number.as_str()),
        ("txnAmt", "4000"),
        ("currencyCode", service.currency()),
        ("origRespCode", "00"),
    ] {
        assert_eq!(done.get(name), value, "{name}: {}", done.0);
    }
    let notice = &receiver.wait("/refund", 1).await[0];
    for (name, value) in [
        ("txnType", "04"),
        ("orderId", first["orderId"].as_str().unwrap()),
        ("origQryId", original.as_str()),
        ("queryId", number.as_str()),
        ("txnAmt", "4000"),
        ("txnStatus", "SUCCESS"),
        ("reqReserved", "note"),
    ] {
        assert_eq!(notice.get(name), value, "{name}: {}", notice.body);
    }
    let answer = service.wait_for(&placed, "PART_REFUNDED").await;
    assert_eq!(answer.get("refundedAmt"), "4000", "{}", answer.0);

    let above = service.reversal(&placed, "5001");
    service.send(REFUND, &above).await.expect_detail("36", "txnAmt");
    service.send(CANCEL, &service.reversal(&placed, "9000")).await.expect("36");
    // By the original's query id, the rest; refused ones do not count.
    let mut rest = service.reversal(&placed, "5000");
    let object = rest.as_object_mut().unwrap();
    object.remove("origOrderId");
    object.remove("origTxnTime");
    rest["origQryId"] = original.into();
    service.send(REFUND, &service.reversal(&placed, "61")).await.expect("01");
    service.send(REFUND, &rest).await.expect_taken();
    let answer = service.wait_for(&placed, "REFUNDED").await;
    assert_eq!(answer.get("refundedAmt"), "9000", "{}", answer.0);
    service.send(REFUND, &service.reversal(&placed, "1")).await.expect_detail("36", "txnAmt");
    by_query_id(&service, &number).await;
    sandbox.verify_books();
}

/// The inquiry by the refund's own query id.
async fn by_query_id(service: &Service, number: &str) {
    let question = serde_json::json!({
        "queryId": number,
        "merId": service.partner.seed("mer_id"),
        "acqIIN": service.partner.seed("acq_iin"),
    });
    let answer = service.send(INQUIRE_REFUND, &question).await.expect("00");
    assert_eq!((answer.get("queryId"), answer.get("txnStatus")), (number, "SUCCESS"));
}

#[tokio::test]
async fn cancellations_keep_to_their_day_and_amount() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    leave_the_end(&sandbox).await;
    let receiver = Receiver::start(&service.partner, Conduct::Confirm).await;
    let placed = service.place_paid(&sandbox, "2500").await;
    let part = service.reversal(&placed, "2499");
    service.send(CANCEL, &part).await.expect_detail("36", "txnAmt");
    let mut other = service.reversal(&placed, "2500");
    other["currencyCode"] = service.partner.seed["currency_codes"][1].clone();
    service.send(CANCEL, &other).await.expect_detail("36", "currencyCode");

    let mut whole = service.reversal(&placed, "2500");
    whole["backUrl"] = receiver.url("/cancel").into();
    service.send(CANCEL, &whole).await.expect_taken();
    let done = service.wait_for_reversal(&whole, "SUCCESS").await;
    assert_eq!(done.get("txnType"), "31", "{}", done.0);
    service.wait_for(&placed, "CANCELLED").await;
    let notice = &receiver.wait("/cancel", 1).await[0];
    assert_eq!((notice.get("txnType"), notice.get("txnStatus")), ("31", "SUCCESS"));
    // At most one, and nothing after it.
    for path in [CANCEL, REFUND] {
        service.send(path, &service.reversal(&placed, "2500")).await.expect("36");
    }
    // The same request again still gets its first answer.
    service.send(CANCEL, &whole).await.expect_taken();

    let today = service.place_paid(&sandbox, "2500").await;
    let left = left_of_trade_day(&sandbox).await;
    sandbox.advance(left - 30).await;
    let late = service.place_paid(&sandbox, "2500").await;
    let yes = service.reversal(&today, "2500");
    service.send(CANCEL, &yes).await.expect_taken();
    sandbox.advance(60).await;
    service.send(CANCEL, &service.reversal(&late, "2500")).await.expect("36");
    service.send(REFUND, &service.reversal(&late, "2500")).await.expect_taken();
    sandbox.verify_books();
}

#[tokio::test]
async fn refunds_have_their_time_and_reversals_their_outcomes() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let placed = service.place_paid(&sandbox, "99900").await;
    outcomes(&sandbox, &service, &placed).await;
    let unpaid = service.place("2500").await;
    for path in [CANCEL, REFUND] {
        service.send(path, &service.reversal(&unpaid, "2500")).await.expect("36");
    }
    let unknown = Placed { order_id: order_id(), ..placed.clone() };
    for path in [CANCEL, REFUND] {
        service.send(path, &service.reversal(&unknown, "2500")).await.expect("34");
    }
    sandbox.advance(364 * 86_400).await;
    service.send(REFUND, &service.reversal(&placed, "1000")).await.expect_taken();
    sandbox.advance(2 * 86_400).await;
    service.send(REFUND, &service.reversal(&placed, "1000")).await.expect("36");
    sandbox.verify_books();
}

/// Every accepted reversal reaches a final state, by the same table as payments.
async fn outcomes(sandbox: &Sandbox, service: &Service, placed: &Placed) {
    let mut waiting: Vec<(Value, &str)> = Vec::new();
    for (amount, codes, end) in [
        ("100", ["00", "05"], "SUCCESS"),
        ("105", ["05", "05"], "SUCCESS"),
        ("106", ["01", "05"], "FAIL"),
        ("107", ["00", "05"], "SUCCESS"),
        ("151", ["01", "01"], "FAIL"),
        ("191", ["01", "01"], "FAIL"),
        ("198", ["05", "05"], "SUCCESS"),
        ("199", ["99", "99"], "FAIL"),
    ] {
        let refund = service.reversal(placed, amount);
        let answer = service.send(REFUND, &refund).await;
        assert!(codes.contains(&answer.code()), "{amount}: {}", answer.0);
        waiting.push((refund, end));
    }
    sandbox.advance(200).await;
    for (refund, end) in &waiting {
        service.wait_for_reversal(refund, end).await;
    }
    let answer = service.inquire(placed).await.expect("00");
    assert_eq!(answer.get("refundedAmt"), (100 + 105 + 107 + 198).to_string(), "{}", answer.0);
}

#[tokio::test]
async fn names_that_contradict_each_other_move_nothing() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let one = service.place_paid(&sandbox, "2500").await;
    let other = service.place_paid(&sandbox, "2500").await;
    let number = service.status_query_id(&other).await;
    for path in [CANCEL, REFUND] {
        let mut crossed = service.reversal(&one, "2500");
        crossed["origQryId"] = number.as_str().into();
        service.send(path, &crossed).await.expect_detail("36", "origOrderId");
        crossed.as_object_mut().unwrap().remove("origTxnTime");
        service.send(path, &crossed).await.expect_detail("10", "trxInfo.origTxnTime");
    }
    let mut question = service.whose(&one.order_id, &one.txn_time);
    question["queryId"] = number.as_str().into();
    service.send(INQUIRE, &question).await.expect_detail("36", "orderId");
    for placed in [&one, &other] {
        assert_eq!(service.status(placed).await, "SUCCESS");
    }
    // Where both names agree nothing is different.
    let mut agreed = service.reversal(&other, "1000");
    agreed["origQryId"] = number.as_str().into();
    let answer = service.send(REFUND, &agreed).await.expect_taken();
    service.wait_for_reversal(&agreed, "SUCCESS").await;
    let mut question =
        service.whose(agreed["orderId"].as_str().unwrap(), agreed["txnTime"].as_str().unwrap());
    question["queryId"] = answer.get("queryId").into();
    service.send(INQUIRE_REFUND, &question).await.expect("00");
    question["queryId"] = number.as_str().into();
    service.send(INQUIRE_REFUND, &question).await.expect_detail("36", "orderId");
    let mut order = service.order("2500");
    order["couponId"] = "CP-2026-01".into();
    service.send(SUBMIT, &order).await.expect_detail("36", "couponId");
    sandbox.verify_books();
}

#[tokio::test]
async fn other_content_beside_a_silent_downstream_system_is_told_so() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let placed = service.place_paid(&sandbox, "900000").await;
    let first = service.reversal(&placed, "2098");
    let mut changed = first.clone();
    changed["txnAmt"] = "777700".into();
    let beside = async {
        until("the first is under way", async || {
            let answer = service.inquire_reversal(&first).await;
            if answer.code() == "00" { Ok(()) } else { Err(answer.0.to_string()) }
        })
        .await;
        service.send(REFUND, &changed).await.expect_detail("36", "txnAmt");
        service.send(CANCEL, &changed).await.expect_detail("36", "txnAmt");
    };
    tokio::select! {
        answer = service.send(REFUND, &first) => panic!("it is silent: {}", answer.0),
        () = beside => {}
    }
}
