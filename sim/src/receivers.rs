//! The receivers of notices and callbacks, and the way to them.

use std::sync::Arc;
use std::time::Duration;

use app::ports::Clock;
use async_trait::async_trait;
use delivery::Notices;
use delivery::limits::{CALLBACK_LIMIT, NOTICE_LIMIT};
use domain::ids::AppId;
use domain::notice::{Notice, NoticeAttempt, Receiver};
use domain::order::Order;

use crate::faults::Canary;
use crate::network::call;
use crate::time::NodeClock;
use crate::world::World;

/// A node's way to the receivers.
pub struct Sender {
    /// The run.
    pub world: Arc<World>,
    /// The node's clock.
    pub clock: Arc<NodeClock>,
}

#[async_trait]
impl Notices for Sender {
    fn address(&self, order: &Order, notice: &Notice) -> Option<(AppId, String)> {
        let host = notice.receiver.name();
        Some((AppId::new(host), format!("https://{host}.{}.example/", order.terms.merchant)))
    }

    async fn attempt(&self, order: &Order, notice: &Notice) -> NoticeAttempt {
        let at = self.clock.now();
        self.world.notes().attempt(order, notice);
        let limit = match notice.receiver {
            Receiver::Industry | Receiver::Channel => NOTICE_LIMIT,
            Receiver::Merchant => CALLBACK_LIMIT,
        };
        let told = notice.clone();
        let answer = call(&self.world, limit, move |world| confirms(world, &told)).await;
        let is_silent_taken = self.world.canary == Some(Canary::SilentNotice);
        let is_confirmed = answer.unwrap_or(is_silent_taken);
        let took = Duration::try_from(self.clock.now().duration_since(at)).unwrap_or_default();
        NoticeAttempt {
            at,
            status: answer.map(|_| 200),
            latency_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            error: (!is_confirmed).then(|| "not confirmed".to_owned()),
        }
    }
}

/// Whether the receiver confirms; it remembers that it did.
fn confirms(world: &Arc<World>, notice: &Notice) -> bool {
    let [industry, channel, merchant] = world.faults.dead;
    let is_dead = match notice.receiver {
        Receiver::Industry => industry,
        Receiver::Channel => channel,
        Receiver::Merchant => merchant,
    };
    if is_dead || world.goes_wrong(world.faults.unconfirmed) {
        return false;
    }
    *world.notes().confirmed.entry(notice.id.clone()).or_default() += 1;
    true
}
