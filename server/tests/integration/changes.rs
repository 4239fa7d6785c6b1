//! What changes nothing writes nothing, and nobody changes without end.

use crate::app::{Browser, PASSWORD, TestApp};
use http::{Method, StatusCode};
use insta::assert_snapshot;

const PROFILE: &str = "/account/profile";
const NOTICES: &str = "/account/notifications";
const WEBHOOKS: &str = "/account/webhooks";

/// What a user may change at once.
const AT_ONCE: usize = 300;

/// What only ends something, or was begun by nobody who is logged in, or asks for the password each time and is slowed
/// down with it, or changes nothing.
const NOT_COUNTED: [&str; 29] = [
    "log_out",
    "end_session",
    "end_other_sessions",
    "change_password",
    "delete_key",
    "delete_keys",
    "pause_key",
    "pause_keys",
    "end_old_token",
    "disable_sub_user",
    "end_sub_user_sessions",
    "withdraw_invitation",
    "cancel_two_factor",
    "create_first_account",
    "setup_is_open",
    "log_in",
    "give_code",
    "renew_password",
    "accept_invitation",
    "unsubscribe",
    "confirm_two_factor",
    "make_recovery_codes",
    "switch_two_factor_off",
    "find_invitation",
    "find_email_by_link",
    "have_it",
    "send_password_link",
    "find_password_link",
    "set_password_by_link",
];

/// So that every form can be read.
const EVERY_FIELD: [(&str, &str); 19] = [
    ("id", "1"),
    ("description", "WEB"),
    ("key_type", "cloud"),
    ("expires_at", ""),
    ("address", "203.0.113.7"),
    ("width", "net64"),
    ("password", PASSWORD),
    ("code", ""),
    ("language", "ro"),
    ("time_zone", "UTC"),
    ("email", "demo@example.org"),
    ("token", "x"),
    ("username", "sub"),
    ("role", "reads_only"),
    ("notice", "1"),
    ("url", "https://example.com/"),
    ("cause_new_login", "on"),
    ("delivery", "1"),
    ("link", "x"),
];

fn lines(app: &TestApp) -> [i64; 3] {
    let connection = rusqlite::Connection::open(app.dir.path().join("latchkey.db")).unwrap();
    ["audit", "notices", "mails"].map(|table| {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    })
}

async fn done(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.body);
}

#[tokio::test]
async fn what_changes_nothing_writes_nothing_and_tells_nothing() {
    let app = TestApp::start_with(&[("webhook_allow_private", "true")]).await;
    app.add_user("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    let browser = app.browser("owner").await;
    let key = browser.generate("WEB", "default").await;
    let webhook = [("url", "http://127.0.0.1:9/"), ("cause_new_login", "on")];
    done(&browser, WEBHOOKS, &webhook).await;
    let changed = [("id", "1"), webhook[0], webhook[1]];
    let some = [("mail_guessing", "on"), ("webhook_guessing", "on")];
    let forms: [(String, &[(&str, &str)]); 8] = [
        (format!("/account/api-keys/{}?do=release_lock", key.id), &[("id", &key.id)]),
        (format!("/account/api-keys/{}?do=set_lock_width", key.id), &[("id", &key.id), ("width", "exact")]),
        (format!("{WEBHOOKS}/1?do=change_webhook"), &changed),
        (format!("{WEBHOOKS}/1?do=enable_webhook"), &[("id", "1")]),
        (format!("{NOTICES}/choices"), &some),
        (format!("{PROFILE}?do=set_language"), &[("language", "ro")]),
        ("/account/sub-users?do=end_sub_user_sessions".to_owned(), &[("username", "sub")]),
        ("/account/sub-users?do=enable_sub_user".to_owned(), &[("username", "sub")]),
    ];
    done(&browser, &forms[4].0, forms[4].1).await;
    let before = lines(&app);
    for (path, fields) in forms {
        done(&browser, &path, fields).await;
        assert_eq!(lines(&app), before, "{path}");
    }
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    done(&browser, &format!("/account/api-keys/{}?do=release_lock", key.id), &[("id", &key.id)]).await;
    assert_eq!(lines(&app), [before[0] + 1, before[1] + 1, before[2]], "what changes something does");
    assert_eq!(app.authz(&key.token, "203.0.113.8").await.status, StatusCode::OK);
}

async fn generate(browser: &Browser<'_>) -> StatusCode {
    let fields = [("description", "WEB"), ("key_type", "cloud")];
    browser.post("/account/api-keys/new", &fields).await.status
}

/// Changes as much as may be changed at once.
async fn use_up(browser: &Browser<'_>) {
    for number in 0..AT_ONCE {
        let language = if number % 2 == 0 { "ro" } else { "en" };
        done(browser, &format!("{PROFILE}?do=set_language"), &[("language", language)]).await;
    }
}

#[tokio::test]
async fn nobody_changes_without_end_and_everybody_can_end_what_is_theirs() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.add_user("other").await;
    let (browser, thief) = (app.browser("demo").await, app.browser("demo").await);
    let key = browser.generate("WEB", "cloud").await;
    app.clock.advance(1);
    use_up(&thief).await;
    let form = format!("{PROFILE}?do=set_language");
    let refused = thief.post(&form, &[("language", "ro")]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (StatusCode::TOO_MANY_REQUESTS, "2"));
    assert_snapshot!(refused.messages(), @"Too many attempts or changes. Wait 2 seconds, then try again.");
    let posts = server_fn::axum::server_fn_paths().filter(|(_, method)| *method == Method::POST);
    let names = posts.map(|(path, _)| path.trim_start_matches("/portal/"));
    for name in names.filter(|name| !NOT_COUNTED.contains(name)) {
        let answer = browser.post(&format!("/portal/{name}"), &EVERY_FIELD).await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{name}: count it, or say here why not");
    }
    let chosen = browser.post("/language", &[("language", "ro")]).await;
    assert_eq!(chosen.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(generate(&app.browser("other").await).await, StatusCode::SEE_OTHER, "others are not held up");

    done(&browser, &format!("{PROFILE}?do=end_other_sessions"), &[]).await;
    assert_eq!(thief.get(PROFILE).await.status, StatusCode::SEE_OTHER, "its session has ended");
    assert_eq!(browser.delete(&key.id).await.status, StatusCode::SEE_OTHER);
    let passwords = [("password", PASSWORD), ("new_password", "blue kettle on a hill")];
    done(&browser, &format!("{PROFILE}?do=change_password"), &passwords).await;
    assert_eq!(generate(&browser).await, StatusCode::TOO_MANY_REQUESTS);
    app.clock.advance(1);
    assert_eq!(generate(&browser).await, StatusCode::SEE_OTHER, "one a second");
    assert_eq!(generate(&browser).await, StatusCode::TOO_MANY_REQUESTS);
    done(&browser, "/logout", &[]).await;
}
