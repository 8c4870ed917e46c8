//! Points 1, 2, 3 and 21: who is let in, by which bytes, and what is taken leniently.

use serde_json::{Value, json};

use crate::harness::till::{ACTIVATE, BARCODE, DEVICE, PAY, QUERY, client_sn, code};
use crate::harness::{Report, Sandbox, Till, Vendor};

#[tokio::test]
async fn acceptance_01_the_signature_covers_the_bytes_as_they_are_sent() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let (sn, first, second) = (till.sn.clone(), client_sn(), client_sn());
    let spaced = format!(
        "{{ \"terminal_sn\" : \"{sn}\",\n\t\"client_sn\":\"{first}\", \"total_amount\": \"100\",\
         \"dynamic_id\":\"{BARCODE}\" ,\"subject\":\"披萨\",\"operator\":\"小凯\" }}\r\n"
    );
    let escaped = format!(
        "{{\"terminal_sn\":\"{sn}\",\"client_sn\":\"{second}\",\"total_amount\":\"100\",\
         \"dynamic_id\":\"{BARCODE}\",\"subject\":\"\\u62ab\\u8428\",\"operator\":\"a\\/b\"}}"
    );
    for body in [spaced, escaped] {
        let reply = till.post(PAY, body).await;
        assert_eq!(reply.is("PAY_SUCCESS", "").get("subject"), "披萨");
    }
    let body = till.message(&json!({ "client_sn": first })).to_string();
    let signed = till.authorization(body.as_bytes());
    let upper = signed.to_ascii_uppercase();
    till.post_as(QUERY, body.clone(), &[("authorization", &upper)]).await.is("SUCCESS", "");
    for at in [0, body.len() / 2, body.len() - 1] {
        let mut changed = body.clone().into_bytes();
        changed[at] ^= 1;
        let reply = till.post_as(QUERY, changed, &[("authorization", &signed)]).await;
        reply.is_refused("ILLEGAL_SIGN");
        assert_eq!(reply.outer_message(), "签名错误");
    }
    let added = format!("{body} ");
    till.post_as(QUERY, added, &[("authorization", &signed)]).await.is_refused("ILLEGAL_SIGN");
}

#[test]
fn acceptance_02_the_published_vectors() {
    let bodies = [
        (
            r#"{"terminal_sn":"123","client_sn":"abc"}"#,
            "19b820737ace6937a7808c",
            "306648da8e6ab3b4d92f63da3dea08cc",
        ),
        (r#"{"subject":"披萨"}"#, "k", "ebc4376c440b3fe55f999c8d1ce80944"),
        (r#"{"subject":"\u62ab\u8428"}"#, "k", "d111ed956fb836749f250b227bffbf30"),
        ("", "k", "8ce4b16b22b58894aa86c421e8759df3"),
    ];
    for (body, key, sign) in bodies {
        assert_eq!(jose::terminal::sign(body.as_bytes(), key), sign, "{body}");
    }
    let queries = [
        (
            "client_sn=abc&terminal_sn=123&total_amount=1",
            "19b820737ace6937a7808c",
            "FEF7DA867F4F1F2AF2AE847D3CDFBADC",
        ),
        (
            "client_sn=test&operator=TEST&return_url=test&subject=TEST&terminal_sn=test\
             &total_amount=3",
            "test",
            "D5AFC533FFD5EE8DA62A96661D636FF7",
        ),
        (
            "client_sn=o1&return_url=http://127.0.0.1/r?x=1&subject=披萨 大&terminal_sn=t\
             &total_amount=5",
            "k",
            "253219851CD15C0B9B78BF7E24C12F37",
        ),
    ];
    for (text, key, sign) in queries {
        assert_eq!(jose::terminal::sign_query(text, key), sign, "{text}");
    }
}

#[tokio::test]
async fn acceptance_03_unknown_and_foreign_terminals() {
    let sandbox = Sandbox::start();
    let (till, other) = (Till::first(&sandbox).await, Till::foreign(&sandbox).await);
    let nobody = Till { sn: "9999999999999999".to_owned(), ..till.clone() };
    let reply = nobody.query("a").await;
    assert_eq!(reply.is_refused("INVALID_TERMINAL").outer_message(), "终端错误");
    let foreign = json!({ "terminal_sn": other.sn, "client_sn": "a" }).to_string();
    till.post(QUERY, foreign).await.is_refused("INVALID_TERMINAL");
    let vendor = Vendor::of(&sandbox);
    let body = json!({
        "app_id": vendor.app_id, "code": code(&sandbox, 0), "device_id": DEVICE,
    });
    till.post(ACTIVATE, body.to_string()).await.is_refused("ILLEGAL_SIGN");
    let stranger = Till { sn: "1".to_owned(), ..till.clone() };
    stranger.post(ACTIVATE, body.to_string()).await.is_refused("ILLEGAL_SIGN");
    // A vendor's key opens nothing but activation.
    let vendor_as_till = Till { sn: vendor.sn.clone(), key: vendor.key.clone(), ..till.clone() };
    vendor_as_till.query("a").await.is_refused("INVALID_TERMINAL");
    nothing_is_read_before_the_signature(&till).await;
}

/// The order of the checks: header, terminal, digest, then what the body is.
async fn nothing_is_read_before_the_signature(till: &Till) {
    let mut report = Report::default();
    let good = till.authorization(b"{}");
    let garbage_signed = till.authorization(b"<html>");
    let array_signed = till.authorization(b"[]");
    let rows: [(&str, &str, &str); 9] = [
        ("", "{}", "ILLEGAL_SIGN"),
        ("Basic", "{}", "ILLEGAL_SIGN"),
        ("none", "<html>", "ILLEGAL_SIGN"),
        ("123 456", "<html>", "INVALID_TERMINAL"),
        (&good, "<html>", "ILLEGAL_SIGN"),
        (&format!("{} zz", till.sn), "{}", "ILLEGAL_SIGN"),
        (&good.replace(' ', "  "), "{}", "ILLEGAL_SIGN"),
        (&garbage_signed, "<html>", "INVALID_PARAMS"),
        (&array_signed, "[]", "INVALID_PARAMS"),
    ];
    for (header, body, code) in rows {
        for path in [PAY, QUERY] {
            let reply = till.post_as(path, body.to_owned(), &[("authorization", header)]).await;
            let seen = reply.outer();
            report.check(seen == ("400", code), || format!("{header:?} {body}: {seen:?}"));
        }
    }
    report.done();
}

/// A row: what is special, the path as sent, the content type, members beside those of a sale.
type Habit = (&'static str, &'static str, &'static str, Value);

/// What real clients send beside what is documented.
fn habits() -> [Habit; 14] {
    let json = "application/json";
    [
        ("a bare question mark", "/upay/v2/pay?", json, json!({})),
        ("a capital", PAY, "Application/json", json!({})),
        ("a charset", PAY, "application/json; charset=utf-8", json!({})),
        ("no type of its own", PAY, "text/plain", json!({})),
        (
            "nulls",
            PAY,
            json,
            json!({
                "payway": null, "description": null, "longitude": null, "latitude": null,
                "device_id": null, "extended": null, "goods_details": null, "reflect": null,
                "notify_url": null, "operator": null,
            }),
        ),
        (
            "empty texts",
            PAY,
            json,
            json!({
                "payway": "", "description": "", "longitude": "", "latitude": "", "device_id": "",
                "extended": "", "goods_details": "", "reflect": "", "notify_url": "",
                "operator": "",
            }),
        ),
        ("unknown members", PAY, json, json!({ "type": "2", "client_tsn": "x", "zz": [1, {}] })),
        ("integers", PAY, json, json!({ "total_amount": 100, "payway": 3 })),
        ("no operator", PAY, json, json!({ "operator": null })),
        ("a long device", PAY, json, json!({ "device_id": DEVICE })),
        ("an object to reflect", PAY, json, json!({ "reflect": { "tips": "100" } })),
        ("text of an object", PAY, json, json!({ "extended": "{\"goods_tag\":\"A\"}" })),
        (
            "goods of C#",
            PAY,
            json,
            json!({ "goods_details": [
            { "goods_id": "1", "goods_name": "Pizza", "quantity": "2", "price": "50",
              "promotion_type": "0" },
        ] }),
        ),
        (
            "goods with decimals",
            PAY,
            json,
            json!({ "goods_details": [
            { "goods_id": "1", "goods_name": "Apples", "quantity": 1.5, "price": 50,
              "promotion_type": 0 },
        ] }),
        ),
    ]
}

#[tokio::test]
async fn acceptance_21_lenient_input() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let mut report = Report::default();
    for (what, path, form, members) in habits() {
        let mut sale = till.message(&Till::sale(&client_sn(), BARCODE));
        for (name, value) in members.as_object().expect("members") {
            sale[name] = value.clone();
        }
        let body = sale.to_string();
        let authorization = till.authorization(body.as_bytes());
        let fields = [("authorization", authorization.as_str()), ("content-type", form)];
        let reply = till.post_as(path, body, &fields).await;
        report.check(reply.biz().0 == "PAY_SUCCESS", || format!("{what}: {}", reply.0));
        let reflect = reply.get("reflect");
        let expected = if members["reflect"].is_object() { r#"{"tips":"100"}"# } else { "" };
        report.check(reflect == expected, || format!("{what}: {reflect}"));
    }
    report.done();
}
