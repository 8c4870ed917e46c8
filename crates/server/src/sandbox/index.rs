//! The sandbox's first page: what runs where, the journey, the users, how to write a partner.

use std::path::Path;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;

use super::addresses::Addresses;
use super::seed;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// The page.
#[derive(Template)]
#[template(path = "index.html")]
struct Index {
    harbour: String,
    platform: String,
    places: Vec<Place>,
    users: Vec<User>,
    document: String,
}

/// One program.
struct Place {
    name: &'static str,
    role: &'static str,
    url: String,
    page: bool,
}

/// One user of a bank app.
struct User {
    app: &'static str,
    name: String,
    id: String,
}

/// The routes of the first page. The page is rendered once: nothing on it changes.
pub(crate) fn routes(addresses: &Addresses, document: &Path) -> Result<Router, askama::Error> {
    let page: Arc<str> = page(addresses, document).render()?.into();
    let reference: Arc<str> = wire::spec::reference().into();
    let openapi: Arc<str> = wire::spec::pretty(&wire::spec::openapi()).into();
    let tills: Arc<str> = wire::upay::reference().into();
    let tills_openapi: Arc<str> = wire::spec::pretty(&wire::upay::openapi()).into();
    let text = |kind: &'static str, content: Arc<str>| {
        get(move || {
            let content = content.to_string();
            async move { ([(header::CONTENT_TYPE, kind)], content) }
        })
    };
    Ok(Router::new()
        .route("/", get(move || async move { show(&page) }))
        .route("/sandbox/index.css", get(style))
        .route("/sandbox/upay.md", text("text/markdown; charset=utf-8", tills))
        .route("/sandbox/upay.json", text("application/json", tills_openapi))
        .route("/sandbox/reference.md", text("text/markdown; charset=utf-8", reference))
        .route("/sandbox/openapi.json", text("application/json", openapi)))
}

fn page(addresses: &Addresses, document: &Path) -> Index {
    let banks = seed::CHANNELS.iter().map(|it| Place {
        name: it.brand.name(),
        role: "A bank\u{2019}s app: users, cards, consent",
        url: addresses.bank(it.brand),
        page: true,
    });
    let services = seed::INDUSTRIES.iter().map(|it| Place {
        name: it.brand.name(),
        role: "A service that is paid: bills, refunds",
        url: addresses.service(it.brand),
        page: true,
    });
    let platform = Place {
        name: "Causeway",
        role: "The platform: gateway, cashier, notices",
        url: addresses.platform.clone(),
        page: false,
    };
    let downstream = Place {
        name: "Downstream system",
        role: "Moves the money, or says why not; the payers\u{2019} wallets",
        url: addresses.downstream.clone(),
        page: false,
    };
    let users = seed::CHANNELS.iter().flat_map(|it| {
        let users = it.brand.users().into_iter();
        users.map(|user| User { app: it.brand.name(), name: user.name, id: user.user_id })
    });
    Index {
        harbour: addresses.banks.clone(),
        platform: addresses.platform.clone(),
        places: std::iter::once(platform)
            .chain(banks)
            .chain(services)
            .chain([downstream])
            .collect(),
        users: users.collect(),
        document: document.display().to_string(),
    }
}

fn show(page: &str) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::OK, headers, Html(page.to_owned())).into_response()
}

async fn style() -> Response {
    let kind = (header::CONTENT_TYPE, "text/css; charset=utf-8");
    ([kind], include_str!("../../assets/index.css")).into_response()
}
