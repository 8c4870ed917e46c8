//! The terminal's keys on disk.

use serde::{Deserialize, Serialize};

/// What is kept of a terminal. No `Debug`: it holds keys.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Keys {
    pub(crate) terminal_sn: String,
    pub(crate) device_id: String,
    /// The newest key.
    pub(crate) current: String,
    /// The key before it, which the server accepts too (`upay.md` 4.3).
    pub(crate) previous: Option<String>,
    /// Day of the last check-in, or of the activation.
    pub(crate) checked_in_on: String,
    /// Whether a check-in was sent of which no answer was stored: the server may have a key that
    /// is not known here, and has `current` as its previous one.
    pub(crate) unsure: bool,
}

impl Keys {
    /// After an answer: the new key, and the one that signed the request stays.
    pub(crate) fn renewed(&self, key: String, day: String) -> Self {
        Self {
            current: key,
            previous: Some(self.current.clone()),
            checked_in_on: day,
            unsure: false,
            ..self.clone()
        }
    }
}
