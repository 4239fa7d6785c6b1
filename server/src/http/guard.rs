//! Before a page, forms of other sites are refused; after it, the answer gets the headers of a strict policy.

use crate::services::Services;
use crate::settings::Settings;
use domain::client_address::ClientAddress;
use http::uri::Authority;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use service::events::Event;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
/// The most characters of a header that the log shows.
const SHOWN: usize = 200;

/// What programs in a page ask.
const PORTAL: &str = "/portal/";

/// Where a request that may change something comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// These pages, or a program that is no browser.
    Own,
    /// Another site, or these pages at an address that is not told from one.
    Foreign,
    /// These pages over plain HTTP, where `public_url` is HTTPS: the browser would not keep the session's cookie.
    Plain,
}

/// Judges where a request comes from.
///
/// As Go's `CrossOriginProtection`: `Sec-Fetch-Site` decides where the browser sends it; else `Origin` has to name the
/// host that was asked, or be the public address, behind a proxy that asks with a host of its own. Without both it is
/// no browser, and then it has no business with a cookie; only that browsers without `Sec-Fetch-Site` send no `Origin`
/// with a question to their own site. Links from other sites lead to pages, but what programs in a page ask
/// (`/portal/`) is refused to other sites whatever the method.
pub(super) fn judge(settings: &Settings, method: &Method, uri: &Uri, headers: &HeaderMap) -> Sender {
    let own = |is_own: bool| if is_own { Sender::Own } else { Sender::Foreign };
    let asks = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    if asks && !uri.path().starts_with(PORTAL) {
        return Sender::Own;
    }
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return own(matches!(site.as_bytes(), b"same-origin" | b"none"));
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return own(asks || !headers.contains_key(header::COOKIE));
    };
    let public = &settings.public_url;
    if origin.as_bytes() == public.origin.as_bytes() {
        return Sender::Own;
    }
    let host = uri.authority().map(Authority::as_str).or_else(|| headers.get(header::HOST)?.to_str().ok());
    let (Ok(origin), Some(host)) = (origin.to_str(), host) else { return Sender::Foreign };
    match names(origin, host) {
        Some("http") if public.secure => Sender::Plain,
        Some(_) => Sender::Own,
        None if public.secure && origin.strip_prefix("http://") == public.origin.strip_prefix("https://") => {
            Sender::Plain
        }
        None => Sender::Foreign,
    }
}

/// The scheme of an origin whose host and port are those of `host`. Browsers leave the scheme's own port out of both.
fn names<'a>(origin: &'a str, host: &str) -> Option<&'a str> {
    let (scheme, place) = origin.split_once("://")?;
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let bare = |place: &'_ str| place.strip_suffix(port).unwrap_or(place).to_ascii_lowercase();
    (!place.is_empty() && bare(place) == bare(host)).then_some(scheme)
}

/// Counts and tells that a form was refused for where it came from.
pub(super) fn tell_refused(services: &Services, sender: Sender, client: ClientAddress, headers: &HeaderMap) {
    let shown = |name: &HeaderName| match headers.get(name) {
        None => "(none)".to_owned(),
        // In quotes, and what would end them escaped: what strangers write must not look like a line's own fields.
        Some(value) => {
            let text: String = String::from_utf8_lossy(value.as_bytes()).chars().take(SHOWN).collect();
            format!("{text:?}")
        }
    };
    let (origin, host, site) = (shown(&header::ORIGIN), shown(&header::HOST), shown(&SEC_FETCH_SITE));
    let public = &services.settings.public_url.origin;
    let advice = match sender {
        Sender::Plain => "the pages were opened over http, and nobody can log in there",
        _ => {
            "if these are your own pages, set public_url to the address that customers open, or let the proxy pass Host on"
        }
    };
    services.events.log(
        Event::OriginRefused,
        client,
        format_args!(
            "form refused: Origin {origin}, public_url {public}; Host {host}, Sec-Fetch-Site {site}: {advice}"
        ),
    );
}

/// The policy of a page; `nonce` marks its own scripts.
pub(super) fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; \
         style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// What the policy of an answer says that is no page: nothing runs, nothing is loaded, nobody frames it.
const STRICT: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'; base-uri 'none'");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Adds the headers that every answer with a body carries, unless it has its own. A gateway's "yes" has no body, and so
/// none of them.
pub(super) fn seal(headers: &mut HeaderMap) {
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(STRICT);
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(NOSNIFF);
}

/// The headers every answer to a browser carries, unless it has its own.
pub(super) fn harden(settings: &Settings, headers: &mut HeaderMap) {
    seal(headers);
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::X_FRAME_OPTIONS, "DENY");
    // Not "no-referrer": the browser would send `Origin: null` with our own forms.
    add(header::REFERRER_POLICY, "same-origin");
    add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    add(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    add(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    add(header::CACHE_CONTROL, "no-store");
    if settings.public_url.secure {
        let below = settings.hsts_include_subdomains;
        let seconds = if below { "max-age=31536000; includeSubDomains" } else { "max-age=31536000" };
        add(header::STRICT_TRANSPORT_SECURITY, seconds);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;
    use rstest::rstest;

    fn judged(public: &str, lines: &[(&'static str, &'static str)]) -> Sender {
        let flags = vec![("public_url", "--test", public.to_owned())];
        let layers = Layers::load(None, std::iter::empty(), flags).unwrap();
        let settings = Settings::parse(&layers).unwrap();
        let headers: HeaderMap =
            lines.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        let uri = Uri::from_static("/login");
        assert_eq!(judge(&settings, &Method::GET, &uri, &headers), Sender::Own);
        judge(&settings, &Method::POST, &uri, &headers)
    }

    #[rstest]
    #[case(&[("sec-fetch-site", "same-origin")], true)]
    #[case(&[("sec-fetch-site", "same-site")], false)]
    #[case(&[("sec-fetch-site", "cross-site")], false)]
    #[case(&[("origin", "https://evil.example")], false)]
    #[case(&[("origin", "null")], false)]
    // Old browsers say nothing of where their own questions come from.
    #[case(&[("cookie", "a=b")], true)]
    fn questions_of_programs_are_refused_to_other_sites(
        #[case] lines: &[(&'static str, &'static str)],
        #[case] own: bool,
    ) {
        let settings = Settings::parse(&Layers::load(None, std::iter::empty(), vec![]).unwrap()).unwrap();
        let headers: HeaderMap =
            lines.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        let uri = Uri::from_static("/portal/list_keys?page=1");
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(judge(&settings, &method, &uri, &headers) == Sender::Own, own, "{method}");
        }
    }

    #[rstest]
    #[case(&[("sec-fetch-site", "same-origin"), ("cookie", "a=b")], true)]
    #[case(&[("sec-fetch-site", "none"), ("cookie", "a=b")], true)]
    #[case(&[("sec-fetch-site", "same-site"), ("cookie", "a=b")], false)]
    #[case(&[("sec-fetch-site", "cross-site")], false)]
    #[case(&[("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:3000")], false)]
    #[case(&[("sec-fetch-site", "cross-site"), ("origin", "http://a:1"), ("host", "a:1")], false)]
    #[case(&[("origin", "http://127.0.0.1:3000"), ("cookie", "a=b")], true)]
    #[case(&[("origin", "http://127.0.0.1:3001"), ("cookie", "a=b")], false)]
    #[case(&[("origin", "null"), ("cookie", "a=b")], false)]
    #[case(&[("origin", "null"), ("host", "null")], false)]
    #[case(&[("cookie", "a=b")], false)]
    #[case(&[], true)]
    // In a LAN: the machine is asked by whatever name or address it has.
    #[case(&[("origin", "http://keys.lan:3000"), ("host", "keys.lan:3000"), ("cookie", "a=b")], true)]
    #[case(&[("origin", "http://keys.lan"), ("host", "KEYS.lan:80")], true)]
    #[case(&[("origin", "https://keys.lan"), ("host", "keys.lan:443")], true)]
    #[case(&[("origin", "http://[fd00::1]:3000"), ("host", "[fd00::1]:3000")], true)]
    #[case(&[("origin", "http://keys.lan:3001"), ("host", "keys.lan:3000")], false)]
    #[case(&[("origin", "http://keys.lan"), ("host", "keys.lan:3000")], false)]
    #[case(&[("origin", "http://evil.lan:3000"), ("host", "keys.lan:3000")], false)]
    #[case(&[("origin", "http://keys.lan.evil.example:3000"), ("host", "keys.lan:3000")], false)]
    #[case(&[("origin", "ftp://keys.lan:3000"), ("host", "keys.lan:3000")], false)]
    #[case(&[("origin", "http://"), ("host", "")], false)]
    fn posts_of_other_sites_are_refused(#[case] lines: &[(&'static str, &'static str)], #[case] own: bool) {
        assert_eq!(judged("", lines), if own { Sender::Own } else { Sender::Foreign });
    }

    #[rstest]
    #[case(&[("origin", "http://keys.example.com"), ("host", "keys.example.com")], Sender::Plain)]
    #[case(&[("origin", "http://10.0.0.5:3000"), ("host", "10.0.0.5:3000"), ("cookie", "a=b")], Sender::Plain)]
    // Behind a proxy that asks with a host of its own.
    #[case(&[("origin", "http://keys.example.com"), ("host", "127.0.0.1:3000")], Sender::Plain)]
    #[case(&[("origin", "https://keys.example.com"), ("host", "127.0.0.1:3000")], Sender::Own)]
    #[case(&[("origin", "https://other.example.com"), ("host", "other.example.com")], Sender::Own)]
    #[case(&[("origin", "http://evil.example"), ("host", "keys.example.com")], Sender::Foreign)]
    fn plain_http_is_told_apart_where_the_public_address_is_https(
        #[case] lines: &[(&'static str, &'static str)],
        #[case] sender: Sender,
    ) {
        assert_eq!(judged("https://keys.example.com", lines), sender);
    }
}
