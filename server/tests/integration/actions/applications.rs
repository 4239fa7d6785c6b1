//! Applications that ask for a key by sendSMS's actions.

use super::{ON, PROGRAMS, Program, WAYS, Way, assert_refused, details, send, started, told};
use crate::api::generate_managing;
use crate::app::TestApp;
use contract::Cause;
use futures::future::join_all;
use serde_json::{Value, json};

/// Where applications run.
const APPLICATION: &str = "198.51.100.20";

const NAME: (&str, &str) = ("application_name", "Shop");

/// Asks without a key.
async fn ask(app: &TestApp, way: Way, action: &str, more: &[(&str, &str)]) -> Value {
    told(&send(app, APPLICATION, way, &[&[("action", action)], more].concat()).await)
}

async fn authorize(app: &TestApp, way: Way) -> String {
    let asked = details(&ask(app, way, "user_authorize_application", &[NAME]).await);
    asked.as_str().unwrap().to_owned()
}

async fn fetch(app: &TestApp, way: Way, request_key: &str) -> Value {
    ask(app, way, "user_get_api_key", &[("request_key", request_key)]).await
}

/// A program of a user with a key that manages keys.
async fn manager<'a>(app: &'a TestApp, username: &'a str) -> Program<'a> {
    Program { app, username, key: generate_managing(&app.browser(username).await, "default").await }
}

async fn allow(program: &Program<'_>, way: Way, request_key: &str) -> Value {
    program.ask(way, "user_allow_token_request", &[("request_key", request_key)]).await
}

#[tokio::test]
async fn an_application_gets_the_key_that_a_customer_allows_it_once() {
    let app = started().await;
    let program = manager(&app, "demouser").await;
    let gateway = app.gateway("gw").await;
    for (number, way) in WAYS.into_iter().enumerate() {
        let request_key = authorize(&app, way).await;
        assert_refused(&fetch(&app, way, &request_key).await, -11, "pending");
        assert_refused(&fetch(&app, way, &request_key).await, -8, "too_often");
        let allowed = allow(&program, way, &request_key).await;
        assert_eq!(allowed, json!({"status": 0, "message": "OK", "details": "Shop"}), "{way:?}");
        assert_refused(&allow(&program, way, &request_key).await, -12, "unknown_request");
        let token = details(&fetch(&app, way, &request_key).await);
        assert_eq!(gateway.code(token.as_str().unwrap(), APPLICATION).await, "VALID", "{way:?}");
        assert_refused(&fetch(&app, way, &request_key).await, -12, "unknown_request");
        assert_eq!(app.told("demouser", Cause::ApplicationApproved).await.len(), number + 1);
    }
    let list = app.browser("demouser").await.get("/account/api-keys").await;
    assert_eq!(list.texts(".record-line").concat(), RECORDS);
    assert_eq!(program.uses().await.0, "10", "each is one use");
}

const RECORDS: &str = "Page 1 of 1, showing 6 records out of 6 total, starting on record 1, ending on 6";

#[tokio::test]
async fn what_an_application_says_of_itself_is_judged_before_anything_is_stored() {
    let app = started().await;
    let long = "x".repeat(65);
    for (more, status, name) in [
        (vec![], -2, "missing_parameter"),
        (vec![("application_name", " ")], -3, "bad_parameter"),
        (vec![("application_name", long.as_str())], -3, "bad_parameter"),
        (vec![NAME, ("icon_url", "javascript:alert(1)")], -3, "bad_parameter"),
        (vec![NAME, ("return_url", "ftp://example.com/")], -3, "bad_parameter"),
    ] {
        for way in WAYS {
            assert_refused(&ask(&app, way, "user_authorize_application", &more).await, status, name);
        }
    }
    assert!(crate::notices::rows(&app, "SELECT no FROM applications").is_empty());
    let links = [NAME, ("icon_url", "https://shop.example/i.png"), ("return_url", "https://shop.example/")];
    details(&ask(&app, Way::Get, "user_authorize_application", &links).await);
}

#[tokio::test]
async fn without_the_permission_nobody_lets_an_application_in() {
    let app = started().await;
    app.add_sub_user("sub", Some("demouser")).await;
    let request_key = authorize(&app, Way::Get).await;
    let plain = Program::of(&app, "demouser", "default").await;
    for way in WAYS {
        assert_refused(&allow(&plain, way, &request_key).await, -7, "not_permitted");
    }
    let data = json!([
        {"command": "token_add_ip", "params": {"ipaddr": "192.0.2.1"}},
        {"command": "user_allow_token_request", "params": {"request_key": request_key}},
    ]);
    let many = plain.ask(Way::PostBoth, "execute_multiple", &[("data", &data.to_string())]).await;
    assert_refused(&many, -7, "not_permitted");
    plain.is_unused("without the permission").await;
    let reader = manager(&app, "sub").await;
    let role = [("username", "sub"), ("role", contract::Role::ReadsOnly.field_value())];
    app.browser("demouser").await.post("/account/sub-users?do=set_sub_user_role", &role).await;
    assert_refused(&allow(&reader, Way::Get, &request_key).await, -7, "not_permitted");
    let no_key = ask(&app, Way::Get, "user_allow_token_request", &[("request_key", &request_key)]).await;
    assert_refused(&no_key, -2, "missing_parameter");
    assert_refused(&fetch(&app, Way::Get, &request_key).await, -11, "pending");
}

#[tokio::test]
async fn codes_that_are_wrong_foreign_or_over_let_nobody_in() {
    let app = started().await;
    let program = manager(&app, "demouser").await;
    let never = "A".repeat(43);
    for request_key in ["x", never.as_str()] {
        assert_refused(&allow(&program, Way::Get, request_key).await, -12, "unknown_request");
        assert_refused(&fetch(&app, Way::Get, request_key).await, -12, "unknown_request");
    }
    assert_refused(&program.ask(Way::Get, "user_allow_token_request", &[]).await, -2, "missing_parameter");
    assert_refused(&ask(&app, Way::Get, "user_get_api_key", &[]).await, -2, "missing_parameter");
    let late = authorize(&app, Way::Get).await;
    app.clock.advance(600);
    assert_refused(&allow(&program, Way::Get, &late).await, -12, "unknown_request");
    assert_refused(&fetch(&app, Way::Get, &late).await, -12, "unknown_request");
    assert!(app.told("demouser", Cause::ApplicationApproved).await.is_empty());
}

#[tokio::test]
async fn two_customers_race_for_one_request_and_one_of_them_lets_it_in() {
    let app = started().await;
    app.add_user("other").await;
    let programs = [manager(&app, "demouser").await, manager(&app, "other").await];
    for _ in 0..5 {
        let request_key = authorize(&app, Way::Get).await;
        let allowed = join_all(programs.iter().map(|program| allow(program, Way::Get, &request_key))).await;
        let mut statuses: Vec<_> = allowed.iter().map(|told| told["status"].as_i64().unwrap()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [-12, 0]);
        let fetched = join_all((0..5).map(|_| fetch(&app, Way::Get, &request_key))).await;
        assert_eq!(fetched.iter().filter(|told| told["status"] == 0).count(), 1, "{fetched:?}");
    }
}

#[tokio::test]
async fn an_account_that_is_full_lets_nobody_in() {
    let app = TestApp::start_with(&[ON, ("max_keys", "1")]).await;
    app.add_user("demouser").await;
    let program = manager(&app, "demouser").await;
    let request_key = authorize(&app, Way::Get).await;
    assert_refused(&allow(&program, Way::Get, &request_key).await, -14, "limit_reached");
    assert_refused(&fetch(&app, Way::Get, &request_key).await, -11, "pending");
}

#[tokio::test]
async fn where_applications_are_switched_off_there_are_no_such_actions() {
    let app = TestApp::start_with(&[ON, ("applications", "false")]).await;
    app.add_user("demouser").await;
    let program = manager(&app, "demouser").await;
    let code = ("request_key", "x");
    for (action, more) in
        [("user_authorize_application", NAME), ("user_get_api_key", code), ("user_allow_token_request", code)]
    {
        assert_refused(&program.ask(Way::Get, action, &[more]).await, -1, "unknown_action");
    }
    program.is_unused("switched off").await;
    assert_eq!(details(&program.ask_from(PROGRAMS, Way::Get, "token_list_ips", &[]).await), json!([]));
}
