//! Many at once: one order, one attempt, never more given back than was paid.

use std::collections::BTreeSet;

use crate::harness::messages::{REFUND, SUBMIT, wrapped};
use crate::harness::{Sandbox, Service};

const SUBMITS: usize = 100;
const REFUNDS: usize = 50;
const PAYERS: usize = 20;

/// Runs as many copies of a task at once.
async fn at_once<T: Send + 'static>(
    count: usize,
    task: impl Fn(usize) -> std::pin::Pin<Box<dyn Future<Output = T> + Send>>,
) -> Vec<T> {
    let running: Vec<_> = (0..count).map(|index| tokio::spawn(task(index))).collect();
    let mut ends = Vec::new();
    for one in running {
        ends.push(one.await.expect("the task ends"));
    }
    ends
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_hundred_equal_submits_make_one_order() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let order = service.order("2500");
    let answers = at_once(SUBMITS, |_| {
        let (service, order) = (service.clone(), order.clone());
        Box::pin(async move { service.send(SUBMIT, &order).await })
    })
    .await;
    let numbers: BTreeSet<_> = answers.iter().map(|one| one.get("tn").to_owned()).collect();
    let codes: BTreeSet<_> = answers.iter().map(|one| one.code().to_owned()).collect();
    assert_eq!(codes, BTreeSet::from(["00".to_owned()]));
    assert_eq!(numbers.len(), 1, "{numbers:?}");
    let tails: BTreeSet<_> = answers.iter().map(|one| one.0["trxInfo"].to_string()).collect();
    assert_eq!(tails.len(), 1, "equal answers: {tails:?}");
    // Of as many with another amount each, one wins and the rest learn that the amount differs.
    let answers = at_once(PAYERS, |index| {
        let service = service.clone();
        let mut order = service.order("2500");
        order["orderId"] = format!("RACE{:08}", std::process::id()).into();
        order["txnTime"] = "20260105103000".into();
        order["txnAmt"] = (2500 + index * 100).to_string().into();
        Box::pin(async move { service.send(SUBMIT, &order).await })
    })
    .await;
    let placed = answers.iter().filter(|one| one.code() == "00").count();
    let told = |one: &&crate::harness::partner::Answer| {
        one.code() == "36" && one.detail().contains("txnAmt")
    };
    assert_eq!((placed, answers.iter().filter(told).count()), (1, PAYERS - 1));
    sandbox.verify_books();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_refunds_never_give_back_more_than_was_paid() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let placed = service.place_paid(&sandbox, "9900").await;
    let refunds: Vec<_> = (0..REFUNDS).map(|_| service.reversal(&placed, "1000")).collect();
    let answers = at_once(REFUNDS, |index| {
        let (service, refund) = (service.clone(), refunds[index].clone());
        Box::pin(async move { service.send(REFUND, &refund).await })
    })
    .await;
    let taken = answers.iter().filter(|one| ["00", "05"].contains(&one.code())).count();
    let refused = answers.iter().filter(|one| one.code() == "36").count();
    // Nine fit. Any other code would be "busy", after which a partner sends again.
    assert_eq!((taken, refused), (9, REFUNDS - 9), "{answers:?}");
    for (refund, answer) in refunds.iter().zip(&answers) {
        if answer.code() != "36" {
            service.wait_for_reversal(refund, "SUCCESS").await;
        }
    }
    let answer = service.inquire(&placed).await.expect("00");
    assert_eq!(answer.get("refundedAmt"), "9000", "{}", answer.0);
    sandbox.verify_books();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_payers_make_one_attempt() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let placed = service.place("2505").await;
    let base = sandbox.base();
    let replies = at_once(PAYERS, |_| {
        let (http, tn) = (sandbox.http.clone(), placed.tn.clone());
        let url = format!("{base}/sandbox/v1/pay");
        Box::pin(async move {
            let body = serde_json::json!({ "tn": tn }).to_string();
            http.post(&url, &[], body).await.expect("an answer").status
        })
    })
    .await;
    let took = replies.iter().filter(|status| **status == 200).count();
    let late = replies.iter().filter(|status| **status == 409).count();
    assert_eq!((took, late), (1, PAYERS - 1), "{replies:?}");
    sandbox.advance(15).await;
    service.wait_for(&placed, "SUCCESS").await;
    let timeline = sandbox.ask(&format!("timeline/{}", placed.tn)).await;
    let entries = timeline["entries"].as_array().unwrap();
    let starts = entries
        .iter()
        .filter(|one| one["summary"].as_str().is_some_and(|text| text.contains("payment started")));
    assert_eq!(starts.count(), 1, "{timeline}");
    // Two different messages at once about different orders do not wait for each other.
    let one = wrapped(&service.partner, SUBMIT, &service.order("2500"));
    let two = wrapped(&service.partner, SUBMIT, &service.order("2600"));
    let (one, two) =
        tokio::join!(service.partner.call(SUBMIT, &one), service.partner.call(SUBMIT, &two));
    assert_ne!(one.expect("00").get("tn"), two.expect("00").get("tn"));
}
