//! Point 19: the shop is told, again and again, with the same bytes.

use jiff::Timestamp;
use serde_json::json;

use crate::harness::till::{BARCODE, PAY, PRECREATE, client_sn};
use crate::harness::wait::until;
use crate::harness::{Sandbox, Shop, Till};

async fn paid(till: &Till, notify_url: &str) -> (String, String) {
    let number = client_sn();
    let mut sale = Till::sale(&number, BARCODE);
    sale["notify_url"] = notify_url.into();
    sale["reflect"] = "bay 17".into();
    let reply = till.call(PAY, &sale).await;
    let sn = reply.is("PAY_SUCCESS", "").get("sn").to_owned();
    (number, sn)
}

/// Waits until the attempts to tell of an order are as many, and written down.
async fn attempted(sandbox: &Sandbox, sn: &str, count: usize) -> String {
    until(&format!("{count} attempts"), async || {
        let notices = sandbox.notices(sn).await;
        let notice = notices.first().cloned().unwrap_or_default();
        let made = notice["attempts"].as_array().map_or(0, Vec::len);
        let state = notice["state"].as_str().unwrap_or_default().to_owned();
        if made >= count { Ok(state) } else { Err(notice.to_string()) }
    })
    .await
}

/// When the attempts to tell of an order were made, business time.
async fn attempts(sandbox: &Sandbox, sn: &str) -> Vec<Timestamp> {
    let notices = sandbox.notices(sn).await;
    let attempts = notices[0]["attempts"].as_array().expect("attempts").iter();
    attempts.map(|one| one["at"].as_str().expect("at").parse().expect("an instant")).collect()
}

/// What passes before each attempt: since the success, then since the attempt before ended.
const GAPS_SECONDS: [u64; 4] = [1, 5, 30, 600];

#[tokio::test]
async fn acceptance_19_callbacks() {
    let mut sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let shop = Shop::start(&sandbox, 200, "fail").await;
    let (number, sn) = paid(&till, &shop.url("/a")).await;
    let answers = [(200, "fail"), (500, "success"), (302, ""), (200, "fail")];
    for (count, ((status, body), gap)) in (1..).zip(answers.into_iter().zip(GAPS_SECONDS)) {
        shop.answers(status, body);
        sandbox.advance(gap + 2).await;
        shop.wait("/a", count).await;
        attempted(&sandbox, &sn, count).await;
        // What is to be told again survives the power.
        sandbox.kill();
        sandbox.start_again();
    }
    let told = shop.at("/a");
    assert!(told.iter().all(|one| one.bytes == told[0].bytes), "identical bytes");
    for (pair, gap) in attempts(&sandbox, &sn).await.windows(2).zip(&GAPS_SECONDS[1..]) {
        let passed = pair[1].duration_since(pair[0]).as_secs();
        assert!(passed >= i64::try_from(*gap).expect("small"), "{passed} s are not {gap}");
    }
    sandbox.advance(86_400).await;
    assert_eq!(shop.at("/a").len(), 4, "four attempts, not more");

    let body = told[0].json();
    let expected = [
        ("client_sn", number.as_str()),
        ("sn", &sn),
        ("status", "SUCCESS"),
        ("order_status", "PAID"),
        ("total_amount", "100"),
        ("net_amount", "100"),
        ("subject", "Pizza"),
        ("operator", "kay"),
        ("reflect", "bay 17"),
        ("payway", "3"),
        ("sub_payway", "1"),
    ];
    for (name, value) in expected {
        assert_eq!(body[name], value, "{name} in {body}");
    }
    for name in ["trade_no", "finish_time", "channel_finish_time", "payer_uid"] {
        assert!(body[name].is_string(), "{name} in {body}");
    }
    sandbox.verify_books();
}

#[tokio::test]
async fn a_callback_that_was_taken_is_not_repeated() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let shop = Shop::start(&sandbox, 200, " Success\r\n").await;
    let (_, sn) = paid(&till, &shop.url("/once")).await;
    // Refused and reversed payments are told to nobody.
    let offered = client_sn();
    let mut offer = Till::offer(&offered);
    offer["notify_url"] = shop.url("/offer").into();
    let offer = till.call(PRECREATE, &offer).await;
    let mut refused = Till::sale(&client_sn(), "130818341921449951");
    refused["notify_url"] = shop.url("/refused").into();
    till.call(PAY, &refused).await.is("PAY_FAIL", "INSUFFICIENT_FUND");
    sandbox.advance(2).await;
    shop.wait("/once", 1).await;
    attempted(&sandbox, &sn, 1).await;
    assert!(shop.at("/offer").is_empty(), "nobody paid yet");
    let sn = offer.get("sn");
    assert_eq!(sandbox.simulate("pay", &json!({ "sn": sn })).await.status, 200);
    till.wait_for(&offered, "PAID").await;
    sandbox.advance(2).await;
    let told = shop.wait("/offer", 1).await;
    assert_eq!(told[0].json()["sub_payway"], "2");
    till.refund(&offered, "1", "50").await.is("REFUND_SUCCESS", "");
    sandbox.advance(3600).await;
    let seen = ["/once", "/offer", "/refused"].map(|path| shop.at(path).len());
    assert_eq!(seen, [1, 1, 0], "payments only, once each");
}
