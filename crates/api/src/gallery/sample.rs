//! The order that the gallery shows.

use app::ports::channel::CardEntry;
use app::use_cases::CashierView;
use domain::ids::Reference;
use domain::order::{
    Attempt, Card, Details, DownstreamResult, Goods, Order, OrderState, Origin, Settlement, Terms,
};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use money::{Amount, Currency};

use crate::cashier::page::Ending;
use crate::pages::Language;

/// An order with what surrounds it.
pub(super) struct Sample {
    pub(super) language: Language,
    pub(super) view: CashierView,
    pub(super) cards: Vec<CardEntry>,
    pub(super) now: Timestamp,
}

/// 2026-01-05 10:30 in GMT+8.
const NOW_S: i64 = 1_767_580_200;

impl Sample {
    /// An order that can be paid.
    pub(super) fn new(language: Language) -> Self {
        let now = Timestamp::from_second(NOW_S).unwrap_or_default();
        Self { language, view: view(language, now), cards: cards(language), now }
    }

    /// The order after it ended so.
    pub(super) fn ended(language: Language, ending: Ending) -> Self {
        let mut sample = Self::new(language);
        sample.view.order.state = sample.state(ending);
        sample
    }

    fn state(&self, ending: Ending) -> OrderState {
        let at = self.now;
        let attempt = self.attempt();
        match ending {
            Ending::Waiting => OrderState::Paying { attempt },
            Ending::Longer => OrderState::Unknown { attempt, since: at },
            Ending::Refused => {
                let result =
                    DownstreamResult { code: "51".to_owned(), ..DownstreamResult::default() };
                OrderState::Failed { attempt, result, at }
            }
            Ending::Expired => OrderState::Closed { at },
            Ending::Paid | Ending::AlreadyPaid => OrderState::Paid { settlement: self.paid() },
            Ending::GivenBack => OrderState::Refunded { settlement: self.paid() },
            Ending::NoCards | Ending::NoAccount | Ending::NoAnswer => OrderState::Created,
        }
    }

    fn attempt(&self) -> Attempt {
        Attempt {
            card: self.cards.first().map(|entry| entry.card.clone()),
            started_at: self.now,
            valid_until: self.now,
            accepted_at: None,
            qr_code: None,
            scenario: None,
        }
    }

    fn paid(&self) -> Settlement {
        let amount = self.view.order.terms.amount;
        Settlement {
            attempt: self.attempt(),
            paid_at: self.now,
            trade_day: date(2026, 1, 5),
            paid: amount,
            given_back: Amount::zero(amount.currency()),
            result: DownstreamResult::default(),
        }
    }
}

fn pick(language: Language, english: &str, chinese: &str) -> String {
    match language {
        Language::English => english.to_owned(),
        Language::Chinese => chinese.to_owned(),
    }
}

fn amount(minor: u64) -> Amount {
    let currency = Currency::from_alpha("HKD").ok();
    let amount = currency.and_then(|currency| Amount::new(minor, currency).ok());
    amount.unwrap_or_else(|| unreachable!("HKD is a currency and the amount is small"))
}

fn view(language: Language, now: Timestamp) -> CashierView {
    let later = |minutes| now.saturating_add(SignedDuration::from_mins(minutes)).unwrap_or(now);
    let goods = |name: String, minor: &str| Goods {
        name,
        quantity: None,
        unit_price: None,
        amount: Some(minor.to_owned()),
        ..Goods::default()
    };
    let terms = Terms {
        number: "820260105103001000017".into(),
        query_id: "202601051030010000017".into(),
        merchant: "100000010000017".into(),
        acquirer: "00010344".into(),
        reference: Reference {
            order_id: "PK20260105000017".into(),
            txn_time: "20260105103000".into(),
        },
        amount: amount(4_850),
        created_at: now,
        expires_at: later(15),
        origin: Origin::Industry {
            app: "IND00001".into(),
            industry: "10000001".into(),
            channel: "20000001".into(),
            user: "u-77".into(),
        },
        details: Details {
            description: Some(pick(language, "Parking, 2 h 10 min", "停车费，2 小时 10 分钟")),
            goods: vec![
                goods(pick(language, "Harbour Centre, level 3", "海港中心 3 层"), "4500"),
                goods(pick(language, "Charging", "充电"), "350"),
            ],
            ..Details::default()
        },
        scenario: None,
    };
    CashierView {
        order: Order::submitted(terms),
        merchant_name: pick(language, "Harbour Centre Car Park", "海港中心停车场"),
        industry_name: pick(language, "ParkEasy", "易停"),
        channel_name: pick(language, "Harbour Bank", "海港银行"),
        return_url: Some("https://parkeasy.example/bills/17?from=cashier&ok=1".to_owned()),
        expired: false,
    }
}

fn cards(language: Language) -> Vec<CardEntry> {
    let card = |id: &str, pan: &str, kind: &str, issuer: Option<String>| CardEntry {
        card: Card {
            id: id.into(),
            masked_pan: pan.to_owned(),
            card_type: Some(kind.to_owned()),
            issuer,
        },
        issuer_iin: None,
        card_face_url: None,
        default_flag: None,
    };
    let bank = pick(language, "Harbour Bank", "海港银行");
    let other = pick(language, "Peak Savings & Loan Cooperative", "山顶储蓄合作社");
    vec![
        card("c-1", "6250********0060", "1", Some(bank.clone())),
        card("c-2", "6250********4418", "2", Some(bank)),
        card("c-3", "6233********7302", "3", Some(other)),
    ]
}
