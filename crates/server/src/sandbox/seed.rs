//! The seed data of the sandbox: two channels, two services, one acquirer, who is opened to whom.
//!
//! Numbers are fixed, so that examples in guides work everywhere; keys and secrets are made anew.

use app::directory::DirectoryData;
use app::limits::ACTIVATION_CODE_LIFE;
use app::ports::Sealer;
use app::use_cases::terminals::VENDOR_KEY;
use domain::party::{
    Acquirer, Application, Channel, EncryptionProfile, InBodyForm, Industry, KeyUse, Merchant,
    OauthClient, Opening, PartnerCertificate, Party, Security,
};
use domain::terminal::{ActivationCode, Store, Vendor, VendorApp};
use jiff::Timestamp;
use money::Currency;
use sandbox::{BankBrand, BankConfig, ServiceBrand, ServiceConfig};

use super::addresses::Addresses;
use super::installation::{CALLBACK, Installation, PLATFORM};
use crate::directory_file::sealed_like;
use crate::failure::Failure;
use crate::keys::stored::Purpose;

/// A channel of the seed.
pub(crate) struct SeedChannel {
    /// `channelCode`.
    pub(crate) code: &'static str,
    /// Its application.
    pub(crate) app: &'static str,
    /// The product that plays it.
    pub(crate) brand: BankBrand,
}

/// An industry service of the seed.
pub(crate) struct SeedIndustry {
    /// `industryCode`.
    pub(crate) code: &'static str,
    /// Its application.
    pub(crate) app: &'static str,
    /// The product that plays it.
    pub(crate) brand: ServiceBrand,
    /// Its merchant.
    pub(crate) merchant: &'static str,
    /// The merchant's name at the cashier.
    pub(crate) merchant_name: &'static str,
    /// Members of the login that it needs (ucsp.md section 8.11).
    pub(crate) needs: &'static [&'static str],
}

/// The channels.
pub(crate) const CHANNELS: [SeedChannel; 2] = [
    SeedChannel { code: "20000001", app: "00200001", brand: BankBrand::Harbour },
    SeedChannel { code: "20000002", app: "00200002", brand: BankBrand::Jade },
];

/// The industry services.
pub(crate) const INDUSTRIES: [SeedIndustry; 2] = [
    SeedIndustry {
        code: "10000001",
        app: "00100001",
        brand: ServiceBrand::ParkEasy,
        merchant: "100000010000017",
        merchant_name: "ParkEasy",
        needs: &["mobile"],
    },
    SeedIndustry {
        code: "10000002",
        app: "00100002",
        brand: ServiceBrand::TravelJoy,
        merchant: "100000020000025",
        merchant_name: "TravelJoy",
        needs: &[],
    },
];

/// Merchant and store of the activation codes.
pub(crate) const STORES: [(&str, &str); 2] =
    [("100000010000017", "100000010000017001"), ("100000020000025", "100000020000025001")];
/// `payway`s that the simulated wallets serve (upay.md section 10.5).
pub(crate) const PAYWAYS: [u16; 17] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19, 20, 22, 100];
/// `acqIIN` of the acquirer.
pub(crate) const ACQUIRER: &str = "00010344";
/// The application of its downstream payment system.
pub(crate) const DOWNSTREAM_APP: &str = "00300001";
/// Currencies that the merchants may take.
pub(crate) const CURRENCIES: [&str; 2] = ["156", "344"];
/// The platform's client id at the channels' OAuth servers.
pub(crate) const OAUTH_CLIENT: &str = "causeway";
/// The acquirer's zone.
const ZONE: &str = "Asia/Shanghai";

/// Whether the service is opened for the channel: every pair but the first channel with the
/// second service (ucsp.md section 8.11).
pub(crate) fn is_open(channel: &SeedChannel, industry: &SeedIndustry) -> bool {
    !(channel.brand == BankBrand::Harbour && industry.brand == ServiceBrand::TravelJoy)
}

/// Whose keys are made, each with the name that goes into its certificates.
pub(crate) fn key_owners() -> Vec<(String, String)> {
    let fixed = [(PLATFORM, "Causeway sandbox platform"), (CALLBACK, "Causeway sandbox callback")];
    let channels = CHANNELS.iter().map(|it| (it.app, it.brand.name()));
    let industries = INDUSTRIES.iter().map(|it| (it.app, it.brand.name()));
    let downstream = (DOWNSTREAM_APP, "Downstream simulator");
    let all = fixed.into_iter().chain(channels).chain(industries).chain([downstream]);
    all.map(|(owner, name)| (owner.to_owned(), name.to_owned())).collect()
}

/// The directory with these keys at these addresses. `stored` is the directory before: secrets
/// that did not change stay sealed as they are.
pub(crate) fn directory(
    installation: &Installation,
    addresses: &Addresses,
    stored: &DirectoryData,
    sealer: &dyn Sealer,
) -> Result<DirectoryData, Failure> {
    let mut applications = Vec::new();
    let mut add = |app: &str, owner| -> Result<(), Failure> {
        applications.push(application(installation, app, owner)?);
        Ok(())
    };
    for channel in &CHANNELS {
        add(channel.app, Party::Channel(channel.code.into()))?;
    }
    for industry in &INDUSTRIES {
        add(industry.app, Party::Industry(industry.code.into()))?;
    }
    add(DOWNSTREAM_APP, Party::Downstream(ACQUIRER.into()))?;
    let channels = CHANNELS.iter().map(|it| channel(it, installation, addresses, stored, sealer));
    let openings = CHANNELS.iter().flat_map(|channel| {
        INDUSTRIES.iter().map(|industry| Opening {
            channel: channel.code.into(),
            industry: industry.code.into(),
            open: is_open(channel, industry),
        })
    });
    Ok(DirectoryData {
        applications,
        channels: channels.collect(),
        industries: INDUSTRIES.iter().map(|it| industry(it, addresses)).collect(),
        merchants: INDUSTRIES.iter().map(merchant).collect::<Result<_, _>>()?,
        acquirers: vec![Acquirer {
            iin: ACQUIRER.into(),
            zone: ZONE.to_owned(),
            downstream_url: addresses.downstream.clone(),
            downstream_app: DOWNSTREAM_APP.into(),
        }],
        openings: openings.collect(),
        vendors: vec![vendor(installation, stored, sealer)],
        stores: STORES.map(store).to_vec(),
    })
}

/// The vendor of the tills. Its key stays sealed as it is.
fn vendor(installation: &Installation, stored: &DirectoryData, sealer: &dyn Sealer) -> Vendor {
    let secrets = &installation.secrets;
    let before = stored.vendors.iter().find(|it| it.sn.as_str() == secrets.vendor_sn);
    let same = |sealed: &&str| {
        sealer.open(VENDOR_KEY, sealed).as_deref() == Some(secrets.vendor_key.as_str())
    };
    let before = before.map(|it| it.key_sealed.as_str()).filter(same);
    let seal_anew = || sealer.seal(VENDOR_KEY, &secrets.vendor_key);
    Vendor {
        sn: secrets.vendor_sn.as_str().into(),
        name: "Sandbox tills".to_owned(),
        key_sealed: before.map_or_else(seal_anew, str::to_owned),
        active: true,
        apps: vec![VendorApp {
            id: secrets.upay_app_id.as_str().into(),
            name: "Sandbox till".to_owned(),
        }],
    }
}

fn store((merchant, sn): (&str, &str)) -> Store {
    let name = INDUSTRIES.iter().find(|it| it.merchant == merchant).map(|it| it.merchant_name);
    Store {
        sn: sn.into(),
        merchant: merchant.into(),
        name: format!("{} kiosk", name.unwrap_or_default()),
        open: true,
        daily_limit_minor: None,
    }
}

/// The activation codes of the seed, as they are issued at the first start and by each reset.
pub(crate) fn codes(installation: &Installation, issued_at: Timestamp) -> Vec<ActivationCode> {
    let secrets = &installation.secrets;
    let code = |it: &super::document::ActivationCode| ActivationCode {
        code: it.code.clone(),
        vendor: secrets.vendor_sn.as_str().into(),
        merchant: it.merchant.as_str().into(),
        store: it.store_sn.as_str().into(),
        uses_count_max: it.remaining,
        remaining: it.remaining,
        issued_at,
        expires_at: issued_at.checked_add(ACTIVATION_CODE_LIFE).unwrap_or(issued_at),
    };
    secrets.activation_codes.iter().map(code).collect()
}

fn application(
    installation: &Installation,
    app: &str,
    owner: Party,
) -> Result<Application, Failure> {
    let certificate = |purpose, key_use| {
        let identity = installation.identity(app, purpose)?;
        Ok::<_, Failure>(PartnerCertificate {
            id: identity.id().to_string(),
            key_use,
            pem: identity.cert().pem(),
            retires_at: None,
            revoked: false,
        })
    };
    Ok(Application {
        id: app.into(),
        owner,
        active: true,
        sandbox: true,
        security: Security::Jws,
        in_body: InBodyForm::Bare,
        encryption: EncryptionProfile::Rsa15,
        ip_rules: Vec::new(),
        certificates: vec![
            certificate(Purpose::Sign, KeyUse::Sign)?,
            certificate(Purpose::Decrypt, KeyUse::Encrypt)?,
        ],
    })
}

fn channel(
    seed: &SeedChannel,
    installation: &Installation,
    addresses: &Addresses,
    stored: &DirectoryData,
    sealer: &dyn Sealer,
) -> Channel {
    let base_url = addresses.bank(seed.brand);
    let (authorize_url, token_url, userinfo_url) = BankConfig::oauth_urls(&base_url);
    let before = stored.channels.iter().find(|it| it.code.as_str() == seed.code);
    let before = before.and_then(|it| it.oauth.as_ref()).map(|it| it.client_secret_sealed.as_str());
    let secret = installation.secrets.oauth.get(seed.code).map_or("", String::as_str);
    Channel {
        code: seed.code.into(),
        name: seed.brand.name().to_owned(),
        app: seed.app.into(),
        base_url,
        active: true,
        oauth: Some(OauthClient {
            authorize_url,
            token_url,
            userinfo_url,
            client_id: OAUTH_CLIENT.to_owned(),
            client_secret_sealed: sealed_like(before, secret, sealer),
        }),
    }
}

fn industry(seed: &SeedIndustry, addresses: &Addresses) -> Industry {
    let base_url = addresses.service(seed.brand);
    Industry {
        code: seed.code.into(),
        name: seed.brand.name().to_owned(),
        app: seed.app.into(),
        index_url: ServiceConfig::index_url(&base_url),
        back_url: ServiceConfig::back_url(&base_url),
        front_url: Some(ServiceConfig::front_url(&base_url)),
        active: true,
        needs: seed.needs.iter().map(|&name| name.to_owned()).collect(),
        cards_within_hours: None,
    }
}

fn merchant(seed: &SeedIndustry) -> Result<Merchant, Failure> {
    let currencies = CURRENCIES.iter().map(|code| Currency::from_numeric(code));
    let currencies = currencies.collect::<Result<_, _>>();
    Ok(Merchant {
        id: seed.merchant.into(),
        name: seed.merchant_name.to_owned(),
        industry: Some(seed.code.into()),
        acquirer: ACQUIRER.into(),
        daily_limit_minor: None,
        currencies: currencies.map_err(|error| Failure::at("the seed's currencies", error))?,
        active: true,
    })
}
