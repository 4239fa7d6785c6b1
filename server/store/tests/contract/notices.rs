//! Notices.

use super::engines::{Engine, for_each_engine};
use super::{Data, SECRETS, Told, audit, audit_of, key, user};
use contract::{Cause, KeyType};
use domain::address::Address;
use domain::ids::{KeyId, NoticeNumber, UserNumber};
use domain::time::Micros;
use std::path::Path;
use std::sync::Arc;
use store::{Action, NewKey, NewNotice, NewUser, NoticeChoice, NoticePolicy, Store};

/// Seconds in a day.
const DAY: i64 = 24 * 3600;
const T0: i64 = 1_000_000_000_000;

async fn add_user(store: &dyn Store, name: &str) -> UserNumber {
    let (email, email_confirmed) = (Some(format!("{name}@example.com")), true);
    let user = NewUser { email, email_confirmed, ..user(name, None) };
    store.insert_user(user, audit(T0, Action::UserAdded)).await.unwrap()
}

async fn add_key(store: &dyn Store, user: UserNumber) -> KeyId {
    let key = NewKey { description: "WEB".to_owned(), at: Micros(T0), ..key(user, KeyType::Default, 7) };
    let id = key.id;
    store.insert_key(key, audit_of(user, T0, Action::UserEnabled)).await.unwrap();
    id
}

fn refused(user: UserNumber, key: KeyId, at: i64, from: &[(&str, u64)]) -> NewNotice {
    let addresses: Vec<_> = from.iter().map(|(a, n)| (Address::parse(a).unwrap(), *n)).collect();
    let count = addresses.iter().map(|(_, n)| n).sum();
    let (cause, key, at) = (Cause::NewAddress, Some(key), Micros(T0 + at * Micros::SECOND));
    NewNotice { user, cause, key, at, count, addresses, detail: String::new() }
}

async fn open_for_mail(engine: Engine, dir: &Path) -> Arc<dyn Store> {
    let notices = NoticePolicy { mail_is_on: true, hold_seconds: 30 };
    let (directory, secrets) = (dir.to_owned(), SECRETS);
    let data = Data { directory, secrets, durable_usage: false, notices };
    engine(data, Arc::new(Told::default())).await.unwrap().0
}

async fn notices_gather_are_read_and_forgotten(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open_for_mail(engine, dir.path()).await;
    let (user, other) = (add_user(store.as_ref(), "demo").await, add_user(store.as_ref(), "other").await);
    let key = add_key(store.as_ref(), user).await;
    let tell = async |notice: NewNotice| store.insert_notices(vec![notice]).await.unwrap();
    tell(refused(user, key, 0, &[("192.0.2.1", 2)])).await;
    tell(refused(user, key, DAY - 1, &[("192.0.2.1", 3), ("192.0.2.2", 1)])).await;
    tell(refused(user, key, DAY, &[("192.0.2.3", 1)])).await;
    let found = store.list_notices(user, 0, 10).await.unwrap();
    let counts: Vec<_> = found.iter().map(|n| (n.count, n.addresses.len())).collect();
    assert_eq!(counts, [(1, 1), (6, 2)], "a notice gathers for 24 hours, newest first");
    let gathered = &found[1];
    assert_eq!((gathered.first_at.0, gathered.last_at.0), (T0, T0 + (DAY - 1) * Micros::SECOND));
    assert_eq!((gathered.addresses[0].count, gathered.addresses[0].ignored), (5, false));
    let facts = store.find_notice(gathered.number).await.unwrap().unwrap();
    assert_eq!((facts.user, facts.cause, facts.username.as_str()), (user, Cause::NewAddress, "demo"));
    assert_eq!(facts.key.unwrap().masked, "lkd_abcd…wxyz");
    assert!(store.find_notice(NoticeNumber(99)).await.unwrap().is_none());
    assert_eq!(store.list_notices(user, 1, 10).await.unwrap().len(), 1);
    assert_eq!((store.count_notices(user).await, store.count_notices(other).await), (Ok(2), Ok(0)));

    store.read_notices(other, vec![gathered.number], Micros(T0), None).await.unwrap();
    assert_eq!(store.count_unread_notices(user).await, Ok(2), "another's are not touched");
    store.read_notices(user, vec![gathered.number], Micros(T0), None).await.unwrap();
    assert_eq!(store.count_unread_notices(user).await, Ok(1));
    store.read_all_notices(user, Micros(T0), None).await.unwrap();
    assert_eq!(store.count_unread_notices(user).await, Ok(0));
    let now = Micros(T0 + 30 * Micros::SECOND);
    let due = store.claim_due_mails(now, now, 10, &[]).await.unwrap();
    assert_eq!(due.len(), 1, "held back for as long as the policy says");

    assert_eq!(store.delete_old_notices(Micros(T0 + DAY * Micros::SECOND)).await, Ok(true));
    assert_eq!(store.delete_old_notices(Micros(T0 + DAY * Micros::SECOND)).await, Ok(false));
    assert_eq!(store.count_notices(user).await, Ok(1));
    assert_eq!(store.count_mails().await, Ok(1), "a mail goes with its notice");
}

async fn ignored_addresses_and_choices_are_kept(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open_for_mail(engine, dir.path()).await;
    let user = add_user(store.as_ref(), "demo").await;
    let key = add_key(store.as_ref(), user).await;
    for last in 1..=3 {
        let address = Address::parse(&format!("192.0.2.{last}")).unwrap();
        let mut audit = audit_of(user, T0, Action::AddressIgnored);
        audit.at = Micros(T0 + last);
        store.ignore_address(key, address, 2, audit).await.unwrap();
    }
    let all = [("192.0.2.1", 1), ("192.0.2.2", 1), ("192.0.2.3", 1)];
    store.insert_notices(vec![refused(user, key, 0, &all)]).await.unwrap();
    let found = store.list_notices(user, 0, 10).await.unwrap();
    assert_eq!((found[0].count, found[0].addresses[0].address), (1, Address::parse("192.0.2.1").unwrap()));
    store.insert_notices(vec![refused(user, key, DAY, &all[1..])]).await.unwrap();
    assert_eq!(store.count_notices(user).await, Ok(1), "nothing is left to tell");

    let before = store.list_notice_choices(user).await.unwrap();
    assert_eq!(before.len(), Cause::ALL.len());
    assert!(before.iter().all(|c| c.by_webhook && c.by_mail == c.cause.is_mailed_by_default()));
    let wanted = NoticeChoice { cause: Cause::Guessing, by_mail: false, by_webhook: false };
    store.set_notice_choices(user, vec![wanted], audit_of(user, T0, Action::NoticesChosen)).await.unwrap();
    let after = store.list_notice_choices(user).await.unwrap();
    let changed: Vec<_> = after.iter().zip(&before).filter(|(a, b)| a != b).map(|(a, _)| *a).collect();
    assert_eq!(changed, [wanted]);
}

async fn refusals_of_a_day_are_found_and_acts_are_not(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let store = open_for_mail(engine, dir.path()).await;
    let (user, other) = (add_user(store.as_ref(), "demo").await, add_user(store.as_ref(), "other").await);
    let key = add_key(store.as_ref(), user).await;
    let login = NewNotice { cause: Cause::NewLogin, key: None, ..refused(user, key, 5, &[]) };
    let dead = NewNotice { cause: Cause::DeadKeyInUse, ..refused(user, key, 4, &[("192.0.2.2", 1)]) };
    let early = refused(user, key, -2 * DAY, &[("192.0.2.1", 1)]);
    let late = refused(user, key, 3, &[("192.0.2.1", 2)]);
    store.insert_notices(vec![early, late, dead, login]).await.unwrap();
    let found = async |after: i64, most| {
        let after = Micros(T0 + after * Micros::SECOND);
        let found = store.list_refusal_notices(user, after, most).await.unwrap();
        found.iter().map(|notice| (notice.cause, notice.addresses.len())).collect::<Vec<_>>()
    };
    assert_eq!(found(0, 9).await, [(Cause::DeadKeyInUse, 1), (Cause::NewAddress, 1)], "the latest first");
    assert_eq!(found(0, 1).await, [(Cause::DeadKeyInUse, 1)]);
    assert_eq!(found(3, 9).await, [(Cause::DeadKeyInUse, 1)], "later than the time, not at it");
    assert_eq!(found(-3 * DAY, 9).await.len(), 3);
    assert!(store.list_refusal_notices(other, Micros(0), 9).await.unwrap().is_empty());
}

for_each_engine!(
    notices_gather_are_read_and_forgotten,
    refusals_of_a_day_are_found_and_acts_are_not,
    ignored_addresses_and_choices_are_kept
);
