//! An RSA public key, parsed once for every use.

use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use x509_parser::prelude::{FromDer, SubjectPublicKeyInfo};

use super::CertError;
use crate::limits::{CERTIFICATE_BYTES_MAX, RSA_BITS_MAX, RSA_BITS_MIN};

/// An RSA public key of 2048 to 8192 bits. Parsing costs more than a verification, so it
/// is done once and the parsed forms are kept.
pub struct PublicKey {
    spki_der: Vec<u8>,
    pkcs1_der: Vec<u8>,
    verifying: ParsedPublicKey,
    oaep: OaepPublicEncryptingKey,
    rsa15: Pkcs1PublicEncryptingKey,
    raw: rsa_raw::PublicKey,
}

impl PublicKey {
    /// Reads a PEM `PUBLIC KEY` (`SubjectPublicKeyInfo`).
    ///
    /// # Errors
    /// [`CertError::Encoding`], or as [`Self::from_spki_der`].
    pub fn from_pem(text: &str) -> Result<Self, CertError> {
        if text.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertError::Size);
        }
        let block = pem::parse(text).map_err(|_| CertError::Encoding)?;
        if block.tag() != "PUBLIC KEY" {
            return Err(CertError::Encoding);
        }
        Self::from_spki_der(block.contents())
    }

    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1).
    ///
    /// # Errors
    /// [`CertError::PublicKey`] when it is not RSA of 2048 to 8192 bits.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, CertError> {
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertError::Size);
        }
        let refused = CertError::PublicKey;
        let (rest, spki) = SubjectPublicKeyInfo::from_der(der).map_err(|_| refused)?;
        if !rest.is_empty() || spki.subject_public_key.unused_bits != 0 {
            return Err(refused);
        }
        let encrypting = PublicEncryptingKey::from_der(der).map_err(|_| refused)?;
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&encrypting.key_size_bits()) {
            return Err(refused);
        }
        let pkcs1_der = spki.subject_public_key.data.to_vec();
        Ok(Self {
            verifying: ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der)
                .map_err(|_| refused)?,
            oaep: OaepPublicEncryptingKey::new(encrypting.clone()).map_err(|_| refused)?,
            rsa15: Pkcs1PublicEncryptingKey::new(encrypting).map_err(|_| refused)?,
            raw: rsa_raw::PublicKey::from_pkcs1_der(&pkcs1_der).map_err(|_| refused)?,
            spki_der: der.to_vec(),
            pkcs1_der,
        })
    }

    /// The DER `RSAPublicKey` (RFC 8017): the same bytes mean the same key.
    #[must_use]
    pub fn pkcs1_der(&self) -> &[u8] {
        &self.pkcs1_der
    }

    /// PEM with the tag `PUBLIC KEY` (`SubjectPublicKeyInfo`), for handing out.
    #[must_use]
    pub fn pem(&self) -> String {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        pem::encode_config(&pem::Pem::new("PUBLIC KEY", self.spki_der.as_slice()), config)
    }

    /// Whether `signature` is PKCS#1 v1.5 with SHA-256 over `message` ("SHA256withRSA").
    #[must_use]
    pub fn verify_sha256(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifies(&digest(&SHA256, message), signature)
    }

    /// Length of the modulus in bits.
    #[must_use]
    pub fn bits(&self) -> usize {
        self.oaep.key_size_bits()
    }

    /// Whether this is a PKCS#1 v1.5 SHA-256 signature over what was digested.
    pub(crate) fn verifies(&self, digest: &Digest, signature: &[u8]) -> bool {
        self.verifying.verify_digest_sig(digest, signature).is_ok()
    }

    pub(crate) const fn oaep(&self) -> &OaepPublicEncryptingKey {
        &self.oaep
    }

    pub(crate) const fn rsa15(&self) -> &Pkcs1PublicEncryptingKey {
        &self.rsa15
    }

    pub(crate) const fn raw(&self) -> &rsa_raw::PublicKey {
        &self.raw
    }
}
