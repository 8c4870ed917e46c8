//! What must not be there yet: messages, references, numbers of transactions; and second names.

use app::ports::store::Duplicate;
use app::writeset::{KeyClaim, NameClaim, Target, TargetKind};
use domain::ids::{MerchantId, QueryId};
use rusqlite::{Connection, params};

use super::digest;
use super::fault::Fault;
use super::read;
use super::rows::{KeyRow, OrderRow, Rows, SeenRow};
use crate::limits::DIGEST_TRIES_COUNT_MAX;
use crate::shape::kind_word;

/// Claims all but the second names; tells the first that is taken.
pub(super) fn claim(connection: &Connection, rows: &Rows) -> Result<Option<Duplicate>, Fault> {
    if let Some(seen) = &rows.seen
        && !insert_seen(connection, seen)?
    {
        return Ok(Some(Duplicate::Message));
    }
    for key in &rows.keys {
        if let Some(holder) = insert_key(connection, key)? {
            return Ok(Some(Duplicate::Reference(Box::new(holder))));
        }
    }
    for (query_id, (owner, target)) in &rows.transactions {
        if !insert_transaction(connection, query_id, owner, target)? {
            return Ok(Some(Duplicate::Taken(query_id.to_string())));
        }
    }
    let new = rows.order.as_ref().filter(|order| order.is_found_by_number());
    match new {
        Some(order) if !is_free(connection, order)? => {
            Ok(Some(Duplicate::Taken(order.number.clone())))
        }
        Some(_) | None => Ok(None),
    }
}

fn insert_seen(connection: &Connection, seen: &SeenRow) -> Result<bool, Fault> {
    let sql = "INSERT INTO seen (digest, until) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
    Ok(connection.prepare_cached(sql)?.execute(params![seen.digest, seen.until])? == 1)
}

/// Claims a reference; the claim that holds it, when it is taken.
fn insert_key(connection: &Connection, key: &KeyRow) -> Result<Option<KeyClaim>, Fault> {
    let sql = "INSERT INTO keys \
               (digest, owner, order_id, txn_time, number, query_id, kind, input) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING";
    let (claim, mut digest) = (&key.claim, key.digest);
    for _ in 0..DIGEST_TRIES_COUNT_MAX {
        let fresh = connection.prepare_cached(sql)?.execute(params![
            digest,
            claim.owner.as_str(),
            claim.reference.order_id.as_str(),
            claim.reference.txn_time.as_str(),
            claim.target.order.as_str(),
            query_id(&claim.target),
            kind_word(claim.target.kind),
            claim.input,
        ])?;
        if fresh == 1 {
            return Ok(None);
        }
        let holder = read::claim_at(connection, digest)?;
        let holder = holder.ok_or_else(|| Fault::damaged("reference", "it cannot be found"))?;
        if holder.owner == claim.owner && holder.reference == claim.reference {
            return Ok(Some(holder));
        }
        digest = digest::next(digest);
    }
    Err(Fault::damaged("reference", "no digest is free for it"))
}

/// Gives a transaction a second name; one that is taken is left as it is.
pub(super) fn insert_name(connection: &Connection, claim: &NameClaim) -> Result<(), Fault> {
    let sql = "INSERT INTO names (name, owner, number, query_id, kind) \
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    connection.prepare_cached(sql)?.execute(params![
        claim.name,
        claim.owner.as_str(),
        claim.target.order.as_str(),
        query_id(&claim.target),
        kind_word(claim.target.kind),
    ])?;
    Ok(())
}

/// The `queryId`, unless it is the order's number.
fn query_id(target: &Target) -> Option<&str> {
    let query_id = target.query_id.as_str();
    (query_id != target.order.as_str()).then_some(query_id)
}

/// Whether the number is free, or names this very transaction already.
fn insert_transaction(
    connection: &Connection,
    query_id: &QueryId,
    owner: &MerchantId,
    target: &Target,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO transactions (query_id, owner, number, kind) \
               VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
    let fresh = connection.prepare_cached(sql)?.execute(params![
        query_id.as_str(),
        owner.as_str(),
        target.order.as_str(),
        kind_word(target.kind),
    ])?;
    let holder = match fresh {
        1 => read::transaction_of_order(connection, query_id)?,
        _ => read::transaction(connection, query_id)?,
    };
    Ok(holder.is_none_or(|holder| &holder.0 == owner && &holder.1 == target))
}

/// Whether no other transaction has the number of a new order that is its `queryId` as well.
fn is_free(connection: &Connection, order: &OrderRow) -> Result<bool, Fault> {
    let holder = read::transaction(connection, &QueryId::new(order.number.as_str()))?;
    Ok(holder.is_none_or(|(owner, target)| {
        owner.as_str() == order.owner
            && target.order.as_str() == order.number
            && target.kind == TargetKind::Payment
    }))
}
