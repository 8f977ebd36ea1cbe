//! The style sheet, the script and the icon: parts of the binary, with names that change with their content.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::Admin;

/// The path of the folder of all assets.
pub(super) const FOLDER: &str = "/assets/";

/// A file that pages load.
pub(super) struct Asset {
    /// The path, with a hash of the content.
    pub(super) path: String,
    content: &'static str,
    kind: &'static str,
}

impl Asset {
    fn new(stem: &str, extension: &str, kind: &'static str, content: &'static str) -> Self {
        let hash =
            Sha256::digest(content).iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
        Self { path: format!("{FOLDER}{stem}-{hash}.{extension}"), content, kind }
    }
}

/// The style sheet of the pages.
pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("style", "css", "text/css; charset=utf-8", include_str!("assets/style.css")));

/// The script that keeps pages up to date.
pub(super) static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new("live", "js", "text/javascript; charset=utf-8", include_str!("assets/live.js"))
});

/// The icon that browsers show next to a page's title.
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")));

pub(super) fn routes() -> Router<Admin> {
    Router::new().route("/assets/{name}", get(serve))
}

async fn serve(Path(name): Path<String>) -> Response {
    let named = |asset: &&Asset| asset.path.strip_prefix(FOLDER) == Some(&name);
    let asset = [&*STYLE, &*SCRIPT, &*ICON].into_iter().find(named);
    let Some(asset) = asset else {
        return (StatusCode::NOT_FOUND, "there is no such file in this version of orbital").into_response();
    };
    let headers =
        [(header::CONTENT_TYPE, asset.kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.content).into_response()
}
