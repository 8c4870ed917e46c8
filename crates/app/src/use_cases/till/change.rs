//! A command to an order as a till gives it: decided over the present state and committed, again
//! as often as the order changed meanwhile, within bounds.

use domain::ids::{MerchantId, OrderNumber};
use domain::order::Order;
use domain::{Command, Decision, apply, decide};
use jiff::Timestamp;

use super::TillRefusal;
use crate::limits::STALE_RETRIES_COUNT_MAX;
use crate::platform::Platform;
use crate::ports::store::CommitOutcome;
use crate::writeset::{KeyClaim, OrderWrite, TaskWrite, Versioned, WriteSet};

/// What is wanted of the order, and what goes with it.
pub(super) struct Plan {
    pub(super) command: Command,
    pub(super) keys: Vec<KeyClaim>,
    pub(super) tasks: Vec<TaskWrite>,
}

/// Whether something happened.
pub(super) enum Changed {
    /// The order after it, durable.
    Yes(Order),
    /// It is already where the command would bring it.
    No(Order),
}

/// Decides and commits; commands to one order go one after another on this node.
pub(super) async fn change(
    platform: &Platform,
    (owner, number): (&MerchantId, &OrderNumber),
    plan: impl Fn(&Order, Timestamp) -> Result<Plan, TillRefusal>,
) -> Result<Changed, TillRefusal> {
    let _flight = platform.enter_order(number).await?;
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let found = load(platform, owner, number).await?;
        let now = platform.clock.now();
        let Plan { command, keys, tasks } = plan(&found.value, now)?;
        let event = match decide(&found.value, &command, now) {
            Ok(Decision::Happens(event)) => event,
            Ok(Decision::Nothing) => return Ok(Changed::No(found.value)),
            Err(rejection) => {
                return Err(TillRefusal::Rule { order: Box::new(found.value), rejection });
            }
        };
        let order = apply(found.value, &event);
        let order = order.map_err(|error| platform.unexpected(&error.to_string()))?;
        let set = WriteSet {
            order: Some(OrderWrite { order: order.clone(), expected: Some(found.version) }),
            events: vec![*event],
            at: Some(now),
            keys,
            tasks,
            ..WriteSet::default()
        };
        match platform.store.commit(set).await {
            Ok(CommitOutcome::Committed) => {
                platform.watchers.changed(number);
                platform.wake.wake();
                return Ok(Changed::Yes(order));
            }
            Ok(CommitOutcome::Stale | CommitOutcome::Duplicate(_)) => {}
            Err(error) => return Err(platform.till_failed(&error)),
        }
    }
    Err(TillRefusal::Busy)
}

pub(super) async fn load(
    platform: &Platform,
    owner: &MerchantId,
    number: &OrderNumber,
) -> Result<Versioned<Order>, TillRefusal> {
    let found = platform.store.order(owner, number).await;
    found.map_err(|error| platform.till_failed(&error))?.ok_or(TillRefusal::NoOrder)
}
