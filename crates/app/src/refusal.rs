//! Why a use case did not do what was asked. `dialect` maps each to the partner's code.

use domain::Rejection;

use crate::ports::store::StoreError;

/// Why a use case did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such transaction, or not for this caller.
    #[error("no such transaction")]
    UnknownTransaction,
    /// The caller has no right to what the field names; also when it does not exist.
    #[error("{field}: {reason}")]
    NoRight {
        /// The field.
        field: &'static str,
        /// The reason, for the partner.
        reason: String,
    },
    /// A limit that is not the state's: currency of the merchant, time to pay, names that do not
    /// name the same transaction, a coupon.
    #[error("{field}: {reason}")]
    Limit {
        /// The field.
        field: &'static str,
        /// The reason, for the partner.
        reason: String,
    },
    /// The state of the order does not allow it.
    #[error("{field}: {rejection}")]
    Rule {
        /// The field.
        field: &'static str,
        /// The rule.
        rejection: Rejection,
    },
    /// The key was used with other content.
    #[error("{field}: differs from the first request with this orderId and txnTime")]
    Differs {
        /// The first field that differs.
        field: String,
    },
    /// A field is missing or malformed in this context.
    #[error("{field}: {rule}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// The rule.
        rule: String,
    },
    /// The same request is being worked on.
    #[error("the same request is being worked on")]
    InFlight,
    /// The message was acted on before (check 9 of security.md).
    #[error("the message was used before")]
    Replayed,
    /// The downstream system refused.
    #[error("the downstream system refused: {code} {message}")]
    DownstreamRefused {
        /// Its code.
        code: String,
        /// Its message.
        message: String,
    },
    /// A partner did not answer; nothing was done, the request may be sent again.
    #[error("{reason}")]
    Unavailable {
        /// Which and why, for operators.
        reason: String,
    },
    /// Too much at once; the request may be sent again.
    #[error("the platform is busy")]
    Overloaded,
    /// An unexpected failure; it was logged once under this id.
    #[error("unexpected failure {incident}")]
    Internal {
        /// The id in the log.
        incident: String,
    },
}

impl Refusal {
    /// A right that is missing.
    pub fn no_right(field: &'static str, reason: impl Into<String>) -> Self {
        Self::NoRight { field, reason: reason.into() }
    }

    /// A broken limit.
    pub fn limit(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Limit { field, reason: reason.into() }
    }
}

/// The refusal for a store's failure; logs it once, with the id that the partner gets.
pub(crate) fn store_failed(incident: String, error: &StoreError) -> Refusal {
    match error {
        StoreError::Overloaded { .. } => Refusal::Overloaded,
        StoreError::Full(_)
        | StoreError::Engine { .. }
        | StoreError::Damaged { .. }
        | StoreError::Closed => {
            tracing::error!(%incident, %error, "the store failed");
            Refusal::Internal { incident }
        }
    }
}
