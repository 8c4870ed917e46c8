//! An RSA private key, parsed once for every use.

use aws_lc_rs::digest::{Digest, SHA256, digest};
use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeySize, OaepPrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use x509_parser::asn1_rs::{Any, FromDer as _, Tag};
use zeroize::Zeroizing;

use super::CertError;
use crate::limits::{PRIVATE_KEY_BYTES_MAX, RSA_BITS_MAX, RSA_BITS_MIN};
use crate::secret::Secret;

/// An RSA private key of 2048 to 8192 bits. No `Debug`, no `Clone`; every copy of its
/// numbers is wiped on drop.
pub struct PrivateKey {
    pkcs8_der: Zeroizing<Vec<u8>>,
    signing: RsaKeyPair,
    oaep: OaepPrivateDecryptingKey,
    raw: rsa_raw::PrivateKey,
}

impl PrivateKey {
    /// Makes a new key of 2048 bits with public exponent 65537 (security 5).
    ///
    /// # Errors
    /// [`CertError::Generate`] when the library fails.
    pub fn generate() -> Result<Self, CertError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| CertError::Generate)?;
        Self::from_pair(pair)
    }

    /// Reads PEM: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1), not encrypted.
    ///
    /// # Errors
    /// [`CertError::PrivateKey`], or [`CertError::Size`] beyond 16 KiB.
    pub fn from_pem(text: &str) -> Result<Self, CertError> {
        if text.len() > PRIVATE_KEY_BYTES_MAX {
            return Err(CertError::Size);
        }
        let block = pem::parse(text).map_err(|_| CertError::PrivateKey)?;
        let tag = block.tag().to_owned();
        let der = Zeroizing::new(block.into_contents());
        match tag.as_str() {
            "PRIVATE KEY" => Self::from_pkcs8_der(&der),
            "RSA PRIVATE KEY" => Self::from_pkcs1_der(&der),
            _ => Err(CertError::PrivateKey),
        }
    }

    /// Reads PEM with the tag `PRIVATE KEY` only.
    ///
    /// # Errors
    /// As [`Self::from_pem`].
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, CertError> {
        if text.contains("RSA PRIVATE KEY") {
            return Err(CertError::PrivateKey);
        }
        Self::from_pem(text)
    }

    /// Reads a DER `PrivateKeyInfo` (PKCS#8, RFC 5958).
    ///
    /// # Errors
    /// [`CertError::PrivateKey`].
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, CertError> {
        RsaKeyPair::from_pkcs8(der).map_err(|_| CertError::PrivateKey).and_then(Self::from_pair)
    }

    /// Reads a DER `RSAPrivateKey` (PKCS#1, RFC 8017).
    ///
    /// # Errors
    /// [`CertError::PrivateKey`].
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, CertError> {
        RsaKeyPair::from_der(der).map_err(|_| CertError::PrivateKey).and_then(Self::from_pair)
    }

    fn from_pair(signing: RsaKeyPair) -> Result<Self, CertError> {
        let refused = CertError::PrivateKey;
        let bits = signing.public_modulus_len().saturating_mul(8);
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
            return Err(refused);
        }
        let document = signing.as_der().map_err(|_| refused)?;
        let pkcs8_der = Zeroizing::new(document.as_ref().to_vec());
        let decrypting = PrivateDecryptingKey::from_pkcs8(&pkcs8_der).map_err(|_| refused)?;
        let pkcs1_der = pkcs1_inside(&pkcs8_der).ok_or(refused)?;
        Ok(Self {
            oaep: OaepPrivateDecryptingKey::new(decrypting).map_err(|_| refused)?,
            raw: rsa_raw::PrivateKey::from_pkcs1_der(pkcs1_der).map_err(|_| refused)?,
            signing,
            pkcs8_der,
        })
    }

    /// PKCS#8 PEM, for export and for sealing at rest.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Secret<String> {
        let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        let block = pem::Pem::new("PRIVATE KEY", self.pkcs8_der.as_slice());
        let text = pem::encode_config(&block, config);
        // The copy inside the block is wiped like every other.
        drop(Zeroizing::new(block.into_contents()));
        Secret::new(text)
    }

    /// The DER `RSAPublicKey` (RFC 8017) of this key.
    #[must_use]
    pub fn public_pkcs1_der(&self) -> &[u8] {
        self.signing.public_key().as_ref()
    }

    /// PKCS#1 v1.5 with SHA-256 over `message` ("SHA256withRSA"), as long as the modulus.
    ///
    /// # Errors
    /// [`CertError::Generate`] when the library fails.
    pub fn sign_sha256(&self, message: &[u8]) -> Result<Vec<u8>, CertError> {
        self.sign_digest(&digest(&SHA256, message)).ok_or(CertError::Generate)
    }

    /// RS256 over what was digested.
    pub(crate) fn sign_digest(&self, digest: &Digest) -> Option<Vec<u8>> {
        let mut signature = vec![0_u8; self.signing.public_modulus_len()];
        self.signing
            .sign_digest(&RSA_PKCS1_SHA256, digest, &mut signature)
            .is_ok()
            .then_some(signature)
    }

    pub(crate) const fn oaep(&self) -> &OaepPrivateDecryptingKey {
        &self.oaep
    }

    pub(crate) const fn raw(&self) -> &rsa_raw::PrivateKey {
        &self.raw
    }
}

/// The `RSAPrivateKey` inside a `PrivateKeyInfo`, borrowed so that no copy is made.
fn pkcs1_inside(pkcs8_der: &[u8]) -> Option<&[u8]> {
    let (_, info) = Any::from_der(pkcs8_der).ok()?;
    let (rest, _version) = Any::from_der(info.data).ok()?;
    let (rest, _algorithm) = Any::from_der(rest).ok()?;
    let (_, key) = Any::from_der(rest).ok()?;
    (info.tag() == Tag::Sequence && key.tag() == Tag::OctetString).then_some(key.data)
}
