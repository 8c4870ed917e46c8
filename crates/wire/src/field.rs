//! The declaration of one field, and of a table of fields.
//!
//! A [`Field`] is a row of the reference tables. It is built by the `const` functions here, so
//! that a declaration reads like its row: `text("Order number", An, 8, 40).note("...")`.

use crate::class::Class;
use crate::form::Form;
use crate::limits::JWE_CHARS_MAX;

/// Presence of a field (column "Request").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    /// M: always there.
    Mandatory,
    /// C: there under a condition that the note or a [`Condition`] states.
    Conditional,
    /// O: may be there.
    Optional,
    /// R: the value of the request comes back; absent when the request had none.
    Returned,
}

impl Presence {
    /// One letter, as in the specification.
    #[must_use]
    pub const fn letter(self) -> &'static str {
        match self {
            Self::Mandatory => "M",
            Self::Conditional => "C",
            Self::Optional => "O",
            Self::Returned => "R",
        }
    }

    /// The text of the column "Request", as the published tables write it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Mandatory => "M:Mandatory",
            Self::Conditional => "C:Conditional",
            Self::Optional => "O:Optional",
            Self::Returned => "R:Returned",
        }
    }
}

/// Where a row comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// A seed document.
    S,
    /// Public developer pages.
    P,
    /// Practice of sibling products.
    F,
    /// Designed here in family style.
    D,
}

impl Source {
    /// The mark used in the specification.
    #[must_use]
    pub const fn mark(self) -> &'static str {
        match self {
            Self::S => "S",
            Self::P => "P",
            Self::F => "F",
            Self::D => "D",
        }
    }
}

/// Bounds of a length in characters, or of a count of elements; equal bounds mean exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Length {
    /// At least so many.
    pub min: usize,
    /// At most so many.
    pub max: usize,
}

/// What a value is made of.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A JSON string of this character class; the length counts characters.
    Text(Class),
    /// A nested object.
    Object(&'static Table),
    /// An array of objects; the length counts elements.
    Objects(&'static Table),
    /// A JWE in compact form whose plaintext is such an object in JSON.
    SealedObject(&'static Table),
    /// A JWE in compact form whose plaintext is the bare value; the length holds for the value.
    SealedText(Class),
}

/// One row of a table.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Identifier of the protocol, the member's name in JSON.
    pub id: &'static str,
    /// Name for humans.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Length or count.
    pub length: Length,
    /// Presence.
    pub presence: Presence,
    /// Value that holds when the member is absent.
    pub default: Option<&'static str>,
    /// Note: what it means, units, conditions.
    pub note: &'static str,
    /// Where the row comes from.
    pub source: Source,
    /// Form beyond the character class.
    pub form: Form,
    /// A conditional member that must be there when the answer's code is 00.
    pub on_approval: bool,
    /// Personal or card data: never shown by `Debug`.
    pub secret: bool,
    /// A number of a partner's own making: digits that look like a card's do so by chance.
    pub identifier: bool,
    /// A realistic valid value (plain value for sealed kinds).
    pub example: &'static str,
}

/// A text field of a class with its bounds in characters. Source D until told otherwise.
#[must_use]
pub const fn text(name: &'static str, class: Class, min: usize, max: usize) -> Field {
    field(name, Kind::Text(class), Length { min, max })
}

/// A nested object or, with [`objects`], an array of them; the macro puts the table in.
#[must_use]
pub const fn object(name: &'static str) -> Field {
    field(name, Kind::Object(&Table::EMPTY), Length { min: 0, max: 0 })
}

/// An array of objects with its bounds in elements.
#[must_use]
pub const fn objects(name: &'static str, min: usize, max: usize) -> Field {
    field(name, Kind::Objects(&Table::EMPTY), Length { min, max })
}

/// An object that travels encrypted, as a JWE in a JSON string.
#[must_use]
pub const fn sealed_object(name: &'static str, table: &'static Table) -> Field {
    field(name, Kind::SealedObject(table), Length { min: 1, max: JWE_CHARS_MAX })
}

/// A bare value that travels encrypted; the bounds are those of the plain value.
#[must_use]
pub const fn sealed_text(name: &'static str, class: Class, min: usize, max: usize) -> Field {
    field(name, Kind::SealedText(class), Length { min, max })
}

const fn field(name: &'static str, kind: Kind, length: Length) -> Field {
    Field {
        id: "",
        name,
        kind,
        length,
        presence: Presence::Optional,
        default: None,
        note: "",
        source: Source::D,
        form: Form::Free,
        on_approval: false,
        secret: false,
        identifier: false,
        example: "",
    }
}

impl Field {
    /// Gives the row its identifier and presence.
    #[must_use]
    pub const fn declare(mut self, id: &'static str, presence: Presence) -> Self {
        self.id = id;
        self.presence = presence;
        self
    }

    /// Puts the table of a nested object in.
    #[must_use]
    pub const fn nest(mut self, table: &'static Table) -> Self {
        self.kind = match self.kind {
            Kind::Objects(_) => Kind::Objects(table),
            Kind::Object(_) => Kind::Object(table),
            Kind::SealedObject(_) => Kind::SealedObject(table),
            Kind::Text(class) => Kind::Text(class),
            Kind::SealedText(class) => Kind::SealedText(class),
        };
        self
    }

    /// Renames the row for humans.
    #[must_use]
    pub const fn named(mut self, name: &'static str) -> Self {
        self.name = name;
        self
    }

    /// Changes the presence.
    #[must_use]
    pub const fn presence(mut self, presence: Presence) -> Self {
        self.presence = presence;
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
    pub const fn source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// Sets the form.
    #[must_use]
    pub const fn form(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    /// Sets the allowed values, each with its meaning.
    #[must_use]
    pub const fn values(mut self, values: &'static [(&'static str, &'static str)]) -> Self {
        self.form = Form::Values(values);
        self
    }

    /// Sets the value that holds when the member is absent.
    #[must_use]
    pub const fn default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// Sets the example.
    #[must_use]
    pub const fn eg(mut self, example: &'static str) -> Self {
        self.example = example;
        self
    }

    /// Demands the member in an answer whose code is 00.
    #[must_use]
    pub const fn on_approval(mut self) -> Self {
        self.on_approval = true;
        self
    }

    /// Marks personal or card data.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// Marks what a partner numbers by itself.
    #[must_use]
    pub const fn identifier(mut self) -> Self {
        self.identifier = true;
        self
    }

    /// Whether it holds what a partner writes freely, where no card's number may stand (security
    /// section 7).
    #[must_use]
    pub const fn is_free_text(&self) -> bool {
        matches!(self.kind, Kind::Text(Class::Ans | Class::S)) && !self.secret && !self.identifier
    }

    /// The nested table, if the value is an object in clear or sealed.
    #[must_use]
    pub const fn nested(&self) -> Option<&'static Table> {
        match self.kind {
            Kind::Object(table) | Kind::Objects(table) | Kind::SealedObject(table) => Some(table),
            Kind::Text(_) | Kind::SealedText(_) => None,
        }
    }
}

/// A rule of presence that a message decides by itself.
#[derive(Clone, Copy, Debug)]
pub enum Condition {
    /// `either` is there, or all of `or` are, or both. Where `or` are several, [`Self::Needs`] must
    /// bind each of them to the others.
    Either {
        /// The one member.
        either: &'static str,
        /// The members that may stand for it.
        or: &'static [&'static str],
    },
    /// Where `given` is, `needed` must be.
    Needs {
        /// The member that asks.
        given: &'static str,
        /// The member asked for.
        needed: &'static str,
    },
    /// Where `field` has one of the values, `needed` must be.
    When {
        /// The member that decides.
        field: &'static str,
        /// Its deciding values.
        is: &'static [&'static str],
        /// The member asked for.
        needed: &'static str,
    },
}

/// The fields of one object, in the order in which they are written.
#[derive(Debug)]
pub struct Table {
    /// Name of the typed struct that goes with it.
    pub name: &'static str,
    /// Its rows.
    pub fields: &'static [Field],
    /// Its rules of presence.
    pub conditions: &'static [Condition],
}

impl Table {
    /// A table without rows.
    pub const EMPTY: Self = Self { name: "", fields: &[], conditions: &[] };

    /// The row with this identifier.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.id == id)
    }
}
