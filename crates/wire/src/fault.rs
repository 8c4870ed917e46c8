//! What can be wrong with the shape of a message, and how it is said to a partner.
//!
//! A fault names a member by its path and the rule that failed, never the value: values may be
//! personal data.

use std::fmt;

use crate::class::Class;
use crate::limits::{ERROR_DETAIL_CHARS_MAX, FAULTS_KEPT_MAX};

/// The rule that a member (or the whole body) breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The body is larger than [`crate::limits::BODY_BYTES_MAX`].
    TooLarge,
    /// The body is not UTF-8.
    NotUtf8,
    /// The body is not JSON.
    NotJson,
    /// Objects and arrays are nested deeper than [`crate::limits::DEPTH_LEVELS_MAX`].
    TooDeep,
    /// An object or array has more entries than [`crate::limits`] allows.
    TooWide,
    /// A mandatory member is absent, null or empty.
    Missing,
    /// Neither the member nor the named others that may stand for it are there.
    MissingEither(&'static [&'static str]),
    /// The member must be there because another one is, or because of its value.
    MissingWith(&'static str),
    /// The member stands twice in one object.
    Duplicate,
    /// The value is not of the JSON type named: `string`, `object` or `array`.
    WrongType(&'static str),
    /// Fewer characters than this.
    TooShort(usize),
    /// More characters than this.
    TooLong(usize),
    /// Fewer elements than this.
    TooFew(usize),
    /// More elements than this.
    TooMany(usize),
    /// A character outside the class.
    BadCharacters(Class),
    /// Not of the form named, for instance `YYYYMMDDhhmmss`.
    BadForm(&'static str),
    /// A value outside the list of allowed ones.
    NotAllowed,
    /// A text with the number of a card in it ([`crate::card_number`]).
    CardNumber,
}

impl fmt::Display for Rule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge => write!(formatter, "is larger than 256 KiB"),
            Self::NotUtf8 => write!(formatter, "is not UTF-8"),
            Self::NotJson => write!(formatter, "is not JSON"),
            Self::TooDeep => write!(formatter, "is nested too deep"),
            Self::TooWide => write!(formatter, "has too many members or elements"),
            Self::Missing => write!(formatter, "is missing"),
            Self::MissingEither(others) => {
                write!(formatter, "is missing, so is {}", others.join(" + "))
            }
            Self::MissingWith(other) => write!(formatter, "is missing beside {other}"),
            Self::Duplicate => write!(formatter, "stands twice"),
            Self::WrongType(expected) => write!(formatter, "must be a JSON {expected}"),
            Self::TooShort(min) => write!(formatter, "is shorter than {min}"),
            Self::TooLong(max) => write!(formatter, "is longer than {max}"),
            Self::TooFew(min) => write!(formatter, "has fewer than {min} elements"),
            Self::TooMany(max) => write!(formatter, "has more than {max} elements"),
            Self::BadCharacters(class) => write!(formatter, "admits only {}", class.words()),
            Self::BadForm(form) => write!(formatter, "must be {form}"),
            Self::NotAllowed => write!(formatter, "has a value that is not allowed"),
            Self::CardNumber => write!(formatter, "must not hold the number of a card"),
        }
    }
}

/// One fault: where, and which rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Path from the outermost object, as in `trxInfo.goodsList[2].amount`; `body` for the whole.
    pub path: String,
    /// The rule that failed there.
    pub rule: Rule,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.path, self.rule)
    }
}

/// All faults of one message, in the order of the declaration.
///
/// At most [`FAULTS_KEPT_MAX`] are kept, the rest is counted. Its `Display` is a full list; use
/// [`Faults::detail`] for `errorDetail`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    kept: Vec<Fault>,
    dropped: usize,
}

impl Faults {
    /// A list with this one fault about the body as a whole.
    #[must_use]
    pub fn body(rule: Rule) -> Self {
        Self { kept: vec![Fault { path: "body".to_owned(), rule }], dropped: 0 }
    }

    /// Adds a fault; past the bound it is only counted.
    pub fn push(&mut self, fault: Fault) {
        if self.kept.len() < FAULTS_KEPT_MAX {
            self.kept.push(fault);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }

    /// Whether there is no fault.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// The faults that were kept.
    #[must_use]
    pub fn list(&self) -> &[Fault] {
        &self.kept
    }

    /// How many there are in all.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept.len().saturating_add(self.dropped)
    }

    /// The text for `errorDetail`: as many faults as fit into 255 characters, and how many more.
    #[must_use]
    pub fn detail(&self) -> String {
        const TAIL_CHARS_MAX: usize = 16; // "; and 999999 more"
        let mut text = String::new();
        for (index, fault) in self.kept.iter().enumerate() {
            let next = if index == 0 { fault.to_string() } else { format!("; {fault}") };
            let rest = self.count().saturating_sub(index + 1);
            let room = if rest == 0 { 0 } else { TAIL_CHARS_MAX };
            if text.chars().count() + next.chars().count() + room > ERROR_DETAIL_CHARS_MAX {
                return format!("{text}; and {} more", rest + 1);
            }
            text.push_str(&next);
        }
        if self.dropped > 0 {
            text = format!("{text}; and {} more", self.dropped);
        }
        text
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.kept.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(formatter, "{separator}{fault}")?;
        }
        if self.dropped > 0 {
            write!(formatter, "; and {} more", self.dropped)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
