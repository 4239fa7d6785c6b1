//! The four kinds of key.

use serde::{Deserialize, Serialize};

named! {
    /// The kind of a key; the numbers stand in the database.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    #[repr(u8)]
    pub enum KeyType {
        /// Locks to the address of its first accepted request.
        Default = 1 => "default",
        /// Passes from any address.
        Cloud = 2 => "cloud",
        /// An 8-character secret, looked up together with the username.
        Smpp = 3 => "smpp",
        /// Issued to a third-party application.
        App = 4 => "app",
    }
}

impl KeyType {
    /// The kind with that number in the database.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|t| i64::from(*t as u8) == number)
    }

    /// Whether the address rule can refuse this kind.
    pub fn is_address_bound(self) -> bool {
        self == Self::Default
    }
}
