//! What an operator finds out and does by `causeway admin`.

use super::limits::{admin, try_admin};
use crate::harness::till::{BARCODE, PAY, client_sn};
use crate::harness::wait::until;
use crate::harness::{Sandbox, Shop, Till, Vendor};

/// What passes before each attempt to tell a shop (upay.md section 9).
const GAPS_SECONDS: [u64; 4] = [1, 5, 30, 600];

#[tokio::test]
async fn an_undelivered_callback_is_found_and_sent_again() {
    let sandbox = Sandbox::start();
    let till = Till::first(&sandbox).await;
    let shop = Shop::start(&sandbox, 500, "no").await;
    let mut sale = Till::sale(&client_sn(), BARCODE);
    sale["notify_url"] = shop.url("/a").into();
    let sold = till.call(PAY, &sale).await;
    let sn = sold.is("PAY_SUCCESS", "").get("sn");
    assert_eq!(admin(&sandbox, &["notice", "list"]), serde_json::json!([]));
    for (count, gap) in (1..).zip(GAPS_SECONDS) {
        sandbox.advance(gap + 2).await;
        shop.wait("/a", count).await;
        until("the attempt is written down", async || {
            let listed = admin(&sandbox, &["notice", "list", "--order", sn]);
            let made = listed[0]["attempts"].as_u64();
            if made == u64::try_from(count).ok() { Ok(()) } else { Err(listed.to_string()) }
        })
        .await;
    }
    let listed = admin(&sandbox, &["notice", "list"]);
    let notice = &listed[0];
    assert_eq!((&notice["state"], &notice["last_status"]), (&"UNDELIVERED".into(), &500.into()));
    assert_eq!(admin(&sandbox, &["notice", "list", "--order", sn]), listed);
    assert!(notice.get("body").is_none(), "{notice}");
    shop.answers(200, "success");
    let text = |name: &str| notice[name].as_str().expect(name);
    admin(&sandbox, &["notice", "resend", "--merchant", text("merchant"), text("id")]);
    shop.wait("/a", GAPS_SECONDS.len() + 1).await;
    until("nothing is undelivered", async || {
        let listed = admin(&sandbox, &["notice", "list"]);
        if listed == serde_json::json!([]) { Ok(()) } else { Err(listed.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn a_number_that_is_not_known_is_named() {
    let sandbox = Sandbox::start();
    let vendor = Vendor::of(&sandbox).sn;
    for (words, told) in [
        (&["terminal", "disable", "123"][..], "terminal 123 is not known"),
        (&["code", "new", "--vendor", "1", "--store", "2"][..], "vendor 1 is not known"),
        (&["code", "new", "--vendor", &vendor, "--store", "2"][..], "store 2 is not known"),
        (&["notice", "list", "--order", "404"][..], "no order has this number"),
    ] {
        let output = try_admin(&sandbox, words);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(told), "{words:?}: {said}");
    }
}
