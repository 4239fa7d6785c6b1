//! What users are told of, and by which way: who hears of an act ([`acts`]), how alarms are gathered ([`gathering`]), and
//! when a letter goes ([`letters`]).

pub mod acts;
pub mod gathering;
pub mod letters;

use super::address::{Address, Network};

/// Addresses that are shown, and decided on, as one: a single one, or several of one IPv6 /64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressGroup<T> {
    /// One address, or the IPv6 /64 of several.
    pub network: Network,
    /// What was seen there.
    pub members: Vec<T>,
}

impl<T> AddressGroup<T> {
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
pub fn group_addresses<T>(
    seen: impl IntoIterator<Item = T>,
    address_of: impl Fn(&T) -> Address,
) -> Vec<AddressGroup<T>> {
    let mut groups: Vec<AddressGroup<T>> = Vec::new();
    for member in seen {
        let address = address_of(&member);
        let network =
            if address.stands_for_ipv4() { Network::from(address) } else { Network::of_source(address) };
        match groups.iter_mut().find(|group| group.network == network) {
            Some(group) => group.members.push(member),
            None => groups.push(AddressGroup { network, members: vec![member] }),
        }
    }
    for group in &mut groups {
        if let [only] = group.members.as_slice() {
            group.network = address_of(only).into();
        }
    }
    groups
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
        let groups = group_addresses(seen, |text| Address::parse(text).unwrap());
        let found: Vec<_> =
            groups.iter().map(|group| (group.network.to_string(), group.members.clone())).collect();
        let alone = |text: &'static str| (text.to_owned(), vec![text]);
        let of_one = vec!["2001:db8:1:2::b", "2001:db8:1:2:ffff::1", "2001:db8:1:2::c"];
        let gathered = ("2001:db8:1:2::/64".to_owned(), of_one);
        let mut expected = vec![gathered];
        expected.extend([1, 2, 3, 5, 6, 8, 9].map(|number: usize| alone(seen[number])));
        assert_eq!(found, expected);
        assert!(groups[0].is_gathered() && !groups[1].is_gathered());
    }
}
