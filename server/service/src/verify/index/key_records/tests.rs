use super::*;

fn key(number: KeyNumber, token_hash: TokenHash) -> IndexedKey {
    IndexedKey {
        number,
        id: KeyId::generate(),
        user: UserNumber(1),
        token_hash,
        key_type: KeyType::Cloud,
        description: "as it was".into(),
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
    records.add(key(number, TokenHash([7; 32])));
    let description =
        |records: &KeyRecords| records.description(number, records.get(number).unwrap()).to_owned();
    assert_eq!(description(&records), "as it was");
    records.change(number, KeyChange::Description("as it is".into()));
    records.change(number, KeyChange::Paused(true));
    records.change(number, KeyChange::ExpiresAt(Some(Micros(5))));
    assert_eq!(description(&records), "as it is");
    let record = records.get(number).unwrap();
    assert_eq!((record.disabled, records.expires_at(number, record)), (true, Some(Micros(5))));
    records.set_rule(number, AddressRule::default());
    assert_eq!(records.expires_at(number, records.get(number).unwrap()), Some(Micros(5)));
    records.change(number, KeyChange::ExpiresAt(None));
    assert_eq!(records.expires_at(number, records.get(number).unwrap()), None);
    records.delete(number);
    records.change(number, KeyChange::Description("too late".into()));
    assert!(records.expiries.is_empty());
}

#[test]
fn a_record_is_small() {
    assert_eq!(size_of::<Option<Record>>(), 96, "a million keys grow with every byte of it");
}

#[test]
fn a_key_is_found_by_every_token_it_had_and_counts_as_one() {
    let mut records = KeyRecords::default();
    let number = KeyNumber(7);
    let [first, second, third] = [[1; 32], [2; 32], [3; 32]].map(TokenHash);
    records.add(key(number, first));
    for (before, after, until) in [(first, second, 5), (second, third, 9)] {
        let old =
            OldToken { key: number, token_hash: before, rotated_at: Micros(until - 1), until: Micros(until) };
        records.add_old_token(old);
        assert_eq!(records.find(&before).map(|(number, _)| number), Some(number), "it is never unknown");
        records.set_token(number, after);
    }
    let found = |hash| records.find(&hash).map(|(number, _)| number);
    assert_eq!([first, second, third].map(found), [Some(number); 3]);
    assert_eq!(found(TokenHash([4; 32])), None);
    let record = records.get(number).unwrap();
    let until = |hash| records.old_token(record, &hash).map(|old| old.map(|old| old.until.0));
    assert_eq!([first, second, third].map(until), [Ok(Some(5)), Ok(Some(9)), Ok(None)]);
    assert_eq!(until(TokenHash([4; 32])), Err(Code::NotFound));
}
