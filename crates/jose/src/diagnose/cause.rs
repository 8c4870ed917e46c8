//! The causes the diagnoser knows, each with its stable name and its text.

use jiff::Timestamp;
use serde::Serialize;

/// How the signed body differed from the one received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BodyChange {
    /// One of them begins with a byte order mark.
    Bom,
    /// Line ends: LF here, CRLF there.
    LineEnds,
    /// Blanks or a line end after the JSON.
    TrailingBlanks,
    /// Indented or spaced JSON.
    PrettyPrinted,
    /// The same JSON written compactly, in other order or with other escapes.
    Reserialised,
    /// An empty payload was signed.
    Empty,
}

/// Why a request was most probably refused (security 2). The text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "cause", rename_all = "snake_case")]
pub enum Cause {
    /// The header is absent.
    #[error("The UPI-JWS header is missing. Send the detached signature of the body in it.")]
    HeaderMissing,
    /// Header or body past its bound.
    #[error("The UPI-JWS header or the body is longer than allowed.")]
    TooLong,
    /// Not three parts.
    #[error("The header has {found} parts instead of 3. Its form is header, two dots, signature.")]
    HeaderParts {
        /// Parts found.
        found: usize,
    },
    /// The payload was left in.
    #[error(
        "The payload stands between the two dots. Remove it after signing: the signature is \
         detached, the body is the payload."
    )]
    PayloadPresent,
    /// The header part is not base64url.
    #[error(
        "The first part is not unpadded base64url. Use the alphabet with - and _ and leave \
         out = (RFC 7515)."
    )]
    HeaderEncoding,
    /// The signature part is not base64url.
    #[error(
        "The signature is not unpadded base64url. Use the alphabet with - and _ and leave \
         out = (RFC 7515)."
    )]
    SignatureEncoding,
    /// The header part is not JSON.
    #[error("The first part is not the JSON of a protected header: {reason}.")]
    HeaderNotJson {
        /// What the parser says.
        reason: String,
    },
    /// Another algorithm.
    #[error("alg is {found:?}. Only RS256 is accepted.")]
    Algorithm {
        /// As sent.
        found: String,
    },
    /// Blanks in a name.
    #[error("The name {name:?} in the protected header holds a blank. Write it without.")]
    BlankInName {
        /// As sent.
        name: String,
    },
    /// Case of a name.
    #[error("The name {name:?} in the protected header is written in another case.")]
    CaseOfName {
        /// As sent.
        name: String,
    },
    /// The time stamp is a JSON number.
    #[error("UPI-TIMESTAMP is a JSON number. Send it as a string of Unix seconds.")]
    TimestampIsNumber,
    /// A member is missing.
    #[error("The member {name} is missing from the protected header.")]
    MemberMissing {
        /// Its name.
        name: &'static str,
    },
    /// A member has the wrong form.
    #[error("The member {name} must be {rule}.")]
    MemberForm {
        /// Its name.
        name: &'static str,
        /// The rule.
        rule: &'static str,
    },
    /// crit does not name a member.
    #[error("crit does not name {name}. It must name every UPI- member that is present.")]
    CritIncomplete {
        /// The member's name.
        name: String,
    },
    /// crit names what is not there.
    #[error("crit names {name:?}, which is not present, not known, or named twice.")]
    CritUnknown {
        /// The name.
        name: String,
    },
    /// An answer with a path.
    #[error("UPI-REQPATH stands in an answer. Leave it out there, and out of crit.")]
    PathInAnswer,
    /// Unknown application.
    #[error("No application has this UPI-APPID. It has 8 characters, as the portal shows it.")]
    AppIdUnknown,
    /// Inactive application.
    #[error("The application is not active.")]
    AppInactive,
    /// Address rule.
    #[error("The application's address rule does not allow calls from this address.")]
    AddressNotAllowed,
    /// Unknown kid.
    #[error(
        "No signing certificate of the application has this kid. It is the decimal serial \
         number of the certificate that was uploaded."
    )]
    KidUnknown,
    /// kid names the encryption certificate.
    #[error("kid names your encryption certificate. Sign with the signing key and its id.")]
    KidIsEncryption,
    /// kid in hex.
    #[error("kid is the serial number in hex. Write it in decimal: {decimal}.")]
    KidInHex {
        /// The right id.
        decimal: String,
    },
    /// Replaced, overlap over.
    #[error("The certificate was replaced and its overlap ended at {at}. Sign with the new one.")]
    KidEnded {
        /// When.
        at: Timestamp,
    },
    /// Revoked.
    #[error("The certificate was revoked at {at}. Sign with the current one.")]
    KidRevoked {
        /// When.
        at: Timestamp,
    },
    /// Not yet valid.
    #[error("The certificate is valid only from {at}.")]
    KidNotYetValid {
        /// When.
        at: Timestamp,
    },
    /// Expired.
    #[error("The certificate expired at {at}. Upload a new one.")]
    KidExpired {
        /// When.
        at: Timestamp,
    },
    /// Clock.
    #[error(
        "Your clock is off by {seconds} s (negative: behind). Accepted are 300 s either way; \
         synchronise it by NTP."
    )]
    ClockOff {
        /// Sent minus real time in seconds.
        seconds: i64,
    },
    /// Milliseconds.
    #[error("UPI-TIMESTAMP is in milliseconds. Send Unix seconds, 10 digits.")]
    TimestampMilliseconds,
    /// A calendar form.
    #[error("UPI-TIMESTAMP is a calendar date. Send Unix seconds, 10 digits.")]
    TimestampCalendar,
    /// Something else.
    #[error("UPI-TIMESTAMP is not a number of Unix seconds.")]
    TimestampForm,
    /// Path with host.
    #[error("UPI-REQPATH holds scheme or host. Send the path alone, from the first slash.")]
    PathWithHost,
    /// Path with query.
    #[error("UPI-REQPATH holds a query or fragment. Send the path alone.")]
    PathWithQuery,
    /// Trailing slash.
    #[error("UPI-REQPATH and the called path differ in a slash at the end.")]
    PathTrailingSlash,
    /// No slash at the begin.
    #[error("UPI-REQPATH must begin with a slash.")]
    PathNoSlash,
    /// Case of letters.
    #[error("UPI-REQPATH and the called path differ in the case of letters.")]
    PathCase,
    /// A part of the path.
    #[error("UPI-REQPATH holds only a part of the called path, or more than it.")]
    PathPart,
    /// Another path.
    #[error("UPI-REQPATH is another path than the one that was called.")]
    PathOther,
    /// Signed by the encryption key.
    #[error("The signature was made with your encryption key. Sign with the signing key.")]
    SignedByEncryptionKey,
    /// Signed by another key of the owner.
    #[error("The signature was made with another key of yours, {id}, than kid says.")]
    SignedByOtherKey {
        /// Id of the key that signed.
        id: String,
    },
    /// Signed over a changed body.
    #[error("{}", body_text(*.change))]
    BodyChanged {
        /// How.
        change: BodyChange,
    },
    /// RFC 7797.
    #[error(
        "The unencoded payload was signed (b64 false, RFC 7797). Sign header, dot, and the \
         base64url of the body."
    )]
    PayloadUnencoded,
    /// Padded base64url.
    #[error("The payload was signed as padded base64url. Leave out = at its end.")]
    PayloadPadded,
    /// Standard base64.
    #[error("The payload was signed as standard base64. Use base64url: - and _, without =.")]
    PayloadStandardBase64,
    /// In-body algorithm.
    #[error(
        "The header was signed with the in-body algorithm. UPI-JWS is RS256 over header, dot, \
         base64url of the body."
    )]
    InBodyAlgorithm,
    /// Another hash.
    #[error("The signature uses {hash}. RS256 means SHA-256.")]
    OtherHash {
        /// Its name.
        hash: &'static str,
    },
    /// The named key signed other bytes.
    #[error(
        "The signature was made with the right key but over other bytes. Sign the body \
         exactly as it is sent, and do not change the header afterwards."
    )]
    OtherBytes,
    /// No known key made it.
    #[error(
        "None of your certificates fits the signature. The private key belongs to a \
         certificate that was not uploaded, or it was not PKCS#1 v1.5 (RS256)."
    )]
    UnknownKey,
    /// Replay.
    #[error("UPI-UUID was already used within 10 minutes. Make a fresh one for each message.")]
    UuidUsed,
    /// The platform's own bound.
    #[error("The platform cannot remember more UUIDs at the moment. Try again later.")]
    ReplayFull,
}

const fn body_text(change: BodyChange) -> &'static str {
    match change {
        BodyChange::Bom => {
            "The signature is valid for the body with or without a byte order mark, unlike \
             the one received. Sign and send the same bytes, without a mark."
        }
        BodyChange::LineEnds => {
            "The signature is valid for the body with other line ends (LF or CRLF). Something \
             changed them between signing and sending."
        }
        BodyChange::TrailingBlanks => {
            "The signature is valid for the body with other blanks or line ends at its end."
        }
        BodyChange::PrettyPrinted => {
            "The signature is valid for the indented or spaced form of the body. Sign the \
             text that is sent, not another rendering of it."
        }
        BodyChange::Reserialised => {
            "The signature is valid for the same JSON written in another way. The body was \
             serialised again after signing, or signed before; sign the bytes that are sent."
        }
        BodyChange::Empty => "An empty payload was signed. Sign the bytes of the body.",
    }
}

impl Cause {
    /// A stable name in lower case such as `kid_in_hex`, for records, statistics and links
    /// into the guide. It is the tag of the serialised form.
    #[must_use]
    pub fn name(&self) -> String {
        let form = serde_json::to_value(self).unwrap_or_default();
        form.get("cause").and_then(|tag| tag.as_str()).unwrap_or_default().to_owned()
    }
}
