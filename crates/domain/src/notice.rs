//! The life of a notice: sent at once, repeated 1, 2, 4, 8 and 16 minutes after the previous
//! attempt until confirmed, then undelivered (seed; ucsp.md sections 1 and 8.6). A terminal's
//! callback has a schedule of its own.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::ids::{NoticeId, QueryId};
use crate::limits::{NOTICE_ATTEMPTS_COUNT_MAX, NOTICE_REPEATS_COUNT_MAX};

/// Who is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Receiver {
    /// The industry service, at `backUrl` or its registered address.
    Industry,
    /// The channel, at its registered address.
    Channel,
    /// The merchant of a terminal, at `notify_url` (upay.md section 8).
    Merchant,
}

impl Receiver {
    /// The name in tables, metrics and the simulation API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Industry => "industry",
            Self::Channel => "channel",
            Self::Merchant => "merchant",
        }
    }

    /// The gap before the first attempt.
    #[must_use]
    pub fn first_gap(self) -> SignedDuration {
        match self {
            Self::Industry | Self::Channel => SignedDuration::ZERO,
            Self::Merchant => callback_gap(0).unwrap_or(SignedDuration::ZERO),
        }
    }

    /// The gap after attempt number `made` (1 is the first); `None` after the last.
    #[must_use]
    pub fn gap(self, made: u32) -> Option<SignedDuration> {
        match self {
            Self::Industry | Self::Channel => repeat_gap(made),
            Self::Merchant => callback_gap(made),
        }
    }
}

/// One result on its way to one receiver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// `notifyId`, the same over all repeats.
    pub id: NoticeId,
    /// Who is told.
    pub receiver: Receiver,
    /// The transaction: the payment's or the reversal's `queryId`.
    pub transaction: QueryId,
    /// The earlier notice of this order to this receiver: its first attempt goes first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<NoticeId>,
    /// How often one attempt is sent: 1, or 2 for the sandbox's duplicate notices.
    pub copies: u8,
    /// When the result became known.
    pub created_at: Timestamp,
    /// What is sent, where it is made once and for all: a callback's repeats are the same bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Where it stands.
    pub state: NoticeState,
    /// What was tried so far.
    pub attempts: Vec<NoticeAttempt>,
}

/// Where a notice stands (ucsp.md section 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub enum NoticeState {
    /// Not tried yet.
    Queued,
    /// Tried, not confirmed; goes out again.
    Retrying {
        /// When it goes out again.
        due_at: Timestamp,
    },
    /// The receiver confirmed it.
    Confirmed {
        /// When.
        at: Timestamp,
    },
    /// Given up: shown, alarmed, resendable by hand.
    Undelivered {
        /// When.
        at: Timestamp,
    },
}

impl NoticeState {
    /// The name in tables, metrics and the simulation API.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Retrying { .. } => "RETRYING",
            Self::Confirmed { .. } => "CONFIRMED",
            Self::Undelivered { .. } => "UNDELIVERED",
        }
    }
}

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeAttempt {
    /// When it began.
    pub at: Timestamp,
    /// The HTTP status, if there was an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took, in milliseconds.
    pub latency_ms: u64,
    /// Why it does not count as confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Notice {
    /// `notifyCount` of the next attempt: 1 to 6, also for one resent by hand.
    #[must_use]
    pub fn next_count(&self) -> u32 {
        let sent = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX);
        sent.min(NOTICE_REPEATS_COUNT_MAX).saturating_add(1)
    }

    /// The notice after an attempt that ended at `ended_at`; an attempt without `error` confirms.
    #[must_use]
    pub fn attempted(mut self, attempt: NoticeAttempt, ended_at: Timestamp) -> Self {
        let confirmed = attempt.error.is_none();
        if self.attempts.len() >= NOTICE_ATTEMPTS_COUNT_MAX {
            self.attempts.remove(0);
        }
        self.attempts.push(attempt);
        self.state = match (&self.state, confirmed) {
            (NoticeState::Confirmed { at }, _) => NoticeState::Confirmed { at: *at },
            (
                NoticeState::Queued
                | NoticeState::Retrying { .. }
                | NoticeState::Undelivered { .. },
                true,
            ) => NoticeState::Confirmed { at: ended_at },
            (NoticeState::Queued | NoticeState::Retrying { .. }, false) => {
                self.after_failure(ended_at)
            }
            (NoticeState::Undelivered { at }, false) => NoticeState::Undelivered { at: *at },
        };
        self
    }

    fn after_failure(&self, ended_at: Timestamp) -> NoticeState {
        let made = u32::try_from(self.attempts.len()).unwrap_or(u32::MAX);
        match self.receiver.gap(made) {
            Some(gap) => {
                NoticeState::Retrying { due_at: ended_at.checked_add(gap).unwrap_or(ended_at) }
            }
            None => NoticeState::Undelivered { at: ended_at },
        }
    }
}

/// The gap after attempt number `made` (1 is the first) until the next one; `None` after the last.
#[must_use]
pub fn repeat_gap(made: u32) -> Option<SignedDuration> {
    let exponent = made.checked_sub(1)?;
    if exponent >= NOTICE_REPEATS_COUNT_MAX {
        return None;
    }
    Some(SignedDuration::from_mins(1_i64.checked_shl(exponent)?))
}

/// The gap before attempt number `made` + 1 of a callback: 1, 5, 30 and 600 s after the success or
/// the end of the previous attempt (upay.md section 8.4).
fn callback_gap(made: u32) -> Option<SignedDuration> {
    const GAPS_S: [i64; 4] = [1, 5, 30, 600];
    let position = usize::try_from(made).ok()?;
    GAPS_S.get(position).map(|seconds| SignedDuration::from_secs(*seconds))
}
