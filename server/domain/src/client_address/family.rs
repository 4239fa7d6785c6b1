//! The header family that trusted proxies name a client by.

use super::forwarded::is_token_character;
use std::fmt;
use std::str::FromStr;

/// The one way in which trusted proxies name a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Family {
    /// A list: every proxy appends the address it saw.
    XForwardedFor,
    /// The same in the form of RFC 7239.
    Forwarded,
    /// One address.
    XRealIp,
    /// One address, in a header of that (lower-case) name.
    Named(String),
    /// The source in the PROXY header of the connection.
    ProxyProtocol,
}

/// Why a text is no family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("takes x-forwarded-for, forwarded, x-real-ip, proxy-protocol or the name of another header")]
pub struct FamilyError;

impl Family {
    /// The header whose lines are read, in lower case; connections have none.
    #[must_use]
    pub fn header(&self) -> Option<&str> {
        match self {
            Self::XForwardedFor => Some("x-forwarded-for"),
            Self::Forwarded => Some("forwarded"),
            Self::XRealIp => Some("x-real-ip"),
            Self::Named(name) => Some(name),
            Self::ProxyProtocol => None,
        }
    }
}

impl FromStr for Family {
    type Err = FamilyError;

    fn from_str(text: &str) -> Result<Self, FamilyError> {
        let name = text.to_ascii_lowercase();
        match name.as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            "x-real-ip" => Ok(Self::XRealIp),
            "proxy-protocol" => Ok(Self::ProxyProtocol),
            "" => Err(FamilyError),
            _ if name.bytes().all(is_token_character) => Ok(Self::Named(name)),
            _ => Err(FamilyError),
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.header().unwrap_or("proxy-protocol"))
    }
}
