//! A till: it signs bytes, posts them and tells what came back.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::http::Http;

/// The device that a till says it is.
const DEVICE: &str = "crash-till";

/// A terminal with its key and a connection of its own.
#[derive(Clone)]
pub(crate) struct Till {
    base: String,
    http: Http,
    pub(crate) sn: String,
    key: String,
}

/// A reply that came whole.
#[derive(Clone, Debug)]
pub(crate) struct Told(pub(crate) Value);

impl Told {
    fn text(value: &Value) -> &str {
        value.as_str().unwrap_or_default()
    }

    /// `result_code` of `biz_response`; empty when the envelope refused.
    pub(crate) fn result(&self) -> &str {
        Self::text(&self.0["biz_response"]["result_code"])
    }

    /// `error_code` of `biz_response`.
    pub(crate) fn error(&self) -> &str {
        Self::text(&self.0["biz_response"]["error_code"])
    }

    /// A member of `data`.
    pub(crate) fn get(&self, name: &str) -> &str {
        Self::text(&self.0["biz_response"]["data"][name])
    }
}

impl Till {
    /// Activates a terminal at the platform that wrote this document.
    pub(crate) async fn activate(document: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text of sandbox.json").to_owned();
        let upay = &document["upay"];
        let vendor = Self {
            base: text(&document["base_url"]),
            http: Http::new(),
            sn: text(&upay["vendor_sn"]),
            key: text(&upay["vendor_key"]),
        };
        let body = json!({
            "app_id": upay["app_id"], "device_id": DEVICE,
            "code": upay["activation_codes"][0]["code"],
        });
        let told = vendor.post("/terminal/activate", &body).await.expect("an answer");
        let found = &told.0["biz_response"];
        let (sn, key) = (text(&found["terminal_sn"]), text(&found["terminal_key"]));
        Self { sn, key, ..vendor }
    }

    /// The same terminal with a fresh connection, at another node if one is named.
    pub(crate) fn reconnected(&self, base: Option<&str>) -> Self {
        let base = base.map_or_else(|| self.base.clone(), str::to_owned);
        Self { base, http: Http::new(), ..self.clone() }
    }

    /// Sends members beside `terminal_sn`. An error says what happened to the connection.
    pub(crate) async fn call(&self, path: &str, members: Value) -> Result<Told, String> {
        let mut body = members;
        body["terminal_sn"] = self.sn.as_str().into();
        self.post(path, &body).await
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Told, String> {
        let body = Bytes::from(body.to_string());
        let sign = format!("{} {}", self.sn, jose::terminal::sign(&body, &self.key));
        let fields = [("authorization", sign.as_str())];
        let reply = self.http.post(&format!("{}{path}", self.base), &fields, body).await?;
        if reply.status == 200 { Ok(Told(reply.json())) } else { Err(reply.text()) }
    }

    pub(crate) async fn query(&self, client_sn: &str) -> Result<Told, String> {
        self.call("/upay/v2/query", json!({ "client_sn": client_sn })).await
    }

    pub(crate) async fn pay(
        &self,
        client_sn: &str,
        total: u64,
        barcode: &str,
    ) -> Result<Told, String> {
        let sale = json!({
            "client_sn": client_sn, "total_amount": total.to_string(), "dynamic_id": barcode,
            "subject": "Pizza", "operator": "kay",
        });
        self.call("/upay/v2/pay", sale).await
    }

    /// Moves business time of the sandbox.
    pub(crate) async fn advance(&self, seconds: u64) -> Result<(), String> {
        let body = json!({ "advance_seconds": seconds }).to_string();
        let url = format!("{}/sandbox/v1/clock", self.base);
        let reply = self.http.post(&url, &[], body).await?;
        if reply.status == 200 { Ok(()) } else { Err(reply.text()) }
    }
}

/// A fresh `client_sn`.
pub(crate) fn client_sn() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("cr-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
