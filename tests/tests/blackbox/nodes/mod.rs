//! Several nodes over one PostgreSQL database: what happens to one of them, and what all of them
//! must know of one another.

mod across;
mod balancer;
#[path = "../../crash/wallet.rs"]
mod books;
mod group;
mod keys;
mod load;

use balancer::Balancer;
use group::Group;
use load::Load;

use crate::harness::till::{barcode, client_sn};
use crate::harness::wait::until;

/// A kill breaks what is under way at one node, and each such call, sent again elsewhere, is
/// answered as if it had not been; a node that is told to end breaks nothing at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_is_killed_one_is_stopped_all_are_rolled() {
    let mut group = Group::start(3).await;
    let (balancer, looks) = Balancer::start(group.nodes.iter().map(|node| node.base.clone()));
    let mut load = Load::start(&group, &balancer).await;
    load.goes_on().await;

    balancer.falling(0, true);
    group.nodes[0].kill();
    load.goes_on().await;
    group.nodes[0].start_again().await;
    balancer.takes_up(0).await;
    balancer.falling(0, false);

    group.nodes[1].stop().await;
    load.goes_on().await;
    group.nodes[1].start_again().await;
    balancer.takes_up(1).await;

    for index in 0..group.nodes.len() {
        group.nodes[index].stop().await;
        group.nodes[index].start_again().await;
        balancer.takes_up(index).await;
        load.goes_on().await;
    }
    load.end().await;
    drop(looks);
    println!("{} calls broke with the killed node", balancer.by_kill());
    let broken = balancer.broken();
    assert!(broken.is_empty(), "nodes that were told to end broke requests: {broken:#?}");
    load.audit(&group).await;
    group.sandbox.verify_books();
}

/// A call that is held for a payer does not hold up the end of its node: it is answered that the
/// payment goes on, and the result is found elsewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_call_is_let_go_when_its_node_ends() {
    let mut group = Group::start(2).await;
    let here = group.till(0).await;
    let there = group.nodes[1].till(&here);
    let number = client_sn();
    let held = {
        let (till, number) = (here.clone(), number.clone());
        tokio::spawn(async move { till.pay(&number, &barcode("9907")).await })
    };
    until("the sale is under way", async || {
        let reply = there.query(&number).await;
        if reply.has_data() { Ok(()) } else { Err(reply.0.to_string()) }
    })
    .await;
    group.nodes[0].stop().await;
    let reply = held.await.expect("an answer");
    reply.is("PAY_IN_PROGRESS", "").stands("CREATED", "IN_PROG", "100");
    there.query(&number).await.stands("CREATED", "IN_PROG", "100");
}
