//! Calls to a channel: cards, a payload that is never seen on the way, and OAuth.

use std::sync::Arc;

use app::ports::channel::{CardListQuestion, CardPayloadQuestion, RedeemQuestion};
use app::ports::{ChannelError, ChannelGateway, Sealer};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use causeway_delivery::HttpChannelGateway;
use causeway_delivery::channel::{ChannelGatewayParts, OAUTH_SECRET};
use dialect::time::default_zone;
use jose::jwe::{self, Profile};
use serde_json::json;

use crate::world::{
    CHANNEL, CHANNEL_CODE, INDUSTRY_CODE, PARTNER_ENC, PLATFORM_ENC, Places, Received, SERVICE,
    Stub, nowhere, signed, world,
};

struct PlainSealer;

impl Sealer for PlainSealer {
    fn seal(&self, _: &'static str, plain: &str) -> String {
        format!("sealed:{plain}")
    }

    fn open(&self, purpose: &'static str, sealed: &str) -> Option<String> {
        let plain = sealed.strip_prefix("sealed:").map(str::to_owned);
        plain.filter(|_| purpose == OAUTH_SECRET)
    }
}

fn gateway(channel: &str) -> HttpChannelGateway {
    let world = world(&Places { channel: channel.to_owned(), ..Places::default() });
    HttpChannelGateway::new(ChannelGatewayParts {
        partner: world.partner,
        directory: world.directory,
        clock: Arc::new(world.clock),
        ids: world.ids,
        sealer: Arc::new(PlainSealer),
        default_zone: default_zone(),
    })
}

fn list() -> CardListQuestion {
    CardListQuestion {
        channel: CHANNEL_CODE.into(),
        user: "u-77".into(),
        industry: INDUSTRY_CODE.to_owned(),
        card_type: Some("1".to_owned()),
        reference: None,
    }
}

fn payload() -> CardPayloadQuestion {
    CardPayloadQuestion {
        channel: CHANNEL_CODE.into(),
        user: "u-77".into(),
        industry: INDUSTRY_CODE.to_owned(),
        card: "c-1".into(),
        purpose: Some("1".to_owned()),
        asker: SERVICE.into(),
    }
}

/// A channel's answer: these members, the repeated number and this code.
fn answered(received: &Received, code: &str, members: &serde_json::Value) -> Response {
    let mut answer = json!({
        "msgID": received.json()["msgID"],
        "msgResponse": {"responseCode": code, "responseMsg": "said"},
    });
    answer.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    signed(&received.app, answer.to_string())
}

async fn channel<F>(
    answer: impl Fn(Received) -> F + Send + Sync + 'static,
) -> (Stub, HttpChannelGateway)
where
    F: Future<Output = Response> + Send + 'static,
{
    let stub = Stub::start(answer).await;
    let gateway = gateway(&stub.url);
    (stub, gateway)
}

#[tokio::test]
async fn the_list_comes_back_as_the_channel_gave_it() {
    let cards = json!({"cardList": [{"cardId": "c-1", "maskedPan": "6233********0060"}]});
    let (stub, gateway) = channel(move |r: Received| {
        let cards = cards.clone();
        async move { answered(&r, "00", &cards) }
    })
    .await;
    let found = gateway.card_list(&list()).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].card.masked_pan, "6233********0060");
    let seen = stub.seen().remove(0);
    assert_eq!((seen.path.as_str(), seen.app.as_str()), ("/ucsp/v1/getcardlist", CHANNEL));
    assert_eq!(seen.json()["cardType"], "1");
}

#[tokio::test]
async fn a_list_that_holds_the_number_of_a_card_is_not_taken() {
    for member in ["cardId", "issuerName"] {
        let mut card = json!({"cardId": "c-1", "maskedPan": "6233********0060"});
        card[member] = "4111 1111 1111 1111".into();
        let cards = json!({ "cardList": [card] });
        let (_stub, gateway) = channel(move |r: Received| {
            let cards = cards.clone();
            async move { answered(&r, "00", &cards) }
        })
        .await;
        let error = gateway.card_list(&list()).await.unwrap_err().to_string();
        assert!(error.contains(member) && !error.contains("4111"), "{error}");
    }
}

#[tokio::test]
async fn refusals_and_faults_are_told_apart() {
    let (_stub, gateway) = channel(async |r: Received| answered(&r, "34", &json!({}))).await;
    let refused = gateway.card_list(&list()).await.unwrap_err();
    assert!(matches!(refused, ChannelError::Refused { code, .. } if code == "34"));
    let trouble = ["05", "11", "99"];
    for code in trouble {
        let (_stub, gateway) =
            channel(move |r: Received| async move { answered(&r, code, &json!({})) }).await;
        let no = gateway.card_list(&list()).await.unwrap_err();
        assert!(matches!(&no, ChannelError::Unavailable(why) if why.contains(code)), "{no}");
    }
    let whole = json!({"cardList": [{"cardId": "c-1", "maskedPan": "6233000000000060"}]});
    let (_stub, gateway) = channel(move |r: Received| {
        let whole = whole.clone();
        async move { answered(&r, "00", &whole) }
    })
    .await;
    let leak = gateway.card_list(&list()).await.unwrap_err();
    assert!(matches!(&leak, ChannelError::Unavailable(_)), "a whole number is no masked one");
    assert!(!leak.to_string().contains("6233000000000060"));
    let dead = crate::channel::gateway(&nowhere().await);
    assert!(matches!(dead.card_list(&list()).await, Err(ChannelError::Unavailable(_))));
    let stranger = CardListQuestion { channel: "99999999".into(), ..list() };
    assert!(matches!(gateway.card_list(&stranger).await, Err(ChannelError::NotSetUp(_))));
}

#[tokio::test]
async fn an_answer_to_another_message_is_none() {
    for (code, number) in [("00", "A1000000120260105103000999999"), ("36", "x"), ("00", "")] {
        let (_stub, gateway) = channel(move |r: Received| async move {
            let cards = json!({
                "msgID": number,
                "cardList": [{"cardId": "c-1", "maskedPan": "6233********0060"}],
            });
            answered(&r, code, &cards)
        })
        .await;
        let wrong = gateway.card_list(&list()).await.unwrap_err();
        assert!(matches!(&wrong, ChannelError::Unavailable(why) if why.contains("msgID")));
    }
}

fn sealed_card(plain: &str, to: &jose::cert::Certificate) -> String {
    jwe::encrypt(plain.as_bytes(), to, Profile::Rsa15A128CbcHs256).unwrap()
}

const CARD: &str = r#"{"pan":"6250946000000016","expiryDate":"2912","cvm":"PIN"}"#;

/// A number of the range that issuers' test numbers are taken from outside of this sandbox.
const REAL: &str = r#"{"pan":"4111111111111111","expiryDate":"2912"}"#;

#[tokio::test]
async fn a_payload_is_encrypted_anew_for_whoever_asked() {
    let (_stub, gateway) = channel(async |r: Received| {
        let enc_data = sealed_card(CARD, PLATFORM_ENC.cert());
        answered(&r, "00", &json!({"cardId": "c-1", "encData": enc_data}))
    })
    .await;
    let sealed = gateway.card_payload(&payload()).await.unwrap();
    assert!(!sealed.contains("6250946000000016"));
    let keys = |kid: &str| (kid == PARTNER_ENC.id().as_str()).then(|| PARTNER_ENC.clone());
    let opened = jwe::decrypt(&sealed, keys, &[Profile::RsaOaep256A256Gcm]).unwrap();
    assert_eq!(opened.expose().as_slice(), CARD.as_bytes());
}

#[tokio::test]
async fn a_payload_that_is_not_ours_or_not_a_card_is_not_handed_on() {
    let answers = [
        json!({"cardId": "c-1", "encData": sealed_card(CARD, PARTNER_ENC.cert())}),
        json!({"cardId": "c-1", "encData": sealed_card("{\"pan\":\"1\"}", PLATFORM_ENC.cert())}),
        json!({"cardId": "c-2", "encData": sealed_card(CARD, PLATFORM_ENC.cert())}),
        json!({"cardId": "c-1"}),
        // The applications of this world are of the sandbox.
        json!({"cardId": "c-1", "encData": sealed_card(REAL, PLATFORM_ENC.cert())}),
    ];
    for answer in answers {
        let given = answer.clone();
        let (_stub, gateway) = channel(move |r: Received| {
            let given = given.clone();
            async move { answered(&r, "00", &given) }
        })
        .await;
        let error = gateway.card_payload(&payload()).await.unwrap_err();
        assert!(matches!(error, ChannelError::Unavailable(_)), "{answer}");
    }
}

fn question() -> RedeemQuestion {
    RedeemQuestion {
        channel: CHANNEL_CODE.into(),
        code: "the code".to_owned(),
        verifier: "v".repeat(43),
        redirect_uri: "https://ucsp.example/ucsp/channel/v1/authorize/callback".to_owned(),
    }
}

fn oauth(received: &Received) -> Response {
    if received.path == "/token" {
        let form: Vec<(String, String)> =
            form_urlencoded::parse(&received.body).into_owned().collect();
        let has = |name: &str, value: &str| form.iter().any(|(n, v)| n == name && v == value);
        let good = has("grant_type", "authorization_code")
            && has("code", "the code")
            && has("client_secret", "open sesame")
            && has("code_verifier", &"v".repeat(43));
        return if good {
            json!({"access_token": "t-1", "token_type": "Bearer"}).to_string().into_response()
        } else {
            (StatusCode::BAD_REQUEST, json!({"error": "invalid_grant"}).to_string()).into_response()
        };
    }
    assert_eq!(received.headers["authorization"], "Bearer t-1");
    json!({"user_id": "u-77", "mobile": "+85291234567"}).to_string().into_response()
}

#[tokio::test]
async fn a_code_becomes_the_users_particulars() {
    let (_stub, gateway) = channel(async |r: Received| oauth(&r)).await;
    let user = gateway.redeem(&question()).await.unwrap();
    assert_eq!(user.user.as_str(), "u-77");
    assert_eq!(user.mobile.as_deref(), Some("+85291234567"));
    assert_eq!(user.email, None);
    let spent = RedeemQuestion { code: "another".to_owned(), ..question() };
    assert!(matches!(gateway.redeem(&spent).await, Err(ChannelError::Refused { .. })));
}
