//! What users are told of, and by which way.

use super::address::{Address, Network};

/// Why a user is told something; the numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

/// What is shown and decided as one of the addresses that a key was refused from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place<T> {
    /// One address, or the IPv6 /64 of several.
    pub network: Network,
    /// What was seen there.
    pub members: Vec<T>,
}

impl<T> Place<T> {
    /// An address by itself.
    pub fn alone(address: Address, member: T) -> Self {
        Self { network: address.into(), members: vec![member] }
    }

    /// Whether it stands for several addresses.
    #[must_use]
    pub fn is_gathered(&self) -> bool {
        self.members.len() > 1
    }
}

/// Gathers what was seen at two or more addresses of one IPv6 /64, which one machine holds whole; whatever stands
/// alone stays so, and so does IPv4. The order is that of the first ones.
pub fn places<T>(seen: impl IntoIterator<Item = T>, address_of: impl Fn(&T) -> Address) -> Vec<Place<T>> {
    let mut places: Vec<Place<T>> = Vec::new();
    for member in seen {
        let address = address_of(&member);
        let network =
            if address.stands_for_ipv4() { Network::from(address) } else { Network::of_source(address) };
        match places.iter_mut().find(|place| place.network == network) {
            Some(place) => place.members.push(member),
            None => places.push(Place { network, members: vec![member] }),
        }
    }
    for place in &mut places {
        if let [only] = place.members.as_slice() {
            place.network = address_of(only).into();
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_64_are_one_place_and_others_stand_alone() {
        let seen = [
            "2001:db8:1:2::b",
            "203.0.113.7",
            "2001:db8:1:3::b",
            "203.0.113.8",
            "2001:db8:1:2:ffff::1",
            "64:ff9b::cb00:7107",
            "64:ff9b::cb00:7108",
            "2001:db8:1:2::c",
            "2001:0:cb00:7107::1",
            "2001:0:cb00:7107::2",
        ];
        let places = places(seen, |text| Address::parse(text).unwrap());
        let found: Vec<_> =
            places.iter().map(|place| (place.network.to_string(), place.members.clone())).collect();
        let alone = |text: &'static str| (text.to_owned(), vec![text]);
        let of_one = vec!["2001:db8:1:2::b", "2001:db8:1:2:ffff::1", "2001:db8:1:2::c"];
        let gathered = ("2001:db8:1:2::/64".to_owned(), of_one);
        let mut expected = vec![gathered];
        expected.extend([1, 2, 3, 5, 6, 8, 9].map(|no: usize| alone(seen[no])));
        assert_eq!(found, expected);
        assert!(places[0].is_gathered() && !places[1].is_gathered());
    }

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
