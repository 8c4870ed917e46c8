//! The WAP gateway: no redirect before the signature, a signed way back.

use std::sync::atomic::Ordering;

use http::StatusCode;
use wire::upay::{decode_query, encode_query, signing_text};

use crate::harness::{Got, World, get};
use crate::till::Till;

const SHOP: &str = "https://shop.example/done?order=17&of=披萨";
/// The same as it stands in a header.
const SHOP_SENT: &str = "https://shop.example/done?order=17&of=%E6%8A%AB%E8%90%A8";

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn link(path: &str, till: &Till, all: &[(&str, &str)]) -> String {
    let mut pairs = pairs(all);
    let sign = jose::terminal::sign_query(&signing_text(&pairs, false), &till.key);
    pairs.push(("sign".to_owned(), sign));
    format!("{path}?{}", encode_query(&pairs))
}

fn order<'t>(till: &'t Till, client_sn: &'t str) -> Vec<(&'t str, &'t str)> {
    vec![
        ("terminal_sn", &till.sn),
        ("client_sn", client_sn),
        ("total_amount", "100"),
        ("subject", "披萨 大"),
        ("operator", "kay"),
        ("reflect", ""),
        ("return_url", SHOP),
    ]
}

/// The parameters of a redirect to the shop; its own query is kept, and the signature holds.
fn returned(got: &Got, till: &Till) -> Vec<(String, String)> {
    assert_eq!(got.status, StatusCode::FOUND, "{}", got.text());
    let query = got.header("location").unwrap().strip_prefix(SHOP_SENT).unwrap();
    let pairs = decode_query(query).unwrap();
    let sign = jose::terminal::sign_query(&signing_text(&pairs, false), &till.key);
    assert_eq!(value(&pairs, "sign"), Some(sign.as_str()));
    pairs
}

fn value<'p>(pairs: &'p [(String, String)], name: &str) -> Option<&'p str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// A link that was not followed: its order's members come back as they were received (7.3).
fn says_what_the_link_said(back: &[(String, String)], till: &Till, total_amount: &str) {
    let said = ["terminal_sn", "client_sn", "total_amount", "subject", "operator"];
    let said = said.map(|name| value(back, name).unwrap());
    assert_eq!(said, [&till.sn, "1", total_amount, "披萨 大", "kay"]);
}

#[tokio::test]
async fn a_link_makes_an_order_and_leads_to_the_wallet_and_back() {
    for path in ["/qr/gateway", "/gateway"] {
        let world = World::new();
        let till = world.till().await;
        let got = world.send(get(&link(path, &till, &order(&till, "1")))).await;
        assert_eq!(got.status, StatusCode::FOUND, "{}", got.text());
        assert!(got.header("location").unwrap().starts_with("https://wallet.example/p/789"));
        let back = world.wallets.return_url.lock().unwrap().clone().unwrap();
        let back = back.strip_prefix("https://ucsp.example").unwrap();
        // The payer left the wallet's page.
        let left = returned(&world.send(get(back)).await, &till);
        assert_eq!(value(&left, "is_success"), Some("T"));
        assert_eq!(value(&left, "status"), Some("FAIL"));
        assert_eq!(value(&left, "result_code"), Some("get_brand_wcpay_request:cancel"));
        assert_eq!(value(&left, "subject"), Some("披萨 大"));
        // Back before the wallet's notice: the wallet is asked.
        world.wallets.paid_when_asked.store(true, Ordering::SeqCst);
        let paid = returned(&world.send(get(back)).await, &till);
        assert_eq!(value(&paid, "status"), Some("SUCCESS"));
        assert!(value(&paid, "trade_no").is_some());
        let again = world.send(get(&link(path, &till, &order(&till, "1")))).await;
        let again = returned(&again, &till);
        assert_eq!(value(&again, "is_success"), Some("F"));
        assert_eq!(value(&again, "error_code"), Some("CLIENT_SN_CONFLICT"));
        assert_eq!(value(&again, "sn"), value(&paid, "sn"), "of the order that has the number");
        says_what_the_link_said(&again, &till, "100");
    }
}

#[tokio::test]
async fn nobody_is_led_anywhere_before_the_signature_holds() {
    let world = World::new();
    let till = world.till().await;
    let good = link("/qr/gateway", &till, &order(&till, "1"));
    let stranger = Till { sn: "1".to_owned(), key: "k".to_owned() };
    let mut bad = vec![
        good.replace("total_amount=100", "total_amount=1"),
        good.split("&sign=").next().unwrap().to_owned(),
        format!("{good}&more=1"),
        link("/qr/gateway", &stranger, &order(&stranger, "1")),
        link("/qr/gateway", &Till { key: "k".to_owned(), ..till.clone() }, &order(&till, "1")),
        "/qr/gateway".to_owned(),
        "/qr/gateway/return?terminal_sn=1&client_sn=1".to_owned(),
    ];
    for url in ["javascript:alert(1)", "//evil.example", ""] {
        let mut fields = order(&till, "1");
        fields.pop();
        fields.push(("return_url", url));
        bad.push(link("/qr/gateway", &till, &fields));
    }
    for link in bad {
        let got = world.send(get(&link)).await;
        assert_eq!(got.status, StatusCode::BAD_REQUEST, "{link}");
        assert_eq!(got.header("location"), None);
    }
    let got = world.send(get(&good)).await;
    assert_eq!(got.status, StatusCode::FOUND, "none of them used the number up");
}

#[tokio::test]
async fn faults_behind_the_signature_go_back_to_the_shop() {
    let world = World::new();
    let till = world.till().await;
    let mut fields = order(&till, "1");
    fields[2].1 = "0";
    let got = world.send(get(&link("/qr/gateway", &till, &fields))).await;
    let back = returned(&got, &till);
    assert_eq!(value(&back, "is_success"), Some("F"));
    assert_eq!(value(&back, "error_code"), Some("INVALID_PARAMS"));
    assert_eq!(value(&back, "error_message"), Some("total_amount必须大于0"));
    assert_eq!((value(&back, "sn"), value(&back, "reflect")), (None, None));
    says_what_the_link_said(&back, &till, "0");
    fields[5].1 = "bay=17&x";
    let got = world.send(get(&link("/qr/gateway", &till, &fields))).await;
    assert_eq!(value(&returned(&got, &till), "reflect"), Some("bay=17&x"));
    fields[5].1 = "";
    fields[2].1 = "100";
    // One tolerance: signed without the parameters that are empty.
    let signed: Vec<_> = fields.iter().filter(|(_, value)| !value.is_empty()).copied().collect();
    let url = format!("{}&reflect=", link("/qr/gateway", &till, &signed));
    assert_eq!(world.send(get(&url)).await.status, StatusCode::FOUND);
}
