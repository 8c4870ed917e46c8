//! The reference in Markdown.

use std::fmt::Write as _;

use super::flows::FLOWS;
use super::table::{Row, half, rows_closed, way};
use super::{COLUMNS, example, example_plain, pretty, rows_of};
use crate::class::Class;
use crate::field::{Field, Kind};
use crate::message::{Leg, Message, NOT_SERVED, Party, Side};
use crate::part::Part;
use crate::ucsp::{MESSAGES, MsgInfo, MsgResponse, ResponseCode, outline, signature_table};

const HEAD: &str = "\
<!-- Generated from the declarations in crates/wire: change those, run cargo xtask generate -->

# UCSP reference

Messages between channels, the platform and industry services. The machine-readable twin is
`openapi/ucsp.json`; `causeway spec MESSAGE` prints one message.

";

const RULES: &str = "\
## Rules for all messages

- Every scalar is a JSON string, numbers included. Amounts are in minor units without a point.
- A missing member is left out; null and \"\" that are received count as absent.
- Unknown members are ignored, in requests and in answers; new optional members may appear at any
  time. A declared member that stands twice in one object is a fault.
- No member of printable text (ANS, S) may hold the number of a card, test numbers included: numbers
  travel in `encData` alone. Those of the sandbox begin with 623300, 625094, 629200 or 620000, and
  the sandbox hands on no others.
- A body has at most 256 KiB, 16 levels, 128 members an object.
- A refusal for its shape has code 10, and `errorDetail` lists the paths and the rules that failed.

**Flat** (channel side): all members at top level, answers add `msgResponse`. **Wrapped** (industry
side): `msgInfo`, `trxInfo`, in answers `msgResponse`, and where the application's setting says so
`certificateSignature`. On a refusal `trxInfo` holds the returned keys that could be read.

Presence: M mandatory, C conditional, O optional, R the request's value comes back. Members bound
to success must be there with response code 00 only. Source: S the published documents, P public
developer pages, F practice of sibling products, D designed for this platform.

";

/// What it means for whoever would build on it.
const NOT_SERVED_TEXT: &str = "The form is settled, the platform does not act on it: it sends no \
     such message, and a request for it\nis answered 404.";

/// The whole reference of UCSP.
#[must_use]
pub fn reference() -> String {
    let mut out = String::from(HEAD);
    contents(&mut out);
    out.push_str(RULES);
    envelope(&mut out);
    classes(&mut out);
    codes(&mut out);
    flows(&mut out);
    out.push_str("## Messages\n");
    for message in MESSAGES {
        section(&mut out, message);
    }
    out
}

fn contents(out: &mut String) {
    out.push_str("| message | who to whom | way | status |\n|---|---|---|---|\n");
    for message in MESSAGES {
        for leg in message.legs {
            let anchor = message.name.to_ascii_lowercase();
            let (from, to) = (leg.from.words(), leg.to.words());
            let name = message.name;
            let status = if message.served { "served" } else { NOT_SERVED };
            let way = short_way(leg);
            let _ = writeln!(out, "| [{name}](#{anchor}) | {from} to {to} | {way} | {status} |");
        }
    }
    out.push('\n');
}

fn short_way(leg: &Leg) -> String {
    format!("{} `{}`", leg.method.name(), leg.address.words())
}

/// The objects around the fields, described once for all messages.
const ENVELOPE: [&str; 3] = ["msgInfo", "msgResponse", "certificateSignature"];

fn envelope(out: &mut String) {
    let tables = [
        ("msgInfo", MsgInfo::TABLE),
        ("msgResponse", MsgResponse::TABLE),
        ("certificateSignature of the platform", signature_table(Party::Platform)),
        ("certificateSignature of an industry service", signature_table(Party::Industry)),
    ];
    out.push_str("## Envelope\n");
    for (title, table) in tables {
        let _ = write!(out, "\n### {title}\n\n");
        markdown_table(out, &rows_of(table));
    }
    out.push('\n');
}

fn classes(out: &mut String) {
    out.push_str("## Types\n\n| type | admits |\n|---|---|\n");
    for class in [Class::N, Class::A, Class::An, Class::Ns, Class::Ans, Class::S] {
        let _ = writeln!(out, "| {class} | {} |", class.words());
    }
    out.push_str(
        "\nPrintable characters are those of Unicode without control characters, separators of \
         lines,\nbidirectional overrides and private use. Lengths count characters; the length of \
         an Object[] counts\nelements. A range is `a-b`, a lone number is exact.\n\n",
    );
}

fn codes(out: &mut String) {
    out.push_str("## Response codes\n\n| code | message | final |\n|---|---|---|\n");
    for code in ResponseCode::ALL {
        let end = if code.is_final() { "yes" } else { "no" };
        let _ = writeln!(out, "| {} | {} | {end} |", code.code(), code.message());
    }
    out.push_str(
        "\nThe gateway refuses with HTTP 401 and code E0, without saying why; with 400, 413 or \
         415 and code 10\nwhere the body cannot be looked at. The member is then `MsgResponse`, \
         with a capital M.\n\n",
    );
}

fn flows(out: &mut String) {
    out.push_str("## Flows\n");
    for flow in FLOWS {
        let _ = write!(out, "\n### {}\n\n{}\n\n", flow.title, flow.text);
        let _ = write!(out, "```mermaid\n{}\n```\n", flow.diagram);
    }
    out.push('\n');
}

fn section(out: &mut String, message: &Message) {
    let _ = write!(out, "\n### {}\n\n{}\n", message.name, message.summary);
    if !message.served {
        let _ = write!(out, "\n**Status: {NOT_SERVED}.** {NOT_SERVED_TEXT}\n");
    }
    for leg in message.legs {
        let _ = write!(out, "\n#### {}\n", way(leg));
        for side in [Side::Request, Side::Answer] {
            let rows = rows_closed(message, leg.shape, side, &ENVELOPE);
            if rows.is_empty() {
                continue;
            }
            let _ = write!(out, "\n{}:\n\n", half(side));
            markdown_table(out, &rows);
            let shown = pretty(&example(message, leg.shape, side));
            let _ = write!(out, "\n```json\n{shown}\n```\n");
            plaintexts(out, &outline(message, leg.shape, side));
        }
    }
}

fn markdown_table(out: &mut String, rows: &[Row]) {
    let _ = writeln!(out, "| {} | Source |", COLUMNS.join(" | "));
    let _ = writeln!(out, "|{}", "---|".repeat(COLUMNS.len() + 1));
    for row in rows {
        let indent = "&nbsp;&nbsp;".repeat(row.depth);
        let [name, id, kind, length, presence, default, note] = &row.cells;
        let note = note.replace('|', "\\|").replace('*', "\\*");
        let _ = write!(out, "| {indent}{name} | `{id}` | {kind} | {length} | {presence} ");
        let _ = writeln!(out, "| {default} | {note} | {} |", row.source);
    }
}

/// What the sealed members of a message hold, in clear.
fn plaintexts(out: &mut String, rows: &[Field]) {
    for field in rows {
        match field.kind {
            Kind::SealedObject(table) => {
                let shown = pretty(&example_plain(table));
                let _ = write!(out, "\nPlaintext of `{}`:\n\n```json\n{shown}\n```\n", field.id);
            }
            Kind::Object(table) => plaintexts(out, table.fields),
            Kind::Text(_) | Kind::SealedText(_) | Kind::Objects(_) => {}
        }
    }
}
