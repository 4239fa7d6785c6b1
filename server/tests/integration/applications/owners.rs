//! Whose key it is, and who may decide.

use super::{APPROVE, Device, LIST, enter, refused};
use crate::app::{Browser, PASSWORD, TestApp, key_ids};
use crate::html;
use crate::standing::actor;
use contract::{Cause, Refusal, Role};
use http::StatusCode;
use serde_json::json;
use service::accounts::{Actor, CallingKey, Via};

async fn start() -> TestApp {
    let app = TestApp::start().await;
    for (name, owner) in [
        ("owner", None),
        ("sub", Some("owner")),
        ("reader", Some("owner")),
        ("off", Some("owner")),
        ("other", None),
    ] {
        app.add_sub_user(name, owner).await;
    }
    app.services.operator.set_role("reader", Role::ReadsOnly).await.unwrap();
    app.services.operator.set_user_disabled("off", true).await.unwrap();
    app
}

async fn listed(browser: &Browser<'_>) -> Vec<[String; 3]> {
    let rows = html::rows(&browser.get(LIST).await.body, "tbody tr");
    rows.into_iter().map(|row| [row[0].clone(), row[2].clone(), row[3].clone()]).collect()
}

fn row(name: &str, of: &str, by: &str) -> [String; 3] {
    [name, of, by].map(ToOwned::to_owned)
}

#[tokio::test]
async fn an_owner_chooses_among_those_who_may_have_keys() {
    let app = start().await;
    let (owner, gateway) = (app.browser("owner").await, app.gateway("gw").await);
    let device = Device::ask(&app, "Zapier").await;
    let landing = device.is_entered(&owner).await;
    let page = owner.get(&landing).await;
    assert_eq!(page.texts("select[name=username] option"), ["owner", "sub"]);
    for username in ["other", "reader", "off", "nobody", "x y", "SUB'--"] {
        let answer = device.decide(&owner, &landing, &[("answer", "approve"), ("username", username)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{username}");
        assert_eq!(
            answer.messages(),
            "This account has no sub-user of that name who may have keys.",
            "{username}"
        );
    }
    assert_eq!(device.polled().await, refused("authorization_pending"));
    let done = device.decide(&owner, &landing, &[("answer", "approve"), ("username", "sub")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.messages());
    app.clock.advance(5);
    let token = device.token().await;
    let verdict = gateway.verify(json!({"key": token, "client_ip": "203.0.113.7"})).await.json();
    assert_eq!(verdict["username"], "sub");
    assert_eq!(listed(&owner).await, [row("Zapier", "sub", "owner")]);
    assert_eq!(listed(&app.browser("sub").await).await, [row("Zapier", "sub", "owner")]);
    assert!(listed(&app.browser("other").await).await.is_empty());
    let told = async |name| app.told(name, Cause::ApplicationApproved).await.len();
    assert_eq!([told("owner").await, told("sub").await, told("other").await], [1, 1, 0]);
}

#[tokio::test]
async fn a_sub_user_decides_for_themselves_and_their_owner_hears_of_it() {
    let app = start().await;
    let sub = app.browser("sub").await;
    let device = Device::ask(&app, "Zapier").await;
    let landing = device.is_entered(&sub).await;
    assert_eq!(
        sub.get(&landing).await.texts("select[name=username]"),
        Vec::<String>::new(),
        "there is no choice"
    );
    let others = device.decide(&sub, &landing, &[("answer", "approve"), ("username", "owner")]).await;
    assert_eq!(others.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = device.decide(&sub, &landing, &[("answer", "approve")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.messages());
    assert_eq!(listed(&sub).await, [row("Zapier", "sub", "sub")]);
    assert_eq!(listed(&app.browser("owner").await).await, [row("Zapier", "sub", "sub")]);
    let told = app.told("owner", Cause::ApplicationApproved).await;
    assert_eq!((told.len(), told[0].actor.as_deref(), told[0].read_at), (1, Some("sub"), None));
}

#[tokio::test]
async fn who_only_reads_decides_nothing() {
    let app = start().await;
    let reader = app.browser("reader").await;
    let device = Device::ask(&app, "Zapier").await;
    let page = reader.get(APPROVE).await;
    assert_eq!((page.status, page.texts("main form").len()), (StatusCode::OK, 0));
    assert_eq!(page.texts("main p"), ["You may look at keys only, so you cannot let an application in."]);
    assert_eq!(enter(&reader, device.code()).await.status, StatusCode::FORBIDDEN);
    for answer in ["approve", "deny"] {
        let fields = [("user_code", device.code()), ("answer", answer), ("password", PASSWORD)];
        let decided = reader.post(&format!("{APPROVE}?do=decide_application"), &fields).await;
        assert_eq!(decided.status, StatusCode::FORBIDDEN, "{answer}");
    }
    assert_eq!(device.polled().await, refused("authorization_pending"));
}

#[tokio::test]
async fn a_sub_user_who_is_chosen_while_they_are_disabled_gets_no_key() {
    let app = start().await;
    let owner = app.browser("owner").await;
    let device = Device::ask(&app, "Zapier").await;
    let landing = device.is_entered(&owner).await;
    app.services.operator.set_user_disabled("sub", true).await.unwrap();
    let answer = device.decide(&owner, &landing, &[("answer", "approve"), ("username", "sub")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let done = device.decide(&owner, &landing, &[("answer", "approve"), ("username", "owner")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.messages());
}

#[tokio::test]
async fn a_key_that_manages_keys_approves_by_the_code_of_the_application() {
    let app = start().await;
    let browser = app.browser("owner").await;
    let fields =
        [("description", "program"), ("key_type", "cloud"), ("manages_keys", "true"), ("password", PASSWORD)];
    browser.post("/account/api-keys/new", &fields).await;
    let id = key_ids(&browser.get("/account/api-keys").await.body).remove(0).parse().unwrap();
    let session = actor(&browser).await;
    let program = Actor { via: Via::Key(CallingKey { id, kept: None }), ..session.clone() };
    let applications = app.services.use_cases.applications.as_ref().unwrap();
    let device = Device::ask(&app, "Zapier").await;
    let approve = async |actor: &Actor, code: &str| {
        applications.approve_by_request_key(actor.may_manage().unwrap(), code).await
    };
    assert_eq!(
        approve(&session, device.device_code()).await,
        Err(Refusal::Forbidden),
        "who is logged in types the code"
    );
    for code in ["", "x", device.code(), &"A".repeat(43)] {
        assert_eq!(approve(&program, code).await, Err(Refusal::NotFound), "{code}");
    }
    let by_code = applications.try_code(program.may_manage().unwrap(), device.code()).await;
    assert!(by_code.err() == Some(Refusal::Forbidden), "and a program does not");
    assert_eq!(approve(&program, device.device_code()).await.unwrap().name, "Zapier");
    assert_eq!(approve(&program, device.device_code()).await, Err(Refusal::NotFound), "once");
    device.token().await;
    assert_eq!(listed(&browser).await, [row("Zapier", "owner", "owner")]);
    assert_eq!(app.told("owner", Cause::ApplicationApproved).await.len(), 1);
}
