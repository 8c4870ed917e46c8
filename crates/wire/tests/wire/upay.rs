//! The terminal dialect: tolerances, faults, replies, and properties over all calls.

use causeway_wire::generate::Random;
use causeway_wire::upay::{
    Activate, Biz, BizError, BizResult, Body, CALLS, Cancel, CheckIn, Data, Fault, Faults, Pay,
    PaymentPart, Precreate, Query, Refund, Reply, Request, Rule, Trouble, Wap, decode_callback,
    decode_reply, encode_callback, encode_reply, generate, reference,
};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Value, json};

fn read<T: Request>(body: &str, strict: bool) -> Result<T, Faults> {
    T::read(&Body::parse(body.as_bytes()).expect("an object"), strict)
}

/// Reads a request of any call; what is read is written, read again, and must be the same.
fn recode(name: &str, body: &str) -> Result<(), Faults> {
    fn one<T: Request>(body: &str) -> Result<(), Faults> {
        let request: T = read(body, false)?;
        let written = String::from_utf8(request.encode()).expect("UTF-8");
        assert_eq!(read::<T>(&written, false).as_ref(), Ok(&request), "{body} {written}");
        Ok(())
    }
    match name {
        "activate" => one::<Activate>(body),
        "checkin" => one::<CheckIn>(body),
        "pay" => one::<Pay>(body),
        "precreate" => one::<Precreate>(body),
        "query" => one::<Query>(body),
        "refund" => one::<Refund>(body),
        "cancel" => one::<Cancel>(body),
        "wap" => one::<Wap>(body),
        other => panic!("no call {other}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 128,
        failure_persistence: None,
        ..Default::default()
    })]

    #[test]
    fn valid_requests_are_read_and_survive(seed in any::<u64>()) {
        for call in CALLS {
            let body = generate::valid(call, seed).to_string();
            let read = recode(call.name, &body);
            prop_assert!(read.is_ok(), "{} {} {:?}", call.name, body, read);
        }
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(body) = Body::parse(&bytes) {
            let _ = Pay::read(&body, true);
        }
        let _ = decode_reply(&bytes);
    }

    #[test]
    fn changed_bytes_never_panic(seed in any::<u64>(), at in any::<usize>(), by in any::<u8>()) {
        let mut body = generate::valid(Pay::CALL, seed).to_string().into_bytes();
        let at = at % body.len();
        body[at] = by;
        if let Ok(body) = Body::parse(&body) {
            let _ = Pay::read(&body, false);
        }
    }

    #[test]
    fn replies_hold_strings_only_and_survive(seed in any::<u64>()) {
        let reply = some_reply(seed);
        let bytes = encode_reply(&reply);
        let value: Value = serde_json::from_slice(&bytes).unwrap();
        prop_assert!(strings_only(&value), "{}", value);
        prop_assert_eq!(decode_reply(&bytes), Ok(reply));
    }
}

fn some_reply(seed: u64) -> Reply {
    let mut random = Random::new(seed);
    let texts = ["", "a", "披萨 \"大\"", "0", "\\", "{\"a\":1}"];
    let mut text = || random.pick(&texts).to_owned();
    let data = Data {
        sn: "7890260105000017".to_owned(),
        trade_no: text(),
        net_amount: text(),
        reflect: text(),
        wap_pay_request: text(),
        payment_list: vec![PaymentPart { kind: "CARD_PRE".to_owned(), amount_total: "1".into() }],
        ..Data::default()
    };
    match seed % 4 {
        0 => Reply::refused(Trouble::IllegalSign),
        1 => Biz::fail(BizError::UpayOrderNotExists).into(),
        2 => Reply::LogKept,
        _ => Biz::of(BizResult::PaySuccess, data).said(&text(), &text()).into(),
    }
}

/// Every scalar is a non-empty string; the one array is `payment_list`.
fn strings_only(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Object(object) => object.iter().all(|(name, value)| match value.as_array() {
            Some(all) => name == "payment_list" && all.iter().all(strings_only),
            None => strings_only(value),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => false,
    }
}

#[test]
fn each_flaw_is_the_one_fault_at_its_path() {
    let mut checked = 0;
    for call in CALLS {
        for variant in generate::invalid_variants(call) {
            let faults = recode(call.name, &variant.value.to_string());
            let expected = Fault { path: variant.path, rule: variant.rule };
            let faults = faults.err().unwrap_or_else(|| panic!("{} {expected:?}", call.name));
            if matches!(variant.rule, Rule::TooManyElements(_) | Rule::NotArray) {
                assert!(faults.list().contains(&expected), "{expected:?} {faults}");
            } else {
                assert_eq!(faults.list(), [expected], "{}", call.name);
            }
            checked += 1;
        }
    }
    assert!(checked > 300, "only {checked} variants");
}

#[test]
fn declared_examples_are_valid_also_in_strict_mode() {
    for call in CALLS {
        let body = generate::full(call).to_string();
        assert_eq!(recode(call.name, &body), Ok(()), "{body}");
    }
    assert!(read::<Pay>(&generate::full(Pay::CALL).to_string(), true).is_ok());
    assert!(read::<Refund>(&generate::full(Refund::CALL).to_string(), true).is_ok());
}

/// Section 1 of the specification, all of it observed on the wire.
#[test]
fn what_existing_clients_send_is_taken() {
    let php = r#"{"terminal_sn":"1","client_sn":"c","total_amount":5,"payway":3,"dynamic_id":"13",
        "subject":"\u62ab\/","operator":null,"description":"","reflect":{ "a" : 1.50 },
        "goods_details":[{"goods_id":"1","goods_name":"x","quantity":1.5,"price":"100",
        "promotion_type":0}],"extended":[],"type":"2","client_tsn":"t"}"#;
    let pay: Pay = read(php, false).unwrap();
    assert_eq!((pay.total_amount, pay.payway, pay.subject.as_str()), (5, Some(3), "披/"));
    assert_eq!((pay.operator, pay.description, pay.extended), (None, None, None));
    assert_eq!(pay.reflect.as_deref(), Some(r#"{"a":1.50}"#));
    let goods = &pay.goods_details[0];
    assert_eq!((goods.quantity.as_str(), goods.price.as_str()), ("1.5", "100"));
    let go = r#"{"terminal_sn":"1","sn":"789","client_sn":""}"#;
    assert_eq!(read::<Cancel>(go, false).unwrap().client_sn, None);
    assert!(read::<CheckIn>(r#"{"device_id":"d"}"#, true).is_ok());
    let large = r#"{"terminal_sn":"1","client_sn":"c","total_amount":9999999999,"dynamic_id":"1",
        "subject":"s","extended":"{\"a\":\"b\"}"}"#;
    let pay: Pay = read(large, false).unwrap();
    assert_eq!((pay.total_amount, pay.extended.as_deref()), (9_999_999_999, Some(r#"{"a":"b"}"#)));
}

#[test]
fn all_faults_are_said_at_once_in_the_published_words() {
    let faults = read::<Pay>(r#"{"client_sn":"","total_amount":"-5"}"#, false).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "terminal_sn不可以为空；client_sn不可以为空；total_amount不可以为负数；\
         dynamic_id不可以为空；subject不可以为空"
    );
    let message = |body: &str| read::<Refund>(body, false).unwrap_err().to_string();
    assert_eq!(
        message(r#"{"terminal_sn":"1","refund_request_no":"1","refund_amount":1.5}"#),
        "refund_amount金额为整数，长度不超过10位，以分为单位；sn和client_sn不可以同时为空"
    );
    assert_eq!(
        message(
            r#"{"terminal_sn":"1","sn":"1","sn":"2","refund_request_no":"1","refund_amount":1}"#
        ),
        "sn重复"
    );
}

#[test]
fn strict_mode_asks_for_what_the_documents_ask() {
    let refund = json!({"terminal_sn": "1", "sn": "2", "refund_amount": "3",
        "refund_request_no": "r".repeat(21)});
    assert!(read::<Refund>(&refund.to_string(), false).is_ok());
    let faults = read::<Refund>(&refund.to_string(), true).unwrap_err();
    assert_eq!(faults.to_string(), "refund_request_no长度不可以超过20字节；operator不可以为空");
    let wap = json!({"terminal_sn": "1", "client_sn": "2", "total_amount": 3, "payway": "3",
        "sub_payway": 3, "subject": "s", "operator": "o"});
    assert!(read::<Precreate>(&wap.to_string(), false).is_ok());
    assert_eq!(
        read::<Precreate>(&wap.to_string(), true).unwrap_err().to_string(),
        "payer_uid不可以为空"
    );
}

#[test]
fn replies_are_spelled_as_published() {
    let text = |reply: &Reply| String::from_utf8(encode_reply(reply)).unwrap();
    let credentials = Reply::Credentials { terminal_sn: "1".into(), terminal_key: "k".into() };
    let data = Data { sn: "789".into(), net_amount: "0".into(), ..Data::default() };
    let replies = [
        (Reply::refused(Trouble::IllegalSign), "ILLEGAL_SIGN"),
        (Reply::LogKept, "SUCCESS"),
        (credentials, "terminal_key"),
        (Biz::of(BizResult::PaySuccess, data.clone()).into(), "PAY_SUCCESS"),
        (Biz::fail(BizError::ClientSnConflict).into(), "CLIENT_SN_CONFLICT"),
    ];
    let shown: Vec<String> = replies.iter().map(|(reply, _)| text(reply)).collect();
    insta::assert_snapshot!("upay_replies", shown.join("\n"));
    for ((reply, word), shown) in replies.iter().zip(&shown) {
        assert!(shown.contains(word), "{shown}");
        assert_eq!(decode_reply(shown.as_bytes()).as_ref(), Ok(reply));
    }
    assert_eq!(decode_callback(&encode_callback(&data)), Ok(data));
}

#[test]
fn rows_are_unique_and_say_what_they_mean() {
    for call in CALLS {
        for (at, row) in call.rows.iter().enumerate() {
            assert!(call.rows[..at].iter().all(|other| other.id != row.id), "{}", row.id);
            assert!(!row.note.is_empty(), "{}.{}", call.name, row.id);
        }
    }
    assert!(reference().contains("UPAY_ORDER_NOT_EXISTS"));
}
