//! One payment as a wallet knows it, kept small: hundreds of thousands are in memory at once.

use serde::{Deserialize, Serialize};

use super::outcome::{Plan, Refusal};
use crate::limits::WALLET_UNCLEAR_SECONDS;

/// `silent_until_ms` of a trade of which nothing is ever said.
const FOR_EVER: i64 = i64::MAX;

/// Where a trade stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// The payer may pay it on the wallet's page.
    Presented,
    /// The payer was asked for the PIN and does nothing.
    Waiting,
    /// As before, and pays when `ends_ms` has come.
    WillPay,
    /// As before, and declines when `ends_ms` has come.
    WillDecline,
    /// The money was taken.
    Paid,
    /// No money was taken.
    Refused(Refusal),
    /// Ended by the platform before money was taken.
    Closed,
    /// Ended by the platform: all that was taken was given back.
    GivenBack,
}

/// What may be said of a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speech {
    Plain,
    /// That nothing is known.
    Error,
    Nothing,
}

/// A trade as the journal has it: its members in their order, without their names.
type Row = (u64, u16, u8, u16, u64, u64, i64, i64, i64, i64, u64, u64, State);

/// A payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub(super) struct Trade {
    /// The platform's number, the key.
    pub(super) sn: u64,
    /// The wallet.
    pub(super) payway: u16,
    /// `sub_payway`.
    pub(super) form: u8,
    /// ISO 4217 numeric.
    pub(super) currency: u16,
    /// Minor units.
    pub(super) amount: u64,
    /// Minor units that were given back, at most the amount.
    pub(super) given_back: u64,
    /// When it was taken on, Unix milliseconds of business time as all instants here.
    pub(super) begun_ms: i64,
    /// From when on it can no longer be paid.
    pub(super) valid_until_ms: i64,
    /// When it ended; for those that will end by themselves, when that will be.
    pub(super) ends_ms: i64,
    /// Until when nothing can be learned of it; zero for nearly all.
    pub(super) silent_until_ms: i64,
    /// Running number of this system.
    pub(super) serial: u64,
    /// Stands for the payer.
    pub(super) payer: u64,
    /// Where it stands.
    pub(super) state: State,
}

impl Trade {
    /// Fixes what the plan says about a charge that is taken on now.
    pub(super) fn follow(&mut self, plan: Plan, now_ms: i64) {
        let after = |seconds: i64| now_ms.saturating_add(seconds.saturating_mul(1000));
        self.ends_ms = now_ms;
        self.state = match plan {
            Plan::Pay => State::Paid,
            Plan::Refuse(refusal) => State::Refused(refusal),
            Plan::Wait { seconds, pays } => {
                self.ends_ms = after(seconds);
                if pays { State::WillPay } else { State::WillDecline }
            }
            Plan::WaitForEver => State::Waiting,
            Plan::Unclear => {
                self.silent_until_ms = after(WALLET_UNCLEAR_SECONDS);
                State::Paid
            }
            Plan::Silent => {
                self.silent_until_ms = FOR_EVER;
                State::Waiting
            }
        };
    }

    /// What became of it by itself until now; whether something did.
    pub(super) fn settle(&mut self, now_ms: i64) -> bool {
        let ended = match self.state {
            State::WillPay => State::Paid,
            State::WillDecline => State::Refused(Refusal::Declined),
            State::Presented
            | State::Waiting
            | State::Paid
            | State::Refused(_)
            | State::Closed
            | State::GivenBack => return false,
        };
        if now_ms < self.ends_ms {
            return false;
        }
        self.state = ended;
        true
    }

    /// Whether somebody may still pay it.
    pub(super) const fn is_open(&self) -> bool {
        match self.state {
            State::Presented | State::Waiting | State::WillPay | State::WillDecline => true,
            State::Paid | State::Refused(_) | State::Closed | State::GivenBack => false,
        }
    }

    /// Whether its time to be paid is over.
    pub(super) const fn is_expired(&self, now_ms: i64) -> bool {
        now_ms >= self.valid_until_ms
    }

    /// Whether the payer could do something now.
    pub(super) const fn is_payable(&self, now_ms: i64) -> bool {
        self.is_open() && !self.is_expired(now_ms) && self.silent_until_ms != FOR_EVER
    }

    /// When it ends by itself, if it does.
    pub(super) const fn ends_by_itself_ms(&self) -> Option<i64> {
        match self.state {
            State::WillPay | State::WillDecline => Some(self.ends_ms),
            State::Presented
            | State::Waiting
            | State::Paid
            | State::Refused(_)
            | State::Closed
            | State::GivenBack => None,
        }
    }

    /// What the payer does with an open trade.
    pub(super) fn end(&mut self, choice: super::Choice, now_ms: i64) {
        self.ends_ms = now_ms;
        self.state = match choice {
            super::Choice::Success => State::Paid,
            super::Choice::Fail => State::Refused(Refusal::Declined),
            super::Choice::Unknown => {
                self.follow(Plan::Unclear, now_ms);
                State::Paid
            }
        };
    }

    /// Ends it for the platform.
    pub(super) fn abort(&mut self, now_ms: i64) {
        let closed = match self.state {
            State::Presented | State::Waiting | State::WillPay | State::WillDecline => {
                State::Closed
            }
            State::Paid => {
                self.given_back = self.amount;
                State::GivenBack
            }
            State::Refused(_) | State::Closed | State::GivenBack => return,
        };
        self.state = closed;
        self.ends_ms = now_ms;
    }

    /// What is left to give back, minor units.
    pub(super) fn refundable(&self) -> u64 {
        match self.state {
            State::Paid => self.amount.saturating_sub(self.given_back),
            State::Presented
            | State::Waiting
            | State::WillPay
            | State::WillDecline
            | State::Refused(_)
            | State::Closed
            | State::GivenBack => 0,
        }
    }

    /// What may be said of it now.
    pub(super) const fn speech(&self, now_ms: i64) -> Speech {
        if self.silent_until_ms == FOR_EVER {
            Speech::Nothing
        } else if now_ms < self.silent_until_ms {
            Speech::Error
        } else {
            Speech::Plain
        }
    }
}

impl From<Trade> for Row {
    fn from(trade: Trade) -> Self {
        let Trade { sn, payway, form, currency, amount, given_back, .. } = trade;
        let Trade { begun_ms, valid_until_ms, ends_ms, silent_until_ms, .. } = trade;
        let Trade { serial, payer, state, .. } = trade;
        (
            sn,
            payway,
            form,
            currency,
            amount,
            given_back,
            begun_ms,
            valid_until_ms,
            ends_ms,
            silent_until_ms,
            serial,
            payer,
            state,
        )
    }
}

impl From<Row> for Trade {
    fn from(row: Row) -> Self {
        let (sn, payway, form, currency, amount, given_back, ..) = row;
        let (.., begun_ms, valid_until_ms, ends_ms, silent_until_ms, serial, payer, state) = row;
        Self {
            sn,
            payway,
            form,
            currency,
            amount,
            given_back,
            begun_ms,
            valid_until_ms,
            ends_ms,
            silent_until_ms,
            serial,
            payer,
            state,
        }
    }
}

/// Money that went back, or was refused to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Back {
    /// The platform's number of the refund, the key.
    pub(super) refund_no: u128,
    /// The order.
    pub(super) sn: u64,
    /// Minor units.
    pub(super) amount: u64,
    /// When it was decided.
    pub(super) at_ms: i64,
    /// Running number of this system.
    pub(super) serial: u64,
    /// Why no money went back; `None` when it did.
    pub(super) refused: Option<Refusal>,
}
