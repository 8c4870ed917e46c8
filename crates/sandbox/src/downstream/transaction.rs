//! One attempt as the downstream system knows it: fixed when it is taken on, and from then on a
//! function of time.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use wire::downstream::{CODE_APPROVED, Notice, Status, TransactionResult};

use super::outcome::{First, Plan, words};

/// A payment or reversal that was taken on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transaction {
    /// Its number and key.
    pub(crate) query_id: String,
    /// The order.
    pub(crate) tn: String,
    /// The merchant.
    pub(crate) mer_id: String,
    /// Number of the payment that it reverses; `None` for a payment.
    pub(crate) original: Option<String>,
    /// Minor units.
    pub(crate) amount_minor: u64,
    /// ISO 4217 numeric.
    pub(crate) currency_code: String,
    /// When it was taken on, business time.
    pub(crate) accepted_at: Timestamp,
    /// From when on the result is there, business time.
    pub(crate) settles_at: Timestamp,
    /// Until when the caller hears nothing, business time.
    pub(crate) silent_until: Option<Timestamp>,
    /// Whether the first answer is the result itself.
    pub(crate) final_at_once: bool,
    /// The result: 00 or the code of the refusal.
    pub(crate) code: String,
    /// How often the result is still to be told.
    pub(crate) notices_due: u8,
    /// Running number of this system.
    pub(crate) trace: u64,
}

impl Transaction {
    /// Fixes what the plan says.
    pub(crate) fn follow(&mut self, plan: Plan, now: Timestamp) {
        let settles_at = later(now, plan.settles_after_seconds);
        self.accepted_at = now;
        self.settles_at = settles_at;
        self.silent_until = match plan.first {
            First::Silence => Some(settles_at),
            First::Accepted | First::Final => None,
        };
        self.final_at_once = matches!(plan.first, First::Final);
        plan.code.clone_into(&mut self.code);
        self.notices_due = plan.notices;
    }

    /// Whether money moved, at this time.
    pub(crate) fn is_success(&self, now: Timestamp) -> bool {
        now >= self.settles_at && self.code == CODE_APPROVED
    }

    /// The first answer to whoever attempts it.
    pub(crate) fn first_answer(&self, now: Timestamp) -> TransactionResult {
        if self.final_at_once || now > self.accepted_at {
            self.result(now)
        } else {
            self.taken_on()
        }
    }

    /// Where it stands.
    pub(crate) fn result(&self, now: Timestamp) -> TransactionResult {
        if now < self.settles_at {
            return self.taken_on();
        }
        if self.code != CODE_APPROVED {
            return refused(&self.query_id, &self.code);
        }
        let shown = |format| {
            let zoned = self.settles_at.to_zoned(TimeZone::fixed(jiff::tz::offset(8)));
            Some(zoned.strftime(format).to_string())
        };
        TransactionResult {
            query_id: self.query_id.clone(),
            status: Status::Success,
            resp_code: CODE_APPROVED.to_owned(),
            resp_msg: words(CODE_APPROVED).to_owned(),
            reference: Some(format!("DS{:010}", self.trace)),
            settle_amt: Some(self.amount_minor.to_string()),
            settle_currency_code: Some(self.currency_code.clone()),
            settle_date: shown("%m%d"),
            trace_no: Some(format!("{:06}", self.trace % 1_000_000)),
            trace_time: shown("%m%d%H%M%S"),
        }
    }

    /// The notice of the result.
    pub(crate) fn notice(&self, now: Timestamp) -> Notice {
        Notice { tn: self.tn.clone(), mer_id: self.mer_id.clone(), result: self.result(now) }
    }

    fn taken_on(&self) -> TransactionResult {
        TransactionResult {
            query_id: self.query_id.clone(),
            status: Status::Accepted,
            resp_code: CODE_APPROVED.to_owned(),
            resp_msg: "Taken on".to_owned(),
            ..TransactionResult::default()
        }
    }
}

/// A refusal: no money moved.
pub(crate) fn refused(query_id: &str, code: &str) -> TransactionResult {
    TransactionResult {
        query_id: query_id.to_owned(),
        status: Status::Fail,
        resp_code: code.to_owned(),
        resp_msg: words(code).to_owned(),
        ..TransactionResult::default()
    }
}

/// A time some seconds later.
pub(crate) fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
