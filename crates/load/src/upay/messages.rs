//! The bodies of the terminal dialect, and the answers that a bare handler gives.
//!
//! The answers of the ceiling are as long as the product's, member by member.

/// Path of the activation (`upay.md` section 1).
pub const ACTIVATE_PATH: &str = "/terminal/activate";
/// Path of the check-in.
pub const CHECKIN_PATH: &str = "/terminal/checkin";
/// Path of barcode payments.
pub const PAY_PATH: &str = "/upay/v2/pay";
/// Path of queries.
pub const QUERY_PATH: &str = "/upay/v2/query";
/// Path of refunds.
pub const REFUND_PATH: &str = "/upay/v2/refund";
/// Path of cancellations.
pub const CANCEL_PATH: &str = "/upay/v2/cancel";

/// What a payment takes, in cents.
pub const PAY_AMOUNT: &str = "1000";
/// What a refund of the mix gives back, in cents.
pub const REFUND_AMOUNT: &str = "300";

/// What a bare handler answers to a payment.
pub const PAY_ANSWER: &str = concat!(
    r#"{"result_code":"200","biz_response":{"result_code":"PAY_SUCCESS","data":{"#,
    r#""terminal_sn":"100000000000000017","sn":"7892259488292938","#,
    r#""client_sn":"0123456789abcdef0123456789ab","client_tsn":"0123456789abcdef0123456789ab","#,
    r#""trade_no":"2026010522001400000000000017","status":"SUCCESS","order_status":"PAID","#,
    r#""payway":"3","sub_payway":"1","payer_uid":"payer-0000000017","#,
    r#""payer_login":"p***@example.com","total_amount":"1000","net_amount":"1000","#,
    r#""subject":"bench","ctime":"1767580200000","finish_time":"1767580200040","#,
    r#""channel_finish_time":"1767580200038","operator":"01","#,
    r#""payment_list":[{"type":"WALLET_WEIXIN","amount_total":"1000"}]}}}"#
);

/// What a bare handler answers to a query.
pub const QUERY_ANSWER: &str = concat!(
    r#"{"result_code":"200","biz_response":{"result_code":"SUCCESS","data":{"#,
    r#""terminal_sn":"100000000000000017","sn":"7892259488292938","#,
    r#""client_sn":"0123456789abcdef0123456789ab","client_tsn":"0123456789abcdef0123456789ab","#,
    r#""trade_no":"2026010522001400000000000017","status":"SUCCESS","order_status":"PAID","#,
    r#""payway":"3","sub_payway":"1","payer_uid":"payer-0000000017","#,
    r#""payer_login":"p***@example.com","total_amount":"1000","net_amount":"1000","#,
    r#""subject":"bench","ctime":"1767580200000","finish_time":"1767580200040","#,
    r#""channel_finish_time":"1767580200038","operator":"01","#,
    r#""payment_list":[{"type":"WALLET_WEIXIN","amount_total":"1000"}]}}}"#
);

/// The body of an activation.
#[must_use]
pub fn activate_body(app_id: &str, code: &str, device_id: &str) -> String {
    format!(r#"{{"app_id":"{app_id}","code":"{code}","device_id":"{device_id}"}}"#)
}

/// The body of a check-in.
#[must_use]
pub fn checkin_body(sn: &str, device_id: &str) -> String {
    format!(r#"{{"terminal_sn":"{sn}","device_id":"{device_id}"}}"#)
}

/// The body of a payment by barcode.
#[must_use]
pub fn pay_body(sn: &str, client_sn: &str, barcode: &str) -> String {
    format!(r#"{{"terminal_sn":"{sn}","client_sn":"{client_sn}","total_amount":"{PAY_AMOUNT}","#)
        + &format!(r#""dynamic_id":"{barcode}","subject":"bench","operator":"01"}}"#)
}

/// The body of a query or a cancellation by `client_sn`.
#[must_use]
pub fn about_body(sn: &str, client_sn: &str) -> String {
    format!(r#"{{"terminal_sn":"{sn}","client_sn":"{client_sn}"}}"#)
}

/// The body of a refund by `client_sn`.
#[must_use]
pub fn refund_body(sn: &str, client_sn: &str) -> String {
    format!(r#"{{"terminal_sn":"{sn}","client_sn":"{client_sn}","refund_request_no":"r1","#)
        + &format!(r#""operator":"01","refund_amount":"{REFUND_AMOUNT}"}}"#)
}
