//! Records of refused requests, for their owners (security 2).
//!
//! Goal: whoever gets a bare E0 can look up which check failed first and why. Anyone can cause a
//! refusal, so the records are made aside, one after another, from a short queue: what does not
//! fit is refused all the same and only counted.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use app::Platform;
use app::records;
use app::writeset::{RecordChange, RecordWrite, WriteSet};
use jiff::SignedDuration;
use jose::diagnose::{Case, explain};
use jose::jws::{Call, Check, Failure};
use jose::keyring::Clock as KeyClock;
use metrics::counter;
use serde_json::Value;
use tokio::sync::mpsc;

use super::intake::Arrived;
use crate::limits::{
    DIAGNOSES_BURST_COUNT_MAX, DIAGNOSES_PER_SECOND_MAX, DIAGNOSES_WAITING_COUNT_MAX,
    DIAGNOSIS_KEPT_HOURS, DIAGNOSIS_TEXT_CHARS_MAX,
};

/// A refused request with what is known of it.
pub(super) struct Suspect {
    pub(super) arrived: Arrived,
    pub(super) failure: Failure,
    pub(super) now: KeyClock,
}

/// The queue of requests to be diagnosed.
pub(crate) struct Diagnoses {
    platform: Arc<Platform>,
    queue: OnceLock<mpsc::Sender<(String, Suspect)>>,
    allowance: Mutex<Allowance>,
}

/// How many records may still be made: a burst, and then so many a second, so that nobody can
/// fill the disk with refusals.
struct Allowance {
    left: i64,
    /// Real time of the last look, in seconds.
    at: i64,
}

impl Allowance {
    fn take(&mut self, now: i64) -> bool {
        let earned = now.saturating_sub(self.at).max(0).saturating_mul(DIAGNOSES_PER_SECOND_MAX);
        self.left = self.left.saturating_add(earned).min(DIAGNOSES_BURST_COUNT_MAX);
        self.at = now;
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(i64::from(allowed));
        allowed
    }
}

impl Diagnoses {
    pub(crate) fn new(platform: Arc<Platform>) -> Self {
        let at = platform.clock.real_now().as_second();
        let allowance = Mutex::new(Allowance { left: DIAGNOSES_BURST_COUNT_MAX, at });
        Self { platform, queue: OnceLock::new(), allowance }
    }

    /// The id under which the record will be found soon; `None` when there is no room.
    pub(super) fn keep(&self, suspect: Suspect) -> Option<String> {
        let id = self.platform.ids.secret();
        let queue = self.queue.get_or_init(|| start(Arc::clone(&self.platform)));
        let now = self.platform.clock.real_now().as_second();
        let allowed = self.allowance.lock().unwrap_or_else(PoisonError::into_inner).take(now);
        let taken = allowed && queue.try_send((id.clone(), suspect)).is_ok();
        if !taken {
            counter!("causeway_diagnoses_dropped_total").increment(1);
        }
        taken.then_some(id)
    }
}

/// Starts the one task that makes records; it ends with the queue.
fn start(platform: Arc<Platform>) -> mpsc::Sender<(String, Suspect)> {
    let (queue, mut suspects) = mpsc::channel::<(String, Suspect)>(DIAGNOSES_WAITING_COUNT_MAX);
    tokio::spawn(async move {
        while let Some((id, suspect)) = suspects.recv().await {
            let examined = tokio::task::spawn_blocking(move || examine(&suspect));
            let Ok(record) = examined.await else { continue };
            store(&platform, id, &record).await;
        }
    });
    queue
}

/// The record: what the diagnoser says, and of which request. No body, no signature.
fn examine(suspect: &Suspect) -> Value {
    let Suspect { arrived, failure, now } = suspect;
    let call = Call {
        header: arrived.header.as_deref(),
        body: &arrived.body,
        path: &arrived.path,
        peer: arrived.peer,
        now: *now,
    };
    let case = Case { call, uuid_seen: failure.check == Check::Uuid, other_certificates: &[] };
    let mut record = explain(failure, &case).to_json();
    record["app"] = failure.partner.as_ref().map(|partner| partner.app_id.clone()).into();
    record["path"] = cut(&arrived.path).into();
    record["at"] = now.real.to_string().into();
    record["body_bytes"] = arrived.body.len().into();
    record
}

fn cut(text: &str) -> String {
    text.chars().take(DIAGNOSIS_TEXT_CHARS_MAX).collect()
}

async fn store(platform: &Platform, id: String, record: &Value) {
    let kept = SignedDuration::from_hours(DIAGNOSIS_KEPT_HOURS);
    let expires_at = platform.clock.now().saturating_add(kept).ok();
    let change = RecordChange::Put { body: record.to_string(), expires_at };
    let records = vec![RecordWrite { space: records::DIAGNOSIS, key: id, change }];
    if let Err(error) = platform.store.commit(WriteSet { records, ..WriteSet::default() }).await {
        tracing::warn!(%error, "a diagnosis was not kept");
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowance, DIAGNOSES_BURST_COUNT_MAX};

    #[test]
    fn a_flood_of_refusals_leaves_few_records() {
        let mut allowance = Allowance { left: DIAGNOSES_BURST_COUNT_MAX, at: 0 };
        let flood =
            |allowance: &mut Allowance, now| (0..5000).filter(|_| allowance.take(now)).count();
        assert_eq!(flood(&mut allowance, 0), 1000);
        assert_eq!(flood(&mut allowance, 3), 3);
        assert_eq!(flood(&mut allowance, 2), 0, "a clock that steps back gives nothing");
        assert_eq!(flood(&mut allowance, 1_000_000), 1000);
    }
}
