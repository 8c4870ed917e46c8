//! Tasks that this node holds and could not begin or record because the store failed.
//!
//! Goal: they are free again as soon as the store is back, and do not wait for a lease of a node
//! that lives. Once: a task that fails again before that lease would have lapsed is left to the
//! next one, so that whatever fails with it is not tried in a circle.

use std::collections::HashMap;
use std::hash::Hash;

use jiff::Timestamp;

/// The tasks. `K` names a task, `T` is what gives it back.
pub(super) struct Mislaid<K, T> {
    waiting: Vec<T>,
    /// Given back before: until when it is not given back again.
    before: HashMap<K, Timestamp>,
    count_max: usize,
}

impl<K: Eq + Hash, T> Mislaid<K, T> {
    /// For so many at most; more are left to their leases.
    pub(super) fn new(count_max: usize) -> Self {
        Self { waiting: Vec::new(), before: HashMap::new(), count_max }
    }

    /// Remembers a task whose lease lapses then; real time.
    pub(super) fn add(&mut self, key: K, task: T, lease_until: Timestamp, real_now: Timestamp) {
        self.before.retain(|_, until| *until > real_now);
        let is_room = self.waiting.len().max(self.before.len()) < self.count_max;
        if is_room && !self.before.contains_key(&key) {
            self.before.insert(key, lease_until);
            self.waiting.push(task);
        }
    }

    /// What is to be given back; the caller puts back what could not be.
    pub(super) fn take(&mut self) -> Vec<T> {
        std::mem::take(&mut self.waiting)
    }

    /// These could not be given back yet.
    pub(super) fn put_back(&mut self, rest: impl Iterator<Item = T>) {
        self.waiting.extend(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn a_task_is_given_back_once_a_lease() {
        let mut mislaid = Mislaid::new(2);
        mislaid.add("a", 1, at(90), at(0));
        assert_eq!(mislaid.take(), [1]);
        mislaid.add("a", 1, at(95), at(5));
        assert_eq!(mislaid.take(), [0; 0], "it failed again: its lease is waited for");
        mislaid.add("a", 1, at(185), at(95));
        assert_eq!(mislaid.take(), [1]);
    }

    #[test]
    fn what_could_not_be_given_back_waits_and_there_is_a_bound() {
        let mut mislaid = Mislaid::new(2);
        for (key, task) in [("a", 1), ("b", 2), ("c", 3)] {
            mislaid.add(key, task, at(90), at(0));
        }
        let taken = mislaid.take();
        assert_eq!(taken, [1, 2]);
        mislaid.put_back(taken.into_iter().skip(1));
        assert_eq!(mislaid.take(), [2]);
    }
}
