//! The protected header of a UPI-JWS: its members and the rules for them.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::check::Check;
use crate::limits::{APP_ID_CHARS_MAX, CERT_ID_CHARS_MAX};

/// The only algorithm (security 1).
pub(crate) const ALGORITHM: &str = "RS256";

/// The critical members this code understands; the path comes last and only in requests.
pub(crate) const MEMBERS: [&str; 4] = ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH"];

const UUID_CHARS: usize = 32;

/// The members of a protected header, as sent. Their meaning is checked later, in the order
/// of security 1; here only their form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protected {
    /// Id of the signer's signing certificate, 1 to 128 characters.
    pub kid: String,
    /// 32 lower-case hex digits.
    pub uuid: String,
    /// Unix seconds as text, as sent.
    pub timestamp: String,
    /// The partner's application id, as sent.
    pub app_id: String,
    /// Path of the called service; absent in answers.
    pub req_path: Option<String>,
    /// The critical members' names, in the order sent.
    pub crit: Vec<String>,
}

/// Why a header value was refused. Outward it is one bare E0; this text is for the owner of
/// the application and for the operator.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// The header is absent.
    #[error("the UPI-JWS header is missing")]
    Missing,
    /// The value or the body is past its bound.
    #[error("too long: {length} bytes")]
    TooLong {
        /// Length in bytes.
        length: usize,
    },
    /// Not three parts joined by two dots.
    #[error("the header value has {found} parts instead of 3")]
    Parts {
        /// How many parts there are.
        found: usize,
    },
    /// The middle part is not empty.
    #[error("the middle part must be empty: the payload is detached")]
    PayloadPresent,
    /// The first part is not unpadded base64url.
    #[error("the first part is not unpadded base64url")]
    HeaderEncoding,
    /// The protected header is not a JSON object with members of the right types.
    #[error("the protected header is not the expected JSON object: {reason}")]
    HeaderJson {
        /// What the parser says; holds no secret.
        reason: String,
    },
    /// `alg` is not RS256.
    #[error("alg is {found:?}, only RS256 is accepted")]
    Algorithm {
        /// The value sent.
        found: String,
    },
    /// A mandatory member is absent.
    #[error("the member {name} is missing")]
    MemberMissing {
        /// Its name.
        name: &'static str,
    },
    /// A member's form is wrong.
    #[error("the member {name} must be {rule}")]
    MemberForm {
        /// Its name.
        name: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// A `UPI-` member is present but not named in `crit`.
    #[error("crit does not name {name}")]
    CritIncomplete {
        /// The member's name.
        name: String,
    },
    /// `crit` names what is unknown, absent or named twice.
    #[error("crit names {name:?}, which is unknown, absent or named twice")]
    CritUnknown {
        /// The name.
        name: String,
    },
    /// An answer carries a path.
    #[error("an answer must not carry UPI-REQPATH")]
    PathPresent,
    /// The third part is not unpadded base64url.
    #[error("the signature is not unpadded base64url")]
    SignatureEncoding,
    /// The signature does not fit key, header and body.
    #[error("the signature does not verify")]
    SignatureInvalid,
    /// Signing failed inside the library.
    #[error("the message could not be signed")]
    Sign,
}

impl JwsError {
    /// The check of security 1 that this error belongs to.
    #[must_use]
    pub const fn check(&self) -> Check {
        match self {
            Self::Missing
            | Self::TooLong { .. }
            | Self::Parts { .. }
            | Self::PayloadPresent
            | Self::SignatureEncoding => Check::Header,
            Self::HeaderEncoding
            | Self::HeaderJson { .. }
            | Self::Algorithm { .. }
            | Self::MemberMissing { .. }
            | Self::MemberForm { .. }
            | Self::CritIncomplete { .. }
            | Self::CritUnknown { .. }
            | Self::PathPresent => Check::ProtectedHeader,
            Self::SignatureInvalid | Self::Sign => Check::Signature,
        }
    }
}

/// What the JSON held, before the rules.
#[derive(Default)]
struct Found {
    alg: Option<String>,
    kid: Option<String>,
    uuid: Option<String>,
    timestamp: Option<String>,
    app_id: Option<String>,
    req_path: Option<String>,
    crit: Option<Vec<String>>,
    unencoded: bool,
    foreign: Option<String>,
}

struct FoundVisitor;

impl<'de> Visitor<'de> for FoundVisitor {
    type Value = Found;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of header parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut found = Found::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "alg" => once(&mut found.alg, "alg", &mut map)?,
                "kid" => once(&mut found.kid, "kid", &mut map)?,
                "crit" => once(&mut found.crit, "crit", &mut map)?,
                "UPI-UUID" => once(&mut found.uuid, "UPI-UUID", &mut map)?,
                "UPI-TIMESTAMP" => once(&mut found.timestamp, "UPI-TIMESTAMP", &mut map)?,
                "UPI-APPID" => once(&mut found.app_id, "UPI-APPID", &mut map)?,
                "UPI-REQPATH" => once(&mut found.req_path, "UPI-REQPATH", &mut map)?,
                "b64" => found.unencoded = !map.next_value::<bool>()?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    if name.starts_with("UPI-") {
                        found.foreign.get_or_insert(name);
                    }
                }
            }
        }
        Ok(found)
    }
}

/// Reads a member's value and refuses a second one of the same name (RFC 7515 section 4).
fn once<'de, T, A>(slot: &mut Option<T>, name: &'static str, map: &mut A) -> Result<(), A::Error>
where
    T: serde::Deserialize<'de>,
    A: MapAccess<'de>,
{
    use serde::de::Error as _;
    let value =
        map.next_value().map_err(|error| A::Error::custom(format_args!("{name}: {error}")))?;
    if slot.replace(value).is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    Ok(())
}

/// Reads the protected header and applies the rules that need nothing but the header.
pub(super) fn read(json: &[u8]) -> Result<Protected, JwsError> {
    let bad_json = |error: serde_json::Error| JwsError::HeaderJson { reason: error.to_string() };
    let mut source = serde_json::Deserializer::from_slice(json);
    let found = source.deserialize_map(FoundVisitor).map_err(bad_json)?;
    source.end().map_err(bad_json)?;
    let algorithm = found.alg.ok_or(JwsError::MemberMissing { name: "alg" })?;
    if algorithm != ALGORITHM {
        return Err(JwsError::Algorithm { found: algorithm });
    }
    if found.unencoded {
        return Err(JwsError::MemberForm { name: "b64", rule: "absent: the payload is encoded" });
    }
    let missing = |name| move || JwsError::MemberMissing { name };
    let protected = Protected {
        kid: found.kid.ok_or_else(missing("kid"))?,
        uuid: found.uuid.ok_or_else(missing("UPI-UUID"))?,
        timestamp: found.timestamp.ok_or_else(missing("UPI-TIMESTAMP"))?,
        app_id: found.app_id.ok_or_else(missing("UPI-APPID"))?,
        req_path: found.req_path,
        crit: found.crit.ok_or_else(missing("crit"))?,
    };
    check_crit(&protected, found.foreign)?;
    check_forms(&protected)?;
    Ok(protected)
}

/// `crit` and the `UPI-` members present must be the same set, and all must be understood.
fn check_crit(protected: &Protected, foreign: Option<String>) -> Result<(), JwsError> {
    let present = |name: &str| name != "UPI-REQPATH" || protected.req_path.is_some();
    let wrong = protected.crit.iter().enumerate().find(|(index, name)| {
        let earlier = protected.crit.iter().take(*index).any(|other| other == *name);
        earlier || !MEMBERS.contains(&name.as_str()) || !present(name)
    });
    if let Some((_, name)) = wrong {
        return Err(JwsError::CritUnknown { name: name.clone() });
    }
    let named = |name: &str| protected.crit.iter().any(|other| other == name);
    let unnamed = MEMBERS.iter().find(|name| present(name) && !named(name));
    match unnamed.map(|name| (*name).to_owned()).or(foreign) {
        Some(name) => Err(JwsError::CritIncomplete { name }),
        None => Ok(()),
    }
}

fn check_forms(protected: &Protected) -> Result<(), JwsError> {
    let wrong = |name, rule| Err(JwsError::MemberForm { name, rule });
    if !(1..=CERT_ID_CHARS_MAX).contains(&protected.kid.len()) {
        return wrong("kid", "1 to 128 characters");
    }
    if !is_uuid(&protected.uuid) {
        return wrong("UPI-UUID", "32 lower-case hex digits");
    }
    if !(1..=APP_ID_CHARS_MAX).contains(&protected.app_id.len()) {
        return wrong("UPI-APPID", "the 8 characters of the application id");
    }
    Ok(())
}

/// Whether a text has the form of `UPI-UUID`.
pub(super) fn is_uuid(text: &str) -> bool {
    let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.len() == UUID_CHARS && text.bytes().all(lower_hex)
}
