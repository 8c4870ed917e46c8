//! Keys, a clock that tests move, the stand-in for the platform, and the partners themselves.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse as _, Response};
use egress::{Client, Limits, Policy, Request};
use jiff::{SignedDuration, Timestamp};
use jose::cert::Identity;
use jose::jws::{self, Answer, Call, PartnerKeys, SignOptions, verify_answer, verify_request};
use jose::keyring::Clock;
use jose::mac::MacKey;
use jose::secret::Secret;
use sandbox::wallet::Wallet;
use sandbox::{
    BankBrand, BankConfig, Busy, IconConfig, Listeners, OauthConfig, PartnerClock, Partners,
    PartnersConfig, Relation, ServiceBrand, ServiceConfig, SimulatorConfig, WalletConfig,
};
use sdk::JWS_HEADER;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};
use wire::downstream::NOTICE_PATH;
use wire::ucsp::{
    ChannelLoginInfo, ChannelLoginInfoAnswer, MsgResponse, PaymentRefund, PaymentResultInquiry,
    PaymentResultInquiryAnswer, ResponseCode, SubmitPaymentOrder, SubmitPaymentOrderAnswer, decode,
    decode_flat, encode_answer, encode_flat_answer,
};
use wire::wallet;

pub(crate) const BANK_APP: &str = "HARBOUR1";
pub(crate) const SERVICE_APP: &str = "PARKEASY";
pub(crate) const DOWNSTREAM_APP: &str = "DOWNSTRM";
pub(crate) const CHANNEL: &str = "20000001";
pub(crate) const INDUSTRY: &str = "10000001";
pub(crate) const CLIENT_SECRET: &str = "a secret of the platform";

pub(crate) fn wallet_secret() -> Secret<String> {
    Secret::new("a secret of platform and wallet".to_owned())
}

pub(crate) fn start() -> Timestamp {
    "2026-01-05T02:30:00Z".parse().unwrap()
}

/// A clock whose business time is moved by hand; real time stands still.
pub(crate) struct ManualClock {
    now: Mutex<Timestamp>,
    moved: Notify,
}

impl ManualClock {
    pub(crate) fn advance(&self, seconds: i64) {
        *self.now.lock().unwrap() += SignedDuration::from_secs(seconds);
        self.moved.notify_waiters();
    }
}

#[async_trait]
impl PartnerClock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn real_now(&self) -> Timestamp {
        start()
    }

    async fn sleep_until(&self, until: Timestamp) -> Busy {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
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

/// One relation: the partner's keys.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) sign: Identity,
    pub(crate) enc: Identity,
}

impl Pair {
    fn new(serial: u64) -> Self {
        let before = start() - SignedDuration::from_hours(24);
        let make = |name, serial| Identity::generate(name, serial, before, 30).unwrap();
        Self { sign: make("sign", serial), enc: make("enc", serial + 1) }
    }
}

/// A signed message that reached the platform.
pub(crate) struct Got {
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// How the platform shall answer the next order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Script {
    Refuse(ResponseCode),
    /// Take it on and lose the answer.
    Lose,
}

pub(crate) struct Platform {
    pub(crate) keys: Pair,
    partners: Vec<(&'static str, Pair)>,
    got: mpsc::UnboundedSender<Got>,
    pub(crate) script: Mutex<VecDeque<Script>>,
    pub(crate) status: Mutex<&'static str>,
    /// How many wallet notices it will not take.
    pub(crate) deaf: Mutex<u32>,
}

/// Everything a test needs.
pub(crate) struct World {
    pub(crate) platform: Arc<Platform>,
    pub(crate) platform_url: String,
    pub(crate) bank_url: String,
    pub(crate) service_url: String,
    pub(crate) downstream_url: String,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) got: mpsc::UnboundedReceiver<Got>,
    pub(crate) client: Client,
    partners: Option<(Partners, oneshot::Sender<()>)>,
    folder: Option<PathBuf>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::in_folder(None).await
    }

    pub(crate) async fn in_folder(folder: Option<PathBuf>) -> Self {
        let (sender, got) = mpsc::unbounded_channel();
        let platform = Arc::new(Platform {
            keys: Pair::new(1),
            partners: vec![
                (BANK_APP, Pair::new(11)),
                (SERVICE_APP, Pair::new(21)),
                (DOWNSTREAM_APP, Pair::new(31)),
            ],
            got: sender,
            script: Mutex::default(),
            status: Mutex::new("PAYING"),
            deaf: Mutex::new(0),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let platform_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(handle).with_state(Arc::clone(&platform));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let mut world = Self {
            platform,
            platform_url,
            bank_url: String::new(),
            service_url: String::new(),
            downstream_url: String::new(),
            clock: Arc::new(ManualClock { now: Mutex::new(start()), moved: Notify::new() }),
            got,
            client: Client::new(Policy::sandbox(), Limits::default(), None).unwrap(),
            partners: None,
            folder,
        };
        world.restart().await;
        world
    }

    /// Ends the partners if they run, and starts them anew on fresh ports.
    pub(crate) async fn restart(&mut self) {
        if let Some((partners, stop)) = self.partners.take() {
            drop(stop);
            partners.stopped().await;
        }
        let bind = || TcpListener::bind("127.0.0.1:0");
        let listeners = Listeners {
            banks: bind().await.unwrap(),
            services: bind().await.unwrap(),
            simulator: bind().await.unwrap(),
        };
        let url = |listener: &TcpListener| format!("http://{}", listener.local_addr().unwrap());
        // The bank lives under a prefix, the service does not.
        self.bank_url = format!("{}/second", url(&listeners.banks));
        self.service_url = url(&listeners.services);
        self.downstream_url = url(&listeners.simulator);
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async move { drop(stopped.await) };
        let started = Partners::start(self.config(), listeners, shutdown).await.unwrap();
        self.partners = Some((started, stop));
    }

    /// The wallets behind the terminals.
    pub(crate) fn wallet(&self) -> &Arc<Wallet> {
        self.partners.as_ref().and_then(|(partners, _)| partners.wallet()).unwrap()
    }

    /// Forgets everything, as the sandbox's reset does.
    pub(crate) fn reset(&self) {
        let (partners, _) = self.partners.as_ref().unwrap();
        partners.reset().unwrap();
    }

    fn config(&self) -> PartnersConfig {
        let bank = BankConfig {
            relation: self.relation(BANK_APP, CHANNEL),
            brand: BankBrand::Harbour,
            base_url: self.bank_url.clone(),
            users: BankBrand::Harbour.users(),
            icons: vec![IconConfig {
                industry_code: INDUSTRY.to_owned(),
                brand: ServiceBrand::ParkEasy,
                needs_mobile: true,
            }],
            oauth: OauthConfig {
                client_id: "causeway".to_owned(),
                client_secret: Secret::new(CLIENT_SECRET.to_owned()),
                redirect_uri: format!("{}/callback", self.platform_url),
            },
        };
        let service = ServiceConfig {
            relation: self.relation(SERVICE_APP, INDUSTRY),
            brand: ServiceBrand::ParkEasy,
            base_url: self.service_url.clone(),
            mer_id: "100000010000017".to_owned(),
            acq_iin: "00010344".to_owned(),
            currency_codes: vec!["344".to_owned(), "156".to_owned()],
            channels: Vec::new(),
        };
        PartnersConfig {
            clock: Arc::clone(&self.clock) as Arc<dyn PartnerClock>,
            client: self.client.clone(),
            folder: self.folder.clone(),
            banks: vec![bank],
            services: vec![service],
            simulator: SimulatorConfig { relation: self.relation(DOWNSTREAM_APP, "00010344") },
            wallet: Some(WalletConfig {
                base_url: self.downstream_url.clone(),
                platform_url: self.platform_url.clone(),
                secret: wallet_secret(),
            }),
        }
    }

    fn relation(&self, app_id: &str, code: &str) -> Relation {
        let pair = self.platform.pair(app_id);
        Relation {
            base_url: self.platform_url.clone(),
            app_id: app_id.to_owned(),
            code: code.to_owned(),
            signing: pair.sign.clone(),
            encryption: pair.enc.clone(),
            platform_sign_cert: Arc::clone(self.platform.keys.sign.cert()),
            platform_enc_cert: Arc::clone(self.platform.keys.enc.cert()),
        }
    }

    /// A signed call of the platform; the body of the verified answer.
    pub(crate) async fn call(&self, app_id: &str, url: &str, body: Vec<u8>) -> Vec<u8> {
        let path = url.splitn(4, '/').nth(3).map(|path| format!("/{path}")).unwrap();
        let jws = self.platform.sign(app_id, &body, Some(&path));
        let request = Request::post(url, body)
            .header("Content-Type", "application/json")
            .header(JWS_HEADER, jws);
        let response = self.client.send(request).await.unwrap();
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
        let answer = Answer {
            header: response.header(JWS_HEADER),
            body: &response.body,
            app_id,
            now_real: start(),
        };
        let certificate = self.platform.pair(app_id).sign.cert();
        verify_answer(&answer, |_| Some(Arc::clone(certificate))).unwrap();
        response.body.to_vec()
    }

    /// The status of a call that carries no signature.
    pub(crate) async fn unsigned(&self, url: &str) -> u16 {
        let request = Request::post(url, "{}").header("Content-Type", "application/json");
        self.client.send(request).await.unwrap().status
    }
}

impl Platform {
    pub(crate) fn pair(&self, app_id: &str) -> &Pair {
        &self.partners.iter().find(|(id, _)| *id == app_id).unwrap().1
    }

    pub(crate) fn sign(&self, app_id: &str, body: &[u8], path: Option<&str>) -> String {
        let options = SignOptions {
            app_id,
            uuid: &jws::fresh_uuid(),
            timestamp: start().as_second(),
            req_path: path,
        };
        jws::sign(&self.keys.sign, body, &options).unwrap()
    }

    fn find(&self, app_id: &str) -> Option<Arc<PartnerKeys>> {
        let (_, pair) = self.partners.iter().find(|(id, _)| *id == app_id)?;
        let certificates = (Arc::clone(pair.sign.cert()), Arc::clone(pair.enc.cert()));
        Some(Arc::new(PartnerKeys::new(app_id, certificates.0, certificates.1)))
    }

    fn answer(&self, path: &str, body: &[u8]) -> Option<Vec<u8>> {
        let approved = MsgResponse::of(ResponseCode::Approved);
        let time = "20260105103001";
        Some(match path {
            "/ucsp/channel/v1/channellogininfo" => {
                let message = decode_flat::<ChannelLoginInfo>(body).unwrap();
                let fields = ChannelLoginInfoAnswer {
                    channel_code: message.body.channel_code.clone(),
                    industry_code: message.body.industry_code.clone(),
                    industry_url: Some("http://127.0.0.1:1/ucsp/login/once".to_owned()),
                };
                encode_flat_answer(&message.answer(fields, approved))
            }
            "/ucsp/industry/v1/submitpaymentorder" => {
                let message = decode::<SubmitPaymentOrder>(body).unwrap();
                match self.script.lock().unwrap().pop_front() {
                    Some(Script::Lose) => return None,
                    Some(Script::Refuse(code)) => {
                        return Some(encode_answer(&message.refuse(time, MsgResponse::of(code))));
                    }
                    None => {}
                }
                let fields = SubmitPaymentOrderAnswer {
                    order_id: message.trx_info.order_id.clone(),
                    txn_time: message.trx_info.txn_time.clone(),
                    mer_id: message.trx_info.mer_id.clone(),
                    tn: Some("820260105103001000017".to_owned()),
                    payment_url: Some("http://127.0.0.1:1/cashier/1".to_owned()),
                };
                encode_answer(&message.answer(time, fields, approved))
            }
            "/ucsp/industry/v1/paymentrefund" => {
                let message = decode::<PaymentRefund>(body).unwrap();
                let accepted = MsgResponse::of(ResponseCode::Accepted);
                encode_answer(&message.refuse(time, accepted))
            }
            "/ucsp/industry/v1/paymentresultinquiry" => {
                let message = decode::<PaymentResultInquiry>(body).unwrap();
                let fields = PaymentResultInquiryAnswer {
                    order_id: message.trx_info.order_id.clone().unwrap_or_default(),
                    txn_time: message.trx_info.txn_time.clone().unwrap_or_default(),
                    mer_id: message.trx_info.mer_id.clone(),
                    txn_status: Some((*self.status.lock().unwrap()).to_owned()),
                    ..PaymentResultInquiryAnswer::default()
                };
                encode_answer(&message.answer(time, fields, approved))
            }
            NOTICE_PATH => br#"{"respCode":"00"}"#.to_vec(),
            other => panic!("nobody may call {other}"),
        })
    }
}

fn take_wallet_notice(platform: &Platform, headers: &HeaderMap, body: &Bytes) -> Response {
    let key = MacKey::new(&wallet_secret()).unwrap();
    let tag = headers.get(wallet::MAC_HEADER).unwrap().to_str().unwrap();
    assert!(key.holds(&wallet::request_context(wallet::NOTICE_PATH), body, tag));
    let got = Got { path: wallet::NOTICE_PATH.to_owned(), body: body.to_vec() };
    platform.got.send(got).unwrap();
    let mut deaf = platform.deaf.lock().unwrap();
    let answer = wallet::encode(&wallet::NoticeAnswer { taken: *deaf == 0 });
    *deaf = deaf.saturating_sub(1);
    let mac = key.tag(&wallet::answer_context(tag), &answer);
    ([(wallet::MAC_HEADER, mac)], answer).into_response()
}

async fn handle(
    State(platform): State<Arc<Platform>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if uri.path() == wallet::NOTICE_PATH {
        return take_wallet_notice(&platform, &headers, &body);
    }
    let call = Call {
        header: headers.get(JWS_HEADER).and_then(|value| value.to_str().ok()),
        body: &body,
        path: uri.path(),
        peer: None,
        now: Clock::real(start()),
    };
    let verified = verify_request(&call, &|app_id: &str| platform.find(app_id)).unwrap();
    let got = Got { path: uri.path().to_owned(), body: body.to_vec() };
    platform.got.send(got).unwrap();
    let Some(answer) = platform.answer(uri.path(), &body) else {
        return axum::http::StatusCode::BAD_GATEWAY.into_response();
    };
    let jws = platform.sign(verified.app_id(), &answer, None);
    let headers = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (headers, answer).into_response();
    response.headers_mut().insert(JWS_HEADER, jws.parse().unwrap());
    response
}
