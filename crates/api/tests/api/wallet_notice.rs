//! Notices of a wallet: nobody but the wallet of the order's payway is believed.

use axum::body::Body;
use causeway_api::WalletKey;
use domain::payway::Payway;
use http::{Request, StatusCode};
use jose::mac::MacKey;
use jose::secret::Secret;
use serde_json::{Value, json};
use wire::wallet::{MAC_HEADER, NOTICE_PATH, answer_context, request_context};

use crate::harness::World;
use crate::till::Till;

const WECHAT: &str = "a secret of platform and wallet";
const ALIPAY: &str = "a secret of another wallet";

fn key(secret: &str) -> MacKey {
    MacKey::new(&Secret::new(secret.to_owned())).unwrap()
}

/// The wallets that the platform of the tests knows.
pub(crate) fn wallet_keys() -> Vec<WalletKey> {
    let one = |secret, payway| WalletKey { key: key(secret), payways: vec![payway] };
    vec![one(ALIPAY, Payway::ALIPAY), one(WECHAT, Payway::WECHAT)]
}

fn notice(secret: &str, context: &str, body: &Value) -> Request<Body> {
    let body = body.to_string();
    let tag = key(secret).tag(context, body.as_bytes());
    Request::post(NOTICE_PATH).header(MAC_HEADER, tag).body(Body::from(body)).unwrap()
}

impl World {
    /// Sends an authenticated notice; whether it was taken.
    async fn notified(&self, secret: &str, body: &Value) -> bool {
        let request = notice(secret, &request_context(NOTICE_PATH), body);
        let tag = request.headers()[MAC_HEADER].to_str().unwrap().to_owned();
        let got = self.send(request).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.text());
        let mac = got.header(MAC_HEADER).unwrap();
        assert!(key(secret).holds(&answer_context(&tag), &got.body, mac));
        got.json()["taken"].as_bool().unwrap()
    }

    async fn presented(&self, till: &Till, client_sn: &str) -> String {
        let body = json!({
            "client_sn": client_sn, "total_amount": "100", "payway": "3", "subject": "Pizza",
            "operator": "kay",
        });
        let biz = self.biz(till, "precreate", body).await;
        biz["data"]["sn"].as_str().unwrap().to_owned()
    }

    async fn order_status(&self, till: &Till, sn: &str) -> Value {
        self.biz(till, "query", json!({ "sn": sn })).await["data"]["order_status"].clone()
    }
}

fn paid(sn: &str) -> Value {
    json!({ "sn": sn, "status": "SUCCESS", "trade_no": "0317", "payer_uid": "o-77",
        "payments": [{ "type": "WALLET_WEIXIN", "amount": 100 }] })
}

#[tokio::test]
async fn a_result_is_taken_once_and_again() {
    let world = World::new();
    let till = world.till().await;
    let (first, second) = (world.presented(&till, "1").await, world.presented(&till, "2").await);
    assert!(world.notified(WECHAT, &paid(&first)).await);
    assert!(world.notified(WECHAT, &paid(&first)).await);
    assert_eq!(world.order_status(&till, &first).await, "PAID");
    let refused = json!({ "sn": second, "status": "FAIL", "code": "TRADE_FAILED" });
    assert!(world.notified(WECHAT, &refused).await);
    assert_eq!(world.order_status(&till, &second).await, "PAY_CANCELED");
    // What is final stays, whatever comes later.
    assert!(!world.notified(WECHAT, &paid(&second)).await);
    assert_eq!(world.order_status(&till, &second).await, "PAY_CANCELED");
}

#[tokio::test]
async fn a_wallet_speaks_of_its_own_payments_only() {
    let world = World::new();
    let till = world.till().await;
    let sn = world.presented(&till, "1").await;
    assert!(!world.notified(ALIPAY, &paid(&sn)).await);
    assert!(!world.notified(WECHAT, &paid("7890000000000000")).await);
    let unknown = json!({ "sn": sn, "refund_no": "17", "status": "SUCCESS" });
    assert!(!world.notified(WECHAT, &unknown).await);
    for status in ["PENDING", "ERROR", "NOT_FOUND", "PAID"] {
        assert!(!world.notified(WECHAT, &json!({ "sn": sn, "status": status })).await, "{status}");
    }
    assert!(!world.notified(WECHAT, &json!("no notice")).await);
    assert_eq!(world.order_status(&till, &sn).await, "CREATED");
}

#[tokio::test]
async fn nothing_is_read_before_it_is_authenticated() {
    let world = World::new();
    let till = world.till().await;
    let sn = world.presented(&till, "1").await;
    let context = request_context(NOTICE_PATH);
    let without = Request::post(NOTICE_PATH).body(Body::from(paid(&sn).to_string())).unwrap();
    let mut twice = notice(WECHAT, &context, &paid(&sn));
    let tag = twice.headers()[MAC_HEADER].clone();
    twice.headers_mut().append(MAC_HEADER, tag);
    let foreign = notice("a secret that nobody knows", &context, &paid(&sn));
    let elsewhere = notice(WECHAT, &request_context("/wallet/v1/operations"), &paid(&sn));
    for request in [without, twice, foreign, elsewhere] {
        assert_eq!(world.send(request).await.status, StatusCode::UNAUTHORIZED);
    }
    let large = Request::post(NOTICE_PATH).header(MAC_HEADER, "00");
    let large = large.body(Body::from(vec![b' '; 256 * 1024 + 1])).unwrap();
    assert_eq!(world.send(large).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(world.order_status(&till, &sn).await, "CREATED");
}
