//! What a sub-user that only reads can do: nothing that changes a key, through whichever door.

use crate::app::{Browser, PASSWORD, TestApp};
use contract::Role;
use http::{Method, StatusCode};
use std::collections::HashSet;

/// What a change is to a sub-user that only reads.
enum Is {
    /// Its own business, or open to everybody.
    Open,
    /// Refused, with the path of its plain form.
    Refused(&'static str),
    /// Not there for any sub-user, with the path of its plain form.
    Owners(&'static str),
}
use Is::{Open, Owners, Refused};

const KEY: &str = "/account/api-keys/ID";

/// Every server function that is asked by POST. A new one has to find its place here.
const CHANGES: &[(&str, Is)] = &[
    ("create_first_account", Open),
    ("setup_is_open", Open),
    ("unsubscribe", Open),
    ("find_invitation", Open),
    ("accept_invitation", Open),
    ("send_password_link", Open),
    ("find_password_link", Open),
    ("set_password_by_link", Open),
    ("log_in", Open),
    ("log_out", Open),
    ("change_password", Open),
    ("switch_two_factor_off", Open),
    ("make_recovery_codes", Open),
    ("confirm_two_factor", Open),
    ("begin_two_factor", Open),
    ("cancel_two_factor", Open),
    ("give_code", Open),
    ("renew_password", Open),
    ("set_language", Open),
    ("set_time_zone", Open),
    ("set_email", Open),
    ("confirm_email", Open),
    ("find_email_by_link", Open),
    ("end_session", Open),
    ("have_it", Open),
    ("end_other_sessions", Open),
    ("read_all_notices", Open),
    ("choose_notices", Open),
    ("authorise_notice", Refused("/account/notifications?do=authorise_notice")),
    ("ignore_notice", Refused("/account/notifications?do=ignore_notice")),
    ("invite_sub_user", Owners("/account/sub-users?do=invite_sub_user")),
    ("renew_invitation", Owners("/account/sub-users?do=renew_invitation")),
    ("withdraw_invitation", Owners("/account/sub-users?do=withdraw_invitation")),
    ("disable_sub_user", Owners("/account/sub-users?do=disable_sub_user")),
    ("enable_sub_user", Owners("/account/sub-users?do=enable_sub_user")),
    ("end_sub_user_sessions", Owners("/account/sub-users?do=end_sub_user_sessions")),
    ("set_sub_user_role", Owners("/account/sub-users?do=set_sub_user_role")),
    ("remove_sub_user", Owners("/account/sub-users/remove?user=sub")),
    ("generate_key", Refused("/account/api-keys/new")),
    ("delete_key", Refused("/account/api-keys/ID/delete")),
    ("delete_keys", Refused("/account/api-keys/selected/confirm?do=delete_keys&act=delete&id=ID")),
    ("pause_keys", Refused("/account/api-keys/selected/confirm?do=pause_keys&act=pause&id=ID")),
    ("reveal_key", Refused("/account/api-keys/ID?do=reveal_key")),
    ("authorise_address", Refused("/account/api-keys/ID?do=authorise_address")),
    ("remove_address", Refused("/account/api-keys/ID?do=remove_address")),
    ("set_lock_width", Refused("/account/api-keys/ID?do=set_lock_width")),
    ("release_lock", Refused("/account/api-keys/ID?do=release_lock")),
    ("rename_key", Refused("/account/api-keys/ID?do=rename_key")),
    ("set_key_expiry", Refused("/account/api-keys/ID?do=set_key_expiry")),
    ("rotate_key", Refused("/account/api-keys/ID?do=rotate_key")),
    ("end_old_token", Refused("/account/api-keys/ID?do=end_old_token")),
    ("pause_key", Refused("/account/api-keys/ID?do=pause_key")),
    ("resume_key", Refused("/account/api-keys/ID?do=resume_key")),
    ("give_user_code", Refused("/account/applications/approve?do=give_user_code")),
    ("decide_application", Refused("/account/applications/approve?do=decide_application")),
    ("add_webhook", Refused("/account/webhooks")),
    ("change_webhook", Refused("/account/webhooks/ID?do=change_webhook")),
    ("rotate_webhook_secret", Refused("/account/webhooks/ID?do=rotate_webhook_secret")),
    ("enable_webhook", Refused("/account/webhooks/ID?do=enable_webhook")),
    ("test_webhook", Refused("/account/webhooks/ID?do=test_webhook")),
    ("resend_delivery", Refused("/account/webhooks/ID?do=resend_delivery")),
    ("remove_webhook", Refused("/account/webhooks/ID/remove")),
];

async fn start() -> TestApp {
    let app = TestApp::start().await;
    app.add_user("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    app
}

async fn row(browser: &Browser<'_>, id: &str) -> String {
    browser.get(&format!("/portal/find_key?id={id}")).await.body
}

#[test]
fn every_change_has_its_place_in_the_list() {
    let posts = server_fn::axum::server_fn_paths().filter(|(_, method)| *method == Method::POST);
    let registered: HashSet<_> = posts.map(|(path, _)| path.trim_start_matches("/portal/")).collect();
    let listed: HashSet<_> = CHANGES.iter().map(|(name, _)| *name).collect();
    assert_eq!(registered, listed, "say in the list what a sub-user that only reads may do with it");
}

#[tokio::test]
async fn who_only_reads_changes_nothing_through_any_door() {
    let app = start().await;
    let sub = app.browser("sub").await;
    let key = sub.generate("WEB", "default").await;
    sub.act(&key.id, "authorise_address", &[("address", "203.0.113.7")]).await;
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    app.services.operator.set_role("sub", Role::ReadsOnly).await.unwrap();
    let before = row(&sub, &key.id).await;
    let fields = [
        ("id", key.id.as_str()),
        ("description", "more"),
        ("key_type", "cloud"),
        ("password", PASSWORD),
        ("address", "203.0.113.7"),
        ("width", "net64"),
    ];
    let nothing = "0198c0de-0000-7000-8000-000000000000";
    for (name, is) in CHANGES {
        let Refused(path) = is else { continue };
        for id in [key.id.as_str(), nothing] {
            let fields: Vec<_> =
                fields.iter().map(|(n, v)| if *n == "id" { (*n, id) } else { (*n, *v) }).collect();
            let called = sub.post(&format!("/portal/{name}"), &fields).await;
            assert_eq!(
                (called.status, called.body.as_str()),
                (StatusCode::FORBIDDEN, "\"Forbidden\""),
                "{name}"
            );
            let posted = sub.post(&path.replace("ID", id), &fields).await;
            assert_eq!(posted.status, StatusCode::FORBIDDEN, "{path}");
            assert!(!posted.body.contains(&key.token), "{path}");
        }
        let by_get = sub.get(&format!("/portal/{name}?id={}", key.id)).await;
        assert_eq!(by_get.status, StatusCode::METHOD_NOT_ALLOWED, "{name}");
    }
    assert_eq!(row(&sub, &key.id).await, before, "nothing changed");
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    let shown = app.services.store.list_audit(100).await.unwrap();
    assert!(shown.iter().all(|line| line.action != "key_shown"), "no token was shown");
    app.services.operator.set_role("sub", Role::ManagesKeys).await.unwrap();
    assert_eq!(sub.delete(&key.id).await.status, StatusCode::SEE_OTHER, "the role counts at once");
}

#[tokio::test]
async fn what_is_the_owners_is_not_there_for_sub_users_and_strangers() {
    let app = start().await;
    app.add_sub_user("other", Some("owner")).await;
    app.add_user("stranger").await;
    let owner = app.browser("owner").await;
    let invite = [("username", "guest"), ("role", "reads_only")];
    assert_eq!(
        owner.post("/account/sub-users?do=invite_sub_user", &invite).await.status,
        StatusCode::SEE_OTHER
    );
    let page = |page: &str| {
        let main = page.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
        // Each page has a number for its forms.
        let parts = main.split("name=\"once\" value=\"").enumerate();
        parts.map(|(n, part)| if n == 0 { part } else { part.split_once('"').unwrap().1 }).collect::<String>()
    };
    let (reader, manager) = (app.browser("sub").await, app.browser("other").await);
    let before = page(&owner.get("/account/sub-users").await.page());
    app.services.operator.set_role("sub", Role::ReadsOnly).await.unwrap();
    for (who, browser) in [("reader", &reader), ("manager", &manager)] {
        assert_eq!(browser.get("/account/sub-users").await.status, StatusCode::NOT_FOUND, "{who}");
        assert_eq!(browser.get("/portal/list_sub_users").await.status, StatusCode::NOT_FOUND, "{who}");
        assert!(!browser.get("/").await.body.contains("/account/sub-users"), "{who} sees no link");
    }
    let stranger = app.browser("stranger").await;
    for (name, is) in CHANGES {
        let Owners(path) = is else { continue };
        for username in ["other", "guest", "owner", "nobody", "", "a b"] {
            let fields = [("username", username), ("role", "manages_keys")];
            let mut who = vec![("reader", &reader), ("manager", &manager)];
            if *name != "invite_sub_user" {
                who.push(("stranger", &stranger));
            }
            for (who, browser) in who {
                let called = browser.post(&format!("/portal/{name}"), &fields).await;
                let answer = (called.status, called.body.as_str());
                assert_eq!(answer, (StatusCode::NOT_FOUND, "\"NotFound\""), "{who}: {name} {username}");
                let posted = browser.post(path, &fields).await;
                assert_eq!(posted.status, StatusCode::NOT_FOUND, "{who}: {path} {username}");
            }
        }
    }
    app.services.operator.set_role("sub", Role::ManagesKeys).await.unwrap();
    assert_eq!(page(&owner.get("/account/sub-users").await.page()), before, "nothing changed");
}

#[tokio::test]
async fn its_pages_offer_nothing_that_would_be_refused() {
    let app = start().await;
    let sub = app.browser("sub").await;
    let key = sub.generate("WEB", "default").await;
    sub.act(&key.id, "authorise_address", &[("address", "203.0.113.7")]).await;
    let page = KEY.replace("ID", &key.id);
    let delete = format!("{page}/delete");
    let paths = ["/", "/account/api-keys", "/account/api-keys/new", &page, &delete];
    let offers = |body: &str| {
        let marks =
            ["?do=", "danger", "method=\"post\" action=\"/account/api-keys", "href=\"/account/api-keys/new"];
        marks.iter().any(|mark| body.contains(mark))
    };
    for path in &paths[1..] {
        assert!(offers(&sub.get(path).await.page()), "{path}");
    }
    app.services.operator.set_role("sub", Role::ReadsOnly).await.unwrap();
    for path in paths {
        let answer = sub.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        assert!(!offers(&answer.page()), "{path}: {}", answer.page());
    }
    assert!(sub.get(&page).await.page().contains("203.0.113.7"), "it still reads");
    let viewer = sub.get("/portal/viewer").await.json();
    assert_eq!((&viewer["is_owner"], &viewer["may_manage"]), (&false.into(), &false.into()));
}

#[tokio::test]
async fn an_owner_always_manages() {
    let app = start().await;
    let refused = app.services.operator.set_role("owner", Role::ReadsOnly).await.unwrap_err();
    insta::assert_snapshot!(refused, @"owner owns its account and always manages keys; only sub-users have a role");
    let owner = app.browser("owner").await;
    let key = owner.generate("WEB", "default").await;
    assert_eq!(owner.delete(&key.id).await.status, StatusCode::SEE_OTHER);
}
