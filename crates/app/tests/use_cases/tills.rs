//! Tills against wallets that do anything: the laws of money under random interleavings.

use std::sync::Arc;

use app::Platform;
use app::directory::Directory;
use app::ports::store::Lease;
use app::testing::{ScriptedWallets, wallet_refused, wallet_succeeded};
use app::use_cases::till::{
    Cancelling, NewRefund, NewSale, OrderBy, TillRefusal, cancel, pay, query, refund,
};
use app::use_cases::{record_wallet, run_close, run_inquiry};
use app::writeset::TaskBody;
use domain::Outcome;
use domain::order::{Order, OrderState};
use domain::payway::SubPayway;
use domain::reversal::ReversalState;
use domain::terminal::Terminal;
use jiff::SignedDuration;

use crate::harness::{Dice, World, parties};
use crate::terminals::activated;

const BARCODE: &str = "130818341921441147";
const TOTAL: u64 = 100;

fn sale(client_sn: &str, total: u64) -> NewSale {
    NewSale {
        client_sn: client_sn.to_owned(),
        total,
        payway: None,
        sub_payway: SubPayway::BARCODE,
        subject: "Pizza".to_owned(),
        operator: None,
        description: None,
        notify_url: None,
        reflect: None,
        extended: None,
        goods: vec![],
        payer_uid: None,
        return_url: None,
    }
}

fn wanted(number: u64, amount: u64) -> NewRefund {
    NewRefund {
        by: by_client_sn(),
        refund_request_no: format!("r{number}"),
        amount,
        operator: None,
        client_tsn: None,
    }
}

fn by_client_sn() -> OrderBy {
    OrderBy::ClientSn("one".to_owned())
}

/// What a wallet may say.
fn outcome(dice: &mut Dice) -> Outcome {
    match dice.below(4) {
        0 => Outcome::Accepted,
        1 => wallet_refused("TRADE_FAILED"),
        2 => Outcome::Lost,
        _ => wallet_succeeded("trade-1"),
    }
}

/// One of the things that may happen to an order.
async fn happens(platform: &Platform, terminal: &Terminal, what: u64, number: u64) -> Heard {
    match what {
        0 => cancel(platform, terminal, &by_client_sn()).await.into(),
        1..=3 => {
            let wanted = wanted(number % 4, 10 + number % 60);
            refund(platform, terminal, wanted).await.map(|(order, _)| order).into()
        }
        4 => {
            let found = query(platform, terminal, &by_client_sn()).await;
            let Ok(found) = found else { return Heard::Nothing };
            let said = if number.is_multiple_of(2) {
                wallet_succeeded("trade-1")
            } else {
                wallet_refused("TRADE_FAILED")
            };
            let terms = &found.order.terms;
            // A notice that contradicts what is known is refused, which is what is tested.
            let _ = record_wallet(platform, &terms.number, &terms.query_id, said).await;
            Heard::Nothing
        }
        _ => query(platform, terminal, &by_client_sn()).await.map(|found| found.order).into(),
    }
}

/// What a till was told for certain.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Nothing,
    Paid,
    Aborted,
}

impl From<Result<Order, TillRefusal>> for Heard {
    fn from(end: Result<Order, TillRefusal>) -> Self {
        match end {
            Ok(order) if is_paid(&order) => Self::Paid,
            Ok(Order { state: OrderState::Aborted { .. } | OrderState::Failed { .. }, .. }) => {
                Self::Aborted
            }
            Err(TillRefusal::Internal { incident }) => panic!("{incident}"),
            Ok(_) | Err(_) => Self::Nothing,
        }
    }
}

impl From<Result<(Order, Cancelling), TillRefusal>> for Heard {
    fn from(end: Result<(Order, Cancelling), TillRefusal>) -> Self {
        end.map(|(order, _)| order).into()
    }
}

fn is_paid(order: &Order) -> bool {
    match &order.state {
        OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => true,
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Paying { .. }
        | OrderState::Unknown { .. }
        | OrderState::Aborting { .. }
        | OrderState::Aborted { .. }
        | OrderState::Failed { .. } => false,
    }
}

/// What was given back for certain, and what may still be.
fn given_back(order: &Order) -> u64 {
    let counts = |state: &ReversalState| !matches!(state, ReversalState::Refused { .. });
    let reversals = order.reversals.iter().filter(|reversal| counts(&reversal.state));
    reversals.map(|reversal| reversal.terms.amount.minor()).sum()
}

/// Does everything that falls due, until the order has an end.
async fn run_due(world: &World) {
    for _ in 0..60 {
        world.clock.advance(SignedDuration::from_secs(91));
        run_due_now(world).await;
    }
}

/// Does what is due at this instant, once.
async fn run_due_now(world: &World) {
    let platform = &world.platform;
    let real_now = platform.clock.real_now();
    let lease_until = real_now.checked_add(SignedDuration::from_secs(90)).unwrap();
    let lease = Lease { holder: "test".to_owned(), real_now, lease_until };
    let due = platform.store.claim_due(platform.clock.now(), &lease, 64).await.unwrap();
    for task in &due {
        match &task.value.body {
            TaskBody::Inquire { .. } => run_inquiry(platform, task).await.unwrap(),
            TaskBody::Close => run_close(platform, task).await.unwrap(),
            TaskBody::Notice(_) => {}
        }
    }
}

/// The seconds at which the wallet is asked again, from now on and over so many of them.
async fn asked_at(world: &World, seconds: u32, name: &str) -> Vec<u32> {
    let mut at = Vec::new();
    for second in 0..=seconds {
        let before = world.wallets.count(name);
        run_due_now(world).await;
        if world.wallets.count(name) > before {
            at.push(second);
        }
        world.clock.advance(SignedDuration::from_secs(1));
    }
    at
}

/// What the wallet does not know for a minute is known right after it (upay.md section 14, 9996):
/// the order's deadline at 45 s changes nothing in the schedule, since it is being ended already.
#[tokio::test]
async fn an_unclear_end_is_asked_for_by_the_schedule_beyond_the_deadline() {
    let world = World::new();
    let keys = activated(&world.platform, "1001").await;
    ScriptedWallets::will(&world.wallets.charge, Outcome::Lost);
    for _ in 0..9 {
        ScriptedWallets::will(&world.wallets.abort, Outcome::Lost);
    }
    let order = pay(&world.platform, &keys.terminal, sale("one", TOTAL), BARCODE).await.unwrap();
    assert!(matches!(order.state, OrderState::Aborting { .. }), "{:?}", order.state);
    assert_eq!(asked_at(&world, 130, "abort").await, [0, 1, 3, 7, 15, 31, 63, 123]);
    world.verify().await;
}

/// A refund whose outcome is open is asked after by the schedule, whenever the payment was.
#[tokio::test]
async fn an_unclear_refund_is_asked_after_by_the_schedule() {
    let world = World::new();
    let keys = activated(&world.platform, "1001").await;
    pay(&world.platform, &keys.terminal, sale("one", TOTAL), BARCODE).await.unwrap();
    ScriptedWallets::will(&world.wallets.reverse, Outcome::Lost);
    for _ in 0..8 {
        ScriptedWallets::will(&world.wallets.inquire, Outcome::Lost);
    }
    refund(&world.platform, &keys.terminal, wanted(1, 10)).await.unwrap();
    assert_eq!(asked_at(&world, 130, "inquire").await, [0, 1, 3, 7, 15, 31, 63, 123]);
    world.verify().await;
}

/// One order, one wallet that says anything, and everybody at once.
#[tokio::test]
async fn an_order_ends_in_exactly_one_way_and_money_adds_up() {
    let mut ends = [0_u32; 3];
    for seed in 1..=300 {
        let (world, mut dice) = (World::new(), Dice::new(seed));
        let keys = activated(&world.platform, "1001").await;
        let wallets = &world.wallets;
        ScriptedWallets::will(&wallets.charge, outcome(&mut dice));
        for _ in 0..4 {
            ScriptedWallets::will(&wallets.abort, outcome(&mut dice));
            ScriptedWallets::will(&wallets.reverse, outcome(&mut dice));
            ScriptedWallets::will(&wallets.inquire, outcome(&mut dice));
        }
        let (platform, terminal) = (world.platform.clone(), Arc::clone(&keys.terminal));
        let paying = tokio::spawn(async move {
            Heard::from(pay(&platform, &terminal, sale("one", TOTAL), BARCODE).await)
        });
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..10 {
            let (platform, terminal) = (world.platform.clone(), Arc::clone(&keys.terminal));
            let (what, number, pauses) = (dice.below(6), dice.below(60), dice.below(30));
            tasks.spawn(async move {
                for _ in 0..pauses {
                    tokio::task::yield_now().await;
                }
                happens(&platform, &terminal, what, number).await
            });
        }
        let mut heard = tasks.join_all().await;
        run_due(&world).await;
        if paying.is_finished() {
            heard.push(paying.await.unwrap());
        } else {
            paying.abort();
        }
        let found = query(&world.platform, &keys.terminal, &by_client_sn()).await.unwrap();
        let order = found.order;
        let both = heard.contains(&Heard::Paid) && heard.contains(&Heard::Aborted);
        assert!(!both, "{seed}: told both ends: {heard:?}");
        let end = if is_paid(&order) {
            assert!(!heard.contains(&Heard::Aborted), "{seed}: aborted, then {:?}", order.state);
            0
        } else {
            assert!(!heard.contains(&Heard::Paid), "{seed}: paid, then {:?}", order.state);
            assert!(order.reversals.is_empty(), "{seed}: nothing to give back");
            usize::from(!order.is_open()) + 1
        };
        ends[end] += 1;
        assert!(given_back(&order) <= TOTAL, "{seed}: {:?}", order.reversals);
        assert!(wallets.count("charge") <= 1, "{seed}: charged twice");
        world.verify().await;
    }
    // Paid, ended without a payment, and none left open: the draw reaches all that there is.
    assert!(ends[0] > 30 && ends[2] > 30, "{ends:?}");
}

/// A store's limit under sales at once: what was taken never exceeds it, and what was not taken
/// after all is given back to the limit.
#[tokio::test]
async fn a_daily_limit_holds_under_sales_at_once() {
    let world = World::new();
    let mut directory = parties();
    directory.stores[0].daily_limit_minor = Some(1000);
    world.platform.directory.set(Directory::new(directory));
    let keys = activated(&world.platform, "1001").await;
    for _ in 0..3 {
        ScriptedWallets::will(&world.wallets.charge, wallet_refused("INSUFFICIENT_FUND"));
    }
    let mut tasks = tokio::task::JoinSet::new();
    for index in 0..40 {
        let (platform, terminal) = (world.platform.clone(), Arc::clone(&keys.terminal));
        let sale = sale(&format!("s{index}"), TOTAL);
        tasks.spawn(async move { pay(&platform, &terminal, sale, BARCODE).await });
    }
    let ends = tasks.join_all().await;
    let paid = ends.iter().flatten().filter(|order| is_paid(order)).count();
    let limited =
        |end: &&Result<Order, TillRefusal>| matches!(end, Err(TillRefusal::StoreOverDailyLimit));
    assert!((7..=10).contains(&paid), "{paid} sales of 100 within 1000");
    assert_eq!(ends.iter().filter(limited).count() + paid + 3, 40);
    // Up to the limit, not a cent above.
    for index in paid..10 {
        let more = sale(&format!("more{index}"), TOTAL);
        assert!(is_paid(&pay(&world.platform, &keys.terminal, more, BARCODE).await.unwrap()));
    }
    let beyond = pay(&world.platform, &keys.terminal, sale("beyond", 1), BARCODE).await;
    assert!(matches!(beyond, Err(TillRefusal::StoreOverDailyLimit)), "{beyond:?}");
    // A till that repeats a sale must not hear that no money moved.
    let first = ends.iter().flatten().find(|order| is_paid(order)).unwrap();
    let repeated = sale(first.terms.reference.order_id.as_str(), TOTAL);
    let again = pay(&world.platform, &keys.terminal, repeated, BARCODE).await;
    assert!(matches!(again, Err(TillRefusal::ClientSnConflict { .. })), "{again:?}");
    world.clock.advance(SignedDuration::from_hours(24));
    pay(&world.platform, &keys.terminal, sale("tomorrow", TOTAL), BARCODE).await.unwrap();
    world.verify().await;
}
