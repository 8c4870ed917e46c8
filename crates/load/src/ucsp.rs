//! The messages between services and platform: requests, and the answers that a bare handler gives.
//!
//! The answers of the ceiling are as long as the product's, member by member.

use std::num::NonZeroUsize;
use std::thread;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use jose::jws::{SignOptions, fresh_uuid, sign};

use crate::credentials::Service;

/// Path of SUBMIT_PAYMENT_ORDER (ucsp.md section 1).
pub const SUBMIT_PATH: &str = "/ucsp/industry/v1/submitpaymentorder";
/// Path of PAYMENT_RESULT_INQUIRY.
pub const INQUIRY_PATH: &str = "/ucsp/industry/v1/paymentresultinquiry";

/// What a bare handler answers to SUBMIT_PAYMENT_ORDER.
pub const SUBMIT_ANSWER: &str = concat!(
    r#"{"msgInfo":{"versionNo":"1.0.0","msgID":"A1000000120260105103000482913","#,
    r#""timeStamp":"20260105103001","msgType":"SUBMIT_PAYMENT_ORDER","industryCode":"10000001"},"#,
    r#""trxInfo":{"orderId":"PK2026010500001700001","txnTime":"20260105103000","#,
    r#""merId":"100000010000017","tn":"820260105103001000017","#,
    r#""paymentUrl":"http://127.0.0.1:8080/cashier/820260105103001000017"},"#,
    r#""msgResponse":{"responseCode":"00","responseMsg":"Approved"}}"#
);

/// What a bare handler answers to PAYMENT_RESULT_INQUIRY.
pub const INQUIRY_ANSWER: &str = concat!(
    r#"{"msgInfo":{"versionNo":"1.0.0","msgID":"A1000000120260105103000482913","#,
    r#""timeStamp":"20260105103001","msgType":"PAYMENT_RESULT_INQUIRY","#,
    r#""industryCode":"10000001"},"trxInfo":{"orderId":"PK2026010500001700001","#,
    r#""txnTime":"20260105103000","merId":"100000010000017","txnStatus":"CREATED","#,
    r#""txnAmt":"2500","currencyCode":"344"},"#,
    r#""msgResponse":{"responseCode":"00","responseMsg":"Approved"}}"#
);

/// The merchant's name of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderName {
    /// `orderId`.
    pub order_id: String,
    /// `txnTime`.
    pub txn_time: String,
}

/// Names for new orders, different in every run.
#[must_use]
pub fn fresh_orders(count: usize, now: Timestamp) -> Vec<OrderName> {
    let uuid = fresh_uuid();
    let run = uuid.get(..12).unwrap_or_default();
    let txn_time = message_time(now);
    let name =
        |number| OrderName { order_id: format!("B{run}{number:08}"), txn_time: txn_time.clone() };
    (0..count).map(name).collect()
}

/// `YYYYMMDDhhmmss` in GMT+8 (ucsp.md section 2).
fn message_time(now: Timestamp) -> String {
    now.to_zoned(TimeZone::fixed(offset(8))).strftime("%Y%m%d%H%M%S").to_string()
}

fn message_info(service: &Service, kind: &str, number: usize, time: &str) -> String {
    let industry = &service.industry.industry_code;
    let digits = number % 1_000_000;
    format!(r#"{{"versionNo":"1.0.0","msgID":"A{industry}{time}{digits:06}","timeStamp":"{time}","#)
        + &format!(r#""msgType":"{kind}","industryCode":"{industry}"}}"#)
}

/// The body of SUBMIT_PAYMENT_ORDER: 25.00 of the service's first currency.
#[must_use]
pub fn submit_body(service: &Service, order: &OrderName, number: usize, time: &str) -> String {
    let info = message_info(service, "SUBMIT_PAYMENT_ORDER", number, time);
    let OrderName { order_id, txn_time } = order;
    let industry = &service.industry;
    let currency = industry.currency_codes.first().map_or("156", String::as_str);
    let (merchant, acquirer) = (&industry.mer_id, &industry.acq_iin);
    let (channel, user) = (&service.channel_code, &service.user_id);
    format!(
        r#"{{"msgInfo":{info},"trxInfo":{{"orderId":"{order_id}","txnTime":"{txn_time}","merId":"#
    ) + &format!(r#""{merchant}","acqIIN":"{acquirer}","txnAmt":"2500","#)
        + &format!(r#""currencyCode":"{currency}","channelCode":"{channel}","userId":"{user}"}}}}"#)
}

/// The body of PAYMENT_RESULT_INQUIRY by `orderId` and `txnTime`.
#[must_use]
pub fn inquiry_body(service: &Service, order: &OrderName, number: usize, time: &str) -> String {
    let info = message_info(service, "PAYMENT_RESULT_INQUIRY", number, time);
    let OrderName { order_id, txn_time } = order;
    let (merchant, acquirer) = (&service.industry.mer_id, &service.industry.acq_iin);
    format!(
        r#"{{"msgInfo":{info},"trxInfo":{{"orderId":"{order_id}","txnTime":"{txn_time}","merId":"#
    ) + &format!(r#""{merchant}","acqIIN":"{acquirer}"}}}}"#)
}

/// A whole signed HTTP request.
///
/// # Errors
/// When the body cannot be signed.
pub fn signed_request(
    service: &Service,
    path: &str,
    body: &str,
    now: Timestamp,
) -> Result<Vec<u8>> {
    let options = SignOptions {
        app_id: &service.industry.app_id,
        uuid: &fresh_uuid(),
        timestamp: now.as_second(),
        req_path: Some(path),
    };
    let signature = sign(&service.identity, body.as_bytes(), &options)?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nUPI-JWS: {signature}\r\n\r\n",
        service.place.host,
        body.len()
    );
    Ok([head.as_bytes(), body.as_bytes()].concat())
}

/// Makes requests on all cores, in the order of their numbers.
///
/// # Errors
/// The first that failed.
pub fn prepare(
    count: usize,
    make: impl Fn(usize) -> Result<Vec<u8>> + Sync,
) -> Result<Vec<Vec<u8>>> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = count.div_ceil(threads).max(1);
    let make = &make;
    thread::scope(|scope| {
        let part = |from: usize| {
            scope.spawn(move || (from..count.min(from + share)).map(make).collect::<Result<_>>())
        };
        let parts: Vec<_> = (0..count).step_by(share).map(part).collect();
        let mut requests = Vec::with_capacity(count);
        for part in parts {
            let some: Vec<Vec<u8>> = part.join().ok().context("a signing thread panicked")??;
            requests.extend(some);
        }
        Ok(requests)
    })
}

/// Makes requests about orders, by turns: one message for each number below `count`.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_about(
    service: &Service,
    path: &str,
    orders: &[OrderName],
    count: usize,
    now: Timestamp,
) -> Result<Vec<Vec<u8>>> {
    let time = message_time(now);
    let make = if path == SUBMIT_PATH { submit_body } else { inquiry_body };
    prepare(count, |number| {
        let order = orders.get(number % orders.len().max(1)).context("no order to ask about")?;
        signed_request(service, path, &make(service, order, number, &time), now)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prepared_requests_keep_their_order_and_none_is_lost() {
        for count in [0, 1, 2, 3, 1001] {
            let made = prepare(count, |number| Ok(vec![u8::try_from(number % 251)?])).unwrap();
            let numbers: Vec<u8> = made.into_iter().flatten().collect();
            let expected: Vec<u8> = (0..count).map(|n| u8::try_from(n % 251).unwrap()).collect();
            assert_eq!(numbers, expected);
        }
        assert!(
            prepare(3, |number| if number == 2 { anyhow::bail!("no") } else { Ok(vec![]) })
                .is_err()
        );
    }

    #[test]
    fn orders_of_two_runs_differ_and_fit_the_field() {
        let (one, two) = (fresh_orders(2, Timestamp::UNIX_EPOCH), fresh_orders(2, Timestamp::MIN));
        assert_ne!(one[0].order_id, one[1].order_id);
        assert_ne!(one[0].order_id, two[0].order_id);
        assert!((8..=40).contains(&one[0].order_id.len()));
        assert_eq!(one[0].txn_time, "19700101080000");
    }

    #[test]
    fn the_answers_of_the_ceiling_are_json() {
        for text in [SUBMIT_ANSWER, INQUIRY_ANSWER] {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            assert_eq!(value["msgResponse"]["responseCode"], "00");
        }
    }
}
