//! Each code of the response table is reached, with words that name field and rule.

use serde_json::json;

use crate::harness::messages::{REFUND, SUBMIT, order_id, wrapped};
use crate::harness::{Placed, Sandbox, Service};

#[tokio::test]
async fn every_code_of_the_table() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let placed = service.place_paid(&sandbox, "9000").await;

    // 01: the downstream system refuses for good.
    let refused = service.send(REFUND, &service.reversal(&placed, "51")).await.expect("01");
    // Its own code is told by the inquiry alone.
    assert_eq!(refused.detail(), "trxInfo: refused by the downstream system", "{}", refused.0);
    // 05: taken on, the result comes later.
    service.send(REFUND, &service.reversal(&placed, "105")).await.expect("05");
    // 10, 36: see the tables of shapes and of the gate.
    service.send(SUBMIT, &service.order("0")).await.expect_detail("10", "trxInfo.txnAmt");
    let above = service.reversal(&placed, "8896");
    service.send(REFUND, &above).await.expect_detail("36", "txnAmt");
    // 34: no such transaction.
    let unknown = Placed { order_id: order_id(), ..placed.clone() };
    service.inquire(&unknown).await.expect("34");
    // 99: nothing was done.
    service.send(SUBMIT, &service.order("99")).await.expect("99");
    let answer = service.send_scenario(SUBMIT, &service.order("2500"), "99").await;
    answer.expect("99");
    signatures_in_the_body(&service).await;
}

/// 11: a signature in the body is verified wherever it is, whatever the setting demands.
async fn signatures_in_the_body(service: &Service) {
    let partner = &service.partner;
    let mut message = wrapped(partner, SUBMIT, &service.order("2500"));
    let id = partner.seed("sign_cert_id");
    message["certificateSignature"] = json!({ "appSignCertID": id, "signature": "00000000" });
    let signed = partner.sign_in_body(&message);
    partner.accept(&partner.post_signed(SUBMIT, &signed).await).expect("00");

    let changed = signed.replace("\"2500\"", "\"2600\"");
    partner.accept(&partner.post_signed(SUBMIT, &changed).await).expect("11");
    message["certificateSignature"]["appSignCertID"] = "424242".into();
    let answer = partner.post_signed(SUBMIT, &partner.sign_in_body(&message)).await;
    partner.accept(&answer).expect_detail("11", "appSignCertID");
    message["certificateSignature"]["appSignCertID"] = partner.seed("enc_cert_id").into();
    let answer = partner.post_signed(SUBMIT, &partner.sign_in_body(&message)).await;
    partner.accept(&answer).expect("11");
}
