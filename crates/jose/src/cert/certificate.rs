//! A checked certificate.

use std::fmt;
use std::str::FromStr as _;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use x509_parser::oid_registry::OID_PKCS1_SHA256WITHRSA;
use x509_parser::prelude::{FromDer, Validity, X509Certificate, X509Version};

use super::{CertError, CertId, PublicKey};
use crate::encode;
use crate::limits::CERTIFICATE_BYTES_MAX;

/// A self-signed X.509 v3 certificate with an RSA key of 2048 to 8192 bits and a SHA-256
/// signature (security 5). Checked when it is read, its key parsed once; share it by `Arc`.
pub struct Certificate {
    id: CertId,
    serial_hex: String,
    subject: String,
    not_before: Timestamp,
    not_after: Timestamp,
    der: Vec<u8>,
    public: PublicKey,
}

impl Certificate {
    /// Reads PEM with the tag `CERTIFICATE`. Only the first block counts.
    ///
    /// # Errors
    /// [`CertError::Encoding`] when it is not PEM, or as [`Self::from_der`].
    pub fn from_pem(text: &str) -> Result<Self, CertError> {
        if text.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertError::Size);
        }
        let block = pem::parse(text).map_err(|_| CertError::Encoding)?;
        if block.tag() == "CERTIFICATE" {
            Self::from_der(block.contents())
        } else {
            Err(CertError::Encoding)
        }
    }

    /// Reads and checks DER, at most 16 KiB.
    ///
    /// # Errors
    /// The variant of [`CertError`] that names the first rule that failed.
    pub fn from_der(der: &[u8]) -> Result<Self, CertError> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertError::Size);
        }
        let (rest, parsed) = X509Certificate::from_der(der).map_err(|_| CertError::Parse)?;
        if !rest.is_empty() {
            return Err(CertError::Parse);
        }
        if parsed.version() != X509Version::V3 {
            return Err(CertError::Version);
        }
        if !signed_with_rs256(der, &parsed) {
            return Err(CertError::Algorithm);
        }
        let public = PublicKey::from_spki_der(parsed.public_key().raw)?;
        if !has_one_form(der, &parsed) {
            return Err(CertError::Parse);
        }
        check_self_signed(&parsed, &public)?;
        let (not_before, not_after) = validity(parsed.validity())?;
        Ok(Self {
            id: CertId::from_str(&parsed.tbs_certificate.serial.to_string())?,
            serial_hex: encode::to_hex(parsed.raw_serial()),
            subject: parsed.subject().to_string(),
            not_before,
            not_after,
            der: der.to_vec(),
            public,
        })
    }

    /// Reads what a partner uploads or sends: PEM, DER, or base64 of DER with or without
    /// line breaks (security 5).
    ///
    /// # Errors
    /// As [`Self::from_pem`] and [`Self::from_der`].
    pub fn import(bytes: &[u8]) -> Result<Self, CertError> {
        if bytes.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertError::Size);
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Self::from_der(bytes);
        };
        if text.contains("-----BEGIN") {
            return Self::from_pem(text);
        }
        let packed: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
        encode::from_standard(&packed)
            .ok_or(CertError::Encoding)
            .and_then(|der| Self::from_der(&der))
    }

    /// The id that `kid` carries: the decimal serial number.
    #[must_use]
    pub const fn id(&self) -> &CertId {
        &self.id
    }

    /// The serial number's bytes in lower-case hex, for explanations only.
    #[must_use]
    pub fn serial_hex(&self) -> &str {
        &self.serial_hex
    }

    /// The DER bytes, as they came.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// PEM with the tag `CERTIFICATE`.
    #[must_use]
    pub fn pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new("CERTIFICATE", self.der.as_slice()), config)
    }

    /// Standard base64 of the DER bytes on one line, the form of the key exchange messages.
    #[must_use]
    pub fn base64(&self) -> String {
        encode::to_standard(&self.der)
    }

    /// First moment of validity.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Last moment of validity.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether the certificate is valid at this real time, both ends included.
    #[must_use]
    pub fn is_valid_at(&self, now_real: Timestamp) -> bool {
        self.not_before <= now_real && now_real <= self.not_after
    }

    /// Whole days until the certificate ends, rounded down; negative once it has ended.
    /// Warnings are due at 60, 30, 7 and 1 (security 5).
    #[must_use]
    pub fn days_left(&self, now_real: Timestamp) -> i64 {
        const DAY_SECONDS: i64 = 86_400;
        let left = self.not_after.as_second().saturating_sub(now_real.as_second());
        left.div_euclid(DAY_SECONDS)
    }

    /// The subject's distinguished name as text.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The parsed public key.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Certificate")
            .field("id", &self.id)
            .field("subject", &self.subject)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

/// Whether both algorithm fields say sha256WithRSAEncryption. The outer one is not covered
/// by the signature, so it must be exactly the one DER form: else a certificate could be
/// changed without breaking it.
fn signed_with_rs256(der: &[u8], parsed: &X509Certificate<'_>) -> bool {
    const HEAD_BYTES: usize = 4; // 30 82 and a length of two bytes: 256 bytes to 16 KiB
    const RS256: [u8; 15] =
        [0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];
    let inner = &parsed.tbs_certificate;
    let outer = der.get(HEAD_BYTES.saturating_add(inner.as_ref().len())..);
    inner.signature.algorithm == OID_PKCS1_SHA256WITHRSA
        && outer.is_some_and(|outer| outer.starts_with(&RS256))
}

/// Whether what the signature does not cover, the outermost head and the signature's own, is in
/// its one DER form (X.690, 8.1.2.5 and 10.1): the parser also takes a sequence that is marked
/// primitive.
fn has_one_form(der: &[u8], parsed: &X509Certificate<'_>) -> bool {
    const HEAD_BYTES: usize = 4; // as in `signed_with_rs256`
    const ALGORITHM_BYTES: usize = 15;
    let signature: &[u8] = &parsed.signature_value.data;
    let lengths = der.len().checked_sub(HEAD_BYTES).zip(signature.len().checked_add(1));
    let Some((Ok(whole), Ok(bits))) =
        lengths.map(|(whole, bits)| (u16::try_from(whole), u16::try_from(bits)))
    else {
        return false;
    };
    let ([high, low], [bits_high, bits_low]) = (whole.to_be_bytes(), bits.to_be_bytes());
    let signed = parsed.tbs_certificate.as_ref();
    let behind = der
        .strip_prefix(&[0x30, 0x82, high, low])
        .and_then(|rest| rest.strip_prefix(signed))
        .and_then(|rest| rest.get(ALGORITHM_BYTES..));
    // A key of 2048 bits and more: a bit string of more than 255 bytes, without unused bits.
    behind.and_then(|rest| rest.strip_prefix(&[0x03, 0x82, bits_high, bits_low, 0x00]))
        == Some(signature)
}

/// The self-signature is also the proof that whoever made the certificate has its key.
fn check_self_signed(parsed: &X509Certificate<'_>, key: &PublicKey) -> Result<(), CertError> {
    let signed = digest(&SHA256, parsed.tbs_certificate.as_ref());
    let same_name = parsed.issuer().as_raw() == parsed.subject().as_raw();
    // DER has one form: a signature of whole bytes leaves no bits unused.
    let whole = parsed.signature_value.unused_bits == 0;
    if same_name && whole && key.verifies(&signed, &parsed.signature_value.data) {
        Ok(())
    } else {
        Err(CertError::SelfSigned)
    }
}

fn validity(validity: &Validity) -> Result<(Timestamp, Timestamp), CertError> {
    let time = |seconds| Timestamp::from_second(seconds).map_err(|_| CertError::Validity);
    let not_before = time(validity.not_before.timestamp())?;
    let not_after = time(validity.not_after.timestamp())?;
    if not_before <= not_after { Ok((not_before, not_after)) } else { Err(CertError::Validity) }
}
