//! A partner that signs and verifies by hand, with nothing but what `sandbox.json` says.
//!
//! The header is built here member by member, so that a test can get each of them wrong.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as URL64;
use jiff::Timestamp;
use jose::cert::{Certificate, Identity, Issue, PrivateKey};
use jose::jwe::{self, Profile};
use serde_json::{Map, Value, json};

use super::http::{Http, Reply};
use super::sandbox::Sandbox;

/// The protected header of a message, as JSON.
pub(crate) type Protected = Map<String, Value>;

/// One application of the sandbox.
#[derive(Clone)]
pub(crate) struct Partner {
    /// Its object in `sandbox.json`.
    pub(crate) seed: Value,
    /// `channelCode` or `industryCode`.
    pub(crate) code: String,
    /// `UPI-APPID`.
    pub(crate) app_id: String,
    /// The platform's base address.
    pub(crate) base: String,
    /// Its connections.
    pub(crate) http: Http,
    keys: Keys,
    seen: Arc<Mutex<BTreeSet<String>>>,
}

/// The four keys of a relation.
#[derive(Clone)]
pub(crate) struct Keys {
    sign: Arc<PrivateKey>,
    encrypt: Arc<PrivateKey>,
    platform_sign: Arc<Certificate>,
    platform_enc: Arc<Certificate>,
}

impl Keys {
    /// The keys of a partner that made its own.
    pub(crate) fn of(
        sign: &Identity,
        encrypt: &Identity,
        platform_sign: Arc<Certificate>,
        platform_enc: Arc<Certificate>,
    ) -> Self {
        let key = |identity: &Identity| {
            let pem = identity.key().to_pkcs8_pem();
            Arc::new(PrivateKey::from_pem(pem.expose()).expect("its own PEM"))
        };
        Self { sign: key(sign), encrypt: key(encrypt), platform_sign, platform_enc }
    }
}

/// The system's time, for the freshness of signatures.
#[expect(clippy::disallowed_methods, reason = "a partner's program reads its own clock")]
pub(crate) fn real_now() -> Timestamp {
    Timestamp::now()
}

/// 32 fresh lower-case hex digits.
pub(crate) fn uuid() -> String {
    jose::jws::fresh_uuid()
}

/// Text members of a JSON object.
pub(crate) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is missing in {value}"))
}

impl Partner {
    pub(crate) fn new(sandbox: &Sandbox, seed: &Value, code: &str) -> Self {
        let platform = &sandbox.document["ucsp"]["platform"];
        let key = |name| Arc::new(PrivateKey::from_pem(text(seed, name)).expect(name));
        let certificate = |name, id| {
            let certificate = Certificate::from_pem(text(platform, name)).expect(name);
            assert_eq!(certificate.id().as_str(), text(platform, id), "{name} has the id {id}");
            Arc::new(certificate)
        };
        let keys = Keys {
            sign: key("sign_key_pem"),
            encrypt: key("enc_key_pem"),
            platform_sign: certificate("sign_cert_pem", "sign_cert_id"),
            platform_enc: certificate("enc_cert_pem", "enc_cert_id"),
        };
        Self::with(seed.clone(), code, sandbox.base(), sandbox.http.clone(), keys)
    }

    /// An application with keys from elsewhere; `seed` has the members of `sandbox.json`.
    pub(crate) fn with(seed: Value, code: &str, base: String, http: Http, keys: Keys) -> Self {
        Self {
            code: text(&seed, code).to_owned(),
            app_id: text(&seed, "app_id").to_owned(),
            base,
            http,
            keys,
            seen: Arc::default(),
            seed,
        }
    }

    /// The same one at another address.
    pub(crate) fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// A text member of its object in `sandbox.json`.
    pub(crate) fn seed(&self, name: &str) -> &str {
        text(&self.seed, name)
    }

    /// A correct protected header for a request to this path.
    pub(crate) fn protected(&self, path: &str) -> Protected {
        let crit = ["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID", "UPI-REQPATH"];
        let header = json!({
            "alg": "RS256",
            "kid": self.seed("sign_cert_id"),
            "crit": crit,
            "UPI-UUID": uuid(),
            "UPI-TIMESTAMP": real_now().as_second().to_string(),
            "UPI-APPID": self.app_id,
            "UPI-REQPATH": path,
        });
        header.as_object().cloned().unwrap_or_default()
    }

    /// Signs a body under any protected header: the value of `UPI-JWS`.
    pub(crate) fn sign(&self, protected: &Protected, body: &[u8]) -> String {
        self.sign_text(&Value::Object(protected.clone()).to_string(), body)
    }

    /// Signs under a protected header given as text, JSON or not.
    pub(crate) fn sign_text(&self, protected: &str, body: &[u8]) -> String {
        let header = URL64.encode(protected);
        let input = format!("{header}.{}", URL64.encode(body));
        let signature = self.keys.sign.sign_sha256(input.as_bytes()).expect("a signature");
        format!("{header}..{}", URL64.encode(signature))
    }

    /// Signs with the encryption key, as integrators do by mistake.
    pub(crate) fn sign_with_wrong_key(&self, protected: &Protected, body: &[u8]) -> String {
        let mut mistaken = self.clone();
        mistaken.keys.sign = Arc::clone(&self.keys.encrypt);
        mistaken.sign(protected, body)
    }

    /// The value of `UPI-JWS` for a correct request.
    pub(crate) fn header(&self, path: &str, body: &[u8]) -> String {
        self.sign(&self.protected(path), body)
    }

    /// Posts a body with any header value; an empty one leaves the header out.
    pub(crate) async fn post(&self, path: &str, jws: &str, body: &str) -> Reply {
        let url = format!("{}{path}", self.base);
        let sent = self.http.post(&url, &[("UPI-JWS", jws)], body.to_owned()).await;
        sent.expect("the platform answers")
    }

    /// Posts a correctly signed body.
    pub(crate) async fn post_signed(&self, path: &str, body: &str) -> Reply {
        self.post(path, &self.header(path, body.as_bytes()), body).await
    }

    /// Posts a correctly signed body; what became of the connection is up to the caller.
    pub(crate) async fn try_post(
        &self,
        path: &str,
        body: &str,
        fields: &[(&str, &str)],
    ) -> Result<Reply, String> {
        let jws = self.header(path, body.as_bytes());
        let mut all = vec![("UPI-JWS", jws.as_str())];
        all.extend(fields);
        self.http.post(&format!("{}{path}", self.base), &all, body.to_owned()).await
    }

    /// Sends a message and takes its answer, which must be signed as the protocol says.
    pub(crate) async fn call(&self, path: &str, message: &Value) -> Answer {
        self.call_with(path, message, &[]).await
    }

    /// As [`Self::call`], with header fields.
    pub(crate) async fn call_with(
        &self,
        path: &str,
        message: &Value,
        fields: &[(&str, &str)],
    ) -> Answer {
        let reply = self.try_post(path, &message.to_string(), fields).await;
        self.accept(&reply.expect("the platform answers"))
    }

    /// Takes an answer of status 200 whose signature holds.
    #[track_caller]
    pub(crate) fn accept(&self, reply: &Reply) -> Answer {
        assert_eq!(reply.status, 200, "{}", reply.text());
        self.check_signature(reply).unwrap_or_else(|rule| panic!("{rule}: {}", reply.text()));
        Answer(reply.json())
    }

    /// Whether the answer is signed by the platform for this application (security 1).
    pub(crate) fn check_signature(&self, reply: &Reply) -> Result<(), String> {
        let value = reply.header("UPI-JWS");
        let (protected, crit) = self.verify(value, &reply.body)?;
        if crit != ["UPI-APPID", "UPI-TIMESTAMP", "UPI-UUID"] {
            return Err(format!("crit is {crit:?}"));
        }
        if protected.contains_key("UPI-REQPATH") {
            return Err("an answer has no UPI-REQPATH".into());
        }
        Ok(())
    }

    /// Whether a call of the platform is signed for this application and this path.
    pub(crate) fn check_call(&self, value: &str, body: &[u8], path: &str) -> Result<(), String> {
        let (protected, crit) = self.verify(value, body)?;
        if crit != ["UPI-APPID", "UPI-REQPATH", "UPI-TIMESTAMP", "UPI-UUID"] {
            return Err(format!("crit is {crit:?}"));
        }
        if protected["UPI-REQPATH"] != path {
            return Err(format!("UPI-REQPATH is {}", protected["UPI-REQPATH"]));
        }
        Ok(())
    }

    fn verify(&self, value: &str, body: &[u8]) -> Result<(Protected, Vec<String>), String> {
        let parts: Vec<&str> = value.split('.').collect();
        let &[header, "", signature] = parts.as_slice() else {
            return Err(format!("UPI-JWS is {value:?}"));
        };
        let bytes = |text: &str| URL64.decode(text).map_err(|error| error.to_string());
        let input = format!("{header}.{}", URL64.encode(body));
        let key = self.keys.platform_sign.public_key();
        if !key.verify_sha256(input.as_bytes(), &bytes(signature)?) {
            return Err("the signature does not hold".into());
        }
        let protected: Protected =
            serde_json::from_slice(&bytes(header)?).map_err(|error| error.to_string())?;
        let member = |name: &str| protected.get(name).and_then(Value::as_str).unwrap_or_default();
        let stamp: i64 = member("UPI-TIMESTAMP").parse().map_err(|_| "UPI-TIMESTAMP")?;
        let uuid = member("UPI-UUID");
        let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let rules = [
            ("alg", member("alg") == "RS256"),
            ("kid", member("kid") == self.keys.platform_sign.id().as_str()),
            ("UPI-APPID", member("UPI-APPID") == self.app_id),
            ("UPI-TIMESTAMP", (real_now().as_second() - stamp).abs() <= 300),
            ("UPI-UUID", uuid.len() == 32 && uuid.bytes().all(hex)),
            ("a fresh UPI-UUID", self.seen.lock().expect("uuids").insert(uuid.to_owned())),
        ];
        if let Some((name, _)) = rules.iter().find(|(_, holds)| !holds) {
            return Err(format!("{name} in {}", Value::Object(protected.clone())));
        }
        let crit = protected.get("crit").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut names: Vec<String> =
            crit.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect();
        names.sort();
        Ok((protected, names))
    }

    /// The value of `UPI-JWS` for an answer of this partner.
    pub(crate) fn answer_header(&self, body: &[u8]) -> String {
        let mut protected = self.protected("");
        protected.remove("UPI-REQPATH");
        protected.insert("crit".into(), json!(["UPI-UUID", "UPI-TIMESTAMP", "UPI-APPID"]));
        self.sign(&protected, body)
    }

    /// Encrypts for the platform.
    pub(crate) fn encrypt(&self, plain: &str) -> String {
        jwe::encrypt(plain.as_bytes(), &self.keys.platform_enc, Profile::Rsa15A128CbcHs256)
            .expect("a JWE")
    }

    /// Decrypts what was encrypted for this partner; its `kid` must say so.
    pub(crate) fn decrypt(&self, compact: &str) -> String {
        assert_eq!(jwe::kid(compact).expect("a JWE"), self.seed("enc_cert_id"));
        let identity = identity(&self.keys.encrypt);
        let profiles = [Profile::Rsa15A128CbcHs256];
        let plain = jwe::decrypt(compact, |_| Some(Arc::clone(&identity)), &profiles);
        String::from_utf8(plain.expect("a JWE for us").expose().clone()).expect("UTF-8")
    }

    /// Signs a text with `"signature":"00000000"` in the body.
    pub(crate) fn sign_in_body(&self, message: &Value) -> String {
        let form = jose::inbody::Form::Bare;
        jose::inbody::sign_in_body(&message.to_string(), &identity(&self.keys.sign), form)
            .expect("a message with a place for the signature")
    }

    /// Whether a text carries the platform's signature in its body.
    pub(crate) fn check_in_body(&self, text: &str) -> Result<(), String> {
        jose::inbody::verify_in_body(text, &self.keys.platform_sign)
            .map(|_| ())
            .map_err(|error| error.to_string())
    }
}

/// The key with a certificate around it, which the key functions ask for.
fn identity(key: &PrivateKey) -> Arc<Identity> {
    let pem = key.to_pkcs8_pem();
    let key = PrivateKey::from_pem(pem.expose()).expect("its own PEM");
    let issue = Issue { subject: "stranger", serial: 1, not_before: real_now(), validity_days: 1 };
    Arc::new(Identity::certify(key, &issue).expect("a certificate"))
}

/// A verified answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer(pub(crate) Value);

impl Answer {
    /// `responseCode`.
    pub(crate) fn code(&self) -> &str {
        self.0["msgResponse"]["responseCode"].as_str().unwrap_or_default()
    }

    /// `errorDetail`.
    pub(crate) fn detail(&self) -> &str {
        self.0["msgResponse"]["errorDetail"].as_str().unwrap_or_default()
    }

    /// A member of `trxInfo`, or of the top level in the flat shape; empty when absent.
    pub(crate) fn get(&self, name: &str) -> &str {
        let inside = self.0["trxInfo"][name].as_str();
        inside.or_else(|| self.0[name].as_str()).unwrap_or_default()
    }

    /// Fails unless the code is the expected one.
    #[track_caller]
    pub(crate) fn expect(self, code: &str) -> Self {
        assert_eq!(self.code(), code, "{}", self.0);
        self
    }

    /// Fails unless a refund or cancellation was taken on: 05, or 00 where its result was known
    /// before the answer went out.
    #[track_caller]
    pub(crate) fn expect_taken(self) -> Self {
        assert!(["00", "05"].contains(&self.code()), "{}", self.0);
        self
    }

    /// Fails unless code and words of `errorDetail` are the expected ones.
    #[track_caller]
    pub(crate) fn expect_detail(self, code: &str, words: &str) -> Self {
        assert_eq!(self.code(), code, "{}", self.0);
        assert!(self.detail().contains(words), "{words:?} in {}", self.0);
        self
    }
}
