//! Encryption of short secrets at rest under the master key.

/// Seals what must not stand in the store in clear text.
pub trait Sealer: Send + Sync + 'static {
    /// The sealed text; `purpose` is bound in, so that one kind cannot be taken for another.
    fn seal(&self, purpose: &'static str, plain: &str) -> String;

    /// The clear text; `None` when it was not sealed by this key for this purpose.
    fn open(&self, purpose: &'static str, sealed: &str) -> Option<String>;
}
