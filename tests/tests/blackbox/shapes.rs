//! Every message against its declaration: valid, and with each flaw that each member can have.

use serde_json::{Value, json};
use wire::ucsp::{self, outline};
use wire::{Message, Shape, Side, generate};

use crate::harness::messages::{
    self, CANCEL, CARD_LIST, CARD_PAYLOAD, INQUIRE, INQUIRE_REFUND, LOGIN, REFUND, SUBMIT,
    message_id, stamp, wrapped,
};
use crate::harness::{Report, Sandbox, Service};

/// The messages that the platform takes, with path and shape.
const TAKEN: [(&Message, &str, Shape); 8] = [
    (&ucsp::CHANNEL_LOGIN_INFO, LOGIN, Shape::Flat),
    (&ucsp::GET_CARD_LIST, CARD_LIST, Shape::Wrapped),
    (&ucsp::GET_CARD_PAYLOAD, CARD_PAYLOAD, Shape::Wrapped),
    (&ucsp::SUBMIT_PAYMENT_ORDER, SUBMIT, Shape::Wrapped),
    (&ucsp::PAYMENT_RESULT_INQUIRY, INQUIRE, Shape::Wrapped),
    (&ucsp::PAYMENT_CANCELLATION, CANCEL, Shape::Wrapped),
    (&ucsp::PAYMENT_REFUND, REFUND, Shape::Wrapped),
    (&ucsp::REFUND_RESULT_INQUIRY, INQUIRE_REFUND, Shape::Wrapped),
];

fn partner_of(service: &Service, sandbox: &Sandbox, shape: Shape) -> crate::harness::Partner {
    if shape == Shape::Flat { sandbox.channel(0) } else { service.partner.clone() }
}

#[tokio::test]
async fn each_flaw_of_each_member_is_named_with_code_10() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let mut report = Report::default();
    let mut rows = 0;
    for (message, path, shape) in TAKEN {
        let partner = partner_of(&service, &sandbox, shape);
        for variant in generate::invalid_variants(message, shape, Side::Request) {
            rows += 1;
            let row = format!("{} {} {}", message.name, variant.path, variant.rule);
            let reply = partner.post_signed(path, &variant.value.to_string()).await;
            if reply.status != 200 {
                report.fail(format!("{row}: HTTP {} {}", reply.status, reply.text()));
                continue;
            }
            let answer = partner.accept(&reply);
            let named = answer.detail().contains(&variant.path)
                && answer.detail().contains(&variant.rule.to_string());
            report.check(answer.code() == "10" && named, || format!("{row}: {}", answer.0));
        }
    }
    assert!(rows > 300, "only {rows} flaws were tried");
    report.done();
}

/// The generated members with those of the seed data in place, so that only rules of business
/// are left to fail.
fn at_home(service: &Service, message: &Message, path: &str, mut generated: Value) -> Value {
    let own = service.order("2500");
    let trx = if path == LOGIN { &mut generated } else { &mut generated["trxInfo"] };
    for field in message.request.fields {
        let known = match field.id {
            "industryCode" => Some(json!(service.partner.code)),
            "encData" | "txnAmt" => None,
            id => own.get(id).cloned(),
        };
        if let (Some(value), true) = (known, trx.get(field.id).is_some()) {
            trx[field.id] = value;
        }
    }
    if let Some(object) = trx.as_object_mut() {
        object.remove("encData");
        object.remove("payTimeout");
    }
    if path == LOGIN {
        generated["msgID"] = message_id(&service.partner.code).into();
        return generated;
    }
    let body = generated["trxInfo"].take();
    wrapped(&service.partner, path, &body)
}

#[tokio::test]
async fn valid_messages_are_never_a_matter_of_format() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let mut report = Report::default();
    for (message, path, shape) in TAKEN {
        let partner = partner_of(&service, &sandbox, shape);
        for seed in 1..=12 {
            let made = generate::valid(message, shape, Side::Request, seed);
            let sent = at_home(&service, message, path, made);
            let reply = partner.post_signed(path, &sent.to_string()).await;
            report.check(reply.status == 200, || {
                format!("{} {seed}: HTTP {} {}", message.name, reply.status, reply.text())
            });
            if reply.status != 200 {
                continue;
            }
            let answer = partner.accept(&reply);
            let needs_mobile = answer.detail().starts_with("encData.mobile");
            let fine = answer.code() != "10" || (path == LOGIN && needs_mobile);
            report.check(fine, || format!("{} {seed}: {sent} -> {}", message.name, answer.0));
        }
    }
    report.done();
}

#[tokio::test]
async fn absent_unknown_and_odd_members() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let partner = &service.partner;
    null_and_empty_count_as_absent(&service).await;

    let mut order = service.order("2500");
    order["fromTheFuture"] = json!({ "deep": [1, true, null] });
    let mut message = wrapped(partner, SUBMIT, &order);
    message["alsoUnknown"] = json!(17);
    message["msgInfo"]["nonce"] = json!("x");
    partner.call(SUBMIT, &message).await.expect("00");

    let body = wrapped(partner, SUBMIT, &service.order("2500")).to_string();
    let twice = body.replacen("\"orderId\"", "\"orderId\":\"AAAAAAAA\",\"orderId\"", 1);
    let answer = partner.accept(&partner.post_signed(SUBMIT, &twice).await);
    answer.expect_detail("10", "trxInfo.orderId stands twice");

    for (body, words) in [
        ("{", "body is not JSON"),
        ("[]", "body must be a JSON object"),
        ("\"x\"", "body must be a JSON object"),
        ("", "body is not JSON"),
        ("{} {}", "body is not JSON"),
    ] {
        let answer = partner.accept(&partner.post_signed(SUBMIT, body).await);
        answer.expect_detail("10", words);
    }
    for depth in [17, 100, 20_000] {
        let deep = format!("{{\"x\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        let answer = partner.accept(&partner.post_signed(SUBMIT, &deep).await);
        answer.expect_detail("10", "body is nested too deep");
    }
    let wide: Vec<String> = (0..200).map(|n| format!("\"m{n}\":1")).collect();
    let answer = partner.post_signed(SUBMIT, &format!("{{{}}}", wide.join(","))).await;
    partner.accept(&answer).expect_detail("10", "body has too many members");
}

async fn null_and_empty_count_as_absent(service: &Service) {
    for nothing in [json!(null), json!("")] {
        let mut order = service.order("2500");
        order["orderDesc"] = nothing.clone();
        order["frontUrl"] = nothing.clone();
        let first = service.send(SUBMIT, &order).await.expect("00");
        // Absent and empty are the same content, so the same key gives the same answer.
        let object = order.as_object_mut().expect("an object");
        object.remove("orderDesc");
        object.remove("frontUrl");
        let again = service.send(SUBMIT, &order).await.expect("00");
        assert_eq!(first.get("tn"), again.get("tn"));
        order["userId"] = nothing;
        let answer = service.send(SUBMIT, &order).await;
        answer.expect_detail("10", "trxInfo.userId is missing");
    }
}

#[tokio::test]
async fn answers_carry_what_the_declaration_promises() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let order = service.order("2500");
    let message = wrapped(&service.partner, SUBMIT, &order);
    let answer = service.partner.call(SUBMIT, &message).await.expect("00");
    for name in ["versionNo", "msgID", "msgType", "industryCode"] {
        assert_eq!(answer.0["msgInfo"][name], message["msgInfo"][name], "{name}");
    }
    let stamped = answer.0["msgInfo"]["timeStamp"].as_str().unwrap();
    assert_eq!(stamped.len(), messages::stamp().len(), "{stamped}");
    assert_eq!(answer.0["msgResponse"]["responseMsg"], "Approved");
    for name in ["orderId", "txnTime", "merId"] {
        assert_eq!(answer.0["trxInfo"][name], order[name], "{name}");
    }
    assert_eq!(answer.get("tn").len(), 21);
    assert!(answer.get("paymentUrl").starts_with(&sandbox.base()));
    let members: Vec<&str> = answer.0.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["msgInfo", "trxInfo", "msgResponse"]);
    // A refusal returns the keys that could be read.
    let mut faulty = service.order("0");
    faulty["orderId"] = order_with_a_dash().into();
    let answer = service.send(SUBMIT, &faulty).await;
    assert_eq!(answer.code(), "10");
    assert_eq!(answer.0["trxInfo"]["txnTime"], faulty["txnTime"], "{}", answer.0);
    assert!(answer.detail().contains("trxInfo.orderId"), "{}", answer.0);
    assert!(answer.detail().contains("trxInfo.txnAmt"), "all faults are told: {}", answer.0);
    let rows = outline(&ucsp::SUBMIT_PAYMENT_ORDER, Shape::Wrapped, Side::Answer);
    assert!(rows.iter().any(|row| row.id == "msgResponse"));
    assert_eq!(stamp().len(), 14);
}

fn order_with_a_dash() -> String {
    format!("{}-1", messages::order_id())
}
