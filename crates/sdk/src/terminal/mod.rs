//! A till's terminal of the Upay Web API (`upay.md`): activation, daily check-in, payments,
//! refunds, cancellations.
//!
//! Goal: what the documentation asks of a caller is done here once. An answer that was lost is
//! asked for again; a payment that stays unclear is cancelled; only what nobody can know becomes
//! an alarm ([`PayEnd::Alarm`]).
//!
//! Invariants:
//! - A sale is on disk before its request leaves ([`Terminal::pending`]) and stays there, with its
//!   end when it has one, until the caller says that it is booked ([`Terminal::settle`]).
//! - A new key is on disk before it is used, and the one before it is kept: one lost answer of a
//!   check-in costs nothing. A second check-in is tried only when the network carries answers.
//! - A payment is sent once. Only queries, cancellations and refunds with the same number repeat.
//!
//! Must not know: HTTP servers, the store, the other dialect.

mod callback;
mod client;
mod clock;
mod end;
mod envelope;
mod error;
mod files;
mod intents;
mod keys;
mod requests;
mod reverse;
mod sale;

pub use callback::{CallbackError, verify_callback};
pub use client::{Terminal, TerminalConfig};
pub use clock::{SystemClock, TillClock};
pub use end::{CancelEnd, PayEnd, Presenting, RefundEnd, Shown};
pub use envelope::{Part, Reply, Trade};
pub use error::TerminalError;
pub use intents::{Ending, Intent, IntentKind};
pub use requests::{Activation, OrderBy, Precreate, Refund, Sale};
