//! Before and after every page: other sites are kept out, and the browser is told how strict to be.

use crate::settings::Settings;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Whether a request that may change something comes from these pages.
///
/// As Go's `CrossOriginProtection`: `Sec-Fetch-Site` decides where the browser sends it, else `Origin` has to
/// be the public one. Without both it is no browser, and then it has no business with a cookie.
pub(super) fn is_own(settings: &Settings, method: &Method, headers: &HeaderMap) -> bool {
    if matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return true;
    }
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => origin.as_bytes() == settings.public_url.origin.as_bytes(),
        None => !headers.contains_key(header::COOKIE),
    }
}

/// The policy of a page; `nonce` marks its own scripts.
pub(super) fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The headers every answer to a browser carries, unless it has its own.
pub(super) fn harden(settings: &Settings, headers: &mut HeaderMap) {
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::X_FRAME_OPTIONS, "DENY");
    // Not "no-referrer": the browser would send `Origin: null` with our own forms.
    add(header::REFERRER_POLICY, "same-origin");
    add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    add(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    add(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    add(header::CACHE_CONTROL, "no-store");
    if settings.public_url.secure {
        add(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;
    use rstest::rstest;

    #[rstest]
    #[case(&[("sec-fetch-site", "same-origin"), ("cookie", "a=b")], true)]
    #[case(&[("sec-fetch-site", "none"), ("cookie", "a=b")], true)]
    #[case(&[("sec-fetch-site", "same-site"), ("cookie", "a=b")], false)]
    #[case(&[("sec-fetch-site", "cross-site")], false)]
    #[case(&[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:3000")], false)]
    #[case(&[("origin", "http://127.0.0.1:3000"), ("cookie", "a=b")], true)]
    #[case(&[("origin", "http://127.0.0.1:3001"), ("cookie", "a=b")], false)]
    #[case(&[("origin", "null"), ("cookie", "a=b")], false)]
    #[case(&[("cookie", "a=b")], false)]
    #[case(&[], true)]
    fn posts_of_other_sites_are_refused(#[case] lines: &[(&'static str, &'static str)], #[case] own: bool) {
        let settings = Settings::parse(&Layers::load(None, std::iter::empty(), vec![]).unwrap()).unwrap();
        let headers: HeaderMap =
            lines.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        assert_eq!(is_own(&settings, &Method::POST, &headers), own);
        assert!(is_own(&settings, &Method::GET, &headers));
    }
}
