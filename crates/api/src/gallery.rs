//! The cashier's pages with sample data, to look at and to compare with what they were.
//!
//! `cargo run -p causeway-api --example cashier_gallery` serves them; the snapshots of the tests
//! hold them.

mod sample;

use app::Refusal;
use askama::Template as _;
use axum::Router;
use axum::extract::Path;
use axum::response::Response;
use axum::routing::get;
use http::StatusCode;

use crate::cashier::page::{Checkout, Ending, Now, Outcome, Sheet};
use crate::pages::{self, Language, Trouble};
use crate::{assets, gallery::sample::Sample};

/// The pages in a fixed order: name and HTML.
///
/// # Panics
/// When a template fails, which its compilation rules out.
#[must_use]
pub fn pages() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (tag, language) in [("en", Language::English), ("zh", Language::Chinese)] {
        let sample = Sample::new(language);
        let mut add = |name: &str, html: Result<String, askama::Error>| {
            all.push((format!("{name}.{tag}"), html.unwrap_or_else(|error| error.to_string())));
        };
        add("choose", checkout(&sample, None).render());
        let wrong = language.words().choose_again;
        add("choose_again", checkout(&sample, Some(wrong)).render());
        for (name, ending) in ENDINGS {
            let sample = Sample::ended(language, ending);
            add(name, Outcome::new(sheet(&sample), &sample.view, ending).render());
        }
        let words = language.words();
        let unknown = Trouble::new(language, words.not_found, words.not_found_text);
        add("unknown", unknown.render());
        let mut failed = Trouble::new(language, words.failed, words.failed_text);
        failed.incident = Some("7f3k2q".to_owned());
        add("failed", failed.render());
    }
    all
}

const ENDINGS: [(&str, Ending); 10] = [
    ("waiting", Ending::Waiting),
    ("longer", Ending::Longer),
    ("paid", Ending::Paid),
    ("already_paid", Ending::AlreadyPaid),
    ("given_back", Ending::GivenBack),
    ("refused", Ending::Refused),
    ("expired", Ending::Expired),
    ("no_cards", Ending::NoCards),
    ("no_account", Ending::NoAccount),
    ("no_answer", Ending::NoAnswer),
];

fn sheet(sample: &Sample) -> Sheet {
    Sheet::new(&sample.view, sample.language, &dialect::time::default_zone())
}

fn checkout(sample: &Sample, wrong: Option<&'static str>) -> Checkout {
    let now = Now { at: sample.now, token: "sample".to_owned(), wrong };
    Checkout::new(sheet(sample), &sample.view, &sample.cards, now)
}

/// A router that serves the pages at `/` and `/{name}`, with their style and the real headers.
pub fn router() -> Router {
    Router::new()
        .route("/", get(index))
        .route("/{name}", get(show))
        .merge(assets::routes())
        .fallback(pages::not_found)
}

async fn index() -> Response {
    let links = pages().into_iter().map(|(name, _)| format!("<li><a href=\"/{name}\">{name}</a>"));
    pages::html(StatusCode::OK, format!("<!doctype html><ul>{}</ul>", links.collect::<String>()))
}

async fn show(Path(name): Path<String>) -> Response {
    match pages().into_iter().find(|(own, _)| *own == name) {
        // Waiting pages would go on to look for an order that is not there.
        Some((_, html)) => {
            pages::html(StatusCode::OK, html.replace(" data-status=", " data-sample="))
        }
        None => pages::trouble(Language::English, &Refusal::UnknownTransaction),
    }
}
