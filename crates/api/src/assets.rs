//! Style, script and pictures, inside the binary, under names that change with their content.

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{StatusCode, header};

/// A file that pages refer to. Its `Display` is its address.
pub(crate) struct Asset {
    path: String,
    kind: &'static str,
    content: &'static str,
}

impl std::fmt::Display for Asset {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.path)
    }
}

impl Asset {
    fn new(stem: &str, extension: &str, kind: &'static str, content: &'static str) -> Self {
        let hash = digest(&SHA256, content.as_bytes());
        let hash = URL_SAFE_NO_PAD.encode(hash.as_ref().get(..6).unwrap_or_default());
        Self { path: format!("/assets/{stem}-{hash}.{extension}"), kind, content }
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../assets/cashier.css");
    Asset::new("cashier", "css", "text/css; charset=utf-8", content)
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let content = include_str!("../assets/cashier.js");
    Asset::new("cashier", "js", "text/javascript; charset=utf-8", content)
});
static ICON: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg"))
});

/// The style of all pages.
pub(crate) fn style() -> &'static Asset {
    &STYLE
}

/// The script that saves a waiting payer a moment; pages work without it.
pub(crate) fn script() -> &'static Asset {
    &SCRIPT
}

/// The picture in the browser's tab.
pub(crate) fn icon() -> &'static Asset {
    &ICON
}

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{name}", get(serve)).route("/favicon.ico", get(favicon))
}

async fn serve(Path(name): Path<String>) -> Response {
    let all = [style(), script(), icon()];
    let found = all.into_iter().find(|asset| asset.path.strip_prefix("/assets/") == Some(&name));
    let Some(asset) = found else {
        return (StatusCode::NOT_FOUND, "not found\n").into_response();
    };
    answer(asset, "public, max-age=31536000, immutable")
}

async fn favicon() -> Response {
    answer(icon(), "public, max-age=86400")
}

fn answer(asset: &Asset, keep: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, asset.kind),
        (header::CACHE_CONTROL, keep),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"),
    ];
    (headers, asset.content).into_response()
}
