//! What the tests share: keys, clock, numbers, a directory, and a partner over real HTTP.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use app::clock::MovableClock;
use app::directory::{Directory, DirectoryCell, DirectoryData};
use app::ports::Clock;
use app::testing::CountingIds;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use causeway_delivery::Partner;
use domain::ids::{NoticeId, OrderNumber, QueryId, Reference};
use domain::notice::{Notice, NoticeState, Receiver};
use domain::order::{
    Attempt, Details, DownstreamResult, Order, OrderState, Origin, Settlement, Terms,
};
use domain::party::{
    Acquirer, Application, Channel, EncryptionProfile, InBodyForm, Industry, Merchant, Party,
    Security,
};
use egress::{Client, Limits, Policy};
use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use jose::cert::{Certificate, Identity};
use jose::jwe::Profile;
use jose::jws::{self, Call, PartnerKeys, SignOptions};
use jose::keyring::{Clock as KeyClock, Keys};
use money::{Amount, Currency};

pub(crate) const SERVICE: &str = "SERVICE1";
pub(crate) const CHANNEL: &str = "CHANNEL1";
pub(crate) const DOWNSTREAM: &str = "DOWNSTR1";
pub(crate) const INDUSTRY_CODE: &str = "10000001";
pub(crate) const CHANNEL_CODE: &str = "20000001";
pub(crate) const MERCHANT: &str = "100000010000017";
pub(crate) const ACQUIRER: &str = "00010344";

fn made(subject: &str, serial: u64) -> Arc<Identity> {
    let from = MovableClock::system().now().checked_sub(SignedDuration::from_hours(1)).unwrap();
    Arc::new(Identity::generate(subject, serial, from, 30).unwrap())
}

pub(crate) static PLATFORM_SIGN: LazyLock<Arc<Identity>> = LazyLock::new(|| made("platform", 11));
pub(crate) static PLATFORM_ENC: LazyLock<Arc<Identity>> = LazyLock::new(|| made("platform", 12));
/// All partners of a test share their keys; the application id tells them apart.
pub(crate) static PARTNER_SIGN: LazyLock<Arc<Identity>> = LazyLock::new(|| made("partner", 21));
pub(crate) static PARTNER_ENC: LazyLock<Arc<Identity>> = LazyLock::new(|| made("partner", 22));
pub(crate) static STRANGER: LazyLock<Arc<Identity>> = LazyLock::new(|| made("stranger", 21));

pub(crate) struct TestKeys;

impl Keys for TestKeys {
    fn partner(&self, app_id: &str) -> Option<Arc<PartnerKeys>> {
        let (sign, encrypt) = (PARTNER_SIGN.cert().clone(), PARTNER_ENC.cert().clone());
        (app_id != "NOBODY00").then(|| Arc::new(PartnerKeys::new(app_id, sign, encrypt)))
    }

    fn signing(&self) -> Arc<Identity> {
        PLATFORM_SIGN.clone()
    }

    fn decryption(&self, kid: &str) -> Option<Arc<Identity>> {
        (kid == PLATFORM_ENC.id().as_str()).then(|| PLATFORM_ENC.clone())
    }

    fn encryption_for(&self, _: &str) -> Option<(Arc<Certificate>, Profile)> {
        Some((PARTNER_ENC.cert().clone(), Profile::RsaOaep256A256Gcm))
    }
}

/// One request as a partner sees it; its signature was verified.
#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) app: String,
}

impl Received {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

type Handler = Arc<dyn Fn(Received) -> BoxFuture<'static, Response> + Send + Sync>;

/// A partner over real HTTP on this machine.
pub(crate) struct Stub {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Received>>>,
}

struct StubState {
    seen: Arc<Mutex<Vec<Received>>>,
    handler: Handler,
}

impl Stub {
    pub(crate) async fn start<F>(handler: impl Fn(Received) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let handler: Handler = Arc::new(move |received| Box::pin(handler(received)));
        let state = Arc::new(StubState { seen: Arc::clone(&seen), handler });
        let router = Router::new().fallback(receive).with_state(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Received> {
        self.seen.lock().unwrap().clone()
    }
}

async fn receive(
    State(state): State<Arc<StubState>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let header = headers.get("UPI-JWS").map(|value| value.to_str().unwrap().to_owned());
    let app = header.map(|header| verified(&header, &body, &path)).unwrap_or_default();
    let received = Received { path, headers, body, app };
    state.seen.lock().unwrap().push(received.clone());
    (state.handler)(received).await
}

/// The partner's own check of the platform's signature, path included.
fn verified(header: &str, body: &[u8], path: &str) -> String {
    let platform = |app_id: &str| {
        let sign = PLATFORM_SIGN.cert().clone();
        Some(Arc::new(PartnerKeys::new(app_id, sign.clone(), sign)))
    };
    let now = KeyClock::real(MovableClock::system().real_now());
    let call = Call { header: Some(header), body, path, peer: None, now };
    jws::verify_request(&call, &platform).unwrap().app_id().to_owned()
}

/// An answer signed by `identity` for `app`.
pub(crate) fn signed_by(identity: &Identity, app: &str, body: impl Into<String>) -> Response {
    let body = body.into();
    let uuid = jws::fresh_uuid();
    let timestamp = MovableClock::system().real_now().as_second();
    let options = SignOptions { app_id: app, uuid: &uuid, timestamp, req_path: None };
    let header = jws::sign(identity, body.as_bytes(), &options).unwrap();
    ([("UPI-JWS", header)], body).into_response()
}

pub(crate) fn signed(app: &str, body: impl Into<String>) -> Response {
    signed_by(&PARTNER_SIGN, app, body)
}

pub(crate) fn approved() -> String {
    r#"{"msgResponse":{"responseCode":"00","responseMsg":"Approved"}}"#.to_owned()
}

/// Never answers, for as long as the caller waits.
pub(crate) async fn silence() -> Response {
    std::future::pending().await
}

/// The addresses of the partners of a test.
#[derive(Clone, Default)]
pub(crate) struct Places {
    pub(crate) service: String,
    pub(crate) channel: String,
    pub(crate) downstream: String,
}

pub(crate) struct World {
    pub(crate) clock: MovableClock,
    pub(crate) directory: Arc<DirectoryCell>,
    pub(crate) partner: Arc<Partner>,
    pub(crate) ids: Arc<CountingIds>,
}

/// An address at which nobody listens.
pub(crate) async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

pub(crate) fn world(places: &Places) -> World {
    world_with(places, Security::Jws)
}

pub(crate) fn world_with(places: &Places, security: Security) -> World {
    let clock = MovableClock::system();
    let limits = Limits { total: Duration::from_secs(30), ..Limits::default() };
    let client = Client::new(Policy::sandbox(), limits, None).unwrap();
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    World {
        clock,
        directory: Arc::new(DirectoryCell::new(Directory::new(parties(places, security)))),
        partner: Arc::new(Partner::new(client, Arc::new(TestKeys), shared)),
        ids: Arc::new(CountingIds::default()),
    }
}

fn parties(places: &Places, security: Security) -> DirectoryData {
    let application = |id: &str, owner| Application {
        id: id.into(),
        owner,
        active: true,
        sandbox: true,
        security,
        in_body: InBodyForm::Bare,
        encryption: EncryptionProfile::Rsa15,
        ip_rules: Vec::new(),
        certificates: Vec::new(),
    };
    DirectoryData {
        applications: vec![
            application(SERVICE, Party::Industry(INDUSTRY_CODE.into())),
            application(CHANNEL, Party::Channel(CHANNEL_CODE.into())),
            application(DOWNSTREAM, Party::Downstream(ACQUIRER.into())),
        ],
        channels: vec![Channel {
            code: CHANNEL_CODE.into(),
            name: "Harbour Bank".to_owned(),
            app: CHANNEL.into(),
            base_url: places.channel.clone(),
            active: true,
            oauth: Some(domain::party::OauthClient {
                authorize_url: format!("{}/authorize", places.channel),
                token_url: format!("{}/token", places.channel),
                userinfo_url: format!("{}/userinfo", places.channel),
                client_id: "causeway".to_owned(),
                client_secret_sealed: "sealed:open sesame".to_owned(),
            }),
        }],
        industries: vec![Industry {
            code: INDUSTRY_CODE.into(),
            name: "ParkEasy".to_owned(),
            app: SERVICE.into(),
            index_url: places.service.clone(),
            back_url: format!("{}/registered", places.service),
            front_url: None,
            active: true,
            needs: Vec::new(),
            cards_within_hours: None,
        }],
        merchants: vec![Merchant {
            id: MERCHANT.into(),
            name: "Car Park 17".to_owned(),
            industry: Some(INDUSTRY_CODE.into()),
            acquirer: ACQUIRER.into(),
            daily_limit_minor: None,
            currencies: vec![Currency::from_numeric("344").unwrap()],
            active: true,
        }],
        acquirers: vec![Acquirer {
            iin: ACQUIRER.into(),
            zone: "Asia/Shanghai".to_owned(),
            downstream_url: places.downstream.clone(),
            downstream_app: DOWNSTREAM.into(),
        }],
        openings: Vec::new(),
        vendors: Vec::new(),
        stores: Vec::new(),
    }
}

pub(crate) fn hkd(minor: u64) -> Amount {
    Amount::new(minor, Currency::from_numeric("344").unwrap()).unwrap()
}

/// A fresh order; `number` makes its numbers.
pub(crate) fn order(world: &World, number: u64) -> Order {
    let now = world.clock.now();
    Order::submitted(Terms {
        number: OrderNumber::new(format!("8{number:020}")),
        query_id: QueryId::new(format!("{number:021}")),
        merchant: MERCHANT.into(),
        acquirer: ACQUIRER.into(),
        reference: Reference {
            order_id: format!("PK{number:08}").as_str().into(),
            txn_time: "20260105103000".into(),
        },
        amount: hkd(2500),
        created_at: now,
        expires_at: now.checked_add(SignedDuration::from_mins(15)).unwrap(),
        origin: Origin::Industry {
            app: SERVICE.into(),
            industry: INDUSTRY_CODE.into(),
            channel: CHANNEL_CODE.into(),
            user: "u-77".into(),
        },
        details: Details::default(),
        scenario: None,
    })
}

pub(crate) fn attempt(now: Timestamp) -> Attempt {
    Attempt {
        card: None,
        started_at: now,
        valid_until: now.checked_add(SignedDuration::from_secs(90)).unwrap(),
        accepted_at: None,
        scenario: None,
        qr_code: None,
    }
}

pub(crate) fn paying(world: &World, number: u64) -> Order {
    let state = OrderState::Paying { attempt: attempt(world.clock.now()) };
    Order { state, ..order(world, number) }
}

pub(crate) fn paid(world: &World, number: u64) -> Order {
    let now = world.clock.now();
    let settlement = Settlement {
        attempt: attempt(now),
        paid_at: now,
        trade_day: jiff::civil::date(2026, 1, 5),
        paid: hkd(2500),
        given_back: hkd(0),
        result: DownstreamResult {
            code: "00".to_owned(),
            message: "Approved".to_owned(),
            ..DownstreamResult::default()
        },
    };
    Order { state: OrderState::Paid { settlement }, ..order(world, number) }
}

/// A notice of the payment of an order.
pub(crate) fn notice(order: &Order, receiver: Receiver) -> Notice {
    let kind = receiver.name().chars().next().unwrap();
    Notice {
        id: NoticeId::new(format!("{kind}{:0>31}", order.terms.query_id)),
        receiver,
        transaction: order.terms.query_id.clone(),
        after: None,
        copies: 1,
        created_at: order.terms.created_at,
        body: None,
        state: NoticeState::Queued,
        attempts: Vec::new(),
    }
}

/// Waits until the condition holds; a test that waits in vain fails by its runner's limit.
pub(crate) async fn until(mut condition: impl AsyncFnMut() -> bool) {
    while !condition().await {
        tokio::task::yield_now().await;
    }
}
