use super::*;
use domain::ids::Username;
use domain::rule::AddressRule;
use store::IndexedUser;

const OWNER: UserNo = UserNo(1);
const SUB: UserNo = UserNo(2);

fn user(no: UserNo, owner: Option<UserNo>) -> Change {
    let username = Username::parse(&format!("user{}", no.0)).unwrap();
    Change::UserAdded(IndexedUser { no, owner, username, disabled: false })
}

fn key(no: u32, user: UserNo) -> Change {
    let mut hash = [0; 32];
    hash[..4].copy_from_slice(&no.to_be_bytes());
    hash[4..8].copy_from_slice(&no.wrapping_mul(2_654_435_761).to_le_bytes());
    Change::KeyAdded(Box::new(IndexedKey {
        no: KeyNo(no),
        id: KeyId::generate(),
        user,
        token_hash: TokenHash(hash),
        key_type: KeyType::Cloud,
        description: format!("key {no}"),
        deleted: false,
        disabled: false,
        expires_at: None,
        rule: AddressRule::default(),
    }))
}

fn index(keys: u32) -> KeyIndex {
    let index = KeyIndex::default();
    index.committed(user(OWNER, None));
    index.committed(user(SUB, Some(OWNER)));
    index.committed(user(UserNo(3), None));
    for no in 1..=keys {
        index.committed(key(no, if no % 2 == 0 { SUB } else { OWNER }));
    }
    index
}

#[tokio::test]
async fn the_keys_used_last_are_found_among_many() {
    let index = index(10_000);
    for no in (1..=10_000).rev() {
        index.set_total(Total { key: KeyNo(no), count: 1, last: Micros(i64::from(no * 7919 % 10_007)) });
    }
    let mut all: Vec<_> = (1..=10_000_u32).map(|no| (no * 7919 % 10_007, no)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let latest = |wanted: &dyn Fn(u32) -> bool| -> Vec<_> {
        all.iter().map(|(_, no)| *no).filter(|no| wanted(*no)).take(5).map(KeyNo).collect()
    };
    assert_eq!(index.last_used(KeyScope::Account(OWNER), 5).await, latest(&|_| true));
    assert_eq!(index.last_used(KeyScope::User(SUB), 5).await, latest(&|no| no % 2 == 0));
    assert!(index.last_used(KeyScope::Account(UserNo(3)), 5).await.is_empty());
    let gone = latest(&|_| true)[0];
    index.committed(Change::KeyDeleted(gone));
    index.committed(Change::KeyDeleted(gone));
    assert_eq!(index.last_used(KeyScope::Account(OWNER), 5).await, latest(&|no| no != gone.0));
    assert_eq!(index.count_all(), 9_999, "each counts once, and is deleted once");
    assert_eq!(index.users_of(KeyScope::Account(OWNER)), [OWNER, SUB]);
    assert_eq!(index.users_of(KeyScope::Account(UserNo(3))), [UserNo(3)]);
}

#[test]
fn every_key_is_found_by_its_hash_and_has_its_words() {
    let index = index(5_000);
    for no in 1..=5_000 {
        let Change::KeyAdded(wanted) = key(no, OWNER) else { panic!("it is a key") };
        let found = index.find(&wanted.token_hash).unwrap();
        assert_eq!(found.no, KeyNo(no));
        assert_eq!(index.facts(found.no).description, format!("key {no}"));
    }
    assert!(index.find(&TokenHash([255; 32])).is_none());
}
