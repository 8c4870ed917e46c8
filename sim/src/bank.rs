//! The books of the partners that hold the money: the acquirers' downstream system and the wallets.
//! They are durable, keep to their protocol, and decide each transaction once: asked again under
//! the same number they say the same. What they do at the limits of it is drawn from the seed.
//!
//! The auditor trusts these books alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::ids::{AcquirerIin, MerchantId, Reference};
use jiff::Timestamp;

use crate::limits::QUESTIONS_COUNT_MAX;
use crate::rng::Rng;
use crate::tell;
use crate::time::pause_ms;
use crate::world::World;

/// Which partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The downstream system behind all acquirers.
    Downstream,
    /// The wallets behind the terminals.
    Wallet,
}

/// All trades of a partner by their number: `tn` or `sn`.
#[derive(Debug, Default)]
pub struct Books {
    /// The trades.
    pub trades: BTreeMap<String, Trade>,
    /// Aborts of numbers that were never heard of.
    pub closed: BTreeSet<String>,
}

/// One payment with what was given back of it.
#[derive(Debug, Clone)]
pub struct Trade {
    /// Whose.
    pub merchant: MerchantId,
    /// The acquirer that told of it.
    pub acquirer: AcquirerIin,
    /// What the merchant calls it: what the auditor ties trades to.
    pub reference: Reference,
    /// The number of the payment's transaction.
    pub query_id: String,
    /// Minor units.
    pub minor: u64,
    /// Where it stands.
    pub state: Standing,
    /// Whether all of it went back by an abort.
    pub aborted: bool,
    /// Whether it was refused for certain to end it; then it always is.
    pub keeps: bool,
    /// What was asked back, by number.
    pub refunds: BTreeMap<String, Refund>,
    questions: u32,
}

/// One refund or cancellation.
#[derive(Debug, Clone)]
pub struct Refund {
    /// Minor units.
    pub minor: u64,
    /// Where it stands.
    pub state: Standing,
}

/// Where a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Taken on; done or refused later, and after `until` not done any more.
    Pending {
        /// The last instant, by the partner's clock.
        until: Timestamp,
        /// Whether the payer comes to it.
        presented: bool,
    },
    /// The money moved.
    Done,
    /// It never will.
    Refused(&'static str),
}

/// What a partner answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Taken on.
    Pending,
    /// Payable by this code.
    Presented(String),
    /// Done.
    Done,
    /// Refused for certain.
    Refused(&'static str),
    /// Not known.
    NotFound,
    /// An answer that says nothing.
    Nothing,
}

/// A payment that is asked for.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Which partner.
    pub side: Side,
    /// `tn` or `sn`.
    pub number: String,
    /// As the books keep it.
    pub trade: Trade,
    /// The last instant at which it may be taken on.
    pub until: Timestamp,
    /// Whether the payer comes to it.
    pub presented: bool,
}

/// Money that is asked back.
#[derive(Debug, Clone)]
pub struct GiveBack {
    /// Which partner.
    pub side: Side,
    /// The payment.
    pub number: String,
    /// The refund.
    pub refund_no: String,
    /// Minor units.
    pub minor: u64,
    /// The last instant at which it may be taken on.
    pub until: Timestamp,
}

/// What is to become of a transaction.
enum Fate {
    Done,
    Refused,
    Later { after_ms: u64, done: bool },
    Never,
}

impl Fate {
    fn drawn(rng: &mut Rng, presented: bool) -> Self {
        let later = |rng: &mut Rng| Self::Later {
            after_ms: if presented { rng.between(500, 260_000) } else { rng.between(50, 60_000) },
            done: rng.chance(800),
        };
        match rng.below(100) {
            0..=54 if !presented => Self::Done,
            55..=64 => Self::Refused,
            65..=69 => Self::Never,
            _ => later(rng),
        }
    }
}

impl Trade {
    /// A trade that nobody heard of yet.
    #[must_use]
    pub fn new(
        (merchant, acquirer, reference): (MerchantId, AcquirerIin, Reference),
        query_id: String,
        minor: u64,
    ) -> Self {
        Self {
            merchant,
            acquirer,
            reference,
            query_id,
            minor,
            state: Standing::Refused("TRADE_TIMEOUT"),
            aborted: false,
            keeps: false,
            refunds: BTreeMap::new(),
            questions: 0,
        }
    }

    /// What the partner holds for the merchant of this trade, minor units.
    #[must_use]
    pub fn held(&self) -> u64 {
        let taken = if self.state == Standing::Done && !self.aborted { self.minor } else { 0 };
        taken.saturating_sub(self.given_back())
    }

    /// What went back by refunds.
    #[must_use]
    pub fn given_back(&self) -> u64 {
        let done = self.refunds.values().filter(|refund| refund.state == Standing::Done);
        done.map(|refund| refund.minor).sum()
    }

    fn reserved(&self) -> u64 {
        let open = self.refunds.values().filter(|it| !matches!(it.state, Standing::Refused(_)));
        open.map(|refund| refund.minor).sum()
    }
}

impl Standing {
    fn said(self, number: &str) -> Said {
        match self {
            Self::Pending { presented: true, .. } => Said::Presented(format!("qr:{number}")),
            Self::Pending { presented: false, .. } => Said::Pending,
            Self::Done => Said::Done,
            Self::Refused(code) => Said::Refused(code),
        }
    }

    fn over(&mut self, now: Timestamp) {
        if matches!(self, Self::Pending { until, .. } if now > *until) {
            *self = Self::Refused("TRADE_TIMEOUT");
        }
    }
}

/// Takes a payment on, or says what became of it.
pub fn charge(world: &Arc<World>, question: &Charge) -> Said {
    let now = world.partner_now(question.side);
    let mut books = world.books(question.side);
    if let Some(trade) = books.trades.get_mut(&question.number) {
        trade.state.over(now);
        return trade.state.said(&question.number);
    }
    let mut trade = question.trade.clone();
    if now > question.until || books.closed.contains(&question.number) {
        books.trades.insert(question.number.clone(), trade);
        return Said::Refused("TRADE_TIMEOUT");
    }
    let until = question.until;
    let pending = Standing::Pending { until, presented: question.presented };
    let fate = world.draw(|rng| Fate::drawn(rng, question.presented));
    trade.state = match fate {
        Fate::Done => Standing::Done,
        Fate::Refused => Standing::Refused("INSUFFICIENT_FUND"),
        Fate::Later { .. } | Fate::Never => pending,
    };
    let said = trade.state.said(&question.number);
    books.trades.insert(question.number.clone(), trade);
    drop(books);
    match fate {
        Fate::Done | Fate::Refused => tell::perhaps(world, question.side, &question.number, None),
        Fate::Never => {}
        Fate::Later { after_ms, done } => {
            let (there, side) = (Arc::clone(world), question.side);
            let number = question.number.clone();
            world.spawn(async move {
                pause_ms(after_ms).await;
                settle(&there, side, &number, done);
            });
        }
    }
    said
}

/// The payer confirmed or refused.
fn settle(world: &Arc<World>, side: Side, number: &str, done: bool) {
    let now = world.partner_now(side);
    let mut books = world.books(side);
    let Some(trade) = books.trades.get_mut(number) else { return };
    trade.state.over(now);
    if !matches!(trade.state, Standing::Pending { .. }) {
        return;
    }
    trade.state = if done { Standing::Done } else { Standing::Refused("PAYER_CANCELLED") };
    drop(books);
    tell::result(world, side, number, None);
}

/// Gives money back, or says what became of it.
pub fn give_back(world: &Arc<World>, question: &GiveBack) -> Said {
    let now = world.partner_now(question.side);
    let mut books = world.books(question.side);
    let Some(trade) = books.trades.get_mut(&question.number) else { return Said::NotFound };
    if let Some(refund) = trade.refunds.get_mut(&question.refund_no) {
        return refund.state.said(&question.refund_no);
    }
    let mut refund = Refund { minor: question.minor, state: Standing::Refused("REFUND_TIMEOUT") };
    if now > question.until {
        trade.refunds.insert(question.refund_no.clone(), refund);
        return Said::Refused("REFUND_TIMEOUT");
    }
    let is_covered = trade.reserved() + question.minor <= trade.minor;
    let is_paid = trade.state == Standing::Done && !trade.aborted;
    if !is_covered || !is_paid {
        trade.refunds.insert(question.refund_no.clone(), refund);
        drop(books);
        let what = format!("{} is asked back of trade {}", question.minor, question.number);
        world.notes().violated(3, format!("{what} which does not hold it"));
        return Said::Refused("REFUND_ABOVE_PAID");
    }
    let fate = world.draw(|rng| Fate::drawn(rng, false));
    refund.state = match fate {
        Fate::Done => Standing::Done,
        Fate::Refused => Standing::Refused("REFUND_REFUSED"),
        Fate::Later { .. } | Fate::Never => {
            Standing::Pending { until: Timestamp::MAX, presented: false }
        }
    };
    let said = refund.state.said(&question.refund_no);
    trade.refunds.insert(question.refund_no.clone(), refund);
    drop(books);
    let (after_ms, done) = match fate {
        Fate::Done | Fate::Refused => {
            let refund_no = Some(question.refund_no.clone());
            tell::perhaps(world, question.side, &question.number, refund_no);
            return said;
        }
        Fate::Later { after_ms, done } => (after_ms, done),
        // Refunds end in any case, if late.
        Fate::Never => (1_800_000, true),
    };
    let (there, question) = (Arc::clone(world), question.clone());
    world.spawn(async move {
        pause_ms(after_ms).await;
        settle_refund(&there, &question, done);
    });
    said
}

fn settle_refund(world: &Arc<World>, question: &GiveBack, done: bool) {
    let mut books = world.books(question.side);
    let trade = books.trades.get_mut(&question.number);
    let refund = trade.and_then(|trade| trade.refunds.get_mut(&question.refund_no));
    let Some(refund) = refund else { return };
    refund.state = if done { Standing::Done } else { Standing::Refused("REFUND_REFUSED") };
    drop(books);
    tell::result(world, question.side, &question.number, Some(question.refund_no.clone()));
}

/// Ends a wallet's trade: unpaid it is closed, paid all of it goes back, unknown it is remembered.
pub fn abort(world: &Arc<World>, number: &str) -> Said {
    let now = world.partner_now(Side::Wallet);
    let silent = world.goes_wrong(world.faults.garble);
    let (refuses, keeps) = world.draw(|rng| (rng.chance(500), rng.chance(150)));
    let mut books = world.books(Side::Wallet);
    let Some(trade) = books.trades.get_mut(number) else {
        books.closed.insert(number.to_owned());
        return Said::Done;
    };
    trade.state.over(now);
    match trade.state {
        Standing::Pending { .. } => trade.state = Standing::Refused("TRADE_TIMEOUT"),
        Standing::Done if trade.keeps => return Said::Refused("REVERSE_NOT_ALLOWED"),
        Standing::Done if keeps && !trade.aborted => {
            trade.keeps = true;
            return Said::Refused("REVERSE_NOT_ALLOWED");
        }
        Standing::Done => {
            let is_touched = !trade.refunds.is_empty();
            trade.aborted = true;
            if is_touched {
                drop(books);
                let what = format!("trade {number} is aborted after refunds of it");
                world.notes().violated(3, what);
                return Said::Done;
            }
        }
        Standing::Refused(code) if refuses => return Said::Refused(code),
        Standing::Refused(_) => {}
    }
    if silent { Said::Nothing } else { Said::Done }
}

/// Says what became of a payment or of a refund.
pub fn inquire(world: &Arc<World>, side: Side, number: &str, refund_no: Option<&str>) -> Said {
    let now = world.partner_now(side);
    let denies = world.goes_wrong(world.faults.deny);
    let mut books = world.books(side);
    let Some(trade) = books.trades.get_mut(number) else { return Said::NotFound };
    trade.questions += 1;
    let is_too_often = trade.questions == QUESTIONS_COUNT_MAX;
    let said = if let Some(refund_no) = refund_no {
        trade.refunds.get(refund_no).map_or(Said::NotFound, |refund| refund.state.said(refund_no))
    } else {
        let may_deny = matches!(trade.state, Standing::Pending { until, .. } if now <= until);
        trade.state.over(now);
        if may_deny && denies { Said::NotFound } else { trade.state.said(number) }
    };
    drop(books);
    if is_too_often {
        world.notes().violated(9, format!("{QUESTIONS_COUNT_MAX} questions about {number}"));
    }
    said
}
