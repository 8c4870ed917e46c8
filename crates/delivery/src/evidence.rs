//! What "not found" proves, whichever system behind the platform says it.

use domain::Outcome;
use domain::ids::QueryId;
use domain::order::{DownstreamResult, Order};
use jiff::Timestamp;

use crate::limits::DOWNSTREAM_CLOCK_LAG_MAX;

/// Nobody knows the payment (`None`) or the reversal, asked at this instant: proof that no money
/// moved once it cannot begin any more; otherwise nothing is known.
pub(crate) fn not_found(
    (order, reversal): (&Order, Option<&QueryId>),
    result: DownstreamResult,
    asked_at: Timestamp,
) -> Outcome {
    let last = order
        .absent_after(reversal)
        .and_then(|until| until.checked_add(DOWNSTREAM_CLOCK_LAG_MAX).ok());
    match last {
        Some(last) if asked_at > last => Outcome::Refused(result),
        Some(_) => Outcome::Lost,
        None => {
            let number = &order.terms.number;
            tracing::error!(order = %number, "what was taken on once is not found any more");
            Outcome::Lost
        }
    }
}
