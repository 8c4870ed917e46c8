//! Replies and callbacks (`upay.md` sections 3, 4, 6 and 8.2): every scalar a JSON string,
//! nothing null, nothing empty.
//!
//! An empty `String` in these structs means absent.

use super::body::{Body, NoObject, Raw, elements};
use super::codes::{BizError, BizResult, Trouble};
use crate::limits::ARRAY_ELEMENTS_MAX;
use crate::write::Out;

/// What a call answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// 200 with what became of a transaction. Boxed: it is large.
    Biz(Box<Biz>),
    /// 200 of activate and checkin.
    Credentials {
        /// The terminal.
        terminal_sn: String,
        /// Its key from now on: 32 hex digits.
        terminal_key: String,
    },
    /// 200 of uploadLog.
    LogKept,
    /// 400 or 500: the request itself failed.
    Refused {
        /// Top-level `result_code`.
        result_code: String,
        /// `error_code`.
        error_code: String,
        /// `error_message`.
        error_message: String,
    },
}

/// `biz_response` of `/upay/v2/*`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Biz {
    /// One of [`BizResult`].
    pub result_code: String,
    /// One of [`BizError`], or a provider's own.
    pub error_code: String,
    /// What the code means.
    pub error_message: String,
    /// The order, where one was found or made.
    pub data: Option<Data>,
}

impl Biz {
    /// A result with its order.
    #[must_use]
    pub fn of(result: BizResult, data: Data) -> Self {
        Self { result_code: result.code().to_owned(), data: Some(data), ..Self::default() }
    }

    /// A refusal that leaves the order untouched; no data.
    #[must_use]
    pub fn fail(error: BizError) -> Self {
        Self { result_code: BizResult::Fail.code().to_owned(), ..Self::default() }.because(error)
    }

    /// The same with an error and its text.
    #[must_use]
    pub fn because(self, error: BizError) -> Self {
        self.said(error.code(), error.message())
    }

    /// The same with an error in words of its own.
    #[must_use]
    pub fn said(mut self, code: &str, message: &str) -> Self {
        code.clone_into(&mut self.error_code);
        message.clone_into(&mut self.error_message);
        self
    }
}

impl Reply {
    /// The request itself failed; the text is the code's own.
    #[must_use]
    pub fn refused(trouble: Trouble) -> Self {
        Self::refused_because(trouble, trouble.message())
    }

    /// The request itself failed; the text says why.
    #[must_use]
    pub fn refused_because(trouble: Trouble, message: &str) -> Self {
        Self::Refused {
            result_code: trouble.result_code().to_owned(),
            error_code: trouble.code().to_owned(),
            error_message: message.to_owned(),
        }
    }
}

impl From<Biz> for Reply {
    fn from(biz: Biz) -> Self {
        Self::Biz(Box::new(biz))
    }
}

/// A part of a payment: `{"type": .., "amount_total": ..}`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PaymentPart {
    /// `type`, as in 10.7.
    pub kind: String,
    /// Cents.
    pub amount_total: String,
}

/// Declares the members of `data` once, with their longest value and meaning.
macro_rules! data {
    ( $( $member:ident $max:literal, $note:literal; )* ) => {
        /// `biz_response.data`, and the flat body of a callback.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Data {
            $(
                #[doc = concat!("`", stringify!($member), "`: ", $note, ".")]
                pub $member: String,
            )*
            /// What the payment is made of; absent when empty.
            pub payment_list: Vec<PaymentPart>,
        }

        /// Members of `data`: name, longest value in characters, meaning.
        pub const DATA_ROWS: &[(&str, usize, &str)] =
            &[ $( (stringify!($member), $max, $note), )* ];

        impl Data {
            fn write(&self, out: &mut Out) {
                $( out.text(stringify!($member), &self.$member); )*
                if !self.payment_list.is_empty() {
                    out.elements("payment_list", &self.payment_list, |part, out| {
                        out.text("type", &part.kind);
                        out.text("amount_total", &part.amount_total);
                    });
                }
            }

            fn read(body: &Body<'_>) -> Self {
                let text = |id: &str| body.text(id).unwrap_or_default().to_owned();
                Self {
                    $( $member: text(stringify!($member)), )*
                    payment_list: payment_list(body),
                }
            }
        }
    };
}

data! {
    sn 16, "the platform's number, 16 digits";
    client_sn 64, "the caller's number";
    client_tsn 129, "the caller's serial number of the transaction";
    trade_no 128, "the provider's number";
    terminal_sn 32, "the terminal that made the order";
    status 32, "the latest transaction's status";
    order_status 32, "the order's status";
    payway 4, "provider";
    payway_name 64, "the provider's name";
    sub_payway 2, "form of payment";
    payer_uid 64, "the payer at the provider";
    payer_login 128, "the payer's login, masked by the provider";
    total_amount 10, "original amount in cents";
    net_amount 10, "what is left after refunds and cancellation";
    subject 64, "subject of the order";
    description 256, "longer description";
    store_id 64, "the store";
    terminal_id 64, "the terminal";
    ctime 13, "when the order was made, Unix milliseconds";
    finish_time 13, "when the last operation ended here, Unix milliseconds";
    channel_finish_time 13, "when it ended at the provider, Unix milliseconds";
    operator 64, "who operated the till, last operation";
    reflect 64, "as sent";
    qr_code 128, "text for the QR picture";
    qr_code_image_url 256, "the QR picture, PNG";
    wap_pay_request 1024, "JSON text for the wallet's page";
}

fn payment_list(body: &Body<'_>) -> Vec<PaymentPart> {
    let Some(Raw::Array(json)) = body.find("payment_list").0 else { return Vec::new() };
    let parts = elements(json, ARRAY_ELEMENTS_MAX).unwrap_or_default().into_iter();
    let part = |json| {
        let part = Body::parse_text(json).ok()?;
        let text = |id: &str| part.text(id).unwrap_or_default().to_owned();
        Some(PaymentPart { kind: text("type"), amount_total: text("amount_total") })
    };
    parts.filter_map(part).collect()
}

/// The reply as JSON.
#[must_use]
pub fn encode_reply(reply: &Reply) -> Vec<u8> {
    let mut out = Out::new();
    out.object(|out| match reply {
        Reply::Biz(biz) => {
            out.text("result_code", "200");
            out.name("biz_response");
            out.object(|out| {
                out.text("result_code", &biz.result_code);
                out.text("error_code", &biz.error_code);
                out.text("error_message", &biz.error_message);
                if let Some(data) = &biz.data {
                    out.name("data");
                    out.object(|out| data.write(out));
                }
            });
        }
        Reply::Credentials { terminal_sn, terminal_key } => {
            out.text("result_code", "200");
            out.name("biz_response");
            out.object(|out| {
                out.text("terminal_sn", terminal_sn);
                out.text("terminal_key", terminal_key);
            });
        }
        Reply::LogKept => {
            out.text("result_code", "200");
            out.text("error_code", "SUCCESS");
            out.text("error_message", "ok");
        }
        Reply::Refused { result_code, error_code, error_message } => {
            out.text("result_code", result_code);
            out.text("error_code", error_code);
            out.text("error_message", error_message);
        }
    });
    out.into_bytes()
}

/// The flat body of a callback (`upay.md` 8.2).
#[must_use]
pub fn encode_callback(data: &Data) -> Vec<u8> {
    let mut out = Out::new();
    out.object(|out| data.write(out));
    out.into_bytes()
}

/// Reads a reply, as a caller does.
///
/// # Errors
/// [`NoObject`] when it is not of a reply's shape.
pub fn decode_reply(body: &[u8]) -> Result<Reply, NoObject> {
    let top = Body::parse(body)?;
    let text = |body: &Body<'_>, id: &str| body.text(id).unwrap_or_default().to_owned();
    let result_code = text(&top, "result_code");
    if result_code != "200" {
        return Ok(Reply::Refused {
            result_code,
            error_code: text(&top, "error_code"),
            error_message: text(&top, "error_message"),
        });
    }
    let Some(Raw::Object(json)) = top.find("biz_response").0 else {
        return Ok(Reply::LogKept);
    };
    let biz = Body::parse_text(json)?;
    if biz.has("terminal_key") {
        let (terminal_sn, terminal_key) = (text(&biz, "terminal_sn"), text(&biz, "terminal_key"));
        return Ok(Reply::Credentials { terminal_sn, terminal_key });
    }
    let data = match biz.find("data").0 {
        Some(Raw::Object(json)) => Some(Data::read(&Body::parse_text(json)?)),
        Some(Raw::Absent | Raw::Text(_) | Raw::Number(_) | Raw::Array(_) | Raw::Other) | None => {
            None
        }
    };
    Ok(Reply::from(Biz {
        result_code: text(&biz, "result_code"),
        error_code: text(&biz, "error_code"),
        error_message: text(&biz, "error_message"),
        data,
    }))
}

/// Reads the body of a callback, as a merchant does.
///
/// # Errors
/// [`NoObject`] when it is no JSON object.
pub fn decode_callback(body: &[u8]) -> Result<Data, NoObject> {
    Ok(Data::read(&Body::parse(body)?))
}
