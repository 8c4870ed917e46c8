//! One claimed task: which lane it belongs to, and what is done for it.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use app::ports::Busy;
use app::ports::store::StoreError;
use app::use_cases::{record_notice_attempt, run_close, run_inquiry};
use app::writeset::{Task, TaskBody, TaskId, Versioned};
use domain::ids::{AcquirerIin, AppId, MerchantId};
use domain::notice::{Notice, NoticeState};
use domain::order::Order;
use futures_util::FutureExt;
use http::Uri;
use jiff::{SignedDuration, Timestamp};

use super::Shared;
use super::lanes::End;
use super::parked::Parked;
use crate::limits::{NOTICE_LEASE_LEFT_MIN, QUICK, WORK_LEASE_LEFT_MIN};
use crate::metered::{self, Stopwatch};

/// What delays only itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Lane {
    /// Work that only the store does.
    Orders,
    /// The downstream system of an acquirer.
    Downstream(AcquirerIin),
    /// A receiver of notices at one host: a dead host of a partner does not delay its others.
    Receiver(AppId, String),
}

/// A task across all owners.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct JobKey(MerchantId, TaskId);

impl JobKey {
    pub(super) fn of(task: &Task) -> Self {
        Self(task.owner.clone(), task.id.clone())
    }
}

/// A claimed task in hand.
pub(super) struct Job {
    task: Versioned<Task>,
    work: Work,
    lease_until: Timestamp,
    /// Business time does not jump on while it is in hand.
    _busy: Busy,
}

enum Work {
    Close,
    Inquire,
    Notice(Box<(Order, Notice)>),
}

impl Work {
    const fn name(&self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Inquire => "inquire",
            Self::Notice(_) => "notice",
        }
    }

    const fn lease_left_min(&self) -> SignedDuration {
        match self {
            Self::Close | Self::Inquire => WORK_LEASE_LEFT_MIN,
            Self::Notice(_) => NOTICE_LEASE_LEFT_MIN,
        }
    }
}

/// A task that cannot be begun now.
#[derive(Debug, thiserror::Error)]
pub(super) enum PrepareError {
    /// The store did not give the order.
    #[error("order {order} could not be read: {source}")]
    Read {
        /// The order's number.
        order: String,
        /// The store's error.
        source: StoreError,
    },
    /// The order of a notice is not there: the record is damaged.
    #[error("order {order} of notice {notice} is not in the store")]
    NoOrder {
        /// The order's number.
        order: String,
        /// The notice's id.
        notice: String,
    },
}

impl Job {
    pub(super) fn key(&self) -> JobKey {
        JobKey::of(&self.task.value)
    }

    /// What is kept of it when it is parked.
    pub(super) fn parked(&self) -> Parked {
        Parked::of(&self.task, self.lease_until)
    }
}

impl Shared {
    /// The lane of a task, and the task with what it needs; or why not, and the task.
    pub(super) async fn prepare(
        &self,
        task: Versioned<Task>,
        lease_until: Timestamp,
    ) -> Result<(Lane, Job), (PrepareError, Versioned<Task>)> {
        let busy = self.parts.sleeper.busy();
        let (lane, work) = match &task.value.body {
            TaskBody::Close => (Lane::Orders, Work::Close),
            TaskBody::Inquire { .. } => {
                (Lane::Downstream(self.acquirer(&task.value.owner)), Work::Inquire)
            }
            TaskBody::Notice(notice) => {
                let order = match self.order_of(&task.value, notice).await {
                    Ok(order) => order,
                    Err(error) => return Err((error, task)),
                };
                let lane = self.receiver(&order, notice);
                (lane, Work::Notice(Box::new((order, notice.as_ref().clone()))))
            }
        };
        Ok((lane, Job { task, work, lease_until, _busy: busy }))
    }

    fn acquirer(&self, merchant: &MerchantId) -> AcquirerIin {
        let directory = self.parts.platform.directory.get();
        let found = directory.merchant(merchant).map(|merchant| merchant.acquirer.clone());
        // A merchant that left the directory: its open transactions share one lane.
        found.unwrap_or_else(|| AcquirerIin::new(""))
    }

    async fn order_of(&self, task: &Task, notice: &Notice) -> Result<Order, PrepareError> {
        let found = self.parts.platform.store.order(&task.owner, &task.order).await;
        let found =
            found.map_err(|source| PrepareError::Read { order: task.order.to_string(), source })?;
        found.map(|order| order.value).ok_or_else(|| PrepareError::NoOrder {
            order: task.order.to_string(),
            notice: notice.id.to_string(),
        })
    }

    fn receiver(&self, order: &Order, notice: &Notice) -> Lane {
        let Some((app, url)) = self.parts.notices.address(order, notice) else {
            return Lane::Orders;
        };
        let uri: Option<Uri> = url.parse().ok();
        let host = uri.and_then(|uri| uri.authority().map(|one| one.as_str().to_lowercase()));
        Lane::Receiver(app, host.unwrap_or_default())
    }

    /// Does a job, unless it waited too long in its lane: then it is returned, and whoever claims
    /// it next begins it. Whatever fails is logged here and given back or left to the lease: it is
    /// claimed again.
    pub(super) async fn perform(&self, job: Job) -> (End, Option<Parked>) {
        let real_now = self.parts.platform.clock.real_now();
        if job.lease_until.duration_since(real_now) < job.work.lease_left_min() {
            return (End::Unbegun, Some(job.parked()));
        }
        let (began, name) = (Stopwatch::start(), job.work.name());
        let id = job.task.value.id.clone();
        let worked = AssertUnwindSafe(self.work(&job)).catch_unwind().await;
        match worked {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(task = id.as_str(), %error, "a task could not be recorded");
                self.mislay(job.task, job.lease_until, &error);
            }
            Err(_) => tracing::error!(task = id.as_str(), "a task failed an assertion"),
        }
        let took = began.elapsed();
        metered::task_run(name, took);
        (if took <= QUICK { End::Soon } else { End::Slow }, None)
    }

    async fn work(&self, job: &Job) -> Result<(), StoreError> {
        let platform = &self.parts.platform;
        match &job.work {
            // They hold whole orders; most jobs are notices.
            Work::Close => Box::pin(run_close(platform, &job.task)).await,
            Work::Inquire => Box::pin(run_inquiry(platform, &job.task)).await,
            Work::Notice(told) => {
                let (order, notice) = told.as_ref();
                let attempt = self.parts.notices.attempt(order, notice).await;
                let ended_at = platform.clock.now();
                let after = notice.clone().attempted(attempt.clone(), ended_at);
                report(order, &after);
                record_notice_attempt(platform, &job.task, attempt, ended_at).await
            }
        }
    }
}

/// Says what operators must see: a notice that was given up is alarmed.
fn report(order: &Order, notice: &Notice) {
    let (order, receiver) = (&order.terms.number, notice.receiver.name());
    let attempts = notice.attempts.len();
    let last = notice.attempts.last();
    let reason = last.and_then(|attempt| attempt.error.as_deref()).unwrap_or_default();
    match &notice.state {
        NoticeState::Confirmed { .. } => {
            tracing::debug!(%order, receiver, notice = %notice.id, attempts, "notice confirmed");
        }
        NoticeState::Queued | NoticeState::Retrying { .. } => {
            tracing::info!(%order, receiver, notice = %notice.id, attempts, reason,
                "notice not confirmed; it goes out again");
        }
        NoticeState::Undelivered { .. } => {
            metered::notice_undelivered(receiver);
            tracing::error!(%order, receiver, notice = %notice.id, attempts, reason,
                "notice undelivered; it can be sent again by hand");
        }
    }
}

/// Sets the gauges of what was given up.
pub(super) fn measure_undelivered(found: &[Versioned<Task>], now: Timestamp) {
    let age = |task: &Versioned<Task>| match &task.value.body {
        TaskBody::Notice(notice) => now.duration_since(notice.created_at),
        TaskBody::Close | TaskBody::Inquire { .. } => SignedDuration::ZERO,
    };
    let oldest = found.iter().map(age).max().unwrap_or(SignedDuration::ZERO);
    let oldest = Duration::try_from(oldest).unwrap_or(Duration::ZERO);
    metered::undelivered(found.len(), oldest);
}
