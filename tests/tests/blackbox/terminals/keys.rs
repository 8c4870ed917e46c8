//! Points 4, 5, 6 and 22: activation codes, check-in, and the logs of terminals.

use std::collections::BTreeSet;

use super::at_once;
use crate::harness::till::{DEVICE, UPLOAD_LOG, client_sn, code};
use crate::harness::{Envelope, Sandbox, Till, Vendor};

const SEVEN_DAYS_SECONDS: u64 = 7 * 86_400;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acceptance_04_activation_codes() {
    const AT_ONCE: usize = 20;
    let sandbox = Sandbox::start();
    let vendor = Vendor::of(&sandbox);
    let twice = code(&sandbox, 1);
    let first = vendor.till(&vendor.activate(&twice, DEVICE).await);
    let second = vendor.till(&vendor.activate(&twice, DEVICE).await);
    assert!(first.sn != second.sn && first.key != second.key, "each its own");
    assert!(first.is_known().await && second.is_known().await);
    let third = vendor.activate(&twice, DEVICE).await;
    assert_eq!(third.is_refused("INVALID_PARAMS").outer_message(), "激活码已被使用");
    let none = vendor.activate("00000000", DEVICE).await;
    assert_eq!(none.is_refused("INVALID_PARAMS").outer_message(), "激活码不存在");
    let app = serde_json::json!({ "app_id": "x", "code": code(&sandbox, 0), "device_id": "d" });
    let reply = vendor.send(&app).await;
    assert_eq!(reply.is_refused("INVALID_PARAMS").outer_message(), "app_id无效");

    let last = code(&sandbox, 3);
    let replies = at_once(AT_ONCE, |index| {
        let (vendor, last) = (vendor.clone(), last.clone());
        Box::pin(async move { vendor.activate(&last, &format!("device-{index}")).await })
    })
    .await;
    let done = |reply: &&Envelope| reply.outer().0 == "200";
    let tills: BTreeSet<String> =
        replies.iter().filter(done).map(|reply| vendor.till(reply).sn).collect();
    assert_eq!(tills.len(), 2, "never more than the count: {tills:?}");
    for reply in replies.iter().filter(|reply| !done(reply)) {
        assert_eq!(reply.is_refused("INVALID_PARAMS").outer_message(), "激活码已被使用");
    }

    sandbox.advance(SEVEN_DAYS_SECONDS).await;
    let old = vendor.activate(&code(&sandbox, 0), DEVICE).await;
    assert_eq!(old.is_refused("INVALID_PARAMS").outer_message(), "激活码已过期");
    assert!(first.is_known().await, "the terminal lives on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acceptance_05_the_last_two_keys_are_good() {
    let mut sandbox = Sandbox::start();
    let first = Till::first(&sandbox).await;
    let second = first.renewed().await;
    assert!(first.is_known().await && second.is_known().await, "K1 and K2");
    // The answer with K2 may have been lost: the till goes on with K1.
    let third = first.renewed().await;
    assert!(second.is_known().await && third.is_known().await, "K2 and K3");
    assert!(!first.is_known().await, "K1 is over");
    first.check_in(DEVICE).await.is_refused("ILLEGAL_SIGN");
    sandbox.kill();
    sandbox.start_again();
    let again = |till: Till| Till { http: sandbox.http.clone(), ..till };
    let (first, second, third) = (again(first), again(second), again(third));
    assert!(second.is_known().await && third.is_known().await, "a restart forgets no key");
    assert!(!first.is_known().await);

    // Many check-ins at once with one key, all of whose answers but one are lost.
    let replies = at_once(10, |_| {
        let third = third.clone();
        Box::pin(async move { third.check_in(DEVICE).await })
    })
    .await;
    let vendor = Vendor::of(&sandbox);
    let mut good = 0;
    for reply in replies.iter().filter(|reply| reply.outer().0 == "200") {
        good += usize::from(vendor.till(reply).is_known().await);
    }
    assert!(good > 0, "some till that heard its answer goes on");
}

#[tokio::test]
async fn acceptance_06_check_in_needs_the_device_and_nothing_else() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    // As vantis sends it: without terminal_sn.
    let body = serde_json::json!({ "device_id": DEVICE }).to_string();
    let reply = till.post("/terminal/checkin", body).await;
    let renewed = Vendor::of(&sandbox).till(&reply);
    assert_eq!(renewed.sn, till.sn);
    assert!(renewed.is_known().await);
    renewed.check_in("another").await.is_refused("INVALID_TERMINAL");
    assert!(till.is_known().await && renewed.is_known().await, "a refusal changes no key");
    let nothing = renewed.post("/terminal/checkin", "{}").await;
    nothing.is_refused("INVALID_PARAMS");
}

#[tokio::test]
async fn acceptance_22_logs_are_taken_as_they_are() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let gzip: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x4b\x04\x00\x43\xbe\xb7\xe8";
    for bytes in [gzip, b"", b"PK\x03\x04", &vec![0x5a; 1 << 20]] {
        let reply = till.post(UPLOAD_LOG, bytes.to_vec()).await;
        let said = (reply.outer(), reply.outer_message());
        assert_eq!(said, (("200", "SUCCESS"), "ok"), "{}", reply.0);
    }
    let reply = till.with_key("wrong").post(UPLOAD_LOG, gzip.to_vec()).await;
    reply.is_refused("ILLEGAL_SIGN");
    let beyond = vec![0_u8; (10 << 20) + 1];
    let fields = [("authorization", "1 00")];
    let refused = till.try_post(UPLOAD_LOG, beyond.into(), &fields).await;
    // Who is unknown is not listened to; whether the answer arrives depends on the sender.
    assert!(refused.is_err() || refused.is_ok_and(|it| it.text().contains("INVALID_TERMINAL")));
    till.pay(&client_sn(), crate::harness::till::BARCODE).await.is("PAY_SUCCESS", "");
}
