//! A headless browser with a profile of its own, driven as a user would.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::http::Http;
use super::sandbox::free_block;
use super::wait::until;

/// No page of this machine takes as long to come.
const PAGE_WAIT: Duration = Duration::from_secs(30);
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    // Pictures show the pages at rest.
    "--force-prefers-reduced-motion",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// What kind of visitor it is.
#[derive(Clone, Copy)]
pub(crate) struct Visitor {
    /// The name in front of the screenshots.
    pub(crate) name: &'static str,
    /// Width and height in CSS pixels.
    pub(crate) size: (u32, u32),
    /// Whether it is a phone.
    pub(crate) phone: bool,
    /// Whether scripts run.
    pub(crate) scripts: bool,
}

pub(crate) struct Browser {
    client: Client,
    /// Where the session's own commands go.
    session: String,
    http: Http,
    visitor: Visitor,
    _driver: Driver,
    _profile: TempDir,
}

struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("{variable} is not set: run the tests with `cargo xtask test`"))
        .into()
}

impl Browser {
    pub(crate) async fn open(visitor: Visitor) -> Self {
        let port = free_block();
        let driver = Command::new(program("CAUSEWAY_CHROMEDRIVER"))
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let driver = Driver(driver);
        let (http, url) = (Http::new(), format!("http://127.0.0.1:{port}"));
        let status = format!("{url}/status");
        until("chromedriver", async || http.get(&status).await.map(|_| ())).await;
        let profile = tempfile::tempdir().expect("a temporary folder");
        let capabilities = capabilities(visitor, &profile);
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let capabilities = capabilities.as_object().cloned().unwrap_or_default();
        let client = builder.capabilities(capabilities).connect(&url).await.expect("a session");
        let id = client.session_id().await.expect("a session").expect("its id");
        let session = format!("{url}/session/{id}");
        Self { client, session, http, visitor, _driver: driver, _profile: profile }
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.expect("an address").to_string()
    }

    /// Waits for an element of the page.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let wait = self.client.wait().at_most(PAGE_WAIT).for_element(Locator::Css(css));
        match wait.await {
            Ok(element) => element,
            Err(error) => panic!("{css}: {error}\n{}\n{}", self.url().await, self.page().await),
        }
    }

    /// Whether the page has such an element now.
    pub(crate) async fn has(&self, css: &str) -> bool {
        self.client.find(Locator::Css(css)).await.is_ok()
    }

    /// The text of an element.
    pub(crate) async fn text(&self, css: &str) -> String {
        self.find(css).await.text().await.expect("text")
    }

    /// An attribute of an element.
    pub(crate) async fn attr(&self, css: &str, name: &str) -> String {
        self.find(css).await.attr(name).await.expect("an attribute").unwrap_or_default()
    }

    pub(crate) async fn click(&self, css: &str) {
        let clicked = self.find(css).await.click().await;
        if let Err(error) = clicked {
            panic!("{css}: {error}\n{}", self.page().await);
        }
    }

    /// Chooses the option of this value.
    pub(crate) async fn choose(&self, css: &str, value: &str) {
        let select = self.find(css).await;
        select.select_by_value(value).await.expect("an option of this value");
    }

    /// Presses a key where the focus is.
    pub(crate) async fn press(&self, key: char) {
        let active = self.client.active_element().await.expect("the focus is somewhere");
        active.send_keys(&key.to_string()).await.expect("a key can be pressed");
    }

    /// An attribute of what has the focus.
    pub(crate) async fn focus(&self, name: &str) -> String {
        let active = self.client.active_element().await.expect("the focus is somewhere");
        active.attr(name).await.expect("an attribute").unwrap_or_default()
    }

    /// The HTML of the page.
    pub(crate) async fn page(&self) -> String {
        self.client.source().await.unwrap_or_default()
    }

    /// Keeps a picture of the page, and checks that nothing sticks out to the side.
    pub(crate) async fn picture(&self, name: &str) {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let folder = folder.parent().expect("the target folder").join("screenshots");
        std::fs::create_dir_all(&folder).expect("a folder for screenshots");
        let bytes = self.client.screenshot().await.expect("a screenshot");
        let file = folder.join(format!("{}-{name}.png", self.visitor.name));
        std::fs::write(file, bytes).expect("a screenshot can be written");
        if self.visitor.scripts {
            let script = "const root = document.documentElement; \
                          return root.scrollWidth - root.clientWidth";
            let beyond = self.client.execute(script, vec![]).await.expect("a measure");
            assert_eq!(beyond, json!(0), "{name} is wider than the window");
        }
    }

    /// Ends the session; nothing may have failed to load or broken the pages' own policy.
    pub(crate) async fn close(self) {
        let log = format!("{}/se/log", self.session);
        let asked = self.http.post(&log, &[], json!({ "type": "browser" }).to_string()).await;
        let entries = asked.expect("chromedriver answers").json()["value"].clone();
        let severe = |entry: &&Value| {
            // Pages that say "no such order" do so with their status, which is logged too.
            let text = entry["message"].as_str().unwrap_or_default();
            entry["level"] == "SEVERE" && !text.contains("/cashier/8888")
        };
        let complaints: Vec<&Value> =
            entries.as_array().expect("a log").iter().filter(severe).collect();
        assert!(complaints.is_empty(), "the browser complained: {complaints:?}");
        self.client.close().await.expect("the session ends");
    }
}

fn capabilities(visitor: Visitor, profile: &TempDir) -> Value {
    let (width, height) = visitor.size;
    let mut arguments: Vec<String> = FLAGS.iter().map(|&flag| flag.to_owned()).collect();
    arguments.push(format!("--user-data-dir={}", profile.path().display()));
    arguments.push(format!("--window-size={width},{height}"));
    let mut options = json!({
        "binary": program("CAUSEWAY_CHROMIUM"),
        "args": arguments,
    });
    if visitor.phone {
        let metrics = json!({ "width": width, "height": height, "pixelRatio": 2.0 });
        options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
    }
    if !visitor.scripts {
        let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
        options["prefs"] = off;
    }
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "ALL" },
    })
}
