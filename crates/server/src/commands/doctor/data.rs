//! What the data says: folder, database, keys, clock, what is overdue.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use app::ports::store::{NoticeFilter, StoreError};
use app::ports::{Sealer, Store};
use app::records::KEY_RING;
use app::use_cases::load_directory;
use app::writeset::TaskBody;
use jiff::{SignedDuration, Timestamp};
use jose::cert::Certificate;
use jose::seal::MasterKeys;

use super::network;
use super::{Health, Patient, Report};
use crate::directory_file;
use crate::failure::Failure;
use crate::keys::stored::{OwnKey, read_all};
use crate::keys::{MasterSealer, master};
use crate::production;
use crate::sandbox::clock::Moved;
use crate::time::real_now;

/// Days before the end of a certificate from which on it is warned of (security.md section 5).
const EXPIRY_WARNING_DAYS: i64 = 60;
/// Orders looked at in one page, and pages at most.
const PAGE_COUNT: usize = 500;
const PAGES_COUNT_MAX: usize = 400;
/// Undelivered notices looked at.
const NOTICES_COUNT_MAX: usize = 1_000;
/// How old an unknown payment may be before it is bad: the resolver has slowed down by then.
const UNKNOWN_AGE_MAX: SignedDuration = SignedDuration::from_hours(1);

/// The folder and the master key.
pub(super) fn folder(patient: &Patient, report: &mut Report) {
    let Some(folder) = &patient.folder else { return };
    match fs::metadata(folder) {
        Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => report.warn(
            "data folder",
            format!("{0} is open to others; run chmod 700 {0}", folder.display()),
        ),
        Ok(_) => report.good("data folder", folder.display().to_string()),
        Err(error) => {
            report.bad("data folder", format!("{}: {}", folder.display(), master::explain(&error)));
        }
    }
}

/// The files that the configuration names.
pub(super) fn files(patient: &Patient, report: &mut Report) {
    let path = patient.config.as_ref().and_then(|config| config.directory_file.as_deref());
    let Some(path) = path else { return };
    match directory_file::read(path) {
        Ok(_) => report.good("directory", format!("{} can be read", path.display())),
        Err(failure) => report.bad("directory", failure.to_string()),
    }
}

/// Everything that the store can tell.
pub(super) async fn store(store: &dyn Store, patient: &Patient, report: &mut Report) {
    report.good("database", format!("{} can be read", patient.location));
    let now = real_now();
    if let Err(error) = look(store, patient, report, now).await {
        report.bad("database", error.to_string());
    }
}

async fn look(
    store: &dyn Store,
    patient: &Patient,
    report: &mut Report,
    now: Timestamp,
) -> Result<(), StoreError> {
    keys(store, patient, report, now).await;
    let moved = Moved::read(store).await?;
    let business = now.saturating_add(SignedDuration::from_millis(moved.offset_ms));
    let business = business.unwrap_or(now);
    clock(store, report, business, moved).await?;
    unknown(store, report, business).await?;
    undelivered(store, report, business).await?;
    let directory = load_directory(store).await?;
    for application in &directory.applications {
        for certificate in application.certificates.iter().filter(|it| !it.revoked) {
            let owner = format!("application {}", application.id);
            match Certificate::import(certificate.pem.as_bytes()) {
                Ok(read) => expiry(report, &owner, &read, now),
                Err(error) => report.bad("certificates", format!("{owner}: {error}")),
            }
        }
    }
    network::partners(&directory, patient, report).await;
    Ok(())
}

async fn keys(store: &dyn Store, patient: &Patient, report: &mut Report, now: Timestamp) {
    match own_keys(store, patient).await {
        Ok(keys) if keys.is_empty() => {
            report.bad("keys", "the platform has no keys; run causeway migrate");
        }
        Ok(keys) => {
            report.good("keys", format!("{} keys of the platform can be opened", keys.len()));
            for key in &keys {
                expiry(report, "the platform", key.entry.key.cert(), now);
            }
        }
        Err(failure) => report.bad("keys", failure.to_string()),
    }
}

async fn own_keys(store: &dyn Store, patient: &Patient) -> Result<Vec<OwnKey>, Failure> {
    let sealer: std::sync::Arc<dyn Sealer> = match (&patient.config, &patient.folder) {
        (Some(config), _) => production::sealer(config)?,
        (None, Some(folder)) => {
            let key = master::read(&folder.join("master.key"))?;
            std::sync::Arc::new(MasterSealer::new(MasterKeys::new(key, Vec::new())))
        }
        (None, None) => {
            return Err(Failure::new("the master key is not known; name the folder or the config"));
        }
    };
    read_all(store, KEY_RING, &*sealer).await
}

fn expiry(report: &mut Report, owner: &str, certificate: &Certificate, now: Timestamp) {
    let days = certificate.days_left(now);
    let id = certificate.id();
    if days < 0 {
        report.bad("certificates", format!("{id} of {owner} expired {} days ago", -days));
    } else if days <= EXPIRY_WARNING_DAYS {
        report.warn("certificates", format!("{id} of {owner} expires in {days} days"));
    }
}

/// The journal must not be ahead of the clock.
async fn clock(
    store: &dyn Store,
    report: &mut Report,
    business: Timestamp,
    moved: Moved,
) -> Result<(), StoreError> {
    let mut newest: Option<Timestamp> = None;
    for lane in store.journal_lanes().await? {
        // The end of a lane is found by doubling and halving: lines have no gaps.
        let mut low = 0_u64;
        let mut step = 1_u64 << 40;
        while step > 0 {
            let line = store.journal_after(lane, low.saturating_add(step).saturating_sub(1), 1);
            if !line.await?.is_empty() {
                low = low.saturating_add(step);
            }
            step >>= 1;
        }
        let last = store.journal_after(lane, low.saturating_sub(1), 1).await?;
        newest = newest.max(last.first().map(|line| line.at));
    }
    let ahead = if moved.advanced_seconds > 0 {
        format!(", moved ahead by {} s", moved.advanced_seconds)
    } else {
        String::new()
    };
    match newest {
        Some(at) if at > business => report.bad(
            "clock",
            format!(
                "the newest entry is of {at}, which is in the future; set this machine's clock"
            ),
        ),
        Some(_) | None => report.good("clock", format!("business time is {business}{ahead}")),
    }
    Ok(())
}

async fn unknown(
    store: &dyn Store,
    report: &mut Report,
    business: Timestamp,
) -> Result<(), StoreError> {
    let mut after = None;
    let mut oldest: Option<(Timestamp, String)> = None;
    let mut count = 0_u64;
    for _ in 0..PAGES_COUNT_MAX {
        let page = store.orders_after(after.as_ref(), PAGE_COUNT).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.value.terms.number.clone());
        for order in &page {
            let Some(since) = order.value.unknown_since() else { continue };
            count += 1;
            if oldest.as_ref().is_none_or(|(before, _)| since < *before) {
                oldest = Some((since, order.value.terms.number.to_string()));
            }
        }
    }
    match oldest {
        None => report.good("unknown", "no payment is unknown"),
        Some((since, number)) => {
            let age = business.duration_since(since);
            let health = if age > UNKNOWN_AGE_MAX { Health::Bad } else { Health::Warning };
            let minutes = age.as_mins();
            let detail = if count == 1 {
                format!("1 payment is unknown: {number}, for {minutes} minutes")
            } else {
                format!("{count} payments are unknown, the oldest {number} for {minutes} minutes")
            };
            report.add("unknown", health, detail);
        }
    }
    Ok(())
}

async fn undelivered(
    store: &dyn Store,
    report: &mut Report,
    business: Timestamp,
) -> Result<(), StoreError> {
    let filter = NoticeFilter { undelivered_only: true, count_max: NOTICES_COUNT_MAX };
    let tasks = store.notices(filter).await?;
    let created = tasks.iter().filter_map(|task| match &task.value.body {
        TaskBody::Notice(notice) => Some((notice.created_at, task.value.order.to_string())),
        TaskBody::Close | TaskBody::Inquire { .. } => None,
    });
    match created.min() {
        None => report.good("notices", "no notice is undelivered"),
        Some((at, order)) => {
            let hours = business.duration_since(at).as_hours();
            let count = tasks.len();
            let verb = if count == 1 { "is" } else { "are" };
            let detail = format!(
                "{count} {verb} undelivered, the oldest of order {order} for {hours} hours"
            );
            report.warn("notices", detail);
        }
    }
    Ok(())
}
