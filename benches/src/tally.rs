//! Counting answers and times.

use std::collections::BTreeMap;

use serde::Serialize;

/// Answer that was kept to be verified after the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// The value of `UPI-JWS`.
    pub header: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What one connection saw in the window.
#[derive(Debug, Default)]
pub struct Tally {
    /// Time of each answer in microseconds, in no order.
    pub latencies_us: Vec<u32>,
    /// What was wrong, and how often.
    pub errors: BTreeMap<String, u64>,
    /// Answers to be verified.
    pub samples: Vec<Sample>,
}

impl Tally {
    /// Adds what another connection saw.
    pub fn add(&mut self, other: Self) {
        self.latencies_us.extend(other.latencies_us);
        self.samples.extend(other.samples);
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
    }

    /// Counts something that was wrong.
    pub fn wrong(&mut self, error: String) {
        *self.errors.entry(error).or_default() += 1;
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
            one.wrong("status 500".into());
            all.add(one);
        }
        assert_eq!(all.errors.get("status 500"), Some(&2));
    }
}
