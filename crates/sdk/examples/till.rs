//! A till at a prompt: amounts and barcodes in, money and QR codes out.
//!
//! `cargo run --release -p causeway-sdk --example till -- --server http://127.0.0.1:8080 \
//!  --sandbox causeway-data/sandbox.json`
//!
//! The first start activates a terminal with a code of the sandbox and keeps its keys in
//! `./till-data` (`--data DIR`); later starts need only `--server`. Commands may also be piped in.

extern crate causeway_sdk as sdk;

use std::collections::HashMap;
use std::error::Error;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egress::{Client, Limits, Policy, Request};
use fast_qr::QRBuilder;
use jiff::tz::{TimeZone, offset};
use sdk::terminal::{
    Activation, CancelEnd, Ending, Intent, OrderBy, PayEnd, Precreate, Presenting, Refund,
    RefundEnd, Sale, SystemClock, Terminal, TerminalConfig, Trade,
};
use serde_json::{Value, json};

type Failure = Box<dyn Error + Send + Sync>;

const USAGE: &str = "till --server URL [--sandbox FILE] [--data DIR]";
const HELP: &str = "\
pay AMOUNT BARCODE          take a payment, for example: pay 12.50 130818341921441147
qr AMOUNT [PROVIDER]        show a code that the payer scans, and wait for the payment
query [NUMBER]              what is known about a sale; without a number the last one
refund AMOUNT [NUMBER]      give back a part or all
cancel [NUMBER]             undo a sale of today
barcode PROVIDER [SCENARIO] a payer's barcode from the sandbox: alipay, wechat or unionpay
quit";

/// The till: its terminal, and the number of the last sale.
struct Till {
    server: String,
    client: Client,
    terminal: Terminal,
    last: Option<String>,
}

fn main() -> Result<(), Failure> {
    let options = options(std::env::args().skip(1))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut till = runtime.block_on(Till::start(&options))?;
    println!("terminal {}; help tells the commands", till.terminal.sn());
    runtime.block_on(till.finish_open())?;
    let asks = std::io::stdin().is_terminal();
    loop {
        if asks {
            print!("> ");
        }
        std::io::stdout().flush()?;
        let mut line = String::new();
        if std::io::stdin().read_line(&mut line)? == 0 {
            return Ok(());
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        if matches!(words.first(), Some(&("quit" | "exit"))) {
            return Ok(());
        }
        if let Err(error) = runtime.block_on(till.run(&words)) {
            println!("error: {}", told(error.as_ref()));
        }
    }
}

/// An error with its causes, on one line.
fn told(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn options(arguments: impl Iterator<Item = String>) -> Result<HashMap<String, String>, Failure> {
    let words: Vec<String> = arguments.collect();
    let mut options = HashMap::new();
    for pair in words.chunks(2) {
        match pair {
            [name, value] if matches!(name.as_str(), "--server" | "--sandbox" | "--data") => {
                options.insert(name.clone(), value.clone());
            }
            _ => return Err(USAGE.into()),
        }
    }
    Ok(options)
}

impl Till {
    async fn start(options: &HashMap<String, String>) -> Result<Self, Failure> {
        let option = |name: &str| options.get(name).map(String::as_str);
        let server = option("--server").unwrap_or("http://127.0.0.1:8080").trim_end_matches('/');
        let client = Client::new(Policy::sandbox(), Limits::default(), None)?;
        let config = TerminalConfig {
            base_url: server.to_owned(),
            folder: PathBuf::from(option("--data").unwrap_or("./till-data")),
            zone: TimeZone::fixed(offset(8)),
            client: client.clone(),
            clock: Arc::new(SystemClock),
        };
        let terminal = if let Some(terminal) = Terminal::open(config.clone())? {
            terminal
        } else {
            let file = option("--sandbox").ok_or("the first start needs --sandbox FILE")?;
            Terminal::activate(config, &activation(Path::new(file))?).await?
        };
        Ok(Self { server: server.to_owned(), client, terminal, last: None })
    }

    /// Brings to an end what an earlier run left open.
    async fn finish_open(&mut self) -> Result<(), Failure> {
        for intent in self.terminal.pending()? {
            println!("finishing {} of {}", intent.client_sn, yuan(&intent.amount.to_string()));
            let end = self.terminal.resume(&intent).await?;
            match &end {
                Ending::Sale(end) => println!("{}", sale_line(end)),
                Ending::Refund(end) => println!("{}", refund_line(end)),
            }
            self.book(&intent, &end)?;
        }
        Ok(())
    }

    /// A real till writes the end into its own books here. What is still open stays.
    fn book(&self, intent: &Intent, end: &Ending) -> Result<(), Failure> {
        let open = matches!(end, Ending::Refund(RefundEnd::Open { .. }));
        if !open {
            self.terminal.settle(intent)?;
        }
        Ok(())
    }

    fn book_all(&self) -> Result<(), Failure> {
        for intent in self.terminal.pending()? {
            if let Some(end) = &intent.end {
                self.book(&intent, end)?;
            }
        }
        Ok(())
    }

    async fn run(&mut self, words: &[&str]) -> Result<(), Failure> {
        if matches!(words, [] | ["help"]) {
            println!("{}", if words.is_empty() { "" } else { HELP });
            return Ok(());
        }
        self.terminal.check_in_if_due().await?;
        match words {
            ["pay", amount, barcode] => {
                let sale = self.sale(amount, None)?;
                println!("{}", sale_line(&self.terminal.pay(&sale, barcode).await?));
            }
            ["qr", amount] => self.qr(amount, "wechat").await?,
            ["qr", amount, provider] => self.qr(amount, provider).await?,
            ["query"] => self.query(self.last()?).await?,
            ["query", number] => self.query(by(number)).await?,
            ["refund", amount] => self.refund(amount, self.last()?).await?,
            ["refund", amount, number] => self.refund(amount, by(number)).await?,
            ["cancel"] => self.cancel(self.last()?).await?,
            ["cancel", number] => self.cancel(by(number)).await?,
            ["barcode", provider] => self.barcode(provider, None).await?,
            ["barcode", provider, scenario] => self.barcode(provider, Some(scenario)).await?,
            _ => println!("{HELP}"),
        }
        self.book_all()
    }

    fn last(&self) -> Result<OrderBy, Failure> {
        let last = self.last.clone().ok_or("there was no sale yet; give its number")?;
        Ok(OrderBy::ClientSn(last))
    }

    fn sale(&mut self, amount: &str, payway: Option<&str>) -> Result<Sale, Failure> {
        let client_sn = self.terminal.fresh_client_sn();
        println!("sale {client_sn}");
        self.last = Some(client_sn.clone());
        Ok(Sale {
            client_sn,
            total_amount: cents(amount)?,
            subject: "Till".to_owned(),
            operator: Some("01".to_owned()),
            payway: payway.map(str::to_owned),
            ..Sale::default()
        })
    }

    async fn qr(&mut self, amount: &str, provider: &str) -> Result<(), Failure> {
        let payway = match provider {
            "alipay" => "1",
            "wechat" => "3",
            "unionpay" => "17",
            _ => return Err("the provider is alipay, wechat or unionpay".into()),
        };
        let sale = self.sale(amount, Some(payway))?;
        let end = match self.terminal.precreate(&sale, &Precreate::default()).await? {
            Presenting::Shown(shown) => {
                let drawn = QRBuilder::new(shown.qr_code.as_str()).build();
                println!("{}", drawn.map_err(|error| format!("{error:?}"))?.to_str());
                println!("{}", shown.qr_code);
                println!("WAITING sn {}", shown.trade.sn.as_deref().unwrap_or("-"));
                std::io::stdout().flush()?;
                self.terminal.watch(&sale.client_sn).await?
            }
            Presenting::Ended(end) => end,
        };
        println!("{}", sale_line(&end));
        Ok(())
    }

    async fn query(&self, order: OrderBy) -> Result<(), Failure> {
        let reply = self.terminal.query(&order).await?;
        let code = reply.error_code.as_deref().unwrap_or_default();
        let line = format!("{} {code}", reply.result_code);
        println!("{} {}", line.trim_end(), trade_line(reply.data.as_deref()));
        Ok(())
    }

    async fn refund(&self, amount: &str, order: OrderBy) -> Result<(), Failure> {
        let number = self.terminal.fresh_client_sn();
        // 20 characters: the minute's digits and the random ones.
        let refund_request_no = number.chars().skip(6).collect();
        let refund = Refund {
            order,
            refund_request_no,
            refund_amount: cents(amount)?,
            operator: Some("01".to_owned()),
        };
        println!("{}", refund_line(&self.terminal.refund(&refund).await?));
        Ok(())
    }

    async fn cancel(&self, order: OrderBy) -> Result<(), Failure> {
        let line = match self.terminal.revoke(&order).await? {
            CancelEnd::Done(trade) => format!("CANCELLED {}", trade_line(trade.as_deref())),
            CancelEnd::Refused { code, message, .. } => format!("REFUSED {code} {message}"),
            CancelEnd::Alarm { reason, .. } => format!("ALARM {reason}: call support"),
        };
        println!("{line}");
        Ok(())
    }

    /// Asks the sandbox for what a payer's phone would show.
    async fn barcode(&self, provider: &str, scenario: Option<&str>) -> Result<(), Failure> {
        let mut body = json!({ "provider": provider });
        if let Some(scenario) = scenario {
            body["scenario"] = scenario.into();
        }
        let url = format!("{}/sandbox/v1/barcode", self.server);
        let request =
            Request::post(url, body.to_string()).header("content-type", "application/json");
        let answer = self.client.send(request).await?;
        let value: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let barcode = value["dynamic_id"].as_str().ok_or("this server is no sandbox")?;
        println!("{barcode}");
        Ok(())
    }
}

/// The first activation code of a sandbox.
fn activation(file: &Path) -> Result<Activation, Failure> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let upay = serde_json::from_str::<Value>(&text)?["upay"].clone();
    let text = |pointer: &str| {
        let found = upay.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        found.ok_or_else(|| format!("{}: upay{pointer} is missing", file.display()))
    };
    let device_id = format!("till-{}", jose::jws::fresh_uuid());
    Ok(Activation {
        vendor_sn: text("/vendor_sn")?,
        vendor_key: text("/vendor_key")?,
        app_id: text("/app_id")?,
        code: text("/activation_codes/0/code")?,
        device_id,
        ..Activation::default()
    })
}

/// Sixteen digits that begin with 789 are the server's number, all else is the till's.
fn by(number: &str) -> OrderBy {
    let is_sn = number.len() == 16 && number.starts_with("789");
    if is_sn { OrderBy::Sn(number.to_owned()) } else { OrderBy::ClientSn(number.to_owned()) }
}

/// Cents of an amount in yuan with at most two decimals.
fn cents(text: &str) -> Result<u64, Failure> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let well_formed = digits(whole) && digits(part) && part.len() <= 2 && whole.len() <= 8;
    let number = format!("{whole}{part:0<2}").parse().ok().filter(|cents| *cents > 0);
    number
        .filter(|_| well_formed)
        .ok_or_else(|| format!("{text:?} is no amount such as 12.50").into())
}

/// Cents as yuan; text that is no number as it is.
fn yuan(cents: &str) -> String {
    cents
        .parse::<u64>()
        .map_or_else(|_| cents.to_owned(), |cents| format!("{}.{:02}", cents / 100, cents % 100))
}

fn trade_line(trade: Option<&Trade>) -> String {
    let Some(trade) = trade else { return String::new() };
    let text = |member: &Option<String>| member.clone().unwrap_or_else(|| "-".to_owned());
    let money = |member: &Option<String>| yuan(&text(member));
    format!(
        "{} total {} net {} sn {} client_sn {}",
        text(&trade.order_status),
        money(&trade.total_amount),
        money(&trade.net_amount),
        text(&trade.sn),
        text(&trade.client_sn)
    )
}

fn sale_line(end: &PayEnd) -> String {
    match end {
        PayEnd::Paid(trade) => format!("PAID {}", trade_line(Some(trade))),
        PayEnd::Failed { code, message, .. } => format!("NOT PAID {code} {message}"),
        PayEnd::Reversed(trade) => {
            format!("NOT PAID, cancelled {}", trade_line(trade.as_deref()))
        }
        PayEnd::Alarm { reason, trade } => {
            format!("ALARM {reason}: call support {}", trade_line(trade.as_deref()))
        }
    }
}

fn refund_line(end: &RefundEnd) -> String {
    match end {
        RefundEnd::Done(trade) => format!("REFUNDED {}", trade_line(trade.as_deref())),
        RefundEnd::Failed { code, message } => format!("NOT REFUNDED {code} {message}"),
        RefundEnd::Open { reason } => format!("OPEN {reason}: it is tried again at the next start"),
        RefundEnd::Alarm { reason } => format!("ALARM {reason}: call support"),
    }
}
