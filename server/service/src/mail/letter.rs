//! Letters that somebody asked for. Letters about notices are not kept: they are written when they are sent.

use contract::Language;
use domain::sealing::{SealError, SealingKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// The place that a letter is sealed with; its row has no number yet.
const PLACE: &str = "mails.payload";

/// A letter. It holds a mail address and the secret of a link, so it is only kept sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Letter {
    /// Asks whether a mail address belongs to the user who entered it.
    ConfirmAddress {
        /// The address.
        to: String,
        /// The language of the page it was entered on.
        #[serde(with = "code")]
        language: Language,
        /// The user who entered it.
        username: String,
        /// The link that confirms it.
        link: String,
    },
    /// Invites somebody to become a sub-user.
    Invitation {
        /// The address.
        to: String,
        /// The language of the page it was sent from.
        #[serde(with = "code")]
        language: Language,
        /// The owner who invites.
        owner: String,
        /// The name of the new sub-user.
        username: String,
        /// The link that accepts it.
        link: String,
    },
    /// Lets a user set a password who has forgotten theirs.
    SetPassword {
        /// The address.
        to: String,
        /// The user's language, or else that of the page it was asked for on.
        #[serde(with = "code")]
        language: Language,
        /// The user.
        username: String,
        /// The link that leads to the form.
        link: String,
    },
    /// Tells an address that it no longer belongs to its user.
    AddressReplaced {
        /// The address that was replaced.
        to: String,
        /// The user's language.
        #[serde(with = "code")]
        language: Language,
        /// The user.
        username: String,
    },
    /// Tells a sub-user that they were removed.
    Removed {
        /// Their address.
        to: String,
        /// Their language.
        #[serde(with = "code")]
        language: Language,
        /// Their name.
        username: String,
        /// The owner who removed them.
        owner: String,
    },
}

impl Letter {
    /// The letter as it may be kept in the database.
    pub fn seal(&self, key: &SealingKey) -> Result<Vec<u8>, SealError> {
        let plain = serde_json::to_vec(self).map(Zeroizing::new).map_err(|_| SealError::Unreadable)?;
        key.seal_bytes(PLACE, &plain)
    }

    /// Opens a sealed letter; an error, if it was sealed with another key or changed.
    pub fn open(key: &SealingKey, sealed: &[u8]) -> Result<Self, SealError> {
        let plain = key.open_bytes(PLACE, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| SealError::Unreadable)
    }
}

/// Languages by their codes.
mod code {
    use super::{Deserialize, Deserializer, Language, Serializer};

    pub(super) fn serialize<S: Serializer>(language: &Language, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(language.code())
    }

    pub(super) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Language, D::Error> {
        Ok(Language::from_code(&String::deserialize(from)?).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_sealed_and_comes_back() {
        let (key, other) = (SealingKey::new(&[1; 32]), SealingKey::new(&[2; 32]));
        let letter = Letter::ConfirmAddress {
            to: "demo@example.org".to_owned(),
            language: Language::Ro,
            username: "demo".to_owned(),
            link: "https://keys.example.org/confirm?token=secret".to_owned(),
        };
        let sealed = letter.seal(&key).unwrap();
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
        assert!(Letter::open(&key, &sealed).unwrap() == letter);
        assert!(Letter::open(&other, &sealed).is_err());
    }
}
