//! The id of a certificate, as it stands in `kid`.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::CertError;
use crate::limits::CERT_ID_CHARS_MAX;

/// Id of a certificate: 1 to 128 ASCII letters and digits. Ours are the decimal serial;
/// a partner's is compared as it is and never interpreted (security 1).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CertId(String);

impl CertId {
    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CertId {
    type Error = CertError;

    fn try_from(text: String) -> Result<Self, CertError> {
        let fits = (1..=CERT_ID_CHARS_MAX).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if fits { Ok(Self(text)) } else { Err(CertError::Id) }
    }
}

impl FromStr for CertId {
    type Err = CertError;

    fn from_str(text: &str) -> Result<Self, CertError> {
        Self::try_from(text.to_owned())
    }
}

impl From<CertId> for String {
    fn from(id: CertId) -> Self {
        id.0
    }
}

impl AsRef<str> for CertId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for CertId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CertId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
