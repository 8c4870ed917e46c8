//! Tills in front of the router: vendors, stores, terminals, and wallets that do as told.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use app::directory::DirectoryData;
use app::ports::{LogBooks, PresentError, Presented, Sealer as _, Wallets};
use app::testing::HexSealer;
use app::use_cases::terminals::{NewCode, VENDOR_KEY, issue_code};
use async_trait::async_trait;
use axum::body::Body;
use domain::Outcome;
use domain::ids::{QueryId, TerminalSn};
use domain::order::{DownstreamResult, Order, PaymentPart, WalletResult};
use domain::party::Merchant;
use domain::payway::{Payway, SubPayway};
use domain::terminal::{Store, Vendor, VendorApp};
use http::{Request, StatusCode};
use jiff::Timestamp;
use money::Currency;
use serde_json::{Value, json};

use crate::harness::World;

pub(crate) const VENDOR: &str = "91800001";
pub(crate) const VENDOR_SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const APP: &str = "2026010500000001";

/// A barcode of WeChat Pay whose payer pays at once, and ones with other outcomes.
pub(crate) const PAID: &str = "130818341921440000";
pub(crate) const NO_FUNDS: &str = "130818341921449951";
pub(crate) const PENDING: &str = "130818341921449905";
pub(crate) const SILENT: &str = "130818341921449998";

/// Two merchants with a store each.
pub(crate) fn stores(data: &mut DirectoryData) {
    data.vendors.push(Vendor {
        sn: VENDOR.into(),
        name: "Tills Ltd".to_owned(),
        key_sealed: HexSealer.seal(VENDOR_KEY, VENDOR_SECRET),
        active: true,
        apps: vec![VendorApp { id: APP.into(), name: "Till".to_owned() }],
    });
    for (merchant, store) in [("200000010000017", "S-1"), ("200000010000018", "S-2")] {
        data.merchants.push(Merchant {
            id: merchant.into(),
            name: "Pizza Harbour".to_owned(),
            industry: None,
            acquirer: "00010344".into(),
            currencies: vec![Currency::from_numeric("156").unwrap()],
            daily_limit_minor: None,
            active: true,
        });
        data.stores.push(Store {
            sn: store.into(),
            merchant: merchant.into(),
            name: "By the pier".to_owned(),
            open: true,
            daily_limit_minor: None,
        });
    }
}

/// Wallets whose outcome the barcode's last four digits name.
#[derive(Default)]
pub(crate) struct FakeWallets {
    pub(crate) aborts_lost: AtomicBool,
    pub(crate) reversals_lost: AtomicBool,
    pub(crate) paid_when_asked: AtomicBool,
    pub(crate) panics: AtomicBool,
    pub(crate) return_url: Mutex<Option<String>>,
}

fn succeeded(order: &Order) -> Outcome {
    let total = order.terms.amount.minor();
    Outcome::Succeeded(DownstreamResult {
        code: "00".to_owned(),
        reference: Some(format!("T{}", order.terms.number)),
        wallet: Some(Box::new(WalletResult {
            payer_uid: Some("o-77".to_owned()),
            finished_at: Some(order.terms.created_at),
            payments: vec![PaymentPart { kind: "WALLET_WEIXIN".to_owned(), minor: total }],
            ..WalletResult::default()
        })),
        ..DownstreamResult::default()
    })
}

#[async_trait]
impl Wallets for FakeWallets {
    fn takes(&self, payway: Payway, sub_payway: SubPayway) -> bool {
        [1, 2, 3, 6, 17].contains(&payway.0)
            && (payway != Payway::QQ || sub_payway == SubPayway::BARCODE)
    }

    async fn charge(&self, order: &Order, barcode: &str) -> Outcome {
        assert!(!self.panics.load(Ordering::SeqCst), "a fault in the platform");
        match barcode {
            NO_FUNDS => Outcome::Refused(DownstreamResult {
                code: "INSUFFICIENT_FUND".to_owned(),
                ..DownstreamResult::default()
            }),
            PENDING => Outcome::Accepted,
            SILENT => Outcome::Lost,
            _ => succeeded(order),
        }
    }

    async fn present(&self, order: &Order, back: Option<&str>) -> Result<Presented, PresentError> {
        *self.return_url.lock().unwrap() = back.map(str::to_owned);
        Ok(Presented {
            qr_code: format!("https://wallet.example/p/{}", order.terms.number),
            wap_pay_request: Some(r#"{"appid":"wx1"}"#.to_owned()),
        })
    }

    async fn abort(&self, order: &Order) -> Outcome {
        if self.aborts_lost.load(Ordering::SeqCst) { Outcome::Lost } else { succeeded(order) }
    }

    async fn reverse(&self, order: &Order, _: &QueryId) -> Outcome {
        if self.reversals_lost.load(Ordering::SeqCst) { Outcome::Lost } else { succeeded(order) }
    }

    async fn inquire(&self, order: &Order, _: Option<&QueryId>) -> Outcome {
        if self.paid_when_asked.load(Ordering::SeqCst) { succeeded(order) } else { Outcome::Lost }
    }
}

/// Logs in memory.
#[derive(Default)]
pub(crate) struct FakeLogs(pub(crate) Mutex<Vec<(String, usize)>>);

#[async_trait]
impl LogBooks for FakeLogs {
    async fn keep(&self, terminal: &TerminalSn, _: Timestamp, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().push((terminal.to_string(), bytes.len()));
        Ok(())
    }

    async fn list(&self, _: &TerminalSn, _: usize) -> io::Result<Vec<(String, u64)>> {
        Ok(Vec::new())
    }

    async fn read(&self, _: &TerminalSn, _: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// A terminal with its key.
#[derive(Clone)]
pub(crate) struct Till {
    pub(crate) sn: String,
    pub(crate) key: String,
}

/// A signed body.
pub(crate) fn signed(
    path: &str,
    (sn, key): (&str, &str),
    body: impl Into<Vec<u8>>,
) -> Request<Body> {
    let body = body.into();
    let sign = jose::terminal::sign(&body, key);
    let request = Request::post(path).header("Authorization", format!("{sn} {sign}"));
    request.header("Content-Type", "application/json").body(Body::from(body)).unwrap()
}

impl World {
    /// A code of the store of this number, good for so many terminals.
    pub(crate) async fn code(&self, store: &str, uses_count_max: u32) -> String {
        let code = NewCode { vendor: VENDOR.into(), store: store.into(), uses_count_max };
        issue_code(&self.platform, &code).await.unwrap().code
    }

    /// A terminal of a store.
    pub(crate) async fn till_in(&self, store: &str) -> Till {
        let code = self.code(store, 1).await;
        let reply = self.activate(&json!({"app_id": APP, "code": code, "device_id": "d-1"})).await;
        let text = |member: &str| reply["biz_response"][member].as_str().unwrap().to_owned();
        Till { sn: text("terminal_sn"), key: text("terminal_key") }
    }

    pub(crate) async fn till(&self) -> Till {
        self.till_in("S-1").await
    }

    pub(crate) async fn activate(&self, body: &Value) -> Value {
        let body = body.to_string();
        self.envelope(signed("/terminal/activate", (VENDOR, VENDOR_SECRET), body)).await
    }

    /// Sends a request of a till; the answer is an envelope of non-empty strings.
    pub(crate) async fn envelope(&self, request: Request<Body>) -> Value {
        let got = self.send(request).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.text());
        let value = got.json();
        assert!(strings_only(&value), "{value}");
        value
    }

    /// Sends a signed body with `terminal_sn` put in.
    pub(crate) async fn upay(&self, till: &Till, call: &str, mut body: Value) -> Value {
        body["terminal_sn"] = json!(till.sn);
        self.upay_text(till, call, &body.to_string()).await
    }

    pub(crate) async fn upay_text(&self, till: &Till, call: &str, body: &str) -> Value {
        let path = format!("/upay/v2/{call}");
        self.envelope(signed(&path, (&till.sn, &till.key), body)).await
    }

    /// The `biz_response` of a call.
    pub(crate) async fn biz(&self, till: &Till, call: &str, body: Value) -> Value {
        let reply = self.upay(till, call, body).await;
        assert_eq!(reply["result_code"], "200", "{reply}");
        reply["biz_response"].clone()
    }

    pub(crate) async fn pay(&self, till: &Till, client_sn: &str, barcode: &str) -> Value {
        self.biz(till, "pay", sale(client_sn, barcode)).await
    }
}

/// A sale over 100 cents.
pub(crate) fn sale(client_sn: &str, barcode: &str) -> Value {
    json!({
        "client_sn": client_sn,
        "total_amount": "100",
        "dynamic_id": barcode,
        "subject": "Pizza",
        "operator": "kay",
    })
}

fn strings_only(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Object(object) => object.values().all(strings_only),
        Value::Array(all) => all.iter().all(strings_only),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
