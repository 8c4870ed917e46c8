//! The counts of a run, as text.

use std::time::Duration;

use crate::audit::Found;

/// What a run did and found.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) cycles: Vec<&'static str>,
    pub(crate) ready: Vec<Duration>,
    pub(crate) found: Found,
    /// Sales that were asked for again at the very end.
    pub(crate) again: usize,
    /// Sales that ended only after a lease had lapsed.
    pub(crate) leased: usize,
    pub(crate) verified: usize,
    pub(crate) took: Duration,
}

impl Report {
    /// One table, Markdown.
    pub(crate) fn text(&self, store: &str) -> String {
        let mut ready = self.ready.clone();
        ready.sort();
        let last = ready.len().saturating_sub(1);
        let millis = |place: usize| ready.get(place).map_or(0, Duration::as_millis);
        let mut kinds: Vec<&str> = self.cycles.clone();
        kinds.sort_unstable();
        kinds.dedup();
        let count = |kind: &str| self.cycles.iter().filter(|it| **it == kind).count();
        let kinds: Vec<String> =
            kinds.iter().map(|kind| format!("{} x {kind}", count(kind))).collect();
        let rows = [
            ("store", store.to_owned()),
            ("cycles", self.cycles.len().to_string()),
            ("what was killed", kinds.join(", ")),
            ("sales asked for", self.found.checked.to_string()),
            ("answers that said yes or no, audited", self.found.acknowledged.to_string()),
            ("sales with a call that got no answer", self.found.open.to_string()),
            ("of these, ended after the lease of a dead holder", self.leased.to_string()),
            ("sales audited again after the last cycle", self.again.to_string()),
            ("ledger and audit trail recomputed", self.verified.to_string()),
            ("from start to `ready`, median ms", millis(last / 2).to_string()),
            ("from start to `ready`, most ms", millis(last).to_string()),
            ("seconds in all", self.took.as_secs().to_string()),
            ("**lost**", format!("**{}**", self.found.lost.len())),
            ("**doubled**", format!("**{}**", self.found.doubled.len())),
        ];
        let lines = rows.map(|(name, value)| format!("| {name} | {value} |"));
        format!("| | |\n|---|---|\n{}\n", lines.join("\n"))
    }
}
