//! What a cookie alone is not enough for, and what its owner is told of in any case.

use crate::app::{Answer, Browser, PASSWORD, TestApp, last_webhook};
use crate::two_factor::{code, enrol};
use contract::Cause;
use http::StatusCode;

const MAIL: [(&str, &str); 3] = [
    ("smtp_url", "smtp://127.0.0.1:9?tls=none"),
    ("smtp_from", "Keys <keys@example.com>"),
    ("webhook_allow_private", "true"),
];
const SUB_USERS: &str = "/account/sub-users";
const WEBHOOKS: &str = "/account/webhooks";
const NOTICES: &str = "/account/notifications";

/// Everything that needs a fresh proof: where, and with which fields.
fn forms(webhook: &str) -> Vec<(String, Vec<(&'static str, String)>)> {
    let id = webhook.rsplit('/').next().unwrap().to_owned();
    let field = |name, value: &str| (name, value.to_owned());
    let form = |path: &str, fields: Vec<_>| (path.to_owned(), fields);
    vec![
        form(
            &format!("{SUB_USERS}?do=invite_sub_user"),
            vec![field("username", "new"), field("role", "reads_only")],
        ),
        form(&format!("{SUB_USERS}?do=renew_invitation"), vec![field("username", "new")]),
        form(&format!("{SUB_USERS}?do=enable_sub_user"), vec![field("username", "sub")]),
        form(
            &format!("{SUB_USERS}?do=set_sub_user_role"),
            vec![field("username", "sub"), field("role", "reads_only")],
        ),
        form(&format!("{SUB_USERS}/remove?user=sub"), vec![field("username", "sub")]),
        form(WEBHOOKS, vec![field("url", "http://127.0.0.1:9/new"), field("cause_new_login", "on")]),
        form(
            &format!("{webhook}?do=change_webhook"),
            vec![
                ("id", id.clone()),
                field("url", "http://127.0.0.1:9/other"),
                field("cause_new_login", "on"),
            ],
        ),
        form(&format!("{webhook}?do=rotate_webhook_secret"), vec![("id", id.clone())]),
        form(&format!("{webhook}?do=enable_webhook"), vec![("id", id.clone())]),
        form(&format!("{NOTICES}/choices"), vec![field("webhook_guessing", "on")]),
        form(&format!("{NOTICES}?do=read_all_notices"), vec![]),
        form("/account/profile?do=begin_two_factor", vec![]),
        form("/account/profile?do=set_email", vec![field("email", "thief@example.net")]),
        form(&format!("{webhook}/remove"), vec![("id", id)]),
    ]
}

async fn post(
    browser: &Browser<'_>,
    path: &str,
    fields: &[(&'static str, String)],
    more: &[(&str, &str)],
) -> Answer {
    let fields = fields.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied());
    browser.post(path, &fields.collect::<Vec<_>>()).await
}

async fn app_with_everything() -> TestApp {
    let app = TestApp::start_with(&MAIL).await;
    app.add_user_with_mail("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    app
}

/// An owner with a disabled sub-user, a webhook and a notice; answers the path of the webhook.
async fn prepare(browser: &Browser<'_>) -> String {
    browser.post(&format!("{SUB_USERS}?do=disable_sub_user"), &[("username", "sub")]).await;
    browser.post(WEBHOOKS, &[("url", "http://127.0.0.1:9/"), ("cause_new_login", "on")]).await;
    last_webhook(&browser.get(WEBHOOKS).await.body)
}

#[tokio::test]
async fn a_cookie_alone_is_not_enough_where_it_would_open_a_door_for_good() {
    let app = app_with_everything().await;
    let browser = app.browser("owner").await;
    let webhook = prepare(&browser).await;
    for (path, fields) in forms(&webhook) {
        app.clock.advance(601);
        for (more, says) in [
            (&[][..], "Enter your password first, so that nobody else can do this in your name."),
            (&[("password", "")][..], "Enter a password."),
            (&[("password", "wrong")][..], "This is not your password. Try again."),
        ] {
            let refused = post(&browser, &path, &fields, more).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
            if path.contains("enable_webhook") {
                continue; // It is on, so its page has no such form.
            }
            let page = refused.page();
            assert!(page.contains("name=\"password\""), "{path}: it is asked for: {page}");
            assert_eq!(refused.messages(), says, "{path}");
        }
        let done = post(&browser, &path, &fields, &[("password", PASSWORD)]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{path}: {}", done.body);
    }
}

#[tokio::test]
async fn a_fresh_proof_is_enough_and_a_code_goes_with_it_where_that_is_on() {
    let app = app_with_everything().await;
    let browser = app.browser("owner").await;
    let webhook = prepare(&browser).await;
    for (path, fields) in forms(&webhook) {
        if path.contains("begin_two_factor") {
            continue;
        }
        let done = post(&browser, &path, &fields, &[]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{path}: {}", done.body);
    }
    let (secret, _) = enrol(&browser).await;
    app.clock.advance(601);
    let url = [("url", "http://127.0.0.1:9/third"), ("cause_new_login", "on")];
    let with = |more: &[(&'static str, String)]| {
        let fields: Vec<_> = url.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        [fields, more.to_vec()].concat()
    };
    let password = ("password", PASSWORD.to_owned());
    let refused = post(&browser, WEBHOOKS, &with(std::slice::from_ref(&password)), &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let page = refused.page();
    assert!(page.contains("name=\"code\"") && page.contains("http://127.0.0.1:9/third"), "{page}");
    let done = post(&browser, WEBHOOKS, &with(&[password, ("code", code(&app, &secret))]), &[]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
}

#[tokio::test]
async fn letters_about_what_opens_a_door_cannot_be_switched_off() {
    let app = app_with_everything().await;
    let browser = app.browser("owner").await;
    let webhook = prepare(&browser).await;
    let page = browser.get(&format!("{NOTICES}/choices")).await.page();
    assert!(!page.contains("name=\"mail_account_changed\""), "there is no box to untick: {page}");
    // As a thief would: nothing ticked at all.
    browser.post(&format!("{NOTICES}/choices"), &[]).await;
    // The webhook is on already.
    let quiet = |path: &str| {
        ["read_all", "begin_two_factor", "enable_webhook"].iter().any(|quiet| path.contains(quiet))
    };
    for (path, fields) in forms(&webhook) {
        // Within an hour the fifth letter would tell of all that follow.
        app.clock.advance(3601);
        let before = app.services.store.count_mails().await.unwrap();
        let done = post(&browser, &path, &fields, &[("password", PASSWORD)]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{path}: {}", done.body);
        let more = app.services.store.count_mails().await.unwrap() - before;
        assert!(quiet(&path) || more >= 1, "{path}: its owner is told");
    }
    let owner = app.user("owner").await;
    let notices = app.services.store.list_notices(owner.number, 0, 50).await.unwrap();
    let told = |action: &str| {
        notices.iter().any(|n| n.cause == Cause::AccountChanged && n.action.as_deref() == Some(action))
    };
    for action in [
        "sub_user_invited",
        "user_enabled",
        "role_changed",
        "webhook_added",
        "webhook_changed",
        "webhook_removed",
        "notices_chosen",
        "email_entered",
    ] {
        assert!(told(action), "{action}");
    }
}
