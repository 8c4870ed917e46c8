//! PAYMENT_RESULT_INQUIRY and REFUND_RESULT_INQUIRY: what became of a transaction.

use domain::ids::{AcquirerIin, MerchantId, QueryId, Reference};
use domain::order::Order;

use super::rights::acting_for;
use crate::caller::Caller;
use crate::platform::Platform;
use crate::refusal::Refusal;
use crate::writeset::{Target, TargetKind};

/// How a transaction is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// By the merchant's `orderId` and `txnTime`.
    Reference(Reference),
    /// By the platform's `queryId`.
    QueryId(QueryId),
    /// By both, which must name the same.
    Both(QueryId, Reference),
}

/// The order of a payment.
///
/// # Errors
/// [`Refusal::UnknownTransaction`] when there is none, or it is a reversal.
pub async fn inquire_payment(
    platform: &Platform,
    caller: &Caller,
    merchant: &MerchantId,
    acquirer: &AcquirerIin,
    by: &Selector,
) -> Result<Order, Refusal> {
    acting_for(platform, caller, merchant, acquirer)?;
    let target = find(platform, merchant, (by, "orderId")).await?;
    match target.kind {
        TargetKind::Payment => load(platform, merchant, &target).await,
        TargetKind::Cancellation | TargetKind::Refund => Err(Refusal::UnknownTransaction),
    }
}

/// The order of a reversal, and the reversal's number.
///
/// # Errors
/// [`Refusal::UnknownTransaction`] when there is none, or it is a payment.
pub async fn inquire_reversal(
    platform: &Platform,
    caller: &Caller,
    merchant: &MerchantId,
    acquirer: &AcquirerIin,
    by: &Selector,
) -> Result<(Order, QueryId), Refusal> {
    acting_for(platform, caller, merchant, acquirer)?;
    let target = find(platform, merchant, (by, "orderId")).await?;
    match target.kind {
        TargetKind::Payment => Err(Refusal::UnknownTransaction),
        TargetKind::Cancellation | TargetKind::Refund => {
            let order = load(platform, merchant, &target).await?;
            Ok((order, target.query_id))
        }
    }
}

/// The transaction that is named; `field` is the first member of the merchant's own name for it.
///
/// Two names that do not name the same are refused, whichever the caller may have meant: money must
/// not move on a guess (ucsp.md section 3: the one may *stand for* the other).
pub(super) async fn find(
    platform: &Platform,
    merchant: &MerchantId,
    (by, field): (&Selector, &'static str),
) -> Result<Target, Refusal> {
    let (query_id, reference) = match by {
        Selector::QueryId(query_id) => (Some(query_id), None),
        Selector::Reference(reference) => (None, Some(reference)),
        Selector::Both(query_id, reference) => (Some(query_id), Some(reference)),
    };
    let mut found: Option<Target> = None;
    if let Some(query_id) = query_id {
        let numbered = platform.store.by_query_id(merchant, query_id).await;
        let numbered = numbered.map_err(|error| platform.failed(&error))?;
        found = Some(numbered.ok_or(Refusal::UnknownTransaction)?);
    }
    if let Some(reference) = reference {
        let claim = platform.store.by_reference(merchant, reference).await;
        let claim = claim.map_err(|error| platform.failed(&error))?;
        let named = claim.map(|claim| claim.target);
        if found.is_some() && found != named {
            return Err(Refusal::limit(field, "names another transaction than the query id"));
        }
        found = named;
    }
    found.ok_or(Refusal::UnknownTransaction)
}

async fn load(
    platform: &Platform,
    merchant: &MerchantId,
    target: &Target,
) -> Result<Order, Refusal> {
    let order = platform.store.order(merchant, &target.order).await;
    let order = order.map_err(|error| platform.failed(&error))?;
    let order = order.map(|o| o.value);
    let order = order.ok_or_else(|| platform.unexpected("a key names no order"))?;
    // The order of a terminal is not known to this dialect.
    if order.sale().is_some() { Err(Refusal::UnknownTransaction) } else { Ok(order) }
}
