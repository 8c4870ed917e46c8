//! Points 12 and 13: the payer comes to the code.

use serde_json::{Value, json};

use crate::harness::till::{PRECREATE, client_sn};
use crate::harness::{Sandbox, Till};

#[tokio::test]
async fn acceptance_12_a_code_lives_for_four_minutes() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let (paid, never) = (client_sn(), client_sn());
    for number in [&paid, &never] {
        let reply = till.call(PRECREATE, &Till::offer(number)).await;
        reply.is("PRECREATE_SUCCESS", "").stands("CREATED", "IN_PROG", "100");
        assert_eq!(reply.get("sub_payway"), "2");
        assert!(reply.get("qr_code").len() <= 128 && reply.get("qr_code").contains("://"));
        let picture = sandbox.http.get(reply.get("qr_code_image_url")).await.expect("a picture");
        let form = picture.header("content-type");
        assert_eq!((picture.status, form), (200, "image/png"));
        assert!(picture.body.starts_with(b"\x89PNG"));
    }
    // The wallet's page, as the payer's phone opens it.
    let reply = till.query(&paid).await;
    let sn = reply.get("sn").to_owned();
    let answer = sandbox.simulate("pay", &json!({ "sn": sn, "outcome": "success" })).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    till.wait_for(&paid, "PAID").await.is("SUCCESS", "").stands("PAID", "SUCCESS", "100");

    sandbox.advance(232).await;
    till.query(&never).await.is("SUCCESS", "").stands("CREATED", "IN_PROG", "100");
    sandbox.advance(9).await;
    let reply = till.query(&never).await;
    reply.is("SUCCESS", "TRADE_TIMEOUT").stands("PAY_CANCELED", "FAIL_CANCELED", "100");
    let late = sandbox.simulate("pay", &json!({ "sn": reply.get("sn") })).await;
    assert_eq!(late.status, 409, "{}", late.text());
    till.query(&never).await.stands("PAY_CANCELED", "FAIL_CANCELED", "100");
    let mut qq = Till::offer(&client_sn());
    qq["payway"] = "6".into();
    till.call(PRECREATE, &qq).await.is("FAIL", "UNEXPECTED_PROVIDER_ERROR");
    sandbox.verify_books();
}

#[tokio::test]
async fn the_payer_pays_refuses_or_leaves_on_the_wallets_page() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let ends = [
        ("pay", "PAID", "SUCCESS", "100"),
        ("refuse", "PAY_CANCELED", "FAIL_CANCELED", "100"),
        ("leave", "CREATED", "IN_PROG", "100"),
    ];
    for (choice, order, transaction, net) in ends {
        let number = client_sn();
        let page = till.call(PRECREATE, &Till::offer(&number)).await.get("qr_code").to_owned();
        let shown = sandbox.http.get(&page).await.expect("the wallet's page");
        assert_eq!(shown.status, 200);
        assert!(shown.text().contains("Pizza"), "{}", shown.text());
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let pressed = sandbox.http.post(&page, &form, format!("choice={choice}")).await;
        assert!(pressed.expect("an answer").status < 400);
        till.wait_for(&number, order).await.stands(order, transaction, net);
    }
}

#[tokio::test]
async fn acceptance_13_what_a_page_needs_to_pay_is_text() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    for sub_payway in ["3", "4"] {
        let mut offer = Till::offer(&client_sn());
        offer["sub_payway"] = sub_payway.into();
        offer["payer_uid"] = "oPayer".into();
        let reply = till.call(PRECREATE, &offer).await;
        reply.is("PRECREATE_SUCCESS", "").stands("CREATED", "IN_PROG", "100");
        assert_eq!(reply.get("sub_payway"), sub_payway);
        let text = reply.get("wap_pay_request");
        let inside: Value = serde_json::from_str(text).expect("JSON inside the string");
        assert!(text.len() <= 1024, "{text}");
        for name in ["appid", "noncestr", "package", "prepayid", "sign", "timestamp"] {
            assert!(inside[name].is_string(), "{name} in {text}");
        }
    }
}
