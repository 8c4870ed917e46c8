//! Sales end as `upay.md` 9.6 says, whatever is lost on the way.

use sdk::terminal::{Ending, PayEnd, Precreate, Presenting, Terminal, TerminalError};

use crate::server::{Act, Server, answer, missing, sale, say};

/// How a payment ends, and what was called for it.
async fn pay(acts: &[Act]) -> (PayEnd, Vec<String>) {
    let (server, folder) = (Server::start(acts).await, tempfile::tempdir().unwrap());
    let terminal = server.terminal(folder.path()).await;
    let end = terminal.pay(&sale("a1"), "130000000000008888").await.unwrap();
    let pending = terminal.pending().unwrap();
    assert_eq!(pending[0].end, Some(Ending::Sale(end.clone())), "kept until it is settled");
    terminal.settle(&pending[0]).unwrap();
    assert!(terminal.pending().unwrap().is_empty());
    (end, server.paths())
}

#[tokio::test]
async fn answers_that_end_a_sale_at_once() {
    let (end, calls) = pay(&[say("PAY_SUCCESS", "", "PAID")]).await;
    assert!(matches!(end, PayEnd::Paid(trade) if trade.sn.is_some()));
    assert_eq!(calls, ["pay"]);
    let (end, _) = pay(&[say("PAY_FAIL", "INSUFFICIENT_FUND", "PAY_CANCELED")]).await;
    assert!(matches!(end, PayEnd::Failed { code, .. } if code == "INSUFFICIENT_FUND"));
    let (end, _) = pay(&[say("FAIL", "INVALID_BARCODE", "")]).await;
    assert!(matches!(end, PayEnd::Failed { code, .. } if code == "INVALID_BARCODE"));
    let (end, _) = pay(&[say("PAY_FAIL_ERROR", "", "PAY_ERROR")]).await;
    assert!(matches!(end, PayEnd::Alarm { .. }));
}

#[tokio::test]
async fn a_pending_payment_is_asked_about_until_it_ends() {
    let open = say("SUCCESS", "", "CREATED");
    let pending = say("PAY_IN_PROGRESS", "", "CREATED");
    let acts = [pending.clone(), open.clone(), Act::Lose, say("SUCCESS", "", "PAID")];
    let (end, calls) = pay(&acts).await;
    assert!(matches!(end, PayEnd::Paid(_)));
    assert_eq!(calls, ["pay", "query", "query", "query"]);
    let timed_out = say("SUCCESS", "TRADE_TIMEOUT", "PAY_CANCELED");
    let (end, _) = pay(&[pending, open, timed_out]).await;
    assert!(matches!(end, PayEnd::Failed { code, .. } if code == "TRADE_TIMEOUT"));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_and_the_payment_is_sent_once() {
    let (end, calls) = pay(&[Act::Lose, say("SUCCESS", "", "PAID")]).await;
    assert!(matches!(end, PayEnd::Paid(_)));
    assert_eq!(calls, ["pay", "query"]);
    let (end, calls) = pay(&[Act::Lose, missing(), missing()]).await;
    assert!(matches!(end, PayEnd::Failed { code, .. } if code == "UPAY_ORDER_NOT_EXISTS"));
    assert_eq!(calls, ["pay", "query", "query"]);
    let (end, _) = pay(&[Act::Lose, missing(), say("SUCCESS", "", "PAID")]).await;
    assert!(matches!(end, PayEnd::Paid(_)), "a request that was late is not taken as absent");
}

/// A payment that stays open for 50 s, then a cancellation that is answered so.
async fn unclear(cancel: &[Act]) -> (PayEnd, Vec<String>) {
    let mut acts = vec![say("PAY_IN_PROGRESS", "", "CREATED")];
    acts.extend(vec![say("SUCCESS", "", "CREATED"); 13]);
    acts.extend_from_slice(cancel);
    pay(&acts).await
}

#[tokio::test]
async fn what_stays_unclear_for_fifty_seconds_is_cancelled() {
    for good in [
        say("CANCEL_ABORT_SUCCESS", "", "CANCELED"),
        say("CANCEL_SUCCESS", "", "CANCELED"),
        missing(),
        say("FAIL", "UPAY_CANCEL_ORDER_NOOP", "PAY_CANCELED"),
    ] {
        let (end, calls) = unclear(&[good]).await;
        assert!(matches!(end, PayEnd::Reversed(_)), "{end:?}");
        assert_eq!((calls.len(), calls.last().unwrap().as_str()), (15, "cancel"));
    }
    let abort = say("CANCEL_ABORT_SUCCESS", "", "CANCELED");
    let (end, calls) = unclear(&[Act::Lose, Act::Lose, abort]).await;
    assert!(matches!(end, PayEnd::Reversed(_)));
    assert_eq!(calls[14..], ["cancel", "cancel", "cancel"]);
}

#[tokio::test]
async fn anything_else_at_the_end_is_an_alarm_unless_the_order_is_seen_cancelled() {
    let error = say("CANCEL_ABORT_ERROR", "", "CANCEL_ERROR");
    let (end, _) = unclear(&[error, say("SUCCESS", "", "CANCEL_ERROR")]).await;
    assert!(matches!(end, PayEnd::Alarm { reason, .. } if reason == "CANCEL_ABORT_ERROR"));
    let (end, _) = unclear(&[Act::Lose, Act::Lose, Act::Lose, Act::Lose]).await;
    assert!(matches!(end, PayEnd::Alarm { .. }));
    let seen = say("SUCCESS", "", "CANCELED");
    let (end, _) = unclear(&[Act::Lose, Act::Lose, Act::Lose, seen]).await;
    assert!(matches!(end, PayEnd::Reversed(_)));
}

#[tokio::test]
async fn a_sale_that_a_crash_left_open_is_brought_to_its_end() {
    let acts = [say("SUCCESS", "", "PAID")];
    let (server, folder) = (Server::start(&acts).await, tempfile::tempdir().unwrap());
    let terminal = server.terminal(folder.path()).await;
    // The process dies in the middle of the call: its future is dropped after the first poll.
    let begun = {
        let sale = sale("a1");
        let mut call = Box::pin(terminal.pay(&sale, "130000000000008888"));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        std::future::Future::poll(call.as_mut(), &mut context).is_pending()
    };
    assert!(begun);
    drop(terminal);
    let again = Terminal::open(server.config(folder.path())).unwrap().unwrap();
    let twice = again.pay(&sale("a1"), "130000000000008888").await;
    assert!(matches!(twice, Err(TerminalError::SaleExists { .. })));
    let open = again.pending().unwrap();
    assert_eq!((open.len(), open[0].amount, &open[0].end), (1, 1000, &None));
    let end = again.resume(&open[0]).await.unwrap();
    assert!(matches!(end, Ending::Sale(PayEnd::Paid(_))));
    assert_eq!(again.resume(&again.pending().unwrap()[0]).await.unwrap(), end);
}

#[tokio::test]
async fn a_shown_code_is_watched_and_cancelled_after_its_life() {
    let mut shown = answer("PRECREATE_SUCCESS", "", "CREATED");
    shown["biz_response"]["data"]["qr_code"] = "https://qr.example/1".into();
    let (server, folder) = (Server::start(&[Act::Say(shown)]).await, tempfile::tempdir().unwrap());
    let terminal = server.terminal(folder.path()).await;
    let made = terminal.precreate(&sale("q1"), &Precreate::default()).await.unwrap();
    assert!(matches!(made, Presenting::Shown(shown) if shown.qr_code == "https://qr.example/1"));
    server.otherwise(answer("SUCCESS", "", "CREATED"));
    let end = terminal.watch("q1").await.unwrap();
    assert!(matches!(end, PayEnd::Alarm { .. }), "the stand-in never cancels");
    let queries = server.paths().iter().filter(|path| *path == "query").count();
    // 15 in the first 30 s, 42 in the other 210 s, and one last look.
    assert_eq!(queries, 15 + 42 + 1);
}

#[tokio::test]
async fn a_code_that_nobody_saw_is_cancelled() {
    let acts = [Act::Lose, say("CANCEL_ABORT_SUCCESS", "", "CANCELED")];
    let (server, folder) = (Server::start(&acts).await, tempfile::tempdir().unwrap());
    let terminal = server.terminal(folder.path()).await;
    let made = terminal.precreate(&sale("q1"), &Precreate::default()).await.unwrap();
    assert!(matches!(made, Presenting::Ended(PayEnd::Reversed(_))));
    assert_eq!(server.paths(), ["precreate", "cancel"]);
}
