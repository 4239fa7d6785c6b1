//! Row numbers of keys and users have 64 bits, and 32 of them in SQLite, whose journal of uses holds them so.

use crate::stores::open_watched;
use contract::{KeyType, Role};
use domain::address::Address;
use domain::ids::{KeyId, KeyNumber, UserNumber, Username};
use domain::time::Micros;
use domain::token::TokenHash;
use rusqlite::{Connection, params};
use service::verify::KeyIndex;
use std::path::Path;
use std::sync::Arc;
use store::{
    Action, Audit, KeyStore, NewKey, NewUser, SpanStarts, StoreError, UsageLog, UsageReader, Use, UserStore,
};

fn owner(name: &str) -> NewUser {
    NewUser {
        owner: None,
        username: Username::parse(name).unwrap(),
        email: None,
        email_confirmed: false,
        role: Role::ManagesKeys,
        password_hash: "h".into(),
        at: Micros(1),
    }
}

fn key_of(user: UserNumber, hash: u8) -> NewKey {
    NewKey {
        id: KeyId::generate(),
        user,
        key_type: KeyType::Cloud,
        most: None,
        description: "x".into(),
        token_hash: TokenHash([hash; 32]),
        masked: "lkc_abcd…wxyz".into(),
        sealed: None,
        expires_at: None,
        manages_keys: false,
        at: Micros(1),
    }
}

fn audit(action: Action) -> Audit {
    let (actor, detail) = (String::from("x"), String::new());
    Audit { at: Micros(1), action, actor, user: None, address: None, asker: None, detail }
}

/// Lets a table go on behind this number.
fn number_from(dir: &Path, table: &str, last: i64) {
    let state = Connection::open(dir.join("latchkey.db")).unwrap();
    state.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)", params![table, last]).unwrap();
}

#[tokio::test]
async fn the_last_numbers_of_32_bits_count_and_further_ones_are_refused() {
    let (dir, index) = (tempfile::tempdir().unwrap(), Arc::new(KeyIndex::default()));
    let (store, mut log) = open_watched(dir.path(), index.clone()).await;
    let last = i64::from(u32::MAX);
    number_from(dir.path(), "users", last - 1);
    number_from(dir.path(), "keys", last - 2);
    let user = |name| store.insert_user(owner(name), audit(Action::UserAdded));
    let number = user("last").await.unwrap();
    assert_eq!(number, UserNumber(last));
    let refused = user("further").await.unwrap_err().to_string();
    insta::assert_snapshot!(
        refused,
        @"the store is in trouble: row number 4294967296 does not fit into the 32 bits that SQLite's engine has for numbers of keys and users"
    );
    assert_eq!(store.count_users().await, Ok(1), "nothing of it is kept");
    let add = |hash| store.insert_key(key_of(number, hash), audit(Action::KeyGenerated));
    add(1).await.unwrap();
    add(2).await.unwrap();
    assert!(matches!(add(3).await, Err(StoreError::Unavailable(_))));
    let key = index.find(&TokenHash([2; 32])).unwrap();
    assert_eq!((key.number, index.count_all()), (KeyNumber(last), 2));
    log.recover(&mut |_| {}).await.unwrap();
    let one = Use {
        key: key.number,
        user: number,
        address: Address::parse("203.0.113.7").unwrap(),
        rotated_at: None,
    };
    for folded in [false, true] {
        log.append(Micros(1), &[one]).await.unwrap();
        let further = Use { key: KeyNumber(last + 1), ..one };
        assert!(matches!(log.append(Micros(1), &[one, further]).await, Err(StoreError::Unavailable(_))));
        let starts = SpanStarts { today: 0, days_7: 0, days_30: 0 };
        let uses = 1 + u64::from(folded);
        assert_eq!(store.count_key_uses(key.id, starts).await.unwrap().accepted, [uses; 3]);
        log.begin_end();
        while log.has_work() {
            log.maintain().await.unwrap();
        }
        assert_eq!(store.count_pieces(&[number], &[0, 1]).await.unwrap()[0].accepted, uses);
    }
}
