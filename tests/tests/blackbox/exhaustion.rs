//! No room on the disk, and more work than there are hands: a clear code, and nothing is lost.

use std::process::{Command, Stdio};

use crate::harness::http::Http;
use crate::harness::messages::{SUBMIT, wrapped};
use crate::harness::sandbox::{binary, free_block, limited};
use crate::harness::wait::until;
use crate::harness::{Placed, Sandbox, Service};

/// At the same instant, more than the platform signs or queues at once.
const RUSH: usize = 900;
/// Above what a fresh installation takes, and soon filled.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// More orders than fit.
const ORDERS_MAX: usize = 3000;

#[tokio::test]
async fn a_full_disk_refuses_and_keeps_what_was_acknowledged() {
    let mut sandbox = Sandbox::start();
    sandbox.signal("TERM");
    assert_eq!(sandbox.wait(), Some(0));
    sandbox.start_again_without_room(FILE_BYTES_MAX);
    let service = Service::first(&sandbox);
    let (mut placed, mut refused) = (Vec::new(), 0);
    for _ in 0..ORDERS_MAX {
        let order = service.order("2500");
        let message = wrapped(&service.partner, SUBMIT, &order).to_string();
        let reply = service.partner.post_signed(SUBMIT, &message).await;
        // 99 with an id that finds the cause, or plainly not available: never a made-up result.
        if reply.status == 503 {
            refused += 1;
        } else {
            let answer = service.partner.accept(&reply);
            if answer.code() == "00" {
                placed.push((answer.get("tn").to_owned(), order));
                continue;
            }
            answer.expect("99");
        }
        refused += 1;
        if refused > 3 {
            break;
        }
    }
    assert!(refused > 3 && placed.len() > 5, "{} orders fitted", placed.len());
    let ready = format!("{}/readyz", sandbox.base());
    until("not ready", async || match sandbox.http.get(&ready).await {
        Ok(reply) if reply.status == 503 => Ok(()),
        other => Err(format!("{other:?}")),
    })
    .await;
    sandbox.kill();
    sandbox.start_again();
    let service = Service::first(&sandbox);
    for (tn, order) in &placed {
        let again = service.send(SUBMIT, order).await.expect("00");
        assert_eq!(again.get("tn"), tn, "an acknowledged order is kept");
    }
    let fresh: Placed = service.place_paid(&sandbox, "2500").await;
    assert_eq!(service.status(&fresh).await, "SUCCESS");
    sandbox.verify_books();
}

#[test]
fn a_start_without_room_says_so_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let output = limited(16 * 1024)
        .args(["sandbox", "--listen", &format!("127.0.0.1:{}", free_block()), "--data"])
        .arg(folder.path())
        .output()
        .expect("the binary starts");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{told}");
    let errors: Vec<&str> = told.lines().filter(|line| line.starts_with("causeway: ")).collect();
    assert_eq!(errors.len(), 1, "{told}");
    assert_eq!(told.lines().last(), errors.first().copied(), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rush_is_served_or_sent_away_and_nothing_is_lost() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let url = format!("{}{SUBMIT}", service.partner.base);
    let orders: Vec<_> = (0..RUSH).map(|_| service.order("2500")).collect();
    let signed = orders.iter().map(|order| {
        let body = wrapped(&service.partner, SUBMIT, order).to_string();
        (service.partner.header(SUBMIT, body.as_bytes()), body)
    });
    // Signed before the first is sent, so that they arrive together.
    let signed: Vec<_> = signed.collect();
    let calls = signed.into_iter().map(|(jws, body)| {
        let (http, url) = (service.partner.http.clone(), url.clone());
        tokio::spawn(async move { http.post(&url, &[("UPI-JWS", &jws)], body).await })
    });
    let calls: Vec<_> = calls.collect();
    let mut served = Vec::new();
    for (call, order) in calls.into_iter().zip(&orders) {
        let reply = call.await.expect("the task ends").expect("nobody is hung up on");
        if reply.status == 503 {
            assert!(!reply.header("retry-after").is_empty(), "{}", reply.text());
            continue;
        }
        let answer = service.partner.accept(&reply);
        if answer.code() == "00" {
            served.push((answer.get("tn").to_owned(), order));
        } else {
            answer.expect("99");
        }
    }
    assert!(served.len() > RUSH / 4, "only {} were served", served.len());
    for (tn, order) in served.iter().step_by(10) {
        let again = service.send(SUBMIT, order).await.expect("00");
        assert_eq!(again.get("tn"), tn);
    }
    // Who was sent away comes again.
    for order in orders.iter().rev().take(20) {
        service.send(SUBMIT, order).await.expect("00");
    }
    sandbox.verify_books();
}

/// The collector of the log died: payments go on, and the program ends when it is told to.
#[tokio::test]
async fn a_reader_of_the_log_that_is_gone_stops_nothing() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (port, http) = (free_block(), Http::new());
    let mut child = Command::new(binary())
        .args(["sandbox", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stderr.take());
    let base = format!("http://127.0.0.1:{port}");
    let ready = format!("{base}/readyz");
    until("a start", async || http.get(&ready).await.map(drop)).await;
    // Each refusal is a line of the log.
    for _ in 0..8 {
        let refused = http.post(&format!("{base}{SUBMIT}"), &[], "{}").await.expect("an answer");
        assert_eq!(refused.status, 401);
    }
    let told = Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status();
    assert!(told.expect("the command kill").success());
    let child = std::cell::RefCell::new(child);
    let ended = until("the end", async || {
        let ended = child.borrow_mut().try_wait().map_err(|error| error.to_string())?;
        ended.ok_or_else(|| "it runs".to_owned())
    })
    .await;
    assert_eq!(ended.code(), Some(0));
}
