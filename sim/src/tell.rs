//! A partner tells the platform a result, again until it is taken; sometimes it tells what is not
//! its own to tell, or the opposite of what it told before.

use std::sync::Arc;

use app::Platform;
use app::use_cases::{record_downstream, record_wallet};
use domain::Outcome;
use domain::ids::{AcquirerIin, OrderNumber, QueryId};
use domain::order::DownstreamResult;
use domain::party::Party;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::bank::{Side, Standing};
use crate::limits::TELL_TRIES_MAX;
use crate::network::{Work, ask};
use crate::parties;
use crate::time::pause_ms;
use crate::world::World;

/// What is told.
#[derive(Clone)]
struct Told {
    side: Side,
    acquirer: AcquirerIin,
    order: OrderNumber,
    transaction: QueryId,
    outcome: Outcome,
}

/// Tells a result that was in the answer already, half of the times.
pub fn perhaps(world: &Arc<World>, side: Side, number: &str, refund_no: Option<String>) {
    if world.draw(|rng| rng.chance(500)) {
        result(world, side, number, refund_no);
    }
}

/// Tells a final result.
pub fn result(world: &Arc<World>, side: Side, number: &str, refund_no: Option<String>) {
    let (there, number) = (Arc::clone(world), number.to_owned());
    world.spawn(async move {
        pause_ms(there.draw(|rng| rng.below(20))).await;
        let Some(told) = told(&there, side, &number, refund_no.as_deref()) else { return };
        for tried in 0..TELL_TRIES_MAX {
            if say(&there, told.clone()).await {
                afterwards(&there, told).await;
                return;
            }
            pause_ms(1_000 << tried.min(7)).await;
        }
    });
}

fn told(world: &World, side: Side, number: &str, refund_no: Option<&str>) -> Option<Told> {
    let books = world.books(side);
    let trade = books.trades.get(number)?;
    let (state, transaction) = match refund_no {
        None => (trade.state, trade.query_id.as_str()),
        Some(refund_no) => (trade.refunds.get(refund_no)?.state, refund_no),
    };
    let outcome = match state {
        Standing::Done => Outcome::Succeeded(done(number)),
        Standing::Refused(code) => Outcome::Refused(refused(code)),
        Standing::Pending { .. } => return None,
    };
    Some(Told {
        side,
        acquirer: trade.acquirer.clone(),
        order: OrderNumber::new(number),
        transaction: QueryId::new(transaction),
        outcome,
    })
}

/// What is said of something that is done.
#[must_use]
pub fn done(number: &str) -> DownstreamResult {
    DownstreamResult {
        code: "00".to_owned(),
        message: "done".to_owned(),
        reference: Some(format!("trade-{number}")),
        ..DownstreamResult::default()
    }
}

/// What is said of something that was refused.
#[must_use]
pub fn refused(code: &str) -> DownstreamResult {
    DownstreamResult { code: code.to_owned(), ..DownstreamResult::default() }
}

/// Whether the platform took it.
async fn say(world: &Arc<World>, told: Told) -> bool {
    let message = world.number();
    let until = world.time.now().checked_add(app::limits::REPLAY_WINDOW).unwrap_or_default();
    let work: Work<bool> = Arc::new(move |platform: Arc<Platform>| {
        let told = told.clone();
        let party = Party::Downstream(told.acquirer.clone());
        let caller = parties::caller(party, message, until);
        let taken: BoxFuture<'static, bool> = async move {
            let Told { side, order, transaction, outcome, .. } = told;
            let taken = match side {
                Side::Downstream => {
                    record_downstream(&platform, &caller, &order, &transaction, outcome).await
                }
                Side::Wallet => record_wallet(&platform, &order, &transaction, outcome).await,
            };
            taken.is_ok()
        }
        .boxed();
        taken
    });
    ask(world, work).await.unwrap_or(false)
}

/// What a partner says that is not true, and what must have no consequence.
async fn afterwards(world: &Arc<World>, told: Told) {
    if is_final(world, &told).await && world.goes_wrong(world.faults.contradict) {
        let opposite = match &told.outcome {
            Outcome::Succeeded(_) => Outcome::Refused(refused("INSUFFICIENT_FUND")),
            Outcome::Refused(_) | Outcome::Accepted | Outcome::Presented { .. } | Outcome::Lost => {
                Outcome::Succeeded(done(told.order.as_str()))
            }
        };
        say(world, Told { outcome: opposite, ..told.clone() }).await;
    }
    if told.side == Side::Downstream && world.goes_wrong(world.faults.forge) {
        let foreign = Told { acquirer: AcquirerIin::new("00019999"), ..told };
        if say(world, foreign).await {
            world.notes().violated(6, "a notice of a foreign acquirer was taken".to_owned());
        }
    }
}

/// Whether the platform knows the result: before that no lie can be told from the truth.
async fn is_final(world: &World, told: &Told) -> bool {
    let found = app::ports::Store::order_by_number(&world.store, &told.order).await;
    let Some(order) = found.ok().flatten().map(|found| found.value) else { return false };
    match order.reversal(&told.transaction) {
        Some(reversal) => !reversal.is_open(),
        None => !order.is_open(),
    }
}
