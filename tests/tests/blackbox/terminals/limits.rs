//! The most that a store and a merchant take on a day (upay.md section 10.8), set by an
//! operator: held under concurrency, given back by what was not paid, new on the next day.

use std::process::Output;

use serde_json::Value;

use super::at_once;
use crate::harness::till::{BARCODE, DEVICE, barcode, client_sn};
use crate::harness::{Envelope, Sandbox, Till, Vendor};

const STORE_LIMIT: &str = "300";
const MERCHANT_LIMIT: &str = "500";
const MERCHANT: &str = "100000030000031";
const DAY_SECONDS: u64 = 86_400;

/// Runs `causeway admin`.
pub(super) fn try_admin(sandbox: &Sandbox, words: &[&str]) -> Output {
    let credentials = sandbox.folder.join("sandbox.json");
    let mut all = vec!["admin", "--json", "--credentials", credentials.to_str().expect("UTF-8")];
    all.extend(words);
    crate::harness::sandbox::run(&all)
}

/// What `causeway admin` answers.
pub(super) fn admin(sandbox: &Sandbox, words: &[&str]) -> Value {
    let output = try_admin(sandbox, words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A store of the limited merchant, with or without a limit of its own, and a till in it.
async fn till(sandbox: &Sandbox, limit: Option<&str>) -> Till {
    let vendor = Vendor::of(sandbox);
    let mut words = vec!["store", "new", "--merchant", MERCHANT, "--name", "A kiosk"];
    words.extend(limit.into_iter().flat_map(|limit| ["--daily-limit", limit]));
    let store = admin(sandbox, &words)["sn"].as_str().expect("sn").to_owned();
    let code = admin(sandbox, &["code", "new", "--vendor", &vendor.sn, "--store", &store]);
    vendor.till(&vendor.activate(code["code"].as_str().expect("a code"), DEVICE).await)
}

fn paid(reply: &Envelope) -> bool {
    reply.biz() == ("PAY_SUCCESS", "")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_and_a_merchant_take_no_more_than_their_daily_limits() {
    const AT_ONCE: usize = 10;
    let sandbox = Sandbox::start();
    let merchant = ["merchant", "new", "--id", MERCHANT, "--name", "Limited"];
    let limits = ["--acquirer", "00010344", "--daily-limit", MERCHANT_LIMIT];
    admin(&sandbox, &[merchant.as_slice(), &limits].concat());
    let (small, large) = (till(&sandbox, Some(STORE_LIMIT)).await, till(&sandbox, None).await);

    // What the wallet refused was not taken.
    small.pay(&client_sn(), &barcode("9951")).await.is("PAY_FAIL", "INSUFFICIENT_FUND");
    let replies = at_once(AT_ONCE, |_| {
        let small = small.clone();
        Box::pin(async move { small.pay(&client_sn(), BARCODE).await })
    })
    .await;
    assert_eq!(replies.iter().filter(|reply| paid(reply)).count(), 3, "of 300 cents");
    for reply in replies.iter().filter(|reply| !paid(reply)) {
        reply.is("FAIL", "UPAY_STORE_OVER_DAILY_LIMIT");
    }
    // The merchant's other store takes what is left of the merchant's 500.
    let (first, _) = large.paid().await;
    large.paid().await;
    let over = client_sn();
    assert!(!large.pay(&over, BARCODE).await.is("FAIL", "SELLER_OVER_DAILY_LIMIT").has_data());
    // A refund makes no room: the limit is of what was taken.
    large.refund(&first, "r1", "100").await.is("REFUND_SUCCESS", "");
    large.pay(&client_sn(), BARCODE).await.is("FAIL", "SELLER_OVER_DAILY_LIMIT");
    // No order was made, so that the number is still good; and tomorrow is another day.
    large.query(&over).await.is("FAIL", "UPAY_ORDER_NOT_EXISTS");
    sandbox.advance(DAY_SECONDS).await;
    large.pay(&over, BARCODE).await.is("PAY_SUCCESS", "");
    small.paid().await;
    sandbox.verify_books();
}
