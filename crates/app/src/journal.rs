//! The hash chain of the journal: the audit trail that verifies from the data alone.

use aws_lc_rs::digest;

use crate::ports::store::JournalEntry;

/// The `previous` of the first line of a lane.
pub const GENESIS: [u8; 32] = [0; 32];

/// SHA-256 over the hash before and the parts of the line, each with its length in front.
#[must_use]
pub fn hash(entry: &JournalEntry) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&entry.previous);
    let at = entry.at.as_millisecond().to_string();
    let place = format!("{}/{}", entry.lane, entry.sequence);
    let parts = [&place, &at, &entry.owner, &entry.stream, &entry.kind, &entry.body];
    for part in parts {
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        context.update(&length.to_be_bytes());
        context.update(part.as_bytes());
    }
    let mut out = GENESIS;
    for (to, from) in out.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    out
}
