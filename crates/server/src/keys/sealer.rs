//! The port of app for secrets at rest, over the master keys.

use app::ports::Sealer;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jose::seal::MasterKeys;

/// Seals under the current master key and opens with whichever sealed.
pub(crate) struct MasterSealer(MasterKeys);

impl MasterSealer {
    /// Over these keys.
    pub(crate) const fn new(keys: MasterKeys) -> Self {
        Self(keys)
    }
}

impl Sealer for MasterSealer {
    #[expect(clippy::expect_used, reason = "a secret that cannot be sealed must not be stored")]
    fn seal(&self, purpose: &'static str, plain: &str) -> String {
        let sealed = self.0.seal(plain.as_bytes(), purpose);
        URL_SAFE_NO_PAD.encode(sealed.expect("short secrets are sealed while randomness works"))
    }

    fn open(&self, purpose: &'static str, sealed: &str) -> Option<String> {
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = self.0.open(&bytes, purpose).ok()?;
        String::from_utf8(plain.expose().clone()).ok()
    }
}

#[cfg(test)]
mod tests {
    use jose::seal::MasterKey;

    use super::*;

    #[test]
    fn a_sealed_text_opens_for_its_purpose_only() {
        let keys = MasterSealer::new(MasterKeys::new(MasterKey::generate().ok().unwrap(), vec![]));
        let sealed = keys.seal("mobile", "13800000000");
        assert!(!sealed.contains("138"));
        assert_eq!(keys.open("mobile", &sealed).as_deref(), Some("13800000000"));
        assert_eq!(keys.open("verifier", &sealed), None);
        assert_eq!(keys.open("mobile", "garbage"), None);
    }
}
