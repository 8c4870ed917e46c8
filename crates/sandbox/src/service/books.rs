//! All bills of one service, kept over a restart.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::bill::Bill;
use crate::journal::Journal;
use crate::limits::BILLS_MAX;
use crate::partners::StartError;

/// The bills, found by their own number and by the numbers of their orders.
pub(crate) struct Books {
    journal: Journal,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    bills: HashMap<String, Bill>,
    newest_last: Vec<String>,
    by_order: HashMap<String, String>,
}

impl Inner {
    fn insert(&mut self, bill: Bill) {
        self.index(&bill);
        if !self.bills.contains_key(&bill.id) {
            self.newest_last.push(bill.id.clone());
        }
        self.bills.insert(bill.id.clone(), bill);
    }

    fn index(&mut self, bill: &Bill) {
        let orders = bill.attempts.iter().map(|one| &one.order_id);
        let reversals = bill.reversals.iter().map(|one| &one.order_id);
        for order_id in orders.chain(reversals) {
            self.by_order.insert(order_id.clone(), bill.id.clone());
        }
    }
}

impl Books {
    pub(crate) fn open(folder: Option<&Path>, name: &str) -> Result<Self, StartError> {
        let (journal, kept) = Journal::open(folder, name, |bill: &Bill| bill.id.clone())?;
        let mut inner = Inner::default();
        for bill in kept {
            inner.insert(bill);
        }
        Ok(Self { journal, inner: Mutex::new(inner) })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a bill; false when there are too many.
    pub(crate) fn add(&self, bill: Bill) -> bool {
        let mut inner = self.inner();
        if inner.bills.len() >= BILLS_MAX {
            return false;
        }
        self.journal.append(&bill);
        inner.insert(bill);
        true
    }

    /// A bill by its number.
    pub(crate) fn bill(&self, id: &str) -> Option<Bill> {
        self.inner().bills.get(id).cloned()
    }

    /// The newest bills of a user.
    pub(crate) fn of_user(&self, channel_code: &str, user_id: &str, shown: usize) -> Vec<Bill> {
        let inner = self.inner();
        let bills = inner.newest_last.iter().rev().filter_map(|id| inner.bills.get(id));
        let own = |bill: &&Bill| bill.channel_code == channel_code && bill.user_id == user_id;
        bills.filter(own).take(shown).cloned().collect()
    }

    /// Changes a bill and keeps it.
    pub(crate) fn change<T>(&self, id: &str, change: impl FnOnce(&mut Bill) -> T) -> Option<T> {
        let mut inner = self.inner();
        let mut bill = inner.bills.get(id)?.clone();
        let result = change(&mut bill);
        self.journal.append(&bill);
        inner.insert(bill);
        Some(result)
    }

    /// As [`Self::change`], for the bill that has this order or reversal.
    pub(crate) fn change_by_order<T>(
        &self,
        order_id: &str,
        change: impl FnOnce(&mut Bill) -> T,
    ) -> Option<T> {
        let id = self.inner().by_order.get(order_id).cloned()?;
        self.change(&id, change)
    }

    pub(crate) fn clear(&self) -> Result<(), StartError> {
        *self.inner() = Inner::default();
        self.journal.clear()
    }
}
