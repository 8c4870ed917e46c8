//! Which data of a user go to which service: asked once, kept, and withdrawn at will (`ucsp.md`
//! 8.9).

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::journal::Journal;
use crate::partners::StartError;

/// What a user agreed to for one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) user_id: String,
    pub(crate) industry_code: String,
    /// Whether the mobile number goes over; the user number always does.
    pub(crate) mobile: bool,
    /// When, business time; `None` after it was withdrawn.
    pub(crate) given_at: Option<Timestamp>,
}

type Key = (String, String);

/// All consents of one bank.
pub(crate) struct Consents {
    journal: Journal,
    by_key: Mutex<BTreeMap<Key, Consent>>,
}

impl Consents {
    pub(crate) fn open(folder: Option<&Path>, name: &str) -> Result<Self, StartError> {
        let key = |one: &Consent| format!("{} {}", one.industry_code, one.user_id);
        let (journal, kept) = Journal::open(folder, name, key)?;
        let entry = |one: Consent| ((one.user_id.clone(), one.industry_code.clone()), one);
        Ok(Self { journal, by_key: Mutex::new(kept.into_iter().map(entry).collect()) })
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Consent>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the user agreed to what the service needs now.
    pub(crate) fn covers(&self, user_id: &str, industry_code: &str, mobile: bool) -> bool {
        let key = (user_id.to_owned(), industry_code.to_owned());
        let all = self.all();
        all.get(&key).is_some_and(|one| one.given_at.is_some() && (one.mobile || !mobile))
    }

    /// Keeps what the user decided.
    pub(crate) fn keep(&self, consent: Consent) {
        self.journal.append(&consent);
        self.all().insert((consent.user_id.clone(), consent.industry_code.clone()), consent);
    }

    /// What a user agreed to and did not withdraw.
    pub(crate) fn of(&self, user_id: &str) -> Vec<Consent> {
        let all = self.all();
        let valid = |one: &&Consent| one.user_id == user_id && one.given_at.is_some();
        all.values().filter(valid).cloned().collect()
    }

    pub(crate) fn clear(&self) -> Result<(), StartError> {
        self.all().clear();
        self.journal.clear()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_consent_covers_what_was_agreed_until_it_is_withdrawn() {
        let consents = Consents::open(None, "consents").unwrap();
        let given = |mobile, given_at| Consent {
            user_id: "u-77".to_owned(),
            industry_code: "10000001".to_owned(),
            mobile,
            given_at,
        };
        assert!(!consents.covers("u-77", "10000001", false));
        consents.keep(given(false, Some(Timestamp::UNIX_EPOCH)));
        assert!(consents.covers("u-77", "10000001", false));
        assert!(!consents.covers("u-77", "10000001", true), "the mobile number was not agreed to");
        assert!(!consents.covers("u-78", "10000001", false));
        consents.keep(given(true, None));
        assert!(!consents.covers("u-77", "10000001", false));
        assert!(consents.of("u-77").is_empty());
    }
}
