//! Payments to each outcome of the sandbox's table, with the notices that tell of them.

use serde_json::{Value, json};

use crate::harness::messages::{REFUND, SUBMIT};
use crate::harness::receiver::Received;
use crate::harness::wait::until;
use crate::harness::{Conduct, Placed, Receiver, Report, Sandbox, Service};

/// A running sandbox, a service, and its own server for notices.
struct Stage {
    sandbox: Sandbox,
    service: Service,
    receiver: Receiver,
}

impl Stage {
    async fn set() -> Self {
        let sandbox = Sandbox::start();
        let service = Service::first(&sandbox);
        let receiver = Receiver::start(&service.partner, Conduct::Confirm).await;
        Self { sandbox, service, receiver }
    }

    /// Places an order whose notices come to our own server at this path.
    async fn place(&self, amount: &str, path: &str) -> Placed {
        let mut order = self.service.order(amount);
        order["backUrl"] = self.receiver.url(path).into();
        order["reqReserved"] = format!("for {path}").into();
        self.service.place_order(&order).await
    }

    async fn pay(&self, placed: &Placed) {
        let reply = self.sandbox.pay(&placed.tn, None).await;
        assert_eq!(reply.status, 200, "{}: {}", placed.amount, reply.text());
    }

    /// Places an order and pays it by the amount table.
    async fn paid(&self, amount: &str, path: &str) -> Placed {
        let placed = self.place(amount, path).await;
        self.pay(&placed).await;
        placed
    }
}

#[tokio::test]
async fn outcomes_that_are_known_at_once_or_by_notice() {
    let stage = Stage::set().await;
    let mut report = Report::default();
    for (amount, status, code) in [
        ("2500", "SUCCESS", "00"),
        ("2549", "SUCCESS", "00"),
        ("2508", "SUCCESS", "00"),
        ("2509", "SUCCESS", "00"),
        ("2551", "FAIL", "51"),
        ("2554", "FAIL", "54"),
        ("2561", "FAIL", "61"),
        ("2591", "FAIL", "91"),
        ("2596", "FAIL", "96"),
    ] {
        let path = format!("/notice/{amount}");
        let placed = stage.paid(amount, &path).await;
        let answer = stage.service.wait_for(&placed, status).await;
        let row = |what: &str| format!("{amount}: {what}: {}", answer.0);
        report.check(answer.get("origRespCode") == code, || row("origRespCode"));
        report.check(!answer.get("origRespMsg").is_empty(), || row("origRespMsg"));
        report.check(answer.get("txnAmt") == amount, || row("txnAmt"));
        let notices = stage.receiver.wait(&path, 1).await;
        check_notice(&mut report, &stage, &placed, &notices[0], status, code);
        let again = stage.sandbox.pay(&placed.tn, None).await;
        report.check(again.status == 409, || row(&format!("paid again: HTTP {}", again.status)));
        if status == "FAIL" {
            // One order, one end: nothing is left to give back.
            let reversal = stage.service.reversal(&placed, amount);
            stage.service.send(REFUND, &reversal).await.expect_detail("36", "");
        }
    }
    let told_first = stage.paid("2609", "/notice/told-first").await;
    let told = stage.receiver.at("/notice/told-first").len();
    report.check(told == 1, || format!("{}: told {told} times before the answer", told_first.tn));
    let mut refund = stage.service.reversal(&told_first, "109");
    // Without an address of its own it goes where the payment's notice went.
    refund["reqReserved"] = "refund".into();
    stage.service.send(REFUND, &refund).await.expect_taken();
    let told = stage.receiver.at("/notice/told-first");
    report.check(told.len() == 2, || format!("refund: told {} times", told.len() - 1));
    report.check(told.last().is_some_and(|one| one.get("txnType") == "04"), || "04".into());
    let twice = stage.receiver.wait("/notice/2508", 2).await;
    report.check(twice[0].get("notifyId") == twice[1].get("notifyId"), || "2508 twice".into());
    report.done();
}

/// What PAYMENT_RESULT_NOTICE says of a payment.
fn check_notice(
    report: &mut Report,
    stage: &Stage,
    placed: &Placed,
    notice: &Received,
    status: &str,
    code: &str,
) {
    let path = notice.path.clone();
    let partner = &stage.service.partner;
    let reserved = format!("for {path}");
    let expected = [
        ("txnType", "01"),
        ("orderId", placed.order_id.as_str()),
        ("txnTime", placed.txn_time.as_str()),
        ("merId", partner.seed("mer_id")),
        ("acqIIN", partner.seed("acq_iin")),
        ("txnAmt", placed.amount.as_str()),
        ("currencyCode", stage.service.currency()),
        ("txnStatus", status),
        ("origRespCode", code),
        ("tn", placed.tn.as_str()),
        ("channelCode", stage.service.channel_code.as_str()),
        ("userId", stage.service.user_id.as_str()),
        ("reqReserved", reserved.as_str()),
        ("notifyCount", "1"),
    ];
    for (name, value) in expected {
        report.check(notice.get(name) == value, || format!("{path} {name}: {}", notice.body));
    }
    report.check(notice.get("queryId").len() == 21, || format!("{path} queryId"));
    report.check(notice.get("notifyId").len() == 32, || format!("{path} notifyId"));
    report.check(notice.body["msgInfo"]["msgType"] == "PAYMENT_RESULT_NOTICE", || path.clone());
    let text = notice.body.to_string();
    let decoded = wire::ucsp::decode::<wire::ucsp::PaymentResultNotice>(text.as_bytes());
    report.check(decoded.is_ok(), || format!("{path}: {:?}", decoded.err()));
}

#[tokio::test]
async fn outcomes_that_business_time_brings() {
    let stage = Stage::set().await;
    let slow = stage.paid("2505", "/notice/05").await;
    let failing = stage.paid("2506", "/notice/06").await;
    let silent = stage.paid("2507", "/notice/07").await;
    let answer = stage.service.inquire(&slow).await.expect("00");
    assert_eq!(answer.get("txnStatus"), "PAYING", "{}", answer.0);
    assert_eq!(stage.sandbox.pay(&slow.tn, None).await.status, 409, "not twice");
    let refund = stage.service.reversal(&slow, "100");
    stage.service.send(REFUND, &refund).await.expect("36");
    assert!(stage.receiver.at("/notice/05").is_empty(), "nothing is final yet");
    stage.sandbox.advance(65).await;
    stage.service.wait_for(&slow, "SUCCESS").await;
    stage.service.wait_for(&failing, "FAIL").await;
    stage.service.wait_for(&silent, "SUCCESS").await;
    for (path, status) in
        [("/notice/05", "SUCCESS"), ("/notice/06", "FAIL"), ("/notice/07", "SUCCESS")]
    {
        let notices = stage.receiver.wait(path, 1).await;
        assert_eq!(notices[0].get("txnStatus"), status, "{}", notices[0].body);
    }
    closed_in_time(&stage).await;
    stage.sandbox.verify_books();
}

/// An order that nobody pays is closed at its deadline.
async fn closed_in_time(stage: &Stage) {
    let mut early = stage.service.order("2500");
    early["payTimeout"] = at_gmt8(stage.sandbox.now().await + 300).into();
    let early = stage.service.place_order(&early).await;
    let default = stage.service.place("2500").await;
    stage.sandbox.advance(302).await;
    stage.service.wait_for(&early, "CLOSED").await;
    assert_eq!(stage.service.status(&default).await, "CREATED");
    assert_eq!(stage.sandbox.pay(&early.tn, None).await.status, 409);
    stage.sandbox.advance(600).await;
    stage.service.wait_for(&default, "CLOSED").await;
    let refund = stage.service.reversal(&default, "100");
    stage.service.send(REFUND, &refund).await.expect("36");
    for ahead in [-10, 25 * 3600] {
        let mut order = stage.service.order("2500");
        order["payTimeout"] = at_gmt8(stage.sandbox.now().await + ahead).into();
        stage.service.send(SUBMIT, &order).await.expect_detail("36", "payTimeout");
    }
    assert_eq!(stage.sandbox.pay("800000000000000000000", None).await.status, 404);
}

fn at_gmt8(unix_seconds: i64) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let at = jiff::Timestamp::from_second(unix_seconds).expect("a time");
    at.to_zoned(zone).strftime("%Y%m%d%H%M%S").to_string()
}

#[tokio::test]
async fn an_unknown_outcome_blocks_until_it_is_known() {
    let stage = Stage::set().await;
    let placed = stage.place("2598", "/notice/98").await;
    let forced = stage.place("2500", "/notice/unknown").await;
    let (first, second) = tokio::join!(
        stage.sandbox.pay(&placed.tn, None),
        stage.sandbox.pay(&forced.tn, Some("unknown"))
    );
    assert_eq!((first.status, second.status), (200, 200), "{} {}", first.text(), second.text());
    for placed in [&placed, &forced] {
        until("the downstream leg is given up", async || {
            let answer = stage.service.inquire(placed).await.expect("00");
            assert_eq!(answer.get("txnStatus"), "PAYING", "{}", answer.0);
            if answer.get("origRespCode") == "05" { Ok(()) } else { Err(answer.0.to_string()) }
        })
        .await;
        assert_eq!(stage.sandbox.pay(&placed.tn, None).await.status, 409);
        for path in [REFUND, crate::harness::messages::CANCEL] {
            let reversal = stage.service.reversal(placed, &placed.amount);
            stage.service.send(path, &reversal).await.expect("36");
        }
    }
    // Its time to pay is over, and still it is not closed: somebody may have paid.
    stage.sandbox.advance(16 * 60).await;
    for placed in [&placed, &forced] {
        stage.service.wait_for(placed, "SUCCESS").await;
    }
    stage.receiver.wait("/notice/98", 1).await;
    stage.receiver.wait("/notice/unknown", 1).await;
    stage.sandbox.verify_books();
}

#[tokio::test]
async fn outcomes_can_be_forced() {
    let stage = Stage::set().await;
    for (outcome, status) in [("success", "SUCCESS"), ("fail", "FAIL")] {
        let placed = stage.place("2551", "/notice/forced").await;
        let reply = stage.sandbox.pay(&placed.tn, Some(outcome)).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        assert!(reply.json()["order"].is_string(), "{}", reply.text());
        stage.service.wait_for(&placed, status).await;
    }
    // The header applies to the message that carries it.
    let order = stage.service.order("2500");
    stage.service.send_scenario(SUBMIT, &order, "61").await.expect("00");
    let placed = stage.service.place_order(&order).await;
    stage.pay(&placed).await;
    let answer = stage.service.wait_for(&placed, "FAIL").await;
    assert_eq!(answer.get("origRespCode"), "61", "{}", answer.0);
    let paid = stage.service.place_paid(&stage.sandbox, "2500").await;
    let refund = stage.service.reversal(&paid, "100");
    stage.service.send_scenario(REFUND, &refund, "91").await.expect("01");
    let answer = stage.service.wait_for_reversal(&refund, "FAIL").await;
    assert_eq!(answer.get("origRespCode"), "91", "{}", answer.0);
    // What was refused did not use up anything.
    stage.service.send(REFUND, &stage.service.reversal(&paid, "2500")).await.expect_taken();
}

#[tokio::test]
async fn both_sides_are_told_and_repeats_follow_the_schedule() {
    let stage = Stage::set().await;
    let fine = stage.paid("2500", "/notice/fine").await;
    stage.receiver.wait("/notice/fine", 1).await;
    let notices = until("both sides confirm", async || {
        let notices = stage.sandbox.notices(&fine.order_id).await;
        let confirmed = notices.iter().filter(|one| one["state"] == "CONFIRMED").count();
        if confirmed == 2 { Ok(notices) } else { Err(format!("{notices:?}")) }
    })
    .await;
    assert_ne!(notices[0]["to"], notices[1]["to"], "{notices:?}");
    for notice in &notices {
        let attempts = notice["attempts"].as_array().unwrap();
        assert_eq!(attempts.len(), 1, "{notice}");
        assert_eq!(attempts[0]["status"], 200, "{notice}");
        assert!(attempts[0]["latency_ms"].is_number() && attempts[0]["error"].is_null());
    }
    for number in [&fine.order_id, &fine.tn, &stage.service.status_query_id(&fine).await] {
        assert_eq!(stage.sandbox.notices(number).await.len(), 2, "by {number}");
        let timeline = stage.sandbox.ask(&format!("timeline/{number}")).await;
        let entries = timeline["entries"].as_array().unwrap();
        for kind in ["message", "event", "posting", "notice"] {
            assert!(entries.iter().any(|one| one["kind"] == kind), "{kind} in {timeline}");
        }
        let messages = entries.iter().filter(|one| one["kind"] == "message");
        let told: Vec<_> = messages.map(|one| &one["details"]["message"]).collect();
        for message in ["SUBMIT_PAYMENT_ORDER", "place", "pay", "PAYMENT_RESULT_INQUIRY"] {
            assert!(told.iter().any(|one| *one == message), "{message} in {told:?}");
        }
        assert_eq!(entries[0]["details"]["message"], "SUBMIT_PAYMENT_ORDER", "{timeline}");
        assert_eq!(entries[0]["details"]["code"], "00");
    }
    repeats(&stage).await;
}

/// 1, 2, 4, 8, 16 minutes after the previous attempt, five repeats at most.
async fn repeats(stage: &Stage) {
    const SLACK: u64 = 20;
    stage.receiver.conduct(Conduct::Code("99"));
    let placed = stage.paid("2500", "/notice/never").await;
    stage.receiver.wait("/notice/never", 1).await;
    let mut passed = 0;
    for (made, minutes) in [1_usize, 2, 3, 4, 5].into_iter().zip([1, 2, 4, 8, 16]) {
        retrying(stage, &placed, made).await;
        stage.sandbox.advance(minutes * 60 - SLACK - passed).await;
        passed = SLACK;
        let early = stage.receiver.at("/notice/never").len();
        assert_eq!(early, made, "{minutes} min are not over");
        stage.sandbox.advance(2 * SLACK).await;
        stage.receiver.wait("/notice/never", made + 1).await;
    }
    until("undelivered", async || {
        let notice = industry_notice(stage, &placed).await;
        if notice["state"] == "UNDELIVERED" { Ok(()) } else { Err(notice.to_string()) }
    })
    .await;
    stage.sandbox.advance(3 * 3600).await;
    let all = stage.receiver.at("/notice/never");
    assert_eq!(all.len(), 6);
    for (index, notice) in all.iter().enumerate() {
        assert_eq!(notice.get("notifyCount"), (index + 1).to_string(), "{}", notice.body);
        assert_eq!(notice.get("notifyId"), all[0].get("notifyId"));
        assert_eq!(notice.get("queryId"), all[0].get("queryId"));
    }
    let ids: std::collections::BTreeSet<_> =
        all.iter().map(|one| one.body["msgInfo"]["msgID"].to_string()).collect();
    assert_eq!(ids.len(), 6, "each message has a msgID of its own");
}

/// The notice of an order that is addressed to our own server.
async fn industry_notice(stage: &Stage, placed: &Placed) -> Value {
    let notices = stage.sandbox.notices(&placed.tn).await;
    let to_us = |one: &&Value| one["attempts"][0]["status"] != 200 || one["state"] != "CONFIRMED";
    notices.iter().find(to_us).cloned().unwrap_or(json!({ "all": notices }))
}

/// Waits until the attempt is on record, so that a jump finds the repeat in place.
async fn retrying(stage: &Stage, placed: &Placed, made: usize) {
    until(&format!("attempt {made} is on record"), async || {
        let notice = industry_notice(stage, placed).await;
        let count = notice["attempts"].as_array().map_or(0, Vec::len);
        if count == made { Ok(()) } else { Err(notice.to_string()) }
    })
    .await;
}
