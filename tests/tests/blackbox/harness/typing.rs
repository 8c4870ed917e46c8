//! What the existing clients cannot do without in a reply (upay.md section 3): a number where Go
//! reads a string, a status that C# does not list, a null anywhere, and a till stands still.

use serde_json::{Map, Value};

const RESULTS: [&str; 21] = [
    "PAY_SUCCESS",
    "PAY_FAIL",
    "PAY_FAIL_ERROR",
    "CANCEL_SUCCESS",
    "CANCEL_ERROR",
    "CANCEL_ABORT_SUCCESS",
    "CANCEL_ABORT_ERROR",
    "REFUND_SUCCESS",
    "REFUND_ERROR",
    "PRECREATE_SUCCESS",
    "PRECREATE_FAIL",
    "SUCCESS",
    "FAIL",
    "PAY_IN_PROGRESS",
    "PAY_FAIL_IN_PROGRESS",
    "CANCEL_IN_PROGRESS",
    "CANCEL_ABORT_IN_PROGRESS",
    "REFUND_FAIL",
    "REFUND_IN_PROGRESS",
    "PRECREATE_FAIL_ERROR",
    "PRECREATE_FAIL_IN_PROGRESS",
];
const ORDERS: [&str; 11] = [
    "CREATED",
    "PAID",
    "PAY_CANCELED",
    "PAY_ERROR",
    "REFUNDED",
    "PARTIAL_REFUNDED",
    "REFUND_ERROR",
    "CANCELED",
    "CANCEL_ERROR",
    "CANCEL_INPROGRESS",
    "INVALID_STATUS_CODE",
];
const TRANSACTIONS: [&str; 12] = [
    "SUCCESS",
    "FAIL_CANCELED",
    "FAIL_PROTOCOL_1",
    "FAIL_IO_1",
    "FAIL_PROTOCOL_2",
    "FAIL_IO_2",
    "FAIL_PROTOCOL_3",
    "FAIL_ERROR",
    "CANCEL_ERROR",
    "REFUND_ERROR",
    "IN_PROG",
    "CREATED",
];
/// Members of `data` that every reply with an order has, in the tables or the samples.
const ALWAYS: [&str; 9] = [
    "sn",
    "client_sn",
    "terminal_sn",
    "status",
    "order_status",
    "payway",
    "sub_payway",
    "total_amount",
    "net_amount",
];

/// What is wrong with the reply to a call at this path; empty when nothing is.
pub(crate) fn faults(path: &str, reply: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    scalars("", reply, &mut faults);
    let Some(envelope) = reply.as_object() else { return vec!["not an object".to_owned()] };
    match text(envelope, "result_code") {
        "200" if path == super::till::UPLOAD_LOG => {
            let said = (text(envelope, "error_code"), envelope.contains_key("biz_response"));
            check(said == ("SUCCESS", false), "uploadLog", &mut faults);
        }
        "200" => match envelope.get("biz_response") {
            Some(Value::Object(biz)) if path.starts_with("/upay/") => business(biz, &mut faults),
            Some(Value::Object(biz)) => credentials(biz, &mut faults),
            _ => faults.push("biz_response is no object".to_owned()),
        },
        "400" | "500" => {
            let said = ["error_code", "error_message"].map(|name| text(envelope, name));
            check(!said.contains(&""), "an error says nothing", &mut faults);
            check(!envelope.contains_key("biz_response"), "both failed and done", &mut faults);
        }
        other => faults.push(format!("result_code {other:?}")),
    }
    faults
}

/// What the shop is told at notify_url keeps the rules of `data`.
pub(crate) fn callback_faults(body: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    scalars("", body, &mut faults);
    match body.as_object() {
        Some(body) => data(body, &mut faults),
        None => faults.push("not an object".to_owned()),
    }
    faults
}

fn check(holds: bool, fault: &str, faults: &mut Vec<String>) {
    if !holds {
        faults.push(fault.to_owned());
    }
}

fn text<'v>(object: &'v Map<String, Value>, name: &str) -> &'v str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Every scalar is a string that says something; payment_list is the only array.
fn scalars(name: &str, value: &Value, faults: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            let may = ["", "biz_response", "data", "payment_list"].contains(&name);
            check(may, &format!("{name} is an object"), faults);
            for (name, member) in members {
                check(name.trim() == name, &format!("{name:?} has a blank"), faults);
                scalars(name, member, faults);
            }
        }
        Value::Array(elements) if name == "payment_list" => {
            for element in elements {
                scalars(name, element, faults);
            }
        }
        Value::String(_) => {}
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            faults.push(format!("{name} is {value}"));
        }
    }
}

fn credentials(biz: &Map<String, Value>, faults: &mut Vec<String>) {
    let (sn, key) = (text(biz, "terminal_sn"), text(biz, "terminal_key"));
    check(digits(sn, 11..=32), "terminal_sn", faults);
    let hex = key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    check(key.len() == 32 && hex, "terminal_key", faults);
}

fn business(biz: &Map<String, Value>, faults: &mut Vec<String>) {
    let result = text(biz, "result_code");
    check(RESULTS.contains(&result), &format!("biz result_code {result:?}"), faults);
    let silent = ["error_code", "error_message"].map(|name| text(biz, name).is_empty());
    check(silent[0] == silent[1], "half an error", faults);
    let refused = result.ends_with("FAIL");
    check(!refused || silent == [false; 2], "a refusal says nothing", faults);
    // A query says beside its success why the order it found was not paid.
    let told = biz.get("data").is_some_and(|data| data["order_status"] == "PAY_CANCELED");
    let good = result == "SUCCESS" && !told || result.ends_with("_SUCCESS");
    check(!good || silent == [true; 2], "a success with an error", faults);
    if let Some(found) = biz.get("data") {
        match found.as_object() {
            Some(found) => data(found, faults),
            None => faults.push("data is no object".to_owned()),
        }
    }
}

fn data(data: &Map<String, Value>, faults: &mut Vec<String>) {
    for name in ALWAYS {
        check(!text(data, name).is_empty(), &format!("{name} is missing"), faults);
    }
    for name in ["total_amount", "net_amount"] {
        check(digits(text(data, name), 1..=10), name, faults);
    }
    for name in ["ctime", "finish_time", "channel_finish_time"] {
        check(!data.contains_key(name) || digits(text(data, name), 13..=13), name, faults);
    }
    let sn = text(data, "sn");
    check(digits(sn, 16..=16) && sn.starts_with("789"), "sn", faults);
    for name in ["payway", "sub_payway"] {
        check(digits(text(data, name), 1..=3), name, faults);
    }
    check(ORDERS.contains(&text(data, "order_status")), "order_status", faults);
    check(TRANSACTIONS.contains(&text(data, "status")), "status", faults);
    if let Some(parts) = data.get("payment_list").and_then(Value::as_array) {
        let amount = |part: &Value| part["amount_total"].as_str()?.parse::<u64>().ok();
        let sum: Option<u64> = parts.iter().map(amount).sum();
        let total = text(data, "total_amount").parse().ok();
        check(sum.is_some() && sum == total, "payment_list does not add up", faults);
    }
}

fn digits(text: &str, length: std::ops::RangeInclusive<usize>) -> bool {
    length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
