//! Counting answers and times.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::client::Answer;
use crate::limits::ERROR_KINDS_MAX;
use crate::pace::Window;
use crate::script::Verdict;

/// Answer that was kept to be verified after the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The value of `UPI-JWS`.
    pub header: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Sample {
    /// Keeps an answer.
    #[must_use]
    pub fn of(answer: &Answer<'_>) -> Self {
        Self { header: answer.header("UPI-JWS").map(str::to_owned), body: answer.body.to_vec() }
    }
}

/// What one connection saw in the window.
#[derive(Debug, Default)]
pub struct Tally {
    /// Time of each answer in microseconds, right or wrong, in no order.
    pub latencies_us: Vec<u32>,
    /// Answers and broken exchanges that came within the window, whenever they were due.
    pub came: u64,
    /// Right ones of them: the rate.
    pub right: u64,
    /// What was wrong, and how often.
    pub errors: BTreeMap<String, u64>,
    /// Answers to be verified.
    pub samples: Vec<Sample>,
}

impl Tally {
    /// Adds what another connection saw.
    pub fn add(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.came += other.came;
        self.right += other.right;
        self.samples.extend(other.samples);
        for (error, count) in other.errors {
            self.wrong_often(error, count);
        }
    }

    /// Counts for the rate what came within the window.
    pub fn came(&mut self, right: bool) {
        self.came += 1;
        self.right += u64::from(right);
    }

    /// Counts one answer that was due in the window, or with no time a request that got none.
    pub fn count(&mut self, took: Option<Duration>, verdict: Verdict, answer: Option<&Answer<'_>>) {
        if let Some(took) = took {
            self.latencies_us.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        }
        match verdict {
            Verdict::Wrong(error) => self.wrong_often(error, 1),
            Verdict::Keep => self.samples.extend(answer.map(Sample::of)),
            Verdict::Right => {}
        }
    }

    /// Counts something that was wrong.
    pub fn wrong_often(&mut self, error: String, count: u64) {
        let known = self.errors.contains_key(&error) || self.errors.len() < ERROR_KINDS_MAX;
        let error = if known { error } else { "other".to_owned() };
        *self.errors.entry(error).or_default() += count;
    }
}

/// What all connections together saw, while it goes on.
#[derive(Debug)]
pub struct Watch {
    window: Window,
    answers: AtomicU64,
    wrong: AtomicU64,
    /// Microseconds of the window until the newest answer.
    newest_us: AtomicU64,
    longest_us: AtomicU64,
}

impl Watch {
    /// Nothing was seen yet.
    #[must_use]
    pub fn new(window: Window) -> Self {
        let zero = AtomicU64::default;
        Self { window, answers: zero(), wrong: zero(), newest_us: zero(), longest_us: zero() }
    }

    /// Notes the end of an exchange. One without an answer ends no stall.
    pub fn ended(&self, now: Instant, answered: bool, right: bool) {
        self.answers.fetch_add(u64::from(answered), Ordering::Relaxed);
        self.wrong.fetch_add(u64::from(!right), Ordering::Relaxed);
        if !answered {
            return;
        }
        let end = self.window.until.map_or(now, |until| until.min(now));
        let at = end.saturating_duration_since(self.window.from).as_micros();
        let at = u64::try_from(at).unwrap_or(u64::MAX);
        let before = self.newest_us.fetch_max(at, Ordering::Relaxed);
        self.longest_us.fetch_max(at.saturating_sub(before), Ordering::Relaxed);
    }

    /// Answers and wrong answers so far.
    #[must_use]
    pub fn so_far(&self) -> (u64, u64) {
        (self.answers.load(Ordering::Relaxed), self.wrong.load(Ordering::Relaxed))
    }

    /// Longest time of the window without any answer, its begin and end included.
    #[must_use]
    pub fn longest_stall(&self) -> Duration {
        let newest = Duration::from_micros(self.newest_us.load(Ordering::Relaxed));
        let length = self.window.until.map_or(newest, |until| until - self.window.from);
        let longest = Duration::from_micros(self.longest_us.load(Ordering::Relaxed));
        longest.max(length.saturating_sub(newest))
    }
}

/// Times of answers in microseconds, exact: no buckets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Latencies {
    /// How many answers.
    pub count: usize,
    /// Half of them took at most this.
    pub p50_us: u32,
    /// 99 of 100.
    pub p99_us: u32,
    /// 999 of 1000.
    pub p999_us: u32,
    /// All.
    pub max_us: u32,
}

impl Latencies {
    /// Sorts the times and reads off.
    #[must_use]
    pub fn of(mut times: Vec<u32>) -> Self {
        times.sort_unstable();
        Self {
            count: times.len(),
            p50_us: at(&times, 500),
            p99_us: at(&times, 990),
            p999_us: at(&times, 999),
            max_us: at(&times, 1000),
        }
    }
}

/// The smallest time such that `per_mille` of all take at most it; 0 for none.
fn at(sorted: &[u32], per_mille: usize) -> u32 {
    let rank = (sorted.len() * per_mille).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_ranks() {
        let latencies = Latencies::of((1..=1000).rev().collect());
        assert_eq!((latencies.p50_us, latencies.p99_us), (500, 990));
        assert_eq!((latencies.p999_us, latencies.max_us), (999, 1000));
        assert_eq!(Latencies::of(vec![7]).p50_us, 7);
        assert_eq!(Latencies::of(vec![]).max_us, 0);
    }

    #[test]
    fn errors_of_the_same_kind_add_up() {
        let mut all = Tally::default();
        for _ in 0..2 {
            let mut one = Tally::default();
            one.wrong_often("status 500".into(), 1);
            all.add(one);
        }
        assert_eq!(all.errors.get("status 500"), Some(&2));
    }

    #[test]
    fn kinds_of_errors_are_bounded() {
        let mut tally = Tally::default();
        for kind in 0..ERROR_KINDS_MAX + 5 {
            tally.wrong_often(kind.to_string(), 1);
        }
        assert_eq!(tally.errors.get("other"), Some(&5));
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_stall_counts_both_ends_of_the_window() {
        let from = Instant::now();
        let at = |ms| from + Duration::from_millis(ms);
        let stall = |answers: &[u64]| {
            let watch = Watch::new(Window { from, until: Some(at(1000)) });
            for ms in answers {
                watch.ended(at(*ms), true, true);
            }
            watch.longest_stall().as_millis()
        };
        assert_eq!(stall(&[]), 1000);
        assert_eq!(stall(&[100, 350, 900]), 550);
        assert_eq!(stall(&[100, 300, 600]), 400);
        assert_eq!(stall(&[700, 900, 1500]), 700);
        let watch = Watch::new(Window { from, until: Some(at(1000)) });
        watch.ended(at(500), false, false);
        assert_eq!(watch.longest_stall(), Duration::from_secs(1));
    }
}
