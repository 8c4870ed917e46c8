//! What the pages of the cashier show: plain values for the templates.

use app::ports::channel::CardEntry;
use app::use_cases::CashierView;
use askama::Template;
use domain::order::{Card, DownstreamResult, OrderState};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use money::Amount;

use crate::assets::{self, Asset};
use crate::limits::{GOODS_SHOWN_COUNT_MAX, RETURN_AFTER_S, WAIT_REFRESH_S};
use crate::pages::{Language, Words, fill};

/// A line of the order's details.
pub(crate) struct Line {
    name: String,
    value: String,
}

/// What all pages of an order show.
pub(crate) struct Sheet {
    words: &'static Words,
    style: &'static Asset,
    script: &'static Asset,
    icon: &'static Asset,
    number: String,
    merchant: String,
    initial: String,
    service: Option<String>,
    currency: &'static str,
    amount: String,
    description: Option<String>,
    lines: Vec<Line>,
    deadline: String,
    paid_at: Option<String>,
    return_url: Option<String>,
    return_name: String,
}

impl Sheet {
    /// Of an order, with times on the clocks of the acquirer.
    pub(crate) fn new(view: &CashierView, language: Language, zone: &TimeZone) -> Self {
        let terms = &view.order.terms;
        let words = language.words();
        let merchant = view.merchant_name.clone();
        let service = Some(view.industry_name.clone());
        let initial = merchant.chars().find(|letter| letter.is_alphanumeric());
        let settled = view.order.settlement();
        let created = terms.created_at;
        Self {
            words,
            style: assets::style(),
            script: assets::script(),
            icon: assets::icon(),
            number: terms.number.to_string(),
            initial: initial.map(|letter| letter.to_uppercase().to_string()).unwrap_or_default(),
            service: service.filter(|name| !name.is_empty() && *name != merchant),
            currency: terms.amount.currency().alpha(),
            amount: terms.amount.to_decimal(),
            description: terms.details.description.clone(),
            lines: lines(view, words),
            deadline: clock_time(terms.expires_at, created, zone),
            paid_at: settled.map(|settled| local(settled.paid_at, zone, "%Y-%m-%d %H:%M:%S")),
            return_url: view.return_url.clone(),
            return_name: if view.industry_name.is_empty() {
                merchant.clone()
            } else {
                view.industry_name.clone()
            },
            merchant,
        }
    }

    fn whole_amount(&self) -> String {
        format!("{} {}", self.currency, self.amount)
    }

    fn pay_label(&self) -> String {
        fill(self.words.pay, &self.whole_amount())
    }

    fn back_label(&self) -> String {
        fill(self.words.back, &self.return_name)
    }

    fn leave_label(&self) -> String {
        fill(self.words.leave, &self.return_name)
    }
}

fn lines(view: &CashierView, words: &Words) -> Vec<Line> {
    let terms = &view.order.terms;
    let mut lines = vec![Line {
        name: words.order_number.to_owned(),
        value: terms.reference.order_id.to_string(),
    }];
    for goods in terms.details.goods.iter().take(GOODS_SHOWN_COUNT_MAX) {
        let many = goods.quantity.as_deref().filter(|quantity| *quantity != "1");
        let name = many.map(|many| format!("{} × {many}", goods.name));
        let amount = goods.amount.as_deref().or(goods.unit_price.as_deref());
        let amount =
            amount.and_then(|minor| Amount::parse_minor(minor, terms.amount.currency()).ok());
        lines.push(Line {
            name: name.unwrap_or_else(|| goods.name.clone()),
            value: amount.map(Amount::to_decimal).unwrap_or_default(),
        });
    }
    let more = terms.details.goods.len().saturating_sub(GOODS_SHOWN_COUNT_MAX);
    if more > 0 {
        lines.push(Line { name: fill(words.more_lines, &more.to_string()), value: String::new() });
    }
    lines
}

fn local(at: Timestamp, zone: &TimeZone, form: &str) -> String {
    at.to_zoned(zone.clone()).strftime(form).to_string()
}

/// The time of day, with the date when it is another day than the order's.
fn clock_time(at: Timestamp, created: Timestamp, zone: &TimeZone) -> String {
    let day = |at: Timestamp| at.to_zoned(zone.clone()).date();
    local(at, zone, if day(at) == day(created) { "%H:%M" } else { "%Y-%m-%d %H:%M" })
}

/// `6233 •••• 0060`; numbers of other forms stay as they are.
fn spaced(masked: &str) -> String {
    let first = masked.find('*');
    let last = masked.rfind('*');
    match (first, last) {
        (Some(first), Some(last)) if first <= last => {
            let (head, tail) = (masked.get(..first), masked.get(last.saturating_add(1)..));
            format!("{} •••• {}", head.unwrap_or_default(), tail.unwrap_or_default())
                .trim()
                .to_owned()
        }
        (Some(_) | None, _) => masked.to_owned(),
    }
}

fn kind(card: &Card, words: &'static Words) -> &'static str {
    match card.card_type.as_deref() {
        Some("1") => words.debit,
        Some("2") => words.credit,
        Some("3") => words.prepaid,
        Some(_) | None => words.card,
    }
}

/// A card to choose.
pub(crate) struct Choice {
    id: String,
    issuer: String,
    kind: &'static str,
    masked: String,
    spoken: String,
    checked: bool,
}

impl Choice {
    fn new(entry: &CardEntry, channel: &str, words: &'static Words) -> Self {
        let card = &entry.card;
        let digits: Vec<char> = card.masked_pan.chars().rev().take(4).collect();
        let tail: String = digits.into_iter().rev().collect();
        Self {
            id: card.id.to_string(),
            issuer: card.issuer.clone().unwrap_or_else(|| channel.to_owned()),
            kind: kind(card, words),
            masked: spaced(&card.masked_pan),
            spoken: fill(words.card_ending, &tail),
            checked: entry.default_flag.as_deref() == Some("1"),
        }
    }
}

/// What a checkout page shows beside the order.
pub(crate) struct Now {
    pub(crate) at: Timestamp,
    pub(crate) token: String,
    pub(crate) wrong: Option<&'static str>,
}

/// The page to choose a card and to confirm.
#[derive(Template)]
#[template(path = "checkout.html")]
pub(crate) struct Checkout {
    sheet: Sheet,
    legend: String,
    deadline: String,
    seconds: i64,
    choices: Vec<Choice>,
    token: String,
    wrong: Option<&'static str>,
}

impl Checkout {
    pub(crate) fn new(sheet: Sheet, view: &CashierView, cards: &[CardEntry], now: Now) -> Self {
        let channel = &view.channel_name;
        let words = sheet.words;
        let mut choices: Vec<Choice> =
            cards.iter().map(|entry| Choice::new(entry, channel, words)).collect();
        // Exactly one is chosen: the channel's default, else the first.
        let chosen = choices.iter().position(|choice| choice.checked).unwrap_or(0);
        for (index, choice) in choices.iter_mut().enumerate() {
            choice.checked = index == chosen;
        }
        Self {
            legend: fill(words.pay_with, channel),
            deadline: fill(words.pay_before, &sheet.deadline),
            seconds: view.order.terms.expires_at.duration_since(now.at).as_secs(),
            choices,
            token: now.token,
            wrong: now.wrong,
            sheet,
        }
    }

    fn words(&self) -> &'static Words {
        self.sheet.words
    }
}

/// What a page without a choice says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Waiting,
    Longer,
    Paid,
    AlreadyPaid,
    GivenBack,
    Refused,
    Expired,
    NoCards,
    /// The channel does not let this user pay: nothing to try again.
    NoAccount,
    NoAnswer,
}

/// The picture and colour of an ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Busy,
    Good,
    Bad,
    Back,
    Clock,
    Note,
}

/// The page that says how an order stands.
#[derive(Template)]
#[template(path = "outcome.html")]
pub(crate) struct Outcome {
    sheet: Sheet,
    mood: Mood,
    title: String,
    text: String,
    note: Option<&'static str>,
    card: Option<String>,
    /// Where the waiting page's script looks, and what it sees now.
    watch: Option<&'static str>,
    refresh_s: u32,
    /// Seconds until the browser is led back.
    return_after_s: Option<u32>,
    again: bool,
}

impl Outcome {
    pub(crate) fn new(sheet: Sheet, view: &CashierView, ending: Ending) -> Self {
        let said = said(&sheet, view, ending);
        let waits = matches!(ending, Ending::Waiting | Ending::Longer);
        let card = view.order.attempt().and_then(|attempt| attempt.card.as_ref());
        let goes_back = ending == Ending::Paid && sheet.return_url.is_some();
        Self {
            mood: said.mood,
            title: said.title,
            text: said.text,
            note: said.note,
            card: card.map(|card| card_line(card, &view.channel_name)),
            watch: waits.then_some(if ending == Ending::Longer { "longer" } else { "waiting" }),
            refresh_s: if ending == Ending::Longer { WAIT_REFRESH_S * 4 } else { WAIT_REFRESH_S },
            return_after_s: goes_back.then_some(RETURN_AFTER_S),
            again: matches!(ending, Ending::NoAnswer | Ending::NoCards),
            sheet,
        }
    }

    fn words(&self) -> &'static Words {
        self.sheet.words
    }

    fn mood_class(&self) -> &'static str {
        match self.mood {
            Mood::Busy => "busy",
            Mood::Good => "good",
            Mood::Bad => "bad",
            Mood::Back | Mood::Clock | Mood::Note => "quiet",
        }
    }
}

fn card_line(card: &Card, channel: &str) -> String {
    let issuer = card.issuer.as_deref().unwrap_or(channel);
    format!("{issuer} {}", spaced(&card.masked_pan))
}

struct Said {
    mood: Mood,
    title: String,
    text: String,
    note: Option<&'static str>,
}

fn said(sheet: &Sheet, view: &CashierView, ending: Ending) -> Said {
    let words = sheet.words;
    let say = |mood, title: &str, text: &str| Said {
        mood,
        title: title.to_owned(),
        text: text.to_owned(),
        note: None,
    };
    match ending {
        Ending::Waiting => say(Mood::Busy, words.waiting, words.waiting_text),
        Ending::Longer => {
            say(Mood::Busy, words.longer, &fill(words.longer_text, &sheet.return_name))
        }
        Ending::Paid => say(Mood::Good, words.paid, &fill(words.paid_text, &sheet.merchant)),
        Ending::AlreadyPaid => say(Mood::Good, words.already_paid, words.already_paid_text),
        Ending::GivenBack => say(Mood::Back, words.given_back, words.given_back_text),
        Ending::Refused => Said {
            note: Some(words.nothing_taken),
            ..say(Mood::Bad, words.refused, reason(view, words))
        },
        Ending::Expired => say(Mood::Clock, words.expired, words.expired_text),
        Ending::NoCards => {
            let text = fill(words.no_cards_text, &view.channel_name);
            say(Mood::Note, words.no_cards, &text)
        }
        Ending::NoAccount => {
            let text = fill(words.no_account_text, &view.channel_name);
            say(Mood::Note, words.no_account, &text)
        }
        Ending::NoAnswer => {
            say(Mood::Note, &fill(words.no_answer, &view.channel_name), words.no_answer_text)
        }
    }
}

/// Why the bank refused, in words for a payer.
fn reason(view: &CashierView, words: &'static Words) -> &'static str {
    let code = match &view.order.state {
        OrderState::Failed { result: DownstreamResult { code, .. }, .. } => code.as_str(),
        OrderState::Created
        | OrderState::Closed { .. }
        | OrderState::Paying { .. }
        | OrderState::Unknown { .. }
        | OrderState::Aborting { .. }
        | OrderState::Aborted { .. }
        | OrderState::Paid { .. }
        | OrderState::PartRefunded { .. }
        | OrderState::Refunded { .. }
        | OrderState::Cancelled { .. } => "",
    };
    match code {
        "51" => words.balance,
        "54" => words.card_expired,
        "61" => words.limit,
        "91" | "96" => words.issuer,
        _ => words.other_reason,
    }
}

#[cfg(test)]
mod tests {
    use super::spaced;

    #[test]
    fn masked_numbers_are_spaced() {
        assert_eq!(spaced("6233********0060"), "6233 •••• 0060");
        assert_eq!(spaced("************0060"), "•••• 0060");
        assert_eq!(spaced("0060"), "0060");
    }
}
