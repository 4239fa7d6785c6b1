//! Every page of an account: of a fresh one, of one with a bit of everything, of one that only reads.

use super::account::Account;
use super::{Album, LANGUAGES};
use crate::app::{Browser, TestApp};
use crate::html::texts;

/// Pages that need no id.
const PAGES: [(&str, &str); 15] = [
    ("dashboard", "/"),
    ("keys", "/account/api-keys"),
    ("keys_new", "/account/api-keys/new"),
    ("notifications", "/account/notifications"),
    ("notification_choices", "/account/notifications/choices"),
    ("profile", "/account/profile"),
    ("email_confirm", "/account/profile/confirm?token=old"),
    ("history", "/account/profile/history"),
    ("sub_users", "/account/sub-users"),
    ("sub_user_key", "/account/sub-users/key"),
    ("sub_user_remove", "/account/sub-users/remove?user=reader"),
    ("applications", "/account/applications"),
    ("application_code", "/account/applications/approve?user_code=bcdfghjk"),
    ("webhooks", "/account/webhooks"),
    ("nowhere", "/nowhere"),
];

/// Pages, and what their addresses name after a form has done something: a sentence confirms it.
const DONE: [(&str, &[&str]); 5] = [
    ("/account/notifications", &["authorised", "ignored", "network_authorised", "network_ignored"]),
    ("/account/notifications/choices", &["saved"]),
    (
        "/account/profile",
        &[
            "password",
            "two_factor_on",
            "two_factor_off",
            "two_factor_cancelled",
            "recovery_codes",
            "email",
            "email_confirmed",
            "email_removed",
            "language",
            "time_zone",
            "session",
            "sessions",
        ],
    ),
    ("/account/sub-users", &["withdrawn", "disabled", "enabled", "sessions", "role", "removed"]),
    ("/account/webhooks", &["saved", "removed", "enabled", "sent", "rotated"]),
];

#[tokio::test]
async fn a_fresh_account() {
    let album = Album::open("fresh_account");
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    for (name, path) in PAGES {
        album.takes(&browser, name, path).await;
    }
    let missing = "01900000-0000-7000-8000-000000000000";
    for (name, path) in [
        ("key_missing", format!("/account/api-keys/{missing}")),
        ("key_try_missing", format!("/account/api-keys/{missing}/try")),
        ("key_usage_missing", format!("/account/api-keys/{missing}/usage")),
        ("key_delete_missing", format!("/account/api-keys/{missing}/delete")),
        ("webhook_missing", format!("/account/webhooks/{missing}")),
        ("webhook_remove_missing", format!("/account/webhooks/{missing}/remove")),
    ] {
        album.takes(&browser, name, &path).await;
    }
    album.close();
}

#[tokio::test]
async fn an_account_with_a_bit_of_everything() {
    let album = Album::open("full_account");
    let app = Account::start().await;
    let account = Account::fill(&app).await;
    let owner = &account.owner;
    for (name, path) in PAGES {
        album.takes(owner, name, path).await;
    }
    for (name, id) in &account.keys {
        album.takes(owner, &format!("key_{name}"), &format!("/account/api-keys/{id}")).await;
    }
    let key = &account.keys[0].1;
    album.takes(owner, "key_usage", &format!("/account/api-keys/{key}/usage")).await;
    album.takes(owner, "key_try", &format!("/account/api-keys/{key}/try?address=198.51.100.9")).await;
    album.takes(owner, "key_delete", &format!("/account/api-keys/{key}/delete")).await;
    album.takes(owner, "webhook", &account.webhook).await;
    album.takes(owner, "webhook_remove", &format!("{}/remove", account.webhook)).await;
    let mut sentences = String::new();
    for (path, done) in DONE {
        for done in done {
            sentences.push_str(&confirmation(owner, &format!("{path}?done={done}")).await);
        }
    }
    album.holds("done", &sentences);
    let visitor = app.stranger();
    album.takes(&visitor, "invitation", &account.invitation).await;
    album.takes(&visitor, "unsubscribe", &account.unsubscribe).await;
    album.close();
}

/// An address, and what its page says at once in each language.
async fn confirmation(browser: &Browser<'_>, path: &str) -> String {
    let mut text = format!("{path}\n");
    for language in LANGUAGES {
        let page = browser.get_in(path, language).await.body;
        let said = texts(&page, "[role=status].notice").join(" / ");
        text.push_str(&format!("  {language}: {said}\n"));
    }
    text
}

#[tokio::test]
async fn a_sub_user_that_only_reads() {
    let album = Album::open("reading_sub_user");
    let app = Account::start().await;
    let account = Account::fill(&app).await;
    let reader = app.browser("reader").await;
    for (name, path) in PAGES {
        album.takes(&reader, name, path).await;
    }
    let key = &account.readers_key;
    album.takes(&reader, "key", &format!("/account/api-keys/{key}")).await;
    album.takes(&reader, "key_delete", &format!("/account/api-keys/{key}/delete")).await;
    let fields = [("description", "x"), ("key_type", "cloud")];
    album.takes_refused(&reader, "keys_new_refused", "/account/api-keys/new", &fields).await;
    album.close();
}
