//! A certificate together with its private key.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyUsagePurpose, SerialNumber};

use super::{CertError, CertId, Certificate, PrivateKey};

/// What a new certificate shall say.
#[derive(Debug, Clone, Copy)]
pub struct Issue<'a> {
    /// Common name of subject and issuer, 1 to 64 characters.
    pub subject: &'a str,
    /// Serial number; its decimal form becomes the certificate's id.
    pub serial: u64,
    /// First second of validity.
    pub not_before: Timestamp,
    /// Length of validity in days, 1 to 36 500.
    pub validity_days: u32,
}

/// A certificate and the private key that belongs to it. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    certificate: Arc<Certificate>,
    key: Arc<PrivateKey>,
}

impl Identity {
    /// Puts a certificate and its key together.
    ///
    /// # Errors
    /// [`CertError::Mismatch`] when the key is another one's.
    pub fn new(certificate: Certificate, key: PrivateKey) -> Result<Self, CertError> {
        if certificate.public_key().pkcs1_der() == key.public_pkcs1_der() {
            Ok(Self { certificate: Arc::new(certificate), key: Arc::new(key) })
        } else {
            Err(CertError::Mismatch)
        }
    }

    /// Makes a key of 2048 bits and a self-signed certificate for it.
    ///
    /// # Errors
    /// As [`Self::certify`].
    pub fn generate(
        subject: &str,
        serial: u64,
        not_before: Timestamp,
        validity_days: u32,
    ) -> Result<Self, CertError> {
        let issue = Issue { subject, serial, not_before, validity_days };
        Self::certify(PrivateKey::generate()?, &issue)
    }

    /// Makes a self-signed certificate for a key that exists.
    ///
    /// # Errors
    /// [`CertError::Validity`] when the days are out of bounds or the time lies before 1970
    /// or after 9000; [`CertError::Generate`] when the library refuses.
    pub fn certify(key: PrivateKey, issue: &Issue<'_>) -> Result<Self, CertError> {
        let params = parameters(issue)?;
        let made = params.self_signed(&Signer(&key)).map_err(|_| CertError::Generate)?;
        Self::new(Certificate::from_der(made.der())?, key)
    }

    /// The certificate.
    #[must_use]
    pub const fn cert(&self) -> &Arc<Certificate> {
        &self.certificate
    }

    /// The private key.
    #[must_use]
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// The certificate's id, as it stands in `kid`.
    #[must_use]
    pub fn id(&self) -> &CertId {
        self.certificate.id()
    }
}

/// Lets rcgen sign with our key, so that the key never leaves its type.
struct Signer<'a>(&'a PrivateKey);

impl rcgen::PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.0.public_pkcs1_der()
    }

    fn algorithm(&self) -> &'static rcgen::SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl rcgen::SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign_digest(&digest(&SHA256, message)).ok_or(rcgen::Error::RingUnspecified)
    }
}

fn parameters(issue: &Issue<'_>) -> Result<CertificateParams, CertError> {
    const DAY_SECONDS: u64 = 86_400;
    const DAYS_MAX: u32 = 36_500;
    const LATEST_SECONDS: u64 = 221_845_392_000; // the year 9000
    const SUBJECT_CHARS_MAX: usize = 64; // RFC 5280, ub-common-name
    let from = u64::try_from(issue.not_before.as_second()).map_err(|_| CertError::Validity)?;
    let seconds = u64::from(issue.validity_days).saturating_mul(DAY_SECONDS);
    let until = from.saturating_add(seconds);
    if !(1..=DAYS_MAX).contains(&issue.validity_days) || until > LATEST_SECONDS {
        return Err(CertError::Validity);
    }
    if !(1..=SUBJECT_CHARS_MAX).contains(&issue.subject.chars().count()) {
        return Err(CertError::Generate);
    }
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, issue.subject);
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let mut params = CertificateParams::default();
    #[expect(clippy::arithmetic_side_effects, reason = "both lie before the year 9000")]
    {
        params.not_before = epoch + Duration::from_secs(from);
        params.not_after = epoch + Duration::from_secs(until);
    }
    params.serial_number = Some(SerialNumber::from(issue.serial));
    params.distinguished_name = name;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    Ok(params)
}
