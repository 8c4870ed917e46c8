//! The cashier as a browser meets it.

use std::sync::atomic::Ordering;

use axum::body::Body;
use http::{Request, StatusCode};
use jiff::SignedDuration;

use crate::harness::{Got, SERVICE, SUBMIT, World, get, order_fields, wrapped};

async fn place(world: &World, order_id: &str, more: &str) -> String {
    let body = wrapped("10000001", "SUBMIT_PAYMENT_ORDER", &order_fields(order_id, more));
    let answer = world.call(SERVICE, SUBMIT, &body).await;
    answer["trxInfo"]["tn"].as_str().expect("placed").to_owned()
}

/// A browser at the page of an order.
struct Browser {
    cookie: String,
    token: String,
}

impl Browser {
    async fn open(world: &World, tn: &str) -> Self {
        let got = world.send(get(&format!("/cashier/{tn}"))).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.text());
        let cookie = got.header("Set-Cookie").unwrap();
        assert!(cookie.contains("Path=/cashier; "), "{cookie}");
        assert!(cookie.ends_with("HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        let text = got.text();
        let (_, rest) = text.split_once(r#"name="csrf" value=""#).unwrap();
        let token = rest.split('"').next().unwrap().to_owned();
        Self { cookie: cookie.split(';').next().unwrap().to_owned(), token }
    }

    fn confirm(&self, tn: &str, card: &str) -> Request<Body> {
        Request::post(format!("/cashier/{tn}/pay"))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .header("Cookie", &self.cookie)
            .header("Origin", "https://ucsp.example")
            .header("Sec-Fetch-Site", "same-origin")
            .body(Body::from(format!("csrf={}&card={card}", self.token)))
            .unwrap()
    }
}

fn location(got: &Got) -> &str {
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text());
    got.header("Location").unwrap()
}

#[tokio::test]
async fn pages_are_fenced_in() {
    let world = World::new();
    let tn = place(&world, "PK20260105000017", "").await;
    for path in [format!("/cashier/{tn}"), "/cashier/unknown".to_owned(), "/none".to_owned()] {
        let got = world.send(get(&path)).await;
        assert_eq!(
            got.header("Content-Security-Policy"),
            Some(
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
                 connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
            ),
            "{path}"
        );
        assert_eq!(got.header("X-Frame-Options"), Some("DENY"));
        assert_eq!(got.header("X-Content-Type-Options"), Some("nosniff"));
        assert_eq!(got.header("Cache-Control"), Some("no-store"));
        assert_eq!(got.header("Referrer-Policy"), Some("same-origin"));
        let text = got.text();
        for inline in ["<style", " style=", " onclick=", "javascript:"] {
            assert!(!text.contains(inline), "{path} has {inline}");
        }
    }
}

#[tokio::test]
async fn what_a_page_needs_is_served_for_long() {
    let world = World::new();
    let tn = place(&world, "PK20260105000017", "").await;
    let text = world.send(get(&format!("/cashier/{tn}"))).await.text();
    let mut found = 0;
    for part in text.split('"').filter(|part| part.starts_with("/assets/")) {
        let got = world.send(get(part)).await;
        assert_eq!(got.status, StatusCode::OK, "{part}");
        let keep = "public, max-age=31536000, immutable";
        assert_eq!(got.header("Cache-Control"), Some(keep));
        found += 1;
    }
    assert_eq!(found, 3);
    assert_eq!(world.send(get("/assets/cashier-0.css")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_payer_confirms_and_is_told_the_end() {
    let world = World::new();
    let tn =
        place(&world, "PK20260105000017", r#","frontUrl":"https://park.example/b/17?a=1&b=2""#);
    let tn = tn.await;
    let page = world.send(get(&format!("/cashier/{tn}"))).await.text();
    assert!(page.contains("Harbour Centre &#60;Car&#62; Park"), "the name is escaped: {page}");
    assert!(page.contains("HKD") && page.contains("48.50") && page.contains("6250 •••• 0016"));
    assert!(page.contains(r#"value="card-2" required checked"#), "the default card is chosen");
    assert!(page.contains("Pay before 10:45"));
    let browser = Browser::open(&world, &tn).await;
    let got = world.send(browser.confirm(&tn, "card-1")).await;
    assert_eq!(location(&got), format!("/cashier/{tn}/wait"));
    let end = world.send(get(&format!("/cashier/{tn}/wait"))).await.text();
    assert!(end.contains("Payment complete") && end.contains("6250 •••• 0016"), "{end}");
    let refresh = r#"content="6;url=https://park.example/b/17?a=1&#38;b=2""#;
    assert!(end.contains(refresh), "{end}");
    let status = world.send(get(&format!("/cashier/{tn}/status"))).await;
    assert_eq!(status.text(), r#"{"state":"paid"}"#);
    let later = world.send(get(&format!("/cashier/{tn}"))).await.text();
    assert!(later.contains("Already paid") && !later.contains("http-equiv"), "{later}");
    let second = world.send(browser.confirm(&tn, "card-1")).await;
    assert_eq!(location(&second), format!("/cashier/{tn}/wait"));
}

#[tokio::test]
async fn a_form_from_elsewhere_pays_nothing() {
    let world = World::new();
    let tn = place(&world, "PK20260105000017", "").await;
    let other = place(&world, "PK20260105000018", "").await;
    let browser = Browser::open(&world, &tn).await;
    let stranger = Browser::open(&world, &tn).await;
    let with = |name: &'static str, value: &str| {
        let mut request = browser.confirm(&tn, "card-1");
        request.headers_mut().insert(name, value.parse().unwrap());
        request
    };
    let no_token = Browser { cookie: browser.cookie.clone(), token: String::new() };
    let mut no_cookie = browser.confirm(&tn, "card-1");
    no_cookie.headers_mut().remove("Cookie");
    let cases: Vec<(&str, Request<Body>)> = vec![
        ("no token", no_token.confirm(&tn, "card-1")),
        ("no cookie", no_cookie),
        ("a stranger's cookie", with("Cookie", &stranger.cookie)),
        ("another origin", with("Origin", "https://evil.example")),
        ("no origin at all", with("Origin", "null")),
        ("a longer origin", with("Origin", "https://ucsp.example.evil.example")),
        ("a shorter origin", with("Origin", "https://ucsp.exam")),
        ("another site", with("Sec-Fetch-Site", "cross-site")),
        ("a sister site", with("Sec-Fetch-Site", "same-site")),
        ("another order", browser.confirm(&other, "card-1")),
    ];
    for (name, request) in cases {
        let got = world.send(request).await;
        assert_eq!(got.status, StatusCode::FORBIDDEN, "{name}");
        assert!(got.text().contains("Nothing was paid"), "{name}");
    }
    for number in [&tn, &other] {
        let status = world.send(get(&format!("/cashier/{number}/status"))).await;
        assert_eq!(status.text(), r#"{"state":"open"}"#);
    }
    // A form expires; until then it is good, also for a program that says nothing of its origin.
    world.clock.advance(SignedDuration::from_mins(10));
    let mut plain = browser.confirm(&tn, "card-1");
    plain.headers_mut().remove("Origin");
    plain.headers_mut().remove("Sec-Fetch-Site");
    assert_eq!(location(&world.send(plain).await), format!("/cashier/{tn}/wait"));
}

#[tokio::test]
async fn a_card_of_somebody_else_is_not_taken() {
    let world = World::new();
    let tn = place(&world, "PK20260105000017", "").await;
    let browser = Browser::open(&world, &tn).await;
    for card in ["card-9", "", &"x".repeat(65)] {
        let got = world.send(browser.confirm(&tn, card)).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{card}");
        assert!(got.text().contains("choose another one"), "{card}");
    }
    let status = world.send(get(&format!("/cashier/{tn}/status"))).await;
    assert_eq!(status.text(), r#"{"state":"open"}"#);
}

#[tokio::test]
async fn a_lost_answer_keeps_the_payer_waiting() {
    let world = World::new();
    world.behind.payment_lost.store(true, Ordering::SeqCst);
    let tn = place(&world, "PK20260105000017", "").await;
    let browser = Browser::open(&world, &tn).await;
    world.send(browser.confirm(&tn, "card-1")).await;
    let got = world.send(get(&format!("/cashier/{tn}"))).await;
    assert_eq!(location(&got), format!("/cashier/{tn}/wait"));
    let page = world.send(get(&format!("/cashier/{tn}/wait"))).await.text();
    assert!(page.contains("Still confirming"), "{page}");
    assert!(page.contains(r#"<noscript><meta http-equiv="refresh""#), "works without script");
    assert!(page.contains(r#"aria-live="polite""#));
}

#[tokio::test]
async fn orders_that_cannot_be_paid_say_so() {
    let world = World::new();
    for path in ["/cashier/unknown", "/cashier/800000000000000099999", "/cashier/8%2F..%2Fx"] {
        let got = world.send(get(path)).await;
        assert_eq!(got.status, StatusCode::NOT_FOUND, "{path}");
        assert!(got.text().contains("No such order"), "{path}");
    }
    let tn = place(&world, "PK20260105000017", "").await;
    let browser = Browser::open(&world, &tn).await;
    world.clock.advance(SignedDuration::from_mins(15));
    let got = world.send(get(&format!("/cashier/{tn}"))).await;
    assert!(got.text().contains("Time is up"), "{}", got.text());
    let late = world.send(browser.confirm(&tn, "card-1")).await;
    assert_eq!(location(&late), format!("/cashier/{tn}/wait"));
    let got = world.send(get(&format!("/cashier/{tn}/wait"))).await;
    assert!(got.text().contains("Time is up"), "{}", got.text());
}

#[tokio::test]
async fn a_silent_channel_is_named_and_can_be_tried_again() {
    let world = World::new();
    let tn = place(&world, "PK20260105000017", "").await;
    world.behind.channel_down.store(true, Ordering::SeqCst);
    let got = world.send(get(&format!("/cashier/{tn}"))).await;
    assert_eq!(got.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(got.header("Retry-After").is_some());
    assert!(got.text().contains("Harbour Bank is not answering"), "{}", got.text());
    assert!(got.text().contains(&format!(r#"href="/cashier/{tn}""#)));
}

#[tokio::test]
async fn a_user_whom_the_channel_does_not_know_cannot_pay_here() {
    let world = World::new();
    let tn = place(&world, "PK20260105000017", "").await;
    let browser = Browser::open(&world, &tn).await;
    world.behind.user_unknown.store(true, Ordering::SeqCst);
    for request in [get(&format!("/cashier/{tn}")), browser.confirm(&tn, "card-1")] {
        let got = world.send(request).await;
        assert_eq!(got.status, StatusCode::OK, "nothing that passes by itself");
        assert!(got.header("Retry-After").is_none());
        assert!(got.text().contains("This account cannot pay here"), "{}", got.text());
        assert!(!got.text().contains("no such user"), "{}", got.text());
    }
    let status = world.send(get(&format!("/cashier/{tn}/status"))).await;
    assert_eq!(status.text(), r#"{"state":"open"}"#);
}

#[tokio::test]
async fn the_orders_language_is_spoken() {
    let world = World::new();
    let tn = place(&world, "PK20260105000017", r#","language":"zh-CN""#).await;
    let text = world.send(get(&format!("/cashier/{tn}"))).await.text();
    assert!(text.contains(r#"<html lang="zh-Hans">"#) && text.contains("确认支付 HKD 48.50"));
    let tn = place(&world, "PK20260105000018", "").await;
    let mut request = get(&format!("/cashier/{tn}"));
    request.headers_mut().insert("Accept-Language", "zh-HK,en;q=0.5".parse().unwrap());
    assert!(world.send(request).await.text().contains("应付金额"));
}

/// What no page of ours sends is told on a page of ours, under the status that it has.
#[tokio::test]
async fn odd_forms_and_addresses_get_a_page() {
    let world = World::new();
    let tn = place(&world, "PK20260105000017", "").await;
    let browser = Browser::open(&world, &tn).await;
    let form = "application/x-www-form-urlencoded";
    let csrf = format!("csrf={}", browser.token);
    let large = format!("card={}", "x".repeat(100_000));
    let twice = format!("{csrf}&card=card-1&card=card-1");
    let unread = "This could not be read";
    let cases: [(&str, &[u8], StatusCode, &str); 6] = [
        ("application/json", b"{}", StatusCode::UNSUPPORTED_MEDIA_TYPE, unread),
        (form, large.as_bytes(), StatusCode::PAYLOAD_TOO_LARGE, unread),
        (form, twice.as_bytes(), StatusCode::UNPROCESSABLE_ENTITY, unread),
        (form, b"card=\xff\xfe", StatusCode::FORBIDDEN, "Please open the page again"),
        (form, b"", StatusCode::FORBIDDEN, "Please open the page again"),
        (form, csrf.as_bytes(), StatusCode::UNPROCESSABLE_ENTITY, "Please choose another one"),
    ];
    for (kind, body, status, words) in cases {
        let mut request = browser.confirm(&tn, "");
        request.headers_mut().insert("Content-Type", kind.parse().unwrap());
        *request.body_mut() = Body::from(body.to_vec());
        is_our_page(&world.send(request).await, status, words);
    }
    for path in ["/cashier/%ff", "/cashier/%ff/pay", "/cashier/%ff/wait", "/cashier/%ff/status"] {
        let got = world.send(get(path)).await;
        is_our_page(&got, StatusCode::BAD_REQUEST, "This link is not complete");
    }
    let put = Request::put(format!("/cashier/{tn}")).body(Body::empty()).unwrap();
    let got = world.send(put).await;
    is_our_page(&got, StatusCode::METHOD_NOT_ALLOWED, "No such page");
    assert_eq!(got.header("Allow"), Some("GET,HEAD"));
}

fn is_our_page(got: &Got, status: StatusCode, words: &str) {
    assert_eq!(got.status, status, "{}", got.text());
    assert_eq!(got.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(got.header("X-Frame-Options"), Some("DENY"));
    assert!(got.text().contains(words), "{}", got.text());
}
