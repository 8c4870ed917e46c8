//! Makes many key pairs at once: an RSA key costs tens of milliseconds or more, so all cores work.

use std::num::NonZeroUsize;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use jiff::Timestamp;
use jose::cert::{CertError, Identity};

use crate::limits::CERTIFICATE_DAYS;

/// A key pair to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyPlan {
    /// Common name of the certificate, 1 to 64 characters.
    pub(crate) subject: String,
}

impl KeyPlan {
    /// A key pair for this subject.
    pub(crate) fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into() }
    }
}

/// Makes an identity for each plan, in the order of the plans. Serial numbers are derived from the
/// time, one after another.
///
/// # Errors
/// The first that failed.
pub(crate) fn generate_all(plans: &[KeyPlan], now: Timestamp) -> Result<Vec<Identity>, CertError> {
    let next = AtomicUsize::new(0);
    let made = Mutex::new(Vec::with_capacity(plans.len()));
    let threads = thread::available_parallelism().map_or(2, NonZeroUsize::get).min(plans.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((index, plan)) = take(plans, &next) {
                    let identity = generate(plan, index, now);
                    let mut made = made.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    made.push((index, identity));
                }
            });
        }
    });
    let mut made = made.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    made.sort_by_key(|(index, _)| *index);
    made.into_iter().map(|(_, identity)| identity).collect()
}

fn take<'a>(plans: &'a [KeyPlan], next: &AtomicUsize) -> Option<(usize, &'a KeyPlan)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    plans.get(index).map(|plan| (index, plan))
}

fn generate(plan: &KeyPlan, index: usize, now: Timestamp) -> Result<Identity, CertError> {
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let serial = milliseconds * 1_000 + u64::try_from(index).unwrap_or(0) % 1_000;
    Identity::generate(&plan.subject, serial, now, CERTIFICATE_DAYS)
}
