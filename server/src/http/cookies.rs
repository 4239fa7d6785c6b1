//! The cookies: the session, and the language of somebody who chose one.

use crate::accounts::SessionToken;
use crate::settings::Settings;
use http::{HeaderMap, HeaderValue, header};

/// With HTTPS the `__Host-` prefix binds the cookie to this host (RFC 6265bis, section 4.1.3.2).
const SECURE: &str = "__Host-latchkey";
const PLAIN: &str = "latchkey";
pub(super) const LANGUAGE: &str = "latchkey_language";

fn session_name(settings: &Settings) -> &'static str {
    if settings.public_url.secure { SECURE } else { PLAIN }
}

/// The value of a cookie; the first one counts.
#[must_use]
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(n, _)| *n == name).map(|(_, value)| value)
}

/// The session of a request.
pub(super) fn session(settings: &Settings, headers: &HeaderMap) -> Option<SessionToken> {
    find(headers, session_name(settings)).and_then(SessionToken::parse)
}

/// Begins a session in the browser.
pub(super) fn set_session(settings: &Settings, token: &SessionToken) -> Option<HeaderValue> {
    let seconds = settings.session_limits.absolute_seconds;
    set(settings, session_name(settings), token.expose(), seconds)
}

/// Ends it there.
pub(super) fn clear_session(settings: &Settings) -> Option<HeaderValue> {
    set(settings, session_name(settings), "", 0)
}

/// Remembers a language for a year.
pub(super) fn set_language(settings: &Settings, code: &str) -> Option<HeaderValue> {
    set(settings, LANGUAGE, code, 365 * 24 * 3600)
}

fn set(settings: &Settings, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let secure = if settings.public_url.secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_found_by_their_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("xlatchkey=1; latchkey=2 ;latchkey=3"));
        headers.append(header::COOKIE, HeaderValue::from_static("other=4; junk; =;"));
        assert_eq!(find(&headers, "latchkey"), Some("2"));
        assert_eq!(find(&headers, "other"), Some("4"));
        assert_eq!(find(&headers, "missing"), None);
    }
}
