//! A bill of an industry service: its attempts to be paid, and its refunds.
//!
//! What the browser brings back changes nothing here: only the platform's notice, its answer or
//! an inquiry does. An attempt whose answer was lost keeps its key, so that the next press sends
//! the same order again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::{ATTEMPTS_PER_BILL_MAX, REVERSALS_PER_BILL_MAX};

/// A bill of one user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Bill {
    pub(crate) id: String,
    pub(crate) channel_code: String,
    pub(crate) user_id: String,
    pub(crate) offer: String,
    pub(crate) quantity: u32,
    pub(crate) amount_minor: u64,
    pub(crate) currency_code: String,
    pub(crate) made_at: Timestamp,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) reversals: Vec<Reversal>,
}

/// One order at the platform. A refused one ends; the next attempt is a new order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) order_id: String,
    pub(crate) txn_time: String,
    pub(crate) payment_url: Option<String>,
    pub(crate) state: AttemptState,
    pub(crate) query_id: Option<String>,
    pub(crate) masked_pan: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) notices: u32,
    pub(crate) ended_at: Option<Timestamp>,
}

/// Where an attempt stands, as far as the service knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum AttemptState {
    /// Sent, and no valid answer yet.
    Submitting,
    /// Placed; the payer is at the cashier, or the result is on its way.
    Placed,
    /// Paid.
    Paid,
    /// Refused for good.
    Failed,
    /// Not paid in time.
    Closed,
}

/// A refund or cancellation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reversal {
    pub(crate) order_id: String,
    pub(crate) txn_time: String,
    pub(crate) kind: ReversalKind,
    pub(crate) amount_minor: u64,
    pub(crate) state: ReversalState,
    pub(crate) query_id: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) asked_at: Timestamp,
}

/// Which kind of reversal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReversalKind {
    Refund,
    Cancellation,
}

/// Where a reversal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReversalState {
    /// Asked for; the result is not known yet.
    Processing,
    /// Done.
    Done,
    /// Refused for good.
    Refused,
}

/// What a bill looks like to its user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BillState {
    Open,
    Waiting,
    Paid,
    Failed,
    Closed,
    PartRefunded,
    Refunded,
    Cancelled,
}

/// A result that the platform vouches for, by notice or inquiry.
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    pub(crate) success: bool,
    pub(crate) query_id: Option<String>,
    pub(crate) masked_pan: Option<String>,
    pub(crate) message: Option<String>,
}

impl Bill {
    /// The present attempt.
    pub(crate) fn attempt(&self) -> Option<&Attempt> {
        self.attempts.last()
    }

    fn done_minor(&self) -> u64 {
        let done = |one: &&Reversal| one.state == ReversalState::Done;
        self.reversals.iter().filter(done).map(|one| one.amount_minor).sum()
    }

    /// What could still be given back, reversals under way not counted in.
    pub(crate) fn remaining_minor(&self) -> u64 {
        let counted = |one: &&Reversal| one.state != ReversalState::Refused;
        let given: u64 = self.reversals.iter().filter(counted).map(|one| one.amount_minor).sum();
        self.amount_minor.saturating_sub(given)
    }

    /// What the bill looks like.
    pub(crate) fn state(&self) -> BillState {
        let Some(attempt) = self.attempt() else {
            return BillState::Open;
        };
        match attempt.state {
            AttemptState::Submitting => BillState::Open,
            AttemptState::Placed => BillState::Waiting,
            AttemptState::Failed => BillState::Failed,
            AttemptState::Closed => BillState::Closed,
            AttemptState::Paid => self.paid_state(),
        }
    }

    fn paid_state(&self) -> BillState {
        let cancelled = |one: &Reversal| {
            one.kind == ReversalKind::Cancellation && one.state == ReversalState::Done
        };
        if self.reversals.iter().any(cancelled) {
            return BillState::Cancelled;
        }
        match self.done_minor() {
            0 => BillState::Paid,
            done if done >= self.amount_minor => BillState::Refunded,
            _ => BillState::PartRefunded,
        }
    }

    /// The attempt that a press on "pay" goes on with, or a new one under `order_id`; `None`
    /// when the bill is paid, or has had too many.
    pub(crate) fn begin(&mut self, order_id: &str, txn_time: &str) -> Option<Attempt> {
        match self.attempt().map(|attempt| attempt.state) {
            Some(AttemptState::Submitting | AttemptState::Placed) => {
                return self.attempt().cloned();
            }
            Some(AttemptState::Paid) => return None,
            Some(AttemptState::Failed | AttemptState::Closed) | None => {}
        }
        if self.attempts.len() >= ATTEMPTS_PER_BILL_MAX {
            return None;
        }
        let attempt = Attempt {
            order_id: order_id.to_owned(),
            txn_time: txn_time.to_owned(),
            payment_url: None,
            state: AttemptState::Submitting,
            query_id: None,
            masked_pan: None,
            message: None,
            notices: 0,
            ended_at: None,
        };
        self.attempts.push(attempt.clone());
        Some(attempt)
    }

    /// Keeps a reversal before it is sent; `None` when it cannot be right.
    pub(crate) fn ask_back(&mut self, reversal: Reversal) -> Option<Reversal> {
        let fits = self.attempt().is_some_and(|attempt| attempt.state == AttemptState::Paid)
            && (1..=self.remaining_minor()).contains(&reversal.amount_minor)
            && self.reversals.len() < REVERSALS_PER_BILL_MAX;
        let whole = match reversal.kind {
            ReversalKind::Refund => true,
            ReversalKind::Cancellation => reversal.amount_minor == self.amount_minor,
        };
        if !fits || !whole {
            return None;
        }
        self.reversals.push(reversal.clone());
        Some(reversal)
    }

    /// The attempt of this order.
    pub(crate) fn attempt_mut(&mut self, order_id: &str) -> Option<&mut Attempt> {
        self.attempts.iter_mut().find(|one| one.order_id == order_id)
    }

    /// The reversal of this order number.
    pub(crate) fn reversal_mut(&mut self, order_id: &str) -> Option<&mut Reversal> {
        self.reversals.iter_mut().find(|one| one.order_id == order_id)
    }
}

impl Attempt {
    /// The platform told the result. The first one stays.
    pub(crate) fn told(&mut self, told: Told, now: Timestamp) {
        self.query_id = told.query_id.or(self.query_id.take());
        match self.state {
            AttemptState::Submitting | AttemptState::Placed => {
                self.state = if told.success { AttemptState::Paid } else { AttemptState::Failed };
                self.masked_pan = told.masked_pan;
                self.message = told.message;
                self.ended_at = Some(now);
            }
            AttemptState::Paid | AttemptState::Failed | AttemptState::Closed => {}
        }
    }
}

impl Reversal {
    /// The platform told the result. The first one stays.
    pub(crate) fn told(&mut self, told: Told) {
        self.query_id = told.query_id.or(self.query_id.take());
        if self.state == ReversalState::Processing {
            self.state = if told.success { ReversalState::Done } else { ReversalState::Refused };
            self.message = told.message;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bill() -> Bill {
        Bill {
            id: "b1".to_owned(),
            channel_code: "20000001".to_owned(),
            user_id: "u-77".to_owned(),
            offer: "pier".to_owned(),
            quantity: 2,
            amount_minor: 5000,
            currency_code: "344".to_owned(),
            made_at: Timestamp::UNIX_EPOCH,
            attempts: Vec::new(),
            reversals: Vec::new(),
        }
    }

    fn told(success: bool) -> Told {
        Told { success, query_id: Some("1".repeat(21)), ..Told::default() }
    }

    fn refund(order_id: &str, amount_minor: u64) -> Reversal {
        Reversal {
            order_id: order_id.to_owned(),
            txn_time: "20260105103000".to_owned(),
            kind: ReversalKind::Refund,
            amount_minor,
            state: ReversalState::Processing,
            query_id: None,
            message: None,
            asked_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn pay(bill: &mut Bill, order_id: &str, success: bool) {
        bill.begin(order_id, "20260105103000").unwrap();
        bill.attempt_mut(order_id).unwrap().told(told(success), Timestamp::UNIX_EPOCH);
    }

    #[test]
    fn a_lost_answer_keeps_its_key_and_a_refusal_starts_a_new_order() {
        let mut bill = bill();
        let first = bill.begin("PK1", "20260105103000").unwrap();
        let again = bill.begin("PK2", "20260105103100").unwrap();
        assert_eq!(again, first, "the same key is sent again");
        bill.attempt_mut("PK1").unwrap().told(told(false), Timestamp::UNIX_EPOCH);
        assert_eq!(bill.state(), BillState::Failed);
        assert_eq!(bill.begin("PK3", "20260105103200").unwrap().order_id, "PK3");
        bill.attempt_mut("PK3").unwrap().told(told(true), Timestamp::UNIX_EPOCH);
        assert_eq!(bill.begin("PK5", "20260105103300"), None, "a paid bill is not paid twice");
    }

    #[test]
    fn the_first_result_stays() {
        let mut bill = bill();
        pay(&mut bill, "PK1", true);
        bill.attempt_mut("PK1").unwrap().told(told(false), Timestamp::UNIX_EPOCH);
        assert_eq!(bill.state(), BillState::Paid);
    }

    #[test]
    fn refunds_never_ask_for_more_than_is_left() {
        let mut bill = bill();
        assert_eq!(bill.ask_back(refund("R0", 1)), None, "nothing is paid yet");
        pay(&mut bill, "PK1", true);
        assert_eq!(bill.ask_back(refund("R0", 0)), None);
        assert!(bill.ask_back(refund("R1", 2000)).is_some());
        assert_eq!(bill.remaining_minor(), 3000);
        assert_eq!(bill.ask_back(refund("R2", 3001)), None);
        bill.reversal_mut("R1").unwrap().told(told(true));
        assert_eq!(bill.state(), BillState::PartRefunded);
        assert!(bill.ask_back(refund("R3", 3000)).is_some());
        bill.reversal_mut("R3").unwrap().told(told(false));
        assert_eq!(bill.remaining_minor(), 3000, "a refused refund frees its amount");
        assert!(bill.ask_back(refund("R4", 3000)).is_some());
        bill.reversal_mut("R4").unwrap().told(told(true));
        assert_eq!(bill.state(), BillState::Refunded);
    }

    #[test]
    fn a_cancellation_is_of_the_whole_amount() {
        let mut bill = bill();
        pay(&mut bill, "PK1", true);
        let cancellation =
            |amount| Reversal { kind: ReversalKind::Cancellation, ..refund("C1", amount) };
        assert_eq!(bill.ask_back(cancellation(4999)), None);
        assert!(bill.ask_back(cancellation(5000)).is_some());
        bill.reversal_mut("C1").unwrap().told(told(true));
        assert_eq!(bill.state(), BillState::Cancelled);
    }
}
