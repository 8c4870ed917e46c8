//! A wrapper for what must not be seen.
//!
//! Goal: make leaking a secret a compile error. It has no `Debug`, no `Display` and no
//! `Serialize`, so a struct that holds one cannot derive them by accident; the content is
//! wiped when dropped (security 5).

use zeroize::Zeroize;

/// A value that cannot be printed or serialised and is wiped on drop. The one way in is
/// [`Secret::expose`], easy to find in a review.
///
/// ```compile_fail
/// println!("{:?}", jose::secret::Secret::new(String::from("key")));
/// ```
///
/// ```compile_fail
/// serde_json::to_string(&jose::secret::Secret::new(String::from("key")));
/// ```
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps a value. Copies made before are the caller's to wipe.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The content, for the moment of use only.
    #[must_use]
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize + Clone> Clone for Secret<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Zeroize> Drop for Secret<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<T: Zeroize> From<T> for Secret<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

/// Compares two byte strings in a time that depends on their lengths alone (security 7).
#[must_use]
pub fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(left, right).into()
}
