//! Imports: all of a file or nothing, and nothing twice.

use super::engines::{Engine, for_each_engine};
use super::*;
use domain::address::Network;
use domain::import::ImportRefusal;
use store::{ImportKey, Imported, KeyImport, KeyScope, NewToken, StoreError};
use tempfile::TempDir;

/// A store with the owner `o` and the sub-user `s`.
struct Bench {
    _dir: TempDir,
    store: Arc<dyn Store>,
    told: Arc<Told>,
    owner: UserNumber,
    sub: UserNumber,
}

impl Bench {
    async fn open(engine: Engine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (store, _log, told) = open(engine, dir.path()).await;
        let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
        let sub = store.insert_user(user("s", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
        told.take();
        Self { _dir: dir, store, told, owner, sub }
    }

    async fn import(&self, import: KeyImport) -> Result<Imported, StoreError> {
        self.store.import_keys(import, audit(7, Action::KeysImported)).await
    }

    /// What the audit log says since the beginning, oldest first.
    async fn log(&self) -> Vec<String> {
        let mut lines = self.store.list_audit(100).await.unwrap();
        lines.reverse();
        lines.iter().skip(2).map(|line| format!("{} {}", line.action, line.detail)).collect()
    }
}

/// The key of a line: the line is its number, and its token hash too.
fn line(line: u64, username: &str, owner: &str) -> ImportKey {
    ImportKey {
        line,
        username: name(username),
        owner: (!owner.is_empty()).then(|| name(owner)),
        id: KeyId::generate(),
        key_type: KeyType::Default,
        description: format!("line {line}"),
        token_hash: TokenHash([u8::try_from(line).unwrap(); 32]),
        other_hash: None,
        is_foreign: false,
        masked: "abcdefgh…wxyz".into(),
        sealed: None,
        created_at: Micros(3),
        expires_at: None,
        locked: None,
        allow_list: Box::default(),
    }
}

fn file(keys: Vec<ImportKey>) -> KeyImport {
    KeyImport { keys, create_users: false, dry_run: false, most: None }
}

async fn users_and_keys_are_added_and_the_watcher_told(engine: Engine) {
    let bench = Bench::open(engine).await;
    let network = Network::parse("10.0.0.0/8").unwrap();
    let full = ImportKey {
        is_foreign: true,
        locked: Some(address("192.0.2.1")),
        allow_list: vec![network].into(),
        expires_at: Some(Micros(4)),
        sealed: Some(vec![1, 2, 3]),
        ..line(3, "new", "boss")
    };
    let id = full.id;
    let keys = vec![line(2, "O", ""), full, line(4, "s", "o"), line(5, "o", "")];
    let imported = bench.import(KeyImport { create_users: true, ..file(keys) }).await.unwrap();
    assert_eq!(imported, Imported { keys: 4, users: 2, ..Imported::default() });
    let told = bench.told.take();
    let texts: Vec<_> =
        told.iter().map(|text| text.split(' ').skip(2).collect::<Vec<_>>().join(" ")).collect();
    let keys = ["line 2 false", "line 3 false", "line 4 false", "line 5 false"];
    assert_eq!(texts, [&["boss", "new"][..], &keys, &[""]].concat());
    assert_eq!(told.last().unwrap(), "foreign tokens");
    let new = bench.store.find_user(&name("new")).await.unwrap().unwrap();
    let boss = bench.store.find_user(&name("boss")).await.unwrap().unwrap();
    assert_eq!((new.owner, boss.owner, new.password_hash.as_str()), (Some(boss.number), None, ""));
    let row = bench.store.find_key(KeyScope::Account(boss.number), id).await.unwrap().unwrap();
    assert_eq!((row.user, row.created_at, row.expires_at), (new.number, Micros(3), Some(Micros(4))));
    assert_eq!(rule_text(&row.rule), "true locked 192.0.2.1 /128 [10.0.0.0/8]");
    assert!(row.is_sealed);
    assert_eq!(
        bench.log().await,
        ["user_added boss", "user_added new", "keys_imported 2", "keys_imported 1", "keys_imported 1"]
    );
}

async fn a_file_may_be_imported_again(engine: Engine) {
    let bench = Bench::open(engine).await;
    let file = || {
        let twice = ImportKey { line: 4, ..line(2, "s", "") };
        file(vec![line(2, "s", ""), line(3, "o", ""), twice])
    };
    let imported = bench.import(file()).await.unwrap();
    assert_eq!(imported, Imported { keys: 2, known: 1, ..Imported::default() });
    let loaded = Arc::new(Told::default());
    bench.store.load(loaded.clone()).await.unwrap();
    let before = loaded.take();
    bench.told.take();
    assert_eq!(bench.import(file()).await.unwrap(), Imported { known: 3, ..Imported::default() });
    assert!(bench.told.take().is_empty());
    bench.store.load(loaded.clone()).await.unwrap();
    assert_eq!(loaded.take(), before);
    assert_eq!(bench.log().await, ["keys_imported 1", "keys_imported 1"]);
}

async fn a_deleted_key_does_not_come_back(engine: Engine) {
    let bench = Bench::open(engine).await;
    let new = key(bench.sub, KeyType::Cloud, 2);
    let id = new.id;
    bench.store.insert_key(new, audit(5, Action::KeyGenerated)).await.unwrap();
    bench.store.delete_key(id, audit(6, Action::KeyDeleted)).await.unwrap();
    bench.told.take();
    let imported = bench.import(file(vec![line(2, "s", "")])).await.unwrap();
    assert_eq!(imported, Imported { known: 1, deleted: 1, ..Imported::default() });
    assert!(bench.told.take().is_empty());
}

async fn a_token_from_before_a_rotation_does_not_come_back(engine: Engine) {
    let bench = Bench::open(engine).await;
    let foreign = || ImportKey { is_foreign: true, masked: "sk_live_…wxyz".into(), ..line(2, "s", "") };
    let key = foreign();
    let id = key.id;
    bench.import(file(vec![key])).await.unwrap();
    let token = NewToken { token_hash: TokenHash([9; 32]), masked: "lkd_abcd…wxyz".into(), sealed: None };
    bench.store.rotate_key(id, token, Micros(9), audit(8, Action::KeyRotated)).await.unwrap();
    assert_eq!(
        bench.import(file(vec![foreign()])).await.unwrap(),
        Imported { known: 1, ..Imported::default() }
    );
    let of_another = bench.import(file(vec![ImportKey { username: name("o"), ..foreign() }])).await.unwrap();
    assert_eq!(of_another.refused, [(2, ImportRefusal::OtherUsersToken)]);
    let prefixes = bench.store.load(Arc::new(Told::default())).await.unwrap();
    assert_eq!(prefixes.len(), 1, "its token is one of ours now");
}

async fn a_token_that_is_known_by_another_hash_is_there_already(engine: Engine) {
    let bench = Bench::open(engine).await;
    let other = |hash| Some(TokenHash([hash; 32]));
    let keys = vec![line(2, "s", ""), ImportKey { other_hash: other(2), ..line(3, "s", "") }];
    assert_eq!(bench.import(file(keys)).await.unwrap().known, 1);
}

async fn one_refused_line_refuses_all(engine: Engine) {
    let bench = Bench::open(engine).await;
    let of_owner = ImportKey { line: 5, ..line(2, "o", "") };
    let keys =
        vec![line(2, "s", ""), line(3, "nobody", ""), line(4, "o", "s"), of_owner, line(6, "new", "o")];
    let refused = bench.import(file(keys)).await.unwrap().refused;
    let expected = [
        (3, ImportRefusal::UnknownUser(name("nobody"))),
        (4, ImportRefusal::NotAnOwner(name("s"))),
        (5, ImportRefusal::OtherUsersToken),
        (6, ImportRefusal::UnknownUser(name("new"))),
    ];
    assert_eq!(refused, expected);
    let keys = vec![line(2, "new", ""), line(3, "s", "new")];
    let refused = bench.import(KeyImport { create_users: true, ..file(keys) }).await.unwrap().refused;
    assert_eq!(refused, [(3, ImportRefusal::OtherOwner(name("s"), name("new")))]);
    assert!(bench.told.take().is_empty());
    assert!(bench.log().await.is_empty());
    assert_eq!(bench.store.count_users().await, Ok(2));
    assert_eq!(bench.import(file(vec![line(2, "s", "")])).await.unwrap().keys, 1, "nothing was kept");
}

async fn a_dry_run_keeps_nothing(engine: Engine) {
    let bench = Bench::open(engine).await;
    let foreign = ImportKey { is_foreign: true, ..line(2, "new", "") };
    let import = KeyImport { create_users: true, dry_run: true, ..file(vec![foreign]) };
    assert_eq!(bench.import(import).await.unwrap(), Imported { keys: 1, users: 1, ..Imported::default() });
    assert!(bench.told.take().is_empty());
    assert_eq!(bench.store.count_users().await, Ok(2));
    let loaded = Arc::new(Told::default());
    bench.store.load(loaded.clone()).await.unwrap();
    assert_eq!(loaded.take().len(), 2, "two users, and no foreign tokens");
}

async fn an_account_has_no_more_keys_than_it_may(engine: Engine) {
    let bench = Bench::open(engine).await;
    let new = key(bench.owner, KeyType::Cloud, 9);
    bench.store.insert_key(new, audit(5, Action::KeyGenerated)).await.unwrap();
    let import = |most| {
        let keys = (2..=4).map(|number| line(number, if number == 3 { "s" } else { "o" }, ""));
        KeyImport { most: Some(most), ..file(keys.collect()) }
    };
    for (most, first) in [(3, 4), (2, 3), (1, 2), (0, 2)] {
        let refused = bench.import(import(most)).await.unwrap().refused;
        assert_eq!(refused, [(first, ImportRefusal::TooManyKeys(most))]);
    }
    assert_eq!(bench.import(import(4)).await.unwrap().keys, 3);
}

async fn foreign_tokens_are_told_of_at_the_start(engine: Engine) {
    let bench = Bench::open(engine).await;
    let foreign =
        |number| ImportKey { is_foreign: true, masked: "sk_live_…wxyz".into(), ..line(number, "o", "") };
    bench.import(file(vec![foreign(2)])).await.unwrap();
    bench.import(file(vec![foreign(3)])).await.unwrap();
    let told = bench.told.take();
    assert_eq!(told.iter().filter(|text| *text == "foreign tokens").count(), 1, "once");
    let loaded = Arc::new(Told::default());
    let prefixes = bench.store.load(loaded.clone()).await.unwrap();
    assert!(loaded.take().contains(&"foreign tokens".to_owned()));
    assert_eq!(prefixes, [], "a foreign token begins as it likes");
}

for_each_engine!(
    users_and_keys_are_added_and_the_watcher_told,
    a_file_may_be_imported_again,
    a_deleted_key_does_not_come_back,
    a_token_from_before_a_rotation_does_not_come_back,
    a_token_that_is_known_by_another_hash_is_there_already,
    one_refused_line_refuses_all,
    a_dry_run_keeps_nothing,
    an_account_has_no_more_keys_than_it_may,
    foreign_tokens_are_told_of_at_the_start
);
