//! A platform in memory behind the real router, with partners that sign.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use app::directory::{Directory, DirectoryCell, DirectoryData};
use app::ports::channel::{
    CardEntry, CardListQuestion, CardPayloadQuestion, ChannelError, RedeemQuestion, UserInfo,
};
use app::ports::{Busy, ChannelGateway, Clock, Downstream, PlaceError, Sleeper, Wake};
use app::terminals::TerminalSettings;
use app::testing::{CountingIds, HexSealer};
use app::{Platform, Settings};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use causeway_api::{Api, Options};
use domain::Outcome;
use domain::ids::QueryId;
use domain::order::{Card, DownstreamResult, Order};
use domain::party::{
    Acquirer, Application, Channel, EncryptionProfile, InBodyForm, Industry, Merchant, OauthClient,
    Opening, Party, Security,
};
use http::{HeaderMap, Request, StatusCode};
use jiff::{SignedDuration, Timestamp};
use jose::cert::{Certificate, Identity, Issue, PrivateKey};
use jose::jwe::Profile;
use jose::jws::{Answer, PartnerKeys, SignOptions, fresh_uuid, verify_answer};
use jose::keyring::Keys;
use money::Currency;
use serde_json::{Value, json};
use store::MemoryStore;
use tower::ServiceExt as _;

use crate::till::{FakeLogs, FakeWallets};

pub(crate) const BANK: &str = "00520001";
pub(crate) const SERVICE: &str = "00520101";
pub(crate) const BODY_SERVICE: &str = "00520102";
pub(crate) const BOTH_SERVICE: &str = "00520103";
pub(crate) const FROZEN: &str = "00520104";
pub(crate) const FENCED: &str = "00520105";
pub(crate) const ACQUIRER: &str = "00520900";

/// 2026-01-05 10:30:00 in GMT+8.
pub(crate) const NOW_S: i64 = 1_767_580_200;

/// Business time that is moved by hand; real time stands still.
pub(crate) struct TestClock {
    seconds: AtomicI64,
    moved: tokio::sync::Notify,
}

impl TestClock {
    pub(crate) fn advance(&self, by: SignedDuration) {
        self.seconds.fetch_add(by.as_secs(), Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.seconds.load(Ordering::SeqCst)).unwrap()
    }

    fn real_now(&self) -> Timestamp {
        Timestamp::from_second(NOW_S).unwrap()
    }
}

#[async_trait]
impl Sleeper for TestClock {
    async fn sleep_until(&self, until: Timestamp) -> Busy {
        loop {
            let moved = self.moved.notified();
            if self.now() >= until {
                return Busy::none();
            }
            moved.await;
        }
    }

    fn busy(&self) -> Busy {
        Busy::none()
    }
}

struct NoBell;

impl Wake for NoBell {
    fn wake(&self) {}
}

/// What the systems behind the platform do.
#[derive(Default)]
pub(crate) struct Behind {
    pub(crate) channel_down: AtomicBool,
    pub(crate) user_unknown: AtomicBool,
    pub(crate) place_panics: AtomicBool,
    pub(crate) payment_lost: AtomicBool,
}

#[async_trait]
impl Downstream for Behind {
    async fn place(&self, _: &Order) -> Result<(), PlaceError> {
        assert!(!self.place_panics.load(Ordering::SeqCst), "a fault in the platform");
        Ok(())
    }

    async fn pay(&self, _: &Order, _: Option<String>) -> Outcome {
        if self.payment_lost.load(Ordering::SeqCst) { Outcome::Lost } else { succeeded() }
    }

    async fn reverse(&self, _: &Order, _: &QueryId) -> Outcome {
        Outcome::Accepted
    }

    async fn inquire(&self, _: &Order, _: Option<&QueryId>) -> Outcome {
        Outcome::Lost
    }
}

fn succeeded() -> Outcome {
    let message = "approved".to_owned();
    Outcome::Succeeded(DownstreamResult { code: "00".into(), message, ..Default::default() })
}

#[async_trait]
impl ChannelGateway for Behind {
    async fn card_list(&self, _: &CardListQuestion) -> Result<Vec<CardEntry>, ChannelError> {
        if self.channel_down.load(Ordering::SeqCst) {
            return Err(ChannelError::Unavailable("refused the connection".to_owned()));
        }
        if self.user_unknown.load(Ordering::SeqCst) {
            let (code, message) = ("36".to_owned(), "no such user".to_owned());
            return Err(ChannelError::Refused { code, message });
        }
        let card = |id: &str, pan: &str| CardEntry {
            card: Card {
                id: id.into(),
                masked_pan: pan.to_owned(),
                card_type: Some("1".to_owned()),
                issuer: None,
            },
            issuer_iin: None,
            card_face_url: None,
            default_flag: (id == "card-2").then(|| "1".to_owned()),
        };
        Ok(vec![card("card-1", "6250********0016"), card("card-2", "6250********0024")])
    }

    async fn card_payload(&self, _: &CardPayloadQuestion) -> Result<String, ChannelError> {
        Ok("a.b.c.d.e".to_owned())
    }

    async fn redeem(&self, _: &RedeemQuestion) -> Result<UserInfo, ChannelError> {
        let mobile = Some("+85251234567".to_owned());
        Ok(UserInfo { user: "u-77".into(), mobile, email: None })
    }
}

/// The identities of all, from the two keys of the vectors: making keys takes time.
pub(crate) struct Ring {
    pub(crate) platform_sign: Arc<Identity>,
    pub(crate) platform_encrypt: Arc<Identity>,
    pub(crate) partner_sign: Arc<Identity>,
    pub(crate) partner_encrypt: Arc<Identity>,
}

pub(crate) fn ring() -> &'static Ring {
    static RING: OnceLock<Ring> = OnceLock::new();
    RING.get_or_init(|| {
        let path = format!("{}/../../vectors/jose.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).unwrap();
        let vectors: Value = serde_json::from_str(&text).unwrap();
        let identity = |member: &str, serial: u64| {
            let key = PrivateKey::from_pem(vectors[member].as_str().unwrap()).unwrap();
            let not_before = Timestamp::from_second(NOW_S - 86_400).unwrap();
            let issue = Issue { subject: "test", serial, not_before, validity_days: 365 };
            Arc::new(Identity::certify(key, &issue).unwrap())
        };
        Ring {
            platform_sign: identity("sign_key_pem", 1001),
            platform_encrypt: identity("enc_key_pem", 1002),
            partner_sign: identity("enc_key_pem", 2001),
            partner_encrypt: identity("sign_key_pem", 2002),
        }
    })
}

struct TestKeys;

impl Keys for TestKeys {
    fn partner(&self, app_id: &str) -> Option<Arc<PartnerKeys>> {
        let known = parties().applications.into_iter().find(|a| a.id.as_str() == app_id)?;
        let sign = Arc::clone(ring().partner_sign.cert());
        let mut keys = PartnerKeys::new(app_id, sign, Arc::clone(ring().partner_encrypt.cert()));
        keys.active = known.active;
        if !known.ip_rules.is_empty() {
            let ranges = known.ip_rules.iter().map(|rule| rule.parse().unwrap()).collect();
            keys.addresses = jose::jws::AddressRule::Only(ranges);
        }
        Some(Arc::new(keys))
    }

    fn signing(&self) -> Arc<Identity> {
        Arc::clone(&ring().platform_sign)
    }

    fn decryption(&self, kid: &str) -> Option<Arc<Identity>> {
        let own = &ring().platform_encrypt;
        (own.id().as_str() == kid).then(|| Arc::clone(own))
    }

    fn encryption_for(&self, _: &str) -> Option<(Arc<Certificate>, Profile)> {
        Some((Arc::clone(ring().partner_encrypt.cert()), Profile::Rsa15A128CbcHs256))
    }
}

pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) platform: Arc<Platform>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) behind: Arc<Behind>,
    pub(crate) wallets: Arc<FakeWallets>,
    pub(crate) logs: Arc<FakeLogs>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A platform whose terminals have other settings.
    pub(crate) fn with(set: impl FnOnce(&mut TerminalSettings)) -> Self {
        let seconds = AtomicI64::new(NOW_S);
        let clock = Arc::new(TestClock { seconds, moved: tokio::sync::Notify::new() });
        let wallets = Arc::new(FakeWallets::default());
        let logs = Arc::new(FakeLogs::default());
        let currency = Currency::from_numeric("156").unwrap();
        let mut terminals = TerminalSettings::new(dialect::time::default_zone(), currency);
        set(&mut terminals);
        let behind = Arc::new(Behind::default());
        let platform = Arc::new(Platform {
            store: Arc::new(MemoryStore::new()),
            clock: clock.clone(),
            ids: Arc::new(CountingIds::default()),
            downstream: behind.clone(),
            wallets: wallets.clone(),
            sleeper: clock.clone(),
            logs: logs.clone(),
            channels: behind.clone(),
            directory: Arc::new(DirectoryCell::new(Directory::new(parties()))),
            wake: Arc::new(NoBell),
            sealer: Arc::new(HexSealer),
            settings: Settings {
                base_url: "https://ucsp.example".to_owned(),
                default_zone: dialect::time::default_zone(),
                compare: Box::new(dialect::ucsp::first_difference),
                terminals,
                callback: Box::new(dialect::upay::callback_body),
            },
            flights: app::flights::Flights::default(),
            attempted: tokio::sync::Notify::new(),
            watchers: app::watchers::Watchers::default(),
            terminals: app::terminals::TerminalCache::default(),
            numbers: app::numbers::Numbers::default(),
        });
        let router = router(&platform);
        Self { router, platform, clock, behind, wallets, logs }
    }

    /// The same platform after a restart of the process: nothing in memory is left.
    pub(crate) fn restarted(&self) -> Router {
        router(&self.platform)
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Got {
        send(&self.router, request).await
    }

    /// Sends a signed body and returns the verified answer.
    pub(crate) async fn call(&self, app: &str, path: &str, body: &str) -> Value {
        let got = self.send(Call::new(app, path, body).request()).await;
        assert_eq!(got.status, StatusCode::OK, "{}", got.text());
        got.verify(app);
        serde_json::from_slice(&got.body).unwrap()
    }
}

fn router(platform: &Arc<Platform>) -> Router {
    let options = Options {
        diagnosis_header: true,
        crypto_threads: 1,
        wallet_keys: crate::wallet_notice::wallet_keys(),
        ..Options::default()
    };
    Api::new(Arc::clone(platform), Arc::new(TestKeys), options).public_router()
}

pub(crate) async fn send(router: &Router, mut request: Request<Body>) -> Got {
    if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
        let peer: SocketAddr = "192.0.2.7:4000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
    }
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1024 * 1024).await.unwrap().to_vec();
    Got { status: parts.status, headers: parts.headers, body }
}

/// An answer.
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The answer is signed by the platform for this application, freshly and without a path.
    pub(crate) fn verify(&self, app: &str) {
        let own = &ring().platform_sign;
        let answer = Answer {
            header: self.header("UPI-JWS"),
            body: &self.body,
            app_id: app,
            now_real: Timestamp::from_second(NOW_S).unwrap(),
        };
        let find = |kid: &str| (own.id().as_str() == kid).then(|| Arc::clone(own.cert()));
        verify_answer(&answer, find).unwrap();
    }
}

/// A signed call that can be broken in one place.
pub(crate) struct Call {
    pub(crate) app: String,
    pub(crate) path: String,
    pub(crate) body: String,
    pub(crate) signed_body: String,
    pub(crate) signed_path: String,
    pub(crate) uuid: String,
    pub(crate) timestamp: i64,
    pub(crate) identity: Arc<Identity>,
}

impl Call {
    pub(crate) fn new(app: &str, path: &str, body: &str) -> Self {
        Self {
            app: app.to_owned(),
            path: path.to_owned(),
            body: body.to_owned(),
            signed_body: body.to_owned(),
            signed_path: path.to_owned(),
            uuid: fresh_uuid(),
            timestamp: NOW_S,
            identity: Arc::clone(&ring().partner_sign),
        }
    }

    pub(crate) fn header(&self) -> String {
        let options = SignOptions {
            app_id: &self.app,
            uuid: &self.uuid,
            timestamp: self.timestamp,
            req_path: Some(&self.signed_path),
        };
        jose::jws::sign(&self.identity, self.signed_body.as_bytes(), &options).unwrap()
    }

    pub(crate) fn request(&self) -> Request<Body> {
        post(&self.path, &self.body, Some(&self.header()))
    }
}

pub(crate) fn post(path: &str, body: &str, header: Option<&str>) -> Request<Body> {
    let mut request = Request::post(path).header("Content-Type", "application/json");
    if let Some(header) = header {
        request = request.header("UPI-JWS", header);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

pub(crate) fn get(path: &str) -> Request<Body> {
    Request::get(path).header("Accept", "text/html").body(Body::empty()).unwrap()
}

/// A wrapped message of a service.
pub(crate) fn wrapped(industry: &str, kind: &str, fields: &str) -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(100_000);
    let number = NUMBER.fetch_add(1, Ordering::SeqCst);
    let info = json!({
        "versionNo": "1.0.0",
        "msgID": format!("A{industry}20260105103000{number}"),
        "timeStamp": "20260105103000",
        "msgType": kind,
        "industryCode": industry,
    });
    format!(r#"{{"msgInfo":{info},"trxInfo":{fields}}}"#)
}

/// CHANNEL_LOGIN_INFO with further members.
pub(crate) fn login(more: &str) -> String {
    let message = json!({
        "msgID": "A2000000120260105103000482913",
        "channelCode": "20000001",
        "industryCode": "10000001",
        "userId": "u-77",
    });
    with_members(&message, more)
}

/// The object with further members, given as `,"name":"value"`.
fn with_members(object: &Value, more: &str) -> String {
    let text = object.to_string();
    format!("{}{more}}}", text.strip_suffix('}').unwrap())
}

pub(crate) const SUBMIT: &str = "/ucsp/industry/v1/submitpaymentorder";
pub(crate) const INQUIRE: &str = "/ucsp/industry/v1/paymentresultinquiry";

pub(crate) fn order_fields(order_id: &str, more: &str) -> String {
    let fields = json!({
        "orderId": order_id,
        "txnTime": "20260105103000",
        "merId": "100000010000017",
        "acqIIN": "00010344",
        "txnAmt": "4850",
        "currencyCode": "344",
        "channelCode": "20000001",
        "userId": "u-77",
    });
    with_members(&fields, more)
}

pub(crate) fn submit(order_id: &str) -> String {
    wrapped("10000001", "SUBMIT_PAYMENT_ORDER", &order_fields(order_id, ""))
}

fn application(id: &str, owner: Party, security: Security) -> Application {
    Application {
        id: id.into(),
        owner,
        active: true,
        sandbox: false,
        security,
        in_body: InBodyForm::default(),
        encryption: EncryptionProfile::default(),
        ip_rules: vec![],
        certificates: vec![],
    }
}

fn industry(code: &str, app: &str) -> Industry {
    Industry {
        code: code.into(),
        name: "ParkEasy".to_owned(),
        app: app.into(),
        index_url: "https://park.example/login?from=ucsp".to_owned(),
        back_url: "https://park.example/notices".to_owned(),
        front_url: Some("https://park.example/bills".to_owned()),
        active: true,
        needs: vec![],
        cards_within_hours: None,
    }
}

fn services() -> Vec<(&'static str, &'static str, Security)> {
    vec![
        ("10000001", SERVICE, Security::Jws),
        ("10000002", BODY_SERVICE, Security::Body),
        ("10000003", BOTH_SERVICE, Security::Both),
        ("10000004", FROZEN, Security::Jws),
        ("10000005", FENCED, Security::Jws),
    ]
}

pub(crate) fn parties() -> DirectoryData {
    let mut data = DirectoryData::default();
    for (code, app, security) in services() {
        let mut application = application(app, Party::Industry(code.into()), security);
        application.active = app != FROZEN;
        if app == FENCED {
            application.ip_rules = vec!["10.0.0.0/8".to_owned()];
        }
        data.applications.push(application);
        data.industries.push(industry(code, app));
        data.merchants.push(Merchant {
            id: format!("{code}0000017").as_str().into(),
            name: "Harbour Centre <Car> Park".to_owned(),
            industry: Some(code.into()),
            daily_limit_minor: None,
            acquirer: "00010344".into(),
            currencies: vec![Currency::from_numeric("344").unwrap()],
            active: true,
        });
        data.openings.push(Opening {
            channel: "20000001".into(),
            industry: code.into(),
            open: code != "10000003",
        });
    }
    data.applications.push(application(BANK, Party::Channel("20000001".into()), Security::Jws));
    let system = Party::Downstream("00010344".into());
    data.applications.push(application(ACQUIRER, system, Security::Jws));
    data.channels.push(Channel {
        code: "20000001".into(),
        name: "Harbour Bank".to_owned(),
        app: BANK.into(),
        base_url: "https://bank.example".to_owned(),
        active: true,
        oauth: Some(OauthClient {
            authorize_url: "https://bank.example/authorize".to_owned(),
            token_url: "https://bank.example/token".to_owned(),
            userinfo_url: "https://bank.example/userinfo".to_owned(),
            client_id: "causeway".to_owned(),
            client_secret_sealed: String::new(),
        }),
    });
    crate::till::stores(&mut data);
    data.acquirers.push(Acquirer {
        iin: "00010344".into(),
        zone: "Asia/Shanghai".to_owned(),
        downstream_url: "https://acquirer.example".to_owned(),
        downstream_app: ACQUIRER.into(),
    });
    data
}
