//! Who runs now, who waits, who is left to its lease.
//!
//! Goal: a receiver that is dead or slow fills its own lane and no other. Each lane runs at most
//! [`LANE_RUNNING_COUNT_MAX`] jobs at the same time and lets a bounded number wait; claims are
//! limited so that all lanes together never run more than [`RUNNING_COUNT_MAX`].

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use crate::limits::{
    LANE_RUNNING_COUNT_MAX, LANE_WAITING_COUNT_MAX, RUNNING_COUNT_MAX, WAITING_COUNT_MAX,
};

/// The lanes. `L` names a lane, `K` a job, which is in hand at most once.
pub(super) struct Lanes<L, K, J> {
    by_name: HashMap<L, Lane<J>>,
    in_hand: HashSet<K>,
    running: usize,
    waiting: usize,
}

struct Lane<J> {
    running: usize,
    waiting: VecDeque<J>,
}

/// What to do with a job.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offer<J> {
    /// Start it.
    Start(J),
    /// It waits for its turn.
    Waits,
    /// There is no room: leave it.
    Left,
}

impl<L: Eq + Hash + Clone, K: Eq + Hash, J> Lanes<L, K, J> {
    pub(super) fn new() -> Self {
        Self { by_name: HashMap::new(), in_hand: HashSet::new(), running: 0, waiting: 0 }
    }

    /// How many more may be claimed.
    pub(super) fn room(&self) -> usize {
        RUNNING_COUNT_MAX.saturating_sub(self.running)
    }

    /// Takes a job in hand; `false` when it is already, because its lease lapsed meanwhile.
    pub(super) fn take(&mut self, key: K) -> bool {
        self.in_hand.insert(key)
    }

    /// The job is no longer in hand.
    pub(super) fn give_up(&mut self, key: &K) {
        self.in_hand.remove(key);
    }

    /// Offers a job to its lane.
    pub(super) fn offer(&mut self, lane: &L, job: J) -> Offer<J> {
        let place = self
            .by_name
            .entry(lane.clone())
            .or_insert_with(|| Lane { running: 0, waiting: VecDeque::new() });
        if place.running < LANE_RUNNING_COUNT_MAX {
            place.running = place.running.saturating_add(1);
            self.running = self.running.saturating_add(1);
            return Offer::Start(job);
        }
        if place.waiting.len() >= LANE_WAITING_COUNT_MAX || self.waiting >= WAITING_COUNT_MAX {
            return Offer::Left;
        }
        place.waiting.push_back(job);
        self.waiting = self.waiting.saturating_add(1);
        Offer::Waits
    }

    /// A job of the lane ended: the next one of it, or one place less in use.
    pub(super) fn ended(&mut self, lane: &L) -> Option<J> {
        let place = self.by_name.get_mut(lane)?;
        if let Some(next) = place.waiting.pop_front() {
            self.waiting = self.waiting.saturating_sub(1);
            return Some(next);
        }
        place.running = place.running.saturating_sub(1);
        self.running = self.running.saturating_sub(1);
        if place.running == 0 {
            self.by_name.remove(lane);
        }
        None
    }

    /// Lets all that wait go; they are left to their leases.
    pub(super) fn clear_waiting(&mut self) -> Vec<J> {
        self.waiting = 0;
        self.by_name.values_mut().flat_map(|lane| lane.waiting.drain(..)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_full_lane_leaves_the_others_alone() {
        let mut lanes: Lanes<&str, usize, usize> = Lanes::new();
        for job in 0..LANE_RUNNING_COUNT_MAX {
            assert_eq!(lanes.offer(&"dead", job), Offer::Start(job));
        }
        for job in 0..LANE_WAITING_COUNT_MAX {
            assert_eq!(lanes.offer(&"dead", job), Offer::Waits);
        }
        assert_eq!(lanes.offer(&"dead", 0), Offer::Left);
        assert_eq!(lanes.offer(&"alive", 1), Offer::Start(1));
        assert_eq!(lanes.room(), RUNNING_COUNT_MAX - LANE_RUNNING_COUNT_MAX - 1);
    }

    #[test]
    fn a_job_is_in_hand_once() {
        let mut lanes: Lanes<&str, usize, usize> = Lanes::new();
        assert!(lanes.take(7));
        assert!(!lanes.take(7));
        lanes.give_up(&7);
        assert!(lanes.take(7));
    }

    proptest! {
        /// Any order of offers and endings: the counts agree, a lane is served in order, and no
        /// lane runs more than its share.
        #[test]
        fn lanes_keep_order_and_count(
            steps in prop::collection::vec((0_u8..4, any::<bool>()), 0..2000),
        ) {
            let mut lanes: Lanes<u8, usize, usize> = Lanes::new();
            let mut running: BTreeMap<u8, usize> = BTreeMap::new();
            let mut waiting: BTreeMap<u8, VecDeque<usize>> = BTreeMap::new();
            for (job, (lane, offered)) in steps.into_iter().enumerate() {
                let in_lane = running.entry(lane).or_default();
                if offered {
                    match lanes.offer(&lane, job) {
                        Offer::Start(started) => {
                            prop_assert_eq!(started, job);
                            prop_assert!(waiting.get(&lane).is_none_or(VecDeque::is_empty));
                            *in_lane += 1;
                        }
                        Offer::Waits => waiting.entry(lane).or_default().push_back(job),
                        Offer::Left => prop_assert!(*in_lane == LANE_RUNNING_COUNT_MAX),
                    }
                } else if *in_lane > 0 {
                    let expected = waiting.entry(lane).or_default().pop_front();
                    prop_assert_eq!(lanes.ended(&lane), expected);
                    if expected.is_none() {
                        *in_lane -= 1;
                    }
                }
                prop_assert!(*in_lane <= LANE_RUNNING_COUNT_MAX);
                let all: usize = running.values().sum();
                prop_assert_eq!(lanes.room(), RUNNING_COUNT_MAX - all);
            }
        }
    }
}
