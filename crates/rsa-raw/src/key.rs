//! Owned RSA keys over the C library.
//!
//! Goal: keep each call into the library in one function short enough to check by eye.

use std::ptr::NonNull;

use aws_lc_sys as lc;
use zeroize::Zeroizing;

use crate::{BARE_DIGEST_BYTES, MODULUS_BYTES_MAX, MODULUS_BYTES_MIN, RsaError};

/// An `RSA` object that this value owns alone.
struct Handle(NonNull<lc::RSA>);

#[expect(unsafe_code, reason = "the library's RSA object may move between threads")]
// SAFETY: an RSA object has no thread affinity; the library documents that it may be used
// from any thread once it is no longer being changed, and nothing here changes it.
unsafe impl Send for Handle {}

#[expect(unsafe_code, reason = "the library locks its own caches")]
// SAFETY: sign, decrypt and verify are documented as safe to call at the same time on one
// object; blinding and Montgomery caches inside are guarded by the library's locks.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    #[expect(unsafe_code, reason = "gives the object back to the library")]
    fn drop(&mut self) {
        // SAFETY: the pointer came from the library, is owned here alone, and is not used
        // after this. RSA_free wipes the secret numbers.
        unsafe { lc::RSA_free(self.0.as_ptr()) }
    }
}

impl Handle {
    fn owned(pointer: *mut lc::RSA) -> Result<Self, RsaError> {
        let handle = NonNull::new(pointer).map(Self).ok_or_else(|| failed(RsaError::Key))?;
        if (MODULUS_BYTES_MIN..=MODULUS_BYTES_MAX).contains(&handle.modulus_bytes()) {
            Ok(handle)
        } else {
            Err(RsaError::Key)
        }
    }

    #[expect(unsafe_code, reason = "asks the library for the size of the modulus")]
    fn modulus_bytes(&self) -> usize {
        // SAFETY: the pointer is valid for as long as self lives; the call only reads.
        let size = unsafe { lc::RSA_size(self.0.as_ptr()) };
        usize::try_from(size).unwrap_or(usize::MAX)
    }
}

/// Empties the library's error queue of this thread and passes the error on.
#[expect(unsafe_code, reason = "the queue of the library is per thread and must not grow stale")]
fn failed(error: RsaError) -> RsaError {
    // SAFETY: takes no argument and touches only the calling thread's queue.
    unsafe { lc::ERR_clear_error() };
    error
}

/// The four transforms share one C signature.
type Transform = unsafe extern "C" fn(
    *mut lc::RSA,
    *mut usize,
    *mut u8,
    usize,
    *const u8,
    usize,
    std::os::raw::c_int,
) -> std::os::raw::c_int;

/// Runs one transform and returns how many bytes of `output` it wrote.
#[expect(unsafe_code, reason = "the one call into the library's RSA transforms")]
fn run(
    transform: Transform,
    key: &Handle,
    output: &mut [u8],
    input: &[u8],
    padding: i32,
) -> Result<usize, RsaError> {
    let mut written = 0_usize;
    // SAFETY: the key is valid while borrowed; both pointers come with the length of their
    // own slice; input and output cannot overlap because one of them is borrowed mutably;
    // `written` outlives the call. The library writes at most `output.len()` bytes.
    let done = unsafe {
        transform(
            key.0.as_ptr(),
            &raw mut written,
            output.as_mut_ptr(),
            output.len(),
            input.as_ptr(),
            input.len(),
            padding,
        )
    };
    if done == 1 && written <= output.len() {
        Ok(written)
    } else {
        Err(failed(RsaError::Transform))
    }
}

/// An RSA private key, for the private transform only. Has no `Debug`; the numbers are
/// wiped when it is dropped.
pub struct PrivateKey(Handle);

impl PrivateKey {
    /// Reads a DER `RSAPrivateKey` (RFC 8017 appendix A.1.2), 2048 to 8192 bits.
    ///
    /// # Errors
    /// [`RsaError::Key`] when it is not such a key or its numbers do not fit together.
    #[expect(unsafe_code, reason = "parses the key inside the library")]
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, RsaError> {
        // SAFETY: pointer and length are of one slice; the result is new and ours, or null.
        let pointer = unsafe { lc::RSA_private_key_from_bytes(der.as_ptr(), der.len()) };
        Handle::owned(pointer).map(Self)
    }

    /// Length of the modulus in bytes, 256 to 1024.
    #[must_use]
    pub fn modulus_bytes(&self) -> usize {
        self.0.modulus_bytes()
    }

    /// The private transform without padding: the encoded message with all its padding,
    /// exactly [`Self::modulus_bytes`] long. The caller must unpad in constant time.
    ///
    /// # Errors
    /// [`RsaError::Length`] when `input` is not as long as the modulus;
    /// [`RsaError::Transform`] when its number is not below the modulus. Both depend on
    /// the ciphertext alone, so they tell nothing about the key.
    pub fn decrypt_raw(&self, input: &[u8]) -> Result<Zeroizing<Vec<u8>>, RsaError> {
        let size = self.modulus_bytes();
        if input.len() != size {
            return Err(RsaError::Length);
        }
        let mut output = Zeroizing::new(vec![0_u8; size]);
        let written = run(lc::RSA_decrypt, &self.0, &mut output, input, lc::RSA_NO_PADDING)?;
        if written == size { Ok(output) } else { Err(RsaError::Transform) }
    }

    /// PKCS#1 v1.5 type 1 signature over the 32 bytes themselves, without a `DigestInfo`
    /// (security 4, step 3). The answer is as long as the modulus.
    ///
    /// # Errors
    /// [`RsaError::Transform`] when the library fails.
    pub fn sign_bare(&self, digest: &[u8; BARE_DIGEST_BYTES]) -> Result<Vec<u8>, RsaError> {
        let mut output = vec![0_u8; self.modulus_bytes()];
        let written = run(lc::RSA_sign_raw, &self.0, &mut output, digest, lc::RSA_PKCS1_PADDING)?;
        output.truncate(written);
        Ok(output)
    }
}

/// An RSA public key, for the public transform.
pub struct PublicKey(Handle);

impl PublicKey {
    /// Reads a DER `RSAPublicKey` (RFC 8017 appendix A.1.1), 2048 to 8192 bits; public
    /// exponent 3 is accepted (security 5).
    ///
    /// # Errors
    /// [`RsaError::Key`] when it is not such a key.
    #[expect(unsafe_code, reason = "parses the key inside the library")]
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, RsaError> {
        // SAFETY: pointer and length are of one slice; the result is new and ours, or null.
        let pointer = unsafe { lc::RSA_public_key_from_bytes(der.as_ptr(), der.len()) };
        Handle::owned(pointer).map(Self)
    }

    /// Length of the modulus in bytes, 256 to 1024.
    #[must_use]
    pub fn modulus_bytes(&self) -> usize {
        self.0.modulus_bytes()
    }

    /// Whether `signature` is a PKCS#1 v1.5 type 1 signature over exactly these 32 bytes,
    /// without a `DigestInfo`. The library checks the padding strictly, byte by byte; all
    /// values here are public, so nothing needs constant time.
    #[must_use]
    pub fn verify_bare(&self, digest: &[u8; BARE_DIGEST_BYTES], signature: &[u8]) -> bool {
        self.open_type1(signature).is_some_and(|signed| signed == digest)
    }

    /// What a PKCS#1 v1.5 type 1 signature covers: the bytes behind its padding. `None` when
    /// it was not made with this key's private half. For the diagnoser, which wants to know
    /// who signed what.
    #[must_use]
    pub fn open_type1(&self, signature: &[u8]) -> Option<Vec<u8>> {
        if signature.len() != self.modulus_bytes() {
            return None;
        }
        let mut output = vec![0_u8; self.modulus_bytes()];
        let padding = lc::RSA_PKCS1_PADDING;
        let written = run(lc::RSA_verify_raw, &self.0, &mut output, signature, padding).ok()?;
        output.truncate(written);
        Some(output)
    }

    /// The public transform without padding. Only tests and the timing example need it: it
    /// makes ciphertexts whose padding is wrong in a chosen way.
    ///
    /// # Errors
    /// [`RsaError::Length`] when `input` is not as long as the modulus;
    /// [`RsaError::Transform`] when its number is not below the modulus.
    pub fn encrypt_raw(&self, input: &[u8]) -> Result<Vec<u8>, RsaError> {
        let size = self.modulus_bytes();
        if input.len() != size {
            return Err(RsaError::Length);
        }
        let mut output = vec![0_u8; size];
        run(lc::RSA_encrypt, &self.0, &mut output, input, lc::RSA_NO_PADDING)?;
        Ok(output)
    }
}
