//! The codes of verdicts.

use serde::{Deserialize, Serialize};

named! {
    /// The code of a verdict; the numbers stand in the statistics.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
    #[repr(u8)]
    pub enum Code {
        /// The request may pass.
        Valid = 0 => "VALID",
        /// No token in the request.
        Missing = 1 => "MISSING",
        /// Wrong shape or checksum, or more than one token.
        Malformed = 2 => "MALFORMED",
        /// No such key.
        NotFound = 3 => "NOT_FOUND",
        /// The key was deleted.
        Deleted = 4 => "DELETED",
        /// The key was replaced and the overlap is over.
        Rotated = 5 => "ROTATED",
        /// The key is past its expiry.
        Expired = 6 => "EXPIRED",
        /// The key is paused by its owner.
        Disabled = 7 => "DISABLED",
        /// The user or their account is disabled.
        OwnerDisabled = 8 => "OWNER_DISABLED",
        /// The key is locked to other addresses.
        IpNotAllowed = 9 => "IP_NOT_ALLOWED",
        /// A trusted proxy sent no usable client address.
        NoClientAddress = 10 => "NO_CLIENT_ADDRESS",
        /// This source guesses at keys.
        Throttled = 11 => "THROTTLED",
        /// The store is in trouble.
        Unavailable = 12 => "UNAVAILABLE",
    }
}
