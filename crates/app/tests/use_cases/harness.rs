//! A platform over the store in memory, with a downstream system that does as it is told.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use app::directory::DirectoryData;
use app::ports::channel::{
    CardEntry, CardListQuestion, CardPayloadQuestion, ChannelError, RedeemQuestion, UserInfo,
};
use app::ports::downstream::PlaceError;
use app::ports::{ChannelGateway, Clock, Downstream, Store as OrderStore};
use app::testing::{NeverSleeper, Pieces, ScriptedWallets, platform};
use app::use_cases::{RequestReversal, Selector, SubmitOrder};
use app::{Caller, Platform};
use async_trait::async_trait;
use domain::Outcome;
use domain::ids::{OrderNumber, QueryId, Reference};
use domain::order::{Card, Details, DownstreamResult, Order};
use domain::party::{Acquirer, Application, Channel, Industry, Merchant, Opening, Party};
use domain::reversal::ReversalKind;
use domain::terminal::{Store, Vendor, VendorApp};
use jiff::{SignedDuration, Timestamp};
use money::{Amount, Currency};
use store::MemoryStore;

/// A clock that stands still until it is moved.
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn real_now(&self) -> Timestamp {
        self.now()
    }
}

/// A downstream system that answers what was scripted, and otherwise accepts and succeeds.
#[derive(Default)]
pub(crate) struct Script {
    pub(crate) placed: AtomicUsize,
    pub(crate) paid: AtomicUsize,
    pub(crate) reversed: AtomicUsize,
    pub(crate) asked: AtomicUsize,
    pub(crate) pay: Mutex<VecDeque<Outcome>>,
    pub(crate) reverse: Mutex<VecDeque<Outcome>>,
    pub(crate) inquire: Mutex<VecDeque<Outcome>>,
    pub(crate) place: Mutex<VecDeque<PlaceError>>,
}

impl Script {
    fn next(queue: &Mutex<VecDeque<Outcome>>) -> Outcome {
        queue.lock().unwrap().pop_front().unwrap_or_else(succeeded)
    }
}

#[async_trait]
impl Downstream for Script {
    async fn place(&self, _: &Order) -> Result<(), PlaceError> {
        tokio::task::yield_now().await;
        self.placed.fetch_add(1, Ordering::SeqCst);
        self.place.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    async fn pay(&self, _: &Order, _: Option<String>) -> Outcome {
        tokio::task::yield_now().await;
        self.paid.fetch_add(1, Ordering::SeqCst);
        Self::next(&self.pay)
    }

    async fn reverse(&self, _: &Order, _: &QueryId) -> Outcome {
        tokio::task::yield_now().await;
        self.reversed.fetch_add(1, Ordering::SeqCst);
        Self::next(&self.reverse)
    }

    async fn inquire(&self, _: &Order, _: Option<&QueryId>) -> Outcome {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Self::next(&self.inquire)
    }
}

struct OneCard;

#[async_trait]
impl ChannelGateway for OneCard {
    async fn card_list(&self, _: &CardListQuestion) -> Result<Vec<CardEntry>, ChannelError> {
        let card = Card {
            id: "card-1".into(),
            masked_pan: "625094******0016".to_owned(),
            card_type: Some("1".to_owned()),
            issuer: None,
        };
        Ok(vec![CardEntry { card, issuer_iin: None, card_face_url: None, default_flag: None }])
    }

    async fn card_payload(&self, _: &CardPayloadQuestion) -> Result<String, ChannelError> {
        Ok("sealed for the asker".to_owned())
    }

    async fn redeem(&self, question: &RedeemQuestion) -> Result<UserInfo, ChannelError> {
        if question.code != "good" {
            let (code, message) = ("10".to_owned(), "invalid_grant".to_owned());
            return Err(ChannelError::Refused { code, message });
        }
        let mobile = Some("+852-51234567".to_owned());
        Ok(UserInfo { user: "u-77".into(), mobile, email: None })
    }
}

pub(crate) struct World {
    pub(crate) platform: Arc<Platform>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) downstream: Arc<Script>,
    pub(crate) wallets: Arc<ScriptedWallets>,
}

/// A stream of numbers that a seed determines.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below the bound.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % bound
    }
}

pub(crate) fn succeeded() -> Outcome {
    let message = "approved".to_owned();
    Outcome::Succeeded(DownstreamResult { code: "00".into(), message, ..Default::default() })
}

pub(crate) fn refused(code: &str) -> Outcome {
    let message = "refused".to_owned();
    Outcome::Refused(DownstreamResult { code: code.into(), message, ..Default::default() })
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_767_580_200_000)));
        let downstream = Arc::new(Script::default());
        let wallets = Arc::new(ScriptedWallets::default());
        Self::over(Arc::new(MemoryStore::new()), (clock, downstream, wallets))
    }

    fn over(
        store: Arc<dyn OrderStore>,
        (clock, downstream, wallets): (Arc<TestClock>, Arc<Script>, Arc<ScriptedWallets>),
    ) -> Self {
        let platform = platform(Pieces {
            store,
            clock: clock.clone(),
            downstream: downstream.clone(),
            channels: Arc::new(OneCard),
            wallets: wallets.clone(),
            sleeper: Arc::new(NeverSleeper),
            directory: parties(),
            base_url: "https://ucsp.example".to_owned(),
            compare: Box::new(|a, b| (a != b).then(|| "txnAmt".to_owned())),
            callback: Box::new(|order| format!("paid {}", order.terms.number)),
        });
        Self { platform: Arc::new(platform), clock, downstream, wallets }
    }

    /// Another node over the same store, before the same systems.
    pub(crate) fn another_node(&self) -> Self {
        let shared = (self.clock.clone(), self.downstream.clone(), self.wallets.clone());
        Self::over(Arc::clone(&self.platform.store), shared)
    }

    pub(crate) async fn order(&self, number: &OrderNumber) -> Order {
        self.platform.store.order_by_number(number).await.unwrap().unwrap().value
    }

    /// Both verifications succeed on whatever was done.
    pub(crate) async fn verify(&self) {
        let store = self.platform.store.as_ref();
        let ledger = app::verify::ledger(store).await.unwrap();
        assert_eq!(ledger.faults, 0, "{:?}", ledger.named);
        let audit = app::verify::audit(store).await.unwrap();
        assert_eq!(audit.faults, 0, "{:?}", audit.named);
        assert!(audit.entries > 0);
    }
}

fn application(id: &str, owner: Party) -> Application {
    Application {
        id: id.into(),
        owner,
        active: true,
        sandbox: false,
        security: domain::party::Security::default(),
        in_body: domain::party::InBodyForm::default(),
        encryption: domain::party::EncryptionProfile::default(),
        ip_rules: vec![],
        certificates: vec![],
    }
}

fn industry(code: &str, app: &str, needs: &[&str]) -> Industry {
    Industry {
        code: code.into(),
        name: "ParkEasy".to_owned(),
        app: app.into(),
        index_url: "https://park.example/login".to_owned(),
        back_url: "https://park.example/notices".to_owned(),
        front_url: None,
        active: true,
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        cards_within_hours: Some(24),
    }
}

fn merchant(id: &str, industry: &str) -> Merchant {
    Merchant {
        id: id.into(),
        name: "ParkEasy Central".to_owned(),
        industry: Some(industry.into()),
        daily_limit_minor: None,
        acquirer: "00010344".into(),
        currencies: vec![hkd()],
        active: true,
    }
}

pub(crate) fn parties() -> DirectoryData {
    let channel = Channel {
        code: "20000001".into(),
        name: "Harbour Bank".to_owned(),
        app: "00520001".into(),
        base_url: "https://bank.example".to_owned(),
        active: true,
        oauth: Some(domain::party::OauthClient {
            authorize_url: "https://bank.example/authorize".to_owned(),
            token_url: "https://bank.example/token".to_owned(),
            userinfo_url: "https://bank.example/userinfo".to_owned(),
            client_id: "causeway".to_owned(),
            client_secret_sealed: String::new(),
        }),
    };
    let opening = |industry: &str, open| Opening {
        channel: "20000001".into(),
        industry: industry.into(),
        open,
    };
    DirectoryData {
        applications: vec![
            application("00520001", Party::Channel("20000001".into())),
            application("00520101", Party::Industry("10000001".into())),
            application("00520102", Party::Industry("10000002".into())),
            application("00520900", Party::Downstream("00010344".into())),
        ],
        channels: vec![channel],
        industries: vec![
            industry("10000001", "00520101", &["mobile"]),
            industry("10000002", "00520102", &[]),
        ],
        merchants: vec![
            merchant("100000010000017", "10000001"),
            merchant("100000020000017", "10000002"),
        ],
        acquirers: vec![Acquirer {
            iin: "00010344".into(),
            zone: "Asia/Shanghai".to_owned(),
            downstream_url: "https://acquirer.example".to_owned(),
            downstream_app: "00520900".into(),
        }],
        openings: vec![opening("10000001", true), opening("10000002", false)],
        vendors: vec![vendor()],
        stores: vec![till_store("1001", "100000010000017"), till_store("2001", "100000020000017")],
    }
}

fn vendor() -> Vendor {
    Vendor {
        sn: "90001".into(),
        name: "Tills".to_owned(),
        key_sealed: String::new(),
        active: true,
        apps: vec![VendorApp { id: "app-1".into(), name: "Till".to_owned() }],
    }
}

fn till_store(sn: &str, merchant: &str) -> Store {
    Store {
        sn: sn.into(),
        merchant: merchant.into(),
        name: "Kiosk".to_owned(),
        open: true,
        daily_limit_minor: None,
    }
}

pub(crate) fn hkd() -> Currency {
    Currency::from_numeric("344").unwrap()
}

fn caller(app: &str, party: Party) -> Caller {
    Caller { app: app.into(), party, sandbox: false, scenario: None, seen: None }
}

pub(crate) fn service() -> Caller {
    caller("00520101", Party::Industry("10000001".into()))
}

pub(crate) fn other_service() -> Caller {
    caller("00520102", Party::Industry("10000002".into()))
}

pub(crate) fn bank() -> Caller {
    caller("00520001", Party::Channel("20000001".into()))
}

pub(crate) fn acquirer() -> Caller {
    caller("00520900", Party::Downstream("00010344".into()))
}

pub(crate) fn reference(order_id: &str) -> Reference {
    Reference { order_id: order_id.into(), txn_time: "20260105103000".into() }
}

pub(crate) fn submit(order_id: &str, minor: u64) -> SubmitOrder {
    SubmitOrder {
        reference: reference(order_id),
        merchant: "100000010000017".into(),
        acquirer: "00010344".into(),
        amount: Amount::new(minor, hkd()).unwrap(),
        channel: "20000001".into(),
        user: "u-77".into(),
        details: Details::default(),
        pay_timeout: None,
        canonical: format!("{order_id}/{minor}"),
    }
}

pub(crate) fn reversal(
    kind: ReversalKind,
    order_id: &str,
    original: &Order,
    minor: u64,
) -> RequestReversal {
    RequestReversal {
        kind,
        reference: reference(order_id),
        original: Selector::QueryId(original.terms.query_id.clone()),
        merchant: "100000010000017".into(),
        acquirer: "00010344".into(),
        amount: Amount::new(minor, hkd()).unwrap(),
        back_url: None,
        reserved: None,
        reason: None,
        canonical: format!("{order_id}/{minor}"),
    }
}
