//! The bounds of the simulated partners.

/// Largest request body in bytes, as the protocol has it (security 1, check 1).
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// Browser sessions of one partner; the oldest ends when there are more.
pub const SESSIONS_MAX: usize = 10_000;

/// Bills of one service that are kept; new ones are refused beyond it.
pub const BILLS_MAX: usize = 100_000;

/// Bills shown on one page.
pub const BILLS_SHOWN_MAX: usize = 50;

/// Attempts to pay one bill.
pub const ATTEMPTS_PER_BILL_MAX: usize = 20;

/// Refunds and cancellations of one bill.
pub const REVERSALS_PER_BILL_MAX: usize = 50;

/// Hours or tickets of one bill.
pub const QUANTITY_MAX: u32 = 8;

/// Notices that a channel app keeps; the oldest goes when there are more.
pub const NOTICES_KEPT_MAX: usize = 10_000;

/// Notices shown on one page.
pub const NOTICES_SHOWN_MAX: usize = 50;

/// Authorization codes and access tokens of one OAuth server at the same time, each.
pub const GRANTS_MAX: usize = 10_000;

/// Life of an authorization code in seconds of business time (RFC 6749 advises 10 minutes at
/// most).
pub const CODE_SECONDS: i64 = 120;

/// Life of an access token in seconds of business time.
pub const TOKEN_SECONDS: i64 = 300;

/// Transactions of the downstream simulator; beyond it an attempt is refused with 96.
pub const TRANSACTIONS_MAX: usize = 1_000_000;

/// Attempts to deliver one notice of the downstream simulator.
pub const NOTICE_ATTEMPTS_MAX: u32 = 5;

/// Notices of the downstream simulator that are under way at the same time.
pub const NOTICES_AT_ONCE_MAX: usize = 32;

/// How long in seconds of business time scenario 98 is silent (`ucsp.md` 7).
pub const SILENCE_SECONDS: i64 = 60;

/// After how many seconds of business time scenario 05 succeeds (`ucsp.md` 7).
pub const LATE_SUCCESS_SECONDS: i64 = 10;

/// How often a waiting page reloads itself before it offers to ask instead.
pub const RELOADS_MAX: u32 = 45;

/// Largest journal in bytes that is read at a start.
pub const JOURNAL_BYTES_MAX: u64 = 1 << 30;

/// How long in seconds of real time a stopping partner finishes what it had begun.
pub const STOP_SECONDS_MAX: u64 = 5;

/// Trades of the simulated wallets that are over and still known; the oldest is forgotten.
pub const WALLET_TRADES_MAX: usize = 200_000;

/// Trades of the simulated wallets that somebody may still pay; beyond it an operation fails.
pub const WALLET_OPEN_TRADES_MAX: usize = 100_000;

/// Refunds of the simulated wallets that are known; the oldest is forgotten.
pub const WALLET_REFUNDS_MAX: usize = 100_000;

/// Presented orders of which merchant and subject are known; the oldest are forgotten.
pub const WALLET_PRESENTATIONS_MAX: usize = 20_000;

/// Largest file of the wallets' journal in bytes, apart from its last batch.
pub const WALLET_JOURNAL_FILE_BYTES_MAX: u64 = 16 << 20;

/// Files of the wallets' journal that are kept.
pub const WALLET_JOURNAL_FILES_MAX: usize = 5;

/// After how many seconds of business time a payer types the PIN or declines (`upay.md` 14,
/// 9905 and 9906).
pub const WALLET_PENDING_SECONDS: i64 = 10;

/// For how many seconds of business time nothing can be learned of an unclear payment (`upay.md`
/// 14, 9996).
pub const WALLET_UNCLEAR_SECONDS: i64 = 60;
