//! What every store has to do, whatever the engine: each method of the trait, run against each engine.

use latchkey::domain::address::{Address, Network};
use latchkey::domain::ids::{KeyId, KeyNo, UserNo, Username};
use latchkey::domain::key_type::KeyType;
use latchkey::domain::role::Role;
use latchkey::domain::rule::{AddressRule, LockWidth};
use latchkey::domain::time::Micros;
use latchkey::domain::token::TokenHash;
use latchkey::domain::verdict::Code;
use latchkey::store::{
    Action, Audit, Change, Generation, KeyScope, NewKey, NewSession, NewUser, Refusal, SessionHash,
    SpanStarts, Store, StoreError, UsageLog, Use, UseSums, Walk, Watcher, sqlite,
};
use latchkey::verify::KeyIndex;
use parking_lot::Mutex;
use std::path::Path;
use std::sync::Arc;

/// Remembers what it is told, as short texts.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock())
    }
}

impl Watcher for Told {
    fn committed(&self, change: Change) {
        let text = match change {
            Change::UserAdded(user) => format!("user {} {}", user.no.0, user.username),
            Change::UserDisabled(no, disabled) => format!("user {} disabled {disabled}", no.0),
            Change::KeyAdded(key) => format!("key {} {} {}", key.no.0, key.description, key.deleted),
            Change::KeyRule(no, rule) => format!("key {} {}", no.0, rule_text(&rule)),
            Change::KeyDeleted(no) => format!("key {} deleted", no.0),
            Change::GatewayAdded(_, name) => format!("gateway {name}"),
            Change::GatewayRemoved(_) => "gateway removed".to_owned(),
        };
        self.0.lock().push(text);
    }
}

fn rule_text(rule: &AddressRule) -> String {
    let list: Vec<_> = rule.allow_list.iter().map(ToString::to_string).collect();
    let locked = rule.locked.map_or_else(|| "-".to_owned(), |a| a.to_string());
    format!("{} locked {locked} /{} [{}]", rule.enforced, rule.width as u8, list.join(" "))
}

type Opened = (Arc<dyn Store>, Box<dyn UsageLog>, Arc<Told>);

async fn open_sqlite(dir: &Path) -> Opened {
    let told = Arc::new(Told::default());
    let (store, log) = sqlite::open(dir, TokenHash([9; 32]), false, told.clone()).await.unwrap();
    (Arc::new(store), Box::new(log), told)
}

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn audit(at: i64, action: Action) -> Audit {
    Audit { at: Micros(at), action, actor: "x".into(), user: None, address: None, detail: String::new() }
}

fn user(text: &str, owner: Option<UserNo>) -> NewUser {
    NewUser {
        owner,
        username: name(text),
        email: None,
        email_confirmed: false,
        role: Role::ManagesKeys,
        password_hash: "h".into(),
        at: Micros(1),
    }
}

fn key(of: UserNo, key_type: KeyType, hash: u8) -> NewKey {
    NewKey {
        id: KeyId::generate(),
        user: of,
        key_type,
        description: format!("key {hash}"),
        token_hash: TokenHash([hash; 32]),
        masked: "lkd_abcd…wxyz".into(),
        sealed: Some(vec![1, 2, 3]),
        at: Micros(5),
    }
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}

#[tokio::test]
async fn users() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open_sqlite(dir.path()).await;
    assert_eq!(store.count_users().await, Ok(0));
    let owner = store.insert_first_user(user("Owner", None), audit(1, Action::UserAdded)).await.unwrap();
    let second = store.insert_first_user(user("other", None), audit(1, Action::UserAdded)).await;
    assert_eq!(second, Err(StoreError::Conflict));
    let taken = store.insert_user(user("oWNER", None), audit(1, Action::UserAdded)).await;
    assert_eq!(taken, Err(StoreError::Conflict), "names are unique without regard to case");
    let sub = store.insert_user(user("sub", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
    assert_eq!(told.take(), [format!("user {} Owner", owner.0), format!("user {} sub", sub.0)]);
    let found = store.find_user(&name("OWNER")).await.unwrap().unwrap();
    assert_eq!((found.no, found.username.as_str(), found.is_active()), (owner, "Owner", true));
    assert!(store.find_user(&name("nobody")).await.unwrap().is_none());
    store.set_user_disabled(owner, true, audit(2, Action::UserDisabled)).await.unwrap();
    let found = store.find_user(&name("sub")).await.unwrap().unwrap();
    assert_eq!((found.owner, found.disabled, found.owner_disabled), (Some(owner), false, true));
    store.set_user_disabled(owner, false, audit(3, Action::UserEnabled)).await.unwrap();
    store.set_password(sub, "new".into(), audit(4, Action::PasswordReset)).await.unwrap();
    assert_eq!(store.find_user(&name("sub")).await.unwrap().unwrap().password_hash, "new");
    let names: Vec<_> =
        store.list_users().await.unwrap().into_iter().map(|u| u.username.to_string()).collect();
    assert_eq!(names, ["Owner", "sub"]);
    for missing in [
        store.set_user_disabled(UserNo(99), true, audit(1, Action::UserDisabled)).await,
        store.set_password(UserNo(99), "x".into(), audit(1, Action::PasswordReset)).await,
    ] {
        assert_eq!(missing, Err(StoreError::NotFound));
    }
}

/// What changed between the check of a password and the session ends the login.
async fn login_that_was_overtaken(store: &dyn Store, begin: &dyn Fn(u8, i64) -> NewSession) {
    let told = || audit(10, Action::Login);
    let verified = |hash: &str, code_pending| NewSession {
        verified: Some(hash.to_owned()),
        code_pending,
        ..begin(7, 50)
    };
    for stale in [verified("another", false), verified("h", true)] {
        assert_eq!(store.insert_session(stale, told()).await, Err(StoreError::NotFound));
    }
    store.insert_session(verified("h", false), told()).await.unwrap();
    let (user, kept) = (begin(7, 50).user, SessionHash([7; 32]));
    let change = async |present: &str, kept| {
        let audit = audit(11, Action::PasswordChanged);
        store.change_password(user, present.to_owned(), "newer".into(), kept, audit).await
    };
    assert_eq!(change("another", kept).await, Err(StoreError::NotFound), "the operator was faster");
    assert_eq!(change("h", SessionHash([8; 32])).await, Err(StoreError::NotFound), "the session has ended");
    change("h", kept).await.unwrap();
    store.delete_session(kept, audit(1, Action::Logout)).await.unwrap();
}

#[tokio::test]
async fn sessions() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, _) = open_sqlite(dir.path()).await;
    let no = store.insert_user(user("a", None), audit(1, Action::UserAdded)).await.unwrap();
    let hash = |n: u8| SessionHash([n; 32]);
    let from = address("203.0.113.7");
    let begin = |n: u8, at: i64| NewSession {
        hash: hash(n),
        user: no,
        at: Micros(at),
        address: from,
        user_agent: "ua".into(),
        code_pending: false,
        verified: None,
    };
    let login = || Audit { user: Some(no), address: Some(from), ..audit(10, Action::Login) };
    assert_eq!(store.has_logged_in_from(no, from).await, Ok(false));
    for n in 1..=4 {
        store.insert_session(begin(n, 10 * i64::from(n)), login()).await.unwrap();
    }
    assert_eq!(store.has_logged_in_from(no, from).await, Ok(true));
    assert_eq!(store.has_logged_in_from(no, address("203.0.113.8")).await, Ok(false));
    let six = NewSession { address: address("2001:db8:1:2::7"), ..begin(6, 5) };
    let from_six = Audit { address: Some(six.address), ..login() };
    store.insert_session(six, from_six).await.unwrap();
    for (other, known) in [("2001:db8:1:2:ffff::9", true), ("2001:db8:1:3::7", false)] {
        assert_eq!(store.has_logged_in_from(no, address(other)).await, Ok(known), "{other}");
    }
    store.delete_session(hash(6), audit(1, Action::Logout)).await.unwrap();
    store.touch_session(hash(1), Micros(70), address("203.0.113.9")).await.unwrap();
    store.prove_session(hash(1), Micros(80)).await.unwrap();
    let (session, owner) = store.find_session(hash(1)).await.unwrap().unwrap();
    let times = (session.created_at.0, session.last_seen_at.0, session.proved_at.0);
    assert_eq!((times, owner.no), ((10, 70, 80), no));
    assert!(store.find_session(hash(9)).await.unwrap().is_none());
    store.delete_session(hash(2), audit(1, Action::Logout)).await.unwrap();
    assert!(store.find_session(hash(2)).await.unwrap().is_none());
    assert_eq!(store.count_sessions(Micros(0), Micros(0)).await, Ok(3));
    assert_eq!(store.count_sessions(Micros(35), Micros(5)).await, Ok(2), "the third was not seen");
    assert_eq!(store.count_sessions(Micros(0), Micros(15)).await, Ok(2), "the first is too old");
    let delete_old = async |seen, begun, asked| {
        store.delete_old_sessions(Micros(seen), Micros(begun), Micros(asked)).await
    };
    assert_eq!(delete_old(35, 5, 90).await, Ok(1), "the third was not seen");
    assert_eq!(delete_old(0, 15, 90).await, Ok(1), "the first is too old");
    let pending = NewSession { code_pending: true, ..begin(5, 50) };
    store.insert_session(pending, audit(10, Action::PasswordAccepted)).await.unwrap();
    assert!(store.find_session(hash(5)).await.unwrap().unwrap().0.code_pending);
    assert_eq!(store.count_sessions(Micros(0), Micros(0)).await, Ok(1), "a pending one is no session yet");
    assert_eq!(delete_old(0, 0, 50).await, Ok(0));
    assert_eq!(delete_old(0, 0, 51).await, Ok(1), "it waited too long");
    login_that_was_overtaken(store.as_ref(), &begin).await;
    store.set_user_disabled(no, true, audit(1, Action::UserDisabled)).await.unwrap();
    assert!(store.find_session(hash(4)).await.unwrap().is_none(), "disabling ends sessions");
}

#[tokio::test]
async fn keys() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open_sqlite(dir.path()).await;
    let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
    let sub = store.insert_user(user("s", Some(owner)), audit(1, Action::UserAdded)).await.unwrap();
    let other = store.insert_user(user("x", None), audit(1, Action::UserAdded)).await.unwrap();
    let generate = || audit(5, Action::KeyGenerated);
    let new = key(sub, KeyType::Default, 1);
    let id = new.id;
    let no = store.insert_key(new, generate()).await.unwrap();
    let second = store.insert_key(key(owner, KeyType::Cloud, 2), generate()).await.unwrap();
    let clash = store.insert_key(key(owner, KeyType::Cloud, 2), generate()).await;
    assert_eq!(clash, Err(StoreError::Conflict));
    told.take();
    let (all, own, foreign) = (KeyScope::Account(owner), KeyScope::User(sub), KeyScope::Account(other));
    let listed = |scope| {
        let store = store.clone();
        async move {
            let rows = store.list_keys(scope, &[no, second, KeyNo(99)]).await.unwrap();
            rows.iter().map(|r| r.no).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed(all).await, [second, no], "newest first");
    assert_eq!(listed(own).await, [no]);
    assert_eq!(listed(foreign).await, []);
    assert!(store.find_key(foreign, id).await.unwrap().is_none());
    assert_eq!(store.reveal_key(no, audit(6, Action::KeyShown)).await, Ok(vec![1, 2, 3]));
    let add = |network: &'static str, limit| {
        let store = store.clone();
        async move {
            let network = Network::parse(network).unwrap();
            store.insert_network(no, network, limit, audit(7, Action::AddressAdded)).await
        }
    };
    assert_eq!(add("10.0.0.0/8", 2).await, Ok(()));
    assert_eq!(add("10.0.0.0/8", 2).await, Err(StoreError::Conflict));
    assert_eq!(add("2001:db8::/32", 2).await, Ok(()));
    assert_eq!(add("10.1.0.0/16", 2).await, Err(StoreError::Full));
    // Outside of the allow list, whatever was known when it was judged: nothing happens.
    store.bind_first_address(no, address("192.0.2.1"), Micros(8)).await.unwrap();
    store.bind_first_address(no, address("10.0.0.1"), Micros(8)).await.unwrap();
    store.bind_first_address(no, address("10.0.0.2"), Micros(8)).await.unwrap();
    store.set_lock_width(no, LockWidth::Net64, audit(9, Action::LockWidthSet)).await.unwrap();
    let row = store.find_key(own, id).await.unwrap().unwrap();
    assert_eq!(rule_text(&row.rule), "true locked 10.0.0.1 /64 [10.0.0.0/8 2001:db8::/32]");
    let ten = Network::parse("10.0.0.0/8").unwrap();
    store.delete_network(no, ten, audit(9, Action::AddressRemoved)).await.unwrap();
    let gone = store.delete_network(no, ten, audit(9, Action::AddressRemoved)).await;
    assert_eq!(gone, Err(StoreError::NotFound));
    store.release_lock(no, audit(9, Action::LockReleased)).await.unwrap();
    let rules = [
        "true locked - /128 [10.0.0.0/8]",
        "true locked - /128 [10.0.0.0/8 2001:db8::/32]",
        "true locked 10.0.0.1 /128 [10.0.0.0/8 2001:db8::/32]",
        "true locked 10.0.0.1 /64 [10.0.0.0/8 2001:db8::/32]",
        "true locked 10.0.0.1 /64 [2001:db8::/32]",
        "true locked - /64 [2001:db8::/32]",
    ];
    assert_eq!(told.take(), rules.map(|r| format!("key {} {r}", no.0)), "one change for each that happened");
    store.delete_key(no, audit(10, Action::KeyDeleted)).await.unwrap();
    assert_eq!(told.take(), [format!("key {} deleted", no.0)]);
    assert!(store.find_key(all, id).await.unwrap().is_none());
    assert_eq!(listed(all).await, [second]);
    for gone in [
        store.delete_key(no, audit(10, Action::KeyDeleted)).await,
        store.release_lock(no, audit(10, Action::LockReleased)).await,
        store.reveal_key(no, audit(10, Action::KeyShown)).await.map(|_| ()),
        add("10.0.0.0/8", 9).await,
    ] {
        assert_eq!(gone, Err(StoreError::NotFound), "a tombstone changes no more");
    }
    let loaded = Arc::new(Told::default());
    store.load(loaded.clone()).await.unwrap();
    let texts = loaded.take();
    assert_eq!(
        texts[..3],
        [format!("user {} o", owner.0), format!("user {} s", sub.0), format!("user {} x", other.0)]
    );
    assert_eq!(texts[3..], [format!("key {} key 1 true", no.0), format!("key {} key 2 false", second.0)]);
}

#[tokio::test]
async fn gateways_and_audit() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open_sqlite(dir.path()).await;
    let add = |name: &str, n: u8| {
        store.insert_gateway(name.to_owned(), TokenHash([n; 32]), audit(1, Action::GatewayAdded))
    };
    add("b", 1).await.unwrap();
    add("a", 2).await.unwrap();
    assert_eq!(add("a", 3).await, Err(StoreError::Conflict));
    let names: Vec<_> = store.list_gateways().await.unwrap().into_iter().map(|g| g.name).collect();
    assert_eq!(names, ["a", "b"]);
    store.delete_gateway("a".into(), audit(2, Action::GatewayRemoved)).await.unwrap();
    let gone = store.delete_gateway("a".into(), audit(2, Action::GatewayRemoved)).await;
    assert_eq!(gone, Err(StoreError::NotFound));
    assert_eq!(told.take(), ["gateway b", "gateway a", "gateway removed"]);
    store.record(Audit { detail: "d".into(), ..audit(7, Action::LoginFailed) }).await.unwrap();
    let rows = store.list_audit(2).await.unwrap();
    let texts: Vec<_> = rows.iter().map(|r| (r.at.0, r.action.as_str(), r.detail.as_str())).collect();
    assert_eq!(texts, [(7, "login_failed", "d"), (2, "gateway_removed", "")], "what failed left no line");
}

#[tokio::test]
async fn changes_come_in_the_order_of_the_commits() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, told) = open_sqlite(dir.path()).await;
    let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
    let no = store.insert_key(key(owner, KeyType::Default, 1), audit(1, Action::KeyGenerated)).await.unwrap();
    told.take();
    let binds = (0..200).map(|n| {
        let store = store.clone();
        async move {
            let from = address(&format!("10.0.0.{n}"));
            store.bind_first_address(no, from, Micros(1)).await.unwrap();
            store.release_lock(no, audit(1, Action::LockReleased)).await.unwrap();
        }
    });
    futures::future::join_all(binds).await;
    let last = told.take().pop().unwrap();
    let row = store.list_keys(KeyScope::Account(owner), &[no]).await.unwrap().remove(0);
    assert_eq!(last, format!("key {} {}", no.0, rule_text(&row.rule)));
}

#[tokio::test]
async fn who_goes_away_leaves_no_open_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _log, _) = open_sqlite(dir.path()).await;
    for n in 0..50 {
        let asked = store.insert_user(user(&format!("u{n}"), None), audit(1, Action::UserAdded));
        // Polled once and dropped, as a request whose client has gone.
        let _ = futures::FutureExt::now_or_never(asked);
    }
    store.insert_user(user("last", None), audit(1, Action::UserAdded)).await.unwrap();
    assert_eq!(store.count_users().await, Ok(51), "what was sent is carried out all the same");
}

#[tokio::test]
async fn usage_adds_up_at_every_moment() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, _) = open_sqlite(dir.path()).await;
    let hour = Micros(Micros::HOUR * 100);
    let starts = SpanStarts { today: 100, days_7: 90, days_30: 80 };
    let a = Use { key: KeyNo(1), user: UserNo(1), address: address("203.0.113.7") };
    let b = Use { key: KeyNo(2), user: UserNo(2), address: address("2001:db8::1") };
    let counts = |users: Vec<UserNo>| {
        let store = store.clone();
        async move { store.count_uses(&users, starts).await.unwrap().accepted[0] }
    };
    log.append(Generation(1), hour, &[a, b, a]).unwrap();
    log.append(Generation(1), Micros(hour.0 + 1), &[a]).unwrap();
    assert_eq!((counts(vec![UserNo(1)]).await, counts(vec![UserNo(1), UserNo(2)]).await), (3, 4));
    assert_eq!(store.last_used(&[UserNo(1), UserNo(2)], 5).await.unwrap(), [KeyNo(1), KeyNo(2)]);
    let mut sums = UseSums::default();
    [(a, hour), (b, hour), (a, hour), (a, Micros(hour.0 + 1))]
        .iter()
        .for_each(|(one, at)| sums.add(*one, *at));
    let sums = sums.into_sorted();
    assert_eq!(log.unfolded().unwrap(), [(Generation(1), sums.clone())]);
    // Half folded, and uses of the next generation in between.
    log.append(Generation(2), hour, &[a]).unwrap();
    log.fold(Generation(1), &sums[..1]).unwrap();
    assert_eq!((counts(vec![UserNo(1)]).await, counts(vec![UserNo(2)]).await), (4, 1));
    assert_eq!(store.count_key_uses(KeyNo(1), starts).await.unwrap().accepted, [4, 4, 4]);
    assert_eq!(log.unfolded().unwrap()[0], (Generation(1), sums[1..].to_vec()), "what is folded counts once");
    log.fold(Generation(1), &sums[1..]).unwrap();
    assert_eq!(counts(vec![UserNo(1), UserNo(2)]).await, 5);
    while log.drop_generation(Generation(1)).unwrap() {}
    assert_eq!(counts(vec![UserNo(1), UserNo(2)]).await, 5);
    assert_eq!(log.unfolded().unwrap().len(), 1);
    let mut totals = vec![];
    log.totals(&mut |t| totals.push((t.key.0, t.count, t.last.0 - hour.0))).unwrap();
    assert_eq!(totals, [(1, 3, 1), (2, 1, 0)]);
    assert_eq!(store.last_used(&[UserNo(1), UserNo(2)], 1).await.unwrap(), [KeyNo(1)]);
    let refusal = |hour, code| Refusal { key: KeyNo(1), user: UserNo(1), hour, code };
    let refusals = [(refusal(100, Code::IpNotAllowed), 5), (refusal(85, Code::Deleted), 2)];
    log.refuse(&refusals).unwrap();
    log.refuse(&refusals).unwrap();
    assert_eq!(store.count_uses(&[UserNo(1)], starts).await.unwrap().refused, [10, 10, 14]);
    assert_eq!(store.count_key_uses(KeyNo(1), starts).await.unwrap().refused, [10, 10, 14]);
    log.checkpoint().unwrap();
}

#[tokio::test]
async fn what_was_written_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, _) = open_sqlite(dir.path()).await;
    let owner = store.insert_user(user("o", None), audit(1, Action::UserAdded)).await.unwrap();
    store.insert_key(key(owner, KeyType::Default, 1), audit(1, Action::KeyGenerated)).await.unwrap();
    log.append(Generation(7), Micros(1), &[Use { key: KeyNo(1), user: owner, address: address("::1") }])
        .unwrap();
    store.close().await;
    assert!(matches!(
        store.insert_user(user("late", None), audit(1, Action::UserAdded)).await,
        Err(StoreError::Unavailable(_))
    ));
    drop(log);
    let index = Arc::new(KeyIndex::default());
    let (store, mut log) = sqlite::open(dir.path(), TokenHash([9; 32]), true, index.clone()).await.unwrap();
    latchkey::store::KeyStore::load(&store, index.clone()).await.unwrap();
    assert_eq!(index.count(KeyScope::Account(owner)), 1);
    assert_eq!(log.unfolded().unwrap()[0].0, Generation(7));
    log.append(Generation(7), Micros(2), &[]).unwrap();
    let other = sqlite::open(dir.path(), TokenHash([8; 32]), false, index).await;
    assert!(other.is_err(), "other secrets are refused");
}

#[tokio::test]
async fn a_key_keeps_a_thousand_addresses_the_latest_ones() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, mut log, _) = open_sqlite(dir.path()).await;
    for (generation, from) in [(1_u32, 0_u32), (2, 700)] {
        let mut sums = UseSums::default();
        for n in from..from + 800 {
            let address = Address::new(std::net::Ipv4Addr::from(0x0A00_0000 + n).into());
            sums.add(Use { key: KeyNo(1), user: UserNo(1), address }, Micros(i64::from(n + 1)));
        }
        log.fold(Generation(generation.into()), &sums.into_sorted()).unwrap();
    }
    let database = rusqlite::Connection::open(dir.path().join("usage.db")).unwrap();
    let kept: (u32, i64, u32) = database
        .query_row("SELECT count(*), min(last_at), sum(count) FROM addresses", [], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?))
        })
        .unwrap();
    assert_eq!(kept, (1000, 501, 1100), "the oldest made room, those seen twice were added up");
    let mut sums = UseSums::default();
    for n in 0..5000_u32 {
        let address = Address::new(std::net::Ipv4Addr::from(n).into());
        sums.add(Use { key: KeyNo(2), user: UserNo(1), address }, Micros(i64::from(n)));
    }
    let sums = sums.into_sorted();
    assert_eq!((sums[0].count, sums[0].addresses.len()), (5000, 1000), "not even for a moment more");
}

#[tokio::test]
async fn old_statistics_are_forgotten_and_totals_stay() {
    let dir = tempfile::tempdir().unwrap();
    let (store, mut log, _) = open_sqlite(dir.path()).await;
    let hours = |n: i64| Micros(n * Micros::HOUR);
    for key in 1..=3 {
        let mut sums = UseSums::default();
        for hour in 0..2000 {
            let one = Use { key: KeyNo(key), user: UserNo(key), address: address("203.0.113.7") };
            sums.add(one, hours(hour));
        }
        log.fold(Generation(1), &sums.into_sorted()).unwrap();
    }
    let (mut from, mut steps) = (Some(Walk::START), 0);
    while let Some(walk) = from {
        from = log.forget(1500, walk).unwrap();
        steps += 1;
    }
    assert!(steps > 2, "in small steps: {steps}");
    let starts = SpanStarts { today: 0, days_7: 1500, days_30: 0 };
    for key in 1..=3 {
        let counts = store.count_key_uses(KeyNo(key), starts).await.unwrap();
        assert_eq!(counts.accepted, [500, 500, 500]);
    }
    let all = store.count_uses(&[UserNo(1), UserNo(3)], starts).await.unwrap();
    assert_eq!(all.accepted, [1000, 1000, 1000]);
    let mut totals = vec![];
    log.totals(&mut |total| totals.push(total.count)).unwrap();
    assert_eq!(totals, [2000, 2000, 2000]);
}

/// SQLite only: the write-ahead log of the counts is moved while it is written, and does not grow for ever.
#[tokio::test]
async fn the_log_of_the_counts_starts_over() {
    let dir = tempfile::tempdir().unwrap();
    let (_store, mut log, _) = open_sqlite(dir.path()).await;
    let batch = vec![Use { key: KeyNo(1), user: UserNo(1), address: address("203.0.113.7") }; 4000];
    let size = || std::fs::metadata(dir.path().join("usage.db-wal")).unwrap().len();
    let mut largest = 0;
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while largest < 16 << 20 || size() > 8 << 20 {
        assert!(std::time::Instant::now() < end, "it has grown to {largest} and stands at {}", size());
        log.append(Generation(1), Micros(1), &batch).unwrap();
        largest = largest.max(size());
        if largest >= 16 << 20 {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
    let counted: u64 = log.unfolded().unwrap().iter().flat_map(|(_, sums)| sums).map(|s| s.count).sum();
    assert_eq!(counted % 4000, 0);
    assert!(counted * 24 >= 16 << 20, "nothing was lost");
}
