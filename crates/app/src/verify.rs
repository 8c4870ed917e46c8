//! Verification from the data alone: the journal's chain, and the ledger recomputed from events.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::ids::OrderNumber;
use domain::ledger::{self, Posting};
use domain::order::Order;
use domain::{Event, apply};
use serde::Serialize;

use crate::journal::{self, GENESIS};
use crate::limits::PAGE_COUNT_MAX;
use crate::ports::store::{JournalEntry, Store, StoreError};

/// How many faults a report names; all are counted.
const FAULTS_NAMED_MAX: usize = 20;

/// What the audit found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct AuditReport {
    /// Lines checked.
    pub entries: u64,
    /// Lanes checked, with the hash of the last line of each (hexadecimal).
    pub heads: BTreeMap<u32, String>,
    /// Faults found.
    pub faults: u64,
    /// The first of them.
    pub named: Vec<String>,
}

/// What the ledger check found.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LedgerReport {
    /// Orders replayed from their events.
    pub orders: u64,
    /// Postings compared.
    pub postings: u64,
    /// Sum of all postings per currency, minor units; each zero.
    pub sums: BTreeMap<String, i64>,
    /// Faults found.
    pub faults: u64,
    /// The first of them.
    pub named: Vec<String>,
}

impl AuditReport {
    fn fault(&mut self, text: String) {
        note(&mut self.faults, &mut self.named, text);
    }
}

impl LedgerReport {
    fn fault(&mut self, text: String) {
        note(&mut self.faults, &mut self.named, text);
    }
}

fn note(count: &mut u64, named: &mut Vec<String>, text: String) {
    *count = count.saturating_add(1);
    if named.len() < FAULTS_NAMED_MAX {
        named.push(text);
    }
}

/// Walks every lane of the journal: no gap, each hash over the one before.
///
/// # Errors
/// The store's.
pub async fn audit(store: &dyn Store) -> Result<AuditReport, StoreError> {
    let mut report = AuditReport::default();
    for lane in store.journal_lanes().await? {
        let mut before = (0_u64, GENESIS);
        loop {
            let page = store.journal_after(lane, before.0, PAGE_COUNT_MAX).await?;
            if page.is_empty() {
                break;
            }
            for entry in &page {
                before = chained(&mut report, before, entry);
            }
        }
        report.heads.insert(lane, hex(&before.1));
    }
    Ok(report)
}

fn chained(
    report: &mut AuditReport,
    before: (u64, [u8; 32]),
    entry: &JournalEntry,
) -> (u64, [u8; 32]) {
    report.entries = report.entries.saturating_add(1);
    let place = format!("lane {} line {}", entry.lane, entry.sequence);
    if entry.sequence != before.0.saturating_add(1) {
        report.fault(format!("{place}: lines are missing after {}", before.0));
    }
    if entry.previous != before.1 {
        report.fault(format!("{place}: does not follow on the line before"));
    }
    if journal::hash(entry) != entry.hash {
        report.fault(format!("{place}: was changed"));
    }
    (entry.sequence, entry.hash)
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Replays each order from its events, compares it with what is stored, computes its postings
/// again, and sums the ledger. Orders that change while the check runs are read again.
///
/// # Errors
/// The store's.
pub async fn ledger(store: &dyn Store) -> Result<LedgerReport, StoreError> {
    let mut report = LedgerReport::default();
    let mut after: Option<OrderNumber> = None;
    loop {
        let page = store.orders_after(after.as_ref(), PAGE_COUNT_MAX).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.value.terms.number.clone());
        for order in page {
            report.orders = report.orders.saturating_add(1);
            if let Some(fault) = settled_order(store, &order.value, &mut report).await? {
                report.fault(format!("order {}: {fault}", order.value.terms.number));
            }
        }
    }
    for sum in store.posting_sums().await? {
        let minor = i64::try_from(sum.minor).unwrap_or(i64::MAX);
        report.sums.insert(sum.currency.to_string(), minor);
        if sum.minor != 0 {
            report.fault(format!("{} is out of balance by {}", sum.currency, sum.minor));
        }
    }
    Ok(report)
}

/// Checks one order; a second look forgives what changed between the reads.
async fn settled_order(
    store: &dyn Store,
    order: &Order,
    report: &mut LedgerReport,
) -> Result<Option<String>, StoreError> {
    let mut order = order.clone();
    let mut fault = None;
    for _ in 0..3 {
        let (found, count) = one_order(store, &order).await?;
        if found.is_none() {
            report.postings = report.postings.saturating_add(count);
            return Ok(None);
        }
        fault = found;
        match store.order(&order.terms.merchant, &order.terms.number).await? {
            Some(again) => order = again.value,
            None => break,
        }
    }
    Ok(fault)
}

async fn one_order(store: &dyn Store, order: &Order) -> Result<(Option<String>, u64), StoreError> {
    let journal = store.journal_of(order.terms.number.as_str()).await?;
    let stored = store.postings_of(&order.terms.merchant, &order.terms.number).await?;
    let count = u64::try_from(stored.len()).unwrap_or(u64::MAX);
    let (replayed, postings) = match replay(&journal) {
        Ok(replayed) => replayed,
        Err(fault) => return Ok((Some(fault), count)),
    };
    let fault = if replayed.as_ref() != Some(order) {
        Some("the stored state is not what its events tell".to_owned())
    } else if !same_postings(&stored, &postings) {
        Some("the stored postings are not what its events tell".to_owned())
    } else if !ledger::balances(&stored) {
        Some("its postings do not sum to zero".to_owned())
    } else {
        None
    };
    Ok((fault, count))
}

fn replay(journal: &[JournalEntry]) -> Result<(Option<Order>, Vec<Posting>), String> {
    let mut order: Option<Order> = None;
    let mut postings = Vec::new();
    for entry in journal {
        let event: Event = serde_json::from_str(&entry.body)
            .map_err(|error| format!("line {}: unreadable event: {error}", entry.sequence))?;
        let next = match (order, &event) {
            (None, Event::Submitted { terms }) => Order::submitted(Arc::clone(terms)),
            (None, _) => return Err("its first event is not its submission".to_owned()),
            (Some(before), event) => apply(before, event).map_err(|error| error.to_string())?,
        };
        postings.extend(ledger::postings(&next, &event));
        order = Some(next);
    }
    Ok((order, postings))
}

fn same_postings(a: &[Posting], b: &[Posting]) -> bool {
    let key = |p: &Posting| (p.transaction.clone(), p.account.clone(), p.minor, p.currency);
    let sorted = |list: &[Posting]| {
        let mut keys: Vec<_> = list.iter().map(key).collect();
        keys.sort();
        keys
    };
    sorted(a) == sorted(b)
}
