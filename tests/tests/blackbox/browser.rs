//! The whole journey in a browser: bank, service, cashier, notices, refund. Screenshots are kept
//! under `target/screenshots`.

use crate::harness::messages::{CARD_LIST, CARD_PAYLOAD};
use crate::harness::{Browser, Sandbox, Service, Visitor};

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const DOWN: char = '\u{e015}';

const DESKTOP: Visitor =
    Visitor { name: "desktop", size: (1280, 900), phone: false, scripts: true };
const PHONE: Visitor = Visitor { name: "phone-zh", size: (360, 780), phone: true, scripts: true };
const PLAIN: Visitor =
    Visitor { name: "no-script", size: (1024, 800), phone: false, scripts: false };
const KEYBOARD: Visitor =
    Visitor { name: "keyboard", size: (1280, 900), phone: false, scripts: true };

/// A user on the way: where the bank and the service are.
struct Walk {
    sandbox: Sandbox,
    browser: Browser,
    bank: String,
    service: String,
    user: String,
    language: &'static str,
}

impl Walk {
    async fn begin(visitor: Visitor, language: &'static str) -> Self {
        let sandbox = Sandbox::start();
        let browser = Browser::open(visitor).await;
        let channel = sandbox.channel(0);
        let industry = sandbox.industry(0);
        let user = channel.seed["users"][0]["user_id"].as_str().expect("a user").to_owned();
        let (bank, service) = (channel.seed("base_url"), industry.seed("base_url"));
        let (bank, service) = (bank.to_owned(), service.to_owned());
        Self { sandbox, browser, bank, service, user, language }
    }

    /// Logs in at the bank and opens the service from its icon; nobody asks again who it is.
    async fn to_the_service(&self) {
        let Self { browser, sandbox, .. } = self;
        browser.goto(&self.bank).await;
        if self.language != "en" {
            browser.click(&format!("button[name=language][value='{}']", self.language)).await;
            browser.find(&format!("html[lang='{}']", self.language)).await;
        }
        browser.picture("1-bank-login").await;
        browser.click(&format!("button.person[value='{}']", self.user)).await;
        browser.find("button.tile").await;
        browser.picture("2-bank-home").await;
        let code = sandbox.industry(0).code;
        browser.click(&format!("button.tile[data-service='{code}']")).await;
        browser.find("button[name=decision][value=allow]").await;
        browser.picture("3-bank-consent").await;
        browser.click("button[name=decision][value=allow]").await;
        browser.find("select#quantity").await;
        assert!(browser.url().await.starts_with(&self.service), "{}", browser.url().await);
        let via = browser.text("header .from").await;
        assert!(via.contains("Harbour Bank"), "{via}");
        assert_eq!(browser.attr("html", "lang").await, self.language);
        browser.picture("4-service").await;
    }

    /// Makes a bill and goes to the cashier; gives the bill's address.
    async fn to_the_cashier(&self) -> String {
        let browser = &self.browser;
        browser.choose("select#currency", "344").await;
        browser.click("form[action$='/bills'] button.button").await;
        browser.find("form[action$='/pay'] button.button").await;
        let bill = browser.url().await;
        browser.picture("5-bill").await;
        browser.click("form[action$='/pay'] button.button").await;
        browser.find("label.card").await;
        let url = browser.url().await;
        assert!(url.starts_with(&format!("{}/cashier/", self.sandbox.base())), "{url}");
        let language = browser.attr("html", "lang").await;
        assert_eq!(language.get(..2), self.language.get(..2), "the order's language");
        let masked = browser.text("label.card .pan").await;
        assert!(masked.contains("**") || masked.contains('•'), "{masked}");
        browser.picture("6-cashier").await;
        bill
    }

    /// Confirms with the chosen card and returns to the service.
    async fn pay_and_return(&self, bill: &str) {
        let browser = &self.browser;
        browser.click("form[action$='/pay'] button.main").await;
        browser.find("section.state.good").await;
        browser.picture("7-paid").await;
        // The browser is led back by itself after some seconds, or by this link.
        if browser.has("section.state.good").await && browser.has("a.main").await {
            browser.click("a.main").await;
        }
        browser.find(".ticket .disc.good").await;
        assert_eq!(browser.url().await.split('?').next(), bill.split('?').next());
        browser.picture("8-confirmed").await;
    }

    /// The bank was told; the service gives the money back, and the bank is told of that too.
    async fn refund(&self, bill: &str) {
        let browser = &self.browser;
        browser.goto(&format!("{}/payments", self.bank)).await;
        browser.find(".list .mark").await;
        browser.picture("9-bank-told").await;
        browser.goto(bill).await;
        browser.click("form.refund button").await;
        browser.find(".ticket .disc:not(.good):not(.wait):not(.bad)").await;
        browser.picture("10-refunded").await;
        crate::harness::wait::until("the bank shows the refund", async || {
            browser.goto(&format!("{}/payments", self.bank)).await;
            if browser.has(".list .mark.in").await { Ok(()) } else { Err("not yet".into()) }
        })
        .await;
        browser.picture("11-bank-refund").await;
        self.sandbox.verify_books();
    }

    async fn journey(self) {
        self.to_the_service().await;
        let bill = self.to_the_cashier().await;
        self.pay_and_return(&bill).await;
        self.refund(&bill).await;
        self.browser.close().await;
    }
}

#[tokio::test]
async fn the_journey_in_english_on_a_desktop() {
    Walk::begin(DESKTOP, "en").await.journey().await;
}

#[tokio::test]
async fn the_journey_in_chinese_on_a_phone() {
    Walk::begin(PHONE, "zh-CN").await.journey().await;
}

#[tokio::test]
async fn the_journey_without_scripts() {
    Walk::begin(PLAIN, "en").await.journey().await;
}

#[tokio::test]
async fn the_cashier_by_keyboard_and_its_endings() {
    let sandbox = Sandbox::start();
    let service = Service::first(&sandbox);
    let browser = Browser::open(KEYBOARD).await;
    let placed = service.place("2500").await;
    browser.goto(&placed.payment_url).await;
    browser.find("label.card").await;
    tab_to(&browser, "type", "radio").await;
    let first = browser.focus("value").await;
    browser.press(DOWN).await;
    assert_ne!(browser.focus("value").await, first, "the arrow goes to the next card");
    browser.picture("1-second-card").await;
    tab_to(&browser, "type", "submit").await;
    browser.picture("2-button").await;
    browser.press(ENTER).await;
    browser.find("section.state.good").await;
    service.wait_for(&placed, "SUCCESS").await;
    browser.goto(&placed.payment_url).await;
    assert!(!browser.has("label.card").await, "already paid: {}", browser.page().await);
    browser.picture("3-already-paid").await;

    let refused = service.place("2551").await;
    browser.goto(&refused.payment_url).await;
    browser.click("form[action$='/pay'] button.main").await;
    browser.find("section.state.bad").await;
    browser.picture("4-refused").await;
    let slow = service.place("2505").await;
    browser.goto(&slow.payment_url).await;
    browser.click("form[action$='/pay'] button.main").await;
    browser.find("section.state.busy").await;
    browser.picture("5-waiting").await;
    sandbox.advance(15).await;
    browser.find("section.state.good").await;
    let late = service.place("2500").await;
    sandbox.advance(16 * 60).await;
    browser.goto(&late.payment_url).await;
    assert!(!browser.has("label.card").await, "expired: {}", browser.page().await);
    browser.picture("6-expired").await;
    browser.goto(&format!("{}/cashier/{}", sandbox.base(), "8".repeat(21))).await;
    assert!(!browser.has("label.card").await);
    browser.picture("7-unknown").await;
    browser.close().await;
    forged_forms(&sandbox, &service).await;
}

/// Presses the tabulator until the focus is on such an element.
async fn tab_to(browser: &Browser, name: &str, value: &str) {
    for _ in 0..30 {
        browser.press(TAB).await;
        if browser.focus(name).await == value {
            return;
        }
    }
    panic!("no {name}={value} can be reached by keyboard: {}", browser.page().await);
}

/// Another site cannot press the button, and the page runs nothing of anybody else.
async fn forged_forms(sandbox: &Sandbox, service: &Service) {
    let placed = service.place("2500").await;
    let page = sandbox.http.get(&placed.payment_url).await.expect("the cashier");
    let policy = page.header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-frame-options"), "DENY");
    assert!(page.header("cache-control").contains("no-store"));
    for number in card_numbers(service).await {
        assert!(!page.text().contains(&number), "a card number in the page");
        assert!(!sandbox.log().contains(&number), "a card number in the log");
    }
    let url = format!("{}/cashier/{}/pay", sandbox.base(), placed.tn);
    let form = ("content-type", "application/x-www-form-urlencoded");
    for (body, origin) in [
        ("card=card-u-77-1", sandbox.base()),
        ("card=card-u-77-1&csrf=made-up", sandbox.base()),
        ("card=card-u-77-1&csrf=made-up", "https://evil.example".to_owned()),
    ] {
        let fields = [form, ("origin", origin.as_str())];
        let reply = sandbox.http.post(&url, &fields, body).await.expect("an answer");
        assert!(!(300..400).contains(&reply.status), "HTTP {}: {}", reply.status, reply.text());
    }
    assert_eq!(service.status(&placed).await, "CREATED", "nobody paid");
}

/// The full numbers of the payer's cards, as the service may learn them.
async fn card_numbers(service: &Service) -> Vec<String> {
    let mut question = serde_json::json!({
        "channelCode": service.channel_code,
        "userId": service.user_id,
        "industryCode": service.partner.code,
    });
    let answer = service.send(CARD_LIST, &question).await.expect("00");
    let mut numbers = Vec::new();
    for card in answer.0["trxInfo"]["cardList"].as_array().expect("cardList") {
        question["cardId"] = card["cardId"].clone();
        let answer = service.send(CARD_PAYLOAD, &question).await.expect("00");
        let plain = service.partner.decrypt(answer.get("encData"));
        let payload: serde_json::Value = serde_json::from_str(&plain).expect("JSON");
        numbers.push(payload["pan"].as_str().expect("pan").to_owned());
    }
    assert!(!numbers.is_empty());
    numbers
}
