//! What holds on one node holds across nodes: one reference is one order, a key that one node gave
//! is good at the others, work of a dead node is done by another.

use std::time::Duration;

use super::books::{Books, Money};
use super::group::Group;
use crate::harness::messages::{REFUND as GIVE_BACK, SUBMIT, wrapped};
use crate::harness::till::{BARCODE, DEVICE, client_sn};
use crate::harness::wait::until_within;
use crate::harness::{Conduct, Receiver, Service, Till};

/// Pairs of equal requests at once.
const PAIRS: usize = 20;
/// Within this time of a check-in the key before the last is forgotten by every node: what a node
/// looked up, it trusts for a second.
const OLD_KEY_MAX: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_reference_at_two_nodes_at_once_is_one_charge() {
    let group = Group::start(2).await;
    let here = group.till(0).await;
    let there = group.nodes[1].till(&here);
    let service = Service::first(&group.sandbox);
    let services = [group.nodes[0].service(&service), group.nodes[1].service(&service)];
    let mut sold = Vec::new();
    for _ in 0..PAIRS {
        let number = client_sn();
        let (one, two) = tokio::join!(here.pay(&number, BARCODE), there.pay(&number, BARCODE));
        let mut both = [one, two];
        both.sort_by_key(|reply| reply.biz().0 != "PAY_SUCCESS");
        both[0].is("PAY_SUCCESS", "").stands("PAID", "SUCCESS", "100");
        assert!(!both[1].is("FAIL", "CLIENT_SN_CONFLICT").has_data(), "{}", both[1].0);
        sold.push(both[0].get("sn").to_owned());

        let order = service.order("2500");
        let (one, two) =
            tokio::join!(services[0].send(SUBMIT, &order), services[1].send(SUBMIT, &order));
        let (one, two) = (one.expect("00"), two.expect("00"));
        assert_eq!(one.get("tn"), two.get("tn"), "one order");
        assert_eq!(one.0["trxInfo"]["orderId"], two.0["trxInfo"]["orderId"]);
    }
    let mut books = Books::default();
    books.read(&group.sandbox.folder);
    for sn in &sold {
        assert_eq!(books.of(sn), Money { left: 100, given_back: 0 }, "{sn}");
    }
    let held: u64 = books.all().map(|(_, money)| money.left).sum();
    assert_eq!(held, 100 * u64::try_from(PAIRS).unwrap(), "no charge but those");
    group.sandbox.verify_books();
}

/// The signed bytes of a message that places an order are used up everywhere: another node answers
/// them with a refusal, and there is one order.
#[tokio::test]
async fn a_signed_order_is_not_taken_again_by_another_node() {
    let group = Group::start(2).await;
    let service = Service::first(&group.sandbox);
    let order = service.order("2500");
    let body = wrapped(&service.partner, SUBMIT, &order).to_string();
    let header = service.partner.header(SUBMIT, body.as_bytes());
    let first = group.nodes[0].service(&service).partner;
    let second = group.nodes[1].service(&service).partner;
    let placed = first.accept(&first.post(SUBMIT, &header, &body).await).expect("00");
    for partner in [&first, &second] {
        let again = partner.post(SUBMIT, &header, &body).await;
        assert_eq!(again.status, 401, "{}", again.text());
    }
    // Signed anew it is the same order.
    let again = second.accept(&second.post_signed(SUBMIT, &body).await).expect("00");
    assert_eq!(again.get("tn"), placed.get("tn"));
}

#[tokio::test]
async fn a_key_that_one_node_gave_is_good_at_the_other() {
    let group = Group::start(2).await;
    let first = group.till(0).await;
    let at = |node: usize, till: &Till| group.nodes[node].till(till);
    // The other node looks the terminal up and remembers it for a moment.
    assert!(at(1, &first).is_known().await);
    let second = first.renewed().await;
    at(1, &second).pay(&client_sn(), BARCODE).await.is("PAY_SUCCESS", "");
    at(1, &first).pay(&client_sn(), BARCODE).await.is("PAY_SUCCESS", "");
    let third = at(1, &second).renewed().await;
    assert!(at(0, &third).is_known().await && at(0, &second).is_known().await, "K2 and K3");
    until_within(OLD_KEY_MAX, "K1 is over everywhere", async || {
        let known = (at(0, &first).is_known().await, at(1, &first).is_known().await);
        if known == (false, false) { Ok(()) } else { Err(format!("{known:?}")) }
    })
    .await;
    assert_eq!(at(0, &third).check_in(DEVICE).await.outer().0, "200");
}

/// Work that a killed node had claimed is done by another when the lease is over, and not before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_nodes_work_is_taken_over_after_its_lease() {
    let mut group = Group::start(2).await;
    let service = Service::first(&group.sandbox);
    // Notices that are never answered keep their tasks claimed.
    let receiver = Receiver::start(&service.partner, Conduct::Hang).await;
    // The sandbox works over the database as well, and may be first: there are more notices until
    // one of the nodes has some.
    let holder = |group: &Group| {
        // A lease is 90 s long: what was claimed 3 s ago and is not done waits for the receiver.
        let claimed = "SELECT DISTINCT holder FROM tasks WHERE due_at IS NOT NULL \
                       AND leased_until - extract(epoch FROM now()) * 1000000 \
                       BETWEEN 20000000 AND 87000000";
        let holders = group.rows(claimed);
        (0..2).find_map(|node| {
            let begin = format!("{}-", group.nodes[node].process());
            let found = holders.iter().find(|holder| holder.starts_with(&begin));
            found.map(|holder| (node, holder.clone()))
        })
    };
    let mut refunds = Vec::new();
    let (dead, holder) = loop {
        assert!(refunds.len() < 60, "no node waits with any of {} notices", refunds.len());
        for index in 0..12 {
            let placed = service.place_paid(&group.sandbox, "2500").await;
            let mut refund = service.reversal(&placed, "2500");
            refund["backUrl"] = receiver.url(&format!("/back/{}", refunds.len())).into();
            let node = &group.nodes[index % 2];
            node.service(&service).send(GIVE_BACK, &refund).await.expect_taken();
            refunds.push(refund);
        }
        if let Some(found) = looked_for(|| holder(&group)).await {
            break found;
        }
    };
    group.nodes[dead].kill();
    receiver.conduct(Conduct::Confirm);
    let left = format!("SELECT id FROM tasks WHERE due_at IS NOT NULL AND holder = '{holder}'");
    let ids = group.rows(&left);
    assert!(!ids.is_empty(), "the dead node still holds what it had claimed");
    for refund in &refunds {
        service.wait_for_reversal(refund, "SUCCESS").await;
    }
    assert_eq!(group.rows(&left), ids, "a lease is kept while it runs");
    // 90 s of real time pass for the lease alone.
    let (column, names) = ("leased_until", ids.join("', '"));
    let lapse = format!("UPDATE tasks SET {column} = {column} - 90000000 WHERE id IN ('{names}')");
    group.rows(&lapse);
    let open = format!("SELECT id FROM tasks WHERE due_at IS NOT NULL AND id IN ('{names}')");
    // Whoever takes it over may itself have to wait for attempts of the first minute to end.
    let patience = Duration::from_secs(90);
    until_within(patience, "another node does what the dead one had claimed", async || {
        let rows = group.rows(&open);
        if rows.is_empty() { Ok(()) } else { Err(format!("{rows:?}")) }
    })
    .await;
    group.sandbox.verify_books();
}

/// What is found within six seconds, if anything.
async fn looked_for<T>(look: impl Fn() -> Option<T>) -> Option<T> {
    let mut looks = tokio::time::interval(Duration::from_millis(200));
    for _ in 0..30 {
        looks.tick().await;
        if let Some(found) = look() {
            return Some(found);
        }
    }
    None
}
