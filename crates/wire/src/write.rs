//! Writing JSON in the order of the declaration, absent members left out.

use crate::part::Part;

/// A writer of JSON in the order of the declaration.
#[derive(Debug, Default)]
pub struct Out {
    bytes: Vec<u8>,
}

impl Out {
    /// An empty writer with room for a usual message.
    #[must_use]
    pub fn new() -> Self {
        Self { bytes: Vec::with_capacity(1024) }
    }

    /// The bytes written.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes `{`, the members that `inside` writes, and `}`.
    pub fn object(&mut self, inside: impl FnOnce(&mut Self)) {
        self.bytes.push(b'{');
        inside(self);
        self.bytes.push(b'}');
    }

    /// Writes a comma where one is due, and the member's name.
    pub fn name(&mut self, name: &str) {
        self.comma();
        self.string(name);
        self.bytes.push(b':');
    }

    /// Writes a text member unless it is empty.
    pub fn text(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.name(name);
            self.string(value);
        }
    }

    /// Writes a member that is an object.
    pub fn part<T: Part>(&mut self, name: &str, part: &T) {
        self.name(name);
        self.object(|out| part.write(out));
    }

    pub(crate) fn array<T: Part>(&mut self, name: &str, parts: &[T]) {
        self.elements(name, parts, T::write);
    }

    /// Writes a member that is JSON already.
    pub(crate) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.bytes.extend_from_slice(json.as_bytes());
    }

    /// Writes an array of objects whose members `write` writes.
    pub(crate) fn elements<T>(&mut self, name: &str, all: &[T], write: impl Fn(&T, &mut Self)) {
        self.name(name);
        self.bytes.push(b'[');
        for one in all {
            self.comma();
            self.object(|out| write(one, out));
        }
        self.bytes.push(b']');
    }

    fn comma(&mut self) {
        if !matches!(self.bytes.last(), Some(b'{' | b'[') | None) {
            self.bytes.push(b',');
        }
    }

    fn string(&mut self, value: &str) {
        let plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
        if value.bytes().all(plain) {
            self.bytes.push(b'"');
            self.bytes.extend_from_slice(value.as_bytes());
            self.bytes.push(b'"');
        } else {
            let quoted = serde_json::Value::from(value).to_string();
            self.bytes.extend_from_slice(quoted.as_bytes());
        }
    }
}
