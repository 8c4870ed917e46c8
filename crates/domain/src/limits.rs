//! The bounds of this crate.

/// Reversals of one order, refused ones included; one more is rejected.
pub const REVERSALS_COUNT_MAX: usize = 200;
/// Attempts that one notice keeps: the first and five repeats, and as many resent by hand.
pub const NOTICE_ATTEMPTS_COUNT_MAX: usize = 64;
/// Repeats of a notice after the first attempt (seed: five at most).
pub const NOTICE_REPEATS_COUNT_MAX: u32 = 5;
/// Days after the payment within which a refund is accepted (ucsp.md section 4).
pub const REFUND_AGE_DAYS_MAX: i64 = 365;
