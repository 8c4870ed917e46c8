//! The industry service: joint login, bills, notices and refunds.

use jose::inbody::{self, Form};
use jose::jwe::{self, Profile};
use wire::ucsp::{
    CertificateSignature, IndustryLoginInfo, NoMembers, PaymentRefund, PaymentResultNotice,
    ResponseCode, SubmitPaymentOrder, Wrapped, WrappedAnswer, decode, decode_answer, encode,
};

use crate::browser::{Browser, Page};
use crate::world::{CHANNEL, INDUSTRY, SERVICE_APP, Script, World};

/// The address the platform sends the browser to.
fn login_url(world: &World, user_id: &str, msg_id: &str) -> String {
    let to = world.platform.pair(SERVICE_APP).enc.cert();
    let mobile = jwe::encrypt(b"+85291234577", to, Profile::Rsa15A128CbcHs256).unwrap();
    let fields = IndustryLoginInfo {
        channel_code: CHANNEL.to_owned(),
        mobile,
        user_id: user_id.to_owned(),
        ..IndustryLoginInfo::default()
    };
    let mut message = Wrapped::new(msg_id, "20260105103000", INDUSTRY, fields);
    message.certificate_signature = Some(CertificateSignature {
        ucsp_sign_cert_id: Some("1".to_owned()),
        app_enc_cert_id: Some("22".to_owned()),
        signature: "00000000".to_owned(),
        ..CertificateSignature::default()
    });
    let text = String::from_utf8(encode(&message)).unwrap();
    let signed = inbody::sign_in_body(&text, &world.platform.keys.sign, Form::Bare).unwrap();
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("request_data", &signed)
        .finish();
    format!("{}/open?{query}", world.service_url)
}

async fn logged_in(world: &World, user_id: &str, number: u32) -> (Browser, Page) {
    let mut browser = Browser::new(&world.client);
    let msg_id = format!("A1000000120260105103000{number:06}");
    let answer = browser.get(&login_url(world, user_id, &msg_id)).await;
    assert_eq!((answer.status, answer.location.as_deref()), (303, Some("/")));
    let home = browser.get(&world.service_url).await;
    home.assert_strict();
    (browser, home)
}

/// A browser with a bill of two hours, and the bill's address.
async fn billed(world: &World, outcome: &str) -> (Browser, String, String) {
    let (mut browser, home) = logged_in(world, "u-77", 1).await;
    let csrf = home.csrf();
    let fields = [
        ("csrf", csrf.as_str()),
        ("offer", "pier"),
        ("quantity", "2"),
        ("currency", "344"),
        ("outcome", outcome),
    ];
    let made = browser.post(&format!("{}/bills", world.service_url), &fields).await;
    let bill = format!("{}{}", world.service_url, made.location.unwrap());
    browser.get(&bill).await.assert_strict();
    (browser, bill, csrf)
}

async fn pay(browser: &mut Browser, bill: &str, csrf: &str) -> Page {
    browser.post(&format!("{bill}/pay"), &[("csrf", csrf)]).await
}

async fn order(world: &mut World) -> SubmitPaymentOrder {
    let got = world.got.recv().await.unwrap();
    assert_eq!(got.path, "/ucsp/industry/v1/submitpaymentorder");
    decode::<SubmitPaymentOrder>(&got.body).unwrap().trx_info
}

fn notice(order: &SubmitPaymentOrder) -> PaymentResultNotice {
    PaymentResultNotice {
        txn_type: "01".to_owned(),
        order_id: order.order_id.clone(),
        txn_time: order.txn_time.clone(),
        mer_id: order.mer_id.clone(),
        acq_iin: order.acq_iin.clone(),
        query_id: "202601051030010000171".to_owned(),
        txn_amt: order.txn_amt.clone(),
        currency_code: order.currency_code.clone(),
        txn_status: "SUCCESS".to_owned(),
        orig_resp_code: "00".to_owned(),
        orig_resp_msg: "Approved".to_owned(),
        channel_code: CHANNEL.to_owned(),
        user_id: "u-77".to_owned(),
        notify_id: "0123456789abcdef0123456789abcdef".to_owned(),
        notify_count: "1".to_owned(),
        ..PaymentResultNotice::default()
    }
}

async fn tell(world: &World, fields: PaymentResultNotice) -> Option<ResponseCode> {
    let msg_id = "A1000000120260105103000482913";
    let body = encode(&Wrapped::new(msg_id, "20260105103000", INDUSTRY, fields));
    let url = format!("{}/ucsp/v1/notice", world.service_url);
    let answer = world.call(SERVICE_APP, &url, body).await;
    let answer: WrappedAnswer<NoMembers> = decode_answer::<PaymentResultNotice>(&answer).unwrap();
    assert_eq!(answer.msg_info.msg_id, msg_id);
    answer.msg_response.code()
}

#[tokio::test]
async fn the_joint_login_is_the_only_way_in() {
    let world = World::new().await;
    let mut browser = Browser::new(&world.client);
    let welcome = browser.get(&world.service_url).await;
    welcome.assert_strict();
    assert!(welcome.text.contains("There is no login here"));
    let url = login_url(&world, "u-77", "A1000000120260105103000000001");
    let forged = url.replace("u-77", "u-78");
    assert_eq!(browser.get(&forged).await.status, 403);
    assert_eq!(browser.get(&url).await.status, 303);
    assert_eq!(Browser::new(&world.client).get(&url).await.status, 403, "good once");
}

#[tokio::test]
async fn only_the_notice_makes_a_bill_paid() {
    let mut world = World::new().await;
    let (mut browser, bill, csrf) = billed(&world, "0").await;
    let sent = pay(&mut browser, &bill, &csrf).await;
    assert_eq!(sent.location.as_deref(), Some("http://127.0.0.1:1/cashier/1"));
    let order = order(&mut world).await;
    assert_eq!((order.txn_amt.as_str(), order.currency_code.as_str()), ("5000", "344"));
    assert_eq!(order.front_url.as_deref(), Some(format!("{bill}/return").as_str()));
    let back = browser.get(&format!("{bill}/return?status=SUCCESS")).await;
    assert!(back.location.unwrap().ends_with("?wait=0"));
    let waiting = browser.get(&format!("{bill}?wait=0")).await;
    waiting.assert_strict();
    assert!(waiting.text.contains("Waiting for confirmation"));
    assert!(waiting.text.contains("http-equiv=\"refresh\""), "it follows without a script");
    assert_eq!(tell(&world, notice(&order)).await, Some(ResponseCode::Approved));
    let paid = browser.get(&bill).await;
    assert!(paid.text.contains(">Paid<") && !paid.text.contains("http-equiv=\"refresh\""));
    assert_eq!(pay(&mut browser, &bill, &csrf).await.status, 303);
    assert!(world.got.try_recv().is_err(), "a paid bill is not sent again");
}

#[tokio::test]
async fn notices_are_booked_once_and_only_when_they_fit() {
    let mut world = World::new().await;
    let (mut browser, bill, csrf) = billed(&world, "0").await;
    pay(&mut browser, &bill, &csrf).await;
    let order = order(&mut world).await;
    let query_id = "202601051030010000199".to_owned();
    let other =
        PaymentResultNotice { order_id: "PK00000000".to_owned(), query_id, ..notice(&order) };
    let stranger = PaymentResultNotice { mer_id: "1".repeat(15), ..other.clone() };
    assert_eq!(tell(&world, stranger).await, Some(ResponseCode::OrderNotFound));
    assert_eq!(tell(&world, other).await, Some(ResponseCode::Approved), "of another program");
    let less = PaymentResultNotice { txn_amt: "1".to_owned(), ..notice(&order) };
    assert_eq!(tell(&world, less).await, Some(ResponseCode::OrderInfoIncorrect));
    assert!(browser.get(&bill).await.text.contains("Awaiting payment"));
    for _ in 0..2 {
        assert_eq!(tell(&world, notice(&order)).await, Some(ResponseCode::Approved));
    }
    let fail = PaymentResultNotice { txn_status: "FAIL".to_owned(), ..notice(&order) };
    assert_eq!(tell(&world, fail).await, Some(ResponseCode::Approved), "a repeat by its key");
    assert!(browser.get(&bill).await.text.contains(">Paid<"), "and it changes nothing");
    assert_eq!(world.unsigned(&format!("{}/ucsp/v1/notice", world.service_url)).await, 401);
}

#[tokio::test]
async fn a_lost_answer_is_sent_again_under_its_key_and_a_refusal_under_a_new_one() {
    let mut world = World::new().await;
    let (mut browser, bill, csrf) = billed(&world, "0").await;
    world.platform.script.lock().unwrap().push_back(Script::Lose);
    let lost = pay(&mut browser, &bill, &csrf).await;
    assert_eq!(lost.status, 502);
    assert!(lost.text.contains("it is the same order"), "{}", lost.text);
    let first = order(&mut world).await;
    let refuse = Script::Refuse(ResponseCode::OrderInfoIncorrect);
    world.platform.script.lock().unwrap().push_back(refuse);
    let refused = pay(&mut browser, &bill, &csrf).await;
    assert!(refused.text.contains("Nothing was charged"), "{}", refused.text);
    assert_eq!(order(&mut world).await, first, "the same fields");
    assert_eq!(pay(&mut browser, &bill, &csrf).await.status, 303);
    let third = order(&mut world).await;
    assert_ne!(third.order_id, first.order_id, "a refused order has ended");
}

#[tokio::test]
async fn an_inquiry_books_what_no_notice_told() {
    let mut world = World::new().await;
    let (mut browser, bill, csrf) = billed(&world, "7").await;
    pay(&mut browser, &bill, &csrf).await;
    assert_eq!(order(&mut world).await.txn_amt, "5007", "the outcome is in the amount");
    let inquire = format!("{bill}/inquire");
    browser.post(&inquire, &[("csrf", &csrf)]).await;
    assert!(browser.get(&bill).await.text.contains("Awaiting payment"), "PAYING is no result");
    *world.platform.status.lock().unwrap() = "SUCCESS";
    browser.post(&inquire, &[("csrf", &csrf)]).await;
    assert!(browser.get(&bill).await.text.contains(">Paid<"));
}

#[tokio::test]
async fn a_refund_is_under_way_until_its_notice() {
    let mut world = World::new().await;
    let (mut browser, bill, csrf) = billed(&world, "0").await;
    pay(&mut browser, &bill, &csrf).await;
    let order = order(&mut world).await;
    tell(&world, notice(&order)).await;
    let refund = format!("{bill}/refund");
    for wrong in ["50.01", "0", "-1", "what"] {
        let refused = browser.post(&refund, &[("csrf", &csrf), ("amount", wrong)]).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
    assert!(world.got.try_recv().is_err(), "nothing was sent");
    browser.post(&refund, &[("csrf", &csrf), ("amount", "20")]).await;
    let got = world.got.recv().await.unwrap();
    let sent = decode::<PaymentRefund>(&got.body).unwrap().trx_info;
    assert_eq!(sent.txn_amt, "2000");
    assert_eq!(sent.orig_order_id.as_deref(), Some(order.order_id.as_str()));
    let page = browser.get(&bill).await;
    assert!(page.text.contains("In progress") && page.text.contains(">Paid<"));
    let done = PaymentResultNotice {
        txn_type: "04".to_owned(),
        order_id: sent.order_id.clone(),
        txn_time: sent.txn_time.clone(),
        txn_amt: sent.txn_amt.clone(),
        query_id: "202601051030010000172".to_owned(),
        orig_qry_id: Some("202601051030010000171".to_owned()),
        ..notice(&order)
    };
    assert_eq!(tell(&world, done).await, Some(ResponseCode::Approved));
    assert!(browser.get(&bill).await.text.contains("Partly refunded"));
}

#[tokio::test]
async fn bills_are_their_user_s_own_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::in_folder(Some(folder.path().to_owned())).await;
    let (_, bill, _) = billed(&world, "0").await;
    let path = bill.strip_prefix(&world.service_url).unwrap().to_owned();
    let (mut other, _) = logged_in(&world, "u-78", 2).await;
    assert_eq!(other.get(&bill).await.status, 404);
    world.restart().await;
    let (mut browser, home) = logged_in(&world, "u-77", 3).await;
    assert!(home.text.contains(&path));
    assert_eq!(browser.get(&format!("{}{path}", world.service_url)).await.status, 200);
    let csrf = home.csrf();
    let wrong = [("csrf", csrf.as_str()), ("offer", "pier"), ("quantity", "9")];
    let refused = browser.post(&format!("{}/bills", world.service_url), &wrong).await;
    assert_eq!(refused.status, 400, "at most 8 hours");
}
