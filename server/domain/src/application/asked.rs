//! What an application says of itself: anybody can say anything, so it must at least not look like something else.

use crate::description::{LineError, is_hidden, is_invisible, parse_line};
use url::Url;

/// The name by which an application calls itself: 1 to 64 visible characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName(String);

/// Why a text is no name of an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientNameError {
    /// Nothing there.
    #[error("is empty")]
    Empty,
    /// Over [`ClientName::LIMIT`] characters.
    #[error("is longer than {} characters", ClientName::LIMIT)]
    TooLong,
    /// A control, directional or invisible character.
    #[error("holds a character that cannot be seen")]
    Invisible,
}

impl ClientName {
    /// The most characters.
    pub const LIMIT: usize = 64;

    /// Takes the text that an application sent.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, ClientNameError> {
        // More strictly than a customer's own words: a stranger wrote these, to be read by somebody who decides by them.
        let cannot_be_seen = |c| is_hidden(c) || (c != ' ' && is_invisible(c));
        parse_line(text, Self::LIMIT, cannot_be_seen).map(Self).map_err(|error| match error {
            LineError::Empty => ClientNameError::Empty,
            LineError::Refused => ClientNameError::Invisible,
            LineError::TooLong => ClientNameError::TooLong,
        })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An address of the web that an application names: of its icon, or where it is returned to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebLink(String);

/// Why a text is no such address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebLinkError {
    /// Over [`WebLink::LIMIT`] characters.
    #[error("is longer than {} characters", WebLink::LIMIT)]
    TooLong,
    /// No address that begins with `https://` or `http://`.
    #[error("is no address that begins with https:// or http://")]
    NotAWebAddress,
    /// A username or a password is in it, by which one site looks like another.
    #[error("holds a username or a password")]
    Credentials,
}

impl WebLink {
    /// The most characters.
    pub const LIMIT: usize = 2048;

    /// Takes the text that an application sent.
    ///
    /// # Errors
    /// Says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, WebLinkError> {
        if text.len() > Self::LIMIT {
            return Err(WebLinkError::TooLong);
        }
        // The parser of the web drops tabs and line feeds and takes a space.
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(WebLinkError::NotAWebAddress);
        }
        let url = Url::parse(text).map_err(|_| WebLinkError::NotAWebAddress)?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(WebLinkError::NotAWebAddress);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(WebLinkError::Credentials);
        }
        // Characters that are not ASCII have become longer.
        if url.as_str().len() > Self::LIMIT {
            return Err(WebLinkError::TooLong);
        }
        Ok(Self(url.into()))
    }

    /// The address in its canonical form, in which letters that look alike are told apart.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(" Zapier ", Ok("Zapier"))]
    #[case("Café – 日本 👩", Ok("Café – 日本 👩"))]
    #[case("<script>", Ok("<script>"))]
    #[case("", Err(ClientNameError::Empty))]
    #[case(" \t ", Err(ClientNameError::Empty))]
    #[case("a\nb", Err(ClientNameError::Invisible))]
    #[case("a\u{0}b", Err(ClientNameError::Invisible))]
    #[case("a\u{202e}b", Err(ClientNameError::Invisible))]
    #[case("a\u{2066}b", Err(ClientNameError::Invisible))]
    #[case("a\u{200f}b", Err(ClientNameError::Invisible))]
    #[case("a\u{200b}b", Err(ClientNameError::Invisible))]
    #[case("a\u{a0}b", Err(ClientNameError::Invisible))]
    #[case("\u{3164}", Err(ClientNameError::Invisible))]
    fn names_can_be_seen(#[case] text: &str, #[case] expected: Result<&str, ClientNameError>) {
        assert_eq!(ClientName::parse(text).as_ref().map(ClientName::as_str).map_err(|e| *e), expected);
    }

    #[test]
    fn names_have_an_end() {
        assert!(ClientName::parse(&"ș".repeat(64)).is_ok());
        assert_eq!(ClientName::parse(&"a".repeat(65)), Err(ClientNameError::TooLong));
    }

    #[rstest]
    #[case("https://example.com/done?x=1#y", Ok("https://example.com/done?x=1#y"))]
    #[case("http://localhost:8080", Ok("http://localhost:8080/"))]
    #[case("https://exämple.com/", Ok("https://xn--exmple-cua.com/"))]
    #[case("", Err(WebLinkError::NotAWebAddress))]
    #[case("example.com", Err(WebLinkError::NotAWebAddress))]
    #[case("javascript:alert(1)", Err(WebLinkError::NotAWebAddress))]
    #[case("data:text/html,x", Err(WebLinkError::NotAWebAddress))]
    #[case("java\tscript:alert(1)", Err(WebLinkError::NotAWebAddress))]
    #[case("ftp://example.com/", Err(WebLinkError::NotAWebAddress))]
    #[case("//example.com/", Err(WebLinkError::NotAWebAddress))]
    #[case("https://bank.example@evil.example/", Err(WebLinkError::Credentials))]
    fn links_lead_to_the_web(#[case] text: &str, #[case] expected: Result<&str, WebLinkError>) {
        assert_eq!(WebLink::parse(text).as_ref().map(WebLink::as_str).map_err(|e| *e), expected);
    }

    #[test]
    fn long_links_are_refused_before_and_after_they_grow() {
        let long =
            |part: &str, count: usize| WebLink::parse(&format!("https://example.com/{}", part.repeat(count)));
        assert!(long("a", WebLink::LIMIT - 20).is_ok());
        assert_eq!(long("a", WebLink::LIMIT - 19), Err(WebLinkError::TooLong));
        assert_eq!(long("ü", 400), Err(WebLinkError::TooLong));
    }
}
