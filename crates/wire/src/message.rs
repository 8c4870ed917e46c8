//! The declaration of a message: who sends it to whom, by which way, in which shape.

use crate::field::{Source, Table};

/// A party of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// The App of a bank, wallet or of the scheme, with its backend.
    Channel,
    /// This platform.
    Platform,
    /// A merchant or service provider.
    Industry,
    /// The user's browser, which only carries.
    Browser,
}

impl Party {
    /// Name for humans.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Channel => "channel",
            Self::Platform => "platform",
            Self::Industry => "industry service",
            Self::Browser => "browser",
        }
    }
}

/// HTTP method of a leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// GET with the fields in the query.
    Get,
    /// POST with a JSON body.
    Post,
}

impl Method {
    /// The method's name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// Shape of a body (`spec/ucsp.md` section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Channel side: `msgID` and all fields at top level, answers add `msgResponse`.
    Flat,
    /// Industry side: `msgInfo`, `trxInfo`, in answers `msgResponse`, and where the application
    /// says so `certificateSignature`.
    Wrapped,
    /// No body: the fields are members of the query.
    Query,
}

/// Where a leg goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// A path of the platform.
    Path(&'static str),
    /// A path behind the base address that the channel registered.
    ChannelPath(&'static str),
    /// The address in this member, or the address registered for notices.
    Notice(&'static str),
    /// The login address that the industry service registered, as a template.
    Template(&'static str),
}

impl Address {
    /// The address as the reference pages show it.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Path(path) => path.to_owned(),
            Self::ChannelPath(path) => format!("{{channel base address}}{path}"),
            Self::Notice(member) => format!("{{{member}, or the registered address}}"),
            Self::Template(template) => template.to_owned(),
        }
    }

    /// The path, where the address has a fixed one.
    #[must_use]
    pub const fn path(self) -> Option<&'static str> {
        match self {
            Self::Path(path) | Self::ChannelPath(path) => Some(path),
            Self::Notice(_) | Self::Template(_) => None,
        }
    }
}

/// One way that a message takes. Most have one; cards and payment notices have two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Who sends the request.
    pub from: Party,
    /// Who answers it.
    pub to: Party,
    /// HTTP method.
    pub method: Method,
    /// Where to.
    pub address: Address,
    /// Shape of both bodies.
    pub shape: Shape,
}

impl Leg {
    /// Industry service to platform, wrapped.
    #[must_use]
    pub const fn industry(path: &'static str) -> Self {
        Self {
            from: Party::Industry,
            to: Party::Platform,
            method: Method::Post,
            address: Address::Path(path),
            shape: Shape::Wrapped,
        }
    }

    /// Channel to platform, flat.
    #[must_use]
    pub const fn channel(path: &'static str) -> Self {
        Self {
            from: Party::Channel,
            to: Party::Platform,
            method: Method::Post,
            address: Address::Path(path),
            shape: Shape::Flat,
        }
    }

    /// Platform to channel, flat, behind the channel's base address.
    #[must_use]
    pub const fn to_channel(path: &'static str) -> Self {
        Self {
            from: Party::Platform,
            to: Party::Channel,
            method: Method::Post,
            address: Address::ChannelPath(path),
            shape: Shape::Flat,
        }
    }

    /// A notice of the platform to an industry service, wrapped.
    #[must_use]
    pub const fn notice(member: &'static str) -> Self {
        Self {
            from: Party::Platform,
            to: Party::Industry,
            method: Method::Post,
            address: Address::Notice(member),
            shape: Shape::Wrapped,
        }
    }
}

/// Which half of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The request.
    Request,
    /// The synchronous answer.
    Answer,
}

/// A message of the protocol with its tables.
#[derive(Debug)]
pub struct Message {
    /// Name, which is also the value of `msgType`.
    pub name: &'static str,
    /// Title for humans.
    pub title: &'static str,
    /// What it is for, in a sentence or two.
    pub summary: &'static str,
    /// Where the message comes from; a field may say otherwise.
    pub source: Source,
    /// The ways that it takes, at least one.
    pub legs: &'static [Leg],
    /// Fields of the request (`trxInfo`, or the members at top level).
    pub request: &'static Table,
    /// Fields of the answer; `None` where nothing is answered.
    pub answer: Option<&'static Table>,
    /// Whether `certificateSignature` is mandatory whatever the application's setting says.
    pub signed_in_body: bool,
    /// Whether the platform serves or sends it; what is declared alone is told so wherever
    /// messages are listed ([`NOT_SERVED`]).
    pub served: bool,
}

/// What readers are told of a message that the platform neither serves nor sends.
pub const NOT_SERVED: &str = "declared, not yet served";

impl Message {
    /// The table of one half.
    #[must_use]
    pub const fn table(&self, side: Side) -> Option<&'static Table> {
        match side {
            Side::Request => Some(self.request),
            Side::Answer => self.answer,
        }
    }

    /// The leg with this shape, if the message takes such a way.
    #[must_use]
    pub fn leg(&self, shape: Shape) -> Option<&'static Leg> {
        self.legs.iter().find(|leg| leg.shape == shape)
    }

    /// The path of the leg with this shape, where it is fixed.
    #[must_use]
    pub fn path(&self, shape: Shape) -> Option<&'static str> {
        self.leg(shape).and_then(|leg| leg.address.path())
    }
}
