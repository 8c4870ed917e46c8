//! What the simulated partners are given: addresses, keys, a clock.

use std::path::Path;
use std::sync::Arc;

use app::clock::MovableClock;
use egress::{Client, Limits, Policy};
use jose::cert::Identity;
use jose::secret::Secret;
use sandbox::{
    BankConfig, ChannelLink, IconConfig, OauthConfig, PartnersConfig, Relation, ServiceConfig,
    SimulatorConfig, WalletConfig,
};

use super::addresses::Addresses;
use super::clock::LentClock;
use super::installation::{Installation, PLATFORM};
use super::partners_folder;
use super::seed::{
    ACQUIRER, CHANNELS, CURRENCIES, DOWNSTREAM_APP, INDUSTRIES, OAUTH_CLIENT, SeedChannel,
    SeedIndustry, is_open,
};
use crate::failure::Failure;
use crate::keys::stored::Purpose;

/// The configuration of all partners.
pub(super) fn config(
    installation: &Installation,
    addresses: &Addresses,
    clock: &MovableClock,
    folder: &Path,
) -> Result<PartnersConfig, Failure> {
    let client = Client::new(Policy::sandbox(), Limits::default(), None)
        .map_err(|error| Failure::at("the partners' client cannot be started", error))?;
    let banks = CHANNELS.iter().map(|it| bank(it, installation, addresses));
    let services = INDUSTRIES.iter().map(|it| service(it, installation, addresses));
    Ok(PartnersConfig {
        clock: Arc::new(LentClock(clock.clone())),
        client,
        folder: Some(partners_folder(folder)?),
        banks: banks.collect::<Result<_, _>>()?,
        services: services.collect::<Result<_, _>>()?,
        simulator: SimulatorConfig {
            relation: relation(installation, addresses, DOWNSTREAM_APP, ACQUIRER)?,
        },
        wallet: Some(WalletConfig {
            base_url: addresses.downstream.clone(),
            platform_url: addresses.platform.clone(),
            secret: Secret::new(installation.secrets.wallet_secret.clone()),
        }),
    })
}

fn relation(
    installation: &Installation,
    addresses: &Addresses,
    app: &str,
    code: &str,
) -> Result<Relation, Failure> {
    let own = |owner, purpose| installation.identity(owner, purpose).map(Arc::clone);
    Ok(Relation {
        base_url: addresses.platform.clone(),
        app_id: app.to_owned(),
        code: code.to_owned(),
        signing: Identity::clone(&*own(app, Purpose::Sign)?),
        encryption: Identity::clone(&*own(app, Purpose::Decrypt)?),
        platform_sign_cert: Arc::clone(own(PLATFORM, Purpose::Sign)?.cert()),
        platform_enc_cert: Arc::clone(own(PLATFORM, Purpose::Decrypt)?.cert()),
    })
}

fn bank(
    seed: &SeedChannel,
    installation: &Installation,
    addresses: &Addresses,
) -> Result<BankConfig, Failure> {
    let opened = INDUSTRIES.iter().filter(|industry| is_open(seed, industry));
    let icons = opened.map(|industry| IconConfig {
        industry_code: industry.code.to_owned(),
        brand: industry.brand,
        needs_mobile: industry.needs.contains(&"mobile"),
    });
    let secret = installation.secrets.oauth.get(seed.code).cloned().unwrap_or_default();
    Ok(BankConfig {
        relation: relation(installation, addresses, seed.app, seed.code)?,
        brand: seed.brand,
        base_url: addresses.bank(seed.brand),
        users: seed.brand.users(),
        icons: icons.collect(),
        oauth: OauthConfig {
            client_id: OAUTH_CLIENT.to_owned(),
            client_secret: Secret::new(secret),
            redirect_uri: format!("{}/ucsp/channel/v1/authorize/callback", addresses.platform),
        },
    })
}

fn service(
    seed: &SeedIndustry,
    installation: &Installation,
    addresses: &Addresses,
) -> Result<ServiceConfig, Failure> {
    let channels = CHANNELS.iter().filter(|channel| is_open(channel, seed));
    let channels = channels.map(|channel| ChannelLink {
        code: channel.code.to_owned(),
        name: channel.brand.name().to_owned(),
        url: addresses.bank(channel.brand),
    });
    Ok(ServiceConfig {
        relation: relation(installation, addresses, seed.app, seed.code)?,
        brand: seed.brand,
        base_url: addresses.service(seed.brand),
        mer_id: seed.merchant.to_owned(),
        acq_iin: ACQUIRER.to_owned(),
        currency_codes: CURRENCIES.map(str::to_owned).to_vec(),
        channels: channels.collect(),
    })
}
