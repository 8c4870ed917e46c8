//! Which UUIDs were used within the last 10 minutes (security 1, check 9).
//!
//! Goal: bounded memory under any load. When the window is full it refuses new messages
//! instead of forgetting old ones, because forgetting would let a replay through.

use std::collections::VecDeque;
use std::collections::hash_map::{Entry, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use super::header::is_uuid;
use crate::limits::{REPLAY_ENTRIES_MAX, REPLAY_SHARDS, REPLAY_WINDOW_SECONDS};

/// Characters of an application id (security 1).
const APP_ID_CHARS: usize = 8;

/// What the window says about a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Not seen within 10 minutes; remembered now.
    Fresh,
    /// Seen within 10 minutes, or not of the form that could be remembered.
    Seen,
    /// No room to remember it.
    Full,
}

type Key = ([u8; APP_ID_CHARS], u128);

#[derive(Default)]
struct Shard {
    /// Last real second at which each key is still remembered. It is included: a time stamp
    /// 300 s ahead is accepted until 300 s have passed, to the second.
    expiry: HashMap<Key, i64>,
    /// The same in the order of arrival.
    order: VecDeque<(i64, Key)>,
}

impl Shard {
    fn forget_until(&mut self, now: i64) {
        while let Some((at, key)) = self.order.front().copied() {
            if at >= now {
                break;
            }
            self.order.pop_front();
            if self.expiry.get(&key) == Some(&at) {
                self.expiry.remove(&key);
            }
        }
    }

    fn admit(&mut self, key: Key, now: i64, entries_max: usize) -> Admission {
        self.forget_until(now);
        let full = self.order.len() >= entries_max;
        let expires = now.saturating_add(REPLAY_WINDOW_SECONDS);
        match self.expiry.entry(key) {
            Entry::Occupied(seen) if *seen.get() >= now => Admission::Seen,
            Entry::Occupied(_) | Entry::Vacant(_) if full => Admission::Full,
            Entry::Occupied(mut old) => {
                old.insert(expires);
                self.order.push_back((expires, key));
                Admission::Fresh
            }
            Entry::Vacant(place) => {
                place.insert(expires);
                self.order.push_back((expires, key));
                Admission::Fresh
            }
        }
    }
}

/// The UUIDs of the last 10 minutes, in memory. Share it by `Arc`; it locks one of its
/// parts for well under a microsecond.
pub struct ReplayWindow {
    shards: [Mutex<Shard>; REPLAY_SHARDS],
    hasher: RandomState,
    entries_per_shard_max: usize,
}

impl Default for ReplayWindow {
    fn default() -> Self {
        Self::with_capacity(REPLAY_ENTRIES_MAX)
    }
}

impl ReplayWindow {
    /// A window that remembers up to [`REPLAY_ENTRIES_MAX`] UUIDs. Memory grows with use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A window that remembers about this many UUIDs, rounded up to a multiple of the
    /// number of its parts.
    #[must_use]
    pub fn with_capacity(entries_max: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            hasher: RandomState::new(),
            entries_per_shard_max: entries_max.div_ceil(REPLAY_SHARDS),
        }
    }

    /// Whether the UUID is new for the application; it is remembered then. Call it only for
    /// messages whose signature verified, else anyone could fill the window.
    #[must_use = "a message that is not admitted must be refused"]
    pub fn admit(&self, app_id: &str, uuid: &str, now_real: Timestamp) -> bool {
        self.try_admit(app_id, uuid, now_real) == Admission::Fresh
    }

    /// As [`Self::admit`], and says why not.
    #[must_use = "a message that is not admitted must be refused"]
    pub fn try_admit(&self, app_id: &str, uuid: &str, now_real: Timestamp) -> Admission {
        let Some(key) = key_of(app_id, uuid) else {
            return Admission::Seen;
        };
        let shards = u64::try_from(REPLAY_SHARDS).unwrap_or(1);
        let place = self.hasher.hash_one(key).checked_rem(shards).unwrap_or(0);
        let index = usize::try_from(place).unwrap_or(0);
        let Some(shard) = self.shards.get(index) else {
            return Admission::Full;
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.admit(key, now_real.as_second(), self.entries_per_shard_max)
    }

    /// How many UUIDs are remembered, for a metric.
    #[must_use]
    pub fn len(&self) -> usize {
        let held =
            |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).order.len();
        self.shards.iter().map(held).fold(0, usize::saturating_add)
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Both ids in fixed size, so that an entry's memory is known.
fn key_of(app_id: &str, uuid: &str) -> Option<Key> {
    if !is_uuid(uuid) || app_id.len() > APP_ID_CHARS {
        return None;
    }
    let mut app = [0_u8; APP_ID_CHARS];
    app.iter_mut().zip(app_id.bytes()).for_each(|(to, from)| *to = from);
    Some((app, u128::from_str_radix(uuid, 16).ok()?))
}
