//! The declaration of one field of the terminal dialect.
//!
//! A [`Row`] is a line of the published tables: what it is, how long, whether it is needed, and
//! who says so. The dialect's typing rules differ from UCSP's (numbers for strings, objects for
//! texts, lengths in bytes or in characters), so its rows are a type of their own.

/// What a value is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An identifier: no control characters; the length counts bytes.
    Id,
    /// A text for people: the length counts characters (code points).
    Text,
    /// ASCII digits; the length counts them. A JSON integer is taken as its digits.
    Digits,
    /// An amount in cents of 1 to so many digits, at least 1.
    Amount,
    /// A number with or without a point, as a JSON number or a string; the length counts digits.
    Number,
    /// Such a number that is not below zero.
    Quantity,
    /// A text that comes back unchanged; an object or array is taken as its compact text. The
    /// length counts characters.
    Echo,
    /// An object of bounded keys and values, or its JSON text; the length counts the bytes of
    /// such a text.
    Extended,
    /// An array of goods, or its JSON text; the length counts elements.
    Goods,
}

impl Kind {
    /// The column "type" of the reference.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Id => "identifier",
            Self::Text => "text",
            Self::Digits => "digits",
            Self::Amount => "amount in cents",
            Self::Number => "number",
            Self::Quantity => "number, not below 0",
            Self::Echo => "text or object",
            Self::Extended => "object or JSON text",
            Self::Goods => "array or JSON text",
        }
    }

    /// What the length counts.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Id | Self::Extended => "bytes",
            Self::Text | Self::Echo => "characters",
            Self::Digits | Self::Amount | Self::Number | Self::Quantity => "digits",
            Self::Goods => "elements",
        }
    }
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Yes,
    /// May be absent.
    No,
    /// Documented as needed, but existing clients leave it out: needed in strict mode only.
    Strict,
}

impl Need {
    /// The column "needed" of the reference.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Strict => "strict",
        }
    }
}

/// One line of a table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The member's name in JSON.
    pub id: &'static str,
    /// Type.
    pub kind: Kind,
    /// Longest value in the unit of the kind.
    pub max: usize,
    /// Longest value in strict mode, where the documents say less than clients send.
    pub strict_max: usize,
    /// Presence.
    pub need: Need,
    /// Note: what it means, units, conditions.
    pub note: &'static str,
    /// Where the row comes from: empty for the published tables, C observed on the wire, X
    /// general knowledge, R decided here, Dn a disagreement of the sources.
    pub source: &'static str,
    /// A realistic valid value.
    pub example: &'static str,
}

impl Row {
    /// A row that may be absent.
    #[must_use]
    pub const fn new(kind: Kind, max: usize) -> Self {
        Self {
            id: "",
            kind,
            max,
            strict_max: max,
            need: Need::No,
            note: "",
            source: "",
            example: "",
        }
    }

    /// Gives the row its name.
    #[must_use]
    pub const fn declare(mut self, id: &'static str) -> Self {
        self.id = id;
        self
    }

    /// The row must be there.
    #[must_use]
    pub const fn needed(mut self) -> Self {
        self.need = Need::Yes;
        self
    }

    /// The row must be there in strict mode.
    #[must_use]
    pub const fn needed_if_strict(mut self) -> Self {
        self.need = Need::Strict;
        self
    }

    /// Sets the longest value.
    #[must_use]
    pub const fn max(mut self, max: usize) -> Self {
        self.max = max;
        self.strict_max = max;
        self
    }

    /// Sets the longest value of strict mode alone.
    #[must_use]
    pub const fn strict_max(mut self, max: usize) -> Self {
        self.strict_max = max;
        self
    }

    /// Sets the note.
    #[must_use]
    pub const fn note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    /// Sets the source mark.
    #[must_use]
    pub const fn source(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }

    /// Sets the example.
    #[must_use]
    pub const fn eg(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }
}

/// A rule over several members of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Both are there or neither.
    Together(&'static str, &'static str),
    /// At least one is there.
    AnyOf(&'static [&'static str]),
    /// Strict mode: `needed` must be there when `sub_payway` is 3 or 4 (`upay.md` 5.2).
    PayerForWap(&'static str),
    /// The member does not have this value, which is no form of the call (`upay.md` 10.6).
    Never(&'static str, &'static str),
}

/// Which key signs a call (`upay.md` 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The vendor's.
    Vendor,
    /// The terminal's, current or previous.
    Terminal,
}

/// A call of the dialect with its table.
#[derive(Debug)]
pub struct Call {
    /// Name of the call.
    pub name: &'static str,
    /// The paths that it is served at; the second, if any, runs the same logic.
    pub paths: &'static [&'static str],
    /// GET with the fields in the query, instead of POST with JSON.
    pub by_query: bool,
    /// Who signs.
    pub signer: Signer,
    /// What it is for, in a sentence or two.
    pub summary: &'static str,
    /// Fields of the request.
    pub rows: &'static [Row],
    /// Rules over several members.
    pub checks: &'static [Check],
}

impl Call {
    /// The row of this name.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&'static Row> {
        self.rows.iter().find(|row| row.id == id)
    }
}
