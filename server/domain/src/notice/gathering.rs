//! How what happens often becomes few notices, and how many a user has.
//!
//! Alarms (refusals and guesses) of one key and cause are one notice a day that goes on counting. Acts are a notice each,
//! while there is room. Whatever is done to an account, neither what it keeps nor what one act costs grows with how often
//! it is done.

use crate::address::Address;
use crate::ids::{NoticeNumber, UserNumber};
use crate::time::Micros;
use contract::{Cause, Code};

/// For how long a notice goes on counting.
const GATHERED: i64 = 24 * Micros::HOUR;
/// The most notices a user has, and the most young ones among them, alarms and acts apart: a thousand acts silence no
/// alarm.
pub const NOTICES_KEPT: u32 = 1000;
/// For how long a notice is kept that nothing is added to.
const KEPT: i64 = 400 * 24 * Micros::HOUR;
/// The most notices that make room at once.
pub const REMOVED_AT_ONCE: u32 = 10;
/// The most addresses that a notice names; further ones are only counted.
pub const ADDRESSES_NAMED: usize = 20;

/// Where something to tell goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placing {
    /// The alarm is added to this notice.
    AddTo(NoticeNumber),
    /// The alarm becomes a notice.
    New,
    /// Nowhere: there is no room.
    Nowhere,
}

/// A notice that began after this time is young: it may go on counting, and never makes room. If it did, the next refusal
/// would make and send it again.
#[must_use]
pub fn young_since(at: Micros) -> Micros {
    Micros(at.0 - GATHERED)
}

/// Notices to which nothing was added since this time are removed.
#[must_use]
pub fn kept_since(now: Micros) -> Micros {
    Micros(now.0 - KEPT)
}

/// Whether a user with so many young notices (of alarms, or of acts) has room for one more.
#[must_use]
pub fn has_room(young: u32) -> bool {
    young < NOTICES_KEPT
}

/// Where an alarm goes: to the young notice that counts its like, or into a notice of its own.
#[must_use]
pub fn place_alarm(counting: Option<NoticeNumber>, has_room: bool) -> Placing {
    match counting {
        Some(number) => Placing::AddTo(number),
        None if has_room => Placing::New,
        None => Placing::Nowhere,
    }
}

/// Where an act goes: into a notice of its own; where there is no room, to the last young one like it. The first of its
/// kind always has its own, so that it cannot be hidden behind a thousand others.
#[must_use]
pub fn place_act(has_room: bool, last_like_it: Option<NoticeNumber>) -> Placing {
    match last_like_it {
        Some(number) if !has_room => Placing::AddTo(number),
        _ => Placing::New,
    }
}

/// How many of the oldest notices make room for the one that was just made. Young ones among them stay.
#[must_use]
pub fn surplus(held: u32) -> u32 {
    held.saturating_sub(NOTICES_KEPT).min(REMOVED_AT_ONCE)
}

/// The cause by which the user of a known key is told of a refusal; `None` if they are not.
#[must_use]
pub fn cause_of_refusal(code: Code) -> Option<Cause> {
    match code {
        Code::IpNotAllowed => Some(Cause::NewAddress),
        Code::Deleted | Code::Rotated | Code::Expired => Some(Cause::DeadKeyInUse),
        _ => None,
    }
}

/// An alarm, as far as it decides who hears of it.
#[derive(Clone, Copy, Debug)]
pub struct Alarm<'a> {
    /// The user whose key is refused, or whose account is guessed at.
    pub user: UserNumber,
    /// Whether it is about a key.
    pub is_about_key: bool,
    /// What else is worth knowing.
    pub detail: &'a str,
}

/// A user who hears of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hearer<'a> {
    /// The user.
    pub user: UserNumber,
    /// What they are told beside the alarm itself.
    pub detail: &'a str,
    /// Whether the webhooks of the account are told with them.
    pub with_webhooks: bool,
}

/// The users who hear of an alarm: the user, and the owner of a sub-user as well, because a sub-user who only reads can do nothing
/// about it. `owner` is that owner, with the sub-user's name. The webhooks are the owner's and hear of it once.
pub fn hearers<'a>(
    alarm: Alarm<'a>,
    owner: Option<(UserNumber, &'a str)>,
) -> impl Iterator<Item = Hearer<'a>> {
    let user = Hearer { user: alarm.user, detail: alarm.detail, with_webhooks: true };
    let owner = owner.map(|(owner, sub_user)| {
        // Without a key only the name tells whom it is about.
        let detail = if alarm.is_about_key { alarm.detail } else { sub_user };
        Hearer { user: owner, detail, with_webhooks: false }
    });
    std::iter::once(user).chain(owner)
}

/// Refusals of a key: how many, and how many from each address that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// All of them.
    pub count: u64,
    /// From where, and how often from each.
    pub addresses: Vec<(Address, u64)>,
}

impl Refusals {
    /// What is left without the addresses that the user does not want to hear of; `None` if nothing is. Refusals that are
    /// only counted go with the addresses that are named: if all of those are ignored, no other is known.
    #[must_use]
    pub fn without(self, ignored: &[Address]) -> Option<Self> {
        let (out, addresses): (Vec<_>, Vec<_>) =
            self.addresses.into_iter().partition(|(address, _)| ignored.contains(address));
        if addresses.is_empty() && !out.is_empty() {
            return None;
        }
        let count = self.count.saturating_sub(out.iter().map(|(_, count)| count).sum());
        Some(Self { count, addresses })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NO: NoticeNumber = NoticeNumber(7);

    #[test]
    fn an_alarm_counts_on_even_where_there_is_no_room() {
        assert_eq!(place_alarm(Some(NO), true), Placing::AddTo(NO));
        assert_eq!(place_alarm(Some(NO), false), Placing::AddTo(NO));
        assert_eq!(place_alarm(None, true), Placing::New);
        assert_eq!(place_alarm(None, false), Placing::Nowhere);
    }

    #[test]
    fn an_act_has_its_own_notice_while_there_is_room_and_always_the_first_time() {
        assert_eq!(place_act(true, Some(NO)), Placing::New);
        assert_eq!(place_act(true, None), Placing::New);
        assert_eq!(place_act(false, None), Placing::New);
        assert_eq!(place_act(false, Some(NO)), Placing::AddTo(NO));
    }

    #[test]
    fn the_thousandth_young_notice_is_the_last_one() {
        assert!(has_room(999) && !has_room(1000));
        assert_eq!([999, 1000, 1001, 1010, 1011].map(surplus), [0, 0, 1, 10, 10]);
    }

    #[test]
    fn refusals_of_living_keys_are_told_if_the_address_was_wrong() {
        assert_eq!(cause_of_refusal(Code::IpNotAllowed), Some(Cause::NewAddress));
        for code in [Code::Deleted, Code::Rotated, Code::Expired] {
            assert_eq!(cause_of_refusal(code), Some(Cause::DeadKeyInUse));
        }
        for code in [Code::NotFound, Code::Disabled, Code::Malformed] {
            assert_eq!(cause_of_refusal(code), None);
        }
    }

    #[test]
    fn an_owner_hears_of_the_alarms_of_a_sub_user_and_webhooks_hear_once() {
        let told = |is_about_key, owner| {
            let alarm = Alarm { user: UserNumber(2), is_about_key, detail: "words" };
            hearers(alarm, owner).map(|h| (h.user.0, h.detail, h.with_webhooks)).collect::<Vec<_>>()
        };
        assert_eq!(told(true, None), [(2, "words", true)]);
        let owner = Some((UserNumber(1), "sub"));
        assert_eq!(told(true, owner), [(2, "words", true), (1, "words", false)], "the key tells whose it is");
        assert_eq!(told(false, owner), [(2, "words", true), (1, "sub", false)]);
    }

    fn address(last: u8) -> Address {
        Address::parse(&format!("203.0.113.{last}")).unwrap()
    }

    #[test]
    fn what_is_only_counted_goes_with_the_addresses_that_are_named() {
        let of = |count, named: &[(u8, u64)]| Refusals {
            count,
            addresses: named.iter().map(|(last, count)| (address(*last), *count)).collect(),
        };
        assert_eq!(of(9, &[(1, 2), (2, 3)]).without(&[address(1)]), Some(of(7, &[(2, 3)])));
        assert_eq!(of(9, &[(1, 2)]).without(&[address(1)]), None);
        assert_eq!(of(9, &[]).without(&[address(1)]), Some(of(9, &[])), "nothing says that they are ignored");
    }

    proptest! {
        #[test]
        fn no_ignored_address_is_told_and_no_other_is_lost(
            named in prop::collection::btree_map(0_u8..8, 1_u64..9, 0..8),
            more in 0_u64..9,
            ignored in prop::collection::btree_set(0_u8..8, 0..8),
        ) {
            let addresses: Vec<_> = named.iter().map(|(last, count)| (address(*last), *count)).collect();
            let count = more + named.values().sum::<u64>();
            let ignored: Vec<_> = ignored.into_iter().map(address).collect();
            let kept: Vec<_> = addresses.iter().copied().filter(|(a, _)| !ignored.contains(a)).collect();
            match (Refusals { count, addresses: addresses.clone() }).without(&ignored) {
                None => prop_assert!(kept.is_empty() && !addresses.is_empty()),
                Some(left) => {
                    prop_assert_eq!(left.count, more + kept.iter().map(|(_, n)| n).sum::<u64>());
                    prop_assert_eq!(left.addresses, kept);
                }
            }
        }
    }
}
