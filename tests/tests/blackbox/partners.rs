//! Partners that refuse, hang, answer garbage or lie: nothing counts but a signed 00.

use serde_json::Value;
use std::time::Duration;

use crate::harness::messages::REFUND;
use crate::harness::wait::{until, until_within};
use crate::harness::{Conduct, Placed, Receiver, Report, Sandbox, Service};

async fn paid(sandbox: &Sandbox, service: &Service, back_url: &str) -> Placed {
    let mut order = service.order("2500");
    order["backUrl"] = back_url.into();
    let placed = service.place_order(&order).await;
    assert_eq!(sandbox.pay(&placed.tn, None).await.status, 200);
    service.wait_for(&placed, "SUCCESS").await;
    placed
}

/// The notice to the service.
async fn notice(sandbox: &Sandbox, placed: &Placed) -> Value {
    let all = sandbox.notices(&placed.tn).await;
    let ours = |one: &&Value| one["to"] == "industry";
    all.iter().find(ours).cloned().unwrap_or(Value::Null)
}

fn attempts(notice: &Value) -> usize {
    notice["attempts"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn only_a_signed_00_confirms() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let trap = Receiver::start(&service.partner, Conduct::Confirm).await;
    let mut report = Report::default();
    let other = Box::new(sandbox.industry(1));
    let conducts = [
        ("code 01", Conduct::Code("01")),
        ("code 99", Conduct::Code("99")),
        ("no such code", Conduct::Code("0")),
        ("a signature over something else", Conduct::FalseSignature),
        ("no signature", Conduct::Unsigned),
        ("another partner's signature", Conduct::SignedBy(other)),
        ("garbage", Conduct::Garbage),
        ("HTTP 500", Conduct::Status(500)),
        ("HTTP 202", Conduct::Status(202)),
        ("a redirect", Conduct::Redirect(trap.url("/trap"))),
    ];
    let mut waiting = Vec::new();
    for (index, (row, conduct)) in conducts.into_iter().enumerate() {
        let receiver = Receiver::start(&service.partner, conduct).await;
        let path = format!("/notice/{index}");
        let placed = paid(&sandbox, &service, &receiver.url(&path)).await;
        receiver.wait(&path, 1).await;
        waiting.push((row, receiver, path, placed));
    }
    let closed = paid(&sandbox, &service, "http://127.0.0.1:9/notice").await;
    for (row, _, _, placed) in &waiting {
        let seen = until(row, async || {
            let notice = notice(&sandbox, placed).await;
            if attempts(&notice) == 1 { Ok(notice) } else { Err(notice.to_string()) }
        })
        .await;
        let failed = seen["state"] == "RETRYING" && seen["attempts"][0]["error"].is_string();
        report.check(failed, || format!("{row}: {seen}"));
    }
    assert!(trap.at("/trap").is_empty(), "redirects are not followed");
    let seen = notice(&sandbox, &closed).await;
    report.check(seen["state"] == "RETRYING", || format!("a closed port: {seen}"));
    // A partner that mends its ways is told at the next repeat.
    for (_, receiver, _, _) in &waiting {
        receiver.conduct(Conduct::Confirm);
    }
    sandbox.advance(61).await;
    for (row, receiver, path, placed) in &waiting {
        receiver.wait(path, 2).await;
        until(row, async || {
            let notice = notice(&sandbox, placed).await;
            if notice["state"] == "CONFIRMED" { Ok(()) } else { Err(notice.to_string()) }
        })
        .await;
    }
    report.done();
}

#[tokio::test]
async fn one_that_hangs_holds_up_nobody_else() {
    const CONFIRM_WITHIN: Duration = Duration::from_mins(1);
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let silent = Receiver::start(&service.partner, Conduct::Hang).await;
    let mut held = Vec::new();
    for index in 0..5 {
        let path = format!("/silent/{index}");
        held.push(paid(&sandbox, &service, &silent.url(&path)).await);
        silent.wait(&path, 1).await;
    }
    let lively = Receiver::start(&service.partner, Conduct::Confirm).await;
    paid(&sandbox, &service, &lively.url("/lively")).await;
    lively.wait("/lively", 1).await;
    for placed in &held {
        // The first attempt is not over yet, or was over after its time.
        let notice = notice(&sandbox, placed).await;
        assert_ne!(notice["state"], "CONFIRMED", "{notice}");
    }
    // A later notice of an order waits until the first attempt of the earlier one has ended.
    let mut refund = service.reversal(&held[0], "1000");
    refund["backUrl"] = lively.url("/after").into();
    service.send(REFUND, &refund).await.expect_taken();
    service.wait_for_reversal(&refund, "SUCCESS").await;
    assert!(lively.at("/after").is_empty(), "the refund is told before the payment");
    let patience = CONFIRM_WITHIN + Duration::from_secs(30);
    for placed in &held {
        until_within(patience, "the silent attempt ends", async || {
            let notice = notice(&sandbox, placed).await;
            let over = notice["state"] == "RETRYING" && attempts(&notice) == 1;
            if over { Ok(()) } else { Err(notice.to_string()) }
        })
        .await;
    }
    lively.wait("/after", 1).await;
}
