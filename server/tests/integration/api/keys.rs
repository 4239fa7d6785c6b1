//! What a program does with keys.

use super::{PROGRAMS, Program, assert_problem};
use crate::app::{TestApp, without_masked};
use crate::html;
use domain::time::{Clock, Micros};
use http::{Method, StatusCode};
use serde_json::{Value, json};

async fn started() -> TestApp {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    app
}

async fn generate(program: &Program<'_>, body: Value) -> Value {
    let answer = program.post("/v1/keys", body).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    assert_eq!(answer.header("location"), format!("/v1/keys/{}", answer.json()["id"].as_str().unwrap()));
    assert_eq!(answer.header("cache-control"), "no-store");
    answer.json()
}

/// The path of a key.
fn path(key: &Value) -> String {
    format!("/v1/keys/{}", key["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_program_generates_limits_pauses_and_deletes_a_key() {
    let app = started().await;
    let (program, gateway) = (Program::of(&app, "demouser").await, app.gateway("gw").await);
    let end = app.clock.now().plus_seconds(3600).rfc_3339();
    let made = generate(&program, json!({"description": "web", "expires_at": end})).await;
    let token = made["token"].as_str().unwrap();
    assert_eq!((&made["key_type"], &made["state"]), (&json!("default"), &json!("active")));
    assert_eq!(
        (&made["expires_at"], &made["manages_keys"], &made["times_used"]),
        (&json!(end), &json!(false), &json!(0))
    );
    assert_eq!(gateway.code(token, "198.51.100.1").await, "VALID");
    let path = path(&made);
    let key = program.get(&path).await.json();
    assert_eq!((&key["locked_ip"], &key["times_used"]), (&json!("198.51.100.1"), &json!(1)));
    assert!(key.get("token").is_none(), "a token is told once: {key}");

    assert_eq!(program.post(&format!("{path}/release-lock"), json!({})).await.status, StatusCode::NO_CONTENT);
    let allowed = format!("{path}/allowed-ips");
    let added = program.post(&allowed, json!({"address": "203.0.113.0/24"})).await;
    assert_eq!((added.status, added.json()), (StatusCode::CREATED, json!({"address": "203.0.113.0/24"})));
    assert_eq!(gateway.code(token, "198.51.100.1").await, "IP_NOT_ALLOWED");
    assert_eq!(gateway.code(token, "203.0.113.9").await, "VALID");
    let list = program.get(&allowed).await.json();
    assert_eq!(list, json!({"data": [{"address": "203.0.113.0/24"}], "next_cursor": null}));
    let entry = format!("{allowed}/203.0.113.0%2F24");
    assert_eq!(program.ask(Method::DELETE, &entry, None).await.status, StatusCode::NO_CONTENT);
    assert_problem(&program.ask(Method::DELETE, &entry, None).await, StatusCode::NOT_FOUND, "not-found");

    let change = json!({"description": "shop", "paused": true, "lock_width": 64, "expires_at": null});
    let changed = program.ask(Method::PATCH, &path, Some(change)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let changed = changed.json();
    assert_eq!((&changed["description"], &changed["state"]), (&json!("shop"), &json!("paused")));
    assert_eq!((&changed["lock_width"], &changed["expires_at"]), (&json!(64), &Value::Null));
    assert_eq!(gateway.code(token, "203.0.113.9").await, "DISABLED");
    let resumed = program.ask(Method::PATCH, &path, Some(json!({"paused": false}))).await.json();
    assert_eq!((&resumed["state"], &resumed["description"]), (&json!("active"), &json!("shop")));

    assert_eq!(program.ask(Method::DELETE, &path, None).await.status, StatusCode::NO_CONTENT);
    assert_eq!(gateway.code(token, "203.0.113.9").await, "DELETED");
    assert_problem(&program.get(&path).await, StatusCode::NOT_FOUND, "not-found");
}

#[tokio::test]
async fn a_change_of_which_one_part_is_wrong_changes_nothing() {
    let app = started().await;
    let program = Program::of(&app, "demouser").await;
    let made = generate(&program, json!({"description": "web", "key_type": "cloud"})).await;
    let change = json!({"description": "shop", "paused": true, "expires_at": "2001-01-01T00:00:00Z"});
    let refused = program.ask(Method::PATCH, &path(&made), Some(change)).await;
    assert_problem(&refused, StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    let errors = refused.json()["errors"].clone();
    assert_eq!((&errors[0]["pointer"], &errors[0]["code"]), (&json!("#/expires_at"), &json!("in_the_past")));
    let key = program.get(&path(&made)).await.json();
    assert_eq!((&key["description"], &key["state"]), (&json!("web"), &json!("active")));
    let width = program.ask(Method::PATCH, &path(&made), Some(json!({"lock_width": 64}))).await;
    assert_eq!(width.json()["errors"][0]["pointer"], "#/lock_width", "a Cloud key has no lock");
}

#[tokio::test]
async fn lists_go_on_where_the_last_page_ended_and_filter() {
    let app = started().await;
    app.add_sub_user("sub", Some("demouser")).await;
    let program = Program::of(&app, "demouser").await;
    for number in 0..7 {
        let key_type = if number % 2 == 0 { "cloud" } else { "default" };
        generate(&program, json!({"description": format!("Number {number}"), "key_type": key_type})).await;
    }
    generate(&program, json!({"description": "of sub", "username": "sub"})).await;
    let names = |page: &Value| -> Vec<String> {
        let keys = page["data"].as_array().unwrap().iter();
        keys.map(|key| key["description"].as_str().unwrap().to_owned()).collect()
    };
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    for _ in 0..5 {
        let page = program.get(&format!("/v1/keys?limit=2{cursor}")).await.json();
        seen.extend(names(&page));
        let Some(next) = page["next_cursor"].as_str() else { break };
        // What is generated meanwhile moves nothing.
        generate(&program, json!({"description": "later", "key_type": "cloud"})).await;
        cursor = format!("&cursor={next}");
    }
    let all: Vec<_> = (0..7).rev().map(|n| format!("Number {n}")).collect();
    assert_eq!(seen[0], "of sub");
    assert_eq!(seen[1..8], all);
    assert_eq!(seen[8..], ["program"]);
    let found = async |query: &str| names(&program.get(&format!("/v1/keys?{query}")).await.json());
    assert_eq!(found("q=NUMBER%203").await, ["Number 3"]);
    assert_eq!(found("username=sub").await, ["of sub"]);
    assert_eq!(found("key_type=default&q=number").await, ["Number 5", "Number 3", "Number 1"]);
    assert_eq!(found("state=paused").await, Vec::<String>::new());
    for query in ["limit=0", "limit=101", "limit=x", "cursor=x", "key_type=x", "page=2"] {
        let refused = program.get(&format!("/v1/keys?{query}")).await;
        assert_problem(&refused, StatusCode::BAD_REQUEST, "bad-input");
        let name = query.split('=').next().unwrap();
        assert!(refused.json()["errors"][0].to_string().contains(name), "{query}: {}", refused.body);
    }
}

#[tokio::test]
async fn usage_is_told_by_hours_and_days_and_from_which_addresses() {
    let app = started().await;
    let (program, gateway) = (Program::of(&app, "demouser").await, app.gateway("gw").await);
    let made = generate(&program, json!({"description": "web", "key_type": "cloud"})).await;
    let token = made["token"].as_str().unwrap();
    for (address, hours) in [("198.51.100.1", 0), ("198.51.100.2", 1), ("198.51.100.1", 24)] {
        app.clock.advance(hours * 3600);
        assert_eq!(gateway.code(token, address).await, "VALID");
    }
    let steps = async |query: &str| {
        let path = format!("{}/usage?{query}", path(&made));
        let answer = program.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        let steps = answer.json()["data"].as_array().unwrap().clone();
        steps
            .iter()
            .map(|step| format!("{} {}", step["starts_at"].as_str().unwrap(), step["accepted"]))
            .collect::<Vec<_>>()
    };
    assert_eq!(steps("").await, ["2026-01-16T13:00:00Z 1"]);
    assert_eq!(
        steps("from=2026-01-15T00:00:00Z").await,
        ["2026-01-15T12:00:00Z 1", "2026-01-15T13:00:00Z 1", "2026-01-16T13:00:00Z 1"]
    );
    assert_eq!(steps("step=day").await, ["2026-01-15T00:00:00Z 2", "2026-01-16T00:00:00Z 1"]);
    assert_eq!(
        steps("from=2026-01-15T13:00:00%2B01:00&to=2026-01-15T12:59:59Z").await,
        ["2026-01-15T12:00:00Z 1"]
    );
    for query in ["from=yesterday", "from=2026-01-17T00:00:00Z", "from=2020-01-01T00:00:00Z", "step=week"] {
        let refused = program.get(&format!("{}/usage?{query}", path(&made))).await;
        assert_problem(&refused, StatusCode::BAD_REQUEST, "bad-input");
    }
    let addresses = format!("{}/addresses?limit=1", path(&made));
    let first = program.get(&addresses).await.json();
    let next = first["next_cursor"].as_str().unwrap();
    let second = program.get(&format!("{addresses}&cursor={next}")).await.json();
    assert_eq!(
        [&first["data"][0], &second["data"][0]]
            .map(|one| (one["address"].clone(), one["times_used"].clone())),
        [(json!("198.51.100.1"), json!(2)), (json!("198.51.100.2"), json!(1))]
    );
    assert_eq!(second["next_cursor"], Value::Null);
}

#[tokio::test]
async fn a_call_is_a_use_of_its_key_and_obeys_its_address_rule() {
    let app = started().await;
    let browser = app.browser("demouser").await;
    let key = super::generate_managing(&browser, "default").await;
    let program = Program { app: &app, key };
    let account = program.get("/v1/account").await.json();
    assert_eq!(
        account,
        json!({"username": "demouser", "is_owner": true, "role": "manages_keys", "key_count": 1,
               "max_keys": 100_000, "key_id": program.key.id})
    );
    let row = browser.row(&program.key.id).await;
    assert_eq!(
        (row[5].as_str(), row[6].as_str()),
        ("1", PROGRAMS),
        "used once, and locked to where it was used"
    );
    let request = super::request(Method::GET, "/v1/account")
        .header("authorization", format!("Bearer {}", program.key.token))
        .body(axum::body::Body::empty());
    let elsewhere = app.send("198.51.100.9", request.unwrap()).await;
    assert_problem(&elsewhere, StatusCode::FORBIDDEN, "key-ip-not-allowed");
    browser.delete(&program.key.id).await;
    assert_problem(&program.get("/v1/account").await, StatusCode::UNAUTHORIZED, "key-deleted");
    let deleted = app.told("demouser", contract::Cause::DeadKeyInUse).await;
    assert_eq!(deleted.len(), 1, "its user is told that it is still in use");
}

#[tokio::test]
async fn a_key_that_asks_too_often_is_told_when_to_come_back() {
    let app = TestApp::start_with(&[("api_requests_per_minute", "3")]).await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    for left in [2, 1, 0] {
        let answer = program.get("/v1/account").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("ratelimit-policy"), "\"default\";q=3;w=60");
        assert_eq!(answer.header("ratelimit"), format!("\"default\";r={left};t=60"));
    }
    app.clock.advance(20);
    let refused = program.get("/v1/account").await;
    assert_problem(&refused, StatusCode::TOO_MANY_REQUESTS, "quota-exceeded");
    assert_eq!((refused.header("retry-after"), refused.header("ratelimit")), ("40", "\"default\";r=0;t=40"));
    let uses = app.browser("demouser").await.row(&program.key.id).await[5].clone();
    assert_eq!(uses, "3", "what is refused is no use");
    app.clock.advance(40);
    assert_eq!(program.get("/v1/account").await.status, StatusCode::OK);
    assert!(app.clock.now() > Micros(0));
}

#[tokio::test]
async fn a_program_rotates_a_key_and_the_old_token_passes_for_a_while() {
    let app = started().await;
    let (program, gateway) = (Program::of(&app, "demouser").await, app.gateway("gw").await);
    let made = generate(&program, json!({"description": "web", "key_type": "cloud"})).await;
    let rotate = format!("{}/rotate", path(&made));
    let wanted = json!({"overlap_seconds": 3600});
    let name = Some("r1");
    let rotated = program.named(Method::POST, &rotate, Some(wanted.clone()), name).await;
    assert_eq!(rotated.status, StatusCode::CREATED, "{}", rotated.body);
    let again = program.named(Method::POST, &rotate, Some(wanted.clone()), name).await;
    assert_eq!(again.body, rotated.body);
    let rotated = rotated.json();
    assert_eq!(rotated["id"], made["id"]);
    let until = app.clock.now().plus_seconds(3600).rfc_3339();
    assert_eq!(rotated["old_token_passes_until"], json!(until));
    let [old, new] = [&made, &rotated].map(|key| key["token"].as_str().unwrap());
    for token in [old, new] {
        assert_eq!(gateway.code(token, "198.51.100.1").await, "VALID");
    }
    let second = program.post(&rotate, wanted).await;
    assert_problem(&second, StatusCode::UNPROCESSABLE_ENTITY, "invalid");
    assert_eq!(second.json()["errors"][0]["code"], "old_token_passes");
    let strange = program.post(&rotate, json!({"overlap_seconds": 7})).await;
    assert_eq!(strange.json()["errors"][0]["pointer"], "#/overlap_seconds");
    app.clock.advance(3600);
    assert_eq!(gateway.code(old, "198.51.100.1").await, "ROTATED");
    assert_eq!(gateway.code(new, "198.51.100.1").await, "VALID");
    assert_eq!(program.get(&path(&made)).await.json()["times_used"], 3);
}

#[tokio::test]
async fn the_history_tells_through_which_key_it_was_done() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser").await;
    assert_eq!(program.post("/v1/keys", json!({"description": "web"})).await.status, StatusCode::CREATED);
    let page = app.browser("demouser").await.get("/account/profile/history").await.page();
    let rows = html::rows(&page, "tbody tr");
    let done: Vec<_> = rows.iter().filter(|row| row[1].starts_with("Key generated")).collect();
    assert_eq!(without_masked(&done[0][2]), "demouser through program …");
    assert_eq!((done[0][3].as_str(), done[1][2].as_str()), (PROGRAMS, "demouser"));
    let links = html::attributes(&page, "tbody .who-cell a[href^='/account/api-keys/']", "href");
    assert_eq!(links, [format!("/account/api-keys/{}", program.key.id)]);
}
