//! The page is the projection; replies, callbacks and the way back to the letter.

use app::use_cases::till::{Found, OrderBy};
use domain::order::OrderState;
use domain::reversal::{ReversalKind, ReversalState};
use wire::upay::{Body, Pay, Query, Reply, Request, decode_callback, encode_reply};

use super::*;
use crate::upay::table::{markdown, reversal, sample, settlement};

fn text(reply: impl Into<Reply>) -> String {
    String::from_utf8(encode_reply(&reply.into())).unwrap()
}

#[test]
fn the_committed_page_is_the_projection() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference/upay-states.md");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == markdown(),
        "docs/reference/upay-states.md differs: cargo run -p causeway-dialect --example states"
    );
}

#[test]
fn the_reply_to_a_paid_order() {
    let paid = sample(OrderState::Paid { settlement: settlement(0) }, vec![]);
    insta::assert_snapshot!(text(pay_reply(&paid)));
}

#[test]
fn the_callback_holds_the_documented_members_only() {
    let paid = sample(OrderState::Paid { settlement: settlement(0) }, vec![]);
    let body = callback_body(&paid);
    insta::assert_snapshot!(body);
    let data = decode_callback(body.as_bytes()).unwrap();
    assert_eq!((data.status.as_str(), data.order_status.as_str()), ("SUCCESS", "PAID"));
}

#[test]
fn a_refund_has_a_serial_and_a_status_of_its_own() {
    let mut open = reversal(ReversalKind::Refund, ReversalState::Processing);
    let number = open.terms.query_id.clone();
    let paid = OrderState::Paid { settlement: settlement(0) };
    let order = sample(paid.clone(), vec![open.clone()]);
    let reply = refund_reply(&order, &number);
    assert_eq!(reply.data.unwrap().client_tsn, "till7-17-R1");
    open.terms.client_tsn = Some("mine".to_owned());
    let order = sample(paid, vec![open]);
    let found = Found { order, refund: Some(number) };
    let data = query_reply(&found).data.unwrap();
    assert_eq!((data.client_tsn.as_str(), data.status.as_str()), ("mine", "IN_PROG"));
    assert_eq!((data.operator.as_str(), data.finish_time.as_str()), ("lee", ""));
}

#[test]
fn the_way_back_tells_the_outcome() {
    let get = |state: OrderState, name: &str| {
        let pairs = wap_return(&sample(state, vec![]));
        pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    };
    let paid = OrderState::Paid { settlement: settlement(0) };
    assert_eq!(get(paid.clone(), "status").as_deref(), Some("SUCCESS"));
    assert_eq!(get(paid.clone(), "is_success").as_deref(), Some("T"));
    assert_eq!(get(paid, "result_code"), None);
    let cancel = Some("get_brand_wcpay_request:cancel");
    assert_eq!(get(OrderState::Created, "result_code").as_deref(), cancel);
    let link = [("client_sn", "c"), ("reflect", ""), ("sign", "A"), ("terminal_sn", "123")];
    let link = link.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let failure = wap_failure(&link, Some("789"), ("CLIENT_SN_CONFLICT", "x"));
    let names: Vec<&str> = failure.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["is_success", "error_code", "error_message", "sn", "client_sn", "terminal_sn"];
    assert_eq!(names, expected);
}

#[test]
fn requests_become_inputs() {
    let body = br#"{"terminal_sn":"1","client_sn":"c","total_amount":5,"payway":"0",
        "dynamic_id":"13","subject":"s","notify_url":"www.shop.example/n",
        "goods_details":[{"goods_id":"1","goods_name":"x","quantity":"1.5","price":3}]}"#;
    let message = Pay::read(&Body::parse(body).unwrap(), false).unwrap();
    let (sale, barcode) = pay(message);
    assert_eq!((sale.payway, barcode.as_str(), sale.total), (None, "13", 5));
    assert_eq!(sale.notify_url.as_deref(), Some("http://www.shop.example/n"));
    assert_eq!(sale.goods[0].quantity.as_deref(), Some("1.5"));
    let by =
        |json: &str| query(Query::read(&Body::parse(json.as_bytes()).unwrap(), false).unwrap());
    let both = by(r#"{"terminal_sn":"1","sn":"789","client_sn":"c","refund_request_no":"r"}"#);
    assert_eq!(both, OrderBy::Sn("789".to_owned()));
    let refund = by(r#"{"terminal_sn":"1","client_sn":"","refund_request_no":"r"}"#);
    assert_eq!(refund, OrderBy::RefundRequestNo("r".to_owned()));
}
