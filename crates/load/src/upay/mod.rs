//! Tills: terminals made for a run, and what they ask.

pub mod messages;
mod numbers;
pub mod template;
mod terminals;
mod tills;

pub use terminals::{Terminal, activate};
pub(crate) use tills::Payments;
pub use tills::{CheckIns, Paid, Queries, Sales, Turn};
