//! The gate of the terminals: the checks of upay.md 2.2 in their order, terminals and their keys.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::harness::{World, get};
use crate::till::{APP, PAID, Till, VENDOR, VENDOR_SECRET, sale, signed};

const QUERY: &str = "/upay/v2/query";

fn with_header(value: Option<&str>, body: &str) -> Request<Body> {
    let mut request = Request::post(QUERY);
    if let Some(value) = value {
        request = request.header("Authorization", value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

fn error(reply: &Value) -> (&str, &str) {
    assert!(reply.get("biz_response").is_none(), "{reply}");
    (reply["result_code"].as_str().unwrap(), reply["error_code"].as_str().unwrap())
}

const ILLEGAL: (&str, &str) = ("400", "ILLEGAL_SIGN");
const TERMINAL: (&str, &str) = ("400", "INVALID_TERMINAL");
const PARAMS: (&str, &str) = ("400", "INVALID_PARAMS");

#[tokio::test]
async fn checks_1_to_6_in_their_order() {
    let world = World::new();
    let till = world.till().await;
    let (sn, key) = (till.sn.as_str(), till.key.as_str());
    let sign = |body: &str| format!("{sn} {}", jose::terminal::sign(body.as_bytes(), key));
    // The body is wrong in every case, so that a later check would speak otherwise.
    let right = sign("x");
    let cases = [
        (None, ILLEGAL),
        (Some("one"), ILLEGAL),
        (Some(" "), ILLEGAL),
        (Some("123 00"), TERMINAL),
        (Some("100000000000123 00112233445566778899aabbccddeeff"), TERMINAL),
        (Some(&right.as_str()[..right.len() - 1]), ILLEGAL),
        (Some(right.as_str()), PARAMS),
    ];
    for (header, expected) in cases {
        let reply = world.envelope(with_header(header, "x")).await;
        assert_eq!(error(&reply), expected, "{header:?} {reply}");
    }
    let foreign = r#"{"terminal_sn":"1","sn":""}"#;
    let reply = world.envelope(with_header(Some(&sign(foreign)), foreign)).await;
    assert_eq!(error(&reply), TERMINAL, "check 5 comes before 6");
    let reply = world.upay_text(&till, "query", "{}").await;
    assert_eq!(error(&reply), PARAMS);
    assert!(reply["error_message"].as_str().unwrap().starts_with("terminal_sn不可以为空；"));
    for not_an_object in ["[]", "null", "\"a\"", ""] {
        let reply = world.upay_text(&till, "query", not_an_object).await;
        assert_eq!(error(&reply), PARAMS, "{not_an_object}");
    }
}

#[tokio::test]
async fn the_bytes_are_signed_as_they_are() {
    let world = World::new();
    let till = world.till().await;
    let blanks = format!(r#" {{ "terminal_sn" : "{}" , "sn" : "\u0037" }} "#, till.sn);
    let reply = world.upay_text(&till, "query", &blanks).await;
    assert_eq!(reply["biz_response"]["error_code"], "UPAY_ORDER_NOT_EXISTS", "{reply}");
    let sign = jose::terminal::sign(blanks.as_bytes(), &till.key).to_uppercase();
    let header = format!("{} {sign}", till.sn);
    let upper = world.envelope(with_header(Some(&header), &blanks)).await;
    assert_eq!(upper["result_code"], "200", "either case of hex");
    let changed = world.envelope(with_header(Some(&header), blanks.trim())).await;
    assert_eq!(error(&changed), ILLEGAL);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_so_and_the_path_may_end_in_a_question_mark() {
    let world = World::new();
    let till = world.till().await;
    let too_large = " ".repeat(256 * 1024 + 1);
    for path in [QUERY, "/upay/v2/pay", "/terminal/checkin"] {
        let request = signed(path, (&till.sn, &till.key), too_large.clone());
        let reply = world.envelope(request).await;
        assert_eq!(error(&reply), PARAMS);
        assert_eq!(reply["error_message"], "请求体不可以超过256KB");
    }
    let body = json!({"terminal_sn": till.sn, "sn": "7"}).to_string();
    let mut request = signed("/upay/v2/query?", (&till.sn, &till.key), body);
    request.headers_mut().insert("content-type", "Application/json".parse().unwrap());
    let reply = world.envelope(request).await;
    assert_eq!(reply["biz_response"]["result_code"], "FAIL");
    assert_eq!(world.send(get(QUERY)).await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn a_code_makes_as_many_terminals_as_it_is_good_for() {
    let world = World::new();
    let code = world.code("S-1", 2).await;
    let body = json!({"app_id": APP, "code": code, "device_id": "d", "type": "2"});
    let (one, two) = (world.activate(&body).await, world.activate(&body).await);
    let sn = |reply: &Value| reply["biz_response"]["terminal_sn"].as_str().unwrap().to_owned();
    assert_ne!(sn(&one), sn(&two));
    let message = |reply: &Value| {
        assert_eq!(error(reply), PARAMS);
        reply["error_message"].as_str().unwrap().to_owned()
    };
    assert_eq!(message(&world.activate(&body).await), "激活码已被使用");
    let mut other = body.clone();
    other["code"] = json!("1");
    assert_eq!(message(&world.activate(&other).await), "激活码不存在");
    other["app_id"] = json!("1");
    assert_eq!(message(&world.activate(&other).await), "app_id无效");
    let missing = world.activate(&json!({"app_id": null})).await;
    assert_eq!(message(&missing), "app_id不可以为空；code不可以为空；device_id不可以为空");
}

#[tokio::test]
async fn a_code_lives_seven_days() {
    let world = World::new();
    let code = world.code("S-1", 2).await;
    let body = json!({"app_id": APP, "code": code, "device_id": "d"});
    world.clock.advance(jiff::SignedDuration::from_hours(7 * 24));
    let reply = world.activate(&body).await;
    assert_eq!(reply["error_message"], "激活码已过期");
}

#[tokio::test]
async fn only_vendors_activate() {
    let world = World::new();
    let till = world.till().await;
    let body = json!({"app_id": APP, "code": "1", "device_id": "d"}).to_string();
    let path = "/terminal/activate";
    for by in [(till.sn.as_str(), till.key.as_str()), (VENDOR, "x"), ("1", VENDOR_SECRET)] {
        let reply = world.envelope(signed(path, by, body.clone())).await;
        assert_eq!(error(&reply), ILLEGAL, "{}", by.0);
    }
}

async fn check_in(world: &World, till: &Till, body: &Value) -> Value {
    let body = body.to_string();
    world.envelope(signed("/terminal/checkin", (&till.sn, &till.key), body)).await
}

#[tokio::test]
async fn the_current_and_the_previous_key_are_valid() {
    let world = World::new();
    let first = world.till().await;
    // The number is taken from the header, as an existing client leaves it out.
    let reply = check_in(&world, &first, &json!({"device_id": "d-1"})).await;
    let key = |reply: &Value| reply["biz_response"]["terminal_key"].as_str().unwrap().to_owned();
    let second = Till { key: key(&reply), ..first.clone() };
    assert_eq!(reply["biz_response"]["terminal_sn"], json!(first.sn));
    let ask = |till: Till| {
        let world = &world;
        async move { world.upay(&till, "query", json!({"sn": "7"})).await["result_code"].clone() }
    };
    assert_eq!(ask(first.clone()).await, "200");
    assert_eq!(ask(second.clone()).await, "200");
    // The reply was lost: the first key signs again.
    let body = json!({"terminal_sn": first.sn, "device_id": "d-1"});
    let reply = check_in(&world, &first, &body).await;
    let third = Till { key: key(&reply), ..first.clone() };
    assert_eq!(ask(second).await, "200");
    assert_eq!(ask(third.clone()).await, "200");
    assert_eq!(ask(first).await, "400");
    let reply = check_in(&world, &third, &json!({"device_id": "another"})).await;
    assert_eq!(error(&reply), TERMINAL);
    assert_eq!(ask(third).await, "200");
}

#[tokio::test]
async fn logs_are_bytes_of_any_kind() {
    let world = World::new();
    let till = world.till().await;
    let path = "/terminal/uploadLog";
    let log = vec![0x1f_u8, 0x8b, 0x08, 0x00, 0xff];
    let reply = world.envelope(signed(path, (&till.sn, &till.key), log.clone())).await;
    let expected = json!({"result_code": "200", "error_code": "SUCCESS", "error_message": "ok"});
    assert_eq!(reply, expected);
    let reply = world.envelope(signed(path, (&till.sn, &till.key), vec![])).await;
    assert_eq!(reply, expected, "an empty body is signed too");
    let large = vec![7; 9 * 1024 * 1024];
    assert_eq!(world.envelope(signed(path, (&till.sn, &till.key), large)).await, expected);
    let kept: Vec<usize> = world.logs.0.lock().unwrap().iter().map(|(_, bytes)| *bytes).collect();
    assert_eq!(kept, [5, 0, 9 * 1024 * 1024]);
    let too_large = vec![7; 10 * 1024 * 1024 + 1];
    let reply = world.envelope(signed(path, (&till.sn, &till.key), too_large)).await;
    assert_eq!(error(&reply), PARAMS);
    assert_eq!(reply["error_message"], "请求体不可以超过10240KB");
    let reply = world.envelope(signed(path, (&till.sn, "wrong"), log.clone())).await;
    assert_eq!(error(&reply), ILLEGAL);
    assert_eq!(error(&world.envelope(signed(path, ("1", "x"), log)).await), TERMINAL);
}

#[tokio::test]
async fn an_unexpected_fault_is_told_without_its_cause() {
    let world = World::new();
    let till = world.till().await;
    world.wallets.panics.store(true, std::sync::atomic::Ordering::SeqCst);
    let reply = world.upay(&till, "pay", sale("c", PAID)).await;
    assert_eq!(error(&reply), ("500", "UNKNOWN_SYSTEM_ERROR"));
    assert_eq!(reply["error_message"], "未知的系统错误");
}

/// Sections 2.3 and 7.2 of the specification, as a client in any language may read them.
#[test]
fn the_vectors_of_the_specification() {
    let path = format!("{}/../../vectors/upay.json", env!("CARGO_MANIFEST_DIR"));
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let text = |vector: &Value, member: &str| vector[member].as_str().unwrap().to_owned();
    let bodies = vectors["body"].as_array().unwrap();
    for vector in bodies {
        let (body, key, sign) = (text(vector, "body"), text(vector, "key"), text(vector, "sign"));
        assert_eq!(jose::terminal::sign(body.as_bytes(), &key), sign, "{body}");
        assert!(jose::terminal::verify(body.as_bytes(), &key, &sign.to_uppercase()));
    }
    let queries = vectors["query"].as_array().unwrap();
    for vector in queries {
        let members = vector["parameters"].as_object().unwrap();
        let pairs: Vec<(String, String)> = members
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
            .collect();
        let signed = wire::upay::signing_text(&pairs, false);
        assert_eq!(signed, text(vector, "text"));
        let sign = jose::terminal::sign_query(&signed, &text(vector, "key"));
        assert_eq!(sign, text(vector, "sign"));
    }
    assert_eq!((bodies.len(), queries.len()), (4, 3));
}
