//! A movable clock, simulated wallets over real HTTP, and orders of a terminal.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use app::clock::MovableClock;
use app::directory::{Directory, DirectoryCell, DirectoryData};
use app::ports::{Clock, Sleeper as _};
use async_trait::async_trait;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use causeway_delivery::NativeWallet;
use domain::ids::Reference;
use domain::order::{Attempt, Details, Order, OrderState, Origin, Sale, Settlement, Terms};
use domain::payway::{Payway, SubPayway};
use domain::reversal::{Reversal, ReversalKind, ReversalState, ReversalTerms};
use domain::terminal::CLIENT_SN_SPACE;
use egress::{Client, Limits, Policy};
use jiff::{SignedDuration, Timestamp};
use jose::mac::MacKey;
use jose::secret::Secret;
use money::{Amount, Currency};
use sandbox::wallet::Wallet;
use sandbox::{Busy, PartnerClock, WalletConfig};
use tokio::sync::Semaphore;

/// The clock as the simulated wallets see it.
struct Lent(MovableClock);

#[async_trait]
impl PartnerClock for Lent {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn real_now(&self) -> Timestamp {
        self.0.real_now()
    }

    async fn sleep_until(&self, until: Timestamp) -> Busy {
        Busy::holding(self.0.sleep_until(until).await)
    }

    fn busy(&self) -> Busy {
        Busy::none()
    }
}

/// What stands before the simulated wallets: counts calls, and lets them in one by one.
pub(crate) struct Door {
    pub(crate) calls: AtomicUsize,
    pub(crate) open: Semaphore,
}

async fn pass(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    door.calls.fetch_add(1, Ordering::SeqCst);
    door.open.acquire().await.unwrap().forget();
    next.run(request).await
}

pub(crate) struct World {
    pub(crate) clock: MovableClock,
    pub(crate) wallet: Arc<Wallet>,
    pub(crate) door: Arc<Door>,
    pub(crate) url: String,
    client: Client,
    directory: Arc<DirectoryCell>,
}

pub(crate) fn key(secret: &str) -> MacKey {
    MacKey::new(&Secret::new(secret.to_owned())).unwrap()
}

pub(crate) const SECRET: &str = "a secret of platform and wallet";

/// Serves a router on this machine.
pub(crate) async fn serve(router: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// A world with an open door.
pub(crate) async fn world() -> World {
    let world = behind_a_door().await;
    world.door.open.add_permits(1_000_000);
    world
}

/// A world with a closed door.
pub(crate) async fn behind_a_door() -> World {
    let clock = MovableClock::system();
    let client = Client::new(Policy::sandbox(), Limits::default(), None).unwrap();
    let config = WalletConfig {
        base_url: "http://wallet.example".to_owned(),
        platform_url: "http://127.0.0.1:1".to_owned(),
        secret: Secret::new(SECRET.to_owned()),
    };
    let lent = Arc::new(Lent(clock.clone()));
    let wallet = Wallet::open(&config, client.clone(), lent, None).unwrap();
    let door = Arc::new(Door { calls: AtomicUsize::new(0), open: Semaphore::new(0) });
    let router = wallet.router().layer(from_fn_with_state(Arc::clone(&door), pass));
    let url = format!("http://{}", serve(router).await);
    let directory = Arc::new(DirectoryCell::new(Directory::new(DirectoryData::default())));
    World { clock, wallet, door, url, client, directory }
}

impl World {
    pub(crate) fn native(&self) -> NativeWallet {
        self.native_within(&self.url, SECRET, Duration::from_secs(5))
    }

    pub(crate) fn native_within(&self, url: &str, secret: &str, limit: Duration) -> NativeWallet {
        let shared = (Arc::clone(&self.directory), Arc::new(self.clock.clone()) as Arc<dyn Clock>);
        NativeWallet::with_limit(self.client.clone(), url, key(secret), shared, limit)
    }

    /// An order under way, made now.
    pub(crate) fn sale(&self, number: u64) -> Order {
        let now = self.clock.now();
        let until = now.checked_add(SignedDuration::from_secs(45)).unwrap();
        let number = format!("789{number:013}");
        let sale = Sale {
            terminal: "100000000001".into(),
            store: "200000000001".into(),
            payway: Payway::WECHAT,
            sub_payway: SubPayway::BARCODE,
            presented: false,
            subject: "两杯 \"latte\"".to_owned(),
            operator: None,
            reflect: None,
            payer_uid: None,
            extended: None,
        };
        let terms = Terms {
            number: number.as_str().into(),
            query_id: number.as_str().into(),
            merchant: "100000010000017".into(),
            acquirer: "00010344".into(),
            reference: Reference {
                order_id: number.as_str().into(),
                txn_time: CLIENT_SN_SPACE.into(),
            },
            amount: yuan(2500),
            created_at: now,
            expires_at: until,
            origin: Origin::Terminal(Box::new(sale)),
            details: Details::default(),
            scenario: None,
        };
        let attempt = Attempt {
            card: None,
            started_at: now,
            valid_until: until,
            accepted_at: None,
            scenario: None,
            qr_code: None,
        };
        Order { terms: terms.into(), state: OrderState::Paying { attempt }, reversals: Vec::new() }
    }
}

pub(crate) fn yuan(minor: u64) -> Amount {
    Amount::new(minor, Currency::from_numeric("156").unwrap()).unwrap()
}

/// The order as one that the payer comes to.
pub(crate) fn shown(mut order: Order, form: SubPayway) -> Order {
    let terms = std::sync::Arc::make_mut(&mut order.terms);
    let Origin::Terminal(sale) = &mut terms.origin else { panic!("a terminal's order") };
    (sale.sub_payway, sale.presented) = (form, true);
    order
}

/// The order once it was paid, with a refund under way.
pub(crate) fn refunding(mut order: Order, refund_no: &str, minor: u64) -> Order {
    let now = order.terms.created_at;
    if let OrderState::Paying { attempt } = order.state {
        order.state = OrderState::Paid {
            settlement: Settlement {
                attempt,
                paid_at: now,
                trade_day: jiff::civil::date(2026, 1, 5),
                paid: order.terms.amount,
                given_back: yuan(0),
                result: domain::order::DownstreamResult::default(),
            },
        };
    }
    let terms = ReversalTerms {
        kind: ReversalKind::Refund,
        query_id: refund_no.into(),
        reference: Reference {
            order_id: refund_no.into(),
            txn_time: order.terms.number.as_str().into(),
        },
        amount: yuan(minor),
        requested_at: now,
        valid_until: now.checked_add(SignedDuration::from_secs(90)).unwrap(),
        back_url: None,
        reserved: None,
        reason: None,
        operator: None,
        client_tsn: None,
        scenario: None,
    };
    order.reversals.push(Reversal { terms, pending_since: None, state: ReversalState::Processing });
    order
}

/// Waits until the condition holds; a test that waits in vain fails by its runner's limit.
pub(crate) async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}
