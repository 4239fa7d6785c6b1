//! The causes of notices.

use serde::{Deserialize, Serialize};

named! {
    /// Why a user gets a notice; the numbers stand in the database.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[repr(u8)]
    pub enum Cause {
        /// A Default key is refused from an address that it does not know.
        NewAddress = 1 => "new_address",
        /// A deleted, expired or rotated key is still being sent.
        DeadKeyInUse = 2 => "dead_key_in_use",
        /// Somebody guesses keys of this username.
        Guessing = 3 => "guessing",
        /// A key was generated.
        KeyGenerated = 4 => "key_generated",
        /// A token was shown again.
        KeyShown = 5 => "key_shown",
        /// A key was deleted.
        KeyDeleted = 6 => "key_deleted",
        /// A key was renamed, paused or resumed, or its expiry was changed.
        KeyChanged = 12 => "key_changed",
        /// A key was given another token, or the one before stopped passing.
        KeyRotated = 14 => "key_rotated",
        /// An application was let in, and has a key now.
        ApplicationApproved = 15 => "application_approved",
        /// The addresses a key passes from were changed.
        AddressesChanged = 7 => "addresses_changed",
        /// A key expires soon.
        KeyExpiring = 13 => "key_expiring",
        /// Somebody logged in as this user from an address that is new for them.
        NewLogin = 8 => "new_login",
        /// The password ends soon.
        PasswordExpiring = 9 => "password_expiring",
        /// Password, second factor, mail address, sub-users, webhooks or the choice of notices were changed.
        AccountChanged = 10 => "account_changed",
        /// A webhook was switched off after it failed for days.
        WebhookOff = 11 => "webhook_off",
    }
}

impl Cause {
    /// The cause with that number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| *cause as u8 == number)
    }

    /// Whether occurrences are gathered into one notice per day.
    pub fn is_gathered(self) -> bool {
        matches!(self, Self::NewAddress | Self::DeadKeyInUse | Self::Guessing)
    }

    /// Whether it is mailed by default: trouble is, and what users do to their keys is not.
    pub fn is_mailed_by_default(self) -> bool {
        !matches!(
            self,
            Self::KeyGenerated
                | Self::KeyShown
                | Self::KeyDeleted
                | Self::KeyChanged
                | Self::KeyRotated
                | Self::AddressesChanged
        )
    }

    /// Whether its letters cannot be switched off, because a thief of the account would do that first.
    pub fn is_always_mailed(self) -> bool {
        self == Self::AccountChanged
    }

    /// Its bit in a set of causes.
    pub fn bit(self) -> u32 {
        1 << (self as u8)
    }
}

/// What a user decided about an address from which a key was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressState {
    /// Nothing was decided.
    Open,
    /// The key passes from there now.
    Authorised,
    /// Refusals from there make no more notices.
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
