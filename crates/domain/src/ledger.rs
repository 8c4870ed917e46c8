//! Double entry: what each final result moves between which accounts.
//!
//! Postings are derived from events alone, so that `ledger verify` can compute them again. The
//! postings of one event sum to zero in each currency.

use std::fmt;

use money::{Amount, Currency};
use serde::{Deserialize, Serialize};

use crate::event::Event;
use crate::ids::{AcquirerIin, MerchantId, QueryId};
use crate::order::{Order, Origin};
use crate::payway::Payway;

/// An account of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// What the acquirer's downstream system owes the platform's merchants.
    Clearing(AcquirerIin),
    /// What a wallet owes the platform's merchants for payments at terminals.
    Wallet(Payway),
    /// What is owed to the merchant.
    Merchant(MerchantId),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clearing(acquirer) => write!(f, "clearing:{acquirer}"),
            Self::Wallet(payway) => write!(f, "wallet:{payway}"),
            Self::Merchant(merchant) => write!(f, "merchant:{merchant}"),
        }
    }
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The transaction that moved the money.
    pub transaction: QueryId,
    /// The account.
    pub account: Account,
    /// Minor units: a debit is positive, a credit negative.
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// The postings of an event, given the order after it.
#[must_use]
pub fn postings(order: &Order, event: &Event) -> Vec<Posting> {
    match event {
        Event::PaymentSucceeded { .. } => order.settlement().map_or_else(Vec::new, |settlement| {
            transfer(order, &order.terms.query_id, settlement.paid, Direction::ToMerchant)
        }),
        Event::ReversalSucceeded { query_id, .. } => {
            order.reversal(query_id).map_or_else(Vec::new, |reversal| {
                transfer(order, query_id, reversal.terms.amount, Direction::FromMerchant)
            })
        }
        Event::Submitted { .. }
        | Event::PaymentStarted { .. }
        | Event::PaymentAccepted { .. }
        | Event::PaymentFailed { .. }
        | Event::PaymentUncertain { .. }
        | Event::AbortRequested { .. }
        | Event::AbortUncertain { .. }
        | Event::AbortRefused { .. }
        | Event::Aborted { .. }
        | Event::Closed { .. }
        | Event::ReversalRequested { .. }
        | Event::ReversalAccepted { .. }
        | Event::ReversalRefused { .. }
        | Event::ReversalUncertain { .. } => Vec::new(),
    }
}

#[derive(Clone, Copy)]
enum Direction {
    ToMerchant,
    FromMerchant,
}

fn transfer(
    order: &Order,
    transaction: &QueryId,
    amount: Amount,
    direction: Direction,
) -> Vec<Posting> {
    let minor = match direction {
        Direction::ToMerchant => amount.minor_signed(),
        Direction::FromMerchant => amount.minor_signed().saturating_neg(),
    };
    let line = |account, minor| Posting {
        transaction: transaction.clone(),
        account,
        minor,
        currency: amount.currency(),
    };
    let debtor = match &order.terms.origin {
        Origin::Industry { .. } => Account::Clearing(order.terms.acquirer.clone()),
        Origin::Terminal(sale) => Account::Wallet(sale.payway),
    };
    vec![
        line(debtor, minor),
        line(Account::Merchant(order.terms.merchant.clone()), minor.saturating_neg()),
    ]
}

/// Whether the postings sum to zero in each currency.
#[must_use]
pub fn balances<'a>(postings: impl IntoIterator<Item = &'a Posting>) -> bool {
    let mut sums: std::collections::BTreeMap<Currency, i128> = std::collections::BTreeMap::new();
    for posting in postings {
        let sum = sums.entry(posting.currency).or_default();
        *sum = sum.saturating_add(i128::from(posting.minor));
    }
    sums.values().all(|sum| *sum == 0)
}
