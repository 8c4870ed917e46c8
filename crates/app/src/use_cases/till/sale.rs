//! pay and precreate: a new order with its attempt, then the wallet.

use std::sync::Arc;

use domain::abort::AbortReason;
use domain::ids::{OrderNumber, Reference};
use domain::order::{Attempt, Details, Order, OrderState, Origin, Sale, Terms};
use domain::payway::Payway;
use domain::terminal::{CLIENT_SN_SPACE, Terminal};
use domain::{Event, Outcome, apply};
use jiff::Timestamp;
use money::Amount;

use super::super::record::{Fresh, Transaction, What, record_from};
use super::end::end;
use super::hold::hold;
use super::{NewSale, Place, TillRefusal, is_open, place, takings};
use crate::limits::{SALE_GRACE, STALE_RETRIES_COUNT_MAX};
use crate::platform::Platform;
use crate::ports::store::{CommitOutcome, Duplicate};
use crate::ports::wallets::{PresentError, Presented};
use crate::writeset::{
    KeyClaim, OrderWrite, Target, TargetKind, Task, TaskBody, TaskId, TaskWrite, Versioned,
    WriteSet,
};

/// Charges the payer whose barcode was scanned. Held while the payer types, then answered as it
/// stands; the answer is what the order's state says.
///
/// # Errors
/// A [`TillRefusal`]; then no order was made, unless it is [`TillRefusal::Internal`] or
/// [`TillRefusal::Busy`]: then the till queries.
pub async fn pay(
    platform: &Platform,
    terminal: &Terminal,
    sale: NewSale,
    barcode: &str,
) -> Result<Order, TillRefusal> {
    let place = place(platform, terminal)?;
    let recognised = || platform.settings.terminals.wallet_of(barcode);
    let payway = sale.payway.or_else(recognised).ok_or(TillRefusal::InvalidBarcode)?;
    let fresh = begin(platform, terminal, &place, (sale, payway, false)).await?;
    let outcome = platform.wallets.charge(&fresh.order.value, barcode).await;
    let order = record(platform, fresh, &outcome).await;
    match order.state {
        OrderState::Paying { .. } | OrderState::Aborting { .. } => {
            Box::pin(hold(platform, order)).await
        }
        OrderState::Unknown { .. } => Box::pin(give_up(platform, order)).await,
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Aborted { .. }
        | OrderState::Failed { .. }
        | OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => Ok(order),
    }
}

/// Makes an order that the payer comes to: by QR code, WAP page or mini program.
///
/// # Errors
/// A [`TillRefusal`]; as with [`pay`]. Without [`Presented`] the wallet did not take it: the
/// order's state says why.
pub async fn precreate(
    platform: &Platform,
    terminal: &Terminal,
    sale: NewSale,
    return_url: Option<&str>,
) -> Result<(Order, Option<Presented>), TillRefusal> {
    let place = place(platform, terminal)?;
    let payway = sale.payway.ok_or(TillRefusal::UnknownProvider)?;
    let fresh = begin(platform, terminal, &place, (sale, payway, true)).await?;
    let presented = platform.wallets.present(&fresh.order.value, return_url).await;
    let outcome = match &presented {
        Ok(shown) => Outcome::Presented { qr_code: shown.qr_code.clone() },
        Err(PresentError::Refused { code, message }) => {
            Outcome::Refused(domain::order::DownstreamResult {
                code: code.clone(),
                message: message.clone(),
                ..Default::default()
            })
        }
        Err(PresentError::Unavailable(reason)) => {
            tracing::warn!(order = %fresh.order.value.terms.number, reason, "not presented");
            Outcome::Lost
        }
    };
    let order = record(platform, fresh, &outcome).await;
    if matches!(order.state, OrderState::Unknown { .. }) {
        return Ok((give_up(platform, order).await?, None));
    }
    Ok((order, presented.ok()))
}

/// Nobody knows what became of it: it is ended, so that the till can be told something certain.
async fn give_up(platform: &Platform, order: Order) -> Result<Order, TillRefusal> {
    match end(platform, &order, AbortReason::Uncertain).await {
        // It came to its end otherwise meanwhile.
        Err(TillRefusal::Rule { order, .. }) => Ok(*order),
        ended => ended,
    }
}

async fn record(platform: &Platform, fresh: Fresh, outcome: &Outcome) -> Order {
    let intent = fresh.order.value.clone();
    let transaction = Transaction {
        owner: &intent.terms.merchant,
        number: &intent.terms.number,
        what: What::Payment,
        later: false,
    };
    let recorded = record_from(platform, Some(fresh), transaction, outcome).await;
    recorded.unwrap_or_else(|error| platform.left_open(intent.clone(), &error))
}

/// Begins a sale. A `client_sn` that was used before is told as that whatever else stands in the
/// way now: it alone says that there may be a paid order (upay.md sections 9.1 and 9.2).
async fn begin(
    platform: &Platform,
    terminal: &Terminal,
    place: &Place,
    (sale, payway, presented): (NewSale, Payway, bool),
) -> Result<Fresh, TillRefusal> {
    let begun = make(platform, terminal, place, (&sale, payway, presented)).await;
    let Err(
        refusal @ (TillRefusal::StoreClosed
        | TillRefusal::UnknownProvider
        | TillRefusal::StoreOverDailyLimit
        | TillRefusal::MerchantOverDailyLimit),
    ) = begun
    else {
        return begun;
    };
    let reference = reference(&sale);
    let claim = platform.store.by_reference(&place.merchant.id, &reference).await;
    match claim.map_err(|error| platform.till_failed(&error))? {
        Some(claim) => Err(TillRefusal::ClientSnConflict { sn: claim.target.order }),
        None => Err(refusal),
    }
}

fn reference(sale: &NewSale) -> Reference {
    Reference { order_id: sale.client_sn.as_str().into(), txn_time: CLIENT_SN_SPACE.into() }
}

/// Makes the order and the intent to take its money durable, in one write set.
async fn make(
    platform: &Platform,
    terminal: &Terminal,
    place: &Place,
    (sale, payway, presented): (&NewSale, Payway, bool),
) -> Result<Fresh, TillRefusal> {
    is_open(&place.store)?;
    if !platform.wallets.takes(payway, sale.sub_payway) {
        return Err(TillRefusal::UnknownProvider);
    }
    let _turn = takings::turn(platform, place).await?;
    for _ in 0..STALE_RETRIES_COUNT_MAX {
        let now = platform.clock.now();
        let number = platform.sale_number(now).await;
        let number = number.map_err(|error| platform.till_failed(&error))?;
        let made = (number, now);
        let terms = Arc::new(terms(platform, terminal, place, (sale, payway, presented), made)?);
        let attempt = Attempt {
            card: None,
            started_at: now,
            valid_until: terms.expires_at,
            accepted_at: None,
            scenario: None,
            qr_code: None,
        };
        let taken = takings::reserved(platform, place, terms.amount.minor(), now).await?;
        let started = Event::PaymentStarted { attempt };
        let order = apply(Order::submitted(Arc::clone(&terms)), &started);
        let order = order.map_err(|error| platform.unexpected(&error.to_string()))?;
        let resolver = resolver(&order, now);
        let set = WriteSet {
            order: Some(OrderWrite { order: order.clone(), expected: None }),
            keys: vec![claim(&order)],
            events: vec![Event::Submitted { terms }, started],
            at: Some(now),
            tasks: vec![TaskWrite::Insert(resolver.clone())],
            records: taken,
            ..WriteSet::default()
        };
        match platform.store.commit(set).await {
            Ok(CommitOutcome::Committed) => {
                let order = Versioned { value: order, version: 1 };
                let resolver = Versioned { value: resolver, version: 1 };
                return Ok(Fresh { order, resolver });
            }
            Ok(CommitOutcome::Duplicate(Duplicate::Reference(claim))) => {
                return Err(TillRefusal::ClientSnConflict { sn: claim.target.order });
            }
            Ok(
                CommitOutcome::Duplicate(Duplicate::Taken(_) | Duplicate::Message)
                | CommitOutcome::Stale,
            ) => {}
            Err(error) => return Err(platform.till_failed(&error)),
        }
    }
    Err(TillRefusal::Busy)
}

fn terms(
    platform: &Platform,
    terminal: &Terminal,
    place: &Place,
    (sale, payway, presented): (&NewSale, Payway, bool),
    (number, now): (OrderNumber, Timestamp),
) -> Result<Terms, TillRefusal> {
    let settings = &platform.settings.terminals;
    let life = if presented { settings.present_life } else { settings.pay_life };
    let amount = Amount::new(sale.total, settings.currency);
    let amount = amount.map_err(|error| platform.unexpected(&error.to_string()))?;
    Ok(Terms {
        query_id: number.as_str().into(),
        number,
        merchant: place.merchant.id.clone(),
        acquirer: place.merchant.acquirer.clone(),
        reference: reference(sale),
        amount,
        created_at: now,
        expires_at: now.checked_add(life).unwrap_or(now),
        origin: Origin::Terminal(Box::new(Sale {
            terminal: terminal.sn.clone(),
            store: place.store.sn.clone(),
            payway,
            sub_payway: sale.sub_payway,
            presented,
            subject: sale.subject.clone(),
            operator: sale.operator.clone(),
            reflect: sale.reflect.clone(),
            payer_uid: sale.payer_uid.clone(),
            extended: sale.extended.clone(),
        })),
        details: Details {
            description: sale.description.clone(),
            goods: sale.goods.clone(),
            front_url: sale.return_url.clone(),
            back_url: sale.notify_url.clone(),
            ..Details::default()
        },
        scenario: None,
    })
}

fn claim(order: &Order) -> KeyClaim {
    let terms = &order.terms;
    KeyClaim {
        owner: terms.merchant.clone(),
        reference: terms.reference.clone(),
        target: Target {
            order: terms.number.clone(),
            query_id: terms.query_id.clone(),
            kind: TargetKind::Payment,
        },
        // A used client_sn is refused whatever it is used for, so that nothing is compared.
        input: String::new(),
    }
}

/// The resolver's task: finds what a crash left behind, asks after what is pending, and ends the
/// attempt at its deadline.
fn resolver(order: &Order, now: Timestamp) -> Task {
    let terms = &order.terms;
    Task {
        id: TaskId::inquire(&terms.query_id),
        owner: terms.merchant.clone(),
        order: terms.number.clone(),
        due_at: Some(now.checked_add(SALE_GRACE).unwrap_or(now)),
        after: None,
        attempts: 0,
        body: TaskBody::Inquire { query_id: terms.query_id.clone(), reversal: false },
    }
}
