//! The gate: checks 1 to 9 of the signature's section, each broken alone, and who may do what.

use serde_json::{Value, json};

use crate::harness::http::Reply;
use crate::harness::messages::{
    CANCEL, INQUIRE, INQUIRE_REFUND, LOGIN, REFUND, SUBMIT, login, wrapped,
};
use crate::harness::partner::{Protected, real_now};
use crate::harness::{Partner, Report, Sandbox, Service};

const E0: &str = r#"{"MsgResponse":{"responseCode":"E0","responseMsg":"Unauthorized access"}}"#;
const MALFORMED: &str =
    r#"{"MsgResponse":{"responseCode":"10","responseMsg":"Message Format Invalid"}}"#;

/// How a header is got wrong.
type Break = fn(&Partner, &mut Protected);

/// What breaks, how, and whether the refusal can be signed: application and `kid` are known.
const BROKEN: [(&str, Break, bool); 27] = [
    ("3 alg none", |_, header| set(header, "alg", json!("none")), true),
    ("3 alg HS256", |_, header| set(header, "alg", json!("HS256")), true),
    ("3 alg PS256", |_, header| set(header, "alg", json!("PS256")), true),
    ("3 no alg", |_, header| drop(header.remove("alg")), true),
    ("3 no crit", |_, header| drop(header.remove("crit")), true),
    ("3 crit empty", |_, header| set(header, "crit", json!([])), true),
    (
        "3 crit lacks one",
        |_, header| crit(header, &["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID"]),
        true,
    ),
    (
        "3 crit names a stranger",
        |_, header| {
            set(header, "x", json!(1));
            crit(header, &["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH", "x"]);
        },
        true,
    ),
    ("3 no uuid", |_, header| drop(header.remove("UPI-UUID")), true),
    ("3 uuid upper case", |_, header| set(header, "UPI-UUID", json!("A".repeat(32))), true),
    ("3 uuid short", |_, header| set(header, "UPI-UUID", json!("a".repeat(31))), true),
    ("3 no timestamp", |_, header| drop(header.remove("UPI-TIMESTAMP")), true),
    (
        "3 timestamp a number",
        |_, header| {
            set(header, "UPI-TIMESTAMP", json!(real_now().as_second()));
        },
        true,
    ),
    ("3 no app id", |_, header| drop(header.remove("UPI-APPID")), false),
    ("3 no path", |_, header| drop(header.remove("UPI-REQPATH")), true),
    ("4 unknown app id", |_, header| set(header, "UPI-APPID", json!("99999999")), false),
    ("5 unknown kid", |_, header| set(header, "kid", json!("424242")), false),
    ("5 no kid", |_, header| drop(header.remove("kid")), false),
    (
        "5 kid of the encryption certificate",
        |partner, header| {
            set(header, "kid", partner.seed["enc_cert_id"].clone());
        },
        true,
    ),
    ("6 301 s old", |_, header| stamp(header, -301), true),
    ("6 310 s ahead", |_, header| stamp(header, 310), true),
    (
        "6 milliseconds",
        |_, header| {
            set(header, "UPI-TIMESTAMP", json!(real_now().as_millisecond().to_string()));
        },
        true,
    ),
    ("6 no number", |_, header| set(header, "UPI-TIMESTAMP", json!("now")), true),
    ("7 another path", |_, header| set(header, "UPI-REQPATH", json!(REFUND)), true),
    (
        "7 with the host",
        |_, header| {
            set(header, "UPI-REQPATH", json!(format!("http://127.0.0.1{INQUIRE}")));
        },
        true,
    ),
    (
        "7 slash at the end",
        |_, header| set(header, "UPI-REQPATH", json!(format!("{INQUIRE}/"))),
        true,
    ),
    (
        "7 with a query",
        |_, header| set(header, "UPI-REQPATH", json!(format!("{INQUIRE}?a=1"))),
        true,
    ),
];

fn set(header: &mut Protected, name: &str, value: Value) {
    header.insert(name.to_owned(), value);
}

fn crit(header: &mut Protected, names: &[&str]) {
    set(header, "crit", json!(names));
}

fn stamp(header: &mut Protected, seconds: i64) {
    set(header, "UPI-TIMESTAMP", json!((real_now().as_second() + seconds).to_string()));
}

/// Notes what is wrong with a refusal of checks 2 to 9.
fn refused(report: &mut Report, partner: &Partner, row: &str, reply: &Reply, signed: Option<bool>) {
    report.check(reply.status == 401 && reply.text() == E0, || {
        format!("{row}: HTTP {} {}", reply.status, reply.text())
    });
    let has = !reply.header("UPI-JWS").is_empty();
    match signed {
        Some(true) => {
            let verified = partner.check_signature(reply);
            report.check(verified.is_ok(), || format!("{row}: the refusal: {verified:?}"));
        }
        Some(false) => report.check(!has, || format!("{row}: signed for a stranger")),
        None => {}
    }
}

#[tokio::test]
async fn checks_2_to_9_one_at_a_time() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let partner = &service.partner;
    let placed = service.place("2500").await;
    let question = json!({
        "orderId": placed.order_id, "txnTime": placed.txn_time,
        "merId": partner.seed("mer_id"), "acqIIN": partner.seed("acq_iin"),
    });
    let body = wrapped(partner, INQUIRE, &question).to_string();
    let mut report = Report::default();
    for (row, break_it, signed) in BROKEN {
        let mut header = partner.protected(INQUIRE);
        break_it(partner, &mut header);
        let reply = partner.post(INQUIRE, &partner.sign(&header, body.as_bytes()), &body).await;
        refused(&mut report, partner, row, &reply, Some(signed));
        let diagnosis = reply.header("UPI-DIAGNOSIS");
        report.check(!diagnosis.is_empty(), || format!("{row}: no UPI-DIAGNOSIS"));
    }
    broken_values(&mut report, partner, &body).await;
    // After all of that the same body, signed well, still passes.
    partner.accept(&partner.post_signed(INQUIRE, &body).await).expect("00");
    report.done();
}

/// Checks 2, 8 and 9: the header's value itself, the signature, the UUID.
async fn broken_values(report: &mut Report, partner: &Partner, body: &str) {
    let good = partner.header(INQUIRE, body.as_bytes());
    let (head, signature) = good.split_once("..").expect("two parts");
    let attached = format!("{head}.eyJhIjoiMSJ9.{signature}");
    let padded = format!("{head}..{signature}==");
    let no_json = partner.sign_text("{", body.as_bytes());
    let list = partner.sign_text("[]", body.as_bytes());
    let half = format!("{head}..{}", &signature[..signature.len() / 2]);
    let header = partner.protected(INQUIRE);
    let rows = [
        ("2 no header", String::new(), Some(false)),
        ("2 one part", head.to_owned(), Some(false)),
        ("2 payload attached", attached, Some(false)),
        ("2 four parts", format!("{good}."), Some(false)),
        ("2 empty parts", "..".to_owned(), Some(false)),
        ("2 padded", padded, None),
        ("3 header no JSON", no_json, Some(false)),
        ("3 header a list", list, Some(false)),
        ("8 half a signature", half, None),
        ("8 no signature", format!("{head}.."), None),
        ("8 another body", partner.header(INQUIRE, b"{}"), Some(true)),
        ("8 the wrong key", partner.sign_with_wrong_key(&header, body.as_bytes()), Some(true)),
    ];
    for (row, value, signed) in rows {
        let reply = partner.post(INQUIRE, &value, body).await;
        refused(report, partner, row, &reply, signed);
    }
    let used = partner.header(INQUIRE, body.as_bytes());
    partner.accept(&partner.post(INQUIRE, &used, body).await).expect("00");
    for _ in 0..2 {
        let again = partner.post(INQUIRE, &used, body).await;
        refused(report, partner, "9 replayed", &again, Some(true));
    }
    let url = format!("{}{INQUIRE}", partner.base);
    let twice = [
        ("UPI-JWS", partner.header(INQUIRE, body.as_bytes())),
        ("UPI-JWS", partner.header(INQUIRE, body.as_bytes())),
    ];
    let twice: Vec<(&str, &str)> = twice.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let reply = partner.http.post(&url, &twice, body.to_owned()).await.expect("an answer");
    refused(report, partner, "2 two headers", &reply, None);
}

#[tokio::test]
async fn check_1_the_outside_of_the_body() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let partner = &service.partner;
    let url = format!("{}{SUBMIT}", partner.base);
    let body = wrapped(partner, SUBMIT, &service.order("2500")).to_string();
    let mut report = Report::default();
    let kinds =
        ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=gbk"];
    for kind in kinds {
        let jws = partner.header(SUBMIT, body.as_bytes());
        let fields = [("content-type", kind), ("UPI-JWS", jws.as_str())];
        let reply = partner.http.post(&url, &fields, body.clone()).await.expect("an answer");
        report.check(reply.status == 415 && reply.text() == MALFORMED, || {
            format!("{kind}: HTTP {} {}", reply.status, reply.text())
        });
    }
    let mut broken = body.clone().into_bytes();
    broken.extend([b'"', 0xff, 0xfe]);
    let jws = partner.header(SUBMIT, &broken);
    let reply = partner.http.post(&url, &[("UPI-JWS", &jws)], broken).await.expect("an answer");
    report.check(reply.status == 400 && reply.text() == MALFORMED, || {
        format!("not UTF-8: HTTP {} {}", reply.status, reply.text())
    });
    for size in [256 * 1024 + 1, 4 * 1024 * 1024] {
        let large = format!("{body}{}", " ".repeat(size - body.len()));
        // The server may hang up on what it does not want to read.
        match partner.http.post(&url, &[("UPI-JWS", "x")], large).await {
            Ok(reply) => report.check(reply.status == 413 && reply.text() == MALFORMED, || {
                format!("{size} bytes: HTTP {} {}", reply.status, reply.text())
            }),
            Err(error) => report.check(size > 300_000, || format!("{size} bytes: {error}")),
        }
    }
    let largest = format!("{body}{}", " ".repeat(256 * 1024 - body.len()));
    partner.accept(&partner.post_signed(SUBMIT, &largest).await).expect("00");
    for kind in ["application/json; charset=utf-8", "Application/JSON"] {
        let body = wrapped(partner, SUBMIT, &service.order("2500")).to_string();
        let reply = partner.try_post(SUBMIT, &body, &[("content-type", kind)]).await;
        let reply = reply.expect("an answer");
        report.check(reply.status == 200, || format!("{kind}: {}", reply.text()));
    }
    let get = partner.http.get(&url).await.expect("an answer");
    report.check(get.status == 405, || format!("GET: HTTP {}", get.status));
    report.done();
}

#[tokio::test]
async fn parties_keep_to_their_own() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let other = Service::at(&sandbox, 1, 1);
    let channel = sandbox.channel(0);
    let (partner, own) = (&service.partner, &service.partner.code);

    // A channel's application at a service's door, and the other way round.
    let message = wrapped(partner, SUBMIT, &service.order("2500"));
    channel.call(SUBMIT, &message).await.expect("36");
    partner.call(LOGIN, &login(&channel, own, Some("+85291234567"))).await.expect("36");

    // Codes and merchants of others.
    let mut message = wrapped(partner, SUBMIT, &service.order("2500"));
    message["msgInfo"]["industryCode"] = other.partner.code.as_str().into();
    partner.call(SUBMIT, &message).await.expect_detail("36", "industryCode");
    let mut order = service.order("2500");
    order["merId"] = other.partner.seed("mer_id").into();
    service.send(SUBMIT, &order).await.expect_detail("36", "merId");
    order["merId"] = "999999999999999".into();
    service.send(SUBMIT, &order).await.expect_detail("36", "merId");
    let mut order = service.order("2500");
    order["acqIIN"] = "99999999".into();
    service.send(SUBMIT, &order).await.expect_detail("36", "acqIIN");
    let mut order = service.order("2500");
    order["channelCode"] = "99999999".into();
    service.send(SUBMIT, &order).await.expect_detail("36", "channelCode");
    let mut order = service.order("2500");
    order["currencyCode"] = "840".into();
    service.send(SUBMIT, &order).await.expect_detail("36", "currencyCode");

    // The pair that is not opened.
    let shut = Service::at(&sandbox, 1, 0);
    shut.send(SUBMIT, &shut.order("2500")).await.expect_detail("36", "channelCode");
    let message = login(&channel, &other.partner.code, None);
    channel.call(LOGIN, &message).await.expect_detail("36", "industryCode");
    let message = login(&channel, "99999999", None);
    channel.call(LOGIN, &message).await.expect_detail("36", "industryCode");
    let mut message = login(&channel, own, Some("+85291234567"));
    message["channelCode"] = sandbox.channel(1).code.into();
    channel.call(LOGIN, &message).await.expect_detail("36", "channelCode");

    orders_of_others_are_unknown(&sandbox, &service, &other).await;
}

/// "Does not exist" and "is another's" are told alike.
async fn orders_of_others_are_unknown(sandbox: &Sandbox, service: &Service, other: &Service) {
    let placed = service.place_paid(sandbox, "2500").await;
    let query_id = service.status_query_id(&placed).await;
    let reversal = service.reversal(&placed, "2500");
    service.send(REFUND, &reversal).await.expect_taken();
    for path in [CANCEL, REFUND] {
        other.send(path, &other.reversal(&placed, "2500")).await.expect("34");
        let mut by_number = other.reversal(&placed, "2500");
        let object = by_number.as_object_mut().expect("an object");
        object.remove("origOrderId");
        object.remove("origTxnTime");
        by_number["origQryId"] = query_id.as_str().into();
        other.send(path, &by_number).await.expect("34");
        by_number["orderId"] = crate::harness::messages::order_id().into();
        by_number["origQryId"] = "1".repeat(21).into();
        other.send(path, &by_number).await.expect("34");
    }
    other.inquire(&placed).await.expect("34");
    other.inquire_reversal(&reversal).await.expect("34");
    let mut question = service.reversal(&placed, "2500");
    question["orderId"] = crate::harness::messages::order_id().into();
    service.send(INQUIRE_REFUND, &question).await.expect("34");
    // A payment is no refund, and a refund no payment.
    let payment = json!({ "orderId": placed.order_id, "txnTime": placed.txn_time });
    service.inquire_reversal(&payment).await.expect("34");
}

#[tokio::test]
async fn replays_of_bytes_and_of_business() {
    let mut sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let order = service.order("2500");
    let body = wrapped(&service.partner, SUBMIT, &order).to_string();
    let jws = service.partner.header(SUBMIT, body.as_bytes());
    let first = service.partner.accept(&service.partner.post(SUBMIT, &jws, &body).await);
    let first = first.expect("00");
    let mut report = Report::default();
    let again = service.partner.post(SUBMIT, &jws, &body).await;
    refused(&mut report, &service.partner, "the same bytes", &again, Some(true));

    // The same business under a fresh UUID gets the first answer; other content gets 36.
    let fresh = service.send(SUBMIT, &order).await.expect("00");
    assert_eq!(fresh.0["trxInfo"], first.0["trxInfo"]);
    for (field, value) in [
        ("txnAmt", json!("2501")),
        ("userId", json!("somebody")),
        ("orderDesc", json!("another thing")),
        ("goodsList", json!([{ "goodsName": "x" }])),
    ] {
        let mut changed = order.clone();
        changed[field] = value;
        service.send(SUBMIT, &changed).await.expect_detail("36", field);
    }
    changed_reversals(&sandbox, &service, &order).await;

    sandbox.kill();
    sandbox.start_again();
    let service = Service::first(&sandbox);
    let after = service.partner.post(SUBMIT, &jws, &body).await;
    let row = "the same bytes after a restart";
    if after.status == 200 {
        // What only answers the first answer again writes nothing, so nothing is refused.
        let answer = service.partner.accept(&after).expect("00");
        report.check(answer.0["trxInfo"] == first.0["trxInfo"], || format!("{row}: {}", answer.0));
        report.fail(format!("{row}: answered {}", answer.0));
    } else {
        refused(&mut report, &service.partner, row, &after, Some(true));
    }
    let fresh = service.send(SUBMIT, &order).await.expect("00");
    assert_eq!(fresh.0["trxInfo"], first.0["trxInfo"], "the first answer after a restart");
    report.done();
}

/// The key is one space for payments, refunds and cancellations.
async fn changed_reversals(sandbox: &Sandbox, service: &Service, order: &Value) {
    let placed = service.place_paid(sandbox, "3000").await;
    let mut as_refund = service.reversal(&placed, "1000");
    as_refund["orderId"] = order["orderId"].clone();
    as_refund["txnTime"] = order["txnTime"].clone();
    let answer = service.send(REFUND, &as_refund).await.expect("36");
    assert!(!answer.detail().is_empty(), "{}", answer.0);
    let refund = service.reversal(&placed, "1000");
    let first = service.send(REFUND, &refund).await.expect_taken();
    service.wait_for_reversal(&refund, "SUCCESS").await;
    let again = service.send(REFUND, &refund).await;
    assert_eq!(again.0["trxInfo"], first.0["trxInfo"], "the first answer again: {}", again.0);
    assert_eq!(again.code(), first.code(), "{}", again.0);
    let mut changed = refund.clone();
    changed["txnAmt"] = "1001".into();
    service.send(REFUND, &changed).await.expect_detail("36", "txnAmt");
    service.send(CANCEL, &refund).await.expect("36");
    let answer = service.inquire(&placed).await.expect("00");
    assert_eq!(answer.get("refundedAmt"), "1000", "{}", answer.0);
}
