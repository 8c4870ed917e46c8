//! The messages of services and of the downstream system, from body to signed answer.

use std::sync::atomic::Ordering;

use app::directory::Directory;
use serde_json::{Value, json};

use crate::harness::{
    ACQUIRER, Call, INQUIRE, SERVICE, SUBMIT, World, order_fields, parties, submit, wrapped,
};

fn code(answer: &Value) -> &str {
    answer["msgResponse"]["responseCode"].as_str().unwrap()
}

fn detail(answer: &Value) -> &str {
    answer["msgResponse"]["errorDetail"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn a_placed_order_is_found_again() {
    let world = World::new();
    let answer = world.call(SERVICE, SUBMIT, &submit("PK20260105000017")).await;
    assert_eq!(code(&answer), "00");
    let tn = answer["trxInfo"]["tn"].as_str().unwrap();
    let url = answer["trxInfo"]["paymentUrl"].as_str().unwrap();
    assert_eq!(url, format!("https://ucsp.example/cashier/{tn}"));
    assert_eq!(answer["msgInfo"]["timeStamp"], "20260105103000");
    let fields = json!({
        "orderId": "PK20260105000017", "txnTime": "20260105103000",
        "merId": "100000010000017", "acqIIN": "00010344",
    });
    let inquiry = wrapped("10000001", "PAYMENT_RESULT_INQUIRY", &fields.to_string());
    let answer = world.call(SERVICE, INQUIRE, &inquiry).await;
    assert_eq!((code(&answer), &answer["trxInfo"]["txnStatus"]), ("00", &"CREATED".into()));
}

#[tokio::test]
async fn all_faults_of_a_shape_are_listed_and_keys_returned() {
    let world = World::new();
    let fields = order_fields("PK20260105000017", "").replace("4850", "0");
    let fields = fields.replace(r#""currencyCode":"344","#, "");
    let body = wrapped("10000001", "SUBMIT_PAYMENT_ORDER", &fields);
    let answer = world.call(SERVICE, SUBMIT, &body).await;
    assert_eq!(code(&answer), "10");
    assert!(detail(&answer).contains("txnAmt"), "{}", detail(&answer));
    assert!(detail(&answer).contains("currencyCode is missing"), "{}", detail(&answer));
    assert_eq!(answer["trxInfo"]["orderId"], "PK20260105000017");
    let answer = world.call(SERVICE, SUBMIT, "not JSON").await;
    assert_eq!(code(&answer), "10");
}

#[tokio::test]
async fn what_belongs_to_others_is_refused() {
    let world = World::new();
    let other = wrapped("10000002", "SUBMIT_PAYMENT_ORDER", &order_fields("PK20260105", ""));
    let answer = world.call(SERVICE, SUBMIT, &other).await;
    assert_eq!(code(&answer), "36");
    assert!(detail(&answer).contains("industryCode"), "{}", detail(&answer));
    let cards = r#"{"channelCode":"20000001","userId":"u-77","industryCode":"10000002"}"#;
    let cards = wrapped("10000001", "GET_CARD_LIST", cards);
    let answer = world.call(SERVICE, "/ucsp/industry/v1/getcardlist", &cards).await;
    assert_eq!(code(&answer), "36");
}

#[tokio::test]
async fn a_changed_duplicate_names_the_field() {
    let world = World::new();
    world.call(SERVICE, SUBMIT, &submit("PK20260105000017")).await;
    let changed = order_fields("PK20260105000017", "").replace("4850", "4851");
    let body = wrapped("10000001", "SUBMIT_PAYMENT_ORDER", &changed);
    let answer = world.call(SERVICE, SUBMIT, &body).await;
    assert_eq!(code(&answer), "36");
    assert!(detail(&answer).starts_with("txnAmt"), "{}", detail(&answer));
}

#[tokio::test]
async fn cards_come_through_and_reversals_of_the_unknown_do_not() {
    let world = World::new();
    let ask = r#"{"channelCode":"20000001","userId":"u-77","industryCode":"10000001"}"#;
    let cards = wrapped("10000001", "GET_CARD_LIST", ask);
    let answer = world.call(SERVICE, "/ucsp/industry/v1/getcardlist", &cards).await;
    assert_eq!(answer["trxInfo"]["cardList"][0]["maskedPan"], "6250********0016");
    let ask =
        r#"{"channelCode":"20000001","userId":"u-77","industryCode":"10000001","cardId":"card-1"}"#;
    let payload = wrapped("10000001", "GET_CARD_PAYLOAD", ask);
    let answer = world.call(SERVICE, "/ucsp/industry/v1/getcardpayload", &payload).await;
    assert_eq!(answer["trxInfo"]["encData"], "a.b.c.d.e");
    let refund = json!({
        "orderId": "RF20260105", "txnTime": "20260105103001",
        "origQryId": "202601051030010000017", "merId": "100000010000017",
        "acqIIN": "00010344", "txnAmt": "1", "currencyCode": "344",
    });
    for (path, kind) in
        [("paymentrefund", "PAYMENT_REFUND"), ("paymentcancellation", "PAYMENT_CANCELLATION")]
    {
        let body = wrapped("10000001", kind, &refund.to_string());
        let answer = world.call(SERVICE, &format!("/ucsp/industry/v1/{path}"), &body).await;
        assert_eq!(code(&answer), "34", "{kind}");
    }
    let ask =
        r#"{"queryId":"202601051030010000017","merId":"100000010000017","acqIIN":"00010344"}"#;
    let body = wrapped("10000001", "REFUND_RESULT_INQUIRY", ask);
    let answer = world.call(SERVICE, "/ucsp/industry/v1/refundresultinquiry", &body).await;
    assert_eq!(code(&answer), "34");
}

#[tokio::test]
async fn a_fault_of_ours_is_99_with_an_id() {
    let world = World::new();
    world.behind.place_panics.store(true, Ordering::SeqCst);
    let answer = world.call(SERVICE, SUBMIT, &submit("PK20260105000017")).await;
    assert_eq!(code(&answer), "99");
    assert!(detail(&answer).contains("incident-"), "{}", detail(&answer));
    world.behind.place_panics.store(false, Ordering::SeqCst);
    let answer = world.call(SERVICE, SUBMIT, &submit("PK20260105000017")).await;
    assert_eq!(code(&answer), "00");
}

#[tokio::test]
async fn the_downstream_system_is_believed_only_about_its_own() {
    let world = World::new();
    let notice = json!({
        "tn": "800000000000000000001", "merId": "100000010000017",
        "queryId": "000000000000000000002", "status": "SUCCESS", "respCode": "00",
        "respMsg": "ok",
    });
    let notice = &notice.to_string();
    let path = "/downstream/v1/notice";
    assert_eq!(world.call(ACQUIRER, path, notice).await["respCode"], "34");
    assert_eq!(world.call(SERVICE, path, notice).await["respCode"], "36");
    assert_eq!(world.call(ACQUIRER, path, "{}").await["respCode"], "10");
}

/// `X-Sandbox-Scenario` with what is no row of the table says so instead of doing nothing.
#[tokio::test]
async fn an_unknown_scenario_is_refused_in_the_sandbox_and_not_heard_outside() {
    let world = World::new();
    let place = async |order: &str, values: &[&str]| {
        let mut request = Call::new(SERVICE, SUBMIT, &submit(order)).request();
        for value in values {
            request.headers_mut().append("X-Sandbox-Scenario", value.parse().unwrap());
        }
        world.send(request).await.json()
    };
    let answer = place("PK2026010500001", &["what"]).await;
    assert_eq!(code(&answer), "00", "a service in production is not asked");
    let mut parties = parties();
    for application in &mut parties.applications {
        application.sandbox = true;
    }
    world.platform.directory.set(Directory::new(parties));
    let odd: [&[&str]; 7] = [&["what"], &["50"], &["7"], &["007"], &["+7"], &[""], &["07", "07"]];
    for values in odd {
        let answer = place("PK2026010500002", values).await;
        assert_eq!(code(&answer), "10", "{values:?}");
        assert!(detail(&answer).starts_with("X-Sandbox-Scenario"), "{}", detail(&answer));
        assert!(detail(&answer).contains("00 to 49, 51, 54, 61, 91, 96, 98, 99"));
        assert_eq!(answer["trxInfo"]["orderId"], "PK2026010500002");
    }
    for (at, value) in ["00", "07", "49", "51", "98", "99"].into_iter().enumerate() {
        let answer = place(&format!("PK202601050001{at}"), &[value]).await;
        assert_ne!(code(&answer), "10", "{value}");
    }
}

/// The reference says of each message whether it is served, and the routes say the same.
#[tokio::test]
async fn what_is_declared_as_served_is_served_and_nothing_else() {
    let world = World::new();
    let mut seen = [0, 0];
    for message in wire::ucsp::MESSAGES {
        for leg in message.legs {
            let wire::message::Address::Path(path) = leg.address else { continue };
            let request = match leg.method {
                wire::Method::Post => crate::harness::post(path, "{}", None),
                wire::Method::Get => crate::harness::get(path),
            };
            let status = world.send(request).await.status;
            assert_eq!(status != 404, message.served, "{} {path}: {status}", message.name);
            seen[usize::from(message.served)] += 1;
        }
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}
