//! Every path that partners call, from outside: nobody gets in without a signature, with another
//! party's application, or twice with the same bytes.

use serde_json::{Value, json};
use wire::Shape;
use wire::ucsp::MESSAGES;

use crate::harness::messages::{
    CANCEL, CARD_LIST, CARD_PAYLOAD, INQUIRE, INQUIRE_REFUND, LOGIN, REFUND, SUBMIT, login, wrapped,
};
use crate::harness::sandbox::run;
use crate::harness::till::{barcode, client_sn};
use crate::harness::wait::until;
use crate::harness::{Partner, Report, Sandbox, Service, Till};

/// A path, who calls it, and a message for it.
struct Door {
    path: &'static str,
    partner: Partner,
    stranger: Partner,
    message: Value,
}

async fn doors(sandbox: &Sandbox, service: &Service) -> Vec<Door> {
    let channel = sandbox.channel(0);
    let placed = service.place_paid(sandbox, "9000").await;
    let key = json!({
        "orderId": placed.order_id, "txnTime": placed.txn_time,
        "merId": service.partner.seed("mer_id"), "acqIIN": service.partner.seed("acq_iin"),
    });
    let refund = service.reversal(&placed, "1000");
    service.send(REFUND, &refund).await.expect_taken();
    let cards = json!({
        "channelCode": service.channel_code, "userId": service.user_id,
        "industryCode": service.partner.code,
    });
    let mut card = cards.clone();
    let list = service.send(CARD_LIST, &cards).await.expect("00");
    card["cardId"] = list.0["trxInfo"]["cardList"][0]["cardId"].clone();
    let mut refund_key = key.clone();
    refund_key["orderId"] = refund["orderId"].clone();
    refund_key["txnTime"] = refund["txnTime"].clone();
    let fresh = service.place_paid(sandbox, "2500").await;
    let trx_infos = [
        (CARD_LIST, cards),
        (CARD_PAYLOAD, card),
        (SUBMIT, service.order("2500")),
        (INQUIRE, key),
        (REFUND, service.reversal(&placed, "500")),
        (CANCEL, service.reversal(&fresh, "2500")),
        (INQUIRE_REFUND, refund_key),
    ];
    let wrapped = trx_infos.into_iter().map(|(path, trx_info)| Door {
        path,
        partner: service.partner.clone(),
        stranger: channel.clone(),
        message: wrapped(&service.partner, path, &trx_info),
    });
    let mobile = channel.seed["users"][0]["mobile"].as_str();
    let login = Door {
        path: LOGIN,
        message: login(&channel, &service.partner.code, mobile),
        partner: channel.clone(),
        stranger: service.partner.clone(),
    };
    wrapped.chain([login]).collect()
}

#[tokio::test]
async fn every_door_is_shut_to_strangers_and_replays() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let mut report = Report::default();
    for Door { path, partner, stranger, message } in doors(&sandbox, &service).await {
        let body = message.to_string();
        let unsigned = partner.post(path, "", &body).await;
        let foreign = partner.protected(path);
        let foreign = stranger.sign(&foreign, body.as_bytes());
        let forged = partner.post(path, &foreign, &body).await;
        let elsewhere = partner.header("/ucsp/industry/v1/elsewhere", body.as_bytes());
        let misled = partner.post(path, &elsewhere, &body).await;
        for (row, reply) in [("unsigned", &unsigned), ("forged", &forged), ("misled", &misled)] {
            report.check(reply.status == 401, || format!("{path} {row}: HTTP {}", reply.status));
        }
        let other = stranger.accept(&stranger.post_signed(path, &body).await);
        report.check(other.code() == "36", || format!("{path} the other party: {}", other.0));
        // Nothing of that left a trace: the message is still good, once.
        let jws = partner.header(path, body.as_bytes());
        let first = partner.accept(&partner.post(path, &jws, &body).await);
        let good = ["00", "05"].contains(&first.code());
        report.check(good, || format!("{path}: {}", first.0));
        let again = partner.post(path, &jws, &body).await;
        report.check(again.status == 401, || format!("{path} again: HTTP {}", again.status));
        let signed = partner.check_signature(&again);
        report.check(signed.is_ok(), || format!("{path} again: {signed:?}"));
        let text = partner.try_post(path, &body, &[("content-type", "text/plain")]).await;
        let status = text.expect("an answer").status;
        report.check(status == 415, || format!("{path} as text: HTTP {status}"));
    }
    report.done();
}

/// What is declared for later has no door yet, and no door opens by accident.
#[tokio::test]
async fn what_is_not_served_yet_is_not_found() {
    let sandbox = Sandbox::start();
    let partner = sandbox.industry(0);
    let served = [LOGIN, CARD_LIST, CARD_PAYLOAD, SUBMIT, INQUIRE, CANCEL, REFUND, INQUIRE_REFUND];
    for message in MESSAGES {
        for shape in [Shape::Flat, Shape::Wrapped] {
            let Some(path) = message.path(shape).filter(|path| !served.contains(path)) else {
                continue;
            };
            let reply = partner.post_signed(path, "{}").await;
            assert_eq!(reply.status, 404, "{} {path}: {}", message.name, reply.text());
        }
    }
    let notice = json!({ "tn": "8".repeat(21) }).to_string();
    let told = partner.post_signed("/downstream/v1/notice", &notice).await;
    assert!(told.status == 401 || !told.text().contains("\"00\""), "{}", told.text());
    let unsigned = partner.post("/downstream/v1/notice", "", &notice).await;
    assert_eq!(unsigned.status, 401);
}

#[tokio::test]
async fn the_simulation_is_for_this_machine_and_can_begin_afresh() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let placed = service.place_paid(&sandbox, "2500").await;
    let url = format!("{}/sandbox/v1/clock", sandbox.base());
    let body = json!({ "advance_seconds": 3600 }).to_string();
    let before = sandbox.now().await;
    let fields = [("origin", "https://evil.example")];
    let reply = sandbox.http.post(&url, &fields, body).await.expect("an answer");
    assert_eq!(reply.status, 403, "{}", reply.text());
    // Nor for the platform's own calls, whose addresses partners choose.
    for proof in ["UPI-JWS", "Authorization"] {
        let body = json!({ "advance_seconds": 3600 }).to_string();
        let reply = sandbox.http.post(&url, &[(proof, "x")], body).await.expect("an answer");
        assert_eq!(reply.status, 403, "{proof}: {}", reply.text());
    }
    for body in [json!({ "advance_seconds": -5 }), json!({ "advance_seconds": "x" }), json!([])] {
        let reply = sandbox.simulate("clock", &body).await;
        assert_eq!(reply.status, 400, "{body}: {}", reply.text());
    }
    assert!(sandbox.now().await < before + 3600, "nothing moved");
    let clock = sandbox.ask("clock").await;
    assert!(clock["now"].as_str().is_some_and(|now| now.ends_with('Z')), "{clock}");
    assert!(clock["advanced_seconds"].is_number(), "{clock}");
    let missing = format!("{}/sandbox/v1/timeline/nothing", sandbox.base());
    assert_eq!(sandbox.http.get(&missing).await.expect("an answer").status, 404);

    // Beyond the life of an activation code, which a reset issues anew.
    sandbox.advance(8 * 24 * 3600).await;
    let reset = sandbox.simulate("reset", &json!({})).await;
    assert_eq!(reset.status, 200, "{}", reset.text());
    service.inquire(&placed).await.expect("34");
    let placed = service.place_paid(&sandbox, "2500").await;
    assert_eq!(service.status(&placed).await, "SUCCESS");
    let paid = Till::first(&sandbox).await.pay(&client_sn(), &barcode("1234")).await;
    paid.is("PAY_SUCCESS", "");
    sandbox.verify_books();
}

/// Whoever was refused with a bare E0 reads why.
#[tokio::test]
async fn a_refusal_is_explained_by_its_id() {
    let sandbox = Sandbox::start();
    let partner = sandbox.industry(0);
    let refused = partner.post(SUBMIT, "no token", "{}").await;
    assert_eq!(refused.status, 401);
    let id = refused.header("UPI-DIAGNOSIS").to_owned();
    let url = format!("{}/sandbox/v1/diagnosis/{id}", sandbox.base());
    let record = until("the record of a refusal", async || {
        let reply = sandbox.http.get(&url).await?;
        if reply.status == 200 { Ok(reply.json()) } else { Err(reply.text()) }
    })
    .await;
    assert_eq!(record["path"], SUBMIT, "{record}");
    assert!(record["cause"].is_string(), "{record}");
    let other = format!("{}/sandbox/v1/diagnosis/unknown", sandbox.base());
    assert_eq!(sandbox.http.get(&other).await.expect("an answer").status, 404);
}

/// No new master key lies beside data that it does not open.
#[test]
fn a_master_key_that_was_lost_is_missed() {
    let mut sandbox = Sandbox::start();
    sandbox.kill();
    let key = sandbox.folder.join("master.key");
    std::fs::remove_file(&key).expect("a key");
    let listen = format!("127.0.0.1:{}", sandbox.port);
    let data = sandbox.folder.to_string_lossy();
    let output = run(&["sandbox", "--data", &data, "--listen", &listen]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("master.key") && told.contains("put it back"), "{told}");
    assert!(!key.exists(), "another one was made");
}
