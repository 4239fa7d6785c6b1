//! What is answered about a request that carries a key.

use serde::{Deserialize, Serialize};

/// What a verdict says; the numbers stand in the statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[repr(u8)]
pub enum Code {
    /// It may pass.
    Valid = 0,
    /// No token in the request.
    Missing = 1,
    /// Wrong shape or checksum, or more than one token.
    Malformed = 2,
    /// No such key.
    NotFound = 3,
    /// The key was deleted.
    Deleted = 4,
    /// The key was replaced and the overlap is over.
    Rotated = 5,
    /// The key is past its expiry.
    Expired = 6,
    /// The key is paused by its owner.
    Disabled = 7,
    /// The user or its account is disabled.
    OwnerDisabled = 8,
    /// The key is locked to other addresses.
    IpNotAllowed = 9,
    /// A trusted proxy sent no usable client address.
    NoClientAddress = 10,
    /// This source guesses keys.
    Throttled = 11,
    /// The store is in trouble.
    Unavailable = 12,
}

impl Code {
    /// All codes.
    pub const ALL: [Self; 13] = [
        Self::Valid,
        Self::Missing,
        Self::Malformed,
        Self::NotFound,
        Self::Deleted,
        Self::Rotated,
        Self::Expired,
        Self::Disabled,
        Self::OwnerDisabled,
        Self::IpNotAllowed,
        Self::NoClientAddress,
        Self::Throttled,
        Self::Unavailable,
    ];

    /// The public name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Valid => "VALID",
            Self::Missing => "MISSING",
            Self::Malformed => "MALFORMED",
            Self::NotFound => "NOT_FOUND",
            Self::Deleted => "DELETED",
            Self::Rotated => "ROTATED",
            Self::Expired => "EXPIRED",
            Self::Disabled => "DISABLED",
            Self::OwnerDisabled => "OWNER_DISABLED",
            Self::IpNotAllowed => "IP_NOT_ALLOWED",
            Self::NoClientAddress => "NO_CLIENT_ADDRESS",
            Self::Throttled => "THROTTLED",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}
