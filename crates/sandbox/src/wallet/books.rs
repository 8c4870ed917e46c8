//! The books of the simulated wallets: what each operation does to them.
//!
//! Invariants: a number means one payment or refund for good; what goes back is never more than
//! what was paid; a number that was ended can never be charged. Bounded: of the trades that are
//! over, the oldest are forgotten.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use jose::mac::MacKey;
use serde::{Deserialize, Serialize};
use wire::wallet::{Abort, Answer, Charge, Inquire, Operation, Present, Refund, Status};

use super::answer;
use super::outcome::{Refusal, plan_of};
use super::trade::{Back, Speech, State, Trade};
use crate::limits::{
    WALLET_OPEN_TRADES_MAX, WALLET_PRESENTATIONS_MAX, WALLET_REFUNDS_MAX, WALLET_TRADES_MAX,
};

/// Between two looks for open trades whose time is over: each looks at all trades.
const SWEEP_PAUSE_MS: i64 = 1000;

/// What the wallet's page shows besides the trade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Presentation {
    pub(super) sn: u64,
    pub(super) merchant: String,
    pub(super) subject: String,
    pub(super) return_url: Option<String>,
}

/// What is written down of a change; the last of a key counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Line<'a> {
    Trade(Cow<'a, Trade>),
    Back(Cow<'a, Back>),
    Presentation(Cow<'a, Presentation>),
}

/// What a call changed.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) lines: Vec<Line<'static>>,
    /// Trades that will end by themselves, and when.
    pub(super) due: Vec<(u64, i64)>,
}

impl Changes {
    fn trade(&mut self, trade: &Trade) {
        self.lines.push(Line::Trade(Cow::Owned(*trade)));
    }
}

/// All that the wallets know.
#[derive(Default)]
pub(super) struct Books {
    trades: HashMap<u64, Trade>,
    backs: HashMap<u128, Back>,
    presentations: HashMap<u64, Presentation>,
    /// Trades that are over, the first one first.
    over: VecDeque<u64>,
    back_order: VecDeque<u128>,
    presented_order: VecDeque<u64>,
    /// When it was last looked for open trades whose time is over.
    swept_ms: i64,
    serial: u64,
}

impl Books {
    /// Takes a line of the journal.
    pub(super) fn recall(&mut self, line: Line<'_>) {
        match line {
            Line::Trade(trade) => {
                self.serial = self.serial.max(trade.serial);
                self.keep(trade.into_owned());
            }
            Line::Back(back) => {
                self.serial = self.serial.max(back.serial);
                self.keep_back(back.into_owned());
            }
            Line::Presentation(presentation) => self.keep_presentation(presentation.into_owned()),
        }
    }

    /// The lines of all that is not over.
    pub(super) fn open_lines(&self) -> Vec<Line<'_>> {
        let open = self.trades.values().filter(|trade| trade.is_open());
        let shown = |trade: &Trade| self.presentations.get(&trade.sn);
        let lines = open.flat_map(|trade| {
            let page = shown(trade).map(|page| Line::Presentation(Cow::Borrowed(page)));
            [Some(Line::Trade(Cow::Borrowed(trade))), page]
        });
        lines.flatten().collect()
    }

    /// The lines of everything.
    #[cfg(test)]
    pub(super) fn all_lines(&self) -> Vec<Line<'_>> {
        let trades = self.trades.values().map(|trade| Line::Trade(Cow::Borrowed(trade)));
        let backs = self.backs.values().map(|back| Line::Back(Cow::Borrowed(back)));
        let pages = self.presentations.values();
        let pages = pages.map(|page| Line::Presentation(Cow::Borrowed(page)));
        trades.chain(backs).chain(pages).collect()
    }

    /// The trades that will end by themselves, and when.
    pub(super) fn due(&self) -> Vec<(u64, i64)> {
        let due = |trade: &Trade| trade.ends_by_itself_ms().map(|at| (trade.sn, at));
        self.trades.values().filter_map(due).collect()
    }

    /// A trade as it stands now.
    pub(super) fn trade(&mut self, sn: u64, now_ms: i64, changes: &mut Changes) -> Option<Trade> {
        let mut trade = *self.trades.get(&sn)?;
        if trade.settle(now_ms) {
            changes.trade(&trade);
            self.keep(trade);
        }
        Some(trade)
    }

    pub(super) fn presentation(&self, sn: u64) -> Option<&Presentation> {
        self.presentations.get(&sn)
    }

    /// Replaces a trade by what became of it.
    pub(super) fn change(&mut self, trade: Trade, changes: &mut Changes) {
        changes.trade(&trade);
        self.keep(trade);
    }

    /// Does one operation. `None` when nothing is said of it.
    pub(super) fn operate<'a>(
        &mut self,
        operation: &Operation<'a>,
        key: &MacKey,
        now_ms: i64,
        changes: &mut Changes,
    ) -> Option<Answer<'a>> {
        match operation {
            Operation::Charge(charge) => self.charge(charge, now_ms, changes),
            Operation::Present(present) => self.present(present, key, now_ms, changes),
            Operation::Abort(abort) => self.abort(abort, now_ms, changes),
            Operation::Refund(refund) => self.refund(refund, now_ms, changes),
            Operation::Inquire(inquire) => self.inquire(inquire, now_ms, changes),
        }
    }

    fn charge<'a>(
        &mut self,
        charge: &Charge<'a>,
        now_ms: i64,
        changes: &mut Changes,
    ) -> Option<Answer<'a>> {
        let Some((sn, currency)) = numbers(&charge.sn, &charge.currency) else {
            return Some(unclear(&charge.sn, None));
        };
        if let Some(known) = self.trade(sn, now_ms, changes) {
            return say(&known, None, now_ms, |known| {
                let same = known.amount == charge.amount || known.amount == 0;
                if same { answer::payment(known) } else { unclear(&charge.sn, None) }
            });
        }
        if now_ms > charge.valid_until {
            return Some(refused(&charge.sn, None, Refusal::Late));
        }
        if charge.amount == 0 || !self.has_room(now_ms, changes) {
            return Some(unclear(&charge.sn, None));
        }
        let mut trade = Trade {
            payway: charge.payway,
            form: 1,
            currency,
            amount: charge.amount,
            valid_until_ms: charge.valid_until,
            payer: payer_of(&charge.barcode),
            ..self.fresh(sn, now_ms)
        };
        trade.follow(plan_of(&charge.barcode), now_ms);
        changes.due.extend(trade.ends_by_itself_ms().map(|at| (sn, at)));
        self.change(trade, changes);
        say(&trade, None, now_ms, answer::payment)
    }

    fn present<'a>(
        &mut self,
        present: &Present<'a>,
        key: &MacKey,
        now_ms: i64,
        changes: &mut Changes,
    ) -> Option<Answer<'a>> {
        let Some((sn, currency)) = numbers(&present.sn, &present.currency) else {
            return Some(unclear(&present.sn, None));
        };
        let trade = match self.trade(sn, now_ms, changes) {
            Some(known) if known.is_open() && known.amount != present.amount => {
                return Some(unclear(&present.sn, None));
            }
            Some(known) => known,
            None if now_ms >= present.valid_until => {
                return Some(refused(&present.sn, None, Refusal::Late));
            }
            None if present.amount == 0 || !self.has_room(now_ms, changes) => {
                return Some(unclear(&present.sn, None));
            }
            None => self.show(present, sn, currency, now_ms, changes),
        };
        say(&trade, None, now_ms, |trade| Answer {
            wap_pay_request: answer::wap_pay_request(trade, key).map(Into::into),
            ..answer::payment(trade)
        })
    }

    /// Takes a presented order on.
    fn show(
        &mut self,
        present: &Present<'_>,
        sn: u64,
        currency: u16,
        now_ms: i64,
        changes: &mut Changes,
    ) -> Trade {
        let trade = Trade {
            payway: present.payway,
            form: present.sub_payway,
            currency,
            amount: present.amount,
            valid_until_ms: present.valid_until,
            payer: payer_of(&present.sn),
            state: State::Presented,
            ..self.fresh(sn, now_ms)
        };
        self.change(trade, changes);
        let page = Presentation {
            sn,
            merchant: present.merchant.to_string(),
            subject: present.subject.to_string(),
            return_url: present.return_url.as_ref().map(ToString::to_string),
        };
        changes.lines.push(Line::Presentation(Cow::Owned(page.clone())));
        self.keep_presentation(page);
        trade
    }

    fn abort<'a>(
        &mut self,
        abort: &Abort<'a>,
        now_ms: i64,
        changes: &mut Changes,
    ) -> Option<Answer<'a>> {
        let Some(sn) = number(&abort.sn) else {
            return Some(unclear(&abort.sn, None));
        };
        let known = self.trade(sn, now_ms, changes);
        let mut trade = known.unwrap_or_else(|| Trade {
            payway: abort.payway,
            state: State::Waiting,
            ..self.fresh(sn, now_ms)
        });
        if trade.speech(now_ms) == Speech::Plain {
            let before = trade;
            trade.abort(now_ms);
            if trade != before {
                self.change(trade, changes);
            }
        }
        say(&trade, None, now_ms, answer::aborted)
    }

    fn refund<'a>(
        &mut self,
        refund: &Refund<'a>,
        now_ms: i64,
        changes: &mut Changes,
    ) -> Option<Answer<'a>> {
        let number_of = number(&refund.sn).zip(refund_number(&refund.refund_no));
        let Some((sn, refund_no)) = number_of else {
            return Some(unclear(&refund.sn, Some(&refund.refund_no)));
        };
        let trade = self.trade(sn, now_ms, changes);
        if trade.is_some_and(|trade| trade.speech(now_ms) != Speech::Plain) {
            let refund_no = Some(&refund.refund_no);
            return trade.and_then(|trade| say(&trade, refund_no, now_ms, answer::payment));
        }
        if let Some(known) = self.backs.get(&refund_no) {
            let same = known.sn == sn && known.amount == refund.amount;
            let unclear = || unclear(&refund.sn, Some(&refund.refund_no));
            return Some(if same { answer::refund(refund.payway, known) } else { unclear() });
        }
        if now_ms > refund.valid_until {
            return Some(refused(&refund.sn, Some(&refund.refund_no), Refusal::Late));
        }
        let refused = match trade {
            Some(trade) if trade.state == State::Paid => {
                let fits = refund.amount > 0 && refund.amount <= trade.refundable();
                (!fits).then_some(Refusal::Amount)
            }
            Some(_) | None => Some(Refusal::NotPaid),
        };
        if let Some(trade) = trade.filter(|_| refused.is_none()) {
            let given_back = trade.given_back.saturating_add(refund.amount);
            self.change(Trade { given_back, ..trade }, changes);
        }
        let serial = self.next_serial();
        let back = Back { refund_no, sn, amount: refund.amount, at_ms: now_ms, serial, refused };
        changes.lines.push(Line::Back(Cow::Owned(back)));
        self.keep_back(back);
        Some(answer::refund(refund.payway, &back))
    }

    fn inquire<'a>(
        &mut self,
        inquire: &Inquire<'a>,
        now_ms: i64,
        changes: &mut Changes,
    ) -> Option<Answer<'a>> {
        let refund_no = inquire.refund_no.as_ref();
        let Some(sn) = number(&inquire.sn) else {
            return Some(unclear(&inquire.sn, refund_no));
        };
        let trade = self.trade(sn, now_ms, changes);
        if let Some(trade) = trade
            && (refund_no.is_none() || trade.speech(now_ms) != Speech::Plain)
        {
            let mut trade = trade;
            if trade.state == State::Presented && trade.is_expired(now_ms) {
                // Nobody can pay it any more.
                trade.abort(now_ms);
                self.change(trade, changes);
            }
            return say(&trade, refund_no, now_ms, answer::payment);
        }
        let back = refund_no.and_then(|text| refund_number(text));
        if let Some(back) = back.and_then(|refund_no| self.backs.get(&refund_no)) {
            return Some(answer::refund(inquire.payway, back));
        }
        let answer = refused(&inquire.sn, refund_no, Refusal::NotPaid);
        Some(Answer { status: Status::NotFound, ..answer })
    }

    fn fresh(&mut self, sn: u64, now_ms: i64) -> Trade {
        Trade {
            sn,
            payway: 0,
            form: 0,
            currency: 0,
            amount: 0,
            given_back: 0,
            begun_ms: now_ms,
            valid_until_ms: now_ms,
            ends_ms: now_ms,
            silent_until_ms: 0,
            serial: self.next_serial(),
            payer: 0,
            state: State::Closed,
        }
    }

    fn next_serial(&mut self) -> u64 {
        self.serial = self.serial.saturating_add(1);
        self.serial
    }

    /// Whether one more open trade fits. When it does not, those whose time is over are closed.
    fn has_room(&mut self, now_ms: i64, changes: &mut Changes) -> bool {
        if self.open_count() < WALLET_OPEN_TRADES_MAX {
            return true;
        }
        if now_ms < self.swept_ms.saturating_add(SWEEP_PAUSE_MS) {
            return false;
        }
        self.swept_ms = now_ms;
        let stale = |trade: &&Trade| trade.is_open() && trade.is_expired(now_ms);
        let stale: Vec<Trade> = self.trades.values().filter(stale).copied().collect();
        for mut trade in stale {
            trade.abort(now_ms);
            self.change(trade, changes);
        }
        self.open_count() < WALLET_OPEN_TRADES_MAX
    }

    fn open_count(&self) -> usize {
        self.trades.len().saturating_sub(self.over.len())
    }

    fn keep(&mut self, trade: Trade) {
        let was_over = self.trades.insert(trade.sn, trade).is_some_and(|old| !old.is_open());
        if trade.is_open() || was_over {
            return;
        }
        self.over.push_back(trade.sn);
        if self.over.len() > WALLET_TRADES_MAX
            && let Some(oldest) = self.over.pop_front()
        {
            self.trades.remove(&oldest);
        }
    }

    fn keep_back(&mut self, back: Back) {
        if self.backs.insert(back.refund_no, back).is_none() {
            self.back_order.push_back(back.refund_no);
        }
        if self.back_order.len() > WALLET_REFUNDS_MAX
            && let Some(oldest) = self.back_order.pop_front()
        {
            self.backs.remove(&oldest);
        }
    }

    fn keep_presentation(&mut self, presentation: Presentation) {
        let sn = presentation.sn;
        if self.presentations.insert(sn, presentation).is_none() {
            self.presented_order.push_back(sn);
        }
        if self.presented_order.len() > WALLET_PRESENTATIONS_MAX
            && let Some(oldest) = self.presented_order.pop_front()
        {
            self.presentations.remove(&oldest);
        }
    }
}

/// An order's number as the books keep it: its 1 to 18 digits behind a one, so that leading zeros
/// count.
pub(super) fn number(text: &str) -> Option<u64> {
    refund_number(text).and_then(|number| u64::try_from(number).ok())
}

/// A refund's number, likewise; 1 to 37 digits.
fn refund_number(text: &str) -> Option<u128> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let width = u32::try_from(text.len()).ok().filter(|_| digits)?;
    10_u128.checked_pow(width)?.checked_add(text.parse().ok()?)
}

/// The digits of a number of either kind.
pub(super) fn digits(number: &impl ToString) -> String {
    number.to_string().split_off(1)
}

fn numbers(sn: &str, currency: &str) -> Option<(u64, u16)> {
    number(sn).zip(currency.parse().ok())
}

/// What stands for the payer: the digits of the barcode or number, mixed.
fn payer_of(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// What a trade lets be said of itself.
fn say<'a>(
    trade: &Trade,
    refund_no: Option<&Cow<'a, str>>,
    now_ms: i64,
    plain: impl FnOnce(&Trade) -> Answer<'a>,
) -> Option<Answer<'a>> {
    match trade.speech(now_ms) {
        Speech::Plain => Some(plain(trade)),
        Speech::Error => Some(unclear(&digits(&trade.sn).into(), refund_no)),
        Speech::Nothing => None,
    }
}

fn about<'a>(sn: &Cow<'a, str>, refund_no: Option<&Cow<'a, str>>) -> Answer<'a> {
    Answer { sn: sn.clone(), refund_no: refund_no.cloned(), ..Answer::default() }
}

/// The outcome is unknown.
fn unclear<'a>(sn: &Cow<'a, str>, refund_no: Option<&Cow<'a, str>>) -> Answer<'a> {
    Answer { status: Status::Error, ..about(sn, refund_no) }
}

fn refused<'a>(
    sn: &Cow<'a, str>,
    refund_no: Option<&Cow<'a, str>>,
    refusal: Refusal,
) -> Answer<'a> {
    answer::because(about(sn, refund_no), refusal)
}
