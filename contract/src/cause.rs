//! What users are told of.

use serde::{Deserialize, Serialize};

/// Why a user is told something; the numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Cause {
    /// A Default key is refused from an address that it does not know.
    NewAddress = 1,
    /// A deleted, expired or rotated key is still being sent.
    DeadKeyInUse = 2,
    /// Somebody guesses keys of this username.
    Guessing = 3,
    /// A key was generated.
    KeyGenerated = 4,
    /// A token was shown again.
    KeyShown = 5,
    /// A key was deleted.
    KeyDeleted = 6,
    /// The addresses a key passes from were changed.
    AddressesChanged = 7,
    /// Somebody logged in from an address that was never seen with this user.
    NewLogin = 8,
    /// The password ends soon.
    PasswordExpiring = 9,
    /// Password, second factor, mail address, sub-users, webhooks or the choice of notices were changed.
    AccountChanged = 10,
    /// A webhook was switched off after it failed for days.
    WebhookOff = 11,
}

impl Cause {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 11] = [
        Self::NewAddress,
        Self::DeadKeyInUse,
        Self::Guessing,
        Self::KeyGenerated,
        Self::KeyShown,
        Self::KeyDeleted,
        Self::AddressesChanged,
        Self::NewLogin,
        Self::PasswordExpiring,
        Self::AccountChanged,
        Self::WebhookOff,
    ];

    /// The name in forms and in the type of a webhook's message.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NewAddress => "new_address",
            Self::DeadKeyInUse => "dead_key_in_use",
            Self::Guessing => "guessing",
            Self::KeyGenerated => "key_generated",
            Self::KeyShown => "key_shown",
            Self::KeyDeleted => "key_deleted",
            Self::AddressesChanged => "addresses_changed",
            Self::NewLogin => "new_login",
            Self::PasswordExpiring => "password_expiring",
            Self::AccountChanged => "account_changed",
            Self::WebhookOff => "webhook_off",
        }
    }

    /// The cause with that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }

    /// The cause with that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| *cause as u8 == number)
    }

    /// Whether occurrences are gathered into one notice a day.
    #[must_use]
    pub fn is_gathered(self) -> bool {
        matches!(self, Self::NewAddress | Self::DeadKeyInUse | Self::Guessing)
    }

    /// Whether it is mailed unless the user says otherwise: trouble is, what the user did itself is not.
    #[must_use]
    pub fn is_mailed_by_default(self) -> bool {
        !matches!(self, Self::KeyGenerated | Self::KeyShown | Self::KeyDeleted | Self::AddressesChanged)
    }

    /// Whether its letters cannot be switched off: whoever took an account over would do that first.
    #[must_use]
    pub fn is_always_mailed(self) -> bool {
        self == Self::AccountChanged
    }

    /// Its place in a set of causes.
    #[must_use]
    pub fn bit(self) -> u32 {
        1 << (self as u8)
    }
}

/// What became of an address from which a key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressState {
    /// Nothing was decided.
    Open,
    /// The key passes from there now.
    Authorised,
    /// The user does not want to hear of it again.
    Ignored,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for cause in Cause::ALL {
            assert_eq!(Cause::from_name(cause.name()), Some(cause));
            assert_eq!(Cause::from_number(cause as u8), Some(cause));
        }
        assert_eq!(Cause::from_number(0), None);
        assert_eq!(Cause::from_name(""), None);
    }
}
