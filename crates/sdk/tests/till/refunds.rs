//! Refunds, cancellations and callbacks.

use jose::cert::Identity;
use sdk::terminal::{
    CallbackError, CancelEnd, OrderBy, Refund, RefundEnd, TerminalError, verify_callback,
};
use serde_json::json;

use crate::server::{Act, Server, say};

fn refund(amount: u64) -> Refund {
    Refund {
        order: OrderBy::ClientSn("a1".into()),
        refund_request_no: "r1".into(),
        refund_amount: amount,
        operator: None,
    }
}

#[tokio::test]
async fn a_lost_refund_is_sent_again_with_its_number() {
    let acts = [Act::Lose, say("FAIL", "UPAY_REFUND_ORDER_NOOP", "PARTIAL_REFUNDED")];
    let (server, folder) = (Server::start(&acts).await, tempfile::tempdir().unwrap());
    let terminal = server.terminal(folder.path()).await;
    let end = terminal.refund(&refund(300)).await.unwrap();
    assert!(matches!(end, RefundEnd::Done(Some(_))));
    assert_eq!(server.paths(), ["refund", "refund"]);
    assert_eq!(server.body(0), server.body(1));
    assert_eq!(server.body(0)["refund_amount"], json!("300"));
}

#[tokio::test]
async fn a_refund_without_an_answer_stays_open_and_keeps_its_amount() {
    let acts = [Act::Lose, Act::Lose, Act::Lose, say("REFUND_SUCCESS", "", "REFUNDED")];
    let (server, folder) = (Server::start(&acts).await, tempfile::tempdir().unwrap());
    let terminal = server.terminal(folder.path()).await;
    assert!(matches!(terminal.refund(&refund(300)).await.unwrap(), RefundEnd::Open { .. }));
    let other = terminal.refund(&refund(400)).await;
    assert!(matches!(other, Err(TerminalError::Prepare { .. })));
    let open = terminal.pending().unwrap();
    assert_eq!(open.len(), 1);
    terminal.resume(&open[0]).await.unwrap();
}

#[tokio::test]
async fn refusals_and_doubts_are_told_apart() {
    for (act, wanted) in [
        (say("FAIL", "REFUNDABLE_AMOUNT_NOT_ENOUGH", "PAID"), "failed"),
        (say("REFUND_ERROR", "", "REFUND_ERROR"), "alarm"),
    ] {
        let (server, folder) = (Server::start(&[act]).await, tempfile::tempdir().unwrap());
        let terminal = server.terminal(folder.path()).await;
        let end = terminal.refund(&refund(300)).await.unwrap();
        let found = match end {
            RefundEnd::Failed { .. } => "failed",
            RefundEnd::Alarm { .. } => "alarm",
            RefundEnd::Done(_) | RefundEnd::Open { .. } => "other",
        };
        assert_eq!(found, wanted);
    }
    let acts = [
        say("FAIL", "UPAY_CANCEL_INVALID_ORDER_STATE", "PAID"),
        say("CANCEL_IN_PROGRESS", "", "CANCEL_INPROGRESS"),
        say("CANCEL_SUCCESS", "", "CANCELED"),
    ];
    let (server, folder) = (Server::start(&acts).await, tempfile::tempdir().unwrap());
    let terminal = server.terminal(folder.path()).await;
    let order = OrderBy::ClientSn("a1".into());
    let refused = terminal.revoke(&order).await.unwrap();
    assert!(matches!(refused, CancelEnd::Refused { trade: Some(_), .. }));
    assert!(matches!(terminal.cancel(&order).await.unwrap(), CancelEnd::Done(_)));
    assert_eq!(server.paths(), ["revoke", "cancel", "cancel"]);
}

#[test]
fn a_callback_is_believed_only_when_its_signature_is_that_of_the_body() {
    use base64::Engine as _;
    let start = "2026-01-05T02:30:00Z".parse().unwrap();
    let identity = Identity::generate("platform", 1, start, 30).unwrap();
    let key = identity.cert().public_key();
    let body = br#"{"client_sn":"a1","status":"SUCCESS","order_status":"PAID"}"#;
    let signature = identity.key().sign_sha256(body).unwrap();
    let text = base64::engine::general_purpose::STANDARD.encode(signature);
    let trade = verify_callback(key, &text, body).unwrap();
    assert_eq!(trade.order_status.as_deref(), Some("PAID"));
    assert!(verify_callback(key, &format!("1001 {text}"), body).is_ok());
    let changed = body.map(|byte| if byte == b'1' { b'2' } else { byte });
    assert_eq!(verify_callback(key, &text, &changed), Err(CallbackError::Signature));
    assert_eq!(verify_callback(key, "", body), Err(CallbackError::Signature));
}
