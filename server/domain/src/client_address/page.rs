use crate::address::Address;
use std::fmt;

/// The client of a page. Unlike a gateway's question, a page is served without an address too. An unknown client shares no
/// source with anybody, and is never at an address that a user logged in from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAddress {
    /// From there.
    Known(Address),
    /// A trusted proxy named no usable client.
    Unknown,
}

impl ClientAddress {
    /// The address, if it is known.
    #[must_use]
    pub fn known(self) -> Option<Address> {
        match self {
            Self::Known(address) => Some(address),
            Self::Unknown => None,
        }
    }
}

impl From<Address> for ClientAddress {
    fn from(address: Address) -> Self {
        Self::Known(address)
    }
}

impl From<Option<Address>> for ClientAddress {
    fn from(address: Option<Address>) -> Self {
        address.map_or(Self::Unknown, Self::Known)
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(address) => address.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}
