//! The channel app: protocol, OAuth and pages.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use egress::Request;
use jose::jwe::{self, Profile};
use wire::ucsp::{
    AutoDebitClose, CardPayload, ChannelLoginInfo, ChannelUserData, Flat, GetCardList,
    GetCardPayload, PaymentResultNotice, ResponseCode, decode_flat, decode_flat_answer,
    decode_plain, encode_flat,
};

use crate::browser::{Browser, Page};
use crate::world::{BANK_APP, CHANNEL, CLIENT_SECRET, INDUSTRY, World};

const MSG_ID: &str = "A1000000120260105103000482913";

impl World {
    async fn ask_bank<T: wire::Request>(&self, path: &str, body: T) -> Vec<u8> {
        let url = format!("{}/ucsp/v1/{path}", self.bank_url);
        let message = Flat { msg_id: MSG_ID.to_owned(), body };
        self.call(BANK_APP, &url, encode_flat(&message)).await
    }

    /// A browser in which this user is logged in, and its home page.
    async fn logged_in(&self, user_id: &str) -> (Browser, Page) {
        let mut browser = Browser::new(&self.client);
        let login = format!("{}/login", self.bank_url);
        let page = browser.get(&login).await;
        page.assert_strict();
        let fields = [("csrf", page.csrf()), ("user", user_id.to_owned())];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = browser.post(&login, &fields).await;
        assert_eq!((answer.status, answer.location.as_deref()), (303, Some("/second")));
        let home = browser.get(&self.bank_url).await;
        home.assert_strict();
        (browser, home)
    }
}

fn card_question(user_id: &str) -> GetCardList {
    GetCardList {
        channel_code: CHANNEL.to_owned(),
        user_id: user_id.to_owned(),
        industry_code: INDUSTRY.to_owned(),
        ..GetCardList::default()
    }
}

#[tokio::test]
async fn cards_go_out_masked_and_one_payload_at_a_time_encrypted() {
    let world = World::new().await;
    let body = world.ask_bank("getcardlist", card_question("u-77")).await;
    let cards = decode_flat_answer::<GetCardList>(&body).unwrap().body.card_list.unwrap();
    assert_eq!(cards.len(), 3);
    let debit = GetCardList { card_type: Some("1".to_owned()), ..card_question("u-77") };
    let body = world.ask_bank("getcardlist", debit).await;
    let debit = decode_flat_answer::<GetCardList>(&body).unwrap().body.card_list.unwrap();
    assert_eq!(debit, cards[..1]);
    let question = |card_id: &str| GetCardPayload {
        channel_code: CHANNEL.to_owned(),
        user_id: "u-77".to_owned(),
        industry_code: INDUSTRY.to_owned(),
        card_id: card_id.to_owned(),
        purpose: None,
    };
    let body = world.ask_bank("getcardpayload", question(&cards[0].card_id)).await;
    let answer = decode_flat_answer::<GetCardPayload>(&body).unwrap().body;
    let own = Arc::new(world.platform.keys.enc.clone());
    let sealed = answer.enc_data.unwrap();
    let plain = jwe::decrypt(&sealed, |_| Some(Arc::clone(&own)), &Profile::ALL).unwrap();
    let payload: CardPayload = decode_plain(plain.expose(), "encData").unwrap();
    let pan = payload.pan.unwrap();
    assert_eq!(format!("{}********{}", &pan[..4], &pan[12..]), cards[0].masked_pan);
    let body = world.ask_bank("getcardpayload", question("card-u-78-1")).await;
    let refused = decode_flat_answer::<GetCardPayload>(&body).unwrap();
    assert_eq!(refused.msg_response.code(), Some(ResponseCode::OrderInfoIncorrect));
}

#[tokio::test]
async fn what_is_not_for_this_bank_is_refused() {
    let world = World::new().await;
    let other = GetCardList { channel_code: "20000002".to_owned(), ..card_question("u-77") };
    for question in [card_question("nobody"), other] {
        let body = world.ask_bank("getcardlist", question).await;
        let refused = decode_flat_answer::<GetCardList>(&body).unwrap();
        assert_eq!(refused.msg_response.code(), Some(ResponseCode::OrderInfoIncorrect));
    }
    for path in ["getcardlist", "getcardpayload", "paymentresultnotice", "autodebitpay"] {
        assert_eq!(world.unsigned(&format!("{}/ucsp/v1/{path}", world.bank_url)).await, 401);
    }
    let close = AutoDebitClose::default();
    let body = world.ask_bank("autodebitclose", close).await;
    assert!(!String::from_utf8(body).unwrap().contains("\"responseCode\":\"00\""));
}

fn notice() -> PaymentResultNotice {
    PaymentResultNotice {
        txn_type: "01".to_owned(),
        order_id: "PK20260105000017".to_owned(),
        txn_time: "20260105103000".to_owned(),
        mer_id: "100000010000017".to_owned(),
        acq_iin: "00010344".to_owned(),
        query_id: "202601051030010000171".to_owned(),
        txn_amt: "2500".to_owned(),
        currency_code: "344".to_owned(),
        txn_status: "SUCCESS".to_owned(),
        orig_resp_code: "00".to_owned(),
        orig_resp_msg: "Approved".to_owned(),
        channel_code: CHANNEL.to_owned(),
        user_id: "u-77".to_owned(),
        notify_id: "0123456789abcdef0123456789abcdef".to_owned(),
        notify_count: "1".to_owned(),
        ..PaymentResultNotice::default()
    }
}

#[tokio::test]
async fn a_notice_is_one_payment_however_often_it_comes() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::in_folder(Some(folder.path().to_owned())).await;
    for _ in 0..2 {
        let body = world.ask_bank("paymentresultnotice", notice()).await;
        let answer = decode_flat_answer::<PaymentResultNotice>(&body).unwrap();
        assert_eq!(answer.msg_response.code(), Some(ResponseCode::Approved));
        // The keys in memory are gone after a restart; what was booked is not.
        world.restart().await;
    }
    let (mut browser, home) = world.logged_in("u-77").await;
    assert_eq!(home.text.matches("PK20260105000017").count(), 1);
    let payments = browser.get(&format!("{}/payments", world.bank_url)).await;
    assert!(payments.text.contains("HK$25.00") && payments.text.contains("told 2×"));
    let (_, stranger) = world.logged_in("u-78").await;
    assert!(!stranger.text.contains("PK20260105000017"), "each user sees their own");
}

#[tokio::test]
async fn a_service_opens_after_consent_and_is_not_asked_again() {
    let mut world = World::new().await;
    let (mut browser, home) = world.logged_in("u-77").await;
    let open = format!("{}/services/{INDUSTRY}/open", world.bank_url);
    let csrf = home.csrf();
    let asked = browser.post(&open, &[("csrf", &csrf)]).await;
    let consent = format!("{}/services/{INDUSTRY}/consent", world.bank_url);
    assert!(consent.ends_with(asked.location.as_deref().unwrap()));
    assert!(world.got.try_recv().is_err(), "nothing is sent before the user agrees");
    let page = browser.get(&consent).await;
    page.assert_strict();
    assert!(page.text.contains("Mobile number") && !page.text.contains("91234577"));
    let denied = browser.post(&consent, &[("csrf", &csrf), ("decision", "deny")]).await;
    assert_eq!(denied.location.as_deref(), Some("/second"));
    assert!(world.got.try_recv().is_err());
    let opened = browser.post(&consent, &[("csrf", &csrf), ("decision", "allow")]).await;
    assert_eq!(opened.location.as_deref(), Some("http://127.0.0.1:1/ucsp/login/once"));
    let message = decode_flat::<ChannelLoginInfo>(&world.got.recv().await.unwrap().body).unwrap();
    let own = Arc::new(world.platform.keys.enc.clone());
    let sealed = message.body.enc_data.unwrap();
    let plain = jwe::decrypt(&sealed, |_| Some(Arc::clone(&own)), &Profile::ALL).unwrap();
    let data: ChannelUserData = decode_plain(plain.expose(), "encData").unwrap();
    assert_eq!(data.mobile.as_deref(), Some("+85291234577"));
    let again = browser.post(&open, &[("csrf", &csrf)]).await;
    assert_eq!(again.location, opened.location, "agreed once");
    let withdraw = format!("{}/connections/{INDUSTRY}/withdraw", world.bank_url);
    browser.post(&withdraw, &[("csrf", &csrf)]).await;
    let asked = browser.post(&open, &[("csrf", &csrf)]).await;
    assert!(consent.ends_with(asked.location.as_deref().unwrap()), "withdrawn, so asked again");
}

#[tokio::test]
async fn forms_need_the_token_of_their_session() {
    let world = World::new().await;
    let (mut browser, _) = world.logged_in("u-77").await;
    let (_, other) = world.logged_in("u-78").await;
    let open = format!("{}/services/{INDUSTRY}/open", world.bank_url);
    let foreign = other.csrf();
    for csrf in ["", foreign.as_str()] {
        assert_eq!(browser.post(&open, &[("csrf", csrf)]).await.status, 403);
    }
    let mut stranger = Browser::new(&world.client);
    let page = stranger.get(&world.bank_url).await;
    assert_eq!(page.location.as_deref(), Some("/second/login"));
}

const VERIFIER: &str = "a verifier of at least forty-three characters, made once";

fn authorize_url(world: &World, redirect_uri: &str) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("response_type", "code")
        .append_pair("client_id", "causeway")
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", "state-1")
        .append_pair("scope", INDUSTRY)
        .append_pair("code_challenge", &challenge)
        .append_pair("code_challenge_method", "S256")
        .finish();
    format!("{}/oauth/authorize?{query}", world.bank_url)
}

/// Walks the page and gives back where the browser is sent.
async fn authorize(world: &World, decision: &str) -> String {
    let redirect_uri = format!("{}/callback", world.platform_url);
    let mut browser = Browser::new(&world.client);
    let page = browser.get(&authorize_url(world, &redirect_uri)).await;
    page.assert_strict();
    let names = ["response_type", "client_id", "state", "scope", "code_challenge_method"];
    let mut fields: Vec<(&str, String)> =
        names.iter().map(|name| (*name, page.field(name))).collect();
    let form = page.text.split_once("/oauth/authorize\"").unwrap().1;
    let csrf = form.split_once("name=\"csrf\" value=\"").unwrap().1.split_once('"').unwrap().0;
    fields.push(("csrf", csrf.to_owned()));
    fields.push(("redirect_uri", redirect_uri));
    fields.push(("code_challenge", page.field("code_challenge")));
    fields.push(("user", "u-78".to_owned()));
    fields.push(("decision", decision.to_owned()));
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let url = format!("{}/oauth/authorize", world.bank_url);
    browser.post(&url, &fields).await.location.unwrap()
}

async fn redeem(world: &World, code: &str, verifier: &str, secret: &str) -> (u16, String) {
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &format!("{}/callback", world.platform_url))
        .append_pair("client_id", "causeway")
        .append_pair("client_secret", secret)
        .append_pair("code_verifier", verifier)
        .finish();
    let request = Request::post(format!("{}/oauth/token", world.bank_url), body)
        .header("Content-Type", "application/x-www-form-urlencoded");
    let response = world.client.send(request).await.unwrap();
    (response.status, String::from_utf8(response.body.to_vec()).unwrap())
}

async fn code(world: &World) -> String {
    let location = authorize(world, "allow").await;
    let query = location.split_once("/callback?code=").unwrap().1;
    let (code, state) = query.split_once("&state=").unwrap();
    assert_eq!(state, "state-1");
    code.to_owned()
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_and_verifier() {
    let world = World::new().await;
    let first = code(&world).await;
    assert_eq!(redeem(&world, &first, VERIFIER, "guessed").await.0, 401);
    let (status, body) = redeem(&world, &first, VERIFIER, CLIENT_SECRET).await;
    assert_eq!(status, 200, "{body}");
    let token = body.split_once("\"access_token\":\"").unwrap().1.split_once('"').unwrap().0;
    let info = format!("{}/oauth/userinfo", world.bank_url);
    let ask =
        |token: &str| Request::get(info.clone()).header("Authorization", format!("Bearer {token}"));
    let answer = world.client.send(ask(token)).await.unwrap();
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(text.contains(r#""user_id":"u-78","mobile":"+8613800138078""#), "{text}");
    assert_eq!(world.client.send(ask("other")).await.unwrap().status, 401);
    assert_eq!(redeem(&world, &first, VERIFIER, CLIENT_SECRET).await.0, 400, "used before");
    let second = code(&world).await;
    assert_eq!(redeem(&world, &second, "another", CLIENT_SECRET).await.0, 400, "PKCE");
    let third = code(&world).await;
    world.clock.advance(120);
    assert_eq!(redeem(&world, &third, VERIFIER, CLIENT_SECRET).await.0, 400, "too late");
}

#[tokio::test]
async fn nobody_is_redirected_to_an_address_that_is_not_registered() {
    let world = World::new().await;
    let mut browser = Browser::new(&world.client);
    let page = browser.get(&authorize_url(&world, "http://evil.example/callback")).await;
    assert_eq!((page.status, page.location), (400, None));
    let denied = authorize(&world, "deny").await;
    assert!(denied.contains("/callback?error=access_denied&state=state-1"), "{denied}");
}
