//! Certificates, their ids and private keys (security 5).
//!
//! Goal: whatever form a certificate or key comes in, one checked value comes out, parsed
//! once: RSA of 2048 bits at least, self-signed with SHA-256, id = decimal serial.

mod certificate;
mod id;
mod identity;
mod private;
mod public;

pub use certificate::Certificate;
pub use id::CertId;
pub use identity::{Identity, Issue};
pub use private::PrivateKey;
pub use public::PublicKey;

/// Why a certificate, a key or an id was refused. The text is for the owner of the
/// certificate; it never holds key material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertError {
    /// The id is not 1 to 128 letters and digits.
    #[error("a certificate id is 1 to 128 letters and digits")]
    Id,
    /// More bytes than [`crate::limits`] allows.
    #[error("the certificate or key is too long")]
    Size,
    /// Neither PEM, nor DER, nor base64 of DER.
    #[error("neither PEM nor base64 nor DER could be read")]
    Encoding,
    /// The DER is not an X.509 certificate.
    #[error("not an X.509 certificate")]
    Parse,
    /// Not version 3.
    #[error("only X.509 version 3 is accepted")]
    Version,
    /// The signature of the certificate is not sha256WithRSAEncryption.
    #[error("the certificate must be signed with sha256WithRSAEncryption")]
    Algorithm,
    /// The public key is not RSA of 2048 to 8192 bits.
    #[error("the public key must be RSA with 2048 to 8192 bits")]
    PublicKey,
    /// Issuer and subject differ, or the certificate's key did not sign it.
    #[error("the certificate is not self-signed by its own key")]
    SelfSigned,
    /// The times of validity cannot be represented or end before they begin.
    #[error("the certificate's time of validity makes no sense")]
    Validity,
    /// The private key could not be read, or is not RSA of 2048 to 8192 bits.
    #[error("not an unencrypted RSA private key in PKCS#8 or PKCS#1 with 2048 to 8192 bits")]
    PrivateKey,
    /// Private key and certificate do not belong together.
    #[error("the private key does not belong to the certificate")]
    Mismatch,
    /// Making a key or a certificate failed inside the library.
    #[error("a key or certificate could not be made")]
    Generate,
}

#[cfg(test)]
mod tests;
