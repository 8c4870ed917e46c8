//! The auditor: knows the right answers from the partners' books and from what was acknowledged,
//! and holds the platform's books against them, by the numbers of design.md's invariants.
//!
//! Must not know: how the platform came to its books.

use std::collections::{BTreeMap, BTreeSet};

use app::ports::store::JournalEntry;
use app::ports::{Store, StoreError};
use app::records::{TAKINGS, takings_key};
use app::testing::terminal_settings;
use app::verify;
use app::writeset::TaskBody;
use domain::notice::{Notice, NoticeState};
use domain::order::{Order, OrderState};
use domain::reversal::{Reversal, ReversalState};

use crate::bank::{Side, Standing, Trade};
use crate::notes::{Claim, Notes, Violation};
use crate::parties;
use crate::world::World;

/// What the audit of a run comes to.
#[derive(Debug, Default)]
pub struct Findings {
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// Orders in the store.
    pub orders: u64,
    /// Orders by their last state.
    pub states: BTreeMap<&'static str, u64>,
    /// The hash of the journal's last line.
    pub head: String,
    /// Lines of the journal.
    pub lines: u64,
}

/// Looks at everything after everything was settled.
///
/// # Errors
/// The store's, which in a run never fails by itself.
pub async fn audit(world: &World) -> Result<Findings, StoreError> {
    let mut found = Findings::default();
    let orders = orders(world).await?;
    found.orders = u64::try_from(orders.len()).unwrap_or(u64::MAX);
    for order in orders.values() {
        *found.states.entry(order.state.name()).or_default() += 1;
    }
    let notes = std::mem::take(&mut *world.notes());
    acknowledged(world, &orders, &notes, &mut found).await?;
    money(world, &orders, &mut found);
    for order in orders.values() {
        settled(order, &mut found);
        delivered(world, order, &notes, &mut found).await?;
    }
    takings(world, &orders, &mut found).await?;
    chain_and_ledger(world, &mut found).await?;
    found.violations.extend(notes.violations);
    Ok(found)
}

impl Findings {
    fn wrong(&mut self, invariant: u8, what: String) {
        self.violations.push(Violation { invariant, what });
    }
}

async fn orders(world: &World) -> Result<BTreeMap<String, Order>, StoreError> {
    let all = world.store.orders_after(None, usize::MAX).await?;
    let named = all.into_iter().map(|order| (order.value.terms.number.to_string(), order.value));
    Ok(named.collect())
}

/// Invariants 1 and 2: what was acknowledged is true, and under the key it was acknowledged for.
async fn acknowledged(
    world: &World,
    orders: &BTreeMap<String, Order>,
    notes: &Notes,
    found: &mut Findings,
) -> Result<(), StoreError> {
    for claim in notes.claims.keys() {
        let (Claim::Placed(_, _, number)
        | Claim::Paid(number)
        | Claim::Unpaid(number)
        | Claim::Returned(number, _)
        | Claim::Kept(number, _)
        | Claim::Asked(number, _)) = claim;
        let Some(order) = orders.get(number.as_str()) else {
            found.wrong(1, format!("{claim:?} was acknowledged and is not there"));
            continue;
        };
        if let Claim::Placed(owner, reference, _) = claim {
            let holder = world.store.by_reference(owner, reference).await?;
            if holder.is_none_or(|holder| &holder.target.order != number) {
                found.wrong(2, format!("{claim:?} is not what its key names"));
            }
        } else if !holds(claim, order) {
            found.wrong(1, format!("{claim:?} was acknowledged: {:?}", order.state.name()));
        }
    }
    Ok(())
}

fn holds(claim: &Claim, order: &Order) -> bool {
    let reversal = |id| order.reversal(id).map(|reversal| &reversal.state);
    match claim {
        Claim::Placed(..) => true,
        Claim::Paid(_) => order.settlement().is_some(),
        Claim::Unpaid(_) => !order.is_open() && order.settlement().is_none(),
        Claim::Returned(_, id) => matches!(reversal(id), Some(ReversalState::Succeeded { .. })),
        Claim::Kept(_, id) => matches!(reversal(id), Some(ReversalState::Refused { .. })),
        Claim::Asked(_, id) => reversal(id).is_some(),
    }
}

/// Invariants 3 and 4: the platform's books are the partners' books, and no key was paid twice.
fn money(world: &World, orders: &BTreeMap<String, Order>, found: &mut Findings) {
    let mut paid_keys = BTreeSet::new();
    for side in [Side::Downstream, Side::Wallet] {
        let books = world.books(side);
        for (number, trade) in &books.trades {
            let took = trade.state == Standing::Done && !trade.aborted;
            let key = (trade.merchant.clone(), trade.reference.clone());
            if took && !paid_keys.insert(key) {
                found.wrong(3, format!("{} was paid twice", trade.reference.order_id));
            }
            match orders.get(number) {
                Some(order) => same_money(order, trade, found),
                None if took => found.wrong(3, format!("trade {number} has no order")),
                None => {}
            }
        }
    }
    for (number, order) in orders {
        let side = if order.sale().is_some() { Side::Wallet } else { Side::Downstream };
        let is_known = world.books(side).trades.contains_key(number);
        if order.settlement().is_some() && !is_known {
            found.wrong(3, format!("order {number} is paid and no partner knows it"));
        }
    }
}

fn same_money(order: &Order, trade: &Trade, found: &mut Findings) {
    let number = &order.terms.number;
    let (paid, back) = order
        .settlement()
        .map_or((0, 0), |settlement| (settlement.paid.minor(), settlement.given_back.minor()));
    if back > paid {
        found.wrong(3, format!("order {number}: {back} of {paid} was given back"));
    }
    if paid - back.min(paid) != trade.held() {
        let what = format!(
            "order {number} is {} with {paid} paid and {back} given back; its partner says {:?}, \
             aborted {}, {} given back",
            order.state.name(),
            trade.state,
            trade.aborted,
            trade.given_back()
        );
        found.wrong(3, what);
    }
    for reversal in &order.reversals {
        let there = trade.refunds.get(reversal.terms.query_id.as_str()).map(|it| it.state);
        let is_same = match &reversal.state {
            ReversalState::Succeeded { .. } => there == Some(Standing::Done),
            ReversalState::Refused { .. } => !matches!(there, Some(Standing::Done)),
            ReversalState::Processing | ReversalState::Unknown { .. } => true,
        };
        if !is_same {
            let what = format!("reversal {} is {}", reversal.terms.query_id, reversal.state.name());
            found.wrong(3, format!("{what}; its partner says {there:?}"));
        }
    }
    let mut numbers = BTreeSet::new();
    let done = |it: &&Reversal| matches!(it.state, ReversalState::Succeeded { .. });
    for reversal in order.reversals.iter().filter(done) {
        if !numbers.insert((reversal.terms.kind.name(), &reversal.terms.reference)) {
            let what = format!("{} of order {number}", reversal.terms.reference.order_id);
            found.wrong(2, format!("{what} was given back twice"));
        }
    }
    // A failure without evidence: the money moved, or still may.
    let failed = matches!(order.state, OrderState::Failed { .. });
    if failed && !matches!(trade.state, Standing::Refused(_)) {
        found.wrong(4, format!("order {number} failed; its partner says {:?}", trade.state));
    }
}

/// Invariant 4: everything open came to its end.
fn settled(order: &Order, found: &mut Findings) {
    let number = &order.terms.number;
    if order.is_open() || matches!(order.state, OrderState::Created) {
        found.wrong(4, format!("order {number} is {} in the end", order.state.name()));
    }
    for reversal in order.reversals.iter().filter(|reversal| reversal.is_open()) {
        let what = format!("reversal {} is {}", reversal.terms.query_id, reversal.state.name());
        found.wrong(4, format!("{what} in the end"));
    }
}

/// Invariant 5: each final result has its notices, each confirmed by its receiver or undelivered.
async fn delivered(
    world: &World,
    order: &Order,
    notes: &Notes,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let (owner, number) = (&order.terms.merchant, &order.terms.number);
    let tasks = world.store.tasks_of(owner, number).await?;
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    for task in &tasks {
        if task.value.due_at.is_some() {
            found.wrong(5, format!("task {} is due in the end", task.value.id.as_str()));
        }
        if let TaskBody::Notice(notice) = &task.value.body {
            *told.entry(notice.transaction.to_string()).or_default() += 1;
            arrived(notice, notes, found);
        }
    }
    let journal = world.store.journal_of(number.as_str()).await?;
    for (transaction, count) in expected(order, &journal) {
        let there = told.remove(&transaction).unwrap_or(0);
        if there != count {
            let what = format!("{there} of {count} notices of {transaction} were made");
            found.wrong(5, format!("order {number}: {what}"));
        }
    }
    for transaction in told.keys() {
        found.wrong(5, format!("order {number}: a notice of {transaction}, which has no result"));
    }
    Ok(())
}

fn arrived(notice: &Notice, notes: &Notes, found: &mut Findings) {
    match notice.state {
        NoticeState::Confirmed { .. } if !notes.confirmed.contains_key(&notice.id) => {
            found.wrong(5, format!("notice {} was confirmed by nobody", notice.id));
        }
        NoticeState::Queued | NoticeState::Retrying { .. } => {
            found.wrong(5, format!("notice {} is under way in the end", notice.id));
        }
        NoticeState::Confirmed { .. } | NoticeState::Undelivered { .. } => {}
    }
}

/// How many notices each transaction has, by the journal alone.
fn expected(order: &Order, journal: &[JournalEntry]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    let payment = order.terms.query_id.to_string();
    let kinds = |kind: &str| journal.iter().any(|line| line.kind == kind);
    if order.sale().is_some() {
        if kinds("payment_succeeded") && order.terms.details.back_url.is_some() {
            counts.insert(payment, 1);
        }
        return counts;
    }
    if kinds("payment_succeeded") || kinds("payment_failed") {
        counts.insert(payment, 2);
    }
    let ended = order.reversals.iter().filter(|reversal| !reversal.is_open());
    counts.extend(ended.map(|reversal| (reversal.terms.query_id.to_string(), 2)));
    counts
}

/// Invariant 9: what a limited store took on a day is what its orders of that day say.
async fn takings(
    world: &World,
    orders: &BTreeMap<String, Order>,
    found: &mut Findings,
) -> Result<(), StoreError> {
    let settings = terminal_settings();
    let limited = parties::store(parties::MERCHANTS_COUNT - 1);
    let mut days: BTreeMap<_, u64> = BTreeMap::new();
    for order in orders.values() {
        let is_there = order.sale().is_some_and(|sale| sale.store == limited);
        let taken = if order.settlement().is_some() { order.terms.amount.minor() } else { 0 };
        if is_there {
            *days.entry(settings.day(order.terms.created_at)).or_default() += taken;
        }
    }
    for (day, taken) in days {
        let key = takings_key("store", limited.as_str(), day);
        let counted = world.store.record(TAKINGS, &key).await?;
        let Some(counted) = counted.and_then(|record| record.value.parse::<u64>().ok()) else {
            continue;
        };
        if counted != taken || taken > parties::DAILY_LIMIT_MINOR {
            found.wrong(9, format!("{limited} took {taken} on {day} and counted {counted}"));
        }
    }
    Ok(())
}

/// Invariants 3 and 8: journal and ledger verify from the data alone.
async fn chain_and_ledger(world: &World, found: &mut Findings) -> Result<(), StoreError> {
    let audit = verify::audit(&world.store).await?;
    found.lines = audit.entries;
    found.head = audit.heads.values().cloned().collect();
    if audit.faults > 0 {
        found.wrong(8, format!("the journal: {:?}", audit.named));
    }
    let ledger = verify::ledger(&world.store).await?;
    if ledger.faults > 0 {
        found.wrong(8, format!("the ledger: {:?}", ledger.named));
    }
    for (currency, sum) in ledger.sums {
        if sum != 0 {
            found.wrong(3, format!("the ledger of {currency} is out by {sum}"));
        }
    }
    Ok(())
}
