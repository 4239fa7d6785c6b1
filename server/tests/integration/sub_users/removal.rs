//! An owner removes a sub-user for good.

use crate::app::{Answer, Browser, PASSWORD, TestApp, history_lines};
use crate::mail_address::letters;
use contract::Cause;
use futures::future::{join, join_all};
use http::StatusCode;
use insta::assert_snapshot;
use service::accounts::operator::NewUserRequest;
use service::mail::Letter;

const PAGE: &str = "/account/sub-users";

async fn remove(browser: &Browser<'_>, name: &str) -> Answer {
    browser.post(&format!("{PAGE}/remove?user={name}"), &[("username", name), ("password", PASSWORD)]).await
}

async fn start() -> TestApp {
    let mail = [("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("smtp_from", "Keys <keys@example.com>")];
    let app = TestApp::start_with(&mail).await;
    app.add_user("owner").await;
    app.add_sub_user("branch", Some("owner")).await;
    app.add_sub_user("other", Some("owner")).await;
    app
}

#[tokio::test]
async fn a_removed_sub_user_is_out_and_their_keys_are_refused() {
    let app = start().await;
    let (owner, branch) = (app.browser("owner").await, app.browser("branch").await);
    let gateway = app.gateway("gw").await;
    let (web, till) = (branch.generate("Web", "cloud").await, branch.generate("Till", "default").await);
    let others = app.browser("other").await.generate("theirs", "cloud").await;
    assert_eq!(gateway.code(&web.token, "203.0.113.7").await, "VALID");
    let page = owner.get(&format!("{PAGE}/remove?user=branch")).await;
    assert_snapshot!(page.lines("main"), @"
    Remove a sub-user
    Do you want to remove branch?
    2 API keys of theirs are deleted and refused from the next request on. Look at these keys
    Their sessions end at once, and the name is free again. This cannot be undone. If they shall only stop for a while, disable them instead.
    Remove
    Keep the sub-user
    ");
    app.clock.advance(700);
    let unproved = owner.post(&format!("{PAGE}/remove?user=branch"), &[("username", "branch")]).await;
    assert_eq!(unproved.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", unproved.page());
    assert_eq!(gateway.code(&web.token, "203.0.113.7").await, "VALID");
    let done = remove(&owner, "branch").await;
    assert_eq!(done.header("location"), "/account/sub-users?done=removed", "{}", done.page());
    for key in [&web, &till] {
        assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "DELETED");
    }
    assert_eq!(gateway.code(&others.token, "203.0.113.7").await, "VALID");
    assert_eq!(branch.get("/").await.header("location"), "/login?next=%2F");
    let login = app.stranger().post("/login", &[("username", "branch"), ("password", PASSWORD)]).await;
    assert_eq!(login.status, StatusCode::UNPROCESSABLE_ENTITY);
    let list = owner.get(done.header("location")).await;
    assert!(!list.body.contains("branch") && list.body.contains("other"), "{}", list.page());
    assert_snapshot!(list.messages(), @"The sub-user is removed. Their keys are refused from now on, and their sessions have ended.");
    // What is left: lines, and whoever still sends a key of theirs is told of to the owner.
    assert_snapshot!(history_lines(&owner.get("/account/profile/history?user=branch").await.body), @"
    2026-01-15 12:11:40 | Key deleted Till Deleted … branch | owner | 192.0.2.10
    2026-01-15 12:11:40 | Key deleted Web Deleted … branch | owner | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Default Key Till Deleted … branch | branch | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Cloud Web Deleted … branch | branch | 192.0.2.10
    2026-01-15 12:00:00 | Login | branch | 192.0.2.10
    2026-01-15 12:00:00 | Account created branch | The operator |
    ");
    assert_eq!(app.told("owner", Cause::DeadKeyInUse).await.len(), 2);
    assert_eq!(app.told("owner", Cause::AccountChanged).await.len(), 1);
    // After a restart too.
    let app = app.restart().await;
    let gateway = app.gateway("again").await;
    assert_eq!(gateway.code(&web.token, "203.0.113.7").await, "DELETED");
    let owner = app.browser("owner").await;
    assert!(!owner.get("/account/api-keys").await.body.contains(">branch<"));
    // The name is free.
    app.add_sub_user("branch", Some("owner")).await;
    let again = app.browser("branch").await.generate("New", "cloud").await;
    assert_eq!(gateway.code(&again.token, "203.0.113.7").await, "VALID");
    assert_eq!(gateway.code(&web.token, "203.0.113.7").await, "DELETED");
}

#[tokio::test]
async fn only_the_owner_removes_and_only_their_own() {
    let app = start().await;
    app.add_user("stranger").await;
    app.add_sub_user("theirs", Some("stranger")).await;
    let (owner, branch) = (app.browser("owner").await, app.browser("branch").await);
    for name in ["theirs", "stranger", "owner", "nobody", "two+words", &"a".repeat(3000)] {
        assert_eq!(remove(&owner, name).await.status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(
            owner.get(&format!("{PAGE}/remove?user={name}")).await.status,
            StatusCode::NOT_FOUND,
            "{name}"
        );
    }
    for name in ["branch", "other", "owner"] {
        assert_eq!(remove(&branch, name).await.status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(branch.get(&format!("{PAGE}/remove?user={name}")).await.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(app.services.store.count_users().await, Ok(5));
    assert_eq!(remove(&owner, "BRANCH").await.status, StatusCode::SEE_OTHER, "names know no case");
    assert_eq!(remove(&owner, "branch").await.status, StatusCode::NOT_FOUND, "once");
}

#[tokio::test]
async fn the_removed_hear_of_it_by_mail() {
    let app = start().await;
    let branch = app.user("branch").await;
    let confirmed = store::EmailChange {
        user: branch.number,
        old: None,
        farewell: None,
        audit: app.act(branch.number, store::Action::EmailConfirmed),
    };
    app.services.store.set_email(Some("b@example.org".into()), confirmed).await.unwrap();
    let owner = app.browser("owner").await;
    remove(&owner, "branch").await;
    assert_eq!(farewells(&app).await, [""; 0], "nobody confirmed that address");
    let third =
        NewUserRequest { owner: Some("owner"), email: Some("t@example.org"), ..crate::app::owner("third") };
    app.services.operator.add_user(third, PASSWORD.to_owned()).await.unwrap();
    remove(&owner, "third").await;
    assert_eq!(farewells(&app).await, ["t@example.org third owner"]);
}

async fn farewells(app: &TestApp) -> Vec<String> {
    let text = |letter| match letter {
        Letter::Removed { to, username, owner, .. } => Some(format!("{to} {username} {owner}")),
        _ => None,
    };
    letters(app).await.into_iter().filter_map(text).collect()
}

#[tokio::test]
async fn no_key_outlives_a_removal_that_came_with_it() {
    let app = start().await;
    for round in 0..5 {
        let name = format!("sub{round}");
        app.add_sub_user(&name, Some("owner")).await;
        let (owner, own) = (app.browser("owner").await, app.browser(&name).await);
        let fields = [("username", name.as_str()), ("description", "x"), ("key_type", "cloud")];
        let by_owner = (0..4).map(|_| owner.post("/account/sub-users/key", &fields));
        let by_user = (0..4).map(|_| own.post("/account/api-keys/new", &fields));
        let (made, removed) = join(join(join_all(by_owner), join_all(by_user)), remove(&owner, &name)).await;
        assert_eq!(removed.status, StatusCode::SEE_OTHER, "{}", removed.page());
        for answer in made.0.iter().chain(&made.1) {
            assert!(!answer.status.is_server_error(), "{}", answer.page());
        }
        let living = store::KeySearch { living: true, ..store::KeySearch::default() };
        assert_eq!(app.services.store.search_keys(living, 1).await.unwrap().total, 0, "round {round}");
        let account = store::KeyScope::Account(app.user("owner").await.number);
        assert_eq!(app.services.use_cases.keys.index.count(account), 0, "round {round}");
    }
}
