//! A worker over a real store: parties, keys, orders, and the dispatcher that is measured.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use app::Platform;
use app::clock::MovableClock;
use app::directory::{Directory, DirectoryCell, DirectoryData};
use app::ports::{Clock, CommitOutcome, Sealer, Store, Wake};
use app::testing::{CountingIds, HexSealer, Pieces, ScriptedWallets, platform};
use app::writeset::{OrderWrite, Task, TaskBody, TaskId, TaskWrite, WriteSet};
use async_trait::async_trait;
use causeway_delivery::channel::ChannelGatewayParts;
use causeway_delivery::dispatcher::DispatcherParts;
use causeway_delivery::limits::RUNNING_COUNT_MAX;
use causeway_delivery::notice::NoticeSenderParts;
use causeway_delivery::{
    Bell, Dispatcher, HttpChannelGateway, HttpDownstream, NoticeSender, Notices, Partner,
};
use dialect::time::default_zone;
use domain::ids::{AppId, NoticeId, OrderNumber, QueryId, Reference};
use domain::notice::{Notice, NoticeAttempt, NoticeState, Receiver};
use domain::order::{
    Attempt, Details, DownstreamResult, Order, OrderState, Origin, Settlement, Terms,
};
use domain::party::{
    Acquirer, Application, EncryptionProfile, InBodyForm, Industry, Merchant, Party, Security,
};
use egress::{Client, Limits, Policy};
use jiff::{SignedDuration, Timestamp};
use jose::cert::{Certificate, Identity};
use jose::jwe::Profile;
use jose::jws::PartnerKeys;
use jose::keyring::Keys;
use money::{Amount, Currency};
use tokio::time::Instant;

use crate::Failure;

const MERCHANT: &str = "100000010000017";
const ACQUIRER: &str = "00010344";

/// The keys of the platform and of its partners, who share one.
pub(crate) struct Identities {
    pub(crate) platform: Arc<Identity>,
    pub(crate) partner: Arc<Identity>,
}

/// The number of the partners' certificate.
pub(crate) const PARTNER_SERIAL: u64 = 21;

impl Identities {
    pub(crate) fn generate() -> Result<Self, Failure> {
        let from = MovableClock::system().now() - SignedDuration::from_hours(1);
        let made = |subject: &str, serial| Identity::generate(subject, serial, from, 30);
        let platform = Arc::new(made("platform", 11)?);
        Ok(Self { platform, partner: Arc::new(made("receiver", PARTNER_SERIAL)?) })
    }
}

/// The application of a receiver.
pub(crate) fn app_of(receiver: u64) -> String {
    format!("S{receiver:07}")
}

fn industry_of(receiver: u64) -> String {
    format!("1{receiver:07}")
}

struct KnownKeys {
    partners: HashMap<String, Arc<PartnerKeys>>,
    identities: Arc<Identities>,
}

impl Keys for KnownKeys {
    fn partner(&self, app_id: &str) -> Option<Arc<PartnerKeys>> {
        self.partners.get(app_id).cloned()
    }

    fn signing(&self) -> Arc<Identity> {
        Arc::clone(&self.identities.platform)
    }

    fn decryption(&self, _: &str) -> Option<Arc<Identity>> {
        None
    }

    fn encryption_for(&self, _: &str) -> Option<(Arc<Certificate>, Profile)> {
        None
    }
}

/// The end of an attempt.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    /// The number of the notice.
    pub(crate) number: u64,
    /// When the attempt ended.
    pub(crate) ended: Instant,
    /// Whether the receiver confirmed.
    pub(crate) confirmed: bool,
}

/// The product's sender, and a note of each attempt's end.
struct Watched {
    sender: NoticeSender,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[async_trait]
impl Notices for Watched {
    fn address(&self, order: &Order, notice: &Notice) -> Option<(AppId, String)> {
        Notices::address(&self.sender, order, notice)
    }

    async fn attempt(&self, order: &Order, notice: &Notice) -> NoticeAttempt {
        let attempt = self.sender.attempt(order, notice).await;
        let number = notice.transaction.as_str().parse().unwrap_or(u64::MAX);
        let seen = Seen { number, ended: Instant::now(), confirmed: attempt.error.is_none() };
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
        attempt
    }
}

/// A worker that does not run yet.
pub(crate) struct World {
    platform: Arc<Platform>,
    clock: MovableClock,
    bell: Arc<Bell>,
    notices: Arc<Watched>,
    receivers: u64,
}

impl World {
    /// A worker that knows a receiver at each of the addresses.
    pub(crate) fn new(
        store: Arc<dyn Store>,
        identities: &Arc<Identities>,
        urls: &[String],
    ) -> Result<Self, Failure> {
        let clock = MovableClock::system();
        let shared = Arc::new(clock.clone());
        // As the product's node has it for notices.
        let limits = Limits { connections_max: RUNNING_COUNT_MAX, ..Limits::default() };
        let client = Client::new(Policy::sandbox(), limits, None)?;
        let parties = parties(urls)?;
        let sign = identities.partner.cert();
        let keys = |app: &Application| {
            let keys = PartnerKeys::new(app.id.as_str(), sign.clone(), sign.clone());
            (app.id.to_string(), Arc::new(keys))
        };
        let partners = parties.applications.iter().map(keys).collect();
        let keys = Arc::new(KnownKeys { partners, identities: Arc::clone(identities) });
        let partner = Arc::new(Partner::new(client, keys, shared.clone()));
        let directory = Arc::new(DirectoryCell::new(Directory::new(parties)));
        let (ids, bell) = (Arc::new(CountingIds::default()), Arc::new(Bell::new(shared.clone())));
        let sealer: Arc<dyn Sealer> = Arc::new(HexSealer);
        let channels = HttpChannelGateway::new(ChannelGatewayParts {
            partner: Arc::clone(&partner),
            directory: Arc::clone(&directory),
            clock: shared.clone(),
            ids: ids.clone(),
            sealer,
            default_zone: default_zone(),
        });
        let downstream =
            HttpDownstream::new(Arc::clone(&partner), Arc::clone(&directory), shared.clone());
        let sender = NoticeSender::new(NoticeSenderParts {
            partner,
            directory: Arc::clone(&directory),
            clock: shared.clone(),
            ids: ids.clone(),
            default_zone: default_zone(),
            callbacks: None,
        });
        let platform = Platform {
            ids,
            directory,
            wake: bell.clone(),
            ..platform(Pieces {
                store,
                clock: shared.clone(),
                downstream: Arc::new(downstream),
                channels: Arc::new(channels),
                wallets: Arc::new(ScriptedWallets::default()),
                sleeper: shared,
                directory: DirectoryData::default(),
                base_url: "https://ucsp.example".to_owned(),
                compare: Box::new(dialect::ucsp::first_difference),
                callback: Box::new(dialect::upay::callback_body),
            })
        };
        let notices = Arc::new(Watched { sender, seen: Arc::default() });
        let receivers = u64::try_from(urls.len())?;
        Ok(Self { platform: Arc::new(platform), clock, bell, notices, receivers })
    }

    /// The dispatcher, to be run.
    pub(crate) fn dispatcher(&self) -> Dispatcher {
        Dispatcher::new(DispatcherParts {
            platform: Arc::clone(&self.platform),
            notices: self.notices.clone(),
            sleeper: Arc::new(self.clock.clone()),
            bell: Arc::clone(&self.bell),
            holder: "node-1".to_owned(),
        })
    }

    /// Whom a notice of this number goes to.
    pub(crate) const fn receiver_of(&self, number: u64) -> u64 {
        number % self.receivers
    }

    /// How many attempts ended.
    pub(crate) fn seen_count(&self) -> usize {
        self.notices.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The ends of all attempts.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.notices.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a paid order and a notice of it into the store, due now, and rings.
    pub(crate) async fn put(&self, number: u64) -> Result<(), Failure> {
        let now = self.clock.now();
        let order = paid(number, self.receiver_of(number), now)?;
        let notice = notice(&order, now);
        let task = Task {
            id: TaskId::notice(&notice.id),
            owner: MERCHANT.into(),
            order: order.terms.number.clone(),
            due_at: Some(now),
            after: None,
            attempts: 0,
            body: TaskBody::Notice(Box::new(notice)),
        };
        let set = WriteSet {
            order: Some(OrderWrite { order, expected: None }),
            tasks: vec![TaskWrite::Insert(task)],
            at: Some(now),
            ..WriteSet::default()
        };
        match self.platform.store.commit(set).await? {
            CommitOutcome::Committed => self.bell.wake(),
            refused @ (CommitOutcome::Stale | CommitOutcome::Duplicate(_)) => {
                return Err(format!("notice {number} was not committed: {refused:?}").into());
            }
        }
        Ok(())
    }
}

fn parties(urls: &[String]) -> Result<DirectoryData, Failure> {
    let mut data = DirectoryData {
        merchants: vec![Merchant {
            id: MERCHANT.into(),
            name: "Car Park 17".to_owned(),
            industry: None,
            acquirer: ACQUIRER.into(),
            daily_limit_minor: None,
            currencies: vec![Currency::from_numeric("344")?],
            active: true,
        }],
        acquirers: vec![Acquirer {
            iin: ACQUIRER.into(),
            zone: "Asia/Shanghai".to_owned(),
            downstream_url: "http://127.0.0.1:1".to_owned(),
            downstream_app: "D0000001".into(),
        }],
        ..DirectoryData::default()
    };
    for (receiver, url) in (0_u64..).zip(urls) {
        let (app, code) = (app_of(receiver), industry_of(receiver));
        data.applications.push(Application {
            id: app.as_str().into(),
            owner: Party::Industry(code.as_str().into()),
            active: true,
            sandbox: true,
            security: Security::Jws,
            in_body: InBodyForm::Bare,
            encryption: EncryptionProfile::Rsa15,
            ip_rules: Vec::new(),
            certificates: Vec::new(),
        });
        data.industries.push(Industry {
            code: code.as_str().into(),
            name: format!("Service {receiver}"),
            app: app.as_str().into(),
            index_url: url.clone(),
            back_url: format!("{url}/notices/payment"),
            front_url: None,
            active: true,
            needs: Vec::new(),
            cards_within_hours: None,
        });
    }
    Ok(data)
}

/// A paid order of this number at the service of this receiver.
fn paid(number: u64, receiver: u64, now: Timestamp) -> Result<Order, Failure> {
    let currency = Currency::from_numeric("344")?;
    let amount = |minor| Amount::new(minor, currency);
    let mut order = Order::submitted(Terms {
        number: OrderNumber::new(format!("8{number:020}")),
        query_id: QueryId::new(format!("{number:021}")),
        merchant: MERCHANT.into(),
        acquirer: ACQUIRER.into(),
        reference: Reference {
            order_id: format!("PK{number:012}").as_str().into(),
            txn_time: "20260105103000".into(),
        },
        amount: amount(2_500)?,
        created_at: now,
        expires_at: now + SignedDuration::from_mins(15),
        origin: Origin::Industry {
            app: app_of(receiver).as_str().into(),
            industry: industry_of(receiver).as_str().into(),
            channel: "20000001".into(),
            user: "u-77".into(),
        },
        details: Details::default(),
        scenario: None,
    });
    order.state = OrderState::Paid {
        settlement: Settlement {
            attempt: Attempt {
                card: None,
                started_at: now,
                valid_until: now + SignedDuration::from_secs(90),
                accepted_at: None,
                scenario: None,
                qr_code: None,
            },
            paid_at: now,
            trade_day: jiff::civil::date(2026, 1, 5),
            paid: amount(2_500)?,
            given_back: amount(0)?,
            result: DownstreamResult {
                code: "00".to_owned(),
                message: "Approved".to_owned(),
                ..DownstreamResult::default()
            },
        },
    };
    Ok(order)
}

fn notice(order: &Order, now: Timestamp) -> Notice {
    Notice {
        id: NoticeId::new(format!("i{:0>31}", order.terms.query_id)),
        receiver: Receiver::Industry,
        transaction: order.terms.query_id.clone(),
        after: None,
        copies: 1,
        created_at: now,
        body: None,
        state: NoticeState::Queued,
        attempts: Vec::new(),
    }
}
