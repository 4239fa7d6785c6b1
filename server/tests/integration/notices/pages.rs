//! The page of the notices: what it says, what it offers, and to whom.

use super::unread;
use crate::app::{Answer, Browser, Key, TestApp};
use crate::html;
use crate::snapshots::redacted;
use axum::body::Body;
use contract::Cause;
use domain::time::Clock;
use http::{Method, StatusCode};
use insta::assert_snapshot;

const PAGE: &str = "/account/notifications";
const AUTHORISE: &str = "/account/notifications?do=authorise_notice";
const IGNORE: &str = "/account/notifications?do=ignore_notice";
/// What the menu says while two are unread.
const UNREAD: [&str; 1] = ["Notifications: 2"];

/// A Default key that is locked and was refused from 203.0.113.8.
async fn refused(app: &TestApp, browser: &Browser<'_>) -> Key {
    let key = browser.generate("WEB", "default").await;
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.code(), "");
    assert_eq!(app.authz(&key.token, "203.0.113.8").await.code(), "IP_NOT_ALLOWED");
    app.services.use_cases.notices.flush().await;
    key
}

async fn act(browser: &Browser<'_>, verb: &str, notice: &str, address: &str) -> Answer {
    browser.post(&format!("{PAGE}?do={verb}"), &[("notice", notice), ("address", address)]).await
}

/// The addresses of the forms that the notices of a page offer, in order.
fn offers(page: &str) -> Vec<String> {
    html::attributes(page, ".entry form", "action")
}

/// The marks of the notices of a page, and how many are unread by its menu.
fn marks(page: &str) -> (Vec<String>, Vec<String>) {
    (html::texts(page, ".entry .badge"), html::texts(page, "nav .unread"))
}

async fn notice_no(app: &TestApp, name: &str) -> String {
    app.told(name, Cause::NewAddress).await[0].number.0.to_string()
}

#[tokio::test]
async fn an_address_is_authorised_from_the_notice_and_the_next_request_passes() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let key = refused(&app, &browser).await;
    let page = browser.get(PAGE).await.page();
    assert_eq!(html::texts(&page, ".entry .address"), ["203.0.113.8"]);
    assert_eq!(offers(&page), [AUTHORISE, IGNORE, &format!("/account/api-keys/{}/delete", key.id)]);
    assert!(!page.contains(".wasm"));
    let done = act(&browser, "authorise_notice", &notice_no(&app, "demo").await, "203.0.113.8").await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/account/notifications?page=1&done=authorised",)
    );
    let page = browser.get(done.header("location")).await.page();
    assert_eq!(html::texts(&page, ".entry :not(h2) > .badge"), ["Authorised"]);
    assert!(!offers(&page).contains(&AUTHORISE.to_owned()), "{page}");
    assert_eq!(app.authz(&key.token, "203.0.113.8").await.code(), "");
    let again = act(&browser, "authorise_notice", &notice_no(&app, "demo").await, "203.0.113.8").await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "two clicks want the same");
}

#[tokio::test]
async fn an_ignored_address_raises_nothing_and_others_do() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let key = refused(&app, &browser).await;
    let done = act(&browser, "ignore_notice", &notice_no(&app, "demo").await, "203.0.113.8").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = browser.get(done.header("location")).await.page();
    assert_eq!(html::texts(&page, ".entry :not(h2) > .badge"), ["Ignored"]);
    assert_eq!(offers(&page)[0], AUTHORISE);
    assert!(!offers(&page).contains(&IGNORE.to_owned()), "{page}");
    app.clock.advance(super::DAY);
    assert_eq!(app.authz(&key.token, "203.0.113.8").await.code(), "IP_NOT_ALLOWED");
    assert_eq!(app.told("demo", Cause::NewAddress).await.len(), 1);
    app.authz(&key.token, "203.0.113.8").await;
    app.authz(&key.token, "203.0.113.9").await;
    let notices = app.told("demo", Cause::NewAddress).await;
    assert_eq!((notices.len(), notices[0].count, notices[0].addresses.len()), (2, 1, 1));
    assert_eq!(notices[0].addresses[0].address.to_string(), "203.0.113.9");
    let page = app.browser("demo").await.get("/account/profile/history").await.page();
    assert!(
        html::rows(&page, "tbody tr").iter().any(|cells| cells[1].starts_with("Address ignored")),
        "{page}"
    );
}

#[tokio::test]
async fn looking_reads_nothing_and_saying_so_does() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    assert!(marks(&browser.get("/").await.page()).1.is_empty());
    let key = refused(&app, &browser).await;
    browser.delete(&key.id).await;
    app.authz(&key.token, "203.0.113.8").await;
    app.services.use_cases.notices.flush().await;
    for path in ["/", "/account/api-keys", "/account/profile"] {
        assert_eq!(marks(&browser.get(path).await.page()).1, UNREAD, "{path}");
    }
    let page = browser.get(PAGE).await.page();
    assert_eq!(marks(&page), (vec!["New".to_owned(); 2], UNREAD.map(str::to_owned).into()));
    let read_all = format!("form[action=\"{PAGE}?do=read_all_notices\"]");
    assert_eq!(html::pieces(&page, &read_all).len(), 1, "{page}");
    browser.request(Method::HEAD, PAGE, &[], Body::empty()).await;
    browser.get("/portal/list_notices?page=1").await;
    assert_eq!(unread(&app, "demo").await, 2, "a look, a HEAD or a prefetch reads nothing");
    assert_eq!(browser.post(&format!("{PAGE}?do=read_all_notices"), &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(unread(&app, "demo").await, 0);
    let page = browser.get(PAGE).await.page();
    assert_eq!(marks(&page), (vec![], vec![]));
    assert!(html::pieces(&page, &read_all).is_empty(), "{page}");
}

#[tokio::test]
async fn pages_hold_twenty_and_all_can_be_marked_as_read_at_once() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    for number in 0..25 {
        let key = browser.generate(&format!("KEY{number:02}"), "cloud").await;
        browser.delete(&key.id).await;
        app.clock.advance(1);
        app.authz(&key.token, "203.0.113.8").await;
        app.services.use_cases.notices.flush().await;
    }
    assert_eq!(unread(&app, "demo").await, 25);
    let first = browser.get(PAGE).await;
    let headings = first.texts(".entry h2");
    assert_eq!(headings.len(), 20);
    assert_snapshot!(headings[0], @"The deleted key “KEY24” is still being sent New");
    assert!(first.body.contains("/account/notifications?page=2"), "{}", first.body);
    assert_eq!(unread(&app, "demo").await, 25);
    let last = browser.get(&format!("{PAGE}?page=4294967295")).await.texts(".entry h2");
    assert_snapshot!(last.last().unwrap(), @"The key “KEY00” was generated");
    let done = browser.post(&format!("{PAGE}?do=read_all_notices"), &[]).await;
    assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, PAGE));
    assert_eq!(unread(&app, "demo").await, 0);
    for page in ["0", "-1", "x"] {
        assert_eq!(browser.get(&format!("{PAGE}?page={page}")).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn the_notices_of_others_do_not_exist_and_bad_input_changes_nothing() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let browser = app.browser("demo").await;
    let key = refused(&app, &browser).await;
    let number = notice_no(&app, "demo").await;
    let other = app.browser("other").await;
    for verb in ["authorise_notice", "ignore_notice"] {
        assert_eq!(act(&other, verb, &number, "203.0.113.8").await.status, StatusCode::NOT_FOUND);
        for address in ["203.0.113.9", "203.0.113.0/24", "", "x", "0.0.0.0/0"] {
            assert_eq!(
                act(&browser, verb, &number, address).await.status,
                StatusCode::NOT_FOUND,
                "{address}"
            );
        }
        for (numbers, status) in [
            (["999", "-1", "99999999999"], StatusCode::NOT_FOUND),
            (["", "x", "99999999999999999999"], StatusCode::BAD_REQUEST),
        ] {
            for number in numbers {
                assert_eq!(act(&browser, verb, number, "203.0.113.8").await.status, status, "{number}");
            }
        }
        assert_eq!(act(&app.stranger(), verb, &number, "203.0.113.8").await.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(
        act(&browser, "delete_everything", &number, "203.0.113.8").await.status,
        StatusCode::NOT_FOUND
    );
    let generated = app.told("demo", Cause::KeyGenerated).await[0].number.0.to_string();
    let refusal = act(&browser, "authorise_notice", &generated, "127.0.0.1").await;
    assert_eq!(refusal.status, StatusCode::NOT_FOUND, "such a notice offers nothing");
    assert!(refusal.page().contains("role=\"alert\""), "{}", refusal.page());
    assert!(!other.get(PAGE).await.text().contains("“WEB”"));
    assert_eq!(app.authz(&key.token, "203.0.113.8").await.code(), "IP_NOT_ALLOWED");
    browser.delete(&key.id).await;
    assert_eq!(act(&browser, "authorise_notice", &number, "203.0.113.8").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_only_reads_is_told_and_its_owner_decides() {
    let app = TestApp::start().await;
    app.add_user("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    let sub = app.browser("sub").await;
    let key = refused(&app, &sub).await;
    app.services.operator.set_role("sub", contract::Role::ReadsOnly).await.unwrap();
    let page = sub.get(PAGE).await.page();
    assert!(offers(&page).is_empty(), "{page}");
    redacted().bind(|| assert_snapshot!(html::lines(&page, ".entry"), @"
    Your account was changed New
    2026-01-15 12:00:00
    Role changed: reads-only. By the operator of this service.
    If you do not know of this, change your password, end all other sessions in your profile, and look at your keys.
    The key “WEB” is refused from a new address New
    2026-01-15 12:00:00
    It was refused once, because the address is not authorised for it.
    Key: WEB lkd_[masked]
    You may look at this key and not change it. The owner of the account can authorise an address, or delete the key.
    The key “WEB” was generated
    2026-01-15 12:00:00
    By you, from 192.0.2.10.
    Key: WEB lkd_[masked]
    "));
    let number = notice_no(&app, "sub").await;
    for verb in ["authorise_notice", "ignore_notice"] {
        assert_eq!(act(&sub, verb, &number, "203.0.113.8").await.status, StatusCode::FORBIDDEN);
    }
    let owner = app.browser("owner").await;
    let page = owner.get(PAGE).await.page();
    assert_eq!(offers(&page)[0], AUTHORISE);
    redacted().bind(|| assert_snapshot!(html::lines(&page, ".entry"), @"
    The key “WEB” is refused from a new address New
    2026-01-15 12:00:00
    It was refused once, because the address is not authorised for it.
    Key: WEB (sub) lkd_[masked]
    Authorise this address
    Ignore this address
    If the address is yours, authorise it, and the next request passes. If you do not know it, somebody else may have your key: delete it and generate a new one.
    Delete the key
    "));
    let number = notice_no(&app, "owner").await;
    assert_eq!(act(&owner, "authorise_notice", &number, "203.0.113.8").await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.authz(&key.token, "203.0.113.8").await.code(), "");
    assert_eq!(sub.get(PAGE).await.texts(".entry :not(h2) > .badge"), ["Authorised"]);
    assert_eq!(sub.post(&format!("{PAGE}?do=read_all_notices"), &[]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_flood_of_keys_is_told_up_to_the_bound_and_nothing_twice() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let user = app.user("demo").await.number;
    let flood = || {
        let notice = |number: usize| store::NewNotice {
            user,
            cause: Cause::DeadKeyInUse,
            key: None,
            at: app.clock.now(),
            count: 1,
            addresses: vec![],
            // Stands for the key, which makes it a notice of its own.
            detail: number.to_string(),
        };
        (0..1100).map(notice).collect::<Vec<_>>()
    };
    let store = &app.services.store;
    for _ in 0..2 {
        store.insert_notices(flood()).await.unwrap();
        assert_eq!(store.count_notices(user).await.unwrap(), 1000);
    }
    let first = store.list_notices(user, 999, 1).await.unwrap().remove(0);
    assert_eq!((first.detail.as_str(), first.count), ("0", 2), "it counts on");
}

#[tokio::test]
async fn what_is_kept_is_bounded_and_counting_the_unread_is_cheap() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let user = app.user("demo").await.number;
    let notice = |number: i64| store::NewNotice {
        user,
        cause: Cause::PasswordExpiring,
        key: None,
        // Over more than a day: what is of the last 24 hours may still count and stays.
        at: domain::time::Micros(app.clock.now().0 + number * 120 * domain::time::Micros::SECOND),
        count: 1,
        addresses: vec![],
        detail: String::new(),
    };
    let store = &app.services.store;
    for some in 0..10 {
        store.insert_notices((0..101).map(|number| notice(some * 101 + number)).collect()).await.unwrap();
    }
    assert_eq!(store.count_notices(user).await.unwrap(), 1000, "the oldest make room");
    assert_eq!(store.list_notices(user, 0, 1).await.unwrap()[0].first_at, notice(1009).at);
    let plan = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    let sql = "EXPLAIN QUERY PLAN SELECT count(*) FROM notices WHERE user_no = 1 AND read_at IS NULL";
    let plan: String = plan.query_row(sql, [], |row| row.get("detail")).unwrap();
    assert!(plan.contains("notices_unread"), "{plan}");
    app.services.use_cases.notices.sweep().await;
    assert_eq!(store.count_notices(user).await.unwrap(), 1000);
    app.clock.advance(403 * super::DAY);
    app.services.use_cases.notices.sweep().await;
    assert_eq!(store.count_notices(user).await.unwrap(), 0);
}
