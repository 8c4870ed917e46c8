//! Plain implementations of the smaller ports, for tests of this and other crates.
//!
//! They are real as far as they go: numbers are unique, sealed texts open again, logs are kept.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use domain::Outcome;
use domain::ids::{NoticeId, OrderNumber, QueryId, TerminalSn};
use domain::order::{DownstreamResult, Order, WalletResult};
use domain::payway::{Payway, SubPayway};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use money::Currency;

use crate::directory::{Directory, DirectoryCell, DirectoryData};
use crate::flights::Flights;
use crate::numbers::Numbers;
use crate::platform::{Callback, Compare};
use crate::ports::{
    Busy, ChannelGateway, Clock, Downstream, Ids, LogBooks, PresentError, Presented, Sealer,
    Sleeper, Store, Wake, Wallets,
};
use crate::terminals::{TerminalCache, TerminalSettings};
use crate::watchers::Watchers;
use crate::{Platform, Settings};

/// What a test decides of a platform.
pub struct Pieces {
    /// Orders, tasks, documents.
    pub store: Arc<dyn Store>,
    /// Business time and real time.
    pub clock: Arc<dyn Clock>,
    /// The downstream payment systems.
    pub downstream: Arc<dyn Downstream>,
    /// The channels.
    pub channels: Arc<dyn ChannelGateway>,
    /// The wallets.
    pub wallets: Arc<dyn Wallets>,
    /// Waits on business time.
    pub sleeper: Arc<dyn Sleeper>,
    /// The parties.
    pub directory: DirectoryData,
    /// Address of the public pages.
    pub base_url: String,
    /// Compares two canonical inputs.
    pub compare: Box<Compare>,
    /// Makes the body of a callback.
    pub callback: Box<Callback>,
}

/// The zone and currency of all test platforms: Shanghai, CNY.
#[must_use]
pub fn terminal_settings() -> TerminalSettings {
    let zone = TimeZone::get("Asia/Shanghai").unwrap_or(TimeZone::UTC);
    let currency = Currency::from_numeric("156").or_else(|_| Currency::from_numeric("344"));
    TerminalSettings::new(zone, currency.unwrap_or_else(|_| unreachable!()))
}

/// A platform of these pieces.
#[must_use]
pub fn platform(pieces: Pieces) -> Platform {
    let terminals = terminal_settings();
    Platform {
        store: pieces.store,
        clock: pieces.clock,
        ids: Arc::new(CountingIds::default()),
        downstream: pieces.downstream,
        channels: pieces.channels,
        wallets: pieces.wallets,
        sleeper: pieces.sleeper,
        logs: Arc::new(MemoryLogs::default()),
        directory: Arc::new(DirectoryCell::new(Directory::new(pieces.directory))),
        wake: Arc::new(Bell::default()),
        sealer: Arc::new(HexSealer),
        settings: Settings {
            base_url: pieces.base_url,
            default_zone: terminals.zone.clone(),
            compare: pieces.compare,
            terminals,
            callback: pieces.callback,
        },
        flights: Flights::default(),
        attempted: tokio::sync::Notify::new(),
        watchers: Watchers::default(),
        terminals: TerminalCache::default(),
        numbers: Numbers::default(),
    }
}

/// Numbers that count up.
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl CountingIds {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst).saturating_add(1)
    }
}

impl Ids for CountingIds {
    fn order_number(&self, _: Timestamp) -> OrderNumber {
        OrderNumber::new(format!("8{:020}", self.next()))
    }

    fn query_id(&self, _: Timestamp, _: u64) -> QueryId {
        QueryId::new(format!("{:021}", self.next()))
    }

    fn sale_number(&self, _: u64) -> OrderNumber {
        OrderNumber::new(format!("789{:013}", self.next()))
    }

    fn terminal_key(&self) -> String {
        format!("{:032x}", self.next())
    }

    fn notice_id(&self) -> NoticeId {
        NoticeId::new(format!("{:032}", self.next()))
    }

    fn secret(&self) -> String {
        format!("{:043}", self.next())
    }

    fn digits(&self, count: u8) -> String {
        format!("{:0width$}", self.next(), width = usize::from(count))
    }

    fn incident(&self) -> String {
        format!("incident-{}", self.next())
    }
}

/// Seals by writing in hexadecimal: that a text is really sealed is proven where that is done.
#[derive(Debug, Default)]
pub struct HexSealer;

impl Sealer for HexSealer {
    fn seal(&self, purpose: &'static str, plain: &str) -> String {
        let bytes: Vec<String> = plain.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{purpose}:{}", bytes.concat())
    }

    fn open(&self, purpose: &'static str, sealed: &str) -> Option<String> {
        let hex = sealed.strip_prefix(purpose)?.strip_prefix(':')?;
        let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).ok());
        let bytes: Option<Vec<u8>> = pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect();
        String::from_utf8(bytes?).ok()
    }
}

/// Counts how often it was rung.
#[derive(Debug, Default)]
pub struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Never wakes by time: what waits is woken by what happens.
#[derive(Debug, Default)]
pub struct NeverSleeper;

impl Sleeper for NeverSleeper {
    fn sleep_until<'s, 'f>(
        &'s self,
        _: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Busy> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(std::future::pending())
    }

    fn busy(&self) -> Busy {
        Busy::none()
    }
}

/// Keeps logs in memory.
#[derive(Debug, Default)]
pub struct MemoryLogs(Mutex<BTreeMap<String, Vec<u8>>>);

impl MemoryLogs {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl LogBooks for MemoryLogs {
    async fn keep(&self, terminal: &TerminalSn, at: Timestamp, bytes: &[u8]) -> io::Result<()> {
        let mut kept = self.kept();
        let name = format!("{terminal}/{at}-{}", kept.len());
        kept.insert(name, bytes.to_vec());
        Ok(())
    }

    async fn list(
        &self,
        terminal: &TerminalSn,
        count_max: usize,
    ) -> io::Result<Vec<(String, u64)>> {
        let kept = self.kept();
        let own = kept.iter().filter(|(name, _)| name.starts_with(&format!("{terminal}/")));
        let sized = own.map(|(name, log)| (name.clone(), u64::try_from(log.len()).unwrap_or(0)));
        Ok(sized.take(count_max).collect())
    }

    async fn read(&self, _: &TerminalSn, name: &str) -> io::Result<Vec<u8>> {
        self.kept().get(name).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Wallets that answer what was scripted, and otherwise succeed.
#[derive(Debug, Default)]
pub struct ScriptedWallets {
    /// Answers to charges.
    pub charge: Mutex<VecDeque<Outcome>>,
    /// Answers to aborts.
    pub abort: Mutex<VecDeque<Outcome>>,
    /// Answers to reversals.
    pub reverse: Mutex<VecDeque<Outcome>>,
    /// Answers to inquiries; without one, what is asked after is still pending.
    pub inquire: Mutex<VecDeque<Outcome>>,
    /// Answers to presentations.
    pub present: Mutex<VecDeque<PresentError>>,
    /// How often each was called: charge, present, abort, reverse, inquire.
    pub called: Mutex<BTreeMap<&'static str, u32>>,
}

impl ScriptedWallets {
    /// Puts an answer into one of the queues.
    pub fn will(queue: &Mutex<VecDeque<Outcome>>, outcome: Outcome) {
        queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(outcome);
    }

    /// How often it was called.
    #[must_use]
    pub fn count(&self, name: &str) -> u32 {
        let called = self.called.lock().unwrap_or_else(PoisonError::into_inner);
        called.get(name).copied().unwrap_or(0)
    }

    async fn next(
        &self,
        name: &'static str,
        queue: &Mutex<VecDeque<Outcome>>,
        otherwise: Outcome,
    ) -> Outcome {
        tokio::task::yield_now().await;
        let mut called = self.called.lock().unwrap_or_else(PoisonError::into_inner);
        let count = called.entry(name).or_default();
        *count = count.saturating_add(1);
        let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.pop_front().unwrap_or(otherwise)
    }
}

/// A wallet's success, with a number of its own.
#[must_use]
pub fn wallet_succeeded(trade_no: &str) -> Outcome {
    Outcome::Succeeded(DownstreamResult {
        code: "00".to_owned(),
        message: "done".to_owned(),
        reference: Some(trade_no.to_owned()),
        wallet: Some(Box::new(WalletResult::default())),
        ..DownstreamResult::default()
    })
}

/// A wallet's refusal.
#[must_use]
pub fn wallet_refused(code: &str) -> Outcome {
    Outcome::Refused(DownstreamResult { code: code.to_owned(), ..DownstreamResult::default() })
}

#[async_trait]
impl Wallets for ScriptedWallets {
    fn takes(&self, payway: Payway, sub_payway: SubPayway) -> bool {
        payway.0 < 100 && !(payway == Payway::QQ && sub_payway != SubPayway::BARCODE)
    }

    async fn charge(&self, order: &Order, _: &str) -> Outcome {
        let done = wallet_succeeded(&format!("trade-{}", order.terms.number));
        self.next("charge", &self.charge, done).await
    }

    async fn present(&self, order: &Order, _: Option<&str>) -> Result<Presented, PresentError> {
        self.next("present", &Mutex::default(), Outcome::Accepted).await;
        let refusal = self.present.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        match refusal {
            Some(refusal) => Err(refusal),
            None => Ok(Presented {
                qr_code: format!("https://wallet.example/pay/{}", order.terms.number),
                wap_pay_request: Some(r#"{"appId":"wx1"}"#.to_owned()),
            }),
        }
    }

    async fn abort(&self, order: &Order) -> Outcome {
        let done = wallet_succeeded(&format!("abort-{}", order.terms.number));
        self.next("abort", &self.abort, done).await
    }

    async fn reverse(&self, _: &Order, reversal: &QueryId) -> Outcome {
        let done = wallet_succeeded(&format!("refund-{reversal}"));
        self.next("reverse", &self.reverse, done).await
    }

    async fn inquire(&self, _: &Order, _: Option<&QueryId>) -> Outcome {
        self.next("inquire", &self.inquire, Outcome::Accepted).await
    }
}
