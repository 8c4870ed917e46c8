//! Who runs now, who waits, who is parked until there is room.
//!
//! Goal: a receiver that is dead or slow fills its own lane and no other. A lane runs at most
//! [`LANE_RUNNING_COUNT_MAX`] jobs; others wait, bounded; of more only the names are kept, so that
//! they can be given back as the lane moves. It has little of each of the three kinds of room until
//! one of its jobs ended soon, and never more than a part of what is free: those that fill theirs
//! leave some to whoever comes later. What has no place at all is left to its lease.
//!
//! Invariants: in a lane where something waits something runs; what runs in all is never more than
//! [`RUNNING_COUNT_MAX`].

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use jiff::Timestamp;

use crate::limits::{
    AHEAD_COUNT_MAX, GIVEN_BACK_COUNT_MAX, LANE_AHEAD_COUNT_MAX, LANE_RUNNING_COUNT_MAX,
    LANE_WAITING_COUNT_MAX, LANE_WAITING_LOW, PARKED_COUNT_MAX, PARKED_PART, RUNNING_COUNT_MAX,
    RUNNING_PART, UNPROVEN_PARKED_PART, UNPROVEN_RUNNING_COUNT_MAX, UNPROVEN_WAITING_COUNT_MAX,
    WAITING_COUNT_MAX, WAITING_PART,
};

/// The lanes. `L` names a lane, `K` a job, which is in hand at most once, `P` is what is kept of
/// one that is parked.
pub(super) struct Lanes<L, K, J, P> {
    by_name: HashMap<L, Lane<J, P>>,
    /// What is in hand, each with what was claimed under its name again meanwhile, if anything,
    /// and the instant until which that may be given back.
    in_hand: HashMap<K, Option<(Timestamp, P)>>,
    /// Lanes that may run more of what waits in them.
    ready: Vec<L>,
    running: usize,
    waiting: usize,
    parked: usize,
    ahead: usize,
}

struct Lane<J, P> {
    running: usize,
    waiting: VecDeque<J>,
    /// Each with the instant until which it may be given back.
    parked: VecDeque<(Timestamp, P)>,
    /// The last job that ended did so soon.
    moves: bool,
}

impl<J, P> Lane<J, P> {
    /// What it counts of what was claimed ahead.
    fn ahead(&self) -> usize {
        if self.moves { self.waiting.len().min(LANE_AHEAD_COUNT_MAX) } else { 0 }
    }

    fn is_empty(&self) -> bool {
        self.running == 0 && self.waiting.is_empty() && self.parked.is_empty()
    }

    /// How many it may run when so many run in all lanes.
    fn running_max(&self, running: usize) -> usize {
        let own = if self.moves { LANE_RUNNING_COUNT_MAX } else { UNPROVEN_RUNNING_COUNT_MAX };
        part_of(RUNNING_COUNT_MAX, running, RUNNING_PART).min(own)
    }

    /// How many may wait in it when so many wait in all lanes.
    fn waiting_max(&self, waiting: usize) -> usize {
        let own = if self.moves { LANE_WAITING_COUNT_MAX } else { UNPROVEN_WAITING_COUNT_MAX };
        part_of(WAITING_COUNT_MAX, waiting, WAITING_PART).min(own)
    }

    /// How many may be parked for it when so many are for all lanes.
    fn parked_max(&self, parked: usize) -> usize {
        let part = if self.moves { PARKED_PART } else { UNPROVEN_PARKED_PART };
        part_of(PARKED_COUNT_MAX, parked, part)
    }
}

/// A part of what is free, at least one if anything is.
fn part_of(count_max: usize, used: usize, part: usize) -> usize {
    count_max.saturating_sub(used).div_ceil(part)
}

/// What to do with a job.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offer<J> {
    /// Start it.
    Start(J),
    /// It waits for its turn.
    Waits,
    /// There is no room: park it.
    Full(J),
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Soon.
    Soon,
    /// After a long time.
    Slow,
    /// It was not begun.
    Unbegun,
}

/// What follows the end of a job.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct After<J, P> {
    /// The next one of the lane; otherwise one place less is in use.
    pub(super) next: Option<J>,
    /// To be given back to the store: there is room for them.
    pub(super) back: Vec<P>,
}

impl<L: Eq + Hash + Clone, K: Eq + Hash, J, P> Lanes<L, K, J, P> {
    pub(super) fn new() -> Self {
        Self {
            by_name: HashMap::new(),
            in_hand: HashMap::new(),
            ready: Vec::new(),
            running: 0,
            waiting: 0,
            parked: 0,
            ahead: 0,
        }
    }

    /// Whether enough was claimed for now.
    pub(super) fn is_ahead(&self) -> bool {
        self.ahead >= AHEAD_COUNT_MAX
    }

    /// Takes a job in hand; `false` when it is already: somebody brought the task forward, or its
    /// lease lapsed meanwhile. Then this claim is kept until the job is no longer in hand.
    pub(super) fn take(&mut self, key: K, until: Timestamp, again: impl FnOnce() -> P) -> bool {
        match self.in_hand.entry(key) {
            Entry::Vacant(place) => {
                place.insert(None);
                true
            }
            Entry::Occupied(mut place) => {
                place.insert(Some((until, again())));
                false
            }
        }
    }

    /// The job is no longer in hand. Returns what was claimed under its name meanwhile: to be given
    /// back, or it would be left to its lease.
    pub(super) fn give_up(&mut self, key: &K, real_now: Timestamp) -> Option<P> {
        let again = self.in_hand.remove(key)?;
        again.and_then(|(until, what)| (until > real_now).then_some(what))
    }

    fn lane(&mut self, name: &L) -> &mut Lane<J, P> {
        self.by_name.entry(name.clone()).or_insert_with(|| Lane {
            running: 0,
            waiting: VecDeque::new(),
            parked: VecDeque::new(),
            moves: false,
        })
    }

    /// Offers a job to its lane.
    pub(super) fn offer(&mut self, name: &L, job: J) -> Offer<J> {
        let (running, waiting) = (self.running, self.waiting);
        let lane = self.lane(name);
        if lane.waiting.is_empty() && lane.running < lane.running_max(running) {
            lane.running += 1;
            self.running += 1;
            return Offer::Start(job);
        }
        if lane.running == 0 || lane.waiting.len() >= lane.waiting_max(waiting) {
            return Offer::Full(job);
        }
        let before = lane.ahead();
        lane.waiting.push_back(job);
        let after = lane.ahead();
        self.waiting += 1;
        self.ahead = self.ahead + after - before;
        Offer::Waits
    }

    /// Keeps the name of a job that is not in hand, until there is room or its lease is nearly
    /// over; `false` when there is no room for that either. One that had its turn before comes
    /// first.
    pub(super) fn park(&mut self, name: &L, until: Timestamp, what: P, first: bool) -> bool {
        let parked = self.parked;
        let lane = self.lane(name);
        if lane.parked.len() >= lane.parked_max(parked) {
            return false;
        }
        if first {
            lane.parked.push_front((until, what));
        } else {
            lane.parked.push_back((until, what));
        }
        self.parked += 1;
        true
    }

    /// A job of the lane ended.
    pub(super) fn ended(&mut self, name: &L, end: End, real_now: Timestamp) -> After<J, P> {
        let mut after = After { next: None, back: Vec::new() };
        let Some(lane) = self.by_name.get_mut(name) else { return after };
        let ahead = lane.ahead();
        match end {
            End::Soon => lane.moves = true,
            End::Slow => lane.moves = false,
            End::Unbegun => {}
        }
        lane.running = lane.running.saturating_sub(1);
        self.running = self.running.saturating_sub(1);
        let running_max = lane.running_max(self.running).max(1);
        if lane.running < running_max
            && let Some(next) = lane.waiting.pop_front()
        {
            lane.running += 1;
            self.running += 1;
            self.waiting -= 1;
            after.next = Some(next);
        }
        if lane.running < running_max && !lane.waiting.is_empty() {
            self.ready.push(name.clone());
        }
        while lane.waiting.len() < LANE_WAITING_LOW
            && after.back.len() < GIVEN_BACK_COUNT_MAX
            && let Some((until, what)) = lane.parked.pop_front()
        {
            self.parked -= 1;
            if until > real_now {
                after.back.push(what);
            }
        }
        self.ahead = self.ahead + lane.ahead() - ahead;
        if lane.is_empty() {
            self.by_name.remove(name);
        }
        after
    }

    /// Jobs that waited in lanes which may run more by now.
    pub(super) fn start_more(&mut self) -> Vec<(L, J)> {
        let mut started = Vec::new();
        for name in std::mem::take(&mut self.ready) {
            let Some(lane) = self.by_name.get_mut(&name) else { continue };
            let before = lane.ahead();
            while lane.running < lane.running_max(self.running)
                && let Some(job) = lane.waiting.pop_front()
            {
                lane.running += 1;
                self.running += 1;
                self.waiting -= 1;
                started.push((name.clone(), job));
            }
            self.ahead = self.ahead + lane.ahead() - before;
        }
        started
    }

    /// Forgets what is parked and may no longer be given back.
    pub(super) fn forget_lapsed(&mut self, real_now: Timestamp) {
        for lane in self.by_name.values_mut() {
            let before = lane.parked.len();
            lane.parked.retain(|(until, _)| *until > real_now);
            self.parked -= before - lane.parked.len();
        }
        self.by_name.retain(|_, lane| !lane.is_empty());
    }

    /// Lets all that wait go; they are left to their leases.
    pub(super) fn clear_waiting(&mut self) -> Vec<J> {
        (self.waiting, self.parked, self.ahead) = (0, 0, 0);
        self.ready.clear();
        let lanes = self.by_name.values_mut();
        let waiting = lanes.flat_map(|lane| {
            lane.parked.clear();
            lane.waiting.drain(..)
        });
        waiting.collect()
    }
}

#[cfg(test)]
mod tests;
