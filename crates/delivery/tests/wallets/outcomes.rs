//! What becomes of each operation.

use std::sync::Arc;
use std::time::Duration;

use app::ports::{PresentError, Wallets};
use causeway_delivery::WalletTable;
use domain::Outcome;
use domain::ids::QueryId;
use domain::payway::{Payway, SubPayway};
use jiff::SignedDuration;
use sandbox::wallet::Choice;

use crate::world::{refunding, shown, world};

const PAID: &str = "130000000000000000";

fn code(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Succeeded(result) | Outcome::Refused(result) => &result.code,
        Outcome::Accepted | Outcome::Presented { .. } | Outcome::Lost => outcome.name(),
    }
}

#[tokio::test]
async fn a_charge_ends_as_its_barcode_says_and_is_idempotent() {
    let world = world().await;
    let native = world.native();
    for (number, ending, expected) in [
        (1, "0000", "00"),
        (2, "9951", "INSUFFICIENT_FUND"),
        (3, "9905", Outcome::Accepted.name()),
        (4, "9996", Outcome::Lost.name()),
    ] {
        let order = world.sale(number);
        let barcode = format!("13000000000000{ending}");
        let first = native.charge(&order, &barcode).await;
        assert_eq!(code(&first), expected, "{ending}");
        assert_eq!(native.charge(&order, &barcode).await, first);
        assert_eq!(native.inquire(&order, None).await, first);
    }
    let Outcome::Succeeded(result) = native.inquire(&world.sale(1), None).await else {
        panic!("it was paid");
    };
    let wallet = result.wallet.unwrap();
    assert_eq!(wallet.payments.iter().map(|part| part.minor).sum::<u64>(), 2500);
    assert!(wallet.finished_at.is_some() && wallet.payer_uid.is_some());
    assert!(result.reference.is_some());
}

#[tokio::test]
async fn what_is_unknown_is_lost_until_it_can_no_longer_begin() {
    let world = world().await;
    let native = world.native();
    let order = world.sale(1);
    assert_eq!(native.inquire(&order, None).await, Outcome::Lost);
    world.clock.advance(SignedDuration::from_secs(51)).await;
    assert_eq!(code(&native.inquire(&order, None).await), "TRADE_NOT_EXIST");
    assert_eq!(code(&native.charge(&order, PAID).await), "TRADE_TIMEOUT");
    let refund = refunding(world.sale(2), "260105103000123000017", 100);
    let number = QueryId::new("260105103000123000017");
    assert_eq!(native.inquire(&refund, Some(&number)).await, Outcome::Lost);
    // A reversal that the order does not have is never asked for.
    assert_eq!(native.reverse(&refund, &QueryId::new("1")).await, Outcome::Lost);
}

#[tokio::test]
async fn an_abort_is_certain_whatever_it_finds() {
    let world = world().await;
    let native = world.native();
    let (unknown, waiting, paid) = (world.sale(1), world.sale(2), world.sale(3));
    assert_eq!(native.charge(&waiting, "130000000000009907").await, Outcome::Accepted);
    assert_eq!(code(&native.charge(&paid, PAID).await), "00");
    for order in [&unknown, &waiting, &paid] {
        assert_eq!(code(&native.abort(order).await), "00");
        assert_eq!(code(&native.abort(order).await), "00");
        assert_eq!(code(&native.charge(order, PAID).await), "TRADE_TIMEOUT");
    }
    let unclear = world.sale(4);
    native.charge(&unclear, "130000000000009996").await;
    assert_eq!(native.abort(&unclear).await, Outcome::Lost);
    world.clock.advance(SignedDuration::from_secs(60)).await;
    assert_eq!(code(&native.inquire(&unclear, None).await), "00");
    assert_eq!(code(&native.abort(&unclear).await), "00");
}

#[tokio::test]
async fn refunds_are_idempotent_and_never_above_what_was_paid() {
    let world = world().await;
    let native = world.native();
    let order = refunding(world.sale(1), "260105103000123000001", 2000);
    let order = refunding(order, "260105103000123000002", 600);
    let numbers = [1, 2].map(|last| QueryId::new(format!("26010510300012300000{last}")));
    assert_eq!(code(&native.charge(&order, PAID).await), "00");
    let first = native.reverse(&order, &numbers[0]).await;
    assert_eq!(code(&first), "00");
    assert_eq!(native.reverse(&order, &numbers[0]).await, first);
    assert_eq!(native.inquire(&order, Some(&numbers[0])).await, first);
    let second = native.reverse(&order, &numbers[1]).await;
    assert_eq!(code(&second), "REFUND_AMT_NOT_EQUAL_TOTAL");
    assert_eq!(native.inquire(&order, Some(&numbers[1])).await, second);
}

#[tokio::test]
async fn a_presented_order_is_paid_by_whoever_opens_it() {
    let world = world().await;
    let native = world.native();
    let order = shown(world.sale(1), SubPayway::WAP);
    let presented = native.present(&order, Some("http://shop.example/")).await.unwrap();
    assert!(presented.qr_code.starts_with("http://wallet.example/wallet/pay/7890000000000001-"));
    assert!(presented.wap_pay_request.unwrap().contains("prepayid"));
    assert_eq!(native.inquire(&order, None).await, Outcome::Accepted);
    world.wallet.simulate("7890000000000001", Choice::Success).await.unwrap();
    assert_eq!(code(&native.inquire(&order, None).await), "00");

    let late = shown(world.sale(2), SubPayway::QR);
    world.clock.advance(SignedDuration::from_secs(46)).await;
    let refused = native.present(&late, None).await;
    assert!(matches!(refused, Err(PresentError::Refused { code, .. }) if code == "TRADE_TIMEOUT"));
}

#[tokio::test]
async fn the_table_knows_which_provider_serves_a_payway() {
    let world = world().await;
    let native: Arc<dyn Wallets> = Arc::new(world.native());
    let lines = [Payway::WECHAT, Payway::QQ].map(|payway| (payway, Arc::clone(&native)));
    let table = WalletTable::new(lines);
    assert!(table.takes(Payway::WECHAT, SubPayway::BARCODE));
    assert!(table.takes(Payway::QQ, SubPayway::BARCODE));
    assert!(!table.takes(Payway::QQ, SubPayway::QR));
    assert!(!table.takes(Payway::WECHAT, SubPayway(9)));
    assert!(!table.takes(Payway::ALIPAY, SubPayway::BARCODE));
    let order = world.sale(1);
    assert_eq!(code(&table.charge(&order, PAID).await), "00");
    assert_eq!(code(&table.abort(&order).await), "00");
    let none = WalletTable::default();
    assert_eq!(none.charge(&order, PAID).await, Outcome::Lost);
    assert_eq!(none.inquire(&order, None).await, Outcome::Lost);
    assert!(none.present(&order, None).await.is_err());
}

#[tokio::test]
async fn nothing_is_believed_without_the_secret() {
    let world = world().await;
    let stranger = world.native_within(&world.url, "another secret of two", Duration::from_secs(5));
    assert_eq!(stranger.charge(&world.sale(1), PAID).await, Outcome::Lost);
    assert_eq!(stranger.abort(&world.sale(1)).await, Outcome::Lost);
    // It was not heard, so nothing happened.
    assert_eq!(code(&world.native().charge(&world.sale(1), PAID).await), "00");
}
