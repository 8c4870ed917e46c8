//! What a write set must be like before any store looks at it: a set that breaks a rule is a fault
//! of the program and is refused as damaged, never written.

use std::collections::BTreeSet;

use app::ports::StoreError;
use app::writeset::{Target, TargetKind, TaskWrite, WriteSet};
use domain::ids::{MerchantId, QueryId};

use crate::limits::PARTS_COUNT_MAX;

/// Checks the rules that need no stored state: the ledger balances, every part has what its row
/// needs, and nothing is named twice.
pub(crate) fn check(set: &WriteSet) -> Result<(), StoreError> {
    match fault(set) {
        None => Ok(()),
        Some(reason) => {
            Err(StoreError::Damaged { what: "write set".to_owned(), reason: reason.to_owned() })
        }
    }
}

fn fault(set: &WriteSet) -> Option<&'static str> {
    let counts = [
        set.events.len(),
        set.postings.len(),
        set.keys.len(),
        set.tasks.len(),
        set.records.len(),
        set.operations.len(),
    ];
    if counts.iter().any(|count| *count > PARTS_COUNT_MAX) {
        return Some("it has too many parts");
    }
    if !domain::ledger::balances(&set.postings) {
        return Some("its postings do not sum to zero");
    }
    if set.order.is_none() && !(set.events.is_empty() && set.postings.is_empty()) {
        return Some("it has events or postings without an order");
    }
    if set.at.is_none() && !(set.events.is_empty() && set.operations.is_empty()) {
        return Some("it has journal entries without a time");
    }
    if !distinct(set.keys.iter().map(|claim| (&claim.owner, &claim.reference))) {
        return Some("it claims one reference twice");
    }
    if !distinct(set.tasks.iter().map(|write| match write {
        TaskWrite::Insert(task) | TaskWrite::Replace { task, .. } => (&task.owner, &task.id),
    })) {
        return Some("it names one task twice");
    }
    if !distinct(set.records.iter().map(|record| (record.space, &record.key))) {
        return Some("it names one document twice");
    }
    None
}

fn distinct<T: Ord>(keys: impl Iterator<Item = T>) -> bool {
    let mut seen = BTreeSet::new();
    keys.into_iter().all(|key| seen.insert(key))
}

/// The numbers by which the transactions of a write set are found: the new order's payment and
/// all that is claimed.
pub(crate) fn transactions(set: &WriteSet) -> Vec<(QueryId, (MerchantId, Target))> {
    let order = set.order.iter().filter(|write| write.expected.is_none()).map(|write| {
        let terms = &write.order.terms;
        let target = Target {
            order: terms.number.clone(),
            query_id: terms.query_id.clone(),
            kind: TargetKind::Payment,
        };
        (terms.query_id.clone(), (terms.merchant.clone(), target))
    });
    let claims = set
        .keys
        .iter()
        .map(|claim| (claim.target.query_id.clone(), (claim.owner.clone(), claim.target.clone())));
    let mut all: Vec<_> = order.chain(claims).collect();
    all.dedup();
    all
}
