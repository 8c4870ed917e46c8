//! The authorized login both ways, and the cards of a user.

use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use crate::harness::http::Reply;
use crate::harness::messages::{CARD_LIST, CARD_PAYLOAD, LOGIN, location, login, query_member};
use crate::harness::{Partner, Sandbox, Service};

/// The INDUSTRY_LOGIN_INFO that a redirect to the service carries.
#[track_caller]
fn handed_over(reply: &Reply, service: &Service) -> (Value, String) {
    let url = location(reply);
    assert!(url.starts_with(service.partner.seed("index_url")), "{url}");
    let data = query_member(&url, "request_data").expect("request_data");
    service.partner.check_in_body(&data).expect("the platform's signature in the body");
    (serde_json::from_str(&data).expect("JSON"), data)
}

#[tokio::test]
async fn the_channel_hands_its_user_over() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let channel = sandbox.channel(0);
    let mobile = channel.seed["users"][0]["mobile"].as_str().unwrap().to_owned();
    let mut message = login(&channel, &service.partner.code, Some(&mobile));
    message["language"] = "zh_CN".into();
    message["clientType"] = "0".into();
    message["longitude"] = "114.1694".into();
    let answer = channel.call(LOGIN, &message).await.expect("00");
    assert_eq!(answer.0["msgID"], message["msgID"], "{}", answer.0);
    assert_eq!(answer.get("channelCode"), channel.code);
    assert_eq!(answer.get("industryCode"), service.partner.code);
    let url = answer.get("industryUrl");
    assert!(url.len() <= 512 && url.starts_with(&sandbox.base()), "{url}");

    // Programs that look where a link leads do not use it up.
    let looked_at = sandbox.http.send(Method::HEAD, url, &[], Bytes::new()).await.unwrap();
    assert_eq!((looked_at.status, looked_at.header("allow")), (405, "GET"));
    let reply = sandbox.http.get(url).await.unwrap();
    let (info, text) = handed_over(&reply, &service);
    let expected = [
        ("msgType", "INDUSTRY_LOGIN_INFO"),
        ("versionNo", "1.0.0"),
        ("industryCode", service.partner.code.as_str()),
    ];
    for (name, value) in expected {
        assert_eq!(info["msgInfo"][name], value, "{text}");
    }
    assert_eq!(info["trxInfo"]["channelCode"], channel.code, "{text}");
    assert_eq!(info["trxInfo"]["userId"], service.user_id, "{text}");
    assert_eq!(info["trxInfo"]["language"], "zh_CN", "{text}");
    assert_eq!(info["trxInfo"]["longitude"], "114.1694", "{text}");
    let signature = &info["certificateSignature"];
    assert_eq!(signature["appEncCertID"], service.partner.seed["enc_cert_id"], "{text}");
    assert_eq!(
        signature["ucspSignCertID"], sandbox.document["ucsp"]["platform"]["sign_cert_id"],
        "{text}"
    );
    let sealed = info["trxInfo"]["mobile"].as_str().expect("mobile");
    assert_eq!(service.partner.decrypt(sealed), mobile, "the bare value");
    assert!(!text.contains(&mobile), "never in clear");
    let again = sandbox.http.get(url).await.unwrap();
    assert!((400..500).contains(&again.status), "a link is good once: HTTP {}", again.status);
    refused_logins(&sandbox, &service, &channel).await;
    assert!(!sandbox.log().contains(&mobile), "never in the log");
}

/// What is asked for and missing, what cannot be opened, what is too late.
async fn refused_logins(sandbox: &Sandbox, service: &Service, channel: &Partner) {
    let code = &service.partner.code;
    let answer = channel.call(LOGIN, &login(channel, code, None)).await;
    answer.expect_detail("10", "encData.mobile");
    let mut message = login(channel, code, None);
    message["encData"] = wire::generate::SEALED_EXAMPLE.into();
    channel.call(LOGIN, &message).await.expect_detail("10", "encData");
    let mut message = login(channel, code, None);
    message["encData"] = channel.encrypt("not JSON").into();
    channel.call(LOGIN, &message).await.expect_detail("10", "encData");
    let plain = json!({ "mobile": "+85291234567", "idNo": "110101199003070011" });
    let mut message = login(channel, code, None);
    message["encData"] = channel.encrypt(&plain.to_string()).into();
    channel.call(LOGIN, &message).await.expect_detail("10", "encData.idType");
    let mut flipped = channel.encrypt(&json!({ "mobile": "+85291234567" }).to_string());
    let end = flipped.len() - 4;
    flipped.replace_range(end.., if flipped.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    let mut message = login(channel, code, None);
    message["encData"] = flipped.into();
    channel.call(LOGIN, &message).await.expect_detail("10", "encData");

    let message = login(channel, code, Some("+85291234567"));
    let answer = channel.call(LOGIN, &message).await.expect("00");
    sandbox.advance(3600).await;
    let late = sandbox.http.get(answer.get("industryUrl")).await.unwrap();
    assert!((400..500).contains(&late.status), "a link has its time: HTTP {}", late.status);
    let guessed = format!("{}/ucsp/login/{}", sandbox.base(), "A".repeat(43));
    let guessed = sandbox.http.get(&guessed).await.unwrap();
    assert!((400..500).contains(&guessed.status), "HTTP {}", guessed.status);
    // The service that needs no mobile gets none.
    let (second, other) = (Service::at(sandbox, 1, 1), sandbox.channel(1));
    let answer = other.call(LOGIN, &login(&other, &second.partner.code, None)).await.expect("00");
    let reply = sandbox.http.get(answer.get("industryUrl")).await.unwrap();
    let (info, _) = handed_over(&reply, &second);
    assert_eq!(info["trxInfo"]["userId"], second.user_id);
}

/// The first value of a form's hidden member.
fn hidden(page: &str, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let start = page.find(&mark).unwrap_or_else(|| panic!("{name} in {page}")) + mark.len();
    let end = start + page[start..].find('"').expect("the end of the value");
    page[start..end].replace("&amp;", "&")
}

fn cookie(reply: &Reply) -> String {
    let pair = |value: &http::HeaderValue| {
        let text = value.to_str().expect("a cookie");
        text.split(';').next().unwrap_or_default().to_owned()
    };
    let all: Vec<String> = reply.headers.get_all("set-cookie").iter().map(pair).collect();
    all.join("; ")
}

fn encoded(value: &str) -> String {
    value.bytes().fold(String::new(), |text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text + &char::from(byte).to_string()
        } else {
            format!("{text}%{byte:02X}")
        }
    })
}

/// The user logs in at the bank and decides; gives the address that the browser is sent to.
async fn decide_at_bank(sandbox: &Sandbox, url: &str, user: &str, decision: &str) -> String {
    let page = sandbox.http.get(url).await.unwrap();
    assert_eq!(page.status, 200, "{}", page.text());
    let session = cookie(&page);
    let names = [
        "csrf",
        "response_type",
        "client_id",
        "redirect_uri",
        "state",
        "scope",
        "code_challenge",
        "code_challenge_method",
    ];
    let text = page.text();
    // The page has other forms; the one of the decision comes last.
    let form = &text[text.find("/oauth/authorize\"").expect("the form")..];
    let mut pairs: Vec<String> =
        names.iter().map(|name| format!("{name}={}", encoded(&hidden(form, name)))).collect();
    pairs.push(format!("user={user}"));
    pairs.push(format!("decision={decision}"));
    let address = url.split('?').next().expect("an address");
    let fields = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("cookie", session.as_str()),
        ("origin", &address[..address.find("/oauth").expect("a path")]),
    ];
    let reply = sandbox.http.post(address, &fields, pairs.join("&")).await.unwrap();
    location(&reply)
}

#[tokio::test]
async fn the_browser_comes_by_authorization() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let channel = sandbox.channel(0);
    let mobile = channel.seed["users"][0]["mobile"].as_str().unwrap().to_owned();
    let start = format!("{}/ucsp/channel/v1/authorize", sandbox.base());
    let query = format!("industryCode={}&channelCode={}", service.partner.code, channel.code);
    let begun = sandbox.http.get(&format!("{start}?{query}")).await.unwrap();
    let at_bank = location(&begun);
    assert!(at_bank.starts_with(channel.seed("base_url")), "{at_bank}");
    for (name, value) in [("response_type", "code"), ("code_challenge_method", "S256")] {
        assert_eq!(query_member(&at_bank, name).as_deref(), Some(value), "{at_bank}");
    }
    assert_eq!(query_member(&at_bank, "code_challenge").unwrap().len(), 43);
    let own = cookie(&begun);
    let back = decide_at_bank(&sandbox, &at_bank, &service.user_id, "allow").await;
    assert!(back.starts_with(&format!("{start}/callback?")), "{back}");

    // Somebody else's browser does not get the user; neither does another state.
    let stolen = sandbox.http.get(&back).await.unwrap();
    assert!((400..500).contains(&stolen.status), "without the cookie: HTTP {}", stolen.status);
    let state = query_member(&back, "state").unwrap();
    let other = back.replace(&state, &"B".repeat(state.len()));
    let other = sandbox.http.get_with(&other, &[("cookie", &own)]).await.unwrap();
    assert!((400..500).contains(&other.status), "another state: HTTP {}", other.status);

    let reply = sandbox.http.get_with(&back, &[("cookie", &own)]).await.unwrap();
    let (info, _) = handed_over(&reply, &service);
    assert_eq!(info["trxInfo"]["userId"], service.user_id);
    let sealed = info["trxInfo"]["mobile"].as_str().unwrap();
    assert_eq!(service.partner.decrypt(sealed), mobile);
    let again = sandbox.http.get_with(&back, &[("cookie", &own)]).await.unwrap();
    assert!((400..500).contains(&again.status), "a state is good once: HTTP {}", again.status);

    wrong_authorizations(&sandbox, &start, &query, &service).await;
}

/// A false code, a code without its verifier, a user who says no, a pair that is not opened.
async fn wrong_authorizations(sandbox: &Sandbox, start: &str, query: &str, service: &Service) {
    let begun = sandbox.http.get(&format!("{start}?{query}")).await.unwrap();
    let (own, state) = (cookie(&begun), query_member(&location(&begun), "state").unwrap());
    let url = format!("{start}/callback?state={state}&code=made-up");
    let reply = sandbox.http.get_with(&url, &[("cookie", &own)]).await.unwrap();
    assert!(reply.status >= 400, "a made-up code: HTTP {}", reply.status);

    // A code that was given for one authorization is put into another: PKCE stops it.
    let first = sandbox.http.get(&format!("{start}?{query}")).await.unwrap();
    let victim = decide_at_bank(sandbox, &location(&first), &service.user_id, "allow").await;
    let code = query_member(&victim, "code").unwrap();
    let begun = sandbox.http.get(&format!("{start}?{query}")).await.unwrap();
    let (own, state) = (cookie(&begun), query_member(&location(&begun), "state").unwrap());
    let url = format!("{start}/callback?state={state}&code={code}");
    let reply = sandbox.http.get_with(&url, &[("cookie", &own)]).await.unwrap();
    assert!(reply.status >= 400, "an injected code: HTTP {}", reply.status);

    let begun = sandbox.http.get(&format!("{start}?{query}")).await.unwrap();
    let back = decide_at_bank(sandbox, &location(&begun), &service.user_id, "deny").await;
    assert_eq!(query_member(&back, "error").as_deref(), Some("access_denied"), "{back}");
    let reply = sandbox.http.get_with(&back, &[("cookie", &cookie(&begun))]).await.unwrap();
    assert!(!(300..400).contains(&reply.status), "who says no goes nowhere: {}", reply.status);

    let no_pkce =
        location(&begun).replace("code_challenge_method=S256", "code_challenge_method=plain");
    let refused = sandbox.http.get(&no_pkce).await.unwrap();
    assert_eq!(query_member(&location(&refused), "error").as_deref(), Some("invalid_request"));

    let shut = sandbox.industry(1).code;
    let (channel, code) = (sandbox.channel(0).code, &service.partner.code);
    for query in [
        format!("industryCode={shut}&channelCode={channel}"),
        format!("industryCode={code}&channelCode=99999999"),
        format!("industryCode={code}"),
        "industryCode=%00&channelCode=x".to_owned(),
        String::new(),
    ] {
        let reply = sandbox.http.get(&format!("{start}?{query}")).await.unwrap();
        assert!((400..500).contains(&reply.status), "{query}: HTTP {}", reply.status);
    }
}

#[tokio::test]
async fn cards_are_listed_masked_and_given_out_encrypted() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let question = json!({
        "channelCode": service.channel_code,
        "userId": service.user_id,
        "industryCode": service.partner.code,
    });
    let answer = service.send(CARD_LIST, &question).await.expect("00");
    let cards = answer.0["trxInfo"]["cardList"].as_array().expect("cardList").clone();
    assert!(cards.len() >= 2, "{}", answer.0);
    for card in &cards {
        let masked = card["maskedPan"].as_str().unwrap();
        let digits = masked.bytes().filter(u8::is_ascii_digit).count();
        assert!(digits <= 10 && masked.contains("****"), "{card}");
        let mut asked = question.clone();
        asked["cardId"] = card["cardId"].clone();
        let answer = service.send(CARD_PAYLOAD, &asked).await.expect("00");
        assert_eq!(answer.0["trxInfo"]["cardId"], card["cardId"]);
        let plain = service.partner.decrypt(answer.get("encData"));
        let payload: Value = serde_json::from_str(&plain).expect("JSON");
        let number = payload["pan"].as_str().or(payload["token"].as_str()).expect("a number");
        assert!((12..=19).contains(&number.len()));
        assert!(masked.ends_with(&number[number.len() - 4..]), "{masked}");
        assert_eq!(payload["expiryDate"].as_str().map(str::len), Some(4));
        assert!(!answer.0.to_string().contains(number), "never in clear");
        assert!(!sandbox.log().contains(number), "never in the log");
    }
    let mut debit = question.clone();
    debit["cardType"] = "1".into();
    let answer = service.send(CARD_LIST, &debit).await.expect("00");
    let debit = answer.0["trxInfo"]["cardList"].as_array().unwrap();
    assert!(!debit.is_empty() && debit.iter().all(|card| card["cardType"] == "1"));

    let mut asked = question.clone();
    asked["cardId"] = "nobody's".into();
    let answer = service.send(CARD_PAYLOAD, &asked).await;
    assert_eq!(answer.code(), "36", "{}", answer.0);
    assert!(answer.detail().starts_with("cardId"), "{}", answer.0);
    assert!(answer.get("encData").is_empty(), "{}", answer.0);
    let mut stranger = question.clone();
    stranger["userId"] = "nobody".into();
    let answer = service.send(CARD_LIST, &stranger).await;
    let none = answer.0["trxInfo"]["cardList"].as_array().is_none_or(Vec::is_empty);
    assert!(none, "{}", answer.0);
    let shut = Service::at(&sandbox, 1, 0);
    let mut asked = question.clone();
    asked["industryCode"] = shut.partner.code.as_str().into();
    shut.send(CARD_LIST, &asked).await.expect_detail("36", "channelCode");
    asked["industryCode"] = service.partner.code.as_str().into();
    shut.send(CARD_LIST, &asked).await.expect_detail("36", "industryCode");
}
