//! The messages of the specification's own example, to the letter.

use causeway_wire::ucsp::{SubmitPaymentOrder, decode, decode_answer, encode, encode_answer};

const REQUEST: &str = concat!(
    r#"{"msgInfo":{"versionNo":"1.0.0","msgID":"A1000000120260105103000482913","#,
    r#""timeStamp":"20260105103000","msgType":"SUBMIT_PAYMENT_ORDER","#,
    r#""industryCode":"10000001"},"trxInfo":{"orderId":"PK20260105000017","#,
    r#""txnTime":"20260105103000","merId":"100000010000017","acqIIN":"00010344","#,
    r#""txnAmt":"2500","currencyCode":"344","channelCode":"20000001","userId":"u-77"}}"#
);
const ANSWER: &str = concat!(
    r#"{"msgInfo":{"versionNo":"1.0.0","msgID":"A1000000120260105103000482913","#,
    r#""timeStamp":"20260105103001","msgType":"SUBMIT_PAYMENT_ORDER","#,
    r#""industryCode":"10000001"},"trxInfo":{"orderId":"PK20260105000017","#,
    r#""txnTime":"20260105103000","merId":"100000010000017","tn":"820260105103001000017","#,
    r#""paymentUrl":"https://ucsp.example/cashier/820260105103001000017"},"#,
    r#""msgResponse":{"responseCode":"00","responseMsg":"Approved"}}"#
);

#[test]
fn the_specifications_example_survives_both_ways() {
    let request = decode::<SubmitPaymentOrder>(REQUEST.as_bytes()).unwrap();
    assert_eq!(request.trx_info.txn_amt, "2500");
    assert_eq!(String::from_utf8(encode(&request)).unwrap(), REQUEST);
    let answer = decode_answer::<SubmitPaymentOrder>(ANSWER.as_bytes()).unwrap();
    assert_eq!(String::from_utf8(encode_answer(&answer)).unwrap(), ANSWER);
}
