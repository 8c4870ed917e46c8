//! Telling a repeated notice from a new one.

use wire::ucsp::PaymentResultNotice;

use crate::limits::NOTICES_REMEMBERED_MAX;
use crate::once::Once;

/// The keys of the notices that were dealt with. The platform repeats a notice until it is
/// confirmed, so the same one may come more than once: the key is (`queryId`, `txnType`)
/// (`ucsp.md` 1). In memory and bounded; a partner with a database keeps the keys there.
pub struct NoticeKeys {
    keys: Once<(String, String)>,
}

impl Default for NoticeKeys {
    fn default() -> Self {
        Self { keys: Once::new(NOTICES_REMEMBERED_MAX) }
    }
}

impl NoticeKeys {
    /// Whether this notice is the first of its key; it is remembered then. Confirm a repeat as
    /// the first one was, without doing anything again.
    #[must_use = "a repeat must change nothing"]
    pub fn first(&self, notice: &PaymentResultNotice) -> bool {
        self.keys.first((notice.query_id.clone(), notice.txn_type.clone()))
    }

    /// Lets the next repeat count as new, for a notice that could not be dealt with.
    pub fn forget(&self, notice: &PaymentResultNotice) {
        self.keys.forget(&(notice.query_id.clone(), notice.txn_type.clone()));
    }
}
