//! Point 10: a `client_sn` is good for one order, whatever becomes of it.

use super::at_once;
use super::wap::link;
use crate::harness::messages::{location, query_member};
use crate::harness::till::{BARCODE, PRECREATE, barcode, client_sn};
use crate::harness::{Envelope, Sandbox, Till};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acceptance_10_one_client_sn_one_order() {
    const AT_ONCE: usize = 50;
    let sandbox = Sandbox::start();
    let (till, second) = (Till::first(&sandbox).await, Till::first(&sandbox).await);
    let (paid, _) = till.paid().await;
    let refused = client_sn();
    till.pay(&refused, &barcode("9951")).await.is("PAY_FAIL", "INSUFFICIENT_FUND");
    let offered = client_sn();
    till.call(PRECREATE, &Till::offer(&offered)).await.is("PRECREATE_SUCCESS", "");
    for number in [&paid, &refused, &offered] {
        for asking in [&till, &second] {
            conflict(&asking.pay(number, BARCODE).await);
            conflict(&asking.call(PRECREATE, &Till::offer(number)).await);
        }
        let url = link(&till, number, "http://127.0.0.1:9/r", "");
        let back = location(&sandbox.http.get(&url).await.expect("an answer"));
        assert_eq!(query_member(&back, "is_success").as_deref(), Some("F"), "{back}");
        assert_eq!(query_member(&back, "error_code").as_deref(), Some("CLIENT_SN_CONFLICT"));
    }
    let foreign = Till::foreign(&sandbox).await;
    foreign.pay(&paid, BARCODE).await.is("PAY_SUCCESS", "");

    let number = client_sn();
    let replies = at_once(AT_ONCE, |index| {
        let (till, number) = (if index % 2 == 0 { &till } else { &second }.clone(), number.clone());
        Box::pin(async move {
            if index % 3 == 0 {
                till.call(PRECREATE, &Till::offer(&number)).await
            } else {
                till.pay(&number, BARCODE).await
            }
        })
    })
    .await;
    let made = |reply: &&Envelope| reply.biz().0 != "FAIL";
    assert_eq!(replies.iter().filter(made).count(), 1, "exactly one order");
    replies.iter().filter(|reply| !made(reply)).for_each(conflict);
    sandbox.verify_books();
}

#[track_caller]
fn conflict(reply: &Envelope) {
    assert!(!reply.is("FAIL", "CLIENT_SN_CONFLICT").has_data(), "{}", reply.0);
}
