//! The web site inside the binary: compressed when it was built, named by its content, kept for ever.

use app::SiteFiles;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

/// What `scripts/build-site` leaves; a build without it has pages without style and script.
#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Files;

/// Written by `scripts/build-site`: the hashed names.
const MANIFEST: &str = "site.json";

#[derive(serde::Deserialize)]
struct Manifest {
    js: String,
    wasm: String,
    css: String,
}

/// The addresses of the site's files.
pub(super) fn site_files() -> SiteFiles {
    // `cargo leptos watch` builds without hashes and without a manifest.
    let watched = std::env::var_os("LEPTOS_OUTPUT_NAME").is_some();
    let file = Files::get(MANIFEST).filter(|_| !watched);
    let manifest = file.and_then(|f| serde_json::from_slice::<Manifest>(&f.data).ok());
    let manifest = manifest.unwrap_or_else(|| Manifest {
        js: "latchkey.js".to_owned(),
        wasm: "latchkey.wasm".to_owned(),
        css: "latchkey.css".to_owned(),
    });
    let url = |name: &str| format!("/pkg/{name}");
    SiteFiles { js: url(&manifest.js), wasm: url(&manifest.wasm), css: url(&manifest.css) }
}

/// Whether there is a file at that path.
pub(super) fn exists(path: &str) -> bool {
    path.starts_with("/pkg/") && Files::get(path.trim_start_matches('/')).is_some()
}

/// Answers for a file, if there is one at that path.
pub(super) fn serve(method: &Method, path: &str, request: &HeaderMap) -> Option<Response> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let path = path.trim_start_matches('/');
    if path == MANIFEST || path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let plain = Files::get(path)?;
    let (file, encoding) = encoded(path, request).unwrap_or((plain, None));
    Some(respond(path, file, encoding, request))
}

/// The smallest form that the browser takes.
fn encoded(path: &str, request: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted = request.get(header::ACCEPT_ENCODING)?.to_str().ok()?;
    let takes = |name: &str| {
        accepted.split(',').map(str::trim).any(|entry| {
            let (coding, weight) = entry.split_once(';').unwrap_or((entry, ""));
            coding.trim() == name && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    };
    [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(coding, ending)| {
        let file = takes(coding).then(|| Files::get(&format!("{path}.{ending}")))??;
        Some((file, Some(coding)))
    })
}

fn respond(path: &str, file: EmbeddedFile, encoding: Option<&'static str>, request: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    let known = request.get_all(header::IF_NONE_MATCH).iter().any(|line| {
        line.to_str().is_ok_and(|l| l.split(',').any(|e| matches!(e.trim(), "*") || e.trim() == etag))
    });
    let mut response = Response::new(if known { Body::empty() } else { Body::from(file.data) });
    let headers = response.headers_mut();
    let lasting = path.starts_with("pkg/") && is_hashed(path);
    let cache = if lasting { "public, max-age=31536000, immutable" } else { "public, max-age=3600" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    response
}

/// `name.<hash>.ending`
fn is_hashed(path: &str) -> bool {
    path.rsplit('.').nth(1).is_some_and(|h| h.len() >= 16 && h.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
