//! `key_header`: the header in which clients send their keys.

use super::parse::choice_of_header;
use super::{Layers, SettingsError};
use http::{HeaderName, header};

static X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// Headers with another meaning to Latchkey, to gateways or in HTTP.
const TAKEN: [&str; 16] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-uri",
    "x-forwarded-method",
    "x-original-uri",
    "x-original-method",
    "x-real-ip",
    "origin",
    "access-control-request-method",
    "proxy-authorization",
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "upgrade",
    "te",
];

/// The headers in which a key is looked for; others are not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyHeader {
    /// In exactly one of `Authorization` and `X-API-Key`.
    Either,
    /// In `Authorization`, as Bearer or Basic.
    Authorization,
    /// Alone in this header.
    Named(HeaderName),
}

impl KeyHeader {
    pub(super) fn parse(layers: &Layers) -> Result<Self, SettingsError> {
        let address = layers.get("client_address_header").0.trim().to_ascii_lowercase();
        layers.read("key_header", |value| {
            if value.is_empty() {
                return Ok(Self::Either);
            }
            let name = choice_of_header(value)?;
            if name == header::AUTHORIZATION {
                return Ok(Self::Authorization);
            }
            let text = name.as_str();
            if TAKEN.contains(&text) || text == address || text.starts_with("x-latchkey-") {
                return Err(format!("takes another header than {text}, which says something else"));
            }
            Ok(Self::Named(name))
        })
    }

    /// The name of the header in which a key stands alone, if it can.
    pub fn alone(&self) -> Option<&HeaderName> {
        match self {
            Self::Either => Some(&X_API_KEY),
            Self::Authorization => None,
            Self::Named(name) => Some(name),
        }
    }

    /// The name of the one header that is read, if the key stands alone in it.
    pub fn alone_only(&self) -> Option<&HeaderName> {
        self.alone().filter(|_| !self.reads_authorization())
    }

    /// Whether `Authorization` is read.
    pub fn reads_authorization(&self) -> bool {
        !matches!(self, Self::Named(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn parsed(value: &str, address: &str) -> Result<KeyHeader, String> {
        let flags = [("key_header", value), ("client_address_header", address)]
            .map(|(n, v)| (n, "--flag", v.to_owned()));
        let layers = Layers::load(None, std::iter::empty(), flags.to_vec()).unwrap();
        KeyHeader::parse(&layers).map_err(|error| error.to_string())
    }

    #[test]
    fn a_header_is_named_or_either_is_read() {
        let of = |value| parsed(value, "x-forwarded-for");
        assert_eq!(of(""), Ok(KeyHeader::Either));
        assert_eq!(of("Authorization"), Ok(KeyHeader::Authorization));
        assert_eq!(of("X-API-Key"), Ok(KeyHeader::Named(X_API_KEY.clone())));
        assert_eq!(of("api-token"), Ok(KeyHeader::Named(HeaderName::from_static("api-token"))));
    }

    #[rstest]
    #[case("x api key")]
    #[case("authorization, x-api-key")]
    #[case("x-latchkey-gateway")]
    #[case("x-forwarded-for")]
    #[case("X-Original-Method")]
    #[case("x-client")]
    fn a_header_that_says_something_else_is_refused(#[case] value: &str) {
        let error = parsed(value, "X-Client").unwrap_err();
        assert!(error.starts_with("key_header (from --flag): takes "), "{error}");
    }
}
