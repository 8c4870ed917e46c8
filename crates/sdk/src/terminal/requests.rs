//! What a till asks for. Amounts are cents; texts are as long as `upay.md` 5 allows, which the
//! server checks.

use serde_json::{Map, Value};

/// What makes a device a terminal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Activation {
    /// `vendor_sn`.
    pub vendor_sn: String,
    /// The vendor's key.
    pub vendor_key: String,
    /// `app_id`.
    pub app_id: String,
    /// The activation code.
    pub code: String,
    /// The device's fingerprint; every later check-in sends it.
    pub device_id: String,
    /// The caller's own number of the terminal.
    pub client_sn: Option<String>,
    /// A name for people.
    pub name: Option<String>,
}

/// A sale.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sale {
    /// The till's number, unique within the merchant: [`super::Terminal::fresh_client_sn`].
    pub client_sn: String,
    /// In cents, at least 1.
    pub total_amount: u64,
    /// What is sold.
    pub subject: String,
    /// Who sells.
    pub operator: Option<String>,
    /// The provider (10.5), if the barcode shall not decide.
    pub payway: Option<String>,
    /// Longer words.
    pub description: Option<String>,
    /// Comes back unchanged.
    pub reflect: Option<String>,
    /// Where the callback goes.
    pub notify_url: Option<String>,
}

/// How an order that the payer scans is made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Precreate {
    /// 2 a QR code, 3 WAP, 4 a mini program; without it a QR code (10.6).
    pub sub_payway: Option<String>,
    /// The payer at the provider, for WAP and mini programs.
    pub payer_uid: Option<String>,
}

/// Names an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderBy {
    /// By the server's number.
    Sn(String),
    /// By the till's number.
    ClientSn(String),
}

/// A refund of a part or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The order.
    pub order: OrderBy,
    /// Number of this refund within the order, up to 20 characters. The same number moves money
    /// once, however often it is sent.
    pub refund_request_no: String,
    /// In cents, at least 1.
    pub refund_amount: u64,
    /// Who gives back.
    pub operator: Option<String>,
}

/// Members of a body; what is absent is left out.
pub(crate) fn object(members: &[(&str, Option<&str>)]) -> Map<String, Value> {
    let present = members.iter().filter_map(|(name, value)| Some((*name, (*value)?)));
    present.map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
}

impl OrderBy {
    pub(crate) fn member(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Sn(sn) => ("sn", Some(sn)),
            Self::ClientSn(client_sn) => ("client_sn", Some(client_sn)),
        }
    }
}

impl Sale {
    pub(crate) fn body(&self) -> Map<String, Value> {
        let total = self.total_amount.to_string();
        object(&[
            ("client_sn", Some(&self.client_sn)),
            ("total_amount", Some(&total)),
            ("payway", self.payway.as_deref()),
            ("subject", Some(&self.subject)),
            ("operator", self.operator.as_deref()),
            ("description", self.description.as_deref()),
            ("reflect", self.reflect.as_deref()),
            ("notify_url", self.notify_url.as_deref()),
        ])
    }
}
