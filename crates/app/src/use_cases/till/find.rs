//! query: an order as it stands, exact at its deadline.

use domain::ids::{MerchantId, OrderId, OrderNumber, QueryId, Reference};
use domain::order::Order;
use domain::terminal::{CLIENT_SN_SPACE, Terminal};

use super::end::{expire, is_over};
use super::{OrderBy, TillRefusal, served};
use crate::platform::Platform;
use crate::ports::store::StoreError;
use crate::writeset::{Target, TargetKind, Versioned};

/// An order that a till asked for.
#[derive(Debug, Clone)]
pub struct Found {
    /// The order.
    pub order: Order,
    /// The refund that was asked for, if one was named alone.
    pub refund: Option<QueryId>,
}

/// The order as it stands, or `None` when its deadline is over and [`query`] must end it first.
/// Changes nothing.
///
/// # Errors
/// As [`query`].
pub async fn look(
    platform: &Platform,
    terminal: &Terminal,
    by: &OrderBy,
) -> Result<Option<Found>, TillRefusal> {
    served(platform, terminal)?;
    let found = find(platform, terminal, by).await?;
    Ok((!is_over(&found.order, platform.clock.now())).then_some(found))
}

/// The order as it stands. Past its deadline an open attempt is ended before the answer.
///
/// # Errors
/// [`TillRefusal::NoOrder`] when the merchant has none; the store's failures.
pub async fn query(
    platform: &Platform,
    terminal: &Terminal,
    by: &OrderBy,
) -> Result<Found, TillRefusal> {
    served(platform, terminal)?;
    let found = find(platform, terminal, by).await?;
    if is_over(&found.order, platform.clock.now()) {
        let order = expire(platform, found.order).await?;
        return Ok(Found { order, ..found });
    }
    Ok(found)
}

/// Any terminal of the merchant may ask; a foreign order is not there (upay.md section 9.4).
pub(super) async fn find(
    platform: &Platform,
    terminal: &Terminal,
    by: &OrderBy,
) -> Result<Found, TillRefusal> {
    let merchant = &terminal.merchant;
    match by {
        OrderBy::Sn(sn) => by_number(platform, merchant, sn).await,
        OrderBy::ClientSn(client_sn) => {
            let reference =
                Reference { order_id: client_sn.as_str().into(), txn_time: CLIENT_SN_SPACE.into() };
            sold(platform, platform.store.order_by_reference(merchant, &reference).await, None)
        }
        OrderBy::RefundRequestNo(number) => by_refund(platform, terminal, number).await,
    }
}

/// By a refund's number alone, which is a key within one order only (9.2): of the newest orders
/// that have it the newest of this terminal, else the newest.
async fn by_refund(
    platform: &Platform,
    terminal: &Terminal,
    number: &str,
) -> Result<Found, TillRefusal> {
    let merchant = &terminal.merchant;
    let claims = platform.store.references(merchant, &OrderId::new(number)).await;
    let claims = claims.map_err(|error| platform.till_failed(&error))?;
    let targets = claims.into_iter().map(|claim| claim.target);
    let mut refunds: Vec<_> = targets.filter(|it| it.kind == TargetKind::Refund).collect();
    // Numbers of orders rise with time.
    refunds.sort_by(|one, other| other.order.cmp(&one.order));
    let mut newest = None;
    for target in refunds {
        let found = order(platform, merchant, &target.order, Some(target.query_id)).await;
        let found = match found {
            // A refund of the other dialect.
            Err(TillRefusal::NoOrder) => continue,
            found => found?,
        };
        if found.order.sale().is_some_and(|sale| sale.terminal == terminal.sn) {
            return Ok(found);
        }
        newest = newest.or(Some(found));
    }
    newest.ok_or(TillRefusal::NoOrder)
}

/// By `sn`, else by the wallet's number.
async fn by_number(
    platform: &Platform,
    merchant: &MerchantId,
    sn: &str,
) -> Result<Found, TillRefusal> {
    match order(platform, merchant, &sn.into(), None).await {
        Err(TillRefusal::NoOrder) => {
            let named = platform.store.by_name(merchant, sn).await;
            let named: Option<Target> = named.map_err(|error| platform.till_failed(&error))?;
            let target = named.ok_or(TillRefusal::NoOrder)?;
            order(platform, merchant, &target.order, None).await
        }
        found => found,
    }
}

async fn order(
    platform: &Platform,
    merchant: &MerchantId,
    number: &OrderNumber,
    refund: Option<QueryId>,
) -> Result<Found, TillRefusal> {
    sold(platform, platform.store.order(merchant, number).await, refund)
}

fn sold(
    platform: &Platform,
    found: Result<Option<Versioned<Order>>, StoreError>,
    refund: Option<QueryId>,
) -> Result<Found, TillRefusal> {
    let found = found.map_err(|error| platform.till_failed(&error))?;
    // An order of the other dialect is not known to a till.
    let found = found.filter(|order| order.value.sale().is_some());
    found.map(|order| Found { order: order.value, refund }).ok_or(TillRefusal::NoOrder)
}
