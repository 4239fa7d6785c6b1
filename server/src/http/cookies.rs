//! The cookies: one for the session, one for a chosen language.

use crate::settings::Settings;
use http::{HeaderMap, HeaderValue, header};
use service::accounts::SessionToken;

/// Values of one cookie that are tried; a browser sends the same name twice only when somebody else set one.
const MOST_VALUES: usize = 8;

/// What the cookies of this installation are called. Browsers tell cookies apart by host and not by port, so the
/// port stands in the name, where it is not the scheme's own. With HTTPS the `__Host-` prefix binds a cookie to this
/// host (RFC 6265bis, section 4.1.3.2).
fn name(settings: &Settings, what: &str) -> String {
    let url = &settings.public_url;
    let prefix = if url.secure { "__Host-" } else { "" };
    let port = url.odd_port().map(|port| format!("_{port}")).unwrap_or_default();
    format!("{prefix}latchkey{what}{port}")
}

fn session_name(settings: &Settings) -> String {
    name(settings, "")
}

fn language_name(settings: &Settings) -> String {
    name(settings, "_language")
}

/// The value of a cookie; the first one counts.
#[must_use]
pub fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    find_all(headers, name).next()
}

fn find_all<'a>(headers: &'a HeaderMap, name: &str) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(move |(n, _)| *n == name).map(|(_, value)| value)
}

/// What may be the session of a request, in the order of the browser: a stale cookie can stand before the good one.
pub(super) fn sessions(settings: &Settings, headers: &HeaderMap) -> Vec<SessionToken> {
    let name = session_name(settings);
    let values: Vec<_> = find_all(headers, &name).take(MOST_VALUES).collect();
    values.into_iter().filter_map(SessionToken::parse).collect()
}

/// The language that the visitor chose.
pub(super) fn language<'a>(settings: &Settings, headers: &'a HeaderMap) -> Option<&'a str> {
    find(headers, &language_name(settings))
}

/// Begins a session in the browser.
pub(super) fn set_session(settings: &Settings, token: &SessionToken) -> Option<HeaderValue> {
    let seconds = settings.session_limits.absolute_seconds;
    set(settings, &session_name(settings), token.expose(), seconds)
}

/// Ends it there.
pub(super) fn clear_session(settings: &Settings) -> Option<HeaderValue> {
    set(settings, &session_name(settings), "", 0)
}

/// Remembers a language for a year.
pub(super) fn set_language(settings: &Settings, code: &str) -> Option<HeaderValue> {
    set(settings, &language_name(settings), code, 365 * 24 * 3600)
}

fn set(settings: &Settings, name: &str, value: &str, seconds: i64) -> Option<HeaderValue> {
    let secure = if settings.public_url.secure { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Layers;
    use rstest::rstest;

    fn settings(url: &str) -> Settings {
        let flags = vec![("public_url", "--test", url.to_owned())];
        Settings::parse(&Layers::load(None, std::iter::empty(), flags).unwrap()).unwrap()
    }

    #[rstest]
    #[case("", "latchkey_3000", "latchkey_language_3000")]
    #[case("http://keys.example.com", "latchkey", "latchkey_language")]
    #[case("http://[::1]:4412", "latchkey_4412", "latchkey_language_4412")]
    #[case("https://keys.example.com", "__Host-latchkey", "__Host-latchkey_language")]
    #[case("https://keys.example.com:8443", "__Host-latchkey_8443", "__Host-latchkey_language_8443")]
    fn names_hold_what_cookies_are_not_told_apart_by(
        #[case] url: &str,
        #[case] session: &str,
        #[case] language: &str,
    ) {
        let settings = settings(url);
        assert_eq!(
            (session_name(&settings).as_str(), language_name(&settings).as_str()),
            (session, language)
        );
        let cookie = set_language(&settings, "ro").unwrap();
        let cookie = cookie.to_str().unwrap();
        assert!(cookie.starts_with(&format!("{language}=ro; Path=/; HttpOnly; SameSite=Lax")), "{cookie}");
        assert_eq!(cookie.ends_with("; Secure"), settings.public_url.secure, "{cookie}");
    }

    #[test]
    fn every_value_may_be_the_session_up_to_a_bound() {
        let settings = settings("http://keys.example.com");
        let token = |n: u8| "A".repeat(41) + &char::from(b'A' + n).to_string() + "A";
        let cookies = (0..20).map(|n| format!("latchkey={}", token(n))).collect::<Vec<_>>().join("; ");
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_str(&format!("latchkey=junk; {cookies}")).unwrap());
        let found: Vec<_> = sessions(&settings, &headers).iter().map(|t| t.expose().to_owned()).collect();
        assert_eq!(found, (0..7).map(token).collect::<Vec<_>>());
    }

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
