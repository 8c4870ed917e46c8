//! Operations that come together share calls, and none holds up another.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::ports::Wallets;
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use causeway_delivery::NativeWallet;
use domain::Outcome;
use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use wire::wallet::{MAC_HEADER, OPERATIONS_PATH, answer_context};

use crate::world::{SECRET, behind_a_door, key, serve, until, world};

const PAID: &str = "130000000000000000";

#[tokio::test]
async fn what_comes_together_shares_a_call() {
    let world = Arc::new(behind_a_door().await);
    let native = world.native();
    let asked = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for number in 0..100 {
        let (native, asked, order) = (native.clone(), Arc::clone(&asked), world.sale(number));
        callers.spawn(async move {
            asked.fetch_add(1, Ordering::SeqCst);
            native.charge(&order, PAID).await
        });
    }
    until(|| asked.load(Ordering::SeqCst) == 100).await;
    world.door.open.add_permits(1000);
    while let Some(outcome) = callers.join_next().await {
        assert!(matches!(outcome.unwrap(), Outcome::Succeeded(_)));
    }
    // Two are under way at most, one or few operations each; all others go together.
    let calls = world.door.calls.load(Ordering::SeqCst);
    assert!(calls <= 6, "{calls} calls for 100 operations");
}

#[tokio::test]
async fn who_gets_no_answer_waits_alone() {
    let world = Arc::new(world().await);
    let native = world.native();
    let mut callers = JoinSet::new();
    for number in 0..20 {
        let (native, order) = (native.clone(), world.sale(number));
        let ending = if number % 4 == 0 { "9998" } else { "0000" };
        let barcode = format!("13000000000000{ending}");
        callers.spawn(async move { (number, native.charge(&order, &barcode).await) });
    }
    // Those who are answered come first, whatever the others wait for.
    for _ in 0..15 {
        let (number, outcome) = callers.join_next().await.unwrap().unwrap();
        assert!(matches!(outcome, Outcome::Succeeded(_)), "{number}");
    }
    callers.abort_all();
    let short = world.native_within(&world.url, SECRET, Duration::from_millis(20));
    assert_eq!(short.inquire(&world.sale(0), None).await, Outcome::Lost);
    assert_eq!(short.abort(&world.sale(0)).await, Outcome::Lost);
}

#[tokio::test]
async fn a_caller_who_gives_up_takes_nobody_along() {
    let world = Arc::new(behind_a_door().await);
    let native = world.native();
    let (first, second) = (world.sale(1), world.sale(2));
    let mut leader = Box::pin(native.charge(&first, PAID));
    // It leads the first call, and goes away.
    assert!((&mut leader).now_or_never().is_none());
    until(|| world.door.calls.load(Ordering::SeqCst) == 1).await;
    drop(leader);
    world.door.open.add_permits(10);
    assert!(matches!(native.charge(&second, PAID).await, Outcome::Succeeded(_)));
    assert!(matches!(native.inquire(&first, None).await, Outcome::Succeeded(_)));
}

/// A wallet that answers whatever it is asked with this text.
async fn saying(text: &'static str) -> String {
    let answer = move |headers: HeaderMap, _: Bytes| async move {
        let tag = headers.get(MAC_HEADER).unwrap().to_str().unwrap();
        ([(MAC_HEADER, key(SECRET).tag(&answer_context(tag), text.as_bytes()))], text)
    };
    format!("http://{}", serve(Router::new().route(OPERATIONS_PATH, post(answer))).await)
}

#[tokio::test]
async fn an_answer_that_says_nothing_clear_is_lost() {
    let world = world().await;
    let order = world.sale(1);
    for text in [
        "",
        "{}",
        "[]",
        r#"[{"sn":"7890000000000001","status":"SUCCESS"},null]"#,
        r#"[{"sn":"7890000000000002","status":"SUCCESS"}]"#,
        r#"[{"sn":"7890000000000001","refund_no":"1","status":"SUCCESS"}]"#,
        r#"[{"sn":"7890000000000001","status":"FAIL"}]"#,
        r#"[{"sn":"7890000000000001","status":"ERROR"}]"#,
        r#"[{"sn":"7890000000000001","status":"PAID"}]"#,
    ] {
        let url = saying(text).await;
        let native: NativeWallet = world.native_within(&url, SECRET, Duration::from_secs(5));
        assert_eq!(native.charge(&order, PAID).await, Outcome::Lost, "{text}");
    }
    let nobody = world.native_within("http://127.0.0.1:1", SECRET, Duration::from_secs(5));
    assert_eq!(nobody.abort(&order).await, Outcome::Lost);
    assert!(nobody.present(&order, None).await.is_err());
}
