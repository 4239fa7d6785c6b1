use super::*;
use domain::attention::Matter;
use domain::ids::{UserNumber, Username};
use domain::rule::AddressRule;
use store::{Change, IndexedKey, IndexedUser, KeyChange, KeyScope, OldToken, Watcher};

pub(super) const OWNER: UserNumber = UserNumber(1);
pub(super) const SUB: UserNumber = UserNumber(2);

fn user(number: UserNumber, owner: Option<UserNumber>) -> Change {
    let username = Username::parse(&format!("user{}", number.0)).unwrap();
    Change::UserAdded(IndexedUser { number, owner, username, disabled: false })
}

pub(super) fn hash(number: i64) -> TokenHash {
    let mut hash = [0; 32];
    hash[..8].copy_from_slice(&mix(number.cast_unsigned()).to_le_bytes());
    hash[8..16].copy_from_slice(&number.to_le_bytes());
    TokenHash(hash)
}

/// Ids in the order of the numbers.
pub(super) fn id(number: i64) -> KeyId {
    id_at(number, 0)
}

/// The id of a key that was generated at this time.
fn id_at(at: i64, number: i64) -> KeyId {
    KeyId::from_bytes((i128::from(at) << 64 | i128::from(number)).to_be_bytes())
}

pub(super) fn key(number: i64, user: UserNumber) -> Change {
    key_with_id(number, id(number), user)
}

fn key_with_id(number: i64, id: KeyId, user: UserNumber) -> Change {
    Change::KeyAdded(Box::new(IndexedKey {
        number: KeyNumber(number),
        id,
        user,
        token_hash: hash(number),
        key_type: KeyType::Cloud,
        description: format!("key {number}"),
        masked: format!("lkc_{number:04}…{number:04}"),
        deleted: false,
        disabled: false,
        expires_at: None,
        rule: AddressRule::default(),
    }))
}

pub(super) fn ids(numbers: &[i64]) -> Vec<KeyId> {
    numbers.iter().map(|number| id(*number)).collect()
}

pub(super) fn index(keys: i64) -> KeyIndex {
    let index = KeyIndex::default();
    index.committed(user(OWNER, None));
    index.committed(user(SUB, Some(OWNER)));
    index.committed(user(UserNumber(3), None));
    for number in 1..=keys {
        index.committed(key(number, if number % 2 == 0 { SUB } else { OWNER }));
    }
    index
}

pub(super) fn change(index: &KeyIndex, number: i64, change: KeyChange) {
    index.committed(Change::KeyChanged(KeyNumber(number), change));
}

pub(super) fn rename(index: &KeyIndex, number: i64, text: &str) {
    change(index, number, KeyChange::Description(text.into()));
}

/// A survey of the keys that were used in the last hours.
async fn survey(index: &KeyIndex, scope: KeyScope, hours: i64) -> Survey {
    let (now, since) = (Micros(1_000 * Micros::HOUR), Micros((1_000 - hours) * Micros::HOUR));
    index.survey(scope, Surveyed { now, since, busiest: 5 }).await
}

#[tokio::test]
async fn the_busiest_keys_are_found_among_many() {
    let index = index(10_000);
    let uses = |number: i64| (number * 7919 % 10_007).unsigned_abs();
    for number in (1..=10_000).rev() {
        let last = Micros((1_000 - number % 100) * Micros::HOUR);
        index.set_total(Total { key: KeyNumber(number), count: uses(number), last });
    }
    let mut all: Vec<_> = (1..=10_000_i64).map(|number| (uses(number), number)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let busiest = |wanted: &dyn Fn(i64) -> bool| -> Vec<_> {
        all.iter().map(|(_, number)| *number).filter(|number| wanted(*number)).take(5).collect()
    };
    let found = survey(&index, KeyScope::Account(OWNER), 100).await;
    assert_eq!(found.busiest, ids(&busiest(&|_| true)));
    assert_eq!((found.keys, found.active, found.used, found.never_used), (10_000, 10_000, 10_000, 0));
    assert_eq!((found.last_used, found.matters), (Some(id(10_000)), vec![]));
    let of_sub = survey(&index, KeyScope::User(SUB), 100).await;
    assert_eq!((of_sub.busiest, of_sub.keys), (ids(&busiest(&|number| number % 2 == 0)), 5_000));
    let lately = survey(&index, KeyScope::Account(OWNER), 9).await;
    assert_eq!((lately.busiest, lately.used), (ids(&busiest(&|number| number % 100 < 10)), 1_000));
    assert_eq!(survey(&index, KeyScope::Account(UserNumber(3)), 9).await, Survey::default());
    let gone = busiest(&|_| true)[0];
    index.committed(Change::KeyDeleted(KeyNumber(gone)));
    index.committed(Change::KeyDeleted(KeyNumber(gone)));
    let left = survey(&index, KeyScope::Account(OWNER), 100).await;
    assert_eq!(left.busiest, ids(&busiest(&|number| number != gone)));
    assert_eq!(index.count_all(), 9_999, "each counts once, and is deleted once");
    assert_eq!(index.users_of(KeyScope::Account(OWNER)), [OWNER, SUB]);
    assert_eq!(index.users_of(KeyScope::Account(UserNumber(3))), [UserNumber(3)]);
}

#[tokio::test]
async fn what_needs_attention_is_counted_and_one_key_of_it_named() {
    let index = index(6);
    for number in [2, 3, 4, 5, 6] {
        index.set_total(Total { key: KeyNumber(number), count: 1, last: Micros(999 * Micros::HOUR) });
    }
    let end = |hours| KeyChange::ExpiresAt(Some(Micros(hours * Micros::HOUR)));
    for (number, change) in [(3, end(1_010)), (4, end(1_020)), (5, end(990)), (6, KeyChange::Paused(true))] {
        index.committed(Change::KeyChanged(KeyNumber(number), change));
    }
    let halves = ["0.0.0.0/1", "128.0.0.0/1"].map(|text| Network::parse(text).unwrap());
    let rule = AddressRule { allow_list: halves.into(), ..AddressRule::default() };
    index.committed(Change::KeyRule(KeyNumber(2), rule));
    let found = survey(&index, KeyScope::Account(OWNER), 9).await;
    let expected =
        [(Matter::KeyEnding, 2, id(3)), (Matter::OpenToAll, 1, id(2)), (Matter::NeverUsed, 1, id(1))];
    assert_eq!(found.matters, expected);
    assert_eq!((found.keys, found.active, found.never_used), (6, 4, 1));
}

#[test]
fn every_key_is_found_by_its_hash_and_has_its_words() {
    let index = index(5_000);
    for number in 1..=5_000 {
        let Change::KeyAdded(wanted) = key(number, OWNER) else { panic!("it is a key") };
        let found = index.find(&wanted.token_hash).unwrap();
        assert_eq!(found.number, KeyNumber(number));
        assert_eq!(index.facts(&found).description, format!("key {number}"));
    }
    assert!(index.find(&TokenHash([255; 32])).is_none());
}

#[test]
fn a_key_or_user_that_is_added_twice_changes_nothing() {
    let index = index(10);
    index.set_total(Total { key: KeyNumber(3), count: 7, last: Micros(70) });
    index.committed(Change::UserDisabled(SUB, true));
    index.committed(Change::KeyDeleted(KeyNumber(4)));
    let rule = AddressRule { locked: Address::parse("203.0.113.7").ok(), ..AddressRule::default() };
    index.committed(Change::KeyRule(KeyNumber(5), rule));
    for change in [user(OWNER, None), user(SUB, Some(OWNER)), key(3, OWNER), key(4, SUB), key(5, OWNER)] {
        index.committed(change);
    }
    assert_eq!(index.uses(&hash(3)), (7, Some(Micros(70))));
    assert!(index.find(&hash(2)).unwrap().user.is_disabled());
    assert_eq!(index.users_of(KeyScope::Account(OWNER)), [OWNER, SUB]);
    assert_eq!(index.facts(&index.find(&hash(5)).unwrap()).locked, Address::parse("203.0.113.7").ok());
    assert_eq!(index.count_all(), 9);
    assert_eq!(index.page(KeyScope::User(SUB), 0, 9, true).0, ids(&[10, 8, 6, 2]));
    let Change::KeyAdded(wanted) = key(3, OWNER) else { panic!("it is a key") };
    index.committed(Change::KeyDeleted(KeyNumber(3)));
    assert_eq!(index.find(&wanted.token_hash).map(|found| found.number), Some(KeyNumber(3)), "its tombstone");
    assert_eq!(index.count_all(), 8);
}

#[test]
fn keys_may_come_in_any_order() {
    let index = index(0);
    for number in [7, 2, 9, 2, 4, 9, 7] {
        index.committed(key(number, OWNER));
    }
    let listed = || index.page(KeyScope::Account(OWNER), 0, 9, true).0;
    assert_eq!(listed(), ids(&[9, 7, 4, 2]));
    index.committed(Change::KeyDeleted(KeyNumber(2)));
    index.committed(Change::KeyDeleted(KeyNumber(9)));
    index.committed(key(9, OWNER));
    assert_eq!(listed(), ids(&[7, 4]));
    assert_eq!(index.count_all(), 2);
}

/// Numbers that say nothing: of no order, far apart.
const NUMBERS: [i64; 6] = [i64::MAX, 1, 7_000_000_000, 7_000_000_001, 2, i64::MAX - 1];

#[test]
fn a_key_is_known_by_whatever_number_its_engine_gave_it() {
    let index = index(0);
    for _ in 0..2 {
        for (age, number) in (1..).zip(NUMBERS) {
            index.committed(key_with_id(number, id_at(age, number), SUB));
        }
    }
    let mut listed: Vec<_> = (1..).zip(NUMBERS).map(|(age, number)| id_at(age, number)).collect();
    listed.reverse();
    assert_eq!(
        index.page(KeyScope::Account(OWNER), 0, 9, true),
        (listed.clone(), 6),
        "by age, not by number"
    );
    assert_eq!(index.page(KeyScope::User(SUB), 2, 2, true).0, listed[2..4]);
    assert_eq!(index.older(KeyScope::User(SUB), None, 2), listed[..2]);
    assert_eq!(index.older(KeyScope::User(SUB), Some(listed[1]), 9), listed[2..]);
    for (count, number) in (1..).zip(NUMBERS) {
        index.set_total(Total { key: KeyNumber(number), count, last: Micros(number) });
        assert_eq!(index.uses(&hash(number)), (count, Some(Micros(number))));
        assert_eq!(
            index.id_of(KeyNumber(number)).map(|id| id.to_bytes()[8..].to_vec()),
            Some(number.to_be_bytes().to_vec())
        );
        let rule = AddressRule { locked: Address::parse("203.0.113.7").ok(), ..AddressRule::default() };
        index.committed(Change::KeyRule(KeyNumber(number), rule));
        let found = index.find(&hash(number)).unwrap();
        assert_eq!((found.number, index.facts(&found).locked.is_some()), (KeyNumber(number), true));
        assert_eq!(index.add_use(found.place(), Micros(1)), count + 1);
    }
    index.committed(Change::KeyDeleted(KeyNumber(7_000_000_001)));
    index.committed(Change::KeyDeleted(KeyNumber(5)));
    assert_eq!(index.page(KeyScope::User(SUB), 0, 9, true).0, [&listed[..2], &listed[3..]].concat());
    assert_eq!(index.older(KeyScope::User(SUB), Some(listed[2]), 9), listed[3..], "behind one that is gone");
}

#[test]
fn a_user_is_known_by_whatever_number_their_engine_gave_them() {
    let index = KeyIndex::default();
    let [owner, sub, other, ..] = NUMBERS.map(UserNumber);
    for _ in 0..2 {
        index.committed(user(owner, None));
        index.committed(user(sub, Some(owner)));
        index.committed(user(other, None));
    }
    index.committed(key(7, sub));
    assert_eq!(index.users_of(KeyScope::Account(owner)), [owner, sub]);
    let stretch = |from| index.users(from, 2).map(|some| some.iter().map(|user| user.number).collect());
    assert_eq!([0, 2, 3].map(stretch), [Some(vec![owner, sub]), Some(vec![other]), None]);
    index.committed(Change::UserDisabled(owner, true));
    assert!(index.find(&hash(7)).unwrap().user.is_disabled(), "with the owner of the account");
}

#[test]
fn a_sub_user_without_an_owner_and_a_key_without_a_user_are_left_out() {
    let index = KeyIndex::default();
    index.committed(user(SUB, Some(OWNER)));
    index.committed(key(7, SUB));
    assert!(index.find(&hash(7)).is_none(), "nobody would see that the owner is disabled");
    index.committed(user(OWNER, None));
    index.committed(user(SUB, Some(OWNER)));
    index.committed(key(7, SUB));
    assert!(index.find(&hash(7)).is_some());
}

#[test]
fn an_old_token_leads_to_its_key_whatever_its_number() {
    let index = index(0);
    for number in NUMBERS {
        index.committed(key(number, OWNER));
        let (key, until) = (KeyNumber(number), Micros(5));
        index.committed(Change::OldToken(OldToken {
            key,
            token_hash: hash(number),
            rotated_at: Micros(1),
            until,
        }));
        index.committed(Change::KeyToken(key, hash(number - 3), "lkc_abcd…wxyz".into()));
    }
    for number in NUMBERS {
        let old = index.find(&hash(number)).unwrap();
        assert_eq!(
            (old.number, index.old_token(&old).map(|old| old.until)),
            (KeyNumber(number), Some(Micros(5)))
        );
        assert_eq!(index.find(&hash(number - 3)).map(|found| found.number), Some(KeyNumber(number)));
    }
}
