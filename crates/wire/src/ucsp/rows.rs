//! Rows that several messages use (`spec/ucsp.md` section 3), declared once.

use crate::class::Class::{An, Ans, N};
use crate::field::Source::{D, F, P, S};
use crate::field::{Field, text};
use crate::form::Form;

/// Status of a card: what kind it is.
const CARD_TYPES: &[(&str, &str)] = &[("1", "debit"), ("2", "credit"), ("3", "prepaid")];
/// Kinds of client.
const CLIENT_TYPES: &[(&str, &str)] = &[("0", "mobile app"), ("1", "website"), ("2", "other")];
/// Kinds of transaction.
const TXN_TYPES: &[(&str, &str)] = &[("01", "payment"), ("04", "refund"), ("31", "cancellation")];
/// States of a contract.
const SIGN_STATUSES: &[(&str, &str)] = &[
    ("SIGNED", "in force"),
    ("REFUSED", "refused by the user or the channel"),
    ("EXPIRED", "not signed in time"),
    ("CLOSED", "ended"),
];

/// Number of a message.
pub const MSG_ID: Field = text("Message ID", An, 29, 29)
    .form(Form::MessageId)
    .note("A + 8-character industry code + YYYYMMDDhhmmss + 6 random digits; the answer repeats it")
    .source(S)
    .eg("A1000000120260105103000482913");
/// Code of a channel.
pub const CHANNEL_CODE: Field =
    text("Channel Code", An, 8, 12).note("Assigned to the channel").source(S).eg("20000001");
/// Code of an industry service.
pub const INDUSTRY_CODE: Field = text("Industry Code", An, 8, 8)
    .note("Assigned to the industry service when it is first connected")
    .source(S)
    .eg("10000001");
/// A user of a channel.
pub const USER_ID: Field = text("User Identification", Ans, 1, 64)
    .note("The user as the channel knows them")
    .source(S)
    .identifier()
    .eg("u-77");
/// Kind of client.
pub const CLIENT_TYPE: Field = text("Client Type", N, 1, 1).values(CLIENT_TYPES).source(S).eg("0");
/// Language of pages.
pub const LANGUAGE: Field = text("Language", Ans, 1, 5)
    .note("ISO 639 and ISO 3166, as en-GB or en_GB")
    .source(S)
    .eg("en-GB");
/// An order's number.
pub const ORDER_ID: Field = text("Order Number", An, 8, 40)
    .note("The merchant's number, without - and _; merId, orderId and txnTime are the key")
    .source(P)
    .eg("PK20260105000017");
/// When an order was sent.
pub const TXN_TIME: Field = text("Transaction Time", N, 14, 14)
    .form(Form::DateTime)
    .note("When the order was sent, in the acquirer's zone (GMT+8 by default)")
    .source(P)
    .eg("20260105103000");
/// A merchant.
pub const MER_ID: Field = text("Merchant Code", An, 15, 15).source(P).eg("100000010000017");
/// An acquirer.
pub const ACQ_IIN: Field = text("Acquirer IIN", An, 8, 11).source(P).eg("00010344");
/// An amount above zero.
pub const TXN_AMT: Field = text("Transaction Amount", N, 1, 12)
    .form(Form::AboveZero)
    .note("Minor units of the currency, without a point")
    .source(P)
    .eg("2500");
/// An amount that may be zero.
pub const AMOUNT: Field =
    text("Amount", N, 1, 12).note("Minor units of the currency").source(D).eg("2500");
/// A currency.
pub const CURRENCY_CODE: Field = text("Currency Code", N, 3, 3)
    .note("ISO 4217 numeric; the merchant's parameters say which are allowed")
    .source(S)
    .eg("344");
/// Number for the cashier and the payment SDK.
pub const TN: Field = text("Transaction Number", An, 21, 21)
    .note("For the cashier page and the channel's payment SDK")
    .source(S)
    .eg("820260105103001000017");
/// The cashier page.
pub const PAYMENT_URL: Field = text("Cashier Address", Ans, 1, 512)
    .form(Form::Url)
    .source(S)
    .eg("https://ucsp.example/cashier/820260105103001000017");
/// The platform's number of a transaction.
pub const QUERY_ID: Field = text("Query ID", N, 21, 21)
    .note("The platform's number of the transaction")
    .source(P)
    .eg("202601051030010000171");
/// The platform's number of the original transaction.
pub const ORIG_QRY_ID: Field = text("Original Query ID", N, 21, 21)
    .note("The platform's number of the original transaction")
    .source(P)
    .eg("202601051030010000171");
/// The original order's number.
pub const ORIG_ORDER_ID: Field = ORDER_ID
    .named("Original Order Number")
    .note("Together with origTxnTime it may stand for origQryId");
/// The original order's time.
pub const ORIG_TXN_TIME: Field = TXN_TIME
    .named("Original Transaction Time")
    .note("Together with origOrderId it may stand for origQryId");
/// Where the browser returns to.
pub const FRONT_URL: Field = text("Front Address", Ans, 1, 256)
    .form(Form::Url)
    .note("Where the browser returns to; what it brings is never proof")
    .source(S)
    .eg("https://parkeasy.example/done");
/// Where the notice goes.
pub const BACK_URL: Field = text("Back Address", Ans, 1, 256)
    .form(Form::Url)
    .note("Where the notice is posted; the registered address when absent")
    .source(S)
    .eg("https://parkeasy.example/notice");
/// A contract.
pub const CONTRACT_ID: Field = text("Contract ID", Ans, 1, 64)
    .note("The auto-debit contract, given by the channel")
    .source(S)
    .eg("HB-C-000042");
/// Result code of the downstream system.
pub const ORIG_RESP_CODE: Field = text("Original Response Code", An, 2, 2)
    .note("Result of the transaction itself, from the downstream system; 05 while unknown")
    .eg("00");
/// Result text of the downstream system.
pub const ORIG_RESP_MSG: Field = text("Original Response Message", Ans, 1, 100).eg("Approved");
/// Settlement amount.
pub const SETTLE_AMT: Field = AMOUNT.named("Settlement Amount").note("Minor units").source(F);
/// Settlement currency.
pub const SETTLE_CURRENCY_CODE: Field =
    text("Settlement Currency Code", N, 3, 3).note("ISO 4217 numeric").source(F).eg("344");
/// Settlement day.
pub const SETTLE_DATE: Field =
    text("Settlement Date", N, 4, 4).form(Form::MonthDay).note("MMDD").source(F).eg("0105");
/// Exchange rate.
pub const EXCHANGE_RATE: Field = text("Exchange Rate", N, 8, 8)
    .note("First digit: places after the point; the other seven: the rate")
    .source(F)
    .eg("61000000");
/// Day of the exchange rate.
pub const EXCHANGE_DATE: Field =
    text("Exchange Date", N, 4, 4).form(Form::MonthDay).note("MMDD").source(F).eg("0105");
/// Trace number.
pub const TRACE_NO: Field = text("Trace Number", N, 6, 6).source(F).eg("000017");
/// Trace time.
pub const TRACE_TIME: Field = text("Trace Time", N, 10, 10)
    .form(Form::MonthDayTime)
    .note("MMDDhhmmss")
    .source(F)
    .eg("0105103001");
/// Echo for the sender.
pub const REQ_RESERVED: Field = text("Reserved by the Sender", Ans, 1, 1024)
    .note("Comes back in notices and inquiries")
    .source(F)
    .eg("bay=17");
/// Kind of transaction.
pub const TXN_TYPE: Field = text("Transaction Type", N, 2, 2).values(TXN_TYPES).eg("01");
/// A masked PAN.
pub const MASKED_PAN: Field = text("Masked PAN", Ans, 12, 19)
    .form(Form::MaskedPan)
    .note("Digits and asterisks, never the whole number")
    .eg("6233********0060");
/// Kind of card.
pub const CARD_TYPE: Field = text("Card Type", N, 1, 1).values(CARD_TYPES).eg("1");
/// Card issuer.
pub const ISSUER_NAME: Field = text("Issuer Name", Ans, 1, 50).eg("Harbour Bank");
/// Identifier of a card at the channel.
pub const CARD_ID: Field = text("Card Identifier", Ans, 1, 64)
    .note("Opaque, stable for the user at this channel")
    .eg("c-1");
/// A coupon.
pub const COUPON_ID: Field = text("Coupon ID", Ans, 1, 64).eg("CP-2026-01");
/// Number of a notice.
pub const NOTIFY_ID: Field = text("Notice ID", An, 32, 32)
    .note("The same over all repeats")
    .eg("5ba10d46d5d148dfbcc2119c08e01015");
/// Count of a notice.
pub const NOTIFY_COUNT: Field = text("Notice Count", N, 1, 1)
    .values(&[
        ("1", "first attempt"),
        ("2", "first repeat"),
        ("3", "second repeat"),
        ("4", "third repeat"),
        ("5", "fourth repeat"),
        ("6", "fifth repeat"),
    ])
    .eg("1");
/// State of a contract.
pub const SIGN_STATUS: Field =
    text("Contract Status", An, 1, 10).values(SIGN_STATUSES).eg("SIGNED");
/// The service's own number of a contract.
pub const CONTRACT_CODE: Field = text("Contract Code", An, 8, 40)
    .note("The service's own number of the contract")
    .eg("PKC0000000042");
/// The platform's number of a signing.
pub const SIGN_NO: Field = text("Signing Number", An, 32, 32)
    .note("The platform's number of the signing")
    .eg("0d5be2d1b7d64a3a9a3d3a0d5f9be701");
/// Where a user signs.
pub const SIGN_URL: Field = text("Signing Address", Ans, 1, 512)
    .form(Form::Url)
    .note("Where the browser goes to sign")
    .eg("https://ucsp.example/sign/0d5be2d1b7d64a3a9a3d3a0d5f9be701");
/// What an order is about.
pub const ORDER_DESC: Field = text("Order Description", Ans, 1, 128)
    .note("Shown to the user; any language")
    .eg("Parking, bay 17, 2 hours");
/// Mobile number of a user.
pub const MOBILE: Field = text("Mobile Number", Ans, 1, 64).source(S).secret().eg("+85291234567");
