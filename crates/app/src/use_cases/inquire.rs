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
    let target = find(platform, merchant, by).await?;
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
    let target = find(platform, merchant, by).await?;
    match target.kind {
        TargetKind::Payment => Err(Refusal::UnknownTransaction),
        TargetKind::Cancellation | TargetKind::Refund => {
            let order = load(platform, merchant, &target).await?;
            Ok((order, target.query_id))
        }
    }
}

pub(super) async fn find(
    platform: &Platform,
    merchant: &MerchantId,
    by: &Selector,
) -> Result<Target, Refusal> {
    let found = match by {
        Selector::Reference(reference) => {
            let claim = platform.store.by_reference(merchant, reference).await;
            claim.map(|claim| claim.map(|claim| claim.target))
        }
        Selector::QueryId(query_id) => platform.store.by_query_id(merchant, query_id).await,
    };
    found.map_err(|error| platform.failed(&error))?.ok_or(Refusal::UnknownTransaction)
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
