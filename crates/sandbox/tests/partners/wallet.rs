//! The simulated wallets: the table of outcomes, idempotency, the page, notices, restarts.

use egress::Request;
use jose::mac::MacKey;
use sandbox::wallet::{Choice, NotPayable, fresh_barcode};
use serde_json::{Value, json};
use wire::wallet::{
    MAC_HEADER, NOTICE_PATH, OPERATIONS_PATH, answer_context, encode, request_context,
};

use crate::browser::Browser;
use crate::world::{World, start, wallet_secret};

fn charge(sn: u64, ending: &str) -> Value {
    json!({ "charge": {
        "sn": sn.to_string(), "payway": 3, "amount": 1250, "currency": "156",
        "barcode": format!("13000000000000{ending}"),
        "valid_until": start().as_millisecond() + 45_000,
    }})
}

fn present(sn: u64, sub_payway: u8, return_url: Option<&str>) -> Value {
    json!({ "present": {
        "sn": sn.to_string(), "payway": 1, "sub_payway": sub_payway, "amount": 1250,
        "currency": "156", "merchant": "Pier Coffee", "subject": "两杯 <latte>",
        "valid_until": start().as_millisecond() + 240_000, "return_url": return_url,
    }})
}

fn abort(sn: u64) -> Value {
    json!({ "abort": { "sn": sn.to_string(), "payway": 3 } })
}

fn refund(sn: u64, refund_no: u64, amount: u64) -> Value {
    json!({ "refund": {
        "sn": sn.to_string(), "refund_no": refund_no.to_string(), "payway": 3, "amount": amount,
        "valid_until": start().as_millisecond() + 600_000,
    }})
}

fn inquire(sn: u64) -> Value {
    json!({ "inquire": { "sn": sn.to_string(), "payway": 3 } })
}

impl World {
    /// One authenticated call; the verified answers.
    async fn operate(&self, operations: &[Value]) -> Vec<Value> {
        let key = MacKey::new(&wallet_secret()).unwrap();
        let body = encode(&operations);
        let tag = key.tag(&request_context(OPERATIONS_PATH), &body);
        let url = format!("{}{OPERATIONS_PATH}", self.downstream_url);
        let request = Request::post(url, body).header(MAC_HEADER, tag.as_str());
        let response = self.client.send(request).await.unwrap();
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
        let mac = response.header(MAC_HEADER).unwrap();
        assert!(key.holds(&answer_context(&tag), &response.body, mac));
        let answers: Vec<Value> = serde_json::from_slice(&response.body).unwrap();
        assert_eq!(answers.len(), operations.len());
        answers
    }

    async fn one(&self, operation: Value) -> Value {
        self.operate(&[operation]).await.remove(0)
    }

    async fn status(&self, operation: Value) -> String {
        self.one(operation).await["status"].as_str().unwrap_or("none").to_owned()
    }

    /// The next notice of a wallet.
    async fn noticed(&mut self) -> Value {
        let got = self.got.recv().await.unwrap();
        assert_eq!(got.path, NOTICE_PATH);
        serde_json::from_slice(&got.body).unwrap()
    }
}

#[tokio::test]
async fn one_call_carries_many_operations_and_each_has_its_own_outcome() {
    let world = World::new().await;
    let endings = ["0000", "9951", "9954", "9961", "9962", "9905", "9907", "9996", "9998"];
    let charges: Vec<Value> = (1..).zip(endings).map(|(sn, ending)| charge(sn, ending)).collect();
    let answers = world.operate(&charges).await;
    let said: Vec<&str> = answers
        .iter()
        .map(|answer| answer["code"].as_str().or(answer["status"].as_str()).unwrap_or("none"))
        .collect();
    assert_eq!(
        said,
        [
            "SUCCESS",
            "INSUFFICIENT_FUND",
            "EXPIRED_BARCODE",
            "BUYER_OVER_TRANSACTION_LIMIT",
            "BUYER_OVER_DAILY_LIMIT",
            "PENDING",
            "PENDING",
            "ERROR",
            "none"
        ]
    );
    let paid = &answers[0];
    assert_eq!(paid["sn"], "1");
    assert_eq!(paid["finished_at"], start().as_millisecond());
    let sum: u64 = paid["payments"].as_array().unwrap().iter().map(sum_of).sum();
    assert_eq!(sum, 1250);
    assert!(paid["trade_no"].as_str().unwrap().len() <= 64);
    assert!(paid["payer_uid"].is_string() && paid["payer_login"].is_null());
    // The same again is the same, whatever the barcode says now.
    assert_eq!(world.operate(&[charge(1, "9951")]).await[0], *paid);
    assert_eq!(world.one(inquire(1)).await, *paid);
    let refused = world.one(inquire(2)).await;
    assert_eq!((refused["status"].as_str(), &refused["code"]), (Some("FAIL"), &answers[1]["code"]));
    assert_eq!(world.status(inquire(99)).await, "NOT_FOUND");
    assert_eq!(world.status(inquire(9)).await, "none");
}

fn sum_of(part: &Value) -> u64 {
    part["amount"].as_u64().unwrap()
}

#[tokio::test]
async fn only_who_has_the_secret_is_heard() {
    let world = World::new().await;
    let url = format!("{}{OPERATIONS_PATH}", world.downstream_url);
    let body = encode(&[charge(1, "0000")]);
    let tag = MacKey::new(&wallet_secret()).unwrap().tag(&request_context("/else"), &body);
    for tag in ["", "00", tag.as_str()] {
        let request = Request::post(&url, body.clone()).header(MAC_HEADER, tag);
        assert_eq!(world.client.send(request).await.unwrap().status, 401);
    }
    assert_eq!(world.status(inquire(1)).await, "NOT_FOUND");
}

#[tokio::test]
async fn a_payer_who_types_pays_or_declines_later_and_the_platform_is_told() {
    let mut world = World::new().await;
    world.operate(&[charge(1, "9905"), charge(2, "9906"), charge(3, "9907")]).await;
    world.clock.advance(9);
    assert_eq!(world.status(inquire(1)).await, "PENDING");
    world.clock.advance(1);
    let mut told = [world.noticed().await, world.noticed().await];
    told.sort_by_key(|notice| notice["sn"].to_string());
    assert_eq!((&told[0]["sn"], &told[0]["status"]), (&json!("1"), &json!("SUCCESS")));
    assert_eq!((&told[1]["sn"], &told[1]["status"]), (&json!("2"), &json!("FAIL")));
    assert_eq!(told[0], world.one(inquire(1)).await);
    world.clock.advance(3600);
    assert_eq!(world.status(inquire(3)).await, "PENDING");
    assert_eq!(world.status(abort(3)).await, "SUCCESS");
    assert_eq!(world.status(inquire(3)).await, "FAIL");
}

#[tokio::test]
async fn a_notice_that_is_not_taken_is_repeated() {
    let mut world = World::new().await;
    *world.platform.deaf.lock().unwrap() = 2;
    world.operate(&[charge(1, "9907")]).await;
    world.wallet().simulate("1", Choice::Success).await.unwrap();
    let first = world.noticed().await;
    // The repeats wait by the clock, one after the other.
    for _ in 0..2 {
        let next = async { world.got.recv().await.unwrap() };
        tokio::pin!(next);
        let got = loop {
            tokio::select! {
                biased;
                got = &mut next => break got,
                () = tokio::task::yield_now() => world.clock.advance(1),
            }
        };
        assert_eq!(serde_json::from_slice::<Value>(&got.body).unwrap(), first);
    }
    assert!(world.got.try_recv().is_err());
}

#[tokio::test]
async fn an_unclear_payment_says_nothing_for_a_minute_and_then_everything() {
    let world = World::new().await;
    for operation in [charge(1, "9996"), charge(1, "9996"), abort(1), inquire(1), refund(1, 9, 5)] {
        assert_eq!(world.status(operation).await, "ERROR");
    }
    world.clock.advance(60);
    assert_eq!(world.status(inquire(1)).await, "SUCCESS");
    assert_eq!(world.status(abort(1)).await, "SUCCESS");
    assert_eq!(world.status(inquire(1)).await, "FAIL");
    assert_eq!(world.one(refund(1, 10, 1)).await["code"], "TRADE_NOT_EXIST");
}

#[tokio::test]
async fn what_was_ended_can_never_be_charged() {
    let world = World::new().await;
    assert_eq!(world.status(abort(1)).await, "SUCCESS");
    assert_eq!(world.one(charge(1, "0000")).await["code"], "TRADE_TIMEOUT");
    assert_eq!(world.status(charge(2, "0000")).await, "SUCCESS");
    let ended = world.one(abort(2)).await;
    assert_eq!(world.one(abort(2)).await, ended);
    assert_eq!(world.status(charge(2, "0000")).await, "FAIL");
    world.clock.advance(46);
    assert_eq!(world.one(charge(3, "0000")).await["code"], "TRADE_TIMEOUT");
    assert_eq!(world.status(inquire(3)).await, "NOT_FOUND");
}

#[tokio::test]
async fn refunds_are_idempotent_and_never_above_what_was_paid() {
    let world = World::new().await;
    world.operate(&[charge(1, "0000"), charge(2, "9951")]).await;
    let first = world.one(refund(1, 11, 1000)).await;
    assert_eq!(first["status"], "SUCCESS");
    assert_ne!(first["trade_no"], world.one(inquire(1)).await["trade_no"]);
    assert_eq!(world.one(refund(1, 11, 1000)).await, first);
    assert_eq!(world.status(refund(1, 11, 999)).await, "ERROR");
    assert_eq!(world.one(refund(1, 12, 251)).await["code"], "REFUND_AMT_NOT_EQUAL_TOTAL");
    assert_eq!(world.one(refund(1, 12, 251)).await["code"], "REFUND_AMT_NOT_EQUAL_TOTAL");
    let rest = world.operate(&[refund(1, 13, 250), refund(1, 14, 1)]).await;
    assert_eq!((&rest[0]["status"], &rest[1]["status"]), (&json!("SUCCESS"), &json!("FAIL")));
    assert_eq!(world.one(refund(2, 15, 1)).await["code"], "TRADE_NOT_EXIST");
    assert_eq!(world.one(refund(77, 16, 1)).await["code"], "TRADE_NOT_EXIST");
    let asked = json!({ "inquire": { "sn": "1", "refund_no": "11", "payway": 3 } });
    assert_eq!(world.one(asked).await, first);
    let unknown = json!({ "inquire": { "sn": "1", "refund_no": "99", "payway": 3 } });
    assert_eq!(world.status(unknown).await, "NOT_FOUND");
}

#[tokio::test]
async fn the_page_shows_the_payment_and_the_payer_pays_there() {
    let mut world = World::new().await;
    let presented = world.one(present(1, 2, None)).await;
    assert_eq!(presented["status"], "PENDING");
    assert!(presented["wap_pay_request"].is_null());
    let url = presented["qr_code"].as_str().unwrap().to_owned();
    assert!(url.starts_with(&format!("{}/wallet/pay/1-", world.downstream_url)));
    assert!(url.len() <= 128);
    assert_eq!(world.one(present(1, 2, None)).await, presented);

    let mut browser = Browser::new(&world.client);
    let page = browser.get(&url).await;
    page.assert_strict();
    assert!(page.text.contains("data-state=\"open\"") && page.text.contains("¥12.50"));
    assert!(page.text.contains("Pier Coffee") && page.text.contains("两杯 &#60;latte&#62;"));
    let left = browser.post(&url, &[("choice", "leave")]).await;
    assert!(left.text.contains("data-state=\"left\""));
    let paid = browser.post(&url, &[("choice", "pay")]).await;
    assert_eq!(paid.status, 303);
    // The platform has heard of it before the browser goes on.
    let notice = serde_json::from_slice::<Value>(&world.got.try_recv().unwrap().body).unwrap();
    assert_eq!((&notice["sn"], &notice["status"]), (&json!("1"), &json!("SUCCESS")));
    assert!(browser.get(&url).await.text.contains("data-state=\"paid\""));
    // A second press, or another one, changes nothing.
    browser.post(&url, &[("choice", "refuse")]).await;
    assert!(browser.get(&url).await.text.contains("data-state=\"paid\""));
    assert!(world.got.try_recv().is_err());

    let forged = browser.get(&url.replace("/1-", "/2-")).await;
    assert_eq!(forged.status, 404);
    assert!(forged.text.contains("data-state=\"unknown\""));
    for asset in ["wallet.css", "icon.svg"] {
        let url = format!("{}/wallet/assets/{asset}", world.downstream_url);
        assert_eq!(browser.get(&url).await.status, 200);
    }
}

#[tokio::test]
async fn from_a_wap_page_the_browser_goes_back_to_the_shop() {
    let world = World::new().await;
    let mut browser = Browser::new(&world.client);
    let aim = "http://shop.example/back?x=1";
    for (sn, choice, status) in
        [(1, "pay", "SUCCESS"), (2, "refuse", "FAIL"), (3, "leave", "PENDING")]
    {
        let presented = world.one(present(sn, 3, Some(aim))).await;
        let request: Value =
            serde_json::from_str(presented["wap_pay_request"].as_str().unwrap()).unwrap();
        assert_eq!(request["tradeNO"], presented["trade_no"]);
        let url = presented["qr_code"].as_str().unwrap().to_owned();
        let done = browser.post(&url, &[("choice", choice)]).await;
        assert_eq!((done.status, done.location.as_deref()), (303, Some(aim)));
        assert_eq!(world.status(inquire(sn)).await, status);
    }
}

#[tokio::test]
async fn after_its_time_nobody_can_pay() {
    let world = World::new().await;
    let presented = world.one(present(1, 2, None)).await;
    let url = presented["qr_code"].as_str().unwrap().to_owned();
    world.clock.advance(239);
    let mut browser = Browser::new(&world.client);
    assert!(browser.get(&url).await.text.contains("data-state=\"open\""));
    world.clock.advance(1);
    browser.post(&url, &[("choice", "pay")]).await;
    assert!(browser.get(&url).await.text.contains("data-state=\"over\""));
    assert_eq!(world.wallet().simulate("1", Choice::Success).await, Err(NotPayable::Over));
    assert_eq!(world.one(inquire(1)).await["code"], "TRADE_TIMEOUT");
    assert_eq!(world.one(present(2, 2, None)).await["code"], "TRADE_TIMEOUT");
}

#[tokio::test]
async fn the_simulation_call_is_the_payer() {
    let mut world = World::new().await;
    assert_eq!(world.wallet().simulate("1", Choice::Success).await, Err(NotPayable::Unknown));
    assert_eq!(world.wallet().simulate("x", Choice::Success).await, Err(NotPayable::Unknown));
    let (barcode, payway) = fresh_barcode("unionpay", Some("9907")).unwrap();
    let mut waiting = charge(1, "");
    waiting["charge"]["barcode"] = json!(barcode);
    waiting["charge"]["payway"] = json!(payway);
    world.operate(&[waiting, charge(2, "9907"), charge(3, "9907")]).await;
    world.wallet().simulate("1", Choice::Success).await.unwrap();
    assert_eq!(world.noticed().await["status"], "SUCCESS");
    world.wallet().simulate("2", Choice::Fail).await.unwrap();
    assert_eq!(world.noticed().await["status"], "FAIL");
    world.wallet().simulate("3", Choice::Unknown).await.unwrap();
    assert!(world.got.try_recv().is_err());
    assert_eq!(world.status(inquire(3)).await, "ERROR");
    assert_eq!(world.wallet().simulate("3", Choice::Fail).await, Err(NotPayable::Over));
    world.clock.advance(60);
    assert_eq!(world.status(inquire(3)).await, "SUCCESS");
}

#[tokio::test]
async fn a_restart_forgets_nothing_and_a_reset_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::in_folder(Some(folder.path().to_owned())).await;
    world.operate(&[charge(1, "0000"), charge(2, "9905"), abort(3), refund(1, 11, 250)]).await;
    world.one(present(4, 3, Some("http://shop.example/back"))).await;
    let questions = [inquire(1), inquire(2), inquire(3), inquire(4), refund(1, 11, 250)];
    let before = world.operate(&questions).await;
    world.restart().await;
    assert_eq!(world.operate(&questions).await, before);
    // A line that a crash cut off is dropped.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("wallet-") {
            let mut text = std::fs::read(&path).unwrap();
            text.extend_from_slice(b"{\"Trade\":[9,3");
            std::fs::write(&path, text).unwrap();
        }
    }
    world.restart().await;
    assert_eq!(world.operate(&questions).await, before);
    assert_eq!(world.one(refund(1, 12, 1001)).await["code"], "REFUND_AMT_NOT_EQUAL_TOTAL");
    // The payer who was typing goes on.
    world.clock.advance(10);
    assert_eq!(world.noticed().await["sn"], "2");
    let page = world.one(present(4, 3, None)).await;
    let url = page["qr_code"].as_str().unwrap().to_owned();
    let done = Browser::new(&world.client).post(&url, &[("choice", "leave")]).await;
    assert_eq!(done.location.as_deref(), Some("http://shop.example/back"));
    world.reset();
    assert_eq!(world.status(inquire(1)).await, "NOT_FOUND");
    world.restart().await;
    assert_eq!(world.status(inquire(1)).await, "NOT_FOUND");
}
