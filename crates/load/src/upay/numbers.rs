//! Numbers of orders and barcodes, different each time.

use jose::jws::fresh_uuid;

/// Length of the `client_sn` of a run; the field holds 32.
pub(crate) const CLIENT_SN_BYTES: usize = 28;
/// Length of a barcode.
pub(crate) const BARCODE_BYTES: usize = 18;
/// A `client_sn` to be written over.
pub(crate) const CLIENT_SN_PLACE: &str = "0123456789abcdefghijklmnopqr";
/// A WeChat Pay barcode (`upay.md` 10.9) that is paid at once (section 14), to be written over.
pub(crate) const BARCODE_PLACE: &str = "130000000000008888";

/// Numbers without order: those of merchants fall all over an index too.
#[derive(Debug, Clone)]
pub(crate) struct Scatter(u64);

impl Scatter {
    /// Different in every run.
    pub(crate) fn fresh() -> Self {
        let uuid = fresh_uuid().replace('-', "");
        Self(uuid.get(..16).and_then(|hex| u64::from_str_radix(hex, 16).ok()).unwrap_or(1))
    }

    /// The next number (SplitMix64).
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A `client_sn` that no other run has.
    pub(crate) fn client_sn(&mut self) -> [u8; CLIENT_SN_BYTES] {
        let mut text = [b'0'; CLIENT_SN_BYTES];
        let mut bits = 0;
        for (index, byte) in text.iter_mut().enumerate() {
            if index.is_multiple_of(16) {
                bits = self.next();
            }
            let digit = u32::try_from(bits & 15).ok().and_then(|bits| char::from_digit(bits, 16));
            *byte = digit.and_then(|digit| u8::try_from(digit).ok()).unwrap_or(b'0');
            bits >>= 4;
        }
        text
    }

    /// A barcode of a form that is paid at once: its last four digits name no scenario.
    pub(crate) fn barcode(&mut self) -> [u8; BARCODE_BYTES] {
        let mut text = [0; BARCODE_BYTES];
        text.copy_from_slice(BARCODE_PLACE.as_bytes());
        let mut digits = self.next();
        for byte in text.iter_mut().skip(2).take(BARCODE_BYTES - 6) {
            *byte = b'0' + u8::try_from(digits % 10).unwrap_or(0);
            digits /= 10;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_differ_between_tills_and_within_one() {
        let (mut one, mut other) = (Scatter::fresh(), Scatter::fresh());
        assert_ne!(one.client_sn(), one.client_sn());
        assert_ne!(one.client_sn(), other.client_sn());
    }
}
