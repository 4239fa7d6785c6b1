//! An owner generates keys for their sub-users.

use crate::app::{Answer, Browser, TestApp, key_ids, shown_token};
use crate::html;
use contract::{Cause, Role};
use http::StatusCode;
use insta::assert_snapshot;

const PAGE: &str = "/account/sub-users/key";

async fn generate(browser: &Browser<'_>, path: &str, username: &str) -> Answer {
    let fields = [("username", username), ("description", "Till"), ("key_type", "cloud")];
    browser.post(path, &fields).await
}

#[tokio::test]
async fn the_owner_sees_the_token_once_and_the_sub_user_hears_of_it() {
    let app = TestApp::start().await;
    app.add_user("owner").await;
    app.add_sub_user("branch", Some("owner")).await;
    app.add_sub_user("reader", Some("owner")).await;
    app.services.operator.set_role("reader", Role::ReadsOnly).await.unwrap();
    let (owner, branch) = (app.browser("owner").await, app.browser("branch").await);
    let page = owner.get(&format!("{PAGE}?user=branch")).await;
    assert_eq!(html::attributes(&page.body, "select[name=username] option", "value"), ["branch"]);
    assert!(owner.get("/account/api-keys/new").await.body.contains(PAGE));
    assert!(!branch.get("/account/api-keys/new").await.body.contains(PAGE));
    let made = generate(&owner, PAGE, "branch").await;
    assert_eq!(made.status, StatusCode::SEE_OTHER, "{}", made.page());
    let shown = owner.get(made.header("location")).await.page();
    let (id, token) = (key_ids(&shown).remove(0), shown_token(&shown).unwrap());
    assert!(
        shown_token(&branch.get(made.header("location")).await.page()).is_none(),
        "the address is nobody else's"
    );
    assert_eq!(app.authz(&token, "203.0.113.7").await.status, StatusCode::OK);
    assert!(key_ids(&branch.get("/account/api-keys").await.page()).contains(&id));
    let told = app.told("branch", Cause::KeyGenerated).await;
    assert_eq!((told.len(), told[0].actor.as_deref(), told[0].read_at), (1, Some("owner"), None));
    let lines = branch.history().await;
    assert_snapshot!(lines.lines().next().unwrap(), @"2026-01-15 12:00:00 | Key generated Cloud Till … | owner | 192.0.2.10");
    assert_eq!(owner.history().await.matches("Key generated").count(), 1);
}

#[tokio::test]
async fn nobody_else_may_be_named() {
    let app = TestApp::start().await;
    for name in ["owner", "stranger"] {
        app.add_user(name).await;
    }
    let (owner, page) = (app.browser("owner").await, PAGE);
    assert!(owner.get(page).await.text().contains("Invite one who manages keys"));
    assert!(!owner.get("/account/api-keys/new").await.body.contains(page), "there are no sub-users");
    app.add_sub_user("branch", Some("owner")).await;
    app.add_sub_user("reader", Some("owner")).await;
    app.add_sub_user("off", Some("owner")).await;
    app.add_sub_user("theirs", Some("stranger")).await;
    app.services.operator.set_role("reader", Role::ReadsOnly).await.unwrap();
    app.services.operator.set_user_disabled("off", true).await.unwrap();
    for name in ["stranger", "theirs", "nobody", "reader", "off", "two words", &"a".repeat(3000)] {
        for path in [page, "/account/api-keys/new"] {
            let refused = generate(&owner, path, name).await;
            assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name} {path}");
        }
    }
    let branch = app.browser("branch").await;
    assert_eq!(branch.get(page).await.status, StatusCode::NOT_FOUND);
    for name in ["owner", "reader", "theirs"] {
        assert_eq!(generate(&branch, page, name).await.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
    }
    for name in ["owner", "branch", "stranger", "theirs"] {
        let scope = store::KeyScope::User(app.user(name).await.number);
        assert_eq!(app.services.use_cases.keys.index.count(scope), 0, "{name}");
    }
}
