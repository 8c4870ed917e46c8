//! What a partner calls: what is sent, what is believed, and what is known when it fails.

use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jose::inbody::{self, Form};
use jose::jwe::{self, Profile};
use sdk::{
    CallError, Certainty, ChannelClient, ChannelLogin, IndustryClient, PaymentStatus, Security,
};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use wire::ucsp::{
    CardPayload, CertificateSignature, ChannelLoginInfo, ChannelLoginInfoAnswer, ChannelUserData,
    GetCardPayload, GetCardPayloadAnswer, MsgResponse, PaymentRefund, PaymentResultInquiry,
    PaymentResultInquiryAnswer, ResponseCode, SubmitPaymentOrder, SubmitPaymentOrderAnswer, decode,
    decode_flat, decode_plain, encode_answer, encode_flat_answer, encode_plain,
};

use crate::platform::{Got, INDUSTRY_CODE, Keys, serve, sign_with, signed};

fn order() -> SubmitPaymentOrder {
    SubmitPaymentOrder {
        order_id: "PK20260105000017".to_owned(),
        txn_time: "20260105103000".to_owned(),
        mer_id: "100000010000017".to_owned(),
        acq_iin: "00010344".to_owned(),
        txn_amt: "2500".to_owned(),
        currency_code: "344".to_owned(),
        channel_code: "20000001".to_owned(),
        user_id: "u-77".to_owned(),
        ..SubmitPaymentOrder::default()
    }
}

/// The platform's answer to an order, as bytes.
fn placed(body: &[u8], code: ResponseCode) -> Vec<u8> {
    let message = decode::<SubmitPaymentOrder>(body).unwrap();
    let response = MsgResponse::of(code);
    let answer = if code == ResponseCode::Approved {
        let fields = SubmitPaymentOrderAnswer {
            order_id: message.trx_info.order_id.clone(),
            txn_time: message.trx_info.txn_time.clone(),
            mer_id: message.trx_info.mer_id.clone(),
            tn: Some("820260105103001000017".to_owned()),
            payment_url: Some("https://ucsp.example/cashier/820260105103001000017".to_owned()),
        };
        message.answer("20260105103001", fields, response)
    } else {
        message.refuse("20260105103001", response)
    };
    encode_answer(&answer)
}

async fn submit(
    keys: &Arc<Keys>,
    act: impl Fn(&Keys, Got) -> Response + Send + Sync + 'static,
) -> Result<sdk::PlacedOrder, CallError> {
    let held = Arc::clone(keys);
    let base_url = serve(move |got| act(&held, got)).await;
    IndustryClient::new(keys.partner(&base_url)).submit_payment_order(&order()).await
}

#[tokio::test]
async fn an_order_is_signed_and_its_answer_verified() {
    let keys = Arc::new(Keys::new());
    let placed = submit(&keys, |keys, got| {
        keys.verify(&got.headers, &got.path, &got.body).unwrap();
        assert_eq!(got.path, "/ucsp/industry/v1/submitpaymentorder");
        let message = decode::<SubmitPaymentOrder>(&got.body).unwrap();
        assert_eq!(message.trx_info, order());
        assert_eq!(message.msg_info.industry_code, INDUSTRY_CODE);
        assert_eq!(message.msg_info.time_stamp, "20260105103000");
        let body = placed(&got.body, ResponseCode::Approved);
        signed(200, &keys.sign(&body, None), body)
    });
    assert_eq!(placed.await.unwrap().tn, "820260105103001000017");
}

#[tokio::test]
async fn an_answer_that_cannot_be_trusted_is_unknown_and_never_failed() {
    type Spoil = fn(&Keys, Got) -> Response;
    let cases: [(&str, Spoil); 6] = [
        ("unsigned", |_, got| placed(&got.body, ResponseCode::Approved).into_response()),
        ("changed", |keys, got| {
            let body = placed(&got.body, ResponseCode::Approved);
            let jws = keys.sign(&body, None);
            let text = String::from_utf8(body).unwrap().replace("cashier", "crooked");
            signed(200, &jws, text.into_bytes())
        }),
        ("signed by the partner itself", |keys, got| {
            let body = placed(&got.body, ResponseCode::Approved);
            signed(200, &sign_with(&keys.partner_sign, &body, None), body)
        }),
        ("a request as an answer", |keys, got| {
            let body = placed(&got.body, ResponseCode::Approved);
            signed(200, &keys.sign(&body, Some("/x")), body)
        }),
        ("of another message", |keys, got| {
            let text = String::from_utf8(got.body.to_vec()).unwrap();
            let id = &decode::<SubmitPaymentOrder>(&got.body).unwrap().msg_info.msg_id;
            let other = text.replace(id.as_str(), "A1000000120260105103000482913");
            let body = placed(other.as_bytes(), ResponseCode::Approved);
            signed(200, &keys.sign(&body, None), body)
        }),
        ("an error page", |_, _| StatusCode::BAD_GATEWAY.into_response()),
    ];
    let keys = Arc::new(Keys::new());
    for (name, spoil) in cases {
        let error = submit(&keys, spoil).await.unwrap_err();
        assert!(matches!(error, CallError::Unverified { .. }), "{name}: {error}");
        assert_eq!(error.certainty(), Certainty::Unknown, "{name}");
    }
}

#[tokio::test]
async fn an_answer_used_before_is_not_believed_again() {
    let keys = Arc::new(Keys::new());
    let held = Arc::clone(&keys);
    let first: Mutex<Option<(String, Vec<u8>)>> = Mutex::default();
    let base_url = serve(move |got| {
        let mut first = first.lock().unwrap();
        let (jws, body) = first.get_or_insert_with(|| {
            let body = placed(&got.body, ResponseCode::Approved);
            (held.sign(&body, None), body)
        });
        signed(200, jws, body.clone())
    });
    let client = IndustryClient::new(keys.partner(&base_url.await));
    client.submit_payment_order(&order()).await.unwrap();
    let error = client.submit_payment_order(&order()).await.unwrap_err();
    assert_eq!(error.certainty(), Certainty::Unknown, "{error}");
}

#[tokio::test]
async fn codes_say_what_is_known() {
    let keys = Arc::new(Keys::new());
    for (code, certainty) in [
        (ResponseCode::TransactionFail, Certainty::NothingDone),
        (ResponseCode::MessageFormatInvalid, Certainty::NothingDone),
        (ResponseCode::OrderInfoIncorrect, Certainty::NothingDone),
        (ResponseCode::Accepted, Certainty::Unknown),
        (ResponseCode::CommonError, Certainty::Unknown),
    ] {
        let error = submit(&keys, move |keys, got| {
            let body = placed(&got.body, code);
            signed(200, &keys.sign(&body, None), body)
        });
        let error = error.await.unwrap_err();
        assert_eq!((error.code(), error.certainty()), (Some(code), certainty), "{error}");
    }
}

#[tokio::test]
async fn a_refused_signature_carries_its_diagnosis() {
    let keys = Arc::new(Keys::new());
    let error = submit(&keys, |_, _| {
        let body = wire::ucsp::gateway_refusal(false);
        (StatusCode::UNAUTHORIZED, [("UPI-DIAGNOSIS", "d-17")], body).into_response()
    });
    let error = error.await.unwrap_err();
    assert!(error.to_string().contains("d-17"), "{error}");
    assert_eq!(error.certainty(), Certainty::NothingDone);
}

#[tokio::test]
async fn a_refused_connection_is_not_sent_and_a_broken_one_is_lost() {
    let keys = Keys::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let client = IndustryClient::new(keys.partner(&base_url));
    let broken = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 64];
        socket.read_exact(&mut buffer).await.unwrap();
    });
    let error = client.submit_payment_order(&order()).await.unwrap_err();
    assert!(matches!(error, CallError::Lost(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::Unknown);
    broken.await.unwrap();
    let error = client.submit_payment_order(&order()).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error}");
    assert_eq!(error.certainty(), Certainty::NothingDone);
}

#[tokio::test]
async fn an_unknown_outcome_is_paying() {
    let keys = Arc::new(Keys::new());
    let held = Arc::clone(&keys);
    let base_url = serve(move |got| {
        let message = decode::<PaymentResultInquiry>(&got.body).unwrap();
        let fields = PaymentResultInquiryAnswer {
            order_id: "PK20260105000017".to_owned(),
            txn_time: "20260105103000".to_owned(),
            mer_id: "100000010000017".to_owned(),
            txn_status: Some("PAYING".to_owned()),
            orig_resp_code: Some("05".to_owned()),
            ..PaymentResultInquiryAnswer::default()
        };
        let response = MsgResponse::of(ResponseCode::Approved);
        let body = encode_answer(&message.answer("20260105103001", fields, response));
        signed(200, &held.sign(&body, None), body)
    });
    let client = IndustryClient::new(keys.partner(&base_url.await));
    let inquiry = PaymentResultInquiry {
        query_id: Some("202601051030010000171".to_owned()),
        mer_id: "100000010000017".to_owned(),
        acq_iin: "00010344".to_owned(),
        ..PaymentResultInquiry::default()
    };
    let result = client.payment_result_inquiry(&inquiry).await.unwrap();
    assert_eq!(result.status, PaymentStatus::Paying);
}

#[tokio::test]
async fn a_refund_taken_on_is_not_done_yet() {
    let keys = Arc::new(Keys::new());
    let held = Arc::clone(&keys);
    let base_url = serve(move |got| {
        assert_eq!(got.headers.get("X-Sandbox-Scenario").unwrap(), "07");
        let message = decode::<PaymentRefund>(&got.body).unwrap();
        let response = MsgResponse::of(ResponseCode::Accepted);
        let body = encode_answer(&message.refuse("20260105103001", response));
        signed(200, &held.sign(&body, None), body)
    });
    let client = IndustryClient::new(keys.partner(&base_url.await)).with_scenario(Some(7));
    let refund = PaymentRefund {
        order_id: "PK20260105000018".to_owned(),
        txn_time: "20260105103000".to_owned(),
        orig_qry_id: Some("202601051030010000171".to_owned()),
        mer_id: "100000010000017".to_owned(),
        acq_iin: "00010344".to_owned(),
        txn_amt: "1000".to_owned(),
        currency_code: "344".to_owned(),
        ..PaymentRefund::default()
    };
    assert!(!client.payment_refund(&refund).await.unwrap().done);
}

#[tokio::test]
async fn a_card_s_payload_is_opened_for_its_asker_only() {
    let keys = Arc::new(Keys::new());
    let payload = CardPayload {
        pan: Some("6233000000000060".to_owned()),
        expiry_date: "2912".to_owned(),
        ..CardPayload::default()
    };
    for for_partner in [true, false] {
        let (held, plain) = (Arc::clone(&keys), encode_plain(&payload));
        let base_url = serve(move |got| {
            let message = decode::<GetCardPayload>(&got.body).unwrap();
            let to = if for_partner { &held.partner_enc } else { &held.platform_enc };
            let sealed = jwe::encrypt(&plain, to.cert(), Profile::Rsa15A128CbcHs256).unwrap();
            let card_id = "card-1".to_owned();
            let fields = GetCardPayloadAnswer { card_id, enc_data: Some(sealed) };
            let response = MsgResponse::of(ResponseCode::Approved);
            let body = encode_answer(&message.answer("20260105103001", fields, response));
            signed(200, &held.sign(&body, None), body)
        });
        let client = IndustryClient::new(keys.partner(&base_url.await));
        let question = GetCardPayload {
            channel_code: "20000001".to_owned(),
            user_id: "u-77".to_owned(),
            industry_code: INDUSTRY_CODE.to_owned(),
            card_id: "card-1".to_owned(),
            purpose: None,
        };
        let answer = client.get_card_payload(&question).await;
        assert_eq!(answer.as_ref().ok(), for_partner.then_some(&payload));
    }
}

#[tokio::test]
async fn a_channel_sends_what_is_sensitive_encrypted() {
    let keys = Arc::new(Keys::new());
    let held = Arc::clone(&keys);
    let base_url = serve(move |got| {
        held.verify(&got.headers, &got.path, &got.body).unwrap();
        assert!(!String::from_utf8_lossy(&got.body).contains("91234567"));
        let message = decode_flat::<ChannelLoginInfo>(&got.body).unwrap();
        let own = Arc::new(held.platform_enc.clone());
        let sealed = message.body.enc_data.as_deref().unwrap();
        let plain = jwe::decrypt(sealed, |_| Some(Arc::clone(&own)), &Profile::ALL).unwrap();
        let data: ChannelUserData = decode_plain(plain.expose(), "encData").unwrap();
        assert_eq!(data.mobile.as_deref(), Some("+85291234567"));
        let fields = ChannelLoginInfoAnswer {
            industry_url: Some("https://ucsp.example/ucsp/login/1".to_owned()),
            industry_code: message.body.industry_code.clone(),
            channel_code: message.body.channel_code.clone(),
        };
        let response = MsgResponse::of(ResponseCode::Approved);
        let body = encode_flat_answer(&message.answer(fields, response));
        signed(200, &held.sign(&body, None), body)
    });
    let client = ChannelClient::new(keys.partner(&base_url.await));
    let login = ChannelLogin {
        industry_code: INDUSTRY_CODE.to_owned(),
        user_id: "u-77".to_owned(),
        user_data: ChannelUserData {
            mobile: Some("+85291234567".to_owned()),
            ..ChannelUserData::default()
        },
        ..ChannelLogin::default()
    };
    let url = client.channel_login_info(&login).await.unwrap();
    assert_eq!(url, "https://ucsp.example/ucsp/login/1");
}

#[tokio::test]
async fn an_application_may_sign_in_the_body_instead() {
    let keys = Arc::new(Keys::new());
    for honest in [true, false] {
        let held = Arc::clone(&keys);
        let base_url = serve(move |got| {
            assert!(!got.headers.contains_key(sdk::JWS_HEADER));
            let text = std::str::from_utf8(&got.body).unwrap();
            inbody::verify_in_body(text, held.partner_sign.cert()).unwrap();
            let body = placed(&got.body, ResponseCode::Approved);
            let mut answer = wire::ucsp::decode_answer::<SubmitPaymentOrder>(&body).unwrap();
            answer.certificate_signature = Some(CertificateSignature {
                ucsp_sign_cert_id: Some("1".to_owned()),
                signature: "00000000".to_owned(),
                ..CertificateSignature::default()
            });
            let text = String::from_utf8(encode_answer(&answer)).unwrap();
            let signer = if honest { &held.platform_sign } else { &held.partner_sign };
            inbody::sign_in_body(&text, signer, Form::DigestInfo).unwrap().into_response()
        });
        let mut config = keys.config(&base_url.await, 0);
        config.security = Security::Body;
        let client = IndustryClient::new(sdk::Partner::new(config));
        assert_eq!(client.submit_payment_order(&order()).await.is_ok(), honest);
    }
}
