//! A bounded memory of what was seen, oldest forgotten first.

use std::collections::{HashSet, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

/// Remembers up to a number of keys.
pub(crate) struct Once<K> {
    entries_max: usize,
    seen: Mutex<(HashSet<K>, VecDeque<K>)>,
}

impl<K: Hash + Eq + Clone> Once<K> {
    /// Remembers up to `entries_max` keys, at least one.
    pub(crate) fn new(entries_max: usize) -> Self {
        Self { entries_max: entries_max.max(1), seen: Mutex::default() }
    }

    /// Whether the key is new; it is remembered then.
    pub(crate) fn first(&self, key: K) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (set, order) = &mut *seen;
        if !set.insert(key.clone()) {
            return false;
        }
        order.push_back(key);
        if order.len() > self.entries_max
            && let Some(oldest) = order.pop_front()
        {
            set.remove(&oldest);
        }
        true
    }

    /// Forgets a key, so that it counts as new again.
    pub(crate) fn forget(&self, key: &K) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.0.remove(key) {
            seen.1.retain(|one| one != key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_new_once_and_the_oldest_goes_first() {
        let once = Once::new(2);
        assert!(once.first(1));
        assert!(!once.first(1));
        assert!(once.first(2));
        assert!(once.first(3));
        assert!(!once.first(2), "2 is still within the bound");
        assert!(once.first(1), "1 was forgotten when 3 came");
        once.forget(&3);
        assert!(once.first(3));
    }
}
