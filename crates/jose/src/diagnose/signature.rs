//! Causes of a signature that does not verify.
//!
//! Goal: find out which key signed which bytes. A PKCS#1 v1.5 signature opens under the
//! public key of its signer only, and then shows the hash that was signed; so one public
//! operation a key tells who signed, and comparing hashes tells what.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::{BodyChange, Case, Cause, Diagnosis, variants};
use crate::cert::Certificate;
use crate::jws::{Check, Detached, Failure, PartnerKeys, parse};
use crate::limits::KEYS_PER_SLOT_MAX;

/// Whose key opened the signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signer {
    /// The certificate that `kid` names.
    Named,
    /// An encryption certificate of the application.
    Encryption,
    /// Any other certificate of the owner.
    Other,
}

/// What came out of the signature.
enum Opened {
    /// The 32 bytes of a hash inside a SHA-256 `DigestInfo`, as RS256 wants it.
    Sha256([u8; 32]),
    /// 32 bytes without a `DigestInfo`: the in-body form.
    Bare,
    /// The `DigestInfo` of another hash.
    OtherHash(&'static str),
}

/// Explains why the signature of this request does not verify.
pub(super) fn explain(failure: &Failure, case: &Case<'_>) -> Diagnosis {
    let unknown = || Diagnosis::new(Check::Signature, Cause::UnknownKey);
    let (Some(partner), Some(Ok(detached))) = (&failure.partner, case.call.header.map(parse))
    else {
        return unknown();
    };
    let kid = &detached.protected.kid;
    let Some((signer, certificate, opened)) = find_signer(&detached, partner, case) else {
        return unknown().with("kid", kid);
    };
    let what = signed_what(&opened, &detached, case.call.body);
    let by_key = match signer {
        Signer::Named => None,
        Signer::Encryption => Some(Cause::SignedByEncryptionKey),
        Signer::Other => Some(Cause::SignedByOtherKey { id: certificate.id().to_string() }),
    };
    let found = Diagnosis::new(Check::Signature, by_key.unwrap_or_else(|| what.cause.clone()))
        .with("kid", kid)
        .with("signed by", certificate.id().as_str());
    match what.form {
        Some(form) => found.with("signed text", form),
        None => found,
    }
}

/// The first certificate under which the signature opens.
fn find_signer(
    detached: &Detached,
    partner: &PartnerKeys,
    case: &Case<'_>,
) -> Option<(Signer, Arc<Certificate>, Opened)> {
    let kid = detached.protected.kid.as_str();
    let signing = partner.signing.entries().iter().map(|entry| {
        let named = entry.key.id().as_str() == kid;
        (if named { Signer::Named } else { Signer::Other }, &entry.key)
    });
    let encryption =
        partner.encryption.entries().iter().map(|entry| (Signer::Encryption, &entry.key));
    let others =
        case.other_certificates.iter().take(KEYS_PER_SLOT_MAX).map(|key| (Signer::Other, key));
    let mut candidates: Vec<_> = signing.chain(encryption).chain(others).collect();
    candidates.sort_by_key(|(signer, _)| *signer != Signer::Named);
    candidates.into_iter().find_map(|(signer, certificate)| {
        let payload = certificate.public_key().raw().open_type1(detached.signature())?;
        read_payload(&payload).map(|opened| (signer, Arc::clone(certificate), opened))
    })
}

/// Tells the hash from the bytes inside a signature (RFC 8017 section 9.2, note 1).
fn read_payload(payload: &[u8]) -> Option<Opened> {
    const SHA256_PREFIX: [u8; 19] = [
        0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01,
        0x05, 0x00, 0x04, 0x20,
    ];
    // Object identifiers of the hashes that signers pick by mistake.
    const OTHERS: [(&str, &[u8]); 4] = [
        ("SHA-1", &[0x2b, 0x0e, 0x03, 0x02, 0x1a]),
        ("SHA-384", &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02]),
        ("SHA-512", &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03]),
        ("MD5", &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x02, 0x05]),
    ];
    if let Some(hash) = payload.strip_prefix(SHA256_PREFIX.as_slice()) {
        return hash.try_into().ok().map(Opened::Sha256);
    }
    if payload.len() == 32 {
        return Some(Opened::Bare);
    }
    let holds = |oid: &[u8]| payload.windows(oid.len()).any(|window| window == oid);
    let named = OTHERS.iter().find(|(_, oid)| holds(oid));
    named.map(|(name, _)| Opened::OtherHash(name))
}

/// A cause, and the form of the text that was signed if it is known.
struct Signed {
    cause: Cause,
    form: Option<&'static str>,
}

impl Signed {
    const fn new(cause: Cause, form: &'static str) -> Self {
        Self { cause, form: Some(form) }
    }
}

fn signed_what(opened: &Opened, detached: &Detached, body: &[u8]) -> Signed {
    match opened {
        Opened::Bare => Signed::new(Cause::InBodyAlgorithm, "hash without DigestInfo"),
        Opened::OtherHash(hash) => Signed { cause: Cause::OtherHash { hash }, form: None },
        Opened::Sha256(hash) => over_what(hash, detached.encoded_header(), body)
            .unwrap_or(Signed { cause: Cause::OtherBytes, form: None }),
    }
}

/// Compares the signed hash with that of every text a partner may have signed by mistake.
fn over_what(hash: &[u8; 32], header: &str, body: &[u8]) -> Option<Signed> {
    let is = |parts: &[&[u8]]| digest(&SHA256, &parts.concat()).as_ref() == hash.as_slice();
    let joined = |payload: &[u8]| is(&[header.as_bytes(), b".", payload]);
    if joined(URL_SAFE_NO_PAD.encode(body).as_bytes()) {
        return Some(Signed::new(Cause::OtherBytes, "the right one, with another key"));
    }
    if joined(body) {
        return Some(Signed::new(Cause::PayloadUnencoded, "header, dot, body"));
    }
    if joined(URL_SAFE.encode(body).as_bytes()) {
        return Some(Signed::new(Cause::PayloadPadded, "padded base64url"));
    }
    if joined(STANDARD.encode(body).as_bytes()) || joined(STANDARD_NO_PAD.encode(body).as_bytes()) {
        return Some(Signed::new(Cause::PayloadStandardBase64, "standard base64"));
    }
    if is(&[body]) {
        return Some(Signed::new(Cause::InBodyAlgorithm, "the body alone"));
    }
    if joined(b"") {
        let change = BodyChange::Empty;
        return Some(Signed::new(Cause::BodyChanged { change }, "empty payload"));
    }
    variants::of(body).into_iter().find_map(|variant| {
        let change = variant.change;
        let signed = joined(URL_SAFE_NO_PAD.encode(&variant.body).as_bytes());
        signed.then(|| Signed::new(Cause::BodyChanged { change }, variant.form))
    })
}
