//! The dialect of terminals (upay.md): the same orders in other words.
//!
//! Requests become the inputs of `app::use_cases::till`, orders become replies, callbacks and the
//! parameters of a WAP return. What a state is called stands in [`standing`], once; which result a
//! call tells stands in `result`. Nothing here decides.

mod callback;
mod data;
mod refusal;
mod request;
mod result;
mod standing;
pub mod table;

#[cfg(test)]
mod tests;

pub use callback::{callback_body, wap_failure, wap_return};
pub use refusal::{activation_refused, check_in_refused, refused, top_level, wap_error, wap_order};
pub use request::{activation, cancel, pay, precreate, query, refund, wap};
pub use result::{cancel_reply, pay_reply, precreate_reply, query_reply, refund_reply};
pub use standing::{Standing, refund_standing, standing};

/// Which call is answered; the same refusal is said differently by refund and by cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// pay, precreate, WAP.
    Sale,
    /// query.
    Query,
    /// refund.
    Refund,
    /// cancel, revoke.
    Cancel,
}
