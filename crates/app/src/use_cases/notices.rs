//! Notices: what was tried is recorded, what was given up can be sent again.

use domain::ids::{MerchantId, OrderNumber};
use domain::notice::{Notice, NoticeAttempt, NoticeState};
use jiff::Timestamp;

use crate::limits::STALE_RETRIES_COUNT_MAX;
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, StoreError};
use crate::writeset::{Task, TaskBody, TaskId, TaskWrite, Versioned, WriteSet};

/// Records an attempt that ended at `ended_at` (business time) and sets when the next falls due.
///
/// # Errors
/// The store's; the notice is then sent again after its lease, which receivers must bear.
pub async fn record_notice_attempt(
    platform: &Platform,
    claimed: &Versioned<Task>,
    attempt: NoticeAttempt,
    ended_at: Timestamp,
) -> Result<(), StoreError> {
    let mut current = Some(claimed.clone());
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let Some(Versioned { value: mut task, version }) = current else { return Ok(()) };
        let TaskBody::Notice(notice) = task.body else { return Ok(()) };
        let notice = notice.attempted(attempt.clone(), ended_at);
        task.due_at = due_at(&notice);
        task.attempts = task.attempts.saturating_add(1);
        task.body = TaskBody::Notice(Box::new(notice));
        let set = WriteSet {
            tasks: vec![TaskWrite::Replace { task, expected: version }],
            ..WriteSet::default()
        };
        if platform.store.commit(set).await? == CommitOutcome::Committed {
            platform.attempted.notify_waiters();
            platform.wake.wake();
            return Ok(());
        }
        current = platform.store.task(&claimed.value.owner, &claimed.value.id).await?;
    }
    Ok(())
}

const fn due_at(notice: &Notice) -> Option<Timestamp> {
    match &notice.state {
        NoticeState::Queued => Some(notice.created_at),
        NoticeState::Retrying { due_at } => Some(*due_at),
        NoticeState::Confirmed { .. } | NoticeState::Undelivered { .. } => None,
    }
}

/// Sends a notice again by hand, whatever its state; it goes out at once.
///
/// # Errors
/// The store's. `false` when there is no such notice or it changed meanwhile.
pub async fn resend_notice(
    platform: &Platform,
    owner: &MerchantId,
    id: &TaskId,
) -> Result<bool, StoreError> {
    let Some(Versioned { value: mut task, version }) = platform.store.task(owner, id).await? else {
        return Ok(false);
    };
    if !matches!(task.body, TaskBody::Notice(_)) {
        return Ok(false);
    }
    task.due_at = Some(platform.clock.now());
    let set = WriteSet {
        tasks: vec![TaskWrite::Replace { task, expected: version }],
        ..WriteSet::default()
    };
    let committed = platform.store.commit(set).await? == CommitOutcome::Committed;
    platform.wake.wake();
    Ok(committed)
}

/// The notices of an order, oldest first.
///
/// # Errors
/// The store's.
pub async fn notices_of(
    platform: &Platform,
    owner: &MerchantId,
    order: &OrderNumber,
) -> Result<Vec<Notice>, StoreError> {
    let tasks = platform.store.tasks_of(owner, order).await?;
    let notices = tasks.into_iter().filter_map(|task| match task.value.body {
        TaskBody::Notice(notice) => Some(*notice),
        TaskBody::Close | TaskBody::Inquire { .. } => None,
    });
    Ok(notices.collect())
}
