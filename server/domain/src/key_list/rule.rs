//! Whether a key is wanted, and where it stands.

use super::{Column, ListFilter, ListState, Order, Shown, fold};
use crate::address::Address;
use crate::time::Micros;
use contract::{KeyState, KeyType};

/// What the list goes by of a key.
#[derive(Clone, Copy, Debug)]
pub struct ListFacts<'a> {
    /// The customer's words.
    pub description: &'a str,
    /// The name of its user.
    pub username: &'a str,
    /// What the filter says of that name ([`ListFilter::fit`]).
    pub fit: UserFit,
    /// What its token shows.
    pub shown: Shown,
    /// Its kind.
    pub key_type: KeyType,
    /// Whether it passes.
    pub state: KeyState,
    /// Accepted uses.
    pub times_used: u64,
    /// The last of them.
    pub last_used: Option<Micros>,
    /// The address of the first.
    pub locked: Option<Address>,
    /// Whether the store has it among those that are in the wanted state, where that state is marked
    /// ([`ListState::is_marked`]).
    pub is_marked: bool,
}

/// What a filter says of the name of a user. It is asked once for many keys of one user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserFit {
    /// Keys of this user may be wanted.
    is_wanted: bool,
    /// The name contains what is looked for.
    has_text: bool,
}

impl ListFilter {
    /// What it says of the name of a user.
    #[must_use]
    pub fn fit(&self, username: &str) -> UserFit {
        UserFit {
            is_wanted: self.username.as_ref().is_none_or(|name| username.eq_ignore_ascii_case(name)),
            has_text: self.text.as_ref().is_some_and(|text| text.is_in(username)),
        }
    }

    /// Whether it wants this key.
    #[must_use]
    pub fn admits(&self, key: &ListFacts<'_>) -> bool {
        key.fit.is_wanted
            && self.key_type.is_none_or(|key_type| key.key_type == key_type)
            && self.state.is_none_or(|state| is_in(state, key))
            && self.text.as_ref().is_none_or(|text| {
                key.fit.has_text || text.is_shown(key.shown) || text.is_in(key.description)
            })
    }
}

fn is_in(state: ListState, key: &ListFacts<'_>) -> bool {
    match state {
        ListState::Active => key.state == KeyState::Active,
        ListState::Paused => key.state == KeyState::Paused,
        ListState::Expired => key.state == KeyState::Expired,
        ListState::Unused => key.times_used == 0,
        ListState::Refused | ListState::Rotating | ListState::ManagesKeys => key.is_marked,
    }
}

/// Where a key stands in an order: the smaller first. It is a number, so that a million of them are compared in a moment;
/// of a text it holds the first 16 bytes.
pub type Rank = u128;

impl Order {
    /// Where a key stands. Keys of one rank stand newest first.
    #[must_use]
    pub fn rank(self, key: &ListFacts<'_>) -> Rank {
        let rank = match self.column {
            Column::Created => 0,
            Column::Username => beginning(key.username),
            Column::Description => beginning(key.description),
            Column::Type => type_place(key.key_type),
            Column::Key => (type_place(key.key_type) << 64) | u128::from(u64::from_be_bytes(key.shown.0)),
            // Those that were never used come first, as the smallest.
            Column::LastUsed => key.last_used.map_or(0, |at| u128::from(at.0.max(0).unsigned_abs()) + 1),
            Column::TimesUsed => key.times_used.into(),
            Column::LockedOnIp => key.locked.map_or(0, |at| u128::from_be_bytes(at.to_bytes())),
        };
        if self.descending { !rank } else { rank }
    }

    /// The text that decides between keys of one rank, where a rank holds the beginning of a text.
    #[must_use]
    pub fn text(self, key: &ListFacts<'_>) -> Option<String> {
        match self.column {
            Column::Username => Some(fold(key.username).into_owned()),
            Column::Description => Some(fold(key.description).into_owned()),
            _ => None,
        }
    }
}

/// In the order of the letters that tokens show of their kinds: App, Cloud, Default; SMPP secrets show none.
fn type_place(key_type: KeyType) -> u128 {
    match key_type {
        KeyType::App => 1,
        KeyType::Cloud => 2,
        KeyType::Default => 3,
        KeyType::Smpp => 4,
    }
}

/// The first 16 bytes of a text as it is compared.
fn beginning(text: &str) -> u128 {
    let mut bytes = [0; 16];
    if text.is_ascii() {
        for (place, byte) in bytes.iter_mut().zip(text.bytes()) {
            *place = byte.to_ascii_lowercase();
        }
    } else {
        for (place, byte) in bytes.iter_mut().zip(fold(text).bytes()) {
            *place = byte;
        }
    }
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::SearchText;
    use super::*;
    use proptest::prelude::*;

    fn key(description: &str) -> ListFacts<'_> {
        ListFacts {
            description,
            username: "demouser",
            fit: UserFit::default(),
            shown: Shown::of("lkd_mmyK…kaDX"),
            key_type: KeyType::Default,
            state: KeyState::Active,
            times_used: 0,
            last_used: None,
            locked: None,
            is_marked: false,
        }
    }

    fn admits(filter: &ListFilter, key: &ListFacts<'_>) -> bool {
        filter.admits(&ListFacts { fit: filter.fit(key.username), ..*key })
    }

    fn by(name: &str) -> Order {
        Order::parse(name).unwrap()
    }

    #[test]
    fn a_filter_without_parts_wants_every_key() {
        assert!(ListFilter::default().is_open() && admits(&ListFilter::default(), &key("Web shop")));
    }

    #[test]
    fn every_part_of_a_filter_has_to_fit() {
        let web = key("Web shop");
        let text = |typed| SearchText::parse(typed);
        let fits = ListFilter {
            text: text("SHOP"),
            key_type: Some(KeyType::Default),
            username: Some("DemoUser".into()),
            state: Some(ListState::Unused),
        };
        assert!(admits(&fits, &web));
        for other in [
            ListFilter { text: text("shops"), ..fits.clone() },
            ListFilter { key_type: Some(KeyType::Cloud), ..fits.clone() },
            ListFilter { username: Some("demo".into()), ..fits.clone() },
            ListFilter { state: Some(ListState::Paused), ..fits.clone() },
        ] {
            assert!(!admits(&other, &web), "{other:?}");
        }
        for typed in ["demouser", "kaDX", "web"] {
            assert!(admits(&ListFilter { text: text(typed), ..ListFilter::default() }, &web), "{typed}");
        }
    }

    #[test]
    fn each_state_has_its_keys() {
        let used = ListFacts { times_used: 1, ..key("x") };
        let paused = ListFacts { state: KeyState::Paused, ..used };
        let expired = ListFacts { state: KeyState::Expired, ..used };
        let marked = ListFacts { is_marked: true, ..used };
        let in_state = |key: &ListFacts<'_>| {
            let states = ListState::ALL.iter().filter(|state| is_in(**state, key));
            states.map(|state| state.name()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(in_state(&key("x")), "active unused");
        assert_eq!(in_state(&used), "active");
        assert_eq!(in_state(&paused), "paused");
        assert_eq!(in_state(&expired), "expired");
        assert_eq!(in_state(&marked), "active refused rotating manages-keys");
        assert!(ListState::ALL.iter().all(|state| ListState::from_name(state.name()) == Some(*state)));
    }

    #[test]
    fn each_column_orders_both_ways() {
        let address = |text| Some(Address::parse(text).unwrap());
        let pairs: [(&str, [ListFacts<'_>; 2]); 9] = [
            (
                "username",
                [ListFacts { username: "Anna", ..key("x") }, ListFacts { username: "bob", ..key("x") }],
            ),
            ("description", [key("alpha"), key("Beta")]),
            ("description", [key("Șofer"), key("zebra")]),
            ("type", [ListFacts { key_type: KeyType::App, ..key("x") }, key("x")]),
            ("key", [ListFacts { shown: Shown::of("lkd_mmyA…kaDX"), ..key("x") }, key("x")]),
            ("last_used", [key("x"), ListFacts { last_used: Some(Micros(1)), ..key("x") }]),
            ("times_used", [key("x"), ListFacts { times_used: 9, ..key("x") }]),
            (
                "locked_on_ip",
                [
                    ListFacts { locked: address("9.0.0.1"), ..key("x") },
                    ListFacts { locked: address("10.0.0.1"), ..key("x") },
                ],
            ),
            (
                "locked_on_ip",
                [
                    ListFacts { locked: address("203.0.113.7"), ..key("x") },
                    ListFacts { locked: address("2001:db8::1"), ..key("x") },
                ],
            ),
        ];
        for (name, [first, second]) in &pairs {
            assert!(by(name).rank(first) < by(name).rank(second), "{name}");
            let other = by(&format!("-{name}"));
            assert!(other.rank(second) < other.rank(first), "-{name}");
        }
    }

    #[test]
    fn a_second_click_on_a_head_turns_the_order() {
        let name = |order: Order| order.name();
        assert_eq!(name(Order::default().toggled(Column::Description)), "description");
        assert_eq!(name(by("description").toggled(Column::Description)), "-description");
        assert_eq!(name(Order::default().toggled(Column::TimesUsed)), "-times_used");
        assert_eq!(name(by("-times_used").toggled(Column::TimesUsed)), "times_used");
        assert_eq!(name(Order::default().toggled(Column::Created)), "created");
    }

    proptest! {
        #[test]
        fn ranks_of_texts_never_contradict_the_texts(one in "\\PC{0,30}", other in "\\PC{0,30}") {
            let (a, b) = (key(&one), key(&other));
            let order = by("description");
            if order.rank(&a) < order.rank(&b) {
                prop_assert!(order.text(&a) < order.text(&b));
            }
        }
    }
}
