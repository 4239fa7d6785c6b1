//! Letters that wait, and reminders of passwords.

use super::engines::{Engine, for_each_engine};
use super::*;
use domain::ids::MailNumber;
use domain::reminder::Reminders;
use store::{MailContent, NewMail};

const DAY: i64 = 24 * 3600;

async fn letters_are_due_in_turn_one_for_each_user(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let first = store.insert_user(user("a", None), audit(1, Action::UserAdded)).await.unwrap();
    let second = store.insert_user(user("b", None), audit(1, Action::UserAdded)).await.unwrap();
    let letters =
        [(Some(first), 1, 10), (Some(first), 2, 20), (Some(second), 3, 15), (None, 4, 30), (None, 5, 5)];
    for (user, text, due_at) in letters {
        store.insert_mail(NewMail { user, payload: vec![text], due_at: Micros(due_at) }).await.unwrap();
    }
    let due = async |at, served: &[UserNumber]| -> Vec<(u8, MailNumber)> {
        let rows = store.claim_due_mails(Micros(at), Micros(at), 9, served).await.unwrap();
        let text = |content: &MailContent| match content {
            MailContent::Letter(payload) => payload[0],
            MailContent::Notice(_) => 0,
        };
        rows.iter().map(|row| (text(&row.content), row.number)).collect()
    };
    let texts = |due: Vec<(u8, MailNumber)>| due.into_iter().map(|(text, _)| text).collect::<Vec<_>>();
    assert_eq!(texts(due(4, &[]).await), []);
    assert_eq!(texts(due(30, &[]).await), [5, 1, 3, 4]);
    assert_eq!(texts(due(30, &[first]).await), [5, 3, 4], "a user who had their turn waits");
    let (_, number) = due(30, &[]).await[1];
    store.postpone_mail(number, Micros(25)).await.unwrap();
    assert_eq!(texts(due(24, &[]).await), [5, 3, 2], "the next one of that user comes first now");
    let (_, number) = due(30, &[]).await[0];
    store.delete_mail(number).await.unwrap();
    assert_eq!((texts(due(30, &[]).await), store.count_mails().await), (vec![3, 2, 4], Ok(4)));
    let old = store.list_old_mails(Micros(20), 9).await.unwrap();
    assert_eq!(
        old.iter().map(|row| (row.created_at.0, row.attempts)).collect::<Vec<_>>(),
        [(10, 1), (15, 0)]
    );
}

async fn a_letter_is_claimed_by_one_at_a_time(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let user = store.insert_user(user("a", None), audit(1, Action::UserAdded)).await.unwrap();
    for (user, due_at) in [(Some(user), 10), (Some(user), 20), (None, 30)] {
        store.insert_mail(NewMail { user, payload: vec![1], due_at: Micros(due_at) }).await.unwrap();
    }
    let claim = async |at: i64, until: i64, most| -> Vec<i64> {
        let rows = store.claim_due_mails(Micros(at), Micros(until), most, &[]).await.unwrap();
        rows.iter().map(|row| row.created_at.0).collect()
    };
    assert_eq!(claim(40, 50, 1).await, [10]);
    assert_eq!(claim(40, 60, 9).await, [30], "nor another one of that user");
    assert_eq!(claim(49, 60, 9).await, []);
    assert_eq!(claim(50, 60, 9).await, [10], "the claim has ended");
    assert_eq!(claim(59, 60, 9).await, []);
    let rows = store.claim_due_mails(Micros(60), Micros(99), 9, &[]).await.unwrap();
    store.release_mails(&[rows[0].number]).await.unwrap();
    assert_eq!(claim(60, 99, 9).await, [10], "released before its time");
    store.postpone_mail(rows[0].number, Micros(25)).await.unwrap();
    assert_eq!(claim(60, 60, 9).await, [20], "an attempt ends the claim");
    assert_eq!(store.delete_mail(rows[1].number).await, Ok(true));
    assert_eq!(store.delete_mail(rows[1].number).await, Ok(false));
}

async fn two_who_claim_at_once_share_what_is_due(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    for due_at in 0..20 {
        store.insert_mail(NewMail { user: None, payload: vec![1], due_at: Micros(due_at) }).await.unwrap();
    }
    let claims = (0..8).map(|_| store.claim_due_mails(Micros(20), Micros(30), 5, &[]));
    let claimed = futures::future::join_all(claims).await;
    let mut claimed: Vec<_> = claimed.into_iter().flat_map(Result::unwrap).map(|row| row.number.0).collect();
    claimed.sort_unstable();
    claimed.dedup();
    assert_eq!(claimed.len(), 20, "each once");
}

async fn a_password_is_reminded_of_once_for_each_day(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let (store, ..) = open(engine, dir.path()).await;
    let number = store.insert_user(user("a", None), audit(1, Action::UserAdded)).await.unwrap();
    let off = store.insert_user(user("b", None), audit(1, Action::UserAdded)).await.unwrap();
    store.set_user_disabled(off, true, audit(2, Action::UserDisabled)).await.unwrap();
    let remind = async |day: i64, max_age: i64| {
        let now = Micros(1).plus_seconds(day * DAY);
        store.remind_of_passwords(Reminders::new(now, max_age).unwrap()).await.unwrap()
    };
    assert_eq!([remind(22, 30).await, remind(23, 30).await, remind(24, 30).await], [0, 1, 0]);
    assert_eq!([remind(27, 30).await, remind(29, 30).await, remind(29, 30).await], [1, 1, 0]);
    assert_eq!((store.count_notices(number).await, store.count_notices(off).await), (Ok(3), Ok(0)));
    assert_eq!(remind(83, 90).await, 1, "passwords last longer from now on");
    store
        .set_password(number, "new".into(), audit(84 * DAY * Micros::SECOND, Action::PasswordReset))
        .await
        .unwrap();
    assert_eq!([remind(89, 90).await, remind(84 + 83, 90).await], [0, 1], "a new password begins anew");
}

for_each_engine!(
    letters_are_due_in_turn_one_for_each_user,
    a_letter_is_claimed_by_one_at_a_time,
    two_who_claim_at_once_share_what_is_due,
    a_password_is_reminded_of_once_for_each_day
);
