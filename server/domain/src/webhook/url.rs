//! Where a webhook leads.

use crate::outbound;
use std::net::IpAddr;
use url::{Host, Url};

/// The most characters of an address.
const LIMIT: usize = 2000;

/// The address of a webhook: HTTPS (HTTP too where the operator allows private networks), no credentials, no
/// fragment, and no host that is refused whatever it resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookUrl(Url);

/// Why a text is no address of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Over 2,000 characters.
    #[error("is longer than {LIMIT} characters")]
    TooLong,
    /// No address of the web.
    #[error("is no address such as https://example.com/hook")]
    NotAUrl,
    /// Not HTTPS.
    #[error("does not begin with https://")]
    NotHttps,
    /// A username or a password is in it.
    #[error("holds a username or a password")]
    Credentials,
    /// A `#` is in it.
    #[error("holds a fragment")]
    Fragment,
    /// Its host is this machine, or in a network that is not public.
    #[error("leads to this machine or into a private network")]
    NotPublic,
}

impl UrlError {
    /// The most characters, where that is what is wrong.
    pub const LIMIT: u32 = LIMIT as u32;
}

impl WebhookUrl {
    /// How a webhook is named to readers besides its owner: without path and query.
    #[must_use]
    pub fn shown(url: &str) -> String {
        // The address was accepted once, whatever the settings are now.
        Self::parse(url, true).map(|url| url.origin()).unwrap_or_default()
    }

    /// Takes a text that people typed.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str, allow_private: bool) -> Result<Self, UrlError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(UrlError::Empty);
        }
        if text.chars().count() > LIMIT {
            return Err(UrlError::TooLong);
        }
        // The parser of the web drops tabs and line feeds and takes a space.
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(UrlError::NotAUrl);
        }
        let url = Url::parse(text).map_err(|_| UrlError::NotAUrl)?;
        if url.scheme() != "https" && !(allow_private && url.scheme() == "http") {
            return Err(UrlError::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlError::Credentials);
        }
        if url.fragment().is_some() {
            return Err(UrlError::Fragment);
        }
        // Characters that are not ASCII have become longer.
        if url.as_str().len() > LIMIT {
            return Err(UrlError::TooLong);
        }
        let is_allowed = match url.host().ok_or(UrlError::NotAUrl)? {
            Host::Ipv4(ip) => outbound::is_allowed(ip.into(), allow_private),
            Host::Ipv6(ip) => outbound::is_allowed(ip.into(), allow_private),
            Host::Domain(name) => allow_private || !is_this_machine(name),
        };
        if is_allowed { Ok(Self(url)) } else { Err(UrlError::NotPublic) }
    }

    /// The whole of it, in canonical form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Without what follows the host, which is often a secret: for logs, mails and the history.
    #[must_use]
    pub fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }

    /// Whether TLS is spoken there.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host, if it is an address already.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Ipv4(ip) => Some(ip.into()),
            Host::Ipv6(ip) => Some(ip.into()),
            Host::Domain(_) => None,
        }
    }

    /// The host, an IPv6 address without its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default().trim_matches(['[', ']'])
    }

    /// The port, said or not.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// Host and port as a request names them: without the usual port.
    #[must_use]
    pub fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        self.0.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// Path and query.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.0[url::Position::BeforePath..]
    }
}

fn is_this_machine(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://example.com", "https://example.com/")]
    #[case(" https://Example.COM:443/a?b=c ", "https://example.com/a?b=c")]
    #[case("https://example.com:8443/hook", "https://example.com:8443/hook")]
    #[case("https://exämple.com/ü", "https://xn--exmple-cua.com/%C3%BC")]
    #[case("https://1.1.1.1/", "https://1.1.1.1/")]
    #[case("https://[2606:4700::1111]/", "https://[2606:4700::1111]/")]
    fn addresses_are_taken(#[case] text: &str, #[case] canonical: &str) {
        assert_eq!(WebhookUrl::parse(text, false).unwrap().as_str(), canonical);
    }

    #[rstest]
    #[case(UrlError::Empty, &["", "   "])]
    #[case(UrlError::NotAUrl, &["example.com", "https://", "https:// example.com", "https://a\tb/", "https://a\u{0}/", "https://exa mple/", "https://[::1", "https://1.2.3.4.5/", "https://a:99999/", "/hook"])]
    #[case(UrlError::NotHttps, &["http://example.com/", "ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)", "gopher://example.com/", "data:,x", "unix:/run/x"])]
    #[case(UrlError::Credentials, &["https://user@example.com/", "https://user:pass@example.com/", "https://:pass@example.com/"])]
    #[case(UrlError::Fragment, &["https://example.com/#", "https://example.com/#x"])]
    #[case(UrlError::NotPublic, &["https://localhost/", "https://LOCALHOST./", "https://a.localhost/", "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f.1/", "https://0x7f000001/", "https://0177.0.0.1/", "https://017700000001/", "https://10.0.0.1/", "https://169.254.169.254/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://0/", "https://0.0.0.0/", "https://[::]/", "https://[fe80::1]/", "https://[fd00::1]/", "https://127.0.0.1./", "https://１２７.0.0.1/"])]
    fn what_is_no_address_of_a_webhook_is_refused(#[case] why: UrlError, #[case] texts: &[&str]) {
        for text in texts {
            assert_eq!(WebhookUrl::parse(text, false), Err(why), "{text:?}");
        }
    }

    #[test]
    fn long_ones_are_refused_before_and_after_they_grow() {
        let long = |part: &str, count: usize| format!("https://example.com/{}", part.repeat(count));
        assert!(WebhookUrl::parse(&long("a", 1980), false).is_ok());
        assert_eq!(WebhookUrl::parse(&long("a", 1981), false), Err(UrlError::TooLong));
        assert_eq!(WebhookUrl::parse(&long("ü", 400), false), Err(UrlError::TooLong));
    }

    #[test]
    fn the_operators_own_networks_are_taken_on_request() {
        for text in ["http://127.0.0.1:8080/", "http://localhost/", "https://10.0.0.1/", "http://[::1]/"] {
            assert!(WebhookUrl::parse(text, true).is_ok(), "{text}");
        }
        for text in ["http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "ftp://a/"] {
            assert!(WebhookUrl::parse(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn parts_are_what_a_request_says() {
        let url = WebhookUrl::parse("https://example.com:8443/hook/secret?a=b", false).unwrap();
        assert_eq!((url.authority().as_str(), url.port()), ("example.com:8443", 8443));
        assert_eq!((url.target(), url.host()), ("/hook/secret?a=b", "example.com"));
        assert_eq!((url.origin().as_str(), url.ip()), ("https://example.com:8443", None));
        let url = WebhookUrl::parse("https://[2606:4700::1111]", false).unwrap();
        assert_eq!((url.authority().as_str(), url.port()), ("[2606:4700::1111]", 443));
        assert_eq!((url.target(), url.host()), ("/", "2606:4700::1111"));
        assert_eq!(url.ip(), Some("2606:4700::1111".parse().unwrap()));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_can_be_sent_and_is_taken_again(text in "https://[a-z0-9.-]{1,12}(:[0-9]{1,4})?[/?][ -~äß]{0,30}") {
            if let Ok(url) = WebhookUrl::parse(&text, false) {
                prop_assert!(url.target().parse::<http::Uri>().is_ok(), "{}", url.target());
                prop_assert_eq!(WebhookUrl::parse(url.as_str(), false), Ok(url));
            }
        }
    }
}
