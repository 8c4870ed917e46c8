//! Logins, hand-overs, consents, cards.

use app::Refusal;
use app::ports::channel::CardListQuestion;
use app::records::{self, LoginExtras};
use app::use_cases::{
    ChannelLogin, begin_authorization, channel_login, finish_authorization, follow_login_link,
    list_cards,
};
use domain::ids::IndustryCode;
use jiff::SignedDuration;

use crate::harness::{World, bank, service};

fn login(industry: &str, mobile: Option<&str>) -> ChannelLogin {
    ChannelLogin {
        channel: "20000001".into(),
        industry: IndustryCode::from(industry),
        user: "u-77".into(),
        mobile: mobile.map(str::to_owned),
        email: None,
        extras: LoginExtras::default(),
    }
}

fn secret(url: &str) -> &str {
    url.strip_prefix("https://ucsp.example/ucsp/login/").unwrap()
}

#[tokio::test]
async fn a_login_link_works_once_and_within_its_life() {
    let world = World::new();
    let platform = &world.platform;
    let url = channel_login(platform, &bank(), login("10000001", Some("+852-5"))).await.unwrap();
    let handover = follow_login_link(platform, secret(&url)).await.unwrap();
    assert_eq!(handover.mobile.as_deref(), Some("+852-5"));
    let again = follow_login_link(platform, secret(&url)).await;
    assert!(matches!(again.err().unwrap(), Refusal::UnknownTransaction));
    let url = channel_login(platform, &bank(), login("10000001", Some("+852-5"))).await.unwrap();
    world.clock.advance(SignedDuration::from_mins(5));
    let late = follow_login_link(platform, secret(&url)).await;
    assert!(matches!(late.err().unwrap(), Refusal::Limit { field: "link", .. }));
}

#[tokio::test]
async fn a_service_gets_what_it_needs_and_only_where_it_is_opened() {
    let world = World::new();
    let ask = |caller, input| {
        let platform = world.platform.clone();
        async move { channel_login(&platform, &caller, input).await.err().unwrap() }
    };
    let missing = ask(bank(), login("10000001", None)).await;
    assert!(matches!(missing, Refusal::Invalid { field: "encData.mobile", .. }));
    let closed = ask(bank(), login("10000002", Some("5"))).await;
    let unknown = ask(bank(), login("10009999", Some("5"))).await;
    assert_eq!(closed.to_string(), unknown.to_string(), "no difference may show");
    let foreign = ask(service(), login("10000001", Some("5"))).await;
    assert!(matches!(foreign, Refusal::NoRight { field: "channelCode", .. }));
}

#[tokio::test]
async fn an_authorization_is_finished_once_with_the_right_code() {
    let world = World::new();
    let platform = &world.platform;
    let begin = || async {
        let url = begin_authorization(platform, &"20000001".into(), &"10000001".into()).await;
        let url = url.unwrap();
        assert!(url.contains("code_challenge_method=S256") && url.contains("response_type=code"));
        let state = url.split("state=").nth(1).unwrap().split('&').next().unwrap();
        state.to_owned()
    };
    let state = begin().await;
    let handover = finish_authorization(platform, &state, "good").await.unwrap();
    assert_eq!(handover.user.as_str(), "u-77");
    let again = finish_authorization(platform, &state, "good").await;
    assert!(matches!(again.err().unwrap(), Refusal::UnknownTransaction));
    let state = begin().await;
    let bad = finish_authorization(platform, &state, "stolen").await;
    assert!(matches!(bad.err().unwrap(), Refusal::DownstreamRefused { .. }));
    let unknown = finish_authorization(platform, "made up", "good").await;
    assert!(matches!(unknown.err().unwrap(), Refusal::UnknownTransaction));
}

#[tokio::test]
async fn cards_are_given_out_for_a_day_after_the_hand_over() {
    let world = World::new();
    let platform = &world.platform;
    let question = CardListQuestion {
        channel: "20000001".into(),
        user: "u-77".into(),
        industry: "10000001".to_owned(),
        card_type: None,
        reference: None,
    };
    let before = list_cards(platform, &service(), question.clone()).await;
    assert!(matches!(before.err().unwrap(), Refusal::NoRight { field: "userId", .. }));
    channel_login(platform, &bank(), login("10000001", Some("+852-5"))).await.unwrap();
    assert_eq!(list_cards(platform, &service(), question.clone()).await.unwrap().len(), 1);
    let key = records::consent_key(&"20000001".into(), &"u-77".into(), &"10000001".into());
    let consent = platform.store.record(records::CONSENT, &key).await.unwrap().unwrap().value;
    assert!(consent.contains("cardList") && consent.contains("mobile"), "{consent}");
    assert!(!consent.contains("+852-5"), "the value itself is not kept");
    world.clock.advance(SignedDuration::from_hours(25));
    let late = list_cards(platform, &service(), question).await;
    assert!(matches!(late.err().unwrap(), Refusal::NoRight { field: "userId", .. }));
}
