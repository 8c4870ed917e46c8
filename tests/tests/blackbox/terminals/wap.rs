//! Point 20: the gateway for browsers.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bytes::Bytes;
use http::Method;

use crate::harness::http::Reply;
use crate::harness::messages::{location, query_member};
use crate::harness::till::client_sn;
use crate::harness::{Sandbox, Till};

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The sign of parameters: sorted, joined, with the key behind (upay.md section 7.2).
fn sign(parameters: &BTreeMap<String, String>, key: &str) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .filter(|(name, _)| name.as_str() != "sign")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    jose::terminal::sign_query(&pairs.join("&"), key)
}

/// A link to the gateway for five cents, signed by the terminal; `more` is added behind.
pub(super) fn link(till: &Till, client_sn: &str, return_url: &str, more: &str) -> String {
    let pairs = [
        ("terminal_sn", till.sn.as_str()),
        ("client_sn", client_sn),
        ("total_amount", "5"),
        ("subject", "披萨 大"),
        ("operator", "kay"),
        ("reflect", "bay=17&x"),
        ("description", ""),
        ("return_url", return_url),
    ];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let parameters: BTreeMap<String, String> = pairs.into_iter().map(owned).collect();
    let sign = sign(&parameters, &till.key);
    let query: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    format!("{}/qr/gateway?{}&sign={sign}{more}", till.base, query.join("&"))
}

/// The parameters that were added to the shop's address; their sign must hold.
#[track_caller]
fn came_back(address: &str, return_url: &str, key: &str) -> BTreeMap<String, String> {
    let rest = address.strip_prefix(return_url).unwrap_or_else(|| panic!("{address}"));
    let joint = if return_url.contains('?') { '&' } else { '?' };
    let rest = rest.strip_prefix(joint).unwrap_or_else(|| panic!("{address}"));
    let name = |pair: &str| pair.split_once('=').expect("a value").0.to_owned();
    let query = format!("?{rest}");
    let value = |name: &str| query_member(&query, name).expect("a value");
    let found: BTreeMap<String, String> =
        rest.split('&').map(|pair| (name(pair), value(&name(pair)))).collect();
    assert_eq!(found["sign"], sign(&found, key), "{address}");
    found
}

async fn get(sandbox: &Sandbox, url: &str) -> Reply {
    sandbox.http.get(url).await.expect("an answer")
}

#[tokio::test]
async fn acceptance_20_wap() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let shops = ["http://127.0.0.1:9/r", "http://127.0.0.1:9/r?order=7&b=%20x"];
    for (choice, shop) in [("pay", shops[0]), ("leave", shops[1]), ("refuse", shops[1])] {
        let number = client_sn();
        let url = link(&till, &number, shop, "");
        // Both published paths lead to the same.
        let url = if choice == "pay" { url } else { url.replace("/qr/gateway", "/gateway") };
        // Programs that look where a link leads make no order.
        let looked_at = sandbox.http.send(Method::HEAD, &url, &[], Bytes::new()).await.unwrap();
        assert_eq!(looked_at.status, 405);
        let page = location(&get(&sandbox, &url).await);
        let made = till.query(&number).await;
        made.is("SUCCESS", "").stands("CREATED", "IN_PROG", "5");
        assert_eq!((made.get("sub_payway"), made.get("payway")), ("3", "3"));
        assert_eq!(get(&sandbox, &page).await.status, 200);
        let pressed = sandbox.http.post(&page, &FORM, format!("choice={choice}")).await;
        let back = location(&pressed.expect("an answer"));
        let reply = get(&sandbox, &back).await;
        assert_eq!(reply.status, 302);
        let told = came_back(&location(&reply), shop, &till.key);
        assert_eq!(told["is_success"], "T");
        assert_eq!((told["client_sn"].as_str(), told["sn"].as_str()), (&*number, made.get("sn")));
        assert_eq!((told["subject"].as_str(), told["total_amount"].as_str()), ("披萨 大", "5"));
        assert_eq!((told["operator"].as_str(), told["reflect"].as_str()), ("kay", "bay=17&x"));
        let status = (told["status"].as_str(), told.get("result_code").map(String::as_str));
        match choice {
            "pay" => {
                assert_eq!(status.0, "SUCCESS");
                assert!(!told["trade_no"].is_empty());
                till.wait_for(&number, "PAID").await;
            }
            "refuse" => {
                assert_eq!(status.0, "FAIL");
                till.wait_for(&number, "PAY_CANCELED").await;
            }
            _ => {
                assert_eq!(status, ("FAIL", Some("get_brand_wcpay_request:cancel")));
                till.wait_for(&number, "CREATED").await;
            }
        }
    }
    faults(&sandbox, &till).await;
    sandbox.verify_books();
}

async fn faults(sandbox: &Sandbox, till: &Till) {
    let shop = "http://127.0.0.1:9/r";
    // Before the signature holds nobody is led anywhere.
    let number = client_sn();
    let good = link(till, &number, shop, "");
    let unsigned = good.split("&sign=").next().expect("a link").to_owned();
    let stranger = Till { sn: "9999999999999999".to_owned(), ..till.clone() };
    let bad = [
        link(&till.with_key("wrong"), &number, shop, ""),
        link(till, &number, shop, "&total_amount=1"),
        good.replace("total_amount=5", "total_amount=6"),
        unsigned,
        link(&stranger, &number, shop, ""),
        link(till, &number, "javascript:alert(1)", ""),
        format!("{}/qr/gateway", till.base),
    ];
    for url in bad {
        let reply = get(sandbox, &url).await;
        let seen = (reply.status, reply.header("location"));
        assert!(seen.0 >= 400 && seen.0 < 500 && seen.1.is_empty(), "{url}: {seen:?}");
        assert!(!reply.text().contains("javascript:"), "{}", reply.text());
    }
    till.query(&number).await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    // After it the shop hears what is wrong.
    let url = link(till, &"x".repeat(33), shop, "");
    let told = came_back(&location(&get(sandbox, &url).await), shop, &till.key);
    assert_eq!((told["is_success"].as_str(), told["error_code"].as_str()), ("F", "INVALID_PARAMS"));
    // The key before the last check-in still opens the gateway.
    let renewed = till.renewed().await;
    let page = location(&get(sandbox, &good).await);
    assert!(page.contains("/wallet/"), "{page}");
    let told = link(&renewed, &number, shop, "");
    let told = came_back(&location(&get(sandbox, &told).await), shop, &renewed.key);
    assert_eq!(told["error_code"], "CLIENT_SN_CONFLICT");
}
