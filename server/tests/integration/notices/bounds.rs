//! How much a user is told, whatever is done to its account.

use super::{DAY, MAIL, rows, unread};
use crate::app::TestApp;
use crate::html;
use contract::Cause;
use domain::ids::UserNumber;
use domain::time::Clock;
use store::{Action, NewNotice};

async fn record(app: &TestApp, user: UserNumber, action: Action, times: usize) {
    for _ in 0..times {
        app.services.store.record(app.act(user, action)).await.unwrap();
    }
}

#[tokio::test]
async fn beyond_the_bound_acts_are_counted_and_none_of_its_kind_is_hidden() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let user = app.user("demo").await.number;
    let store = &app.services.store;
    record(&app, user, Action::LockReleased, 1_100).await;
    assert_eq!(store.count_notices(user).await.unwrap(), 1000);
    let last = store.list_notices(user, 0, 1).await.unwrap().remove(0);
    assert_eq!((last.action.as_deref(), last.count), (Some("lock_released"), 101));

    record(&app, user, Action::KeyGenerated, 1).await;
    let hidden = app.told("demo", Cause::KeyGenerated).await;
    assert_eq!((hidden.len(), hidden[0].count), (1, 1), "the first of its kind has its own");
    store.read_all_notices(user, app.clock.now(), None).await.unwrap();
    record(&app, user, Action::KeyGenerated, 10).await;
    let counted = app.told("demo", Cause::KeyGenerated).await;
    assert_eq!((counted.len(), counted[0].count, unread(&app, "demo").await), (1, 11, 1), "and calls again");
    assert_eq!(store.count_notices(user).await.unwrap(), 1001);
    let page = app.browser("demo").await.get("/account/notifications").await;
    insta::assert_snapshot!(html::lines(&html::pieces(&page.body, ".entry")[0], ".entry"), @"
    The key “” was generated New
    2026-01-15 12:00:00
    By demo, from an unknown address. It happened 11 times; the history in your profile tells of each.
    If you do not know of this, change your password, end all other sessions in your profile, and look at your keys.
    ");
    assert_eq!(
        rows(&app, "SELECT count(*) FROM audit WHERE key_no IS NULL AND action = 'key_generated'"),
        [11]
    );

    app.clock.advance(DAY);
    record(&app, user, Action::KeyGenerated, 1).await;
    assert_eq!(store.count_notices(user).await.unwrap(), 1000, "what counts no more makes room");
}

#[tokio::test]
async fn what_is_no_act_is_counted_beyond_the_bound_as_well() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("demo").await;
    let user = app.user("demo").await.number;
    let off = |_| NewNotice {
        user,
        cause: Cause::WebhookOff,
        key: None,
        at: app.clock.now(),
        count: 1,
        addresses: vec![],
        detail: "hooks.example".to_owned(),
    };
    app.services.store.insert_notices((0..1_100).map(off).collect()).await.unwrap();
    assert_eq!(app.services.store.count_notices(user).await.unwrap(), 1000);
    assert_eq!(app.told("demo", Cause::WebhookOff).await[0].count, 101);
    assert_eq!(rows(&app, "SELECT count(*) FROM mails"), [5]);
}

#[tokio::test]
async fn one_act_removes_few_however_many_there_are() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let user = app.user("demo").await.number;
    let connection = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    let many = "INSERT INTO notices (user_no, cause, count, first_at, last_at, detail)
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                SELECT ?1, 7, 1, i, i, '' FROM n";
    connection.execute(many, [user.0]).unwrap();
    record(&app, user, Action::LockReleased, 3).await;
    assert_eq!(app.services.store.count_notices(user).await.unwrap(), 5003 - 3 * 10);
    assert_eq!(rows(&app, "SELECT min(first_at) FROM notices"), [31], "the oldest");
}

#[tokio::test]
async fn letters_that_cannot_be_switched_off_have_a_limit_and_lose_nothing() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("demo").await;
    let user = app.user("demo").await.number;
    let due = || rows(&app, "SELECT (due_at - (SELECT min(due_at) FROM mails)) / 1000000 FROM mails");
    record(&app, user, Action::WebhookAdded, 1).await;
    assert_eq!(due(), [0], "the first is told at once");
    record(&app, user, Action::WebhookChanged, 50).await;
    record(&app, user, Action::SubUserInvited, 1).await;
    assert_eq!(due(), [0, 0, 0, 0, 3600], "the fifth waits, and tells of all that follow");
    assert_eq!(app.told("demo", Cause::AccountChanged).await.len(), 52, "in the app each is told");
    record(&app, user, Action::Login, 1).await;
    let mut login = app.act(user, Action::Login);
    login.address = Some(domain::address::Address::parse("192.0.2.9").unwrap().into());
    app.services.store.record(login).await.unwrap();
    assert_eq!(due().len(), 6, "letters of another kind do not wait for these");

    app.clock.advance(3590);
    record(&app, user, Action::WebhookChanged, 1).await;
    assert_eq!(due().len(), 7, "that letter may be written already");
    app.clock.advance(11 + 3600);
    record(&app, user, Action::WebhookChanged, 1).await;
    assert_eq!(due()[7], 3601 + 3600, "after a quiet hour it is told at once");
}

#[tokio::test]
async fn a_thousand_acts_silence_no_alarm() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let user = app.user("demo").await.number;
    record(&app, user, Action::LockReleased, 1_000).await;
    let guessed = NewNotice {
        user,
        cause: Cause::Guessing,
        key: None,
        at: app.clock.now(),
        count: 7,
        addresses: vec![],
        detail: String::new(),
    };
    app.services.store.insert_notices(vec![guessed]).await.unwrap();
    assert_eq!(app.told("demo", Cause::Guessing).await[0].count, 7);
    record(&app, user, Action::LockReleased, 1).await;
    assert_eq!(app.told("demo", Cause::Guessing).await.len(), 1, "nor does one more act push it out");
}

#[tokio::test]
async fn a_held_letter_stands_for_no_act_that_it_does_not_tell_of() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("demo").await;
    let user = app.user("demo").await.number;
    let letters = || rows(&app, "SELECT count(*) FROM mails")[0];
    record(&app, user, Action::WebhookAdded, 1).await;
    app.clock.advance(2 * 3600);
    record(&app, user, Action::WebhookChanged, 5).await;
    assert_eq!(letters(), 6, "the last of them waits");
    record(&app, user, Action::LockReleased, 1_000).await;
    record(&app, user, Action::WebhookAdded, 1).await;
    assert_eq!(letters(), 7, "it was added to a notice before that of the letter that waits");
    record(&app, user, Action::WebhookAdded, 5).await;
    assert_eq!(letters(), 7);

    let connection = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    connection.execute("UPDATE mails SET email = 'old@example.org'", []).unwrap();
    record(&app, user, Action::WebhookAdded, 1).await;
    assert_eq!(letters(), 8, "what goes to an address that was replaced tells the present one of nothing");
}

#[tokio::test]
async fn equal_choices_are_no_letter() {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("demo").await;
    let browser = app.browser("demo").await;
    for _ in 0..3 {
        let form = "/account/notifications/choices";
        assert_eq!(browser.post(form, &[("mail_guessing", "on")]).await.status, 303);
    }
    assert_eq!(rows(&app, "SELECT count(*) FROM mails"), [1]);
    assert_eq!(rows(&app, "SELECT count(*) FROM audit WHERE action = 'notices_chosen'"), [1]);
}
