//! What is tolerated and what is not: unknown, null, empty, duplicates, bounds, refusals.

use causeway_wire::limits::{ERROR_DETAIL_CHARS_MAX, OBJECT_MEMBERS_MAX};
use causeway_wire::spec::{example, pretty};
use causeway_wire::ucsp::{
    CHANNEL_LOGIN_INFO, ChannelLoginInfo, ChannelUserData, IndustryLoginInfo, MsgResponse,
    PAYMENT_RESULT_INQUIRY, PaymentRefund, PaymentResultInquiry, ResponseCode,
    SUBMIT_PAYMENT_ORDER, SignAutoDebitNotice, SubmitPaymentOrder, decode, decode_answer,
    decode_flat, decode_flat_answer, decode_plain, encode_answer, encode_flat_answer,
    gateway_refusal, message_id, read_gateway_refusal,
};
use causeway_wire::{Rule, Shape, Side};
use serde_json::{Value, json};

fn order() -> Value {
    example(&SUBMIT_PAYMENT_ORDER, Shape::Wrapped, Side::Request)
}

fn faults(body: &Value) -> String {
    match decode::<SubmitPaymentOrder>(body.to_string().as_bytes()) {
        Ok(_) => String::new(),
        Err(rejected) => rejected.faults.to_string(),
    }
}

#[test]
fn unknown_members_are_ignored_everywhere() {
    let mut body = order();
    body["newSection"] = json!({"a": [1, 2, {"b": null}]});
    body["msgInfo"]["newMember"] = json!(17);
    body["trxInfo"]["newMember"] = json!([true]);
    body["trxInfo"]["goodsList"][0]["newMember"] = json!("x");
    let read = decode::<SubmitPaymentOrder>(body.to_string().as_bytes()).unwrap();
    let plain = decode::<SubmitPaymentOrder>(order().to_string().as_bytes()).unwrap();
    assert_eq!(read, plain);
    let mut answer = example(&SUBMIT_PAYMENT_ORDER, Shape::Wrapped, Side::Answer);
    answer["msgResponse"]["hint"] = json!({});
    decode_answer::<SubmitPaymentOrder>(answer.to_string().as_bytes()).unwrap();
}

/// RFC 8259 section 6 bounds no number; what is not looked at need not fit anywhere.
#[test]
fn a_number_of_any_size_may_stand_in_an_unknown_member() {
    let plain = decode::<SubmitPaymentOrder>(order().to_string().as_bytes()).unwrap();
    for number in ["1e999", "-1E+400", "[{\"a\": 1e999, \"a\": [null]}]", &"9".repeat(400)] {
        let body = order().to_string();
        let more = format!(r#"{{"newMember":{number},"#);
        let body = format!("{more}{}", &body[1..])
            .replace(r#"{"goodsName""#, &format!("{more}\"goodsName\""));
        assert_eq!(decode::<SubmitPaymentOrder>(body.as_bytes()).as_ref(), Ok(&plain), "{body}");
    }
    let rule = |body: &str| {
        decode::<SubmitPaymentOrder>(body.as_bytes()).unwrap_err().faults.list()[0].rule.clone()
    };
    let amount = order().to_string().replace(r#""2500""#, "1e999");
    assert_eq!(rule(&amount), Rule::WrongType("string"), "a declared member is a string");
    for broken in ["1e", "01", "1e999,", "\"\\ud800\"", ".5"] {
        assert_eq!(rule(&format!(r#"{{"big":1e999,"a":{broken}}}"#)), Rule::NotJson, "{broken}");
    }
    let nested = |levels: usize| format!("{}1e999{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert_eq!(rule(&nested(17)), Rule::TooDeep);
    assert_eq!(rule(&nested(16)), Rule::Missing);
    assert_eq!(rule(&format!("{{\"a\":[{}1e999]}}", "1e999,".repeat(1024))), Rule::TooWide);
    assert_eq!(rule("1e999"), Rule::WrongType("object"));
}

#[test]
fn null_and_empty_count_as_absent() {
    for absent in [Value::Null, json!("")] {
        let mut body = order();
        body["trxInfo"]["orderDesc"] = absent.clone();
        body["trxInfo"]["goodsList"] = absent.clone();
        body["certificateSignature"] = absent.clone();
        let read = decode::<SubmitPaymentOrder>(body.to_string().as_bytes()).unwrap();
        assert_eq!((read.trx_info.order_desc, read.trx_info.goods_list), (None, None));
        assert_eq!(read.certificate_signature, None);
        body["trxInfo"]["txnAmt"] = absent.clone();
        assert_eq!(faults(&body), "trxInfo.txnAmt is missing");
        body["trxInfo"] = absent;
        assert_eq!(faults(&body), "trxInfo is missing");
    }
}

#[test]
fn numbers_and_booleans_are_not_strings() {
    let mut body = order();
    body["trxInfo"]["txnAmt"] = json!(2500);
    body["trxInfo"]["clientType"] = json!(true);
    let expected = "trxInfo.txnAmt must be a JSON string; trxInfo.clientType must be a JSON string";
    assert_eq!(faults(&body), expected);
}

#[test]
fn chinese_text_counts_in_characters() {
    let mut body = order();
    body["trxInfo"]["orderDesc"] = json!("停".repeat(128));
    assert_eq!(faults(&body), "");
    body["trxInfo"]["orderDesc"] = json!("停".repeat(129));
    assert_eq!(faults(&body), "trxInfo.orderDesc is longer than 128");
    body["trxInfo"]["orderDesc"] = json!("a\u{202e}b");
    assert_eq!(faults(&body), "trxInfo.orderDesc admits only printable characters");
}

#[test]
fn a_declared_member_twice_is_a_fault_an_unknown_one_is_not() {
    let body = order().to_string();
    let twice = body.replace(r#""txnAmt":"2500""#, r#""txnAmt":"2500","txnAmt":"1""#);
    let rejected = decode::<SubmitPaymentOrder>(twice.as_bytes()).unwrap_err();
    assert_eq!(rejected.faults.to_string(), "trxInfo.txnAmt stands twice");
    let unknown = body.replace(r#""txnAmt":"2500""#, r#""txnAmt":"2500","x":1,"x":2"#);
    decode::<SubmitPaymentOrder>(unknown.as_bytes()).unwrap();
    let section = format!("{},\"trxInfo\":{{}}}}", &body[..body.len() - 1]);
    let rejected = decode::<SubmitPaymentOrder>(section.as_bytes()).unwrap_err();
    assert_eq!(rejected.faults.to_string(), "trxInfo stands twice");
}

#[test]
fn bounds_of_the_body() {
    let rule = |body: &[u8]| {
        let rejected = decode::<SubmitPaymentOrder>(body).unwrap_err();
        assert_eq!(rejected.faults.list()[0].path, "body");
        rejected.faults.list()[0].rule.clone()
    };
    assert_eq!(rule(b""), Rule::NotJson);
    assert_eq!(rule(b"{}x"), Rule::NotJson);
    assert_eq!(rule(b"\xef\xbb\xbf{}"), Rule::NotJson);
    assert_eq!(rule(b"{\"a\":\"\xff\"}"), Rule::NotUtf8);
    assert_eq!(rule(br#"{"a":"\ud800"}"#), Rule::NotJson);
    assert_eq!(rule(b"[]"), Rule::WrongType("object"));
    assert_eq!(rule(b"null"), Rule::WrongType("object"));
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    assert_eq!(rule(nested(17).as_bytes()), Rule::TooDeep);
    assert_eq!(rule(nested(100_000 / 8).as_bytes()), Rule::TooDeep);
    let deep = decode::<SubmitPaymentOrder>(nested(16).as_bytes()).unwrap_err();
    assert_eq!(deep.faults.list()[0].path, "msgInfo", "16 levels are read");
    let wide = |members: usize| {
        let member = |number| format!("\"m{number}\":1");
        format!("{{{}}}", (0..members).map(member).collect::<Vec<_>>().join(","))
    };
    assert_eq!(rule(wide(OBJECT_MEMBERS_MAX + 1).as_bytes()), Rule::TooWide);
    let wide = decode::<SubmitPaymentOrder>(wide(OBJECT_MEMBERS_MAX).as_bytes()).unwrap_err();
    assert_eq!(wide.faults.list()[0].path, "msgInfo", "so many members are read");
    let array = format!("{{\"a\":[{}1]}}", "1,".repeat(1024));
    assert_eq!(rule(array.as_bytes()), Rule::TooWide);
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(256 * 1024));
    assert_eq!(rule(large.as_bytes()), Rule::TooLarge);
}

#[test]
fn a_refusal_returns_the_keys_that_could_be_read() {
    let mut body = order();
    body["trxInfo"]["txnAmt"] = json!("0");
    body["trxInfo"]["merId"] = json!("short");
    let rejected = decode::<SubmitPaymentOrder>(body.to_string().as_bytes()).unwrap_err();
    let answer = encode_answer(&rejected.wrapped_answer("20260105103001"));
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    insta::assert_snapshot!(pretty(&answer));
    let read = decode_answer::<SubmitPaymentOrder>(answer.to_string().as_bytes()).unwrap();
    assert_eq!(read.msg_response.code(), Some(ResponseCode::MessageFormatInvalid));
}

#[test]
fn a_refusal_of_garbage_has_no_empty_parts() {
    let rejected = decode::<SubmitPaymentOrder>(b"garbage").unwrap_err();
    let mut answer = rejected.wrapped_answer("");
    answer.msg_info.time_stamp.clear();
    assert_eq!(
        String::from_utf8(encode_answer(&answer)).unwrap(),
        concat!(
            r#"{"msgResponse":{"responseCode":"10","responseMsg":"Message Format Invalid","#,
            r#""errorDetail":"body is not JSON"}}"#
        )
    );
    let rejected = decode_flat::<ChannelLoginInfo>(br#"{"channelCode":"20000001"}"#).unwrap_err();
    let answer: Value =
        serde_json::from_slice(&encode_flat_answer(&rejected.flat_answer())).unwrap();
    assert_eq!(answer["channelCode"], "20000001");
    assert_eq!(answer.get("industryUrl"), None);
    assert_eq!(
        answer["msgResponse"]["errorDetail"],
        "msgID is missing; industryCode is missing; userId is missing"
    );
}

#[test]
fn a_typed_refusal_repeats_the_request() {
    let request = decode::<SubmitPaymentOrder>(order().to_string().as_bytes()).unwrap();
    let response = MsgResponse::detailed(ResponseCode::OrderInfoIncorrect, "trxInfo.merId");
    let answer = request.refuse("20260105103002", response);
    let keys = answer.trx_info.unwrap();
    assert_eq!(keys.order_id, request.trx_info.order_id);
    assert_eq!(keys.mer_id, request.trx_info.mer_id);
    assert_eq!(keys.tn, None);
    assert_eq!(answer.msg_info.msg_id, request.msg_info.msg_id);
    assert_eq!(answer.msg_info.time_stamp, "20260105103002");
}

#[test]
fn error_detail_stays_within_its_bound() {
    let mut body = order();
    let goods: Vec<Value> = (0..50).map(|_| json!({"goodsName": 1, "amount": 2})).collect();
    body["trxInfo"]["goodsList"] = goods.into();
    let rejected = decode::<SubmitPaymentOrder>(body.to_string().as_bytes()).unwrap_err();
    assert_eq!(rejected.faults.count(), 100);
    let detail = rejected.msg_response().error_detail.unwrap();
    assert!(detail.chars().count() <= ERROR_DETAIL_CHARS_MAX, "{detail}");
    assert!(detail.ends_with(" more"), "{detail}");
    let said = detail.split("; ").count() - 1;
    assert!(detail.ends_with(&format!("and {} more", 100 - said)), "{detail}");
    let long = MsgResponse::detailed(ResponseCode::CommonError, &"é\n".repeat(300));
    assert_eq!(long.error_detail.unwrap(), "é ".repeat(128).chars().take(255).collect::<String>());
}

#[test]
fn the_message_type_must_be_the_one_of_the_path() {
    let mut body = order();
    body["msgInfo"]["msgType"] = json!("PAYMENT_REFUND");
    assert_eq!(faults(&body), "msgInfo.msgType has a value that is not allowed");
}

#[test]
fn either_key_names_an_order() {
    let mut body = example(&PAYMENT_RESULT_INQUIRY, Shape::Wrapped, Side::Request);
    let check = |body: &Value| match decode::<PaymentResultInquiry>(body.to_string().as_bytes()) {
        Ok(_) => String::new(),
        Err(rejected) => rejected.faults.to_string(),
    };
    assert_eq!(check(&body), "");
    body["trxInfo"].as_object_mut().unwrap().remove("txnTime");
    // Half a key is none, whether or not the number stands beside it.
    assert_eq!(check(&body), "trxInfo.txnTime is missing beside orderId");
    body["trxInfo"]["queryId"] = json!("202601051030010000171");
    assert_eq!(check(&body), "trxInfo.txnTime is missing beside orderId");
    body["trxInfo"]["txnTime"] = json!("20260105103000");
    assert_eq!(check(&body), "");
    body["trxInfo"]["orderId"] = Value::Null;
    assert_eq!(check(&body), "trxInfo.orderId is missing beside txnTime");
    body["trxInfo"]["txnTime"] = json!("");
    assert_eq!(check(&body), "");
    body["trxInfo"]["queryId"] = json!("");
    body["trxInfo"]["orderId"] = Value::Null;
    assert_eq!(check(&body), "trxInfo.queryId is missing, so is orderId + txnTime");
    body = example(&causeway_wire::ucsp::PAYMENT_REFUND, Shape::Wrapped, Side::Request);
    body["trxInfo"]["origTxnTime"] = json!("20260105103000");
    let rejected = decode::<PaymentRefund>(body.to_string().as_bytes()).unwrap_err();
    let expected = "trxInfo.origOrderId is missing beside origTxnTime";
    assert_eq!(rejected.faults.to_string(), expected);
    body["trxInfo"]["origTxnTime"] = Value::Null;
    body["trxInfo"]["origQryId"] = Value::Null;
    let rejected = decode::<PaymentRefund>(body.to_string().as_bytes()).unwrap_err();
    let expected = "trxInfo.origQryId is missing, so is origOrderId + origTxnTime";
    assert_eq!(rejected.faults.to_string(), expected);
}

#[test]
fn a_signed_contract_needs_its_id() {
    let message = &causeway_wire::ucsp::SIGN_AUTO_DEBIT_NOTICE;
    let mut body = example(message, Shape::Wrapped, Side::Request);
    body["trxInfo"]["contractId"] = Value::Null;
    let rejected = decode::<SignAutoDebitNotice>(body.to_string().as_bytes()).unwrap_err();
    let expected = "trxInfo.contractId is missing beside signStatus";
    assert_eq!(rejected.faults.to_string(), expected);
    body["trxInfo"]["signStatus"] = json!("REFUSED");
    decode::<SignAutoDebitNotice>(body.to_string().as_bytes()).unwrap();
}

#[test]
fn an_encrypted_login_names_its_certificate() {
    let message = &causeway_wire::ucsp::INDUSTRY_LOGIN_INFO;
    let mut body = example(message, Shape::Wrapped, Side::Request);
    let check = |body: &Value| match decode::<IndustryLoginInfo>(body.to_string().as_bytes()) {
        Ok(_) => String::new(),
        Err(rejected) => rejected.faults.to_string(),
    };
    assert_eq!(check(&body), "");
    body["certificateSignature"]["appEncCertID"] = Value::Null;
    assert_eq!(check(&body), "certificateSignature.appEncCertID is missing");
    body["trxInfo"]["mobile"] = json!("+85291234567");
    assert_eq!(check(&body), "", "a plain value needs no certificate");
    body["trxInfo"]["mobile"] = json!("1".repeat(65));
    assert_eq!(check(&body), "trxInfo.mobile is longer than 64");
    body["certificateSignature"] = Value::Null;
    assert!(check(&body).contains("certificateSignature is missing"));
}

#[test]
fn plaintext_faults_carry_the_name_of_the_sealed_member() {
    let faults = decode_plain::<ChannelUserData>(br#"{"idType":"9","mobile":1}"#, "encData");
    assert_eq!(
        faults.unwrap_err().to_string(),
        "encData.mobile must be a JSON string; encData.idType has a value that is not allowed; \
         encData.idNo is missing beside idType"
    );
    let data = decode_plain::<ChannelUserData>(br#"{"mobile":"+852 9123 4567"}"#, "encData");
    let shown = format!("{:?}", data.unwrap());
    assert_eq!(shown, r#"ChannelUserData { mobile: "[hidden]" }"#);
}

#[test]
fn answers_demand_their_members_beside_00_only() {
    let mut answer = example(&CHANNEL_LOGIN_INFO, Shape::Flat, Side::Answer);
    let check = |answer: &Value| match decode_flat_answer::<ChannelLoginInfo>(
        answer.to_string().as_bytes(),
    ) {
        Ok(_) => String::new(),
        Err(faults) => faults.to_string(),
    };
    assert_eq!(check(&answer), "");
    answer.as_object_mut().unwrap().remove("industryUrl");
    assert_eq!(check(&answer), "industryUrl is missing");
    answer["msgResponse"]["responseCode"] = json!("36");
    assert_eq!(check(&answer), "");
    answer["msgResponse"]["responseCode"] = json!("77");
    assert_eq!(check(&answer), "", "codes of later versions are read");
    answer.as_object_mut().unwrap().remove("msgResponse");
    assert_eq!(check(&answer), "msgResponse is missing");
}

#[test]
fn the_gateways_refusal_is_told_from_an_answer() {
    let read = read_gateway_refusal(gateway_refusal(false).as_bytes()).unwrap();
    assert_eq!((read.response_code.as_str(), read.code()), ("E0", None));
    let read = read_gateway_refusal(gateway_refusal(true).as_bytes()).unwrap();
    assert_eq!(read.code(), Some(ResponseCode::MessageFormatInvalid));
    let answer = example(&SUBMIT_PAYMENT_ORDER, Shape::Wrapped, Side::Answer).to_string();
    assert_eq!(read_gateway_refusal(answer.as_bytes()), None);
}

#[test]
fn message_numbers_have_the_declared_form() {
    let number = message_id("10000001", "20260105103000", 7_000_042);
    assert_eq!(number, "A1000000120260105103000000042");
}
