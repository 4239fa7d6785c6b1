//! The history: who sees which lines, filters, stretches, and which keys are named.

use super::bench::Bench;
use super::engines::{Engine, for_each_engine};
use super::*;
use store::{Asker, KeyChange, LineNumber};

const ALL: HistoryFrom = HistoryFrom::Skipping(0);

/// An account with a sub-user, and another account; each has a key.
struct History {
    bench: Bench,
    other: UserNumber,
    others: KeyId,
    /// A key of the owner that manages keys.
    manages: KeyId,
    /// A key that was made through it.
    made: KeyId,
}

impl History {
    async fn open(engine: Engine) -> Self {
        let bench = Bench::open(engine).await;
        let store = &bench.store;
        let other = store.insert_user(user("x", None), audit(1, Action::UserAdded)).await.unwrap();
        let key_of = async |user, n, at, asker| {
            let new = NewKey { manages_keys: n == 2, ..key(user, KeyType::Cloud, n) };
            let id = new.id;
            let line = Audit { asker, ..audit_of(user, at, Action::KeyGenerated) };
            store.insert_key(new, line).await.unwrap();
            id
        };
        let manages = key_of(bench.owner, 2, 10, None).await;
        let made = key_of(bench.owner, 3, 11, Some(Asker::Key(manages, None))).await;
        let others = key_of(other, 4, 12, None).await;
        store.delete_key(bench.id, audit_of(bench.sub, 13, Action::KeyDeleted)).await.unwrap();
        store.record(audit_of(bench.sub, 14, Action::LoginFailed)).await.unwrap();
        store.record(audit_of(bench.owner, 15, Action::LoginFailed)).await.unwrap();
        store.record(audit(16, Action::LoginFailed)).await.unwrap();
        Self { bench, other, others, manages, made }
    }

    fn account(&self) -> HistoryFilter {
        HistoryFilter::all(KeyScope::Account(self.bench.owner))
    }

    fn of_sub(&self) -> HistoryFilter {
        HistoryFilter::all(KeyScope::User(self.bench.sub))
    }

    async fn lines(&self, filter: HistoryFilter, from: HistoryFrom, most: u32) -> Vec<HistoryLine> {
        self.bench.store.list_history(filter, from, most).await.unwrap()
    }

    /// When the lines were written, which are as many as are counted.
    async fn times(&self, filter: HistoryFilter) -> Vec<i64> {
        let lines = self.lines(filter, ALL, 100).await;
        assert_eq!(self.bench.store.count_history(filter, 100).await, Ok(lines.len() as u64));
        lines.iter().map(|line| line.at.0).collect()
    }
}

async fn an_owner_reads_of_all_users_and_a_sub_user_of_themselves(engine: Engine) {
    let history = History::open(engine).await;
    assert_eq!(history.times(history.account()).await, [15, 14, 13, 11, 10, 1, 1]);
    assert_eq!(history.times(history.of_sub()).await, [14, 13, 1]);
    let stranger = HistoryFilter::all(KeyScope::Account(history.other));
    assert_eq!(history.times(stranger).await, [12, 1]);
    let lines = history.lines(history.account(), ALL, 2).await;
    let users: Vec<_> = lines.iter().map(|line| (line.user.as_str(), line.action.as_str())).collect();
    assert_eq!(users, [("o", "login_failed"), ("s", "login_failed")]);
}

async fn lines_are_found_by_user_key_and_act(engine: Engine) {
    let history = History::open(engine).await;
    let (account, bench) = (history.account(), &history.bench);
    let of_user = HistoryFilter { user: Some(bench.sub), ..account };
    assert_eq!(history.times(of_user).await, [14, 13, 1]);
    let failed = HistoryFilter { action: Some(Action::LoginFailed), ..account };
    assert_eq!(history.times(failed).await, [15, 14]);
    assert_eq!(history.times(HistoryFilter { user: Some(bench.sub), ..failed }).await, [14]);
    assert_eq!(history.times(HistoryFilter { action: failed.action, ..history.of_sub() }).await, [14]);
    // What was asked for through a key is a line of that key, too; one about itself through itself is there once.
    let of_key = |key| HistoryFilter { key: Some(key), ..account };
    assert_eq!(history.times(of_key(history.manages)).await, [11, 10]);
    assert_eq!(history.times(of_key(history.made)).await, [11]);
    assert_eq!(history.times(of_key(bench.id)).await, [13], "also when it was deleted");
    let itself = Audit {
        asker: Some(Asker::Key(history.manages, None)),
        ..audit_of(bench.owner, 20, Action::KeyRenamed)
    };
    let renamed = (KeyChange::Description("other".into()), itself);
    bench.store.change_key(history.manages, vec![renamed]).await.unwrap();
    assert_eq!(history.times(of_key(history.manages)).await, [20, 11, 10]);
    let renamed = HistoryFilter { action: Some(Action::KeyRenamed), ..of_key(history.manages) };
    assert_eq!(history.times(renamed).await, [20]);
    assert_eq!(history.times(HistoryFilter { user: Some(bench.sub), ..renamed }).await, []);
    // Another account's key, and one that is not there.
    for key in [history.others, KeyId::generate()] {
        assert_eq!(history.times(of_key(key)).await, []);
    }
    let of_sub = HistoryFilter { key: Some(history.manages), ..history.of_sub() };
    assert_eq!(history.times(of_sub).await, [], "the owner's key");
}

async fn a_line_names_keys_that_its_reader_may_see(engine: Engine) {
    let history = History::open(engine).await;
    let bench = &history.bench;
    let line =
        history.lines(HistoryFilter { key: Some(bench.id), ..history.account() }, ALL, 1).await.remove(0);
    let named = line.key.unwrap();
    assert_eq!((named.id, named.username.as_str(), named.is_deleted), (bench.id, "s", true));
    assert_eq!((named.description.as_str(), line.by_program), ("key 1", false));
    let made =
        history.lines(HistoryFilter { key: Some(history.made), ..history.account() }, ALL, 1).await.remove(0);
    assert!(made.by_program);
    assert_eq!(made.via.map(|key| key.id), Some(history.manages));
    assert_eq!(made.key.map(|key| (key.id, key.is_deleted)), Some((history.made, false)));
    // A line that concerns a sub-user, about a key of the owner and through one.
    let through = Audit {
        asker: Some(Asker::Key(history.manages, None)),
        ..audit_of(bench.sub, 30, Action::KeyDeleted)
    };
    bench.store.delete_key(history.made, through).await.unwrap();
    let read = history.lines(history.of_sub(), ALL, 1).await.remove(0);
    assert_eq!((read.at.0, read.key, read.by_program, read.via), (30, None, true, None));
    let store = &bench.store;
    let finds = async |reader, key| store.find_line_key(reader, key).await.unwrap().map(|key| key.is_deleted);
    let (account, sub) = (KeyScope::Account(bench.owner), KeyScope::User(bench.sub));
    assert_eq!(finds(account, bench.id).await, Some(true));
    assert_eq!(finds(sub, bench.id).await, Some(true));
    assert_eq!(finds(account, history.manages).await, Some(false));
    assert_eq!(finds(sub, history.manages).await, None);
    assert_eq!(finds(account, history.others).await, None);
}

async fn a_stretch_begins_after_some_or_before_a_line(engine: Engine) {
    let history = History::open(engine).await;
    let (account, store) = (history.account(), &history.bench.store);
    let at = |lines: &[HistoryLine]| lines.iter().map(|line| line.at.0).collect::<Vec<_>>();
    let second = history.lines(account, HistoryFrom::Skipping(2), 2).await;
    assert_eq!(at(&second), [13, 11]);
    assert_eq!(history.lines(account, HistoryFrom::Skipping(7), 2).await, []);
    let next = history.lines(account, HistoryFrom::Before(second[1].number), 2).await;
    assert_eq!(at(&next), [10, 1]);
    assert_eq!(history.lines(account, HistoryFrom::Before(LineNumber(0)), 2).await, []);
    assert_eq!(store.count_history(account, 3).await, Ok(3), "it stops counting");
}

async fn a_user_of_an_account_is_found_by_name(engine: Engine) {
    let history = History::open(engine).await;
    let (bench, store) = (&history.bench, &history.bench.store);
    let find = async |account, text: &str| store.find_account_user(account, &name(text)).await.unwrap();
    assert_eq!(find(bench.owner, "S").await, Some(bench.sub));
    assert_eq!(find(bench.owner, "o").await, Some(bench.owner));
    assert_eq!(find(bench.owner, "x").await, None, "another account's");
    assert_eq!(find(history.other, "s").await, None);
    assert_eq!(find(bench.owner, "nobody").await, None);
}

for_each_engine!(
    an_owner_reads_of_all_users_and_a_sub_user_of_themselves,
    lines_are_found_by_user_key_and_act,
    a_line_names_keys_that_its_reader_may_see,
    a_stretch_begins_after_some_or_before_a_line,
    a_user_of_an_account_is_found_by_name
);
