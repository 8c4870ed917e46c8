//! The numbers that nodes make: from one counter, so that a run is the same each time; sometimes
//! an order's that is taken: nodes make none such, but must live with one.

use std::sync::Arc;

use app::ports::Ids;
use domain::ids::{NoticeId, OrderNumber, QueryId};
use jiff::Timestamp;

use crate::world::World;

/// Numbers of one node.
pub struct NodeIds {
    /// The run.
    pub world: Arc<World>,
}

impl NodeIds {
    fn fresh(&self) -> u64 {
        self.world.number()
    }

    /// Perhaps one that was made before.
    fn perhaps_taken(&self) -> u64 {
        let fresh = self.fresh();
        if self.world.goes_wrong(self.world.faults.number_taken) {
            return self.world.draw(|rng| rng.between(1, fresh));
        }
        fresh
    }
}

impl Ids for NodeIds {
    fn order_number(&self, _: Timestamp) -> OrderNumber {
        OrderNumber::new(format!("8{:020}", self.fresh()))
    }

    fn query_id(&self, _: Timestamp, _: u64) -> QueryId {
        QueryId::new(format!("{:021}", self.fresh()))
    }

    fn sale_number(&self, _: u64) -> OrderNumber {
        OrderNumber::new(format!("789{:013}", self.perhaps_taken()))
    }

    fn terminal_key(&self) -> String {
        format!("{:032x}", self.fresh())
    }

    fn notice_id(&self) -> NoticeId {
        NoticeId::new(format!("{:032}", self.fresh()))
    }

    fn secret(&self) -> String {
        format!("{:043}", self.fresh())
    }

    fn digits(&self, count: u8) -> String {
        format!("{:0width$}", self.fresh(), width = usize::from(count))
    }

    fn incident(&self) -> String {
        format!("incident-{}", self.fresh())
    }
}
