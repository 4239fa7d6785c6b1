use super::*;
use domain::ids::{UserNumber, Username};
use domain::rule::AddressRule;
use store::{Change, IndexedKey, IndexedUser, OldToken, Watcher};

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

pub(super) fn change(index: &KeyIndex, number: i64, change: store::KeyChange) {
    index.committed(Change::KeyChanged(KeyNumber(number), change));
}

pub(super) fn rename(index: &KeyIndex, number: i64, text: &str) {
    change(index, number, store::KeyChange::Description(text.into()));
}

#[tokio::test]
async fn the_keys_used_last_are_found_among_many() {
    let index = index(10_000);
    for number in (1..=10_000).rev() {
        index.set_total(Total { key: KeyNumber(number), count: 1, last: Micros(number * 7919 % 10_007) });
    }
    let mut all: Vec<_> = (1..=10_000_i64).map(|number| (number * 7919 % 10_007, number)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let latest = |wanted: &dyn Fn(i64) -> bool| -> Vec<_> {
        all.iter().map(|(_, number)| *number).filter(|number| wanted(*number)).take(5).collect()
    };
    assert_eq!(index.last_used(KeyScope::Account(OWNER), 5).await, ids(&latest(&|_| true)));
    assert_eq!(index.last_used(KeyScope::User(SUB), 5).await, ids(&latest(&|number| number % 2 == 0)));
    assert!(index.last_used(KeyScope::Account(UserNumber(3)), 5).await.is_empty());
    let gone = latest(&|_| true)[0];
    index.committed(Change::KeyDeleted(KeyNumber(gone)));
    index.committed(Change::KeyDeleted(KeyNumber(gone)));
    assert_eq!(index.last_used(KeyScope::Account(OWNER), 5).await, ids(&latest(&|number| number != gone)));
    assert_eq!(index.count_all(), 9_999, "each counts once, and is deleted once");
    assert_eq!(index.users_of(KeyScope::Account(OWNER)), [OWNER, SUB]);
    assert_eq!(index.users_of(KeyScope::Account(UserNumber(3))), [UserNumber(3)]);
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
    assert_eq!(index.page(KeyScope::Account(OWNER), 0, 9, true), (listed.clone(), 6), "by age, not by number");
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
        index.committed(Change::KeyToken(key, hash(number - 3)));
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
