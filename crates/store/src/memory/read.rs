//! What can be asked of the tables.

use std::collections::{BTreeMap, BTreeSet};

use app::ports::store::{JournalEntry, Lease, NoticeFilter, PostingSum};
use app::writeset::{KeyClaim, Target, Task, TaskBody, TaskId, Versioned};
use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::ledger::Posting;
use domain::notice::NoticeState;
use domain::order::Order;
use jiff::Timestamp;

use super::state::{State, TaskRow};
use crate::limits::{ANSWER_COUNT_MAX, FOUND_COUNT_MAX};

impl State {
    pub(super) fn order_by_number(&self, number: &OrderNumber) -> Option<Versioned<Order>> {
        self.orders.get(number).cloned()
    }

    pub(super) fn by_reference(
        &self,
        owner: &MerchantId,
        reference: &Reference,
    ) -> Option<KeyClaim> {
        self.keys.get(&(owner.clone(), reference.clone())).cloned()
    }

    pub(super) fn references(&self, owner: &MerchantId, order_id: &OrderId) -> Vec<KeyClaim> {
        let of_owner = self.keys.values().filter(|claim| &claim.owner == owner);
        let found = of_owner.filter(|claim| &claim.reference.order_id == order_id);
        found.rev().take(FOUND_COUNT_MAX).cloned().collect()
    }

    pub(super) fn by_name(&self, owner: &MerchantId, name: &str) -> Option<Target> {
        self.names.get(&(owner.clone(), name.to_owned())).cloned()
    }

    pub(super) fn by_query_id(&self, owner: &MerchantId, query_id: &QueryId) -> Option<Target> {
        let (holder, target) = self.transactions.get(query_id)?;
        (holder == owner).then(|| target.clone())
    }

    pub(super) fn find_orders(&self, number: &str) -> Vec<OrderNumber> {
        let order = self.orders.keys().find(|order| order.as_str() == number).cloned();
        let transaction = self.transactions.get(&QueryId::new(number));
        let wanted = OrderId::new(number);
        let referred = self.keys.values().filter(|claim| claim.reference.order_id == wanted);
        let found: BTreeSet<OrderNumber> = order
            .into_iter()
            .chain(transaction.map(|(_, target)| target.order.clone()))
            .chain(referred.map(|claim| claim.target.order.clone()))
            .collect();
        found.into_iter().take(FOUND_COUNT_MAX).collect()
    }

    pub(super) fn claim_due(
        &mut self,
        now: Timestamp,
        lease: &Lease,
        count_max: usize,
    ) -> Vec<Versioned<Task>> {
        let mut due: Vec<(Timestamp, TaskId, (MerchantId, TaskId))> = self
            .tasks
            .iter()
            .filter(|(_, row)| row.task.value.due_at.is_some_and(|due_at| due_at <= now))
            .filter(|(_, row)| self.is_free(row, lease.real_now))
            .filter_map(|(key, row)| Some((row.task.value.due_at?, key.1.clone(), key.clone())))
            .collect();
        due.sort();
        due.truncate(count_max.min(ANSWER_COUNT_MAX));
        let mut claimed = Vec::new();
        for (_, _, key) in due {
            if let Some(row) = self.tasks.get_mut(&key) {
                row.leased_until = Some(lease.lease_until);
                claimed.push(row.task.clone());
            }
        }
        claimed
    }

    /// Whether nobody holds the task and the task before it was attempted or is not there.
    fn is_free(&self, row: &TaskRow, real_now: Timestamp) -> bool {
        let leased = row.leased_until.is_some_and(|until| until > real_now);
        let task = &row.task.value;
        let before =
            task.after.as_ref().and_then(|id| self.tasks.get(&(task.owner.clone(), id.clone())));
        !leased && before.is_none_or(|before| before.task.value.attempts > 0)
    }

    pub(super) fn task(&self, owner: &MerchantId, id: &TaskId) -> Option<Versioned<Task>> {
        self.tasks.get(&(owner.clone(), id.clone())).map(|row| row.task.clone())
    }

    pub(super) fn next_due(&self, real_now: Timestamp) -> Option<Timestamp> {
        let open = self.tasks.values().filter(|row| row.task.value.due_at.is_some());
        let free = open.filter(|row| self.is_free(row, real_now));
        free.filter_map(|row| row.task.value.due_at).min()
    }

    pub(super) fn tasks_of(&self, owner: &MerchantId, order: &OrderNumber) -> Vec<Versioned<Task>> {
        self.tasks_made_in_order(|task| &task.owner == owner && &task.order == order)
            .take(ANSWER_COUNT_MAX)
            .collect()
    }

    pub(super) fn notices(&self, filter: NoticeFilter) -> Vec<Versioned<Task>> {
        let wanted = |task: &Task| match &task.body {
            TaskBody::Close | TaskBody::Inquire { .. } => false,
            TaskBody::Notice(notice) => match notice.state {
                NoticeState::Queued | NoticeState::Confirmed { .. } => false,
                NoticeState::Retrying { .. } => !filter.undelivered_only,
                NoticeState::Undelivered { .. } => true,
            },
        };
        let count_max = filter.count_max.min(ANSWER_COUNT_MAX);
        self.tasks_made_in_order(wanted).rev().take(count_max).collect()
    }

    fn tasks_made_in_order(
        &self,
        wanted: impl Fn(&Task) -> bool,
    ) -> impl DoubleEndedIterator<Item = Versioned<Task>> {
        let found: BTreeMap<u64, Versioned<Task>> = self
            .tasks
            .values()
            .filter(|row| wanted(&row.task.value))
            .map(|row| (row.made, row.task.clone()))
            .collect();
        found.into_values()
    }

    pub(super) fn journal_of(&self, stream: &str) -> Vec<JournalEntry> {
        let entries = self.journal.iter().filter(|entry| entry.stream == stream);
        entries.take(ANSWER_COUNT_MAX).cloned().collect()
    }

    pub(super) fn journal_after(
        &self,
        lane: u32,
        sequence: u64,
        count_max: usize,
    ) -> Vec<JournalEntry> {
        let entries = self.journal.iter().filter(|entry| entry.lane == lane);
        let after = entries.filter(|entry| entry.sequence > sequence);
        after.take(count_max.min(ANSWER_COUNT_MAX)).cloned().collect()
    }

    pub(super) fn journal_lanes(&self) -> Vec<u32> {
        let lanes: BTreeSet<u32> = self.journal.iter().map(|entry| entry.lane).collect();
        lanes.into_iter().collect()
    }

    pub(super) fn orders_after(
        &self,
        number: Option<&OrderNumber>,
        count_max: usize,
    ) -> Vec<Versioned<Order>> {
        let after = self.orders.iter().filter(|(key, _)| number.is_none_or(|it| *key > it));
        after.take(count_max.min(ANSWER_COUNT_MAX)).map(|(_, order)| order.clone()).collect()
    }

    pub(super) fn postings_of(&self, owner: &MerchantId, order: &OrderNumber) -> Vec<Posting> {
        let of_order = self.postings.iter().filter(|(key, _)| &key.0 == owner && &key.1 == order);
        of_order.take(ANSWER_COUNT_MAX).map(|(_, posting)| posting.clone()).collect()
    }

    pub(super) fn posting_sums(&self) -> Vec<PostingSum> {
        let mut sums: BTreeMap<&str, PostingSum> = BTreeMap::new();
        for posting in self.postings.values() {
            let sum = sums.entry(posting.currency.numeric()).or_insert(PostingSum {
                currency: posting.currency,
                minor: 0,
                count: 0,
            });
            sum.minor = sum.minor.saturating_add(i128::from(posting.minor));
            sum.count = sum.count.saturating_add(1);
        }
        sums.into_values().collect()
    }

    pub(super) fn record(&self, space: &str, key: &str) -> Option<Versioned<String>> {
        self.records.get(&(space.to_owned(), key.to_owned())).map(|row| row.body.clone())
    }

    pub(super) fn records(
        &self,
        space: &str,
        after: Option<&str>,
        count_max: usize,
    ) -> Vec<(String, Versioned<String>)> {
        let of_space = self.records.iter().filter(|((it, _), _)| it == space);
        of_space
            .filter(|((_, key), _)| after.is_none_or(|after| key.as_str() > after))
            .take(count_max.min(ANSWER_COUNT_MAX))
            .map(|((_, key), row)| (key.clone(), row.body.clone()))
            .collect()
    }

    pub(super) fn forget_expired(&mut self, now: Timestamp, real_now: Timestamp) -> u64 {
        let before = self.records.len().saturating_add(self.seen.len());
        self.records.retain(|_, row| row.expires_at.is_none_or(|expires_at| expires_at >= now));
        self.seen.retain(|_, until| *until >= real_now);
        let after = self.records.len().saturating_add(self.seen.len());
        u64::try_from(before.saturating_sub(after)).unwrap_or(u64::MAX)
    }
}
