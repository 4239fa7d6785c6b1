//! How wide the lock of a key is.

use serde::{Deserialize, Serialize};

/// How much of an IPv6 address the lock compares; the numbers stand in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum LockWidth {
    /// The exact address.
    #[default]
    Exact = 128,
    /// The /64 around an IPv6 address (RFC 8981: clients that change their address within it).
    Net64 = 64,
}

impl LockWidth {
    /// The width with that number in the database.
    pub fn from_number(number: i64) -> Self {
        if number == 64 { Self::Net64 } else { Self::Exact }
    }
}
