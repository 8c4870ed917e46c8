//! Rows that several calls use (`upay.md` sections 4, 5 and 7), declared once.

use super::row::Kind::{Amount, Digits, Echo, Extended, Goods, Id, Number, Quantity, Text};
use super::row::Row;
use crate::limits::{
    UPAY_EXTENDED_TEXT_BYTES_MAX, UPAY_GOODS_COUNT_MAX, UPAY_LOOKUP_BYTES_MAX,
    UPAY_REFUND_REQUEST_NO_BYTES_MAX,
};

/// The terminal that calls.
pub const TERMINAL_SN: Row = Row::new(Id, 32)
    .needed()
    .note("Must equal the sn of the Authorization header")
    .eg("100000000000123");
/// The caller's number of a new order.
pub const CLIENT_SN: Row = Row::new(Id, 32)
    .needed()
    .note("Unique within the merchant, for ever, failed orders included")
    .source("D16")
    .eg("till7-20260105-000017");
/// The caller's number of an order that is looked up.
pub const CLIENT_SN_ASKED: Row = Row::new(Id, UPAY_LOOKUP_BYTES_MAX)
    .note("The order by the caller's number, of any length; not looked at when sn is there")
    .source("D13, D16")
    .eg("till7-20260105-000017");
/// The platform's number of an order.
pub const SN: Row = Row::new(Id, UPAY_LOOKUP_BYTES_MAX)
    .note("16 digits; the provider's trade_no is understood too")
    .source("D26")
    .eg("7890260105000017");
/// An order's amount.
pub const TOTAL_AMOUNT: Row =
    Row::new(Amount, 10).needed().note("Cents, 1 to 10 digits, at least 1").source("R").eg("1000");
/// A refund's amount.
pub const REFUND_AMOUNT: Row =
    Row::new(Amount, 10).needed().note("Cents, 1 to 10 digits, at least 1").source("R").eg("300");
/// A provider.
pub const PAYWAY: Row = Row::new(Digits, 4)
    .note("The provider; when absent it is found from the barcode, when given it wins")
    .eg("3");
/// A form of payment.
pub const SUB_PAYWAY: Row =
    Row::new(Digits, 2).note("2 QR (when absent or 0), 3 WAP, 4 mini program").source("R").eg("2");
/// The text of a payment barcode.
pub const DYNAMIC_ID: Row =
    Row::new(Id, 32).needed().note("The text of the payer's barcode").eg("130818341921441147");
/// What an order is about.
pub const SUBJECT: Row = Row::new(Text, 64).needed().note("Shown to the payer").eg("Pizza");
/// Who operates the till.
pub const OPERATOR: Row = Row::new(Text, 32)
    .needed_if_strict()
    .note("The cashier; documented as needed, left out by existing clients")
    .source("D17")
    .eg("kay");
/// A longer description.
pub const DESCRIPTION: Row = Row::new(Text, 256).note("For the order's detail page").eg("2 pizzas");
/// Where the terminal is.
pub const LONGITUDE: Row = Row::new(Number, 16).note("Together with latitude").eg("121.615459404");
/// Where the terminal is.
pub const LATITUDE: Row = Row::new(Number, 16).note("Together with longitude").eg("31.4056441552");
/// The device's fingerprint.
pub const DEVICE_ID: Row = Row::new(Id, 128)
    .note("Documented with 32 characters; existing clients send 36")
    .source("C, R")
    .eg("50a87771-ca8a-4952-a493-9504c39ab495");
/// Parameters for the provider.
pub const EXTENDED: Row = Row::new(Extended, UPAY_EXTENDED_TEXT_BYTES_MAX)
    .note("At most 24 keys of 64 bytes with values of 256 bytes, passed to the provider")
    .source("D25");
/// What is sold.
pub const GOODS_DETAILS: Row =
    Row::new(Goods, UPAY_GOODS_COUNT_MAX).note("What is sold, for the provider's offers");
/// Echo for the caller.
pub const REFLECT: Row = Row::new(Echo, 64).note("Comes back unchanged").source("D25").eg("bay=17");
/// Where the callback goes.
pub const NOTIFY_URL: Row = Row::new(Text, 128)
    .note("Where success is posted; http:// is assumed where the scheme is missing")
    .source("R")
    .eg("https://shop.example/upay");
/// The payer, as the provider knows them.
pub const PAYER_UID: Row = Row::new(Id, 64)
    .note("WeChat open_id or Alipay user id; in strict mode needed for WAP and mini programs")
    .source("C, R")
    .eg("okSzXt3uY4-W7fKZ2V");
/// The key of a refund.
pub const REFUND_REQUEST_NO: Row = Row::new(Id, UPAY_REFUND_REQUEST_NO_BYTES_MAX)
    .strict_max(20)
    .note("Key of the refund within its order; a repeat must keep it")
    .source("X, R")
    .eg("R0001");
/// The caller's serial number of a refund.
pub const CLIENT_TSN: Row = Row::new(Id, 53)
    .strict_max(32)
    .note("The caller's serial number of this refund; comes back")
    .eg("till7-R0001");
/// The registered application.
pub const APP_ID: Row =
    Row::new(Id, 64).needed().note("Registered under the vendor").eg("2026010500000001");
/// An activation code.
pub const CODE: Row =
    Row::new(Id, 32).needed().note("Good for 7 days and so many uses").eg("40217735");
/// The caller's number of a terminal.
pub const TERMINAL_CLIENT_SN: Row =
    Row::new(Id, 50).note("The caller's number of the terminal, unique within app_id").eg("till-7");
/// Name of a terminal.
pub const NAME: Row = Row::new(Text, 128).note("Shown to the merchant").eg("Till 7");
/// Operating system.
pub const OS_INFO: Row = Row::new(Text, 45).note("Operating system").eg("Android 14");
/// Version of the caller's library.
pub const SDK_VERSION: Row = Row::new(Text, 45).note("The caller's library").eg("Java SDK v1.0");
/// Where the browser returns to.
pub const RETURN_URL: Row = Row::new(Text, 128)
    .needed()
    .note("http or https; a query of its own is kept")
    .source("R")
    .eg("https://shop.example/done?order=17");
/// Signature of a query.
pub const SIGN: Row = Row::new(Id, 32)
    .needed()
    .note("Upper-case MD5 over the sorted other parameters and the terminal's key")
    .eg("FEF7DA867F4F1F2AF2AE847D3CDFBADC");

/// Identifier of goods.
pub const GOODS_ID: Row = Row::new(Id, 32).needed().note("The shop's number").eg("G-42");
/// Name of goods.
pub const GOODS_NAME: Row = Row::new(Text, 32).needed().note("Shown to the payer").eg("Pizza");
/// How many.
pub const QUANTITY: Row =
    Row::new(Quantity, 10).needed().note("Strings and decimals are taken").source("D27").eg("2");
/// Price of one.
pub const PRICE: Row = Row::new(Quantity, 9)
    .needed()
    .note("Cents of one; strings and decimals are taken")
    .source("D27")
    .eg("500");
/// Whether the provider may give a discount.
pub const PROMOTION_TYPE: Row =
    Row::new(Digits, 1).note("0 none (when absent), 1 the provider's discount").source("R").eg("0");
