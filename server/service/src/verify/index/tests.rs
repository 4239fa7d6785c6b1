use super::*;
use domain::ids::Username;
use domain::rule::AddressRule;
use store::IndexedUser;

const OWNER: UserNumber = UserNumber(1);
const SUB: UserNumber = UserNumber(2);

fn user(number: UserNumber, owner: Option<UserNumber>) -> Change {
    let username = Username::parse(&format!("user{}", number.0)).unwrap();
    Change::UserAdded(IndexedUser { number, owner, username, disabled: false })
}

fn hash(number: u32) -> TokenHash {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&number.to_be_bytes());
    hash[4..8].copy_from_slice(&number.wrapping_mul(2_654_435_761).to_le_bytes());
    TokenHash(hash)
}

fn id(number: u32) -> KeyId {
    format!("00000000-0000-7000-8000-{number:012}").parse().unwrap()
}

fn key(number: u32, user: UserNumber) -> Change {
    Change::KeyAdded(Box::new(IndexedKey {
        number: KeyNumber(number),
        id: id(number),
        user,
        token_hash: hash(number),
        key_type: KeyType::Cloud,
        description: format!("key {number}"),
        deleted: false,
        disabled: false,
        expires_at: None,
        rule: AddressRule::default(),
    }))
}

fn ids(numbers: &[u32]) -> Vec<KeyId> {
    numbers.iter().map(|number| id(*number)).collect()
}

fn index(keys: u32) -> KeyIndex {
    let index = KeyIndex::default();
    index.committed(user(OWNER, None));
    index.committed(user(SUB, Some(OWNER)));
    index.committed(user(UserNumber(3), None));
    for number in 1..=keys {
        index.committed(key(number, if number % 2 == 0 { SUB } else { OWNER }));
    }
    index
}

#[tokio::test]
async fn the_keys_used_last_are_found_among_many() {
    let index = index(10_000);
    for number in (1..=10_000).rev() {
        index.set_total(Total {
            key: KeyNumber(number),
            count: 1,
            last: Micros(i64::from(number * 7919 % 10_007)),
        });
    }
    let mut all: Vec<_> = (1..=10_000_u32).map(|number| (number * 7919 % 10_007, number)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let latest = |wanted: &dyn Fn(u32) -> bool| -> Vec<_> {
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
    assert_eq!(index.page(KeyScope::User(SUB), 0, 9).0, ids(&[10, 8, 6, 2]));
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
    let listed = || index.page(KeyScope::Account(OWNER), 0, 9).0;
    assert_eq!(listed(), ids(&[9, 7, 4, 2]));
    index.committed(Change::KeyDeleted(KeyNumber(2)));
    index.committed(Change::KeyDeleted(KeyNumber(9)));
    index.committed(key(9, OWNER));
    assert_eq!(listed(), ids(&[7, 4]));
    assert_eq!(index.count_all(), 2);
}
