//! What the auditor was told in the course of a run: what was acknowledged to whom, which notices
//! went out and arrived, and what was seen to be wrong at once.

use std::collections::BTreeMap;

use domain::ids::{MerchantId, NoticeId, OrderNumber, QueryId, Reference};
use domain::notice::Notice;
use domain::order::{Order, OrderState};
use domain::reversal::ReversalState;

/// Something that was acknowledged to a client.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// The order exists, under this reference.
    Placed(MerchantId, Reference, OrderNumber),
    /// It was paid.
    Paid(OrderNumber),
    /// It ended unpaid.
    Unpaid(OrderNumber),
    /// This was given back.
    Returned(OrderNumber, QueryId),
    /// This was refused to be given back.
    Kept(OrderNumber, QueryId),
    /// This reversal was taken on.
    Asked(OrderNumber, QueryId),
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The number of the invariant.
    pub invariant: u8,
    /// What is wrong.
    pub what: String,
}

/// The auditor's notes.
#[derive(Debug, Default)]
pub struct Notes {
    /// What was acknowledged, each once.
    pub claims: BTreeMap<Claim, u64>,
    /// Notices whose first attempt began.
    pub attempted: BTreeMap<NoticeId, u64>,
    /// Notices that a receiver confirmed.
    pub confirmed: BTreeMap<NoticeId, u64>,
    /// What is wrong.
    pub violations: Vec<Violation>,
    /// Calls that were answered, by what they were.
    pub answered: BTreeMap<&'static str, u64>,
}

impl Notes {
    /// Something is wrong.
    pub fn violated(&mut self, invariant: u8, what: String) {
        self.violations.push(Violation { invariant, what });
    }

    /// A client was answered.
    pub fn answered(&mut self, what: &'static str) {
        *self.answered.entry(what).or_default() += 1;
    }

    /// Something was acknowledged.
    pub fn claim(&mut self, claim: Claim) {
        *self.claims.entry(claim).or_default() += 1;
    }

    /// A client was shown this order: all that is final in it is acknowledged.
    pub fn shown(&mut self, order: &Order) {
        let (terms, number) = (&order.terms, &order.terms.number);
        self.claim(Claim::Placed(terms.merchant.clone(), terms.reference.clone(), number.clone()));
        match &order.state {
            OrderState::Paid { .. }
            | OrderState::PartRefunded { .. }
            | OrderState::Refunded { .. }
            | OrderState::Cancelled { .. } => self.claim(Claim::Paid(number.clone())),
            OrderState::Failed { .. } | OrderState::Aborted { .. } | OrderState::Closed { .. } => {
                self.claim(Claim::Unpaid(number.clone()));
            }
            OrderState::Created
            | OrderState::Paying { .. }
            | OrderState::Unknown { .. }
            | OrderState::Aborting { .. } => {}
        }
        for reversal in &order.reversals {
            let query_id = reversal.terms.query_id.clone();
            self.claim(match &reversal.state {
                ReversalState::Succeeded { .. } => Claim::Returned(number.clone(), query_id),
                ReversalState::Refused { .. } => Claim::Kept(number.clone(), query_id),
                ReversalState::Processing | ReversalState::Unknown { .. } => {
                    Claim::Asked(number.clone(), query_id)
                }
            });
        }
    }

    /// An attempt to deliver a notice begins.
    pub fn attempt(&mut self, order: &Order, notice: &Notice) {
        *self.attempted.entry(notice.id.clone()).or_default() += 1;
        if let Some(before) = &notice.after
            && !self.attempted.contains_key(before)
        {
            self.violated(5, format!("notice {} goes out before {before}", notice.id));
        }
        let is_open = match order.reversal(&notice.transaction) {
            Some(reversal) => reversal.is_open(),
            None => order.is_open(),
        };
        if is_open {
            self.violated(5, format!("notice {} tells of no final result", notice.id));
        }
    }
}
