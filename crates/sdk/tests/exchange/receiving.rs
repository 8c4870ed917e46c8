//! What a partner receives: calls of the platform, and the login through the browser.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue};
use jose::inbody::{self, Form};
use jose::jwe::{self, Profile};
use jose::jws::{Answer, verify_answer};
use sdk::{Incoming, JWS_HEADER, LoginError, NoticeKeys, Partner, Reply};
use wire::ucsp::{
    CertificateSignature, IndustryLoginInfo, MsgResponse, NoMembers, PaymentResultNotice,
    ResponseCode, Wrapped, decode_answer, encode,
};

use crate::platform::{APP_ID, INDUSTRY_CODE, Keys, sign_with, start};

const PATH: &str = "/second/ucsp/v1/notice";
const NOWHERE: &str = "http://127.0.0.1:9";

fn notice() -> Wrapped<PaymentResultNotice> {
    let fields = PaymentResultNotice {
        txn_type: "01".to_owned(),
        order_id: "PK20260105000017".to_owned(),
        txn_time: "20260105103000".to_owned(),
        mer_id: "100000010000017".to_owned(),
        acq_iin: "00010344".to_owned(),
        query_id: "202601051030010000171".to_owned(),
        txn_amt: "2500".to_owned(),
        currency_code: "344".to_owned(),
        txn_status: "SUCCESS".to_owned(),
        orig_resp_code: "00".to_owned(),
        orig_resp_msg: "Approved".to_owned(),
        channel_code: "20000001".to_owned(),
        user_id: "u-77".to_owned(),
        notify_id: "0123456789abcdef0123456789abcdef".to_owned(),
        notify_count: "1".to_owned(),
        ..PaymentResultNotice::default()
    };
    Wrapped::new("A1000000120260105103000482913", "20260105103000", INDUSTRY_CODE, fields)
}

fn headers(jws: &str) -> HeaderMap {
    HeaderMap::from_iter([(
        axum::http::HeaderName::from_bytes(JWS_HEADER.as_bytes()).unwrap(),
        HeaderValue::from_str(jws).unwrap(),
    )])
}

fn receive(
    partner: &Partner,
    jws: &str,
    path: &str,
    body: &[u8],
) -> Result<Wrapped<PaymentResultNotice>, Reply> {
    partner.receive(&Incoming { headers: &headers(jws), path, body })
}

#[test]
fn a_notice_is_verified_and_its_answer_is_signed() {
    let keys = Keys::new();
    let partner = keys.partner(NOWHERE);
    let body = encode(&notice());
    let jws = keys.sign(&body, Some(PATH));
    let received = receive(&partner, &jws, PATH, &body).unwrap();
    assert_eq!(received.trx_info, notice().trx_info);
    let reply = partner.answer(&received, NoMembers, MsgResponse::of(ResponseCode::Approved));
    let answer = Answer {
        header: reply.jws.as_deref(),
        body: &reply.body,
        app_id: APP_ID,
        now_real: start(),
    };
    let find = |_: &str| Some(Arc::clone(keys.partner_sign.cert()));
    verify_answer(&answer, find).unwrap();
    let decoded = decode_answer::<PaymentResultNotice>(&reply.body).unwrap();
    assert_eq!(decoded.msg_response.code(), Some(ResponseCode::Approved));
    assert_eq!(decoded.msg_info.msg_id, "A1000000120260105103000482913");
}

#[test]
fn a_call_that_is_not_the_platform_s_is_refused_before_it_is_read() {
    let keys = Keys::new();
    let partner = keys.partner(NOWHERE);
    let body = encode(&notice());
    let good = keys.sign(&body, Some(PATH));
    assert!(receive(&partner, &good, PATH, &body).is_ok());
    let cases = [
        ("replayed", good.clone(), PATH, body.clone()),
        ("another path", keys.sign(&body, Some(PATH)), "/ucsp/v1/notice", body.clone()),
        ("no path", keys.sign(&body, None), PATH, body.clone()),
        ("another signer", sign_with(&keys.partner_sign, &body, Some(PATH)), PATH, body.clone()),
        ("another body", keys.sign(&body, Some(PATH)), PATH, b"{}".to_vec()),
        ("no signature", "a..b".to_owned(), PATH, body.clone()),
    ];
    for (name, jws, path, body) in cases {
        let reply = receive(&partner, &jws, path, &body).unwrap_err();
        assert_eq!(reply.status, 401, "{name}");
        assert_eq!(reply.body, wire::ucsp::gateway_refusal(false).as_bytes(), "{name}");
    }
    let large = vec![b' '; 256 * 1024 + 1];
    assert_eq!(receive(&partner, &good, PATH, &large).unwrap_err().status, 413);
}

#[test]
fn a_signed_call_of_the_wrong_shape_gets_code_10() {
    let keys = Keys::new();
    let partner = keys.partner(NOWHERE);
    let mut wrong = notice();
    wrong.trx_info.txn_amt = String::new();
    let body = encode(&wrong);
    let reply = receive(&partner, &keys.sign(&body, Some(PATH)), PATH, &body).unwrap_err();
    assert_eq!(reply.status, 200);
    assert!(reply.jws.is_some());
    let answer = decode_answer::<PaymentResultNotice>(&reply.body).unwrap();
    assert_eq!(answer.msg_response.code(), Some(ResponseCode::MessageFormatInvalid));
    assert!(answer.msg_response.error_detail.unwrap().contains("trxInfo.txnAmt"));
}

#[test]
fn a_repeated_notice_is_told_from_a_new_one() {
    let keys = NoticeKeys::default();
    let first = notice().trx_info;
    let refund = PaymentResultNotice { txn_type: "04".to_owned(), ..first.clone() };
    assert!(keys.first(&first));
    assert!(!keys.first(&first));
    assert!(keys.first(&refund), "the key is queryId and txnType");
    keys.forget(&first);
    assert!(keys.first(&first));
}

/// INDUSTRY_LOGIN_INFO as the platform makes it.
fn login(keys: &Keys, industry_code: &str, msg_id: &str, mobile: &str) -> String {
    let profile = Profile::Rsa15A128CbcHs256;
    let sealed = jwe::encrypt(mobile.as_bytes(), keys.partner_enc.cert(), profile).unwrap();
    let sealed = if mobile.is_empty() { String::new() } else { sealed };
    let fields = IndustryLoginInfo {
        channel_code: "20000001".to_owned(),
        mobile: sealed,
        user_id: "u-77".to_owned(),
        language: Some("zh-CN".to_owned()),
        ..IndustryLoginInfo::default()
    };
    let mut message = Wrapped::new(msg_id, "20260105103000", industry_code, fields);
    message.certificate_signature = Some(CertificateSignature {
        ucsp_sign_cert_id: Some("1".to_owned()),
        app_enc_cert_id: Some("12".to_owned()),
        signature: "00000000".to_owned(),
        ..CertificateSignature::default()
    });
    let text = String::from_utf8(encode(&message)).unwrap();
    inbody::sign_in_body(&text, &keys.platform_sign, Form::Bare).unwrap()
}

const MSG_ID: &str = "A1000000120260105103000482913";

#[test]
fn a_login_is_good_once_for_300_seconds_and_for_its_service_only() {
    let keys = Keys::new();
    let at = |seconds| Partner::new(keys.config(NOWHERE, seconds));
    let good = login(&keys, INDUSTRY_CODE, MSG_ID, "+85291234567");
    let partner = at(300);
    let info = partner.open_industry_login_info(&good).unwrap();
    assert_eq!((info.user_id.as_str(), info.channel_code.as_str()), ("u-77", "20000001"));
    assert_eq!(info.mobile.as_deref(), Some("+85291234567"));
    assert!(!format!("{info:?}").contains("91234567"));
    assert_eq!(partner.open_industry_login_info(&good), Err(LoginError::Stale), "used before");
    assert_eq!(at(301).open_industry_login_info(&good), Err(LoginError::Stale));
    assert_eq!(at(-301).open_industry_login_info(&good), Err(LoginError::Stale));
    let other = login(&keys, "10000002", "A1000000220260105103000482913", "+85291234567");
    assert_eq!(at(0).open_industry_login_info(&other), Err(LoginError::Foreign));
    let silent = login(&keys, INDUSTRY_CODE, MSG_ID, "");
    assert_eq!(at(0).open_industry_login_info(&silent).unwrap().mobile, None);
}

#[test]
fn a_login_that_was_changed_or_signed_by_others_is_refused() {
    let keys = Keys::new();
    let partner = keys.partner(NOWHERE);
    let good = login(&keys, INDUSTRY_CODE, MSG_ID, "+85291234567");
    let stranger = Keys::new();
    for (name, text) in [
        ("changed", good.replace("u-77", "u-78")),
        ("another platform", login(&stranger, INDUSTRY_CODE, MSG_ID, "+85291234567")),
        ("no JSON", "what".to_owned()),
    ] {
        let error = partner.open_industry_login_info(&text).unwrap_err();
        assert!(matches!(error, LoginError::Signature { .. }), "{name}: {error}");
    }
    let long = " ".repeat(sdk::limits::LOGIN_BYTES_MAX + 1);
    assert_eq!(partner.open_industry_login_info(&long), Err(LoginError::TooLong));
    assert!(partner.open_industry_login_info(&good).is_ok(), "a refusal uses nothing up");
}
