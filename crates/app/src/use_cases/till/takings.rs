//! What stores and merchants with a daily limit took so far: counted in the write set of the intent
//! itself, so that no two sales pass the limit together; given back when nothing was taken.

use domain::Event;
use domain::ids::{MerchantId, StoreSn};
use domain::order::Order;
use jiff::Timestamp;

use super::{Place, TillRefusal};
use crate::flights::Flight;
use crate::limits::TAKINGS_LIFE;
use crate::platform::Platform;
use crate::ports::store::StoreError;
use crate::records::{TAKINGS, takings_key};
use crate::writeset::{RecordChange, RecordWrite};

/// Sales of a limited store or merchant begin one after another on this node: they change one
/// counter.
pub(super) async fn turn(
    platform: &Platform,
    place: &Place,
) -> Result<Option<Flight>, TillRefusal> {
    let (store, merchant) = (&place.store, &place.merchant);
    if store.daily_limit_minor.is_none() && merchant.daily_limit_minor.is_none() {
        return Ok(None);
    }
    Ok(Some(platform.enter(format!("takings:{}", merchant.id)).await?))
}

/// The counters of a sale that is to begin, or the limit that it breaks.
pub(super) async fn reserved(
    platform: &Platform,
    place: &Place,
    minor: u64,
    now: Timestamp,
) -> Result<Vec<RecordWrite>, TillRefusal> {
    let mut writes = Vec::new();
    let day = platform.settings.terminals.day(now);
    let (store, merchant) = (&place.store, &place.merchant);
    let limits = [
        (store.daily_limit_minor, "store", store.sn.as_str(), TillRefusal::StoreOverDailyLimit),
        (
            merchant.daily_limit_minor,
            "merchant",
            merchant.id.as_str(),
            TillRefusal::MerchantOverDailyLimit,
        ),
    ];
    for (limit, kind, name, refusal) in limits {
        let Some(limit) = limit else { continue };
        let key = takings_key(kind, name, day);
        let (taken, version) =
            taken(platform, &key).await.map_err(|error| platform.till_failed(&error))?;
        let after = taken.saturating_add(minor);
        if after > limit {
            return Err(refusal);
        }
        writes.push(write(key, after, version, now));
    }
    Ok(writes)
}

/// The counters of an order that ended without a payment.
pub(in super::super) async fn released(
    platform: &Platform,
    order: &Order,
    event: &Event,
) -> Result<Vec<RecordWrite>, StoreError> {
    let ended = matches!(event, Event::PaymentFailed { .. } | Event::Aborted { .. });
    let (Some(sale), true) = (order.sale(), ended) else { return Ok(Vec::new()) };
    let created_at = order.terms.created_at;
    let day = platform.settings.terminals.day(created_at);
    let mut writes = Vec::new();
    for (kind, name) in limited(platform, &sale.store, &order.terms.merchant) {
        let key = takings_key(kind, &name, day);
        let (taken, Some(version)) = taken(platform, &key).await? else { continue };
        let after = taken.saturating_sub(order.terms.amount.minor());
        writes.push(write(key, after, Some(version), created_at));
    }
    Ok(writes)
}

fn limited(
    platform: &Platform,
    store: &StoreSn,
    merchant: &MerchantId,
) -> impl Iterator<Item = (&'static str, String)> {
    let directory = platform.directory.get();
    let store_limit = directory.store(store).and_then(|store| store.daily_limit_minor);
    let merchant_limit = directory.merchant(merchant).and_then(|it| it.daily_limit_minor);
    let store = store_limit.map(|_| ("store", store.to_string()));
    let merchant = merchant_limit.map(|_| ("merchant", merchant.to_string()));
    store.into_iter().chain(merchant)
}

async fn taken(platform: &Platform, key: &str) -> Result<(u64, Option<u64>), StoreError> {
    let Some(found) = platform.store.record(TAKINGS, key).await? else { return Ok((0, None)) };
    let minor = found.value.parse().map_err(|_| StoreError::Damaged {
        what: "takings".to_owned(),
        reason: format!("{key} is not a number"),
    })?;
    Ok((minor, Some(found.version)))
}

fn write(key: String, minor: u64, version: Option<u64>, now: Timestamp) -> RecordWrite {
    let body = minor.to_string();
    let expires_at = now.checked_add(TAKINGS_LIFE).ok();
    let change = match version {
        Some(expected) => RecordChange::Replace { body, expected, expires_at },
        None => RecordChange::Insert { body, expires_at },
    };
    RecordWrite { space: TAKINGS, key, change }
}
