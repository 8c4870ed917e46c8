//! Keys: stored before they are used, kept through lost answers, one process at a time.

use sdk::Certainty;
use sdk::terminal::{Terminal, TerminalError};

use crate::server::{Act, Server, missing};

const DAY: i64 = 24 * 3600;

#[tokio::test]
async fn a_terminal_is_found_again_with_its_newest_key() {
    let (server, folder) = (Server::start(&[missing()]).await, tempfile::tempdir().unwrap());
    assert!(Terminal::open(server.config(folder.path())).unwrap().is_none());
    let terminal = server.terminal(folder.path()).await;
    assert!(!terminal.check_in_if_due().await.unwrap());
    server.clock.advance(DAY);
    assert!(terminal.check_in_if_due().await.unwrap());
    assert!(!terminal.check_in_if_due().await.unwrap());
    drop(terminal);
    let again = Terminal::open(server.config(folder.path())).unwrap().unwrap();
    assert_eq!(again.sn(), "1001");
    again.query(&sdk::terminal::OrderBy::Sn("1".into())).await.unwrap();
    let stored = std::fs::read_to_string(folder.path().join("terminal.json")).unwrap();
    assert!(stored.contains("key-2") && stored.contains("key-1"), "{stored}");
    assert_eq!(server.paths(), ["checkin", "query"]);
}

#[cfg(unix)]
#[tokio::test]
async fn the_keys_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let (server, folder) = (Server::start(&[]).await, tempfile::tempdir().unwrap());
    let _terminal = server.terminal(folder.path()).await;
    let mode = std::fs::metadata(folder.path().join("terminal.json")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_lost_answer_is_made_good_with_the_old_key() {
    let (server, folder) = (Server::start(&[missing()]).await, tempfile::tempdir().unwrap());
    let terminal = server.terminal(folder.path()).await;
    server.lose_check_ins(1);
    terminal.check_in().await.unwrap();
    assert_eq!(server.paths(), ["checkin", "query", "checkin"]);
    let stored = std::fs::read_to_string(folder.path().join("terminal.json")).unwrap();
    assert!(stored.contains("key-3") && stored.contains("\"unsure\": false"), "{stored}");
}

/// A second rotation whose answer is lost as well would lock the terminal out.
#[tokio::test]
async fn nothing_is_tried_again_while_the_network_loses_answers() {
    let acts = [Act::Lose, Act::Lose, missing(), missing()];
    let (server, folder) = (Server::start(&acts).await, tempfile::tempdir().unwrap());
    let terminal = server.terminal(folder.path()).await;
    server.lose_check_ins(1);
    for _ in 0..2 {
        let error = terminal.check_in().await.unwrap_err();
        assert_eq!(error.certainty(), Certainty::Unknown);
    }
    assert_eq!(server.paths(), ["checkin", "query", "query"]);
    drop(terminal);
    // A crash changes nothing: the next start remembers the doubt.
    let again = Terminal::open(server.config(folder.path())).unwrap().unwrap();
    assert!(again.check_in_if_due().await.unwrap());
    assert_eq!(server.paths()[3..], ["query", "checkin"]);
}

#[tokio::test]
async fn two_processes_cannot_share_a_folder() {
    let (server, folder) = (Server::start(&[]).await, tempfile::tempdir().unwrap());
    let _terminal = server.terminal(folder.path()).await;
    let second = Terminal::open(server.config(folder.path()));
    assert!(matches!(second, Err(TerminalError::Taken { .. })));
}

/// What the platform takes (upay.md section 4.4) the client sends.
#[tokio::test]
async fn the_largest_log_is_handed_in() {
    let (server, folder) = (Server::start(&[]).await, tempfile::tempdir().unwrap());
    server.otherwise(serde_json::json!({ "result_code": "200", "error_code": "SUCCESS" }));
    let terminal = server.terminal(folder.path()).await;
    let most = jose::limits::TERMINAL_BODY_BYTES_MAX;
    terminal.upload_log(vec![7; most]).await.unwrap();
    assert!(terminal.upload_log(vec![7; most + 1]).await.is_err());
    assert_eq!(server.paths(), ["uploadLog"]);
}
