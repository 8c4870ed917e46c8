//! An abort ends an open attempt without a payment: the merchant calls it off, its time is over,
//! or nobody knows what became of it (upay.md section 9.1).
//!
//! From the durable intent on the wallet may close the trade or give its money back at any moment,
//! so that a success reported meanwhile proves nothing: only the wallet's answer to the abort does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// An abort under way or done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abort {
    /// Why.
    pub reason: AbortReason,
    /// When the intent was made durable.
    pub requested_at: Timestamp,
    /// What the wallet said of it so far.
    pub standing: AbortStanding,
}

/// Why an attempt is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AbortReason {
    /// The merchant cancels.
    Merchant,
    /// Its time to be paid is over.
    Timeout,
    /// The wallet did not say what became of it.
    Uncertain,
}

/// What the wallet said of an abort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum AbortStanding {
    /// Nothing yet.
    Asked,
    /// It gave no answer that says anything; it is asked again until it does.
    Uncertain {
        /// Since when.
        since: Timestamp,
    },
    /// It refused for certain: the attempt has another end, which the resolver asks for.
    Refused {
        /// When.
        at: Timestamp,
    },
}

impl Abort {
    /// A fresh abort.
    #[must_use]
    pub const fn requested(reason: AbortReason, at: Timestamp) -> Self {
        Self { reason, requested_at: at, standing: AbortStanding::Asked }
    }

    /// Whether the wallet has to be asked (again) to end the attempt.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self.standing {
            AbortStanding::Asked | AbortStanding::Uncertain { .. } => true,
            AbortStanding::Refused { .. } => false,
        }
    }
}
