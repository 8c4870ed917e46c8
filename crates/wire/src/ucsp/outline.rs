//! A whole body as rows: the envelope of a shape around the fields of a message.

use super::envelope::{MSG_ID_ROW, MsgInfo, signature_table};
use super::response::MsgResponse;
use crate::field::{Field, Kind, Presence, object};
use crate::message::{Message, Party, Shape, Side};
use crate::part::Part;

/// The members at top level of one half of a message in a shape; nested tables hang below.
///
/// Empty if the message has no such half, or does not travel in that shape.
#[must_use]
pub fn outline(message: &Message, shape: Shape, side: Side) -> Vec<Field> {
    let (Some(leg), Some(table)) = (message.leg(shape), message.table(side)) else {
        return Vec::new();
    };
    let signer = match side {
        Side::Request => leg.from,
        Side::Answer => leg.to,
    };
    let mut rows = match shape {
        Shape::Query | Shape::Flat => table.fields.to_vec(),
        Shape::Wrapped => wrapped(message, side, signer),
    };
    if shape == Shape::Flat {
        rows.insert(0, MSG_ID_ROW);
    }
    if side == Side::Answer {
        let response = object("Message Response").declare("msgResponse", Presence::Mandatory);
        let response = response.source(crate::Source::S).nest(MsgResponse::TABLE);
        let position = rows.iter().position(|row| row.id == "certificateSignature");
        rows.insert(position.unwrap_or(rows.len()), response);
    }
    rows
}

fn wrapped(message: &Message, side: Side, signer: Party) -> Vec<Field> {
    let source = crate::Source::S;
    let info = object("Message Information").declare("msgInfo", Presence::Mandatory);
    let mut rows = vec![info.source(source).nest(MsgInfo::TABLE)];
    if let Some(table) = message.table(side).filter(|table| !table.fields.is_empty()) {
        let mut trx = object("Transaction Information").declare("trxInfo", Presence::Mandatory);
        // `nest` takes declared tables only; a message's tables are declared.
        trx.kind = Kind::Object(table);
        if side == Side::Answer {
            trx = trx.note("On a refusal the returned keys that could be read, or absent");
        }
        rows.push(trx.source(source));
    }
    let signature = object("Certificate and Signature");
    let signature = if message.signed_in_body {
        signature.declare("certificateSignature", Presence::Mandatory)
    } else {
        signature
            .declare("certificateSignature", Presence::Optional)
            .note("Where the application's setting is body or both")
    };
    rows.push(signature.source(source).nest(signature_table(signer)));
    rows
}
