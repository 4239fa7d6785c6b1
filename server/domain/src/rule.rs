//! The address rule of one key.

use super::address::{Address, Network};
use contract::LockWidth;
use std::net::IpAddr;

/// The addresses that a key passes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressRule {
    /// Whether the rule refuses at all: only Default keys do.
    pub enforced: bool,
    /// The address of the first accepted request.
    pub locked: Option<Address>,
    /// How wide the lock is.
    pub width: LockWidth,
    /// Further addresses and networks.
    pub allow_list: Box<[Network]>,
}

/// What the rule says to one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The address may pass.
    Pass,
    /// The address may pass, and becomes the locked address.
    PassAndBind,
    /// The address may not pass.
    Refuse,
}

/// An address rule as it lies in memory, without a copy of its allow list.
#[derive(Clone, Copy, Debug)]
pub struct RuleView<'a> {
    /// As [`AddressRule::enforced`].
    pub enforced: bool,
    /// As [`AddressRule::locked`].
    pub locked: Option<Address>,
    /// As [`AddressRule::width`].
    pub width: LockWidth,
    /// As [`AddressRule::allow_list`].
    pub allow_list: &'a [Network],
}

impl AddressRule {
    /// The most entries of an allow list.
    pub const ENTRIES: u32 = 100;

    /// The rule without a copy.
    #[must_use]
    pub fn view(&self) -> RuleView<'_> {
        RuleView {
            enforced: self.enforced,
            locked: self.locked,
            width: self.width,
            allow_list: &self.allow_list,
        }
    }
}

/// Why a rule lets an address pass, or refuses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressReason {
    /// A key of this type passes from any address.
    AnyAddress,
    /// The key is not locked yet: a request from there would lock it.
    WouldLock,
    /// It is the address on which the key is locked.
    Locked,
    /// It is in the network of the address on which the key is locked.
    InLockedNetwork,
    /// An entry of the allow list holds it.
    Listed(Network),
    /// The key is not locked yet, and no entry of the allow list holds the address.
    NotListed,
    /// The key is locked on another address, and no entry of the allow list holds this one.
    Elsewhere,
}

impl AddressReason {
    /// Whether the address may pass.
    #[must_use]
    pub fn passes(self) -> bool {
        !matches!(self, Self::NotListed | Self::Elsewhere)
    }
}

impl RuleView<'_> {
    /// Judges one address.
    #[must_use]
    pub fn judge(&self, address: Address) -> Ruling {
        let listed = || self.allow_list.iter().any(|n| n.contains(address));
        match self.locked {
            None if self.enforced && !self.allow_list.is_empty() && !listed() => Ruling::Refuse,
            None => Ruling::PassAndBind,
            Some(_) if !self.enforced => Ruling::Pass,
            Some(locked) if self.is_within_lock(locked, address) || listed() => Ruling::Pass,
            Some(_) => Ruling::Refuse,
        }
    }

    /// Says why [`judge`](Self::judge) says what it does.
    #[must_use]
    pub fn explain(&self, address: Address) -> AddressReason {
        if !self.enforced {
            return AddressReason::AnyAddress;
        }
        let listed = self.allow_list.iter().find(|entry| entry.contains(address)).copied();
        match self.locked {
            None if self.allow_list.is_empty() || listed.is_some() => AddressReason::WouldLock,
            None => AddressReason::NotListed,
            Some(locked) if locked == address => AddressReason::Locked,
            Some(locked) if self.is_within_lock(locked, address) => AddressReason::InLockedNetwork,
            Some(_) => listed.map_or(AddressReason::Elsewhere, AddressReason::Listed),
        }
    }

    /// Whether the lock or the allow list holds the whole network.
    #[must_use]
    pub fn covers(&self, network: Network) -> bool {
        let locked = self.locked.filter(|_| self.width == LockWidth::Net64).map(Network::of_source);
        self.allow_list.iter().copied().chain(locked).any(|held| held.covers(network))
    }

    fn is_within_lock(&self, locked: Address, address: Address) -> bool {
        let is_v6 = matches!((locked.ip(), address.ip()), (IpAddr::V6(_), IpAddr::V6(_)));
        match self.width {
            LockWidth::Net64 if is_v6 => locked.source() == address.source(),
            LockWidth::Net64 | LockWidth::Exact => locked == address,
        }
    }
}

/// Whether these networks together hold every IPv4 address, or every IPv6 address that is routed (2000::/3): a /0 is
/// refused, but its two halves are not.
#[must_use]
pub fn holds_everybody(networks: &[Network]) -> bool {
    // Addresses as stored: IPv4 stands in its mapped range.
    let mapped = 0xFFFF_u128 << 32;
    let [v4, v6] = [[mapped, mapped | 0xFFFF_FFFF], [0b001 << 125, (0b010 << 125) - 1]];
    let mut held: Vec<_> = networks.iter().map(|network| network.bounds()).collect();
    held.sort_unstable();
    [v4, v6].into_iter().any(|[first, last]| {
        // The first address that none of those before holds.
        let mut open = first;
        for [from, to] in &held {
            if *from <= open && *to >= open {
                open = to.saturating_add(1);
            }
        }
        open > last
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn halves_hold_everybody_together() {
        let holds = |texts: &[&str]| {
            let networks: Vec<_> = texts.iter().map(|text| Network::parse(text).unwrap()).collect();
            holds_everybody(&networks)
        };
        assert!(!holds(&[]));
        assert!(!holds(&["203.0.113.7", "10.0.0.0/8"]));
        assert!(!holds(&["128.0.0.0/1"]) && !holds(&["0.0.0.0/1", "128.0.0.0/2"]));
        assert!(holds(&["128.0.0.0/1", "0.0.0.0/1"]));
        assert!(holds(&["0.0.0.0/2", "203.0.113.7", "64.0.0.0/2", "128.0.0.0/1"]));
        assert!(holds(&["::/1"]), "the routed addresses begin with 001");
        assert!(!holds(&["8000::/1"]) && holds(&["2000::/4", "3000::/4"]));
        assert!(!holds(&["::/96"]), "that is no IPv4");
    }

    /// The rule again, as plain as can be: sets of addresses written out.
    fn model(enforced: bool, locked: Option<u8>, listed: &[u8], address: u8) -> Ruling {
        match (enforced, locked) {
            (false, None) => Ruling::PassAndBind,
            (false, Some(_)) => Ruling::Pass,
            (true, None) if listed.is_empty() || listed.contains(&address) => Ruling::PassAndBind,
            (true, None) => Ruling::Refuse,
            (true, Some(l)) if l == address || listed.contains(&address) => Ruling::Pass,
            (true, Some(_)) => Ruling::Refuse,
        }
    }

    fn v4(last: u8) -> Address {
        Address::parse(&format!("203.0.113.{last}")).unwrap()
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_model(
            enforced: bool,
            locked in prop::option::of(0_u8..6),
            listed in prop::collection::vec(0_u8..6, 0..4),
            address in 0_u8..6,
            wide: bool,
        ) {
            let rule = AddressRule {
                enforced,
                locked: locked.map(v4),
                width: if wide { LockWidth::Net64 } else { LockWidth::Exact },
                allow_list: listed.iter().map(|l| v4(*l).into()).collect(),
            };
            let ruling = rule.view().judge(v4(address));
            prop_assert_eq!(ruling, model(enforced, locked, &listed, address));
            let reason = rule.view().explain(v4(address));
            prop_assert_eq!(reason.passes(), ruling != Ruling::Refuse, "{:?}", reason);
            if enforced {
                prop_assert_eq!(reason == AddressReason::WouldLock, ruling == Ruling::PassAndBind);
            }
        }

        #[test]
        fn networks_admit_exactly_their_addresses(length in 1_u8..=32, host: u32, other: u32) {
            let mask = u32::MAX << (32 - length);
            let text = format!("{}/{length}", std::net::Ipv4Addr::from(host & mask));
            let network = Network::parse(&text).unwrap();
            let inside = (host & mask) == (other & mask);
            prop_assert_eq!(network.contains(Address::new(std::net::Ipv4Addr::from(other).into())), inside);
        }
    }

    #[test]
    fn a_wide_lock_means_the_64_of_ipv6_only() {
        let rule = |locked: &str| AddressRule {
            enforced: true,
            locked: Some(Address::parse(locked).unwrap()),
            width: LockWidth::Net64,
            allow_list: Box::default(),
        };
        let judge = |locked: &str, a: &str| rule(locked).view().judge(Address::parse(a).unwrap());
        assert_eq!(judge("2001:db8::1", "2001:db8::ffff:1"), Ruling::Pass);
        assert_eq!(judge("2001:db8::1", "2001:db8:0:1::1"), Ruling::Refuse);
        assert_eq!(judge("203.0.113.7", "203.0.113.8"), Ruling::Refuse);
        assert_eq!(judge("203.0.113.7", "::ffff:203.0.113.7"), Ruling::Pass);
    }
}
