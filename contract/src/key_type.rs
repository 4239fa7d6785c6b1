//! The four kinds of key.

use serde::{Deserialize, Serialize};

/// The kind of a key; the numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum KeyType {
    /// Locks to the address of its first accepted request.
    Default = 1,
    /// Passes from any address.
    Cloud = 2,
    /// An 8-character secret, looked up together with the username.
    Smpp = 3,
    /// Issued to a third-party application.
    App = 4,
}

impl KeyType {
    /// All kinds, in the order of the form.
    pub const ALL: [Self; 4] = [Self::Default, Self::Cloud, Self::Smpp, Self::App];

    /// The public name: form field `key_type`, verify answer, gateway header.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Cloud => "cloud",
            Self::Smpp => "smpp",
            Self::App => "app",
        }
    }

    /// The kind with that public name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|t| t.name() == name)
    }

    /// The kind with that number in the database.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|t| i64::from(*t as u8) == number)
    }

    /// Whether the address rule can refuse this kind.
    #[must_use]
    pub fn is_address_bound(self) -> bool {
        self == Self::Default
    }
}
