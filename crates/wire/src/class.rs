//! Character classes of the tables: N, A, AN, NS, ANS and S.
//!
//! The sources name the classes without listing characters. Decided here:
//!
//! | class | admits |
//! |---|---|
//! | N | `0`-`9` |
//! | A | `A`-`Z`, `a`-`z` |
//! | AN | N and A |
//! | NS | digits, the blank and printable ASCII signs, no letters |
//! | ANS, S | every printable character of Unicode, so that names and descriptions may be Chinese |
//!
//! Not printable, and so in no class: control characters, line and paragraph separators, the byte
//! order mark, bidirectional overrides and isolates (they make a text read differently from what
//! it says), private use and noncharacters. Lengths count characters, not bytes.

use std::fmt;

/// A character class of the reference tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Digits.
    N,
    /// Latin letters.
    A,
    /// Latin letters and digits.
    An,
    /// Digits and special characters.
    Ns,
    /// Letters, digits and special characters: all printable text.
    Ans,
    /// Special characters allowed: all printable text.
    S,
}

/// Ranges of characters beyond ASCII that no class admits.
const UNPRINTABLE: [(u32, u32); 12] = [
    (0x7f, 0x9f),          // DEL and the C1 controls
    (0x200e, 0x200f),      // left-to-right and right-to-left marks
    (0x2028, 0x202e),      // separators, embeddings, overrides
    (0x2066, 0x2069),      // isolates
    (0xd800, 0xdfff),      // surrogates (not scalar values; listed for the schema's sake)
    (0xe000, 0xf8ff),      // private use
    (0xfdd0, 0xfdef),      // noncharacters
    (0xfeff, 0xfeff),      // byte order mark
    (0xfff9, 0xfffb),      // interlinear annotation
    (0xfffe, 0xffff),      // noncharacters
    (0xe_0000, 0xe_007f),  // tags
    (0xf_0000, 0x10_ffff), // private use planes
];

/// Printable text of the first plane: the complement of `UNPRINTABLE` and of the C0 controls.
const PRINTABLE: &str = concat!(
    r"^[^\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069",
    r"\ue000-\uf8ff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]*$"
);

impl Class {
    /// The name in the column "Type" of the reference tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::N => "N",
            Self::A => "A",
            Self::An => "AN",
            Self::Ns => "NS",
            Self::Ans => "ANS",
            Self::S => "S",
        }
    }

    /// What the class admits, in words for `errorDetail`.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::N => "digits",
            Self::A => "letters",
            Self::An => "letters and digits",
            Self::Ns => "digits and signs",
            Self::Ans | Self::S => "printable characters",
        }
    }

    /// Whether the class admits this character.
    #[must_use]
    pub fn admits(self, character: char) -> bool {
        match self {
            Self::N => character.is_ascii_digit(),
            Self::A => character.is_ascii_alphabetic(),
            Self::An => character.is_ascii_alphanumeric(),
            Self::Ns => matches!(character, ' '..='~') && !character.is_ascii_alphabetic(),
            Self::Ans | Self::S => printable(character),
        }
    }

    /// Whether the class admits every character of the text.
    #[must_use]
    pub fn admits_all(self, text: &str) -> bool {
        match self {
            Self::N => text.bytes().all(|byte| byte.is_ascii_digit()),
            Self::An => text.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            Self::A | Self::Ns | Self::Ans | Self::S => {
                text.chars().all(|character| self.admits(character))
            }
        }
    }

    /// The class as a regular expression for JSON Schema. That of printable text leaves the
    /// planes beyond the first to decoding, since engines differ in how they write them.
    #[must_use]
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::N => "^[0-9]*$",
            Self::A => "^[A-Za-z]*$",
            Self::An => "^[0-9A-Za-z]*$",
            Self::Ns => "^[ -@\\[-`{-~]*$",
            Self::Ans | Self::S => PRINTABLE,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// Whether a character can be shown and means what it shows.
fn printable(character: char) -> bool {
    if character.is_ascii() {
        return matches!(character, ' '..='~');
    }
    let code = u32::from(character);
    !UNPRINTABLE.iter().any(|&(first, last)| (first..=last).contains(&code))
}

#[cfg(test)]
mod tests {
    //! Each class against characters on both sides of its border.

    use super::Class;

    #[test]
    fn classes_admit_what_their_table_says() {
        // character, then whether N, A, AN, NS, ANS admit it (S goes with ANS)
        let table: [(char, [bool; 5]); 18] = [
            ('0', [true, false, true, true, true]),
            ('9', [true, false, true, true, true]),
            ('a', [false, true, true, false, true]),
            ('Z', [false, true, true, false, true]),
            ('-', [false, false, false, true, true]),
            ('_', [false, false, false, true, true]),
            (' ', [false, false, false, true, true]),
            ('~', [false, false, false, true, true]),
            ('@', [false, false, false, true, true]),
            ('\n', [false; 5]),
            ('\0', [false; 5]),
            ('\u{7f}', [false; 5]),
            ('\u{85}', [false; 5]),
            ('\u{202e}', [false; 5]),
            ('\u{feff}', [false; 5]),
            ('停', [false, false, false, false, true]),
            ('é', [false, false, false, false, true]),
            ('\u{0663}', [false, false, false, false, true]), // an Arabic digit is not N
        ];
        let classes = [Class::N, Class::A, Class::An, Class::Ns, Class::Ans];
        for (character, expected) in table {
            for (class, admitted) in classes.into_iter().zip(expected) {
                assert_eq!(class.admits(character), admitted, "{class} {character:?}");
                assert_eq!(class.admits_all(&character.to_string()), admitted);
            }
            assert_eq!(Class::S.admits(character), expected[4]);
        }
    }
}
