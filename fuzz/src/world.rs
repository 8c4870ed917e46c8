//! A platform over the store in memory behind the real router, for one request.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use api::{AdminAccount, Api, Options, WalletKey};
use app::Platform;
use app::directory::DirectoryData;
use app::ports::channel::{
    CardEntry, CardListQuestion, CardPayloadQuestion, ChannelError, RedeemQuestion, UserInfo,
};
use app::ports::{ChannelGateway, Clock, Downstream, PlaceError, Sealer as _};
use app::testing::{HexSealer, NeverSleeper, Pieces, ScriptedWallets, platform, wallet_succeeded};
use app::use_cases::terminals::{
    Activation, Credentials, NewCode, VENDOR_KEY, activate, issue_code,
};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use domain::Outcome;
use domain::ids::QueryId;
use domain::order::Order;
use domain::party::{
    Acquirer, Application, Channel, EncryptionProfile, InBodyForm, Industry, Merchant, OauthClient,
    Opening, Party, Security,
};
use domain::payway::Payway;
use domain::terminal::{Store, Vendor, VendorApp};
use http::{Request, StatusCode};
use jiff::Timestamp;
use jose::cert::{Certificate, Identity};
use jose::jwe::Profile;
use jose::jws::PartnerKeys;
use jose::keyring::Keys;
use jose::mac::MacKey;
use jose::secret::Secret;
use money::Currency;
use store::MemoryStore;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use crate::vectors::{now, receiver, signer};

/// The applications: of the channel, the service, and the downstream system.
pub(crate) const APPS: [&str; 3] = ["00520001", "00520101", "00520900"];
/// The vendor of the tills, and its key.
pub(crate) const VENDOR: (&str, &str) = ("91800001", "0123456789abcdef0123456789abcdef");
/// What the wallets share with the platform.
pub(crate) const WALLET_SECRET: &str = "fedcba9876543210fedcba9876543210";
/// The operator's account, as HTTP Basic spells it.
pub(crate) const OPERATOR: &str = "ops@example:0123456789abcdef";

/// Time that stands still at the instant of the vectors.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        now()
    }

    fn real_now(&self) -> Timestamp {
        now()
    }
}

/// Partners that do what they are asked.
struct Willing;

#[async_trait]
impl Downstream for Willing {
    async fn place(&self, _: &Order) -> Result<(), PlaceError> {
        Ok(())
    }

    async fn pay(&self, order: &Order, _: Option<String>) -> Outcome {
        wallet_succeeded(order.terms.number.as_str())
    }

    async fn reverse(&self, _: &Order, _: &QueryId) -> Outcome {
        Outcome::Accepted
    }

    async fn inquire(&self, _: &Order, _: Option<&QueryId>) -> Outcome {
        Outcome::Lost
    }
}

#[async_trait]
impl ChannelGateway for Willing {
    async fn card_list(&self, _: &CardListQuestion) -> Result<Vec<CardEntry>, ChannelError> {
        Ok(Vec::new())
    }

    async fn card_payload(&self, _: &CardPayloadQuestion) -> Result<String, ChannelError> {
        Ok("a.b.c.d.e".to_owned())
    }

    async fn redeem(&self, _: &RedeemQuestion) -> Result<UserInfo, ChannelError> {
        Ok(UserInfo { user: "u-77".into(), mobile: None, email: None })
    }
}

/// Everybody signs and decrypts with the keys of the vectors.
struct KnownKeys;

impl Keys for KnownKeys {
    fn partner(&self, app_id: &str) -> Option<Arc<PartnerKeys>> {
        let (sign, encrypt) = (Arc::clone(signer().cert()), Arc::clone(receiver().cert()));
        APPS.contains(&app_id).then(|| Arc::new(PartnerKeys::new(app_id, sign, encrypt)))
    }

    fn signing(&self) -> Arc<Identity> {
        Arc::clone(signer())
    }

    fn decryption(&self, kid: &str) -> Option<Arc<Identity>> {
        (receiver().id().as_str() == kid).then(|| Arc::clone(receiver()))
    }

    fn encryption_for(&self, _: &str) -> Option<(Arc<Certificate>, Profile)> {
        Some((Arc::clone(receiver().cert()), Profile::Rsa15A128CbcHs256))
    }
}

fn currency(numeric: &str) -> Currency {
    Currency::from_numeric(numeric).expect("a currency of the table")
}

fn application(id: &str, owner: Party) -> Application {
    Application {
        id: id.into(),
        owner,
        active: true,
        sandbox: false,
        security: Security::Jws,
        in_body: InBodyForm::default(),
        encryption: EncryptionProfile::default(),
        ip_rules: vec![],
        certificates: vec![],
    }
}

fn merchant(id: &str, industry: Option<&str>, numeric: &str) -> Merchant {
    Merchant {
        id: id.into(),
        name: "Harbour Centre <Car> Park".to_owned(),
        industry: industry.map(Into::into),
        daily_limit_minor: None,
        acquirer: "00010344".into(),
        currencies: vec![currency(numeric)],
        active: true,
    }
}

fn channel() -> Channel {
    Channel {
        code: "20000001".into(),
        name: "Harbour Bank".to_owned(),
        app: APPS[0].into(),
        base_url: "https://bank.example".to_owned(),
        active: true,
        oauth: Some(OauthClient {
            authorize_url: "https://bank.example/authorize".to_owned(),
            token_url: "https://bank.example/token".to_owned(),
            userinfo_url: "https://bank.example/userinfo".to_owned(),
            client_id: "causeway".to_owned(),
            client_secret_sealed: String::new(),
        }),
    }
}

fn industry() -> Industry {
    Industry {
        code: "10000001".into(),
        name: "ParkEasy".to_owned(),
        app: APPS[1].into(),
        index_url: "https://park.example/login?from=ucsp".to_owned(),
        back_url: "https://park.example/notices".to_owned(),
        front_url: Some("https://park.example/bills".to_owned()),
        active: true,
        needs: vec![],
        cards_within_hours: None,
    }
}

fn parties() -> DirectoryData {
    let mut data = DirectoryData::default();
    data.applications.push(application(APPS[0], Party::Channel("20000001".into())));
    data.applications.push(application(APPS[1], Party::Industry("10000001".into())));
    data.applications.push(application(APPS[2], Party::Downstream("00010344".into())));
    data.channels.push(channel());
    data.industries.push(industry());
    data.merchants.push(merchant("100000010000017", Some("10000001"), "344"));
    data.merchants.push(merchant("200000010000017", None, "156"));
    data.openings.push(Opening {
        channel: "20000001".into(),
        industry: "10000001".into(),
        open: true,
    });
    data.acquirers.push(Acquirer {
        iin: "00010344".into(),
        zone: "Asia/Shanghai".to_owned(),
        downstream_url: "https://acquirer.example".to_owned(),
        downstream_app: APPS[2].into(),
    });
    data.vendors.push(Vendor {
        sn: VENDOR.0.into(),
        name: "Tills Ltd".to_owned(),
        key_sealed: HexSealer.seal(VENDOR_KEY, VENDOR.1),
        active: true,
        apps: vec![VendorApp { id: "2026010500000001".into(), name: "Till".to_owned() }],
    });
    data.stores.push(Store {
        sn: "S-1".into(),
        merchant: "200000010000017".into(),
        name: "By the pier".to_owned(),
        open: true,
        daily_limit_minor: None,
    });
    data
}

/// What answers, and a terminal that it knows.
pub(crate) struct World {
    runtime: Runtime,
    platform: Arc<Platform>,
    router: Router,
}

/// An answer.
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// The one world of the process; it is emptied for each input.
pub(crate) fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().expect("a runtime");
        let platform = Arc::new(platform(Pieces {
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(Still),
            downstream: Arc::new(Willing),
            channels: Arc::new(Willing),
            wallets: Arc::new(ScriptedWallets::default()),
            sleeper: Arc::new(NeverSleeper),
            directory: parties(),
            base_url: "https://ucsp.example".to_owned(),
            compare: Box::new(dialect::ucsp::first_difference),
            callback: Box::new(dialect::upay::callback_body),
        }));
        let key = MacKey::new(&Secret::new(WALLET_SECRET.to_owned())).expect("a key");
        let (email, password) = OPERATOR.split_once(':').expect("an account");
        let options = Options {
            crypto_threads: 1,
            wallet_keys: vec![WalletKey { key, payways: vec![Payway::WECHAT] }],
            admin: Some(AdminAccount {
                email: email.to_owned(),
                password: Secret::new(password.to_owned()),
            }),
            ..Options::default()
        };
        let api = runtime
            .block_on(async { Api::new(Arc::clone(&platform), Arc::new(KnownKeys), options) });
        let router = api.public_router().merge(api.health_router()).merge(api.admin_router());
        World { runtime, platform, router }
    })
}

impl World {
    /// Empties the store and activates one terminal; returns its number and key.
    pub(crate) fn fresh(&self) -> (String, String) {
        let made = self.runtime.block_on(async {
            self.platform.store.clear().await.expect("memory is emptied");
            self.platform.terminals.clear();
            let store = "S-1".into();
            let code = NewCode { vendor: VENDOR.0.into(), store, uses_count_max: 9 };
            let code = issue_code(&self.platform, &code).await.expect("a code").code;
            let device = Activation {
                app_id: "2026010500000001".into(),
                code,
                device_id: "d-1".to_owned(),
                client_sn: None,
                name: None,
            };
            activate(&self.platform, &VENDOR.0.into(), device).await.expect("a terminal")
        });
        let Credentials { sn, key } = made;
        (sn.to_string(), key)
    }

    /// How many lines the journal has.
    pub(crate) fn journal_count(&self) -> usize {
        let lines = self.platform.store.journal_after(0, 0, usize::MAX);
        self.runtime.block_on(lines).expect("memory is read").len()
    }

    /// Sends a request from some address and waits for the whole answer.
    pub(crate) fn send(&self, mut request: Request<Body>) -> Got {
        let peer = SocketAddr::from(([192, 0, 2, 7], 4_000));
        request.extensions_mut().insert(ConnectInfo(peer));
        let router = self.router.clone();
        self.runtime.block_on(async move {
            let Ok(response) = router.oneshot(request).await;
            let (parts, body) = response.into_parts();
            let location = parts.headers.get(http::header::LOCATION);
            let location = location.map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
            let body = to_bytes(body, 4 * 1024 * 1024).await.expect("an answer ends");
            Got { status: parts.status, location, body: body.to_vec() }
        })
    }
}
