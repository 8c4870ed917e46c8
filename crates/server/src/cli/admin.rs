//! Arguments of `causeway admin`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// How the operator reaches the platform.
#[derive(Debug, Args)]
pub(crate) struct AdminReach {
    /// Where the admin interface listens; without it the address in the credentials.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) target: Option<String>,
    /// A sandbox's sandbox.json, or a JSON file with `base_url` and `admin` of the same form.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "./causeway-data/sandbox.json"
    )]
    pub(crate) credentials: PathBuf,
    /// Print the answer as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

const ADMIN_EXAMPLES: &str = "\
Examples:
  causeway admin vendor new --name 'Till maker'            prints the key, this once
  causeway admin app new --vendor 9123456789 --name 'Counter till'
  causeway admin store new --merchant 100000010000017 --name 'Platform 3'
  causeway admin code new --vendor 9123456789 --store STORE_SN --uses 2
  causeway admin terminal list
  causeway admin terminal disable 1234567890123456
  causeway admin notice list                                what was not delivered, with ids
  causeway admin --target http://127.0.0.1:9090 --credentials admin.json store list

It talks to a running platform: the sandbox, or the listener of health and metrics in production.";

/// `causeway admin`.
#[derive(Debug, Args)]
#[command(after_help = ADMIN_EXAMPLES)]
pub(crate) struct AdminArgs {
    /// How to reach it.
    #[command(flatten)]
    pub(crate) reach: AdminReach,
    /// What to do.
    #[command(subcommand)]
    pub(crate) what: AdminCommand,
}

/// What operators manage.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminCommand {
    /// Vendors of tills.
    #[command(subcommand)]
    Vendor(VendorCommand),
    /// Applications of a vendor.
    #[command(subcommand)]
    App(AppCommand),
    /// Merchants of terminals.
    #[command(subcommand)]
    Merchant(MerchantCommand),
    /// Stores in which terminals stand.
    #[command(subcommand)]
    Store(StoreCommand),
    /// Activation codes.
    #[command(subcommand)]
    Code(CodeCommand),
    /// Terminals.
    #[command(subcommand)]
    Terminal(TerminalCommand),
    /// Notices and callbacks.
    #[command(subcommand)]
    Notice(NoticeCommand),
}

const SHORT: &str = "More: causeway admin --help";

/// Vendors.
#[derive(Debug, Subcommand)]
pub(crate) enum VendorCommand {
    /// Make one; its key is printed this once.
    #[command(after_help = SHORT)]
    New {
        /// Its name.
        #[arg(long)]
        name: String,
    },
    /// List them.
    #[command(after_help = SHORT)]
    List,
}

/// Applications.
#[derive(Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Make one.
    #[command(after_help = SHORT)]
    New {
        /// The vendor's number.
        #[arg(long)]
        vendor: String,
        /// Its name.
        #[arg(long)]
        name: String,
    },
}

/// Merchants.
#[derive(Debug, Subcommand)]
pub(crate) enum MerchantCommand {
    /// Make one.
    #[command(after_help = SHORT)]
    New {
        /// Its number, 15 characters.
        #[arg(long)]
        id: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// Its acquirer's number.
        #[arg(long)]
        acquirer: String,
        /// Currencies it takes, three digits each.
        #[arg(long, value_delimiter = ',', default_value = "156")]
        currencies: Vec<String>,
        /// The most that its terminals take on a day, minor units.
        #[arg(long)]
        daily_limit: Option<u64>,
    },
    /// List them.
    #[command(after_help = SHORT)]
    List,
}

/// Stores.
#[derive(Debug, Subcommand)]
pub(crate) enum StoreCommand {
    /// Make one.
    #[command(after_help = SHORT)]
    New {
        /// The merchant's number.
        #[arg(long)]
        merchant: String,
        /// Its name.
        #[arg(long)]
        name: String,
        /// Its number; without it one is made.
        #[arg(long)]
        sn: Option<String>,
        /// The most that it takes on a day, minor units.
        #[arg(long)]
        daily_limit: Option<u64>,
    },
    /// List them.
    #[command(after_help = SHORT)]
    List,
    /// Let it take payments.
    #[command(after_help = SHORT)]
    Open {
        /// Its number.
        sn: String,
    },
    /// Let it take none.
    #[command(after_help = SHORT)]
    Close {
        /// Its number.
        sn: String,
    },
}

/// Activation codes.
#[derive(Debug, Subcommand)]
pub(crate) enum CodeCommand {
    /// Issue one; it lives seven days.
    #[command(after_help = SHORT)]
    New {
        /// The vendor that may use it.
        #[arg(long)]
        vendor: String,
        /// The store whose terminals it makes.
        #[arg(long)]
        store: String,
        /// How many terminals it is good for.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
        uses: u32,
    },
    /// List a page of them.
    #[command(after_help = SHORT)]
    List {
        /// The last code of the page before.
        #[arg(long)]
        after: Option<String>,
    },
}

/// Terminals.
#[derive(Debug, Subcommand)]
pub(crate) enum TerminalCommand {
    /// List a page of them.
    #[command(after_help = SHORT)]
    List {
        /// The last number of the page before.
        #[arg(long)]
        after: Option<String>,
    },
    /// Let it do nothing any more.
    #[command(after_help = SHORT)]
    Disable {
        /// Its number.
        sn: String,
    },
    /// Serve it again.
    #[command(after_help = SHORT)]
    Enable {
        /// Its number.
        sn: String,
    },
    /// List the logs that it sent.
    #[command(after_help = SHORT)]
    Logs {
        /// Its number.
        sn: String,
    },
    /// Write one of its logs to a file.
    #[command(after_help = SHORT)]
    Log {
        /// Its number.
        sn: String,
        /// The log's name as listed.
        name: String,
        /// The file.
        #[arg(long)]
        out: PathBuf,
    },
}

/// Notices.
#[derive(Debug, Subcommand)]
pub(crate) enum NoticeCommand {
    /// List those that were given up, or all of an order, with their ids.
    #[command(after_help = SHORT)]
    List {
        /// A number of the order: of the platform, of the transaction, or the merchant's.
        #[arg(long)]
        order: Option<String>,
    },
    /// Send one again, at once.
    #[command(after_help = SHORT)]
    Resend {
        /// The merchant's number.
        #[arg(long)]
        merchant: String,
        /// The notice's id.
        id: String,
    },
}
