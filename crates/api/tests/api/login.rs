//! The authorized login: by message and by the browser's way through the channel.

use http::StatusCode;
use jose::inbody::verify_in_body;
use jose::jwe::{Profile, decrypt, encrypt};
use serde_json::Value;

use crate::harness::{BANK, Got, World, get, ring};

const LOGIN: &str = "/ucsp/channel/v1/channellogininfo";

fn login(enc_data: Option<&str>) -> String {
    let sealed = enc_data.map(|jwe| format!(r#","encData":"{jwe}""#)).unwrap_or_default();
    crate::harness::login(&format!(r#","language":"en-GB"{sealed}"#))
}

fn seal(plain: &str) -> String {
    let to = ring().platform_encrypt.cert();
    encrypt(plain.as_bytes(), to, Profile::Rsa15A128CbcHs256).unwrap()
}

/// What the service gets: the signature is the platform's, and the mobile opens.
fn handed_over(got: &Got) -> (Value, Option<String>) {
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text());
    assert_eq!(got.header("Referrer-Policy"), Some("no-referrer"));
    assert_eq!(got.header("Cache-Control"), Some("no-store"));
    let location = got.header("Location").unwrap();
    let start = "https://park.example/login?from=ucsp&request_data=";
    let data = percent_decoded(location.strip_prefix(start).expect("the service's address"));
    verify_in_body(&data, ring().platform_sign.cert()).unwrap();
    let message: Value = serde_json::from_str(&data).unwrap();
    let mobile = message["trxInfo"]["mobile"].as_str().map(|jwe| {
        let own = &ring().partner_encrypt;
        let find = |kid: &str| (own.id().as_str() == kid).then(|| own.clone());
        let plain = decrypt(jwe, find, &[Profile::Rsa15A128CbcHs256]).unwrap();
        String::from_utf8(plain.expose().clone()).unwrap()
    });
    (message, mobile)
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next().unwrap(), rest.next().unwrap()];
            let pair = std::str::from_utf8(&pair).unwrap().to_owned();
            bytes.push(u8::from_str_radix(&pair, 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_login_link_leads_to_the_service_once() {
    let world = World::new();
    let sealed = seal(r#"{"mobile":"+85251234567"}"#);
    let answer = world.call(BANK, LOGIN, &login(Some(&sealed))).await;
    assert_eq!(answer["msgResponse"]["responseCode"], "00", "{answer}");
    let url = answer["industryUrl"].as_str().unwrap();
    let path = url.strip_prefix("https://ucsp.example").unwrap();
    let (message, mobile) = handed_over(&world.send(get(path)).await);
    assert_eq!(mobile.as_deref(), Some("+85251234567"));
    assert_eq!(message["msgInfo"]["msgType"], "INDUSTRY_LOGIN_INFO");
    assert_eq!(message["msgInfo"]["industryCode"], "10000001");
    assert_eq!(message["trxInfo"]["userId"], "u-77");
    assert_eq!(message["trxInfo"]["language"], "en-GB");
    assert_eq!(message["certificateSignature"]["ucspSignCertID"], "1001");
    assert_eq!(message["certificateSignature"]["appEncCertID"], "2002");
    let again = world.send(get(path)).await;
    assert_eq!(again.status, StatusCode::GONE);
    assert!(again.text().contains("This link no longer works"));
}

#[tokio::test]
async fn a_link_whose_life_is_over_says_so() {
    let world = World::new();
    let sealed = seal(r#"{"mobile":"+85251234567"}"#);
    let answer = world.call(BANK, LOGIN, &login(Some(&sealed))).await;
    let url = answer["industryUrl"].as_str().unwrap();
    let path = url.strip_prefix("https://ucsp.example").unwrap();
    world.clock.advance(jiff::SignedDuration::from_hours(1));
    for _ in 0..2 {
        let late = world.send(get(path)).await;
        assert_eq!(late.status, StatusCode::GONE);
        assert!(late.text().contains("This link has expired"), "{}", late.text());
    }
    let never = world.send(get("/ucsp/login/never")).await;
    assert_eq!(never.status, StatusCode::GONE);
    assert!(never.text().contains("This link no longer works"), "{}", never.text());
    let odd = world.send(get("/ucsp/login/%ff")).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    assert!(odd.text().contains("This link is not complete"), "{}", odd.text());
}

#[tokio::test]
async fn what_cannot_be_opened_is_code_10() {
    let world = World::new();
    let good = seal(r#"{"mobile":"+85251234567"}"#);
    let other =
        encrypt(br#"{"mobile":"1"}"#, ring().partner_encrypt.cert(), Profile::Rsa15A128CbcHs256);
    let oaep =
        encrypt(br#"{"mobile":"1"}"#, ring().platform_encrypt.cert(), Profile::RsaOaep256A256Gcm);
    let (start, _) = good.rsplit_once('.').unwrap();
    let cut = format!("{start}.AAAAAAAAAAAAAAAAAAAAAA");
    for jwe in [other.unwrap(), oaep.unwrap(), cut, seal("no JSON"), seal(r#"{"idNo":"1"}"#)] {
        let answer = world.call(BANK, LOGIN, &login(Some(&jwe))).await;
        assert_eq!(answer["msgResponse"]["responseCode"], "10", "{answer}");
        let detail = answer["msgResponse"]["errorDetail"].as_str().unwrap();
        assert!(detail.starts_with("encData"), "{detail}");
        assert_eq!(answer["industryUrl"], Value::Null);
    }
}

#[tokio::test]
async fn a_service_that_is_not_opened_is_refused() {
    let world = World::new();
    let body = login(None).replace("10000001", "10000003");
    let answer = world.call(BANK, LOGIN, &body).await;
    assert_eq!(answer["msgResponse"]["responseCode"], "36");
    let body = login(None).replace(r#""20000001""#, r#""20000002""#);
    let answer = world.call(BANK, LOGIN, &body).await;
    assert_eq!(answer["msgResponse"]["responseCode"], "36");
}

const AUTHORIZE: &str = "/ucsp/channel/v1/authorize?industryCode=10000001&channelCode=20000001";

fn state(location: &str) -> String {
    let (_, rest) = location.split_once("state=").unwrap();
    rest.split('&').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_browsers_way_leads_to_the_service() {
    let world = World::new();
    let begun = world.send(get(AUTHORIZE)).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER);
    let location = begun.header("Location").unwrap();
    assert!(location.starts_with("https://bank.example/authorize?response_type=code&"));
    assert!(location.contains("code_challenge_method=S256"));
    let cookie = begun.header("Set-Cookie").unwrap();
    assert!(cookie.contains("; Secure") && cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
    let callback = format!("/ucsp/channel/v1/authorize/callback?code=c&state={}", state(location));
    // A browser that did not begin here does not end here.
    let stranger = world.send(get(&callback)).await;
    assert_eq!(stranger.status, StatusCode::GONE);
    let mut request = get(&callback);
    let own = cookie.split(';').next().unwrap();
    request.headers_mut().insert("Cookie", own.parse().unwrap());
    let (message, mobile) = handed_over(&world.send(request).await);
    assert_eq!(message["trxInfo"]["userId"], "u-77");
    assert_eq!(mobile.as_deref(), Some("+85251234567"));
}

#[tokio::test]
async fn a_user_who_says_no_is_told_so() {
    let world = World::new();
    let begun = world.send(get(AUTHORIZE)).await;
    let state = state(begun.header("Location").unwrap());
    let path = format!("/ucsp/channel/v1/authorize/callback?error=access_denied&state={state}");
    let mut request = get(&path);
    let cookie = begun.header("Set-Cookie").unwrap().split(';').next().unwrap();
    request.headers_mut().insert("Cookie", cookie.parse().unwrap());
    let got = world.send(request).await;
    assert!(got.text().contains("nothing was shared"), "{}", got.text());
}

#[tokio::test]
async fn an_incomplete_or_foreign_address_is_a_page() {
    let world = World::new();
    let got = world.send(get("/ucsp/channel/v1/authorize?industryCode=10000001")).await;
    assert_eq!(got.status, StatusCode::BAD_REQUEST);
    assert!(got.text().contains("channelCode is missing"), "{}", got.text());
    let closed = AUTHORIZE.replace("10000001", "10000003");
    assert_eq!(world.send(get(&closed)).await.status, StatusCode::FORBIDDEN);
}
