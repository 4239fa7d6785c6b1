use super::*;
use domain::ids::UserNumber;

/// Stands for where the user of all keys lies.
fn user() -> Place {
    Place::behind(0).unwrap()
}

fn key(number: KeyNumber, token_hash: TokenHash) -> IndexedKey {
    IndexedKey {
        number,
        id: KeyId::generate(),
        user: UserNumber(1),
        token_hash,
        key_type: KeyType::Cloud,
        description: "as it was".into(),
        masked: "lkc_abcd…wxyz".into(),
        deleted: false,
        disabled: false,
        expires_at: None,
        rule: AddressRule::default(),
    }
}

#[test]
fn what_was_changed_of_a_key_is_known_until_it_is_deleted() {
    let mut records = KeyRecords::default();
    let number = KeyNumber(7);
    let place = records.add(key(number, TokenHash([7; 32])), user()).unwrap();
    let description =
        |records: &KeyRecords| records.description(place, records.get(place).unwrap()).to_owned();
    assert_eq!(description(&records), "as it was");
    records.change(number, KeyChange::Description("as it is".into()));
    records.change(number, KeyChange::Paused(true));
    records.change(number, KeyChange::ExpiresAt(Some(Micros(5))));
    assert_eq!(description(&records), "as it is");
    let record = records.get(place).unwrap();
    assert_eq!((record.disabled, records.expires_at(place, record)), (true, Some(Micros(5))));
    records.set_rule(number, AddressRule::default());
    assert_eq!(records.expires_at(place, records.get(place).unwrap()), Some(Micros(5)));
    records.change(number, KeyChange::ExpiresAt(None));
    assert_eq!(records.expires_at(place, records.get(place).unwrap()), None);
    records.delete(number);
    records.change(number, KeyChange::Description("too late".into()));
    assert!(records.expiries.is_empty());
}

#[test]
fn a_record_is_small() {
    assert_eq!(size_of::<Record>(), 104, "a million keys grow with every byte of it");
}

#[test]
fn a_key_is_found_by_every_token_it_had_and_counts_as_one() {
    let mut records = KeyRecords::default();
    let number = KeyNumber(7);
    let [first, second, third] = [[1; 32], [2; 32], [3; 32]].map(TokenHash);
    let place = records.add(key(number, first), user()).unwrap();
    for (before, after, until) in [(first, second, 5), (second, third, 9)] {
        let old =
            OldToken { key: number, token_hash: before, rotated_at: Micros(until - 1), until: Micros(until) };
        records.add_old_token(old);
        assert_eq!(records.find(&before).map(|(place, _)| place), Some(place), "it is never unknown");
        records.set_token(number, after, "lkc_after…wxyz");
    }
    let found = |hash| records.find(&hash).map(|(place, _)| place);
    assert_eq!([first, second, third].map(found), [Some(place); 3]);
    assert_eq!(found(TokenHash([4; 32])), None);
    let record = records.get(place).unwrap();
    let until = |hash| records.old_token(record, &hash).map(|old| old.map(|old| old.until.0));
    assert_eq!([first, second, third].map(until), [Ok(Some(5)), Ok(Some(9)), Ok(None)]);
    assert_eq!(until(TokenHash([4; 32])), Err(Code::NotFound));
}

/// Numbers as engines may choose them: dense ones, then some in no order, far apart.
fn numbers() -> Vec<i64> {
    let far = (0..5_000).map(|n| if n % 2 == 0 { 7_000_000_000 + n * 4096 } else { i64::MAX - n });
    (1..=5_000).chain(far).collect()
}

#[test]
fn keys_of_any_numbers_lie_in_the_order_in_which_they_came() {
    let mut records = KeyRecords::default();
    let hash = |number: i64| {
        let mut hash = [7; 32];
        hash[..8].copy_from_slice(&super::super::place::mix(number.cast_unsigned()).to_le_bytes());
        TokenHash(hash)
    };
    for twice in [false, true] {
        for (index, number) in numbers().into_iter().enumerate() {
            let place = records.add(key(KeyNumber(number), hash(number)), user());
            assert_eq!(place, (!twice).then(|| Place::behind(index).unwrap()), "{number}");
        }
    }
    assert_eq!(records.blocks.count(), 10_000);
    for (index, number) in numbers().into_iter().enumerate() {
        let place = Place::behind(index).unwrap();
        assert_eq!(records.find_number(KeyNumber(number)), Some(place));
        assert_eq!(records.number(place), Some(KeyNumber(number)));
        assert_eq!(records.find(&hash(number)).map(|(place, _)| place), Some(place));
    }
    assert_eq!(records.find_number(KeyNumber(7_000_000_001)), None);
    assert!(records.number(Place::behind(10_000).unwrap()).is_none());
}
