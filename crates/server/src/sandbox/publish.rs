//! What the sandbox tells the world: `sandbox.json`, the addresses, `ready`.

use std::path::Path;

use jose::cert::Identity;
use jose::keyring::Keys;
use sandbox::ServiceConfig;

use super::addresses::Addresses;
use super::document::{
    AdminPart, ChannelPart, IndustryPart, KeysPart, PlatformPart, SandboxDocument, UcspPart,
    UpayPart, UserPart,
};
use super::installation::{CALLBACK, Installation};
use super::seed::{self, ACQUIRER, CHANNELS, CURRENCIES, INDUSTRIES, SeedChannel, SeedIndustry};
use crate::commands::print_line;
use crate::failure::{Failure, Outcome};
use crate::keys::PlatformKeys;
use crate::keys::stored::Purpose;

/// The whole `sandbox.json`.
pub(super) fn document(
    installation: &Installation,
    addresses: &Addresses,
    keys: &PlatformKeys,
) -> Result<SandboxDocument, Failure> {
    let signing = keys.signing();
    let encryption = keys.encryption().ok_or_else(|| Failure::new("no encryption key"))?;
    let channels = CHANNELS.iter().map(|it| channel(it, installation, addresses));
    let channels = channels.collect::<Result<Vec<_>, _>>()?;
    let industries = INDUSTRIES.iter().map(|it| industry(it, installation, addresses));
    let industries = industries.collect::<Result<Vec<_>, _>>()?;
    let missing = || Failure::new("the seed is empty");
    Ok(SandboxDocument {
        base_url: addresses.platform.clone(),
        upay: upay(installation)?,
        ucsp: UcspPart {
            platform: PlatformPart {
                sign_cert_id: signing.id().to_string(),
                sign_cert_pem: signing.cert().pem(),
                enc_cert_id: encryption.id().to_string(),
                enc_cert_pem: encryption.cert().pem(),
            },
            channel: channels.first().cloned().ok_or_else(missing)?,
            industry: industries.first().cloned().ok_or_else(missing)?,
            channels,
            industries,
        },
        admin: AdminPart {
            email: installation.secrets.admin_email.clone(),
            password: installation.secrets.admin_password.clone(),
        },
    })
}

fn upay(installation: &Installation) -> Result<UpayPart, Failure> {
    let secrets = &installation.secrets;
    let callback = installation.identity(CALLBACK, Purpose::Sign)?;
    Ok(UpayPart {
        vendor_sn: secrets.vendor_sn.clone(),
        vendor_key: secrets.vendor_key.clone(),
        app_id: secrets.upay_app_id.clone(),
        activation_codes: secrets.activation_codes.clone(),
        callback_public_key_pem: callback.cert().public_key().pem(),
    })
}

fn keys_of(installation: &Installation, app: &str) -> Result<KeysPart, Failure> {
    let pem = |identity: &Identity| identity.key().to_pkcs8_pem().expose().clone();
    let signing = installation.identity(app, Purpose::Sign)?;
    let encryption = installation.identity(app, Purpose::Decrypt)?;
    Ok(KeysPart {
        sign_cert_id: signing.id().to_string(),
        sign_key_pem: pem(signing),
        enc_cert_id: encryption.id().to_string(),
        enc_key_pem: pem(encryption),
    })
}

fn channel(
    seed: &SeedChannel,
    installation: &Installation,
    addresses: &Addresses,
) -> Result<ChannelPart, Failure> {
    let users = seed.brand.users().into_iter();
    Ok(ChannelPart {
        channel_code: seed.code.to_owned(),
        app_id: seed.app.to_owned(),
        base_url: addresses.bank(seed.brand),
        keys: keys_of(installation, seed.app)?,
        users: users.map(|it| UserPart { user_id: it.user_id, mobile: it.mobile }).collect(),
    })
}

fn industry(
    seed: &SeedIndustry,
    installation: &Installation,
    addresses: &Addresses,
) -> Result<IndustryPart, Failure> {
    let base_url = addresses.service(seed.brand);
    Ok(IndustryPart {
        industry_code: seed.code.to_owned(),
        app_id: seed.app.to_owned(),
        index_url: ServiceConfig::index_url(&base_url),
        base_url,
        mer_id: seed.merchant.to_owned(),
        acq_iin: ACQUIRER.to_owned(),
        currency_codes: CURRENCIES.map(str::to_owned).to_vec(),
        keys: keys_of(installation, seed.app)?,
    })
}

/// Prints where everybody is, and `ready` on a line of its own.
pub(super) fn greet(addresses: &Addresses, document: &Path) -> Outcome {
    let mut rows = vec![("Causeway".to_owned(), addresses.platform.clone())];
    let banks = seed::CHANNELS.iter();
    rows.extend(banks.map(|it| (it.brand.name().to_owned(), addresses.bank(it.brand))));
    let services = seed::INDUSTRIES.iter();
    rows.extend(services.map(|it| (it.brand.name().to_owned(), addresses.service(it.brand))));
    rows.push(("Downstream system".to_owned(), addresses.downstream.clone()));
    rows.push(("Keys and numbers".to_owned(), document.display().to_string()));
    let lines = rows.iter().map(|(name, place)| format!("{name:18} {place}\n"));
    print_line(&(lines.collect::<String>() + "ready"))
}
