//! Replies: the outer envelope, the inner answer, the order (`upay.md` 3 and 6).

use serde::{Deserialize, Serialize};

use super::TerminalError;

/// The inner answer of a payment call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Reply {
    /// Such as `PAY_SUCCESS` (10.2).
    pub result_code: String,
    /// Such as `INSUFFICIENT_FUND` (10.8).
    pub error_code: Option<String>,
    /// For people.
    pub error_message: Option<String>,
    /// The order, when one was found or made.
    pub data: Option<Box<Trade>>,
}

impl Reply {
    /// Whether these are the two codes.
    pub(crate) fn is(&self, result_code: &str, error_code: &str) -> bool {
        self.result_code == result_code && self.error_code.as_deref() == Some(error_code)
    }

    /// Whether there is no such order.
    pub(crate) fn is_missing(&self) -> bool {
        self.is("FAIL", "UPAY_ORDER_NOT_EXISTS")
    }

    /// The order's state, or nothing.
    #[must_use]
    pub fn order_status(&self) -> &str {
        self.data.as_ref().and_then(|trade| trade.order_status.as_deref()).unwrap_or_default()
    }
}

/// An order as a reply tells it, in the protocol's own words; what was not told is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Trade {
    /// The server's number.
    pub sn: Option<String>,
    /// The till's number.
    pub client_sn: Option<String>,
    /// The number of this transaction: of a refund `client_sn-refund_request_no`.
    pub client_tsn: Option<String>,
    /// The provider's number.
    pub trade_no: Option<String>,
    /// State of the newest transaction (10.4).
    pub status: Option<String>,
    /// State of the order (10.3).
    pub order_status: Option<String>,
    /// The provider (10.5).
    pub payway: Option<String>,
    /// How it was asked for (10.6).
    pub sub_payway: Option<String>,
    /// The payer at the provider.
    pub payer_uid: Option<String>,
    /// The payer's name at the provider, masked.
    pub payer_login: Option<String>,
    /// In cents.
    pub total_amount: Option<String>,
    /// In cents, less what was given back.
    pub net_amount: Option<String>,
    /// What was sold.
    pub subject: Option<String>,
    /// Unix milliseconds.
    pub finish_time: Option<String>,
    /// Unix milliseconds, at the provider.
    pub channel_finish_time: Option<String>,
    /// Who did the last operation.
    pub operator: Option<String>,
    /// As it was sent.
    pub reflect: Option<String>,
    /// The text of the QR code.
    pub qr_code: Option<String>,
    /// A picture of it.
    pub qr_code_image_url: Option<String>,
    /// JSON text for the wallet's browser.
    pub wap_pay_request: Option<String>,
    /// What the payer paid with.
    pub payment_list: Vec<Part>,
}

/// A part of a payment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Part {
    /// Such as `WALLET_WEIXIN` (10.7).
    #[serde(rename = "type")]
    pub kind: String,
    /// In cents.
    pub amount_total: String,
}

/// The outer envelope.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Envelope<T> {
    result_code: String,
    error_code: Option<String>,
    error_message: Option<String>,
    biz_response: Option<T>,
}

/// New credentials of a terminal.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Credentials {
    pub(crate) terminal_sn: String,
    pub(crate) terminal_key: String,
}

/// Takes the outer envelope off; only `result_code` 200 has an inside, and of uploaded logs not
/// even that.
pub(crate) fn open<T>(status: u16, body: &[u8]) -> Result<Option<T>, TerminalError>
where
    T: Default + for<'de> Deserialize<'de>,
{
    let unreadable = |_| TerminalError::Unreadable { status };
    let envelope: Envelope<T> = serde_json::from_slice(body).map_err(unreadable)?;
    match envelope.result_code.as_str() {
        "200" => Ok(envelope.biz_response),
        "" => Err(TerminalError::Unreadable { status }),
        _ => Err(TerminalError::Refused {
            result_code: envelope.result_code,
            error_code: envelope.error_code.unwrap_or_default(),
            error_message: envelope.error_message.unwrap_or_default(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_answer_is_read_and_unknown_members_are_not() {
        let body = br#"{"result_code":"200","biz_response":{"result_code":"PAY_SUCCESS","x":1,
            "data":{"sn":"789","order_status":"PAID","payment_list":[{"type":"CARD_PRE",
            "amount_total":"1"}],"store_id":"7"}}}"#;
        let reply: Reply = open(200, body).unwrap().unwrap();
        assert_eq!((reply.result_code.as_str(), reply.order_status()), ("PAY_SUCCESS", "PAID"));
        assert_eq!(reply.data.unwrap().payment_list[0].kind, "CARD_PRE");
    }

    #[test]
    fn an_outer_refusal_says_whether_anything_was_done() {
        use crate::Certainty::{NothingDone, Unknown};
        let refused = |text: &str| open::<Reply>(200, text.as_bytes()).err().unwrap();
        let unsigned = refused(r#"{"result_code":"400","error_code":"ILLEGAL_SIGN"}"#);
        assert_eq!((unsigned.code(), unsigned.certainty()), (Some("ILLEGAL_SIGN"), NothingDone));
        assert_eq!(refused(r#"{"result_code":"500"}"#).certainty(), Unknown);
        for text in ["", "{}", "<html>", "[]"] {
            assert_eq!(refused(text).certainty(), Unknown, "{text}");
        }
    }
}
