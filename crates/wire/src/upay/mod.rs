//! Upay: the messages between tills and the platform (`upay.md`).
//!
//! A request comes in as [`Body::parse`] and then [`Request::read`]; between the two the caller
//! compares `terminal_sn` with the signature's owner. Replies go out by [`encode_reply`]. The
//! dialect's typing rules are those of its existing clients: requests may hold numbers for
//! strings, objects for texts and null for nothing; replies hold strings only.
//!
//! Security is not looked at here: a body comes in only after its signature was verified.

mod body;
mod calls;
mod codes;
mod fault;
pub mod generate;
mod goods;
mod member;
mod openapi;
mod page;
mod query;
mod reply;
pub mod row;
pub mod rows;
mod table;

pub use body::{Body, NoObject};
pub use calls::{
    ACTIVATE, Activate, CANCEL, CHECK_IN, Cancel, CheckIn, PAY, PRECREATE, Pay, Precreate, QUERY,
    Query, REFUND, Refund, WAP, Wap,
};
pub use codes::{BizError, BizResult, OrderStatus, PayForm, Provider, TransactionStatus, Trouble};
pub use fault::{Fault, Faults, Rule};
pub use goods::GoodsDetail;
pub use member::{Member, Reading};
pub use openapi::openapi;
pub use page::{call, reference, text};
pub use query::{append_query, decode_query, encode_query, signing_text};
pub use reply::{
    Biz, DATA_ROWS, Data, PaymentPart, Reply, decode_callback, decode_reply, encode_callback,
    encode_reply,
};
pub use row::Call;
pub use table::Request;

/// All calls, in the order of the reference.
pub static CALLS: [&Call; 8] =
    [&ACTIVATE, &CHECK_IN, &PAY, &PRECREATE, &QUERY, &REFUND, &CANCEL, &WAP];

/// `POST /terminal/uploadLog`: bytes of any kind, no fields.
pub const UPLOAD_LOG_PATH: &str = "/terminal/uploadLog";
