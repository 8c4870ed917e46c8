//! What the simulated partners are given: addresses, codes, keys and a clock, nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use egress::Client;
use jose::secret::Secret;
use tokio::net::TcpListener;

use crate::clock::PartnerClock;

pub use sdk::Relation;

/// All simulated partners.
pub struct PartnersConfig {
    /// Business and real time.
    pub clock: Arc<dyn PartnerClock>,
    /// The HTTP client; [`egress::Policy::sandbox`] fits.
    pub client: Client,
    /// Folder in which the partners keep what they know over a restart, a file each; `None`
    /// keeps it in memory.
    pub folder: Option<PathBuf>,
    /// The channel apps. Each serves under the path of its own base address, so that several
    /// share one listener.
    pub banks: Vec<BankConfig>,
    /// The industry services, likewise.
    pub services: Vec<ServiceConfig>,
    /// The downstream payment system.
    pub simulator: SimulatorConfig,
    /// The wallets behind the terminals, on the listener of the downstream payment system;
    /// `None` when there are none.
    pub wallet: Option<WalletConfig>,
}

/// Sockets that are bound already.
pub struct Listeners {
    /// For the channel apps.
    pub banks: TcpListener,
    /// For the industry services.
    pub services: TcpListener,
    /// For the downstream payment system.
    pub simulator: TcpListener,
}

/// Which product a channel app shows itself as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BankBrand {
    /// Harbour Bank.
    Harbour,
    /// Jade Wallet.
    Jade,
}

/// Which product an industry service shows itself as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ServiceBrand {
    /// ParkEasy, parking.
    ParkEasy,
    /// TravelJoy, rail tickets.
    TravelJoy,
}

/// A channel app.
pub struct BankConfig {
    /// The relation to the platform; its `code` is the channel code.
    pub relation: Relation,
    /// The product.
    pub brand: BankBrand,
    /// Its own public base address without a slash at the end; a path in it (`/second`) is the
    /// prefix of all its pages and of its `/ucsp/v1/...`.
    pub base_url: String,
    /// Its users; [`BankBrand::users`] has the seed.
    pub users: Vec<UserConfig>,
    /// The services whose icons it shows.
    pub icons: Vec<IconConfig>,
    /// The platform as a client of its OAuth server.
    pub oauth: OauthConfig,
}

/// A user of a channel app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserConfig {
    /// `userId`.
    pub user_id: String,
    /// Name as shown.
    pub name: String,
    /// Mobile number with country code.
    pub mobile: String,
    /// Email address.
    pub email: String,
}

/// A service icon in a channel app.
#[derive(Debug, Clone)]
pub struct IconConfig {
    /// `industryCode`.
    pub industry_code: String,
    /// The product behind it.
    pub brand: ServiceBrand,
    /// Whether the service needs the mobile number; else only the user id goes over.
    pub needs_mobile: bool,
}

/// The platform's registration at a channel's OAuth server (`ucsp.md` 8.10).
pub struct OauthConfig {
    /// Client id of the platform.
    pub client_id: String,
    /// Its secret.
    pub client_secret: Secret<String>,
    /// The one redirect address that is accepted: the platform's
    /// `/ucsp/channel/v1/authorize/callback`.
    pub redirect_uri: String,
}

/// An industry service.
pub struct ServiceConfig {
    /// The relation to the platform; its `code` is the industry code.
    pub relation: Relation,
    /// The product.
    pub brand: ServiceBrand,
    /// Its own public base address without a slash at the end, as for banks.
    pub base_url: String,
    /// `merId`.
    pub mer_id: String,
    /// `acqIIN`.
    pub acq_iin: String,
    /// Currencies it sells in, ISO 4217 numeric, the first one preselected.
    pub currency_codes: Vec<String>,
    /// Channels that can open it: code, name and address, for the page of a visitor who is not
    /// logged in.
    pub channels: Vec<ChannelLink>,
}

/// A channel app as a service links to it.
#[derive(Debug, Clone)]
pub struct ChannelLink {
    /// `channelCode`.
    pub code: String,
    /// Name as shown.
    pub name: String,
    /// Address of the app.
    pub url: String,
}

/// The downstream payment system of an acquirer.
pub struct SimulatorConfig {
    /// The relation to the platform; its `code` is the acquirer IIN.
    pub relation: Relation,
}

/// The wallets behind the terminals.
#[derive(Clone)]
pub struct WalletConfig {
    /// Their own public base address without a slash at the end, and without a path.
    pub base_url: String,
    /// The platform's base address, likewise: notices go there.
    pub platform_url: String,
    /// What authenticates calls and notices, shared with the platform; at least 16 bytes.
    pub secret: Secret<String>,
}

impl BankBrand {
    /// The name as shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Harbour => "Harbour Bank",
            Self::Jade => "Jade Wallet",
        }
    }

    /// The users of the seed data.
    #[must_use]
    pub fn users(self) -> Vec<UserConfig> {
        let rows: &[(&str, &str, &str, &str)] = match self {
            Self::Harbour => &[
                ("u-77", "Ann Leung", "+85291234577", "ann@harbour.example"),
                ("u-78", "Bo Chen", "+8613800138078", "bo@harbour.example"),
                ("u-79", "Carla Mendes", "+85362345679", "carla@harbour.example"),
            ],
            Self::Jade => &[
                ("w-11", "Dai Xiaoyu", "+8613900139011", "dai@jade.example"),
                ("w-12", "Emil Novak", "+85261234512", "emil@jade.example"),
            ],
        };
        let user = |(id, name, mobile, email): &(&str, &str, &str, &str)| UserConfig {
            user_id: (*id).to_owned(),
            name: (*name).to_owned(),
            mobile: (*mobile).to_owned(),
            email: (*email).to_owned(),
        };
        rows.iter().map(user).collect()
    }
}

impl ServiceBrand {
    /// The name as shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ParkEasy => "ParkEasy",
            Self::TravelJoy => "TravelJoy",
        }
    }

    /// The name as it stands in file names.
    pub(crate) const fn slug(self) -> &'static str {
        match self {
            Self::ParkEasy => "parkeasy",
            Self::TravelJoy => "traveljoy",
        }
    }
}

impl BankConfig {
    /// The addresses of its OAuth server: authorization, token, user-info.
    #[must_use]
    pub fn oauth_urls(base_url: &str) -> (String, String, String) {
        (
            format!("{base_url}/oauth/authorize"),
            format!("{base_url}/oauth/token"),
            format!("{base_url}/oauth/userinfo"),
        )
    }
}

impl ServiceConfig {
    /// INDUSTRY_INDEX_URL of a service at this base address.
    #[must_use]
    pub fn index_url(base_url: &str) -> String {
        format!("{base_url}/open")
    }

    /// The address of its notices.
    #[must_use]
    pub fn back_url(base_url: &str) -> String {
        format!("{base_url}/ucsp/v1/notice")
    }

    /// Where the browser returns to when an order names no address.
    #[must_use]
    pub fn front_url(base_url: &str) -> String {
        format!("{base_url}/bills")
    }
}
