//! UCSP: the messages between channels, the platform and industry services.
//!
//! [`decode`] and [`encode`] are for the wrapped shape (industry side), [`decode_flat`] and
//! [`encode_flat`] for the flat one (channel side); each has a twin for answers. Security is not
//! looked at here: a body comes in only after its signature was verified.

mod cards;
mod codec;
mod compare;
mod debit;
mod envelope;
mod keys;
mod login;
mod order;
mod outline;
mod response;
mod result;
mod reversal;
pub mod rows;

pub use cards::{
    Card, CardPayload, GET_CARD_LIST, GET_CARD_PAYLOAD, GetCardList, GetCardListAnswer,
    GetCardPayload, GetCardPayloadAnswer,
};
pub use codec::{
    Rejected, decode, decode_answer, decode_flat, decode_flat_answer, decode_plain, decode_query,
    encode, encode_answer, encode_flat, encode_flat_answer, encode_plain,
};
pub use compare::{canonical, first_difference};
pub use debit::{
    AUTO_DEBIT_CLOSE, AUTO_DEBIT_PAY, AUTO_DEBIT_SIGN, AutoDebitClose, AutoDebitCloseAnswer,
    AutoDebitPay, AutoDebitPayAnswer, AutoDebitSign, AutoDebitSignAnswer, CLOSE_AUTO_DEBIT,
    CloseAutoDebit, CloseAutoDebitAnswer, SIGN_AUTO_DEBIT, SIGN_AUTO_DEBIT_NOTICE,
    SUBMIT_AUTO_DEBIT, SignAutoDebit, SignAutoDebitAnswer, SignAutoDebitNotice, SubmitAutoDebit,
    SubmitAutoDebitAnswer,
};
pub(crate) use envelope::signature_table;
pub use envelope::{
    CertificateSignature, Flat, FlatAnswer, MsgInfo, NoMembers, VERSION_NO, Wrapped, WrappedAnswer,
    message_id,
};
pub use keys::{
    KEY_INQUIRY_EXCHANGE, KEY_RESET_RESULT, KeyInquiryExchange, KeyInquiryExchangeAnswer,
    KeyResetResult,
};
pub use login::{
    AUTHORIZATION_URL, AuthorizationUrl, CHANNEL_LOGIN_INFO, ChannelLoginInfo,
    ChannelLoginInfoAnswer, ChannelUserData, INDUSTRY_LOGIN_INFO, IndustryLoginInfo,
};
pub use order::{Goods, SUBMIT_PAYMENT_ORDER, SubmitPaymentOrder, SubmitPaymentOrderAnswer};
pub use outline::outline;
pub use response::{MsgResponse, ResponseCode, gateway_refusal, read_gateway_refusal};
pub use result::{
    DiscountDetails, PAYMENT_RESULT_INQUIRY, PAYMENT_RESULT_NOTICE, PaymentResultInquiry,
    PaymentResultInquiryAnswer, PaymentResultNotice,
};
pub use reversal::{
    PAYMENT_CANCELLATION, PAYMENT_REFUND, PaymentCancellation, PaymentCancellationAnswer,
    PaymentRefund, PaymentRefundAnswer, REFUND_RESULT_INQUIRY, RefundResultInquiry,
    RefundResultInquiryAnswer,
};

use crate::message::Message;

/// All messages, in the order of the reference.
pub static MESSAGES: [&Message; 20] = [
    &CHANNEL_LOGIN_INFO,
    &AUTHORIZATION_URL,
    &INDUSTRY_LOGIN_INFO,
    &GET_CARD_LIST,
    &GET_CARD_PAYLOAD,
    &SUBMIT_PAYMENT_ORDER,
    &PAYMENT_RESULT_NOTICE,
    &PAYMENT_RESULT_INQUIRY,
    &SIGN_AUTO_DEBIT,
    &SIGN_AUTO_DEBIT_NOTICE,
    &CLOSE_AUTO_DEBIT,
    &SUBMIT_AUTO_DEBIT,
    &PAYMENT_CANCELLATION,
    &PAYMENT_REFUND,
    &REFUND_RESULT_INQUIRY,
    &AUTO_DEBIT_SIGN,
    &AUTO_DEBIT_CLOSE,
    &AUTO_DEBIT_PAY,
    &KEY_INQUIRY_EXCHANGE,
    &KEY_RESET_RESULT,
];

/// The message of this name, also in lower case and with blanks or `-` for `_`.
#[must_use]
pub fn message(name: &str) -> Option<&'static Message> {
    let wanted = name.trim().replace(['-', ' '], "_");
    MESSAGES.into_iter().find(|message| message.name.eq_ignore_ascii_case(&wanted))
}
