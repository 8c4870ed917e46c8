//! A till as a stranger's program: it signs bytes, posts them, and trusts no reply that breaks the
//! rules on which the existing clients of the Upay Web API stand.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde_json::{Value, json};

use super::http::{Http, Reply};
use super::sandbox::Sandbox;
use super::typing;
use super::wait::until;

pub(crate) const ACTIVATE: &str = "/terminal/activate";
pub(crate) const CHECK_IN: &str = "/terminal/checkin";
pub(crate) const UPLOAD_LOG: &str = "/terminal/uploadLog";
pub(crate) const PAY: &str = "/upay/v2/pay";
pub(crate) const PRECREATE: &str = "/upay/v2/precreate";
pub(crate) const QUERY: &str = "/upay/v2/query";
pub(crate) const REFUND: &str = "/upay/v2/refund";
pub(crate) const CANCEL: &str = "/upay/v2/cancel";
pub(crate) const REVOKE: &str = "/upay/v2/revoke";

/// A barcode of WeChat that is paid at once.
pub(crate) const BARCODE: &str = "130818341921441147";

/// The device of a till that was activated for a test.
pub(crate) const DEVICE: &str = "50a87771-ca8a-4952-a493-9504c39ab495";

/// A fresh `client_sn`.
pub(crate) fn client_sn() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("bb-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// A barcode of WeChat with one of the endings of upay.md section 14.
pub(crate) fn barcode(ending: &str) -> String {
    format!("13081834192144{ending}")
}

/// An envelope that keeps the typing rules.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope(pub(crate) Value);

impl Envelope {
    /// Of a reply to a call at this path.
    #[track_caller]
    pub(crate) fn of(path: &str, reply: &Reply) -> Self {
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let form = reply.header("content-type").to_ascii_lowercase();
        assert!(form.starts_with("application/json"), "{path}: {form}");
        let value = reply.json();
        let faults = typing::faults(path, &value);
        assert!(faults.is_empty(), "{path}: {faults:?} in {value}");
        Self(value)
    }

    fn text<'v>(value: &'v Value, name: &str) -> &'v str {
        value.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// `result_code` and `error_code` of the envelope itself.
    pub(crate) fn outer(&self) -> (&str, &str) {
        (Self::text(&self.0, "result_code"), Self::text(&self.0, "error_code"))
    }

    /// `error_message` of the envelope itself.
    pub(crate) fn outer_message(&self) -> &str {
        Self::text(&self.0, "error_message")
    }

    /// `result_code` and `error_code` of `biz_response`.
    pub(crate) fn biz(&self) -> (&str, &str) {
        let biz = &self.0["biz_response"];
        (Self::text(biz, "result_code"), Self::text(biz, "error_code"))
    }

    /// A member of `biz_response.data`; empty when it is left out.
    pub(crate) fn get(&self, name: &str) -> &str {
        Self::text(&self.0["biz_response"]["data"], name)
    }

    /// Whether there is `biz_response.data`.
    pub(crate) fn has_data(&self) -> bool {
        self.0["biz_response"]["data"].is_object()
    }

    /// `order_status` and `status`.
    pub(crate) fn standing(&self) -> (&str, &str) {
        (self.get("order_status"), self.get("status"))
    }

    /// It is refused as a whole, with this `error_code`.
    #[track_caller]
    pub(crate) fn is_refused(&self, code: &str) -> &Self {
        assert_eq!(self.outer(), ("400", code), "{}", self.0);
        self
    }

    /// Its `biz_response` has these `result_code` and `error_code`.
    #[track_caller]
    pub(crate) fn is(&self, result: &str, code: &str) -> &Self {
        assert_eq!(self.outer().0, "200", "{}", self.0);
        assert_eq!(self.biz(), (result, code), "{}", self.0);
        self
    }

    /// The order has these `order_status`, `status` and `net_amount`.
    #[track_caller]
    pub(crate) fn stands(&self, order: &str, transaction: &str, net: &str) -> &Self {
        let seen = (self.get("order_status"), self.get("status"), self.get("net_amount"));
        assert_eq!(seen, (order, transaction, net), "{}", self.0);
        self
    }
}

/// Who may activate terminals.
#[derive(Clone)]
pub(crate) struct Vendor {
    base: String,
    http: Http,
    pub(crate) sn: String,
    pub(crate) key: String,
    pub(crate) app_id: String,
}

impl Vendor {
    pub(crate) fn of(sandbox: &Sandbox) -> Self {
        let text = |name: &str| sandbox.document["upay"][name].as_str().expect(name).to_owned();
        Self {
            base: sandbox.base(),
            http: sandbox.http.clone(),
            sn: text("vendor_sn"),
            key: text("vendor_key"),
            app_id: text("app_id"),
        }
    }

    /// Tries to activate a terminal with a code.
    pub(crate) async fn activate(&self, code: &str, device_id: &str) -> Envelope {
        let body = json!({ "app_id": self.app_id, "code": code, "device_id": device_id });
        self.send(&body).await
    }

    /// Sends a body to activate, signed by the vendor.
    pub(crate) async fn send(&self, body: &Value) -> Envelope {
        let till = Till {
            base: self.base.clone(),
            http: self.http.clone(),
            sn: self.sn.clone(),
            key: self.key.clone(),
        };
        till.post(ACTIVATE, body.to_string()).await
    }

    /// The terminal of a reply to activate or check-in.
    #[track_caller]
    pub(crate) fn till(&self, reply: &Envelope) -> Till {
        let text = |name: &str| reply.0["biz_response"][name].as_str().expect(name).to_owned();
        Till {
            base: self.base.clone(),
            http: self.http.clone(),
            sn: text("terminal_sn"),
            key: text("terminal_key"),
        }
    }
}

/// A code of the sandbox by its place: 0 and 2 are good for 1000 terminals, 1 and 3 for two; the
/// last two are the second merchant's.
pub(crate) fn code(sandbox: &Sandbox, index: usize) -> String {
    let code = &sandbox.document["upay"]["activation_codes"][index]["code"];
    code.as_str().expect("a code").to_owned()
}

/// A terminal with a key.
#[derive(Clone)]
pub(crate) struct Till {
    pub(crate) base: String,
    pub(crate) http: Http,
    pub(crate) sn: String,
    pub(crate) key: String,
}

impl Till {
    /// A fresh terminal of the first merchant.
    pub(crate) async fn first(sandbox: &Sandbox) -> Self {
        Self::of(sandbox, 0).await
    }

    /// A fresh terminal of the second merchant.
    pub(crate) async fn foreign(sandbox: &Sandbox) -> Self {
        Self::of(sandbox, 2).await
    }

    async fn of(sandbox: &Sandbox, index: usize) -> Self {
        let vendor = Vendor::of(sandbox);
        vendor.till(&vendor.activate(&code(sandbox, index), DEVICE).await)
    }

    /// The same terminal with another key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// The `Authorization` of these bytes.
    pub(crate) fn authorization(&self, body: &[u8]) -> String {
        format!("{} {}", self.sn, jose::terminal::sign(body, &self.key))
    }

    /// Sends these bytes, signed.
    pub(crate) async fn post(&self, path: &str, body: impl Into<Bytes>) -> Envelope {
        let body = body.into();
        let authorization = self.authorization(&body);
        self.post_as(path, body, &[("authorization", &authorization)]).await
    }

    /// Sends these bytes with these header fields.
    pub(crate) async fn post_as(
        &self,
        path: &str,
        body: impl Into<Bytes>,
        fields: &[(&str, &str)],
    ) -> Envelope {
        let reply = self.try_post(path, body.into(), fields).await;
        Envelope::of(path, &reply.expect("an answer"))
    }

    /// As [`Self::post_as`]; the connection may break.
    pub(crate) async fn try_post(
        &self,
        path: &str,
        body: Bytes,
        fields: &[(&str, &str)],
    ) -> Result<Reply, String> {
        self.http.post(&format!("{}{path}", self.base), fields, body).await
    }

    /// As [`Self::call`] at another address; the connection may break.
    pub(crate) async fn try_call(
        &self,
        base: &str,
        path: &str,
        members: &Value,
    ) -> Result<Envelope, String> {
        let body = Bytes::from(self.message(members).to_string());
        let authorization = self.authorization(&body);
        let fields = [("authorization", authorization.as_str())];
        let there = Self { base: base.to_owned(), ..self.clone() };
        let reply = there.try_post(path, body, &fields).await?;
        Ok(Envelope::of(path, &reply))
    }

    /// Sends members beside `terminal_sn`.
    pub(crate) async fn call(&self, path: &str, members: &Value) -> Envelope {
        self.post(path, self.message(members).to_string()).await
    }

    /// Members with `terminal_sn`.
    pub(crate) fn message(&self, members: &Value) -> Value {
        let mut message = members.clone();
        message["terminal_sn"] = self.sn.as_str().into();
        message
    }

    /// Members of a payment of one yuan.
    pub(crate) fn sale(client_sn: &str, dynamic_id: &str) -> Value {
        json!({
            "client_sn": client_sn,
            "total_amount": "100",
            "dynamic_id": dynamic_id,
            "subject": "Pizza",
            "operator": "kay",
        })
    }

    /// Members of an order of one yuan whose code the payer scans.
    pub(crate) fn offer(client_sn: &str) -> Value {
        json!({
            "client_sn": client_sn,
            "total_amount": "100",
            "payway": "3",
            "subject": "Pizza",
            "operator": "kay",
        })
    }

    /// Takes one yuan with this barcode.
    pub(crate) async fn pay(&self, client_sn: &str, dynamic_id: &str) -> Envelope {
        self.call(PAY, &Self::sale(client_sn, dynamic_id)).await
    }

    /// An order of one yuan that was paid: its `client_sn` and the reply.
    pub(crate) async fn paid(&self) -> (String, Envelope) {
        let client_sn = client_sn();
        let reply = self.pay(&client_sn, BARCODE).await;
        reply.is("PAY_SUCCESS", "").stands("PAID", "SUCCESS", "100");
        (client_sn, reply)
    }

    /// Asks for an order by `client_sn`.
    pub(crate) async fn query(&self, client_sn: &str) -> Envelope {
        self.call(QUERY, &json!({ "client_sn": client_sn })).await
    }

    /// Waits until an order has this `order_status`.
    pub(crate) async fn wait_for(&self, client_sn: &str, order_status: &str) -> Envelope {
        until(&format!("{client_sn} becomes {order_status}"), async || {
            let reply = self.query(client_sn).await;
            let there = reply.get("order_status") == order_status;
            if there { Ok(reply) } else { Err(reply.0.to_string()) }
        })
        .await
    }

    /// Gives back so many cents.
    pub(crate) async fn refund(&self, client_sn: &str, number: &str, amount: &str) -> Envelope {
        self.call(REFUND, &Self::giving_back(client_sn, number, amount)).await
    }

    /// Members of a refund of so many cents.
    pub(crate) fn giving_back(client_sn: &str, number: &str, amount: &str) -> Value {
        json!({
            "client_sn": client_sn,
            "refund_request_no": number,
            "refund_amount": amount,
            "operator": "kay",
        })
    }

    /// Undoes an order, by cancel or by revoke.
    pub(crate) async fn undo(&self, path: &str, client_sn: &str) -> Envelope {
        self.call(path, &json!({ "client_sn": client_sn })).await
    }

    /// Tries to check in on a device.
    pub(crate) async fn check_in(&self, device_id: &str) -> Envelope {
        self.call(CHECK_IN, &json!({ "device_id": device_id })).await
    }

    /// Checks in, and goes on with the new key.
    pub(crate) async fn renewed(&self) -> Self {
        let reply = self.check_in(DEVICE).await;
        assert_eq!(reply.outer().0, "200", "{}", reply.0);
        let credentials = &reply.0["biz_response"];
        assert_eq!(credentials["terminal_sn"], self.sn.as_str(), "the same terminal");
        self.with_key(credentials["terminal_key"].as_str().expect("a key"))
    }

    /// Whether its key is good.
    pub(crate) async fn is_known(&self) -> bool {
        let reply = self.query("none").await;
        match reply.outer() {
            ("200", _) => true,
            ("400", "ILLEGAL_SIGN") => false,
            other => panic!("{other:?}"),
        }
    }
}
