//! The owner and its sub-users.

use crate::app::{Browser, PASSWORD, TestApp};
use crate::html;
use http::StatusCode;
use insta::assert_snapshot;

const PAGE: &str = "/account/sub-users";

async fn act(browser: &Browser<'_>, verb: &str, fields: &[(&str, &str)]) -> String {
    let answer = browser.post(&format!("{PAGE}?do={verb}"), fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{verb}: {}", answer.body);
    answer.header("location").to_owned()
}

/// The cells of a sub-user's row: Username, Role, Mail, Keys, Last seen, State.
async fn row(browser: &Browser<'_>, name: &str) -> Vec<String> {
    let rows = html::rows(&browser.get(PAGE).await.body, "tbody tr");
    let mut row = rows.into_iter().find(|cells| cells[0] == name).expect("it is listed");
    row.truncate(6);
    row
}

async fn start() -> TestApp {
    let app = TestApp::start().await;
    app.add_user("owner").await;
    app
}

#[tokio::test]
async fn the_owner_sees_its_sub_users_and_how_many_keys_each_has() {
    let app = start().await;
    app.add_user("stranger").await;
    app.add_sub_user("theirs", Some("stranger")).await;
    let owner = app.browser("owner").await;
    let empty = owner.get(PAGE).await;
    assert_eq!(empty.status, StatusCode::OK);
    assert_snapshot!(empty.texts(".empty").concat(), @"There is no sub-user yet.");
    app.add_sub_user("sub", Some("owner")).await;
    assert_eq!(row(&owner, "sub").await, ["sub", "Manages keys", "", "0", "N/A", "Active"]);
    let sub = app.browser("sub").await;
    sub.generate("one", "cloud").await;
    let second = sub.generate("two", "cloud").await;
    sub.delete(&second.id).await;
    owner.generate("of the owner", "cloud").await;
    let seen = "2026-01-15 12:00:00";
    assert_eq!(row(&owner, "sub").await, ["sub", "Manages keys", "", "1", seen, "Active"]);
    sub.post("/logout", &[]).await;
    app.clock.advance(3600);
    assert_eq!(row(&owner, "sub").await[4], seen, "the last login, when no session goes on");
    assert!(!owner.get(PAGE).await.body.contains("theirs"));
}

#[tokio::test]
async fn many_sub_users_are_shown_page_by_page() {
    let app = start().await;
    for number in 0..51 {
        app.add_sub_user(&format!("sub{number:02}"), Some("owner")).await;
    }
    let owner = app.browser("owner").await;
    let listed = async |path: &str| {
        let rows = html::rows(&owner.get(path).await.body, "tbody tr");
        rows.into_iter().map(|cells| cells[0].clone()).collect::<Vec<_>>()
    };
    let first = listed(PAGE).await;
    assert_eq!((first.len(), first[0].as_str(), first[49].as_str()), (50, "sub00", "sub49"));
    for page in ["2", "99"] {
        assert_eq!(listed(&format!("{PAGE}?page={page}")).await, ["sub50"]);
    }
}

#[tokio::test]
async fn a_disabled_sub_user_is_out_at_once_and_comes_back() {
    let app = start().await;
    app.add_sub_user("sub", Some("owner")).await;
    let (owner, sub) = (app.browser("owner").await, app.browser("sub").await);
    let (theirs, own) = (sub.generate("S", "default").await, owner.generate("O", "cloud").await);
    assert_eq!(app.authz(&theirs.token, "203.0.113.7").await.status, StatusCode::OK);
    let landing = act(&owner, "disable_sub_user", &[("username", "SUB")]).await;
    assert_eq!(app.authz(&theirs.token, "203.0.113.7").await.code(), "OWNER_DISABLED");
    assert_eq!(app.authz(&own.token, "203.0.113.7").await.status, StatusCode::OK);
    assert_snapshot!(owner.messages(&landing).await, @"The sub-user is disabled. Its keys are refused from now on, and its sessions have ended.");
    assert_eq!(row(&owner, "sub").await[5], "Disabled");
    assert_eq!(sub.get("/").await.status, StatusCode::SEE_OTHER, "its sessions have ended");
    let login = [("username", "sub"), ("password", PASSWORD)];
    assert_eq!(app.stranger().post("/login", &login).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    act(&owner, "disable_sub_user", &[("username", "sub")]).await;
    act(&owner, "enable_sub_user", &[("username", "sub")]).await;
    assert_eq!(app.authz(&theirs.token, "203.0.113.7").await.status, StatusCode::OK);
    app.browser("sub").await;
    let lines = app.services.store.list_audit(100).await.unwrap();
    let of_owner = lines.iter().filter(|l| l.actor == "owner" && l.action.starts_with("user_"));
    let actions: Vec<_> = of_owner.map(|l| l.action.as_str()).collect();
    assert_eq!(actions, ["user_enabled", "user_disabled"], "what changed nothing leaves no line");
    assert_snapshot!(app.browser("sub").await.history().await, @"
    2026-01-15 12:00:00 | Login | sub | 192.0.2.10
    2026-01-15 12:00:00 | Login | sub | 192.0.2.10
    2026-01-15 12:00:00 | User enabled | owner | 192.0.2.10
    2026-01-15 12:00:00 | Right password of a disabled user at login | sub | 192.0.2.10
    2026-01-15 12:00:00 | User disabled | owner | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Default Key S … | sub | 192.0.2.10
    2026-01-15 12:00:00 | Login | sub | 192.0.2.10
    2026-01-15 12:00:00 | Account created sub | The operator |
    ");
}

#[tokio::test]
async fn sessions_end_and_roles_change_at_the_next_request() {
    let app = start().await;
    app.add_sub_user("sub", Some("owner")).await;
    let (owner, sub) = (app.browser("owner").await, app.browser("sub").await);
    act(&owner, "set_sub_user_role", &[("username", "sub"), ("role", "reads_only")]).await;
    assert_eq!(row(&owner, "sub").await[1], "Reads only");
    let fields = [("description", "x"), ("key_type", "cloud")];
    assert_eq!(sub.post("/account/api-keys/new", &fields).await.status, StatusCode::FORBIDDEN);
    act(&owner, "set_sub_user_role", &[("username", "sub"), ("role", "manages_keys")]).await;
    let key = sub.generate("x", "cloud").await;
    act(&owner, "end_sub_user_sessions", &[("username", "sub")]).await;
    assert_eq!(sub.get("/").await.status, StatusCode::SEE_OTHER);
    assert_eq!(owner.get("/").await.status, StatusCode::OK);
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK, "its keys go on");
    let odd = [("username", "sub"), ("role", "owner")];
    let odd = owner.post(&format!("{PAGE}?do=set_sub_user_role"), &odd).await;
    assert_eq!(odd.status, StatusCode::BAD_REQUEST);
    let sub = app.browser("sub").await;
    assert_snapshot!(sub.history().await, @"
    2026-01-15 12:00:00 | Login | sub | 192.0.2.10
    2026-01-15 12:00:00 | All sessions ended | owner | 192.0.2.10
    2026-01-15 12:00:00 | Key generated Cloud x … | sub | 192.0.2.10
    2026-01-15 12:00:00 | Role changed Manages keys | owner | 192.0.2.10
    2026-01-15 12:00:00 | Role changed Reads only | owner | 192.0.2.10
    2026-01-15 12:00:00 | Login | sub | 192.0.2.10
    2026-01-15 12:00:00 | Account created sub | The operator |
    ");
}

#[tokio::test]
async fn what_the_operator_disabled_only_the_operator_enables() {
    let app = start().await;
    app.add_sub_user("sub", Some("owner")).await;
    let owner = app.browser("owner").await;
    app.services.operator.set_user_disabled("sub", true).await.unwrap();
    let fields = [("username", "sub")];
    let refused = owner.post(&format!("{PAGE}?do=enable_sub_user"), &fields).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    assert_eq!(row(&owner, "sub").await[5], "Disabled");
    app.services.operator.set_user_disabled("sub", false).await.unwrap();
    act(&owner, "disable_sub_user", &fields).await;
    app.services.operator.set_user_disabled("sub", false).await.unwrap();
    assert_eq!(row(&owner, "sub").await[5], "Active", "the operator may undo what an owner did");
}
