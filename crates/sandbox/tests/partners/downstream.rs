//! The simulated downstream system: the table of outcomes, its books, and its notices.

use jose::jwe::{self, Profile};
use wire::downstream::{
    INQUIRE_PATH, Inquire, Notice, PAY_PATH, PLACE_PATH, Pay, Place, PlaceAnswer, PlaceOrder,
    REVERSE_PATH, Reverse, Status, TransactionResult, decode, encode,
};
use wire::ucsp::{CardPayload, encode_plain};

use crate::world::{DOWNSTREAM_APP, World, start};

const TN: &str = "820260105103001000017";

fn query_id(number: u32) -> String {
    format!("2026010510300100{number:05}")
}

fn pay_message(number: u32, amount: &str) -> Pay {
    Pay {
        tn: TN.to_owned(),
        query_id: query_id(number),
        mer_id: "100000010000017".to_owned(),
        acq_iin: "00010344".to_owned(),
        txn_amt: amount.to_owned(),
        currency_code: "344".to_owned(),
        valid_until: (start().as_millisecond() + 60_000).to_string(),
        ..Pay::default()
    }
}

fn refund_message(number: u32, original: u32, amount: &str) -> Reverse {
    let pay = pay_message(number, amount);
    Reverse {
        tn: pay.tn,
        query_id: pay.query_id,
        orig_query_id: query_id(original),
        txn_type: "04".to_owned(),
        txn_amt: pay.txn_amt,
        currency_code: pay.currency_code,
        mer_id: pay.mer_id,
        acq_iin: pay.acq_iin,
        valid_until: pay.valid_until,
        scenario: None,
    }
}

impl World {
    async fn downstream<T: serde::Serialize>(&self, path: &str, message: &T) -> TransactionResult {
        let url = format!("{}{path}", self.downstream_url);
        decode(&self.call(DOWNSTREAM_APP, &url, encode(message)).await).unwrap()
    }

    async fn pay(&self, number: u32, amount: &str) -> TransactionResult {
        self.downstream(PAY_PATH, &pay_message(number, amount)).await
    }

    async fn refund(&self, number: u32, original: u32, amount: &str) -> TransactionResult {
        self.downstream(REVERSE_PATH, &refund_message(number, original, amount)).await
    }

    async fn inquire(&self, number: u32) -> TransactionResult {
        let mer_id = "100000010000017".to_owned();
        let message = Inquire { query_id: query_id(number), tn: TN.to_owned(), mer_id };
        self.downstream(INQUIRE_PATH, &message).await
    }

    async fn notice(&mut self) -> Notice {
        let got = self.got.recv().await.unwrap();
        decode(&got.body).unwrap()
    }
}

#[tokio::test]
async fn a_success_is_taken_on_at_once_and_told_by_notice() {
    let mut world = World::new().await;
    assert_eq!(world.pay(1, "2500").await.status, Status::Accepted);
    let notice = world.notice().await;
    assert_eq!((notice.result.status, notice.tn.as_str()), (Status::Success, TN));
    assert_eq!(notice.result.settle_amt.as_deref(), Some("2500"));
    let asked = world.inquire(1).await;
    assert_eq!(asked, notice.result);
    assert!(world.got.try_recv().is_err(), "one notice, no more");
}

#[tokio::test]
async fn refusals_are_final_at_once_and_stay() {
    let world = World::new().await;
    for (number, digits) in [(1, "51"), (2, "54"), (3, "61"), (4, "91"), (5, "96"), (6, "99")] {
        let result = world.pay(number, &format!("25{digits}")).await;
        assert_eq!((result.status, result.resp_code.as_str()), (Status::Fail, digits));
        assert_eq!(world.inquire(number).await.resp_code, digits);
    }
}

#[tokio::test]
async fn the_slow_and_the_silent_follow_business_time() {
    let mut world = World::new().await;
    assert_eq!(world.pay(1, "2505").await.status, Status::Accepted);
    world.clock.advance(9);
    assert_eq!(world.inquire(1).await.status, Status::Accepted);
    world.clock.advance(1);
    assert_eq!(world.notice().await.result.status, Status::Success);
    // A request that is not answered does not hold up the others.
    let mut silent = Box::pin(world.pay(2, "2598"));
    let early = tokio::select! {
        biased;
        result = &mut silent => Some(result),
        asked = world.inquire(1) => { assert_eq!(asked.status, Status::Success); None }
    };
    assert_eq!(early, None, "98 is silent");
    let status = loop {
        let asked = tokio::select! {
            biased;
            result = &mut silent => panic!("98 is silent, not {result:?}"),
            asked = world.inquire(2) => asked,
        };
        if asked.status != Status::NotFound {
            break asked.status;
        }
    };
    assert_eq!(status, Status::Accepted);
    world.clock.advance(60);
    assert_eq!(silent.await.status, Status::Success);
    assert_eq!(world.inquire(2).await.status, Status::Success);
}

#[tokio::test]
async fn the_odd_ones_of_the_table() {
    let mut world = World::new().await;
    assert_eq!(world.pay(1, "2507").await.status, Status::Accepted);
    assert_eq!(world.inquire(1).await.status, Status::Success, "07: inquiry knows");
    assert_eq!(world.pay(2, "2509").await.status, Status::Success, "09: final at once");
    assert_eq!(world.pay(3, "2506").await.status, Status::Accepted);
    let refused = world.notice().await;
    assert_eq!((refused.result.query_id, refused.result.status), (query_id(3), Status::Fail));
    assert_eq!(world.pay(4, "2508").await.status, Status::Accepted);
    assert_eq!(world.notice().await, world.notice().await, "08: twice the same");
    let forced = Pay { scenario: Some("51".to_owned()), ..pay_message(5, "2500") };
    assert_eq!(world.downstream(PAY_PATH, &forced).await.resp_code, "51");
}

#[tokio::test]
async fn only_99_refuses_to_place() {
    let world = World::new().await;
    let order = |tn: &str, amount: &str| PlaceOrder {
        tn: tn.to_owned(),
        txn_amt: amount.to_owned(),
        ..PlaceOrder::default()
    };
    let place = Place { orders: vec![order("a", "2500"), order("b", "2551"), order("c", "2599")] };
    let url = format!("{}{PLACE_PATH}", world.downstream_url);
    let answer = world.call(DOWNSTREAM_APP, &url, encode(&place)).await;
    let answer: PlaceAnswer = decode(&answer).unwrap();
    let codes: Vec<_> = answer.results.iter().map(|one| one.resp_code.as_str()).collect();
    assert_eq!(codes, ["00", "00", "99"]);
    assert_eq!(world.unsigned(&url).await, 401);
}

#[tokio::test]
async fn a_number_is_one_transaction_and_what_comes_late_is_none() {
    let mut world = World::new().await;
    world.pay(1, "2500").await;
    world.notice().await;
    assert_eq!(world.pay(1, "2551").await.status, Status::Accepted, "the first one counts");
    assert_eq!(world.inquire(1).await.settle_amt.as_deref(), Some("2500"));
    assert_eq!(world.inquire(2).await.status, Status::NotFound);
    world.clock.advance(61);
    assert_eq!(world.pay(2, "2500").await.resp_code, "36", "its time is over");
    assert_eq!(world.inquire(2).await.status, Status::NotFound, "and it was not taken on");
    assert_eq!(world.pay(1, "2500").await.status, Status::Success, "a repeat may come late");
}

#[tokio::test]
async fn refunds_never_give_back_more_than_was_paid() {
    let mut world = World::new().await;
    world.pay(1, "5000").await;
    world.notice().await;
    assert_eq!(world.refund(2, 9, "1000").await.resp_code, "34", "unknown original");
    assert_eq!(world.refund(3, 1, "3000").await.status, Status::Accepted);
    world.notice().await;
    assert_eq!(world.refund(4, 1, "2001").await.resp_code, "13");
    assert_eq!(world.refund(5, 1, "2000").await.status, Status::Accepted);
    assert_eq!(world.refund(3, 1, "3000").await.status, Status::Accepted, "a repeat is the same");
    assert_eq!(world.refund(6, 3, "1000").await.resp_code, "12", "a refund has no refund");
    let cancel = Reverse { txn_type: "31".to_owned(), ..refund_message(7, 1, "5000") };
    let refused = world.downstream(REVERSE_PATH, &cancel).await;
    assert_eq!(refused.resp_code, "13", "no cancellation after a refund");
}

#[tokio::test]
async fn cards_are_looked_at_before_the_table() {
    let world = World::new().await;
    let sealed = |pan: &str, expiry_date: &str| {
        let payload = CardPayload {
            pan: Some(pan.to_owned()),
            expiry_date: expiry_date.to_owned(),
            ..CardPayload::default()
        };
        let to = world.platform.pair(DOWNSTREAM_APP).enc.cert();
        Some(jwe::encrypt(&encode_plain(&payload), to, Profile::Rsa15A128CbcHs256).unwrap())
    };
    for (number, enc_data, code) in [
        (1, sealed("6233000000000060", "2601"), "00"),
        (2, sealed("6233000000000060", "2512"), "54"),
        (3, sealed("4111111111111111", "3012"), "14"),
        (4, Some("a.b.c.d.e".to_owned()), "30"),
    ] {
        // The platform says the amount's own digits with every order of a sandbox application.
        let scenario = Some("00".to_owned());
        let pay = Pay { enc_data, scenario, ..pay_message(number, "2500") };
        let result = world.downstream(PAY_PATH, &pay).await;
        assert_eq!(result.resp_code, code, "{number}");
        assert!(!result.resp_msg.contains("4111"));
    }
    let enc_data = sealed("6233000000000060", "2512");
    let scenario = Some("00".to_owned());
    let forced = Pay { enc_data, scenario, ..pay_message(5, "2551") };
    assert_eq!(world.downstream(PAY_PATH, &forced).await.resp_code, "00", "an outcome was forced");
}

#[tokio::test]
async fn transactions_and_due_notices_survive_a_restart_and_not_a_reset() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::in_folder(Some(folder.path().to_owned())).await;
    world.pay(1, "2500").await;
    world.notice().await;
    world.pay(2, "2505").await;
    world.restart().await;
    assert_eq!(world.inquire(1).await.status, Status::Success);
    assert_eq!(world.inquire(2).await.status, Status::Accepted);
    world.clock.advance(10);
    assert_eq!(world.notice().await.result.query_id, query_id(2));
    world.reset();
    assert_eq!(world.inquire(1).await.status, Status::NotFound);
}
