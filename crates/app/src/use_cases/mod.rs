//! The use cases, one a file.

mod authorize;
mod cards;
mod cashier;
mod directory;
mod inquire;
mod login;
mod notices;
mod pay_order;
mod record;
mod request_reversal;
mod rights;
mod submit_order;
mod tasks;
pub mod terminals;
pub mod till;

pub use authorize::{begin_authorization, finish_authorization};
pub use cards::{CardPayloadRequest, card_payload, list_cards};
pub use cashier::{CashierView, cashier_cards, cashier_order};
pub use directory::{load_directory, load_directory_to_change, refresh_directory, save_directory};
pub use inquire::{Selector, inquire_payment, inquire_reversal};
pub use login::{ChannelLogin, Handover, channel_login, follow_login_link};
pub use notices::{notices_of, record_notice_attempt, resend_notice};
pub use pay_order::{PayOrder, pay_order};
pub use record::{RecordError, record_downstream, record_wallet};
pub use request_reversal::{RequestReversal, request_reversal};
pub use submit_order::{SubmitOrder, submit_order};
pub use tasks::{give_back, run_close, run_inquiry};
