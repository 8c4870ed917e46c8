//! An input read from its front: numbers first, texts last, so that a kept input can be written by
//! hand and a short one means zeros.

use crate::limits::{CHANGE_BYTES_MAX, CHANGES_COUNT_MAX};

/// The bytes that are left of an input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next byte, 0 when there is none.
    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// Whether the next byte is odd.
    pub(crate) fn flag(&mut self) -> bool {
        self.byte() % 2 == 1
    }

    /// The next two bytes as a number, the high one first.
    pub(crate) fn short(&mut self) -> u16 {
        u16::from_be_bytes([self.byte(), self.byte()])
    }

    /// The next eight bytes as a number, the highest first.
    pub(crate) fn long(&mut self) -> u64 {
        (0..8).fold(0, |number, _| (number << 8) | u64::from(self.byte()))
    }

    /// A number below `bound`, of one byte where that is enough; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let drawn = if bound <= 256 { u16::from(self.byte()) } else { self.short() };
        usize::from(drawn).checked_rem(bound).unwrap_or(0)
    }

    /// One of several.
    ///
    /// # Panics
    /// When there is none to choose from.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// As many bytes as the next byte says, or as are left.
    pub(crate) fn chunk(&mut self) -> &'a [u8] {
        let length = usize::from(self.byte()).min(self.0.len());
        let (chunk, rest) = self.0.split_at(length);
        self.0 = rest;
        chunk
    }

    /// [`Self::chunk`] as text; what is no UTF-8 is replaced.
    pub(crate) fn text(&mut self) -> String {
        String::from_utf8_lossy(self.chunk()).into_owned()
    }

    /// All that is left.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }

    /// All that is left as text; what is no UTF-8 is replaced.
    pub(crate) fn rest_text(self) -> String {
        String::from_utf8_lossy(self.0).into_owned()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The genuine bytes with one to [`CHANGES_COUNT_MAX`] changes, or as they are.
    pub(crate) fn changed(&mut self, genuine: &[u8]) -> Vec<u8> {
        let mut bytes = genuine.to_vec();
        for _ in 0..self.below(CHANGES_COUNT_MAX + 1) {
            self.change(&mut bytes);
        }
        bytes
    }

    /// [`Self::changed`] of a text; what is no UTF-8 afterwards is replaced.
    pub(crate) fn changed_text(&mut self, genuine: &str) -> String {
        String::from_utf8_lossy(&self.changed(genuine.as_bytes())).into_owned()
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let kind = self.byte() % 6;
        let at = usize::from(self.short()).checked_rem(bytes.len()).unwrap_or(0);
        let end = (at + 1 + self.below(CHANGE_BYTES_MAX)).min(bytes.len());
        match kind {
            0 => {
                let bit = 1 << (self.byte() % 8);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= bit;
                }
            }
            1 => {
                let new = self.byte();
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = new;
                }
            }
            2 => drop(bytes.splice(at..at, self.chunk().iter().copied().take(CHANGE_BYTES_MAX))),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let copied = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copied));
            }
            _ => bytes.truncate(at),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_read_from_its_front_and_ends_in_zeros() {
        let mut input = Input::new(&[1, 2, 3, 2, b'a', b'b', 9]);
        assert_eq!((input.byte(), input.short(), input.text()), (1, 0x0203, "ab".to_owned()));
        assert_eq!((input.below(5), input.byte(), input.long()), (4, 0, 0));
        assert!(input.is_empty() && input.chunk().is_empty());
    }

    #[test]
    fn changes_change_and_no_change_does_not() {
        let changed = |bytes: &[u8]| Input::new(bytes).changed(b"genuine");
        assert_eq!(changed(&[0]), b"genuine");
        assert_eq!(changed(&[1, 0, 0, 0, 0, 0]), b"fenuine");
        assert_eq!(changed(&[1, 1, 0, 1, 0, b'x']), b"gxnuine");
        assert_eq!(changed(&[1, 2, 0, 2, 0, 2, b'a', b'b']), b"geabnuine");
        assert_eq!(changed(&[1, 3, 0, 1, 2]), b"gine");
        assert_eq!(changed(&[1, 4, 0, 0, 1]), b"gegenuine");
        assert_eq!(changed(&[1, 5, 0, 3]), b"gen");
    }
}
