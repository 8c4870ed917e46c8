//! What goes wrong in a run. Each kind is drawn by itself, so that some runs have one kind alone
//! and some have all together.

use crate::rng::Rng;

/// How often each fault happens, in a thousand occasions.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// A message does not arrive.
    pub lose_question: u64,
    /// The receiver acted, its answer does not arrive.
    pub lose_answer: u64,
    /// A message arrives a second time, later.
    pub double: u64,
    /// A message or answer takes seconds, so that others overtake it and callers give up.
    pub slow: u64,
    /// An answer that says nothing.
    pub garble: u64,
    /// A partner says "not found" of what it knows, while that proves nothing.
    pub deny: u64,
    /// A partner tells the opposite of what it told before.
    pub contradict: u64,
    /// A partner tells an order of another's.
    pub forge: u64,
    /// The store does not do it.
    pub store_fails: u64,
    /// The store did it and its answer is lost.
    pub store_answer_lost: u64,
    /// The store is slow.
    pub store_slow: u64,
    /// A node stands still for so long that others take its leases over, and goes on.
    pub stall: u64,
    /// The store is overloaded.
    pub store_full: u64,
    /// The node crashes at an access to the store or at a call.
    pub crash: u64,
    /// A number that a node makes is taken.
    pub number_taken: u64,
    /// A receiver of notices does not confirm.
    pub unconfirmed: u64,
    /// The industry's, channel's and merchants' receivers are dead all the time.
    pub dead: [bool; 3],
    /// How long merchants wait at most until they give back; days of trade end meanwhile.
    pub patience_ms: u64,
}

impl Faults {
    /// The faults of a seed.
    #[must_use]
    pub fn drawn(rng: &mut Rng) -> Self {
        if rng.chance(50) {
            return Self::default();
        }
        let mut rate = |max: u64| if rng.chance(500) { rng.between(1, max) } else { 0 };
        let mut faults = Self {
            lose_question: rate(80),
            lose_answer: rate(80),
            double: rate(80),
            slow: rate(60),
            garble: rate(40),
            deny: rate(200),
            contradict: rate(100),
            forge: rate(50),
            store_fails: rate(15),
            store_answer_lost: rate(15),
            store_slow: rate(100),
            stall: rate(2),
            store_full: rate(10),
            crash: rate(6),
            number_taken: rate(30),
            unconfirmed: rate(300),
            dead: [false; 3],
            patience_ms: 60_000,
        };
        if rng.chance(30) {
            faults.patience_ms = 12 * 3_600_000;
        }
        faults.dead = [rng.chance(50), rng.chance(50), rng.chance(50)];
        faults
    }

    /// Whether the store never fails, so that no answer may be "unexpected failure".
    #[must_use]
    pub const fn store_is_well(&self) -> bool {
        self.store_fails == 0 && self.store_answer_lost == 0
    }
}

/// A planted bug: proves that the auditor sees what it is there to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Canary {
    /// An answer that is lost is taken for a refusal.
    LostIsRefused,
    /// "Not found" is taken for a refusal at once.
    EarlyNotFound,
    /// The store says that it committed before it did.
    EarlyAnswer,
    /// The store replaces an order whatever its version.
    LostUpdate,
    /// A lost charge is made again under another number.
    ChargedAgain,
    /// A notice that was not answered counts as confirmed.
    SilentNotice,
}
