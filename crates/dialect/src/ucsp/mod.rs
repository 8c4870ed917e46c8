//! The published dialect of channels and services (ucsp.md).
//!
//! Requests become commands of `app`, orders become answers and notices. Whether a caller has the
//! right, and what the rules say, is not decided here.

mod cards;
mod inquiry;
mod login;
mod notice;
mod refusal;
mod reversal;
mod same;
mod status;
mod submit;

#[cfg(test)]
mod tests;

pub use cards::{
    card_entry, card_list_answer, card_list_question, get_card_list, get_card_payload,
};
pub use inquiry::{payment_answer, payment_selector, reversal_answer, reversal_selector};
pub use login::{channel_login, industry_login_info};
pub use notice::{Untellable, payment_result_notice};
pub use refusal::{Said, said};
pub use reversal::{cancellation, cancellation_answer, refund, refund_answer, reversal_response};
pub use same::{canonical, first_difference};
pub use status::{Shown, payment_shown, reversal_shown};
pub use submit::{payment_url, submit_answer, submit_order};
