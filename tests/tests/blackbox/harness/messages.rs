//! Messages of a service and of a channel, with the fields of the sandbox's seed data.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::http::Reply;
use super::partner::{Answer, Partner, real_now};
use super::sandbox::Sandbox;
use super::wait::until;

pub(crate) const LOGIN: &str = "/ucsp/channel/v1/channellogininfo";
pub(crate) const SUBMIT: &str = "/ucsp/industry/v1/submitpaymentorder";
pub(crate) const INQUIRE: &str = "/ucsp/industry/v1/paymentresultinquiry";
pub(crate) const CANCEL: &str = "/ucsp/industry/v1/paymentcancellation";
pub(crate) const REFUND: &str = "/ucsp/industry/v1/paymentrefund";
pub(crate) const INQUIRE_REFUND: &str = "/ucsp/industry/v1/refundresultinquiry";
pub(crate) const CARD_LIST: &str = "/ucsp/industry/v1/getcardlist";
pub(crate) const CARD_PAYLOAD: &str = "/ucsp/industry/v1/getcardpayload";

/// `YYYYMMDDhhmmss` at GMT+8.
pub(crate) fn stamp() -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    real_now().to_zoned(zone).strftime("%Y%m%d%H%M%S").to_string()
}

fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A fresh order number.
pub(crate) fn order_id() -> String {
    format!("BB{:08}{:06}", std::process::id(), number())
}

/// The name that goes with a path.
pub(crate) fn message_type(path: &str) -> &'static str {
    match path {
        SUBMIT => "SUBMIT_PAYMENT_ORDER",
        INQUIRE => "PAYMENT_RESULT_INQUIRY",
        CANCEL => "PAYMENT_CANCELLATION",
        REFUND => "PAYMENT_REFUND",
        INQUIRE_REFUND => "REFUND_RESULT_INQUIRY",
        CARD_LIST => "GET_CARD_LIST",
        CARD_PAYLOAD => "GET_CARD_PAYLOAD",
        other => panic!("no wrapped message goes to {other}"),
    }
}

/// `A` + 8 characters + time + 6 digits.
pub(crate) fn message_id(code: &str) -> String {
    format!("A{code:0>8}{}{:06}", stamp(), number() % 1_000_000)
}

/// The wrapped message of a service to a path.
pub(crate) fn wrapped(partner: &Partner, path: &str, trx_info: &Value) -> Value {
    json!({
        "msgInfo": {
            "versionNo": "1.0.0",
            "msgID": message_id(&partner.code),
            "timeStamp": stamp(),
            "msgType": message_type(path),
            "industryCode": partner.code,
        },
        "trxInfo": trx_info,
    })
}

/// A service at work: its partner and the user who pays.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) partner: Partner,
    pub(crate) channel_code: String,
    pub(crate) user_id: String,
}

/// An order that was placed.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub(crate) order_id: String,
    pub(crate) txn_time: String,
    pub(crate) amount: String,
    pub(crate) tn: String,
    pub(crate) payment_url: String,
}

impl Service {
    /// The first service with the first user of the first channel that it is opened for.
    pub(crate) fn first(sandbox: &Sandbox) -> Self {
        Self::at(sandbox, 0, 0)
    }

    /// A service and a channel by their places.
    pub(crate) fn at(sandbox: &Sandbox, industry: usize, channel: usize) -> Self {
        let channel = sandbox.channel(channel);
        let user = channel.seed["users"][0]["user_id"].as_str().expect("a user").to_owned();
        Self { partner: sandbox.industry(industry), channel_code: channel.code, user_id: user }
    }

    /// The mandatory members of an order.
    pub(crate) fn order(&self, amount: &str) -> Value {
        json!({
            "orderId": order_id(),
            "txnTime": stamp(),
            "merId": self.partner.seed("mer_id"),
            "acqIIN": self.partner.seed("acq_iin"),
            "txnAmt": amount,
            "currencyCode": self.currency(),
            "channelCode": self.channel_code,
            "userId": self.user_id,
        })
    }

    /// The first currency of the merchant.
    pub(crate) fn currency(&self) -> &str {
        self.partner.seed["currency_codes"][0].as_str().expect("a currency")
    }

    /// Sends `trxInfo` to a path.
    pub(crate) async fn send(&self, path: &str, trx_info: &Value) -> Answer {
        self.partner.call(path, &wrapped(&self.partner, path, trx_info)).await
    }

    /// As [`Self::send`] to another address; the connection may break.
    pub(crate) async fn try_send(
        &self,
        base: &str,
        path: &str,
        trx_info: &Value,
    ) -> Result<Answer, String> {
        let there = self.partner.at(base);
        let message = wrapped(&there, path, trx_info).to_string();
        let reply = there.try_post(path, &message, &[]).await?;
        Ok(there.accept(&reply))
    }

    /// Sends `trxInfo` under a scenario of the sandbox.
    pub(crate) async fn send_scenario(&self, path: &str, trx: &Value, scenario: &str) -> Answer {
        let message = wrapped(&self.partner, path, trx);
        self.partner.call_with(path, &message, &[("X-Sandbox-Scenario", scenario)]).await
    }

    /// Places an order.
    pub(crate) async fn place(&self, amount: &str) -> Placed {
        self.place_order(&self.order(amount)).await
    }

    /// Places this order.
    pub(crate) async fn place_order(&self, order: &Value) -> Placed {
        let answer = self.send(SUBMIT, order).await.expect("00");
        Placed {
            order_id: order["orderId"].as_str().expect("orderId").to_owned(),
            txn_time: order["txnTime"].as_str().expect("txnTime").to_owned(),
            amount: order["txnAmt"].as_str().expect("txnAmt").to_owned(),
            tn: answer.get("tn").to_owned(),
            payment_url: answer.get("paymentUrl").to_owned(),
        }
    }

    /// Places an order and pays it; returns when it is known to be paid.
    pub(crate) async fn place_paid(&self, sandbox: &Sandbox, amount: &str) -> Placed {
        let placed = self.place(amount).await;
        let reply = sandbox.pay(&placed.tn, Some("success")).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        self.wait_for(&placed, "SUCCESS").await;
        placed
    }

    pub(crate) fn whose(&self, order_id: &str, txn_time: &str) -> Value {
        json!({
            "orderId": order_id,
            "txnTime": txn_time,
            "merId": self.partner.seed("mer_id"),
            "acqIIN": self.partner.seed("acq_iin"),
        })
    }

    /// Asks for an order.
    pub(crate) async fn inquire(&self, placed: &Placed) -> Answer {
        let question = self.whose(&placed.order_id, &placed.txn_time);
        self.send(INQUIRE, &question).await
    }

    /// `txnStatus` of an order.
    pub(crate) async fn status(&self, placed: &Placed) -> String {
        self.inquire(placed).await.expect("00").get("txnStatus").to_owned()
    }

    /// `queryId` of an order.
    pub(crate) async fn status_query_id(&self, placed: &Placed) -> String {
        self.inquire(placed).await.expect("00").get("queryId").to_owned()
    }

    /// Waits until an order has this `txnStatus`, and gives that answer.
    pub(crate) async fn wait_for(&self, placed: &Placed, status: &str) -> Answer {
        until(&format!("{} becomes {status}", placed.order_id), async || {
            let answer = self.inquire(placed).await.expect("00");
            if answer.get("txnStatus") == status { Ok(answer) } else { Err(answer.0.to_string()) }
        })
        .await
    }

    /// `trxInfo` of a refund or cancellation of an order.
    pub(crate) fn reversal(&self, placed: &Placed, amount: &str) -> Value {
        json!({
            "orderId": order_id(),
            "txnTime": stamp(),
            "origOrderId": placed.order_id,
            "origTxnTime": placed.txn_time,
            "merId": self.partner.seed("mer_id"),
            "acqIIN": self.partner.seed("acq_iin"),
            "txnAmt": amount,
            "currencyCode": self.currency(),
        })
    }

    /// Asks for a refund or cancellation by its own key.
    pub(crate) async fn inquire_reversal(&self, reversal: &Value) -> Answer {
        let (id, time) = (&reversal["orderId"], &reversal["txnTime"]);
        let question = self.whose(id.as_str().expect("orderId"), time.as_str().expect("txnTime"));
        self.send(INQUIRE_REFUND, &question).await
    }

    /// Waits until a refund or cancellation has this `txnStatus`.
    pub(crate) async fn wait_for_reversal(&self, reversal: &Value, status: &str) -> Answer {
        until(&format!("{} becomes {status}", reversal["orderId"]), async || {
            let answer = self.inquire_reversal(reversal).await.expect("00");
            if answer.get("txnStatus") == status { Ok(answer) } else { Err(answer.0.to_string()) }
        })
        .await
    }
}

/// The flat CHANNEL_LOGIN_INFO of a channel's user for a service.
pub(crate) fn login(channel: &Partner, industry_code: &str, mobile: Option<&str>) -> Value {
    let user = &channel.seed["users"][0];
    let mut message = json!({
        "msgID": message_id(industry_code),
        "channelCode": channel.code,
        "industryCode": industry_code,
        "userId": user["user_id"],
    });
    if let Some(mobile) = mobile {
        message["encData"] = channel.encrypt(&json!({ "mobile": mobile }).to_string()).into();
    }
    message
}

/// The value of a query member of an address, percent-decoded.
pub(crate) fn query_member(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next()?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let pair = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Where a redirect leads.
#[track_caller]
pub(crate) fn location(reply: &Reply) -> String {
    assert!((300..400).contains(&reply.status), "HTTP {}: {}", reply.status, reply.text());
    reply.header("location").to_owned()
}
