//! From declared rows to a typed struct: the macros `table!` and `call!`.

use super::body::Body;
use super::fault::{Faults, Rule};
use super::member::Reading;
use super::row::{Call, Check};
use crate::write::Out;

/// A request of the dialect with its declaration.
pub trait Request: Clone + std::fmt::Debug + PartialEq + Send + Sized + 'static {
    /// The declaration.
    const CALL: &'static Call;

    /// Reads the declared members.
    ///
    /// In strict mode also what existing clients leave out must be there.
    ///
    /// # Errors
    /// All faults at once; their text is the `error_message`.
    fn read(body: &Body<'_>, strict: bool) -> Result<Self, Faults>;

    /// The JSON body, absent members left out.
    fn encode(&self) -> Vec<u8>;
}

/// The rules over several members.
pub(super) fn check_all(checks: &[Check], body: &Body<'_>, reading: &mut Reading) {
    for check in checks {
        match *check {
            Check::Together(one, other) => {
                if body.has(one) != body.has(other) {
                    reading.fault(one, Rule::Apart(other));
                }
            }
            Check::AnyOf(members) => {
                if !members.iter().any(|member| body.has(member)) {
                    reading.fault(&members.join("和"), Rule::NoneOf(members));
                }
            }
            Check::PayerForWap(needed) => {
                let wap = matches!(body.text("sub_payway"), Some("3" | "4"));
                if reading.strict() && wap && !body.has(needed) {
                    reading.fault(needed, Rule::Empty);
                }
            }
            Check::Never(member, value) => {
                let written = body.text(member).unwrap_or_default();
                if !written.is_empty() && written.trim_start_matches('0') == value {
                    reading.fault(member, Rule::Never(value));
                }
            }
        }
    }
}

/// A JSON body of the members that `write` writes.
pub(super) fn body_of(write: impl FnOnce(&mut Out)) -> Vec<u8> {
    let mut out = Out::new();
    out.object(write);
    out.into_bytes()
}

/// Declares an object once: rows of `member: Type = row;`. The member's name is its name in JSON.
macro_rules! table {
    (
        $(#[$doc:meta])*
        $name:ident { $( $member:ident: $kind:ty = $row:expr; )* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $(
                #[doc = concat!("`", stringify!($member), "`, bounds as in the table.")]
                pub $member: $kind,
            )*
        }

        impl $name {
            /// The declaration.
            pub const ROWS: &'static [$crate::upay::row::Row] =
                &[ $( ($row).declare(stringify!($member)), )* ];

            pub(super) fn read_from(
                body: &$crate::upay::body::Body<'_>,
                reading: &mut $crate::upay::member::Reading,
            ) -> Self {
                $(
                    let $member = <$kind as $crate::upay::member::Member>::read(
                        body,
                        const { &($row).declare(stringify!($member)) },
                        reading,
                    );
                )*
                Self { $($member,)* }
            }

            pub(super) fn write_to(&self, out: &mut $crate::write::Out) {
                $( $crate::upay::member::Member::write(
                    &self.$member,
                    const { &($row).declare(stringify!($member)) },
                    out,
                ); )*
            }
        }
    };
}

/// Declares a call once and binds the struct of its request to it.
macro_rules! call {
    (
        $(#[$doc:meta])*
        $name:ident, $call:ident = $title:literal, $method:ident [ $($path:literal),* ],
        $signer:ident, $summary:literal, [ $($check:expr),* $(,)? ]
        { $( $member:ident: $kind:ty = $row:expr; )* }
    ) => {
        $crate::upay::table::table! {
            $(#[$doc])*
            $name { $( $member: $kind = $row; )* }
        }

        #[doc = concat!("The declaration of [`", stringify!($name), "`].")]
        pub static $call: $crate::upay::row::Call = $crate::upay::row::Call {
            name: $title,
            paths: &[ $($path),* ],
            by_query: $crate::upay::table::by_query!($method),
            signer: $crate::upay::row::Signer::$signer,
            summary: $summary,
            rows: $name::ROWS,
            checks: &[ $($check),* ],
        };

        impl $crate::upay::table::Request for $name {
            const CALL: &'static $crate::upay::row::Call = &$call;

            fn read(
                body: &$crate::upay::body::Body<'_>,
                strict: bool,
            ) -> Result<Self, $crate::upay::fault::Faults> {
                let mut reading = $crate::upay::member::Reading::new(strict);
                let request = $name::read_from(body, &mut reading);
                $crate::upay::table::check_all($call.checks, body, &mut reading);
                let faults = reading.into_faults();
                if faults.is_empty() { Ok(request) } else { Err(faults) }
            }

            fn encode(&self) -> Vec<u8> {
                $crate::upay::table::body_of(|out| self.write_to(out))
            }
        }
    };
}

/// Whether a method carries the fields in the query.
macro_rules! by_query {
    (GET) => {
        true
    };
    (POST) => {
        false
    };
}

pub(crate) use {by_query, call, table};
