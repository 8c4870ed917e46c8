//! Claimed tasks that found no place in their lanes, or that were in hand already: their names, so
//! that they can be given back when there is room, long before their leases lapse.

use app::ports::store::StoreError;
use app::use_cases::give_back;
use app::writeset::{Task, TaskId, Versioned};
use domain::ids::MerchantId;
use jiff::Timestamp;

use super::job::Lane;
use super::{AllLanes, Shared};
use crate::limits::PARKED_LEASE_LEFT_MIN;
use crate::metered;

/// What is kept of a parked task.
pub(super) struct Parked {
    owner: MerchantId,
    id: TaskId,
    version: u64,
    lease_until: Timestamp,
}

impl Parked {
    pub(super) fn of(task: &Versioned<Task>, lease_until: Timestamp) -> Self {
        let Task { owner, id, .. } = &task.value;
        Self { owner: owner.clone(), id: id.clone(), version: task.version, lease_until }
    }
}

/// The instant until which a task may be given back that was claimed until `lease_until`.
pub(super) fn until(lease_until: Timestamp) -> Timestamp {
    lease_until.checked_sub(PARKED_LEASE_LEFT_MIN).unwrap_or(lease_until)
}

impl Shared {
    /// Parks a task; without room it is left to its lease. One that had its turn in the lane was
    /// late: too little of its lease was left for the work.
    pub(super) fn park(lanes: &mut AllLanes, lane: &Lane, parked: Parked, had_turn: bool) {
        let until = until(parked.lease_until);
        if !lanes.park(lane, until, parked, had_turn) {
            metered::task_left(if had_turn { "late" } else { "full" });
        }
    }

    /// Gives parked tasks back, so that they are claimed again at once.
    pub(super) async fn unpark(&self, parked: Vec<Parked>) {
        if parked.is_empty() {
            return;
        }
        for one in parked {
            // Boxed: rare, and every job that runs would keep room for it.
            if let Err(error) = Box::pin(self.unpark_one(&one)).await {
                let task = one.id.as_str();
                tracing::warn!(task, %error, "a claimed task is left to its lease");
            }
        }
        self.parts.platform.wake.wake();
    }

    async fn unpark_one(&self, parked: &Parked) -> Result<(), StoreError> {
        let platform = &self.parts.platform;
        let found = platform.store.task(&parked.owner, &parked.id).await?;
        match found.filter(|task| task.version == parked.version) {
            Some(task) => give_back(platform, &task).await,
            // It was recorded meanwhile, by hand or by another node.
            None => Ok(()),
        }
    }
}
