//! From the question to the key.

use super::{APPROVE, DEVICE_CODE, Device, LIST, THERE, enter, error, refused, send, start};
use crate::app::{PASSWORD, TestApp, key_ids};
use crate::html;
use crate::two_factor::{code, enrol, wrong_code};
use contract::Cause;
use http::StatusCode;
use serde_json::json;

#[tokio::test]
async fn an_application_that_is_approved_gets_its_key_once() {
    let app = start().await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let device = Device::ask(&app, "Zapier").await;
    let code = device.code();
    let expected = json!({
        "device_code": device.device_code(),
        "user_code": code,
        "verification_uri": "http://127.0.0.1:3000/account/applications/approve",
        "verification_uri_complete": format!("http://127.0.0.1:3000/account/applications/approve?user_code={code}"),
        "expires_in": 600,
        "interval": 5,
    });
    assert_eq!(device.answer, expected);
    assert_eq!(device.polled().await, refused("authorization_pending"));
    let landing = device.is_entered(&browser).await;
    assert!(landing.starts_with("/account/applications/approve?made="), "{landing}");
    let page = browser.get(&landing).await;
    assert_eq!(page.texts("h1"), ["Let “Zapier” use your account?"]);
    assert_eq!(page.texts(".user-code output"), [code]);
    app.clock.advance(5);
    assert_eq!(
        device.polled().await,
        refused("authorization_pending"),
        "a code that was entered decides nothing"
    );
    let done = device.decide(&browser, &landing, &[("answer", "approve")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.messages());
    let result = browser.get(done.header("location")).await;
    assert_eq!(
        (result.texts("h1"), result.messages()),
        (
            vec!["Approved".to_owned()],
            "“Zapier” has a key now. You can go back to the application.".to_owned()
        )
    );
    let answer = device.poll().await;
    assert_eq!(answer.status, StatusCode::OK);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(answer.json(), json!({"access_token": token, "token_type": "Bearer"}));
    assert_eq!((answer.header("cache-control"), answer.header("pragma")), ("no-store", "no-cache"));
    assert_eq!(device.polled().await, refused("invalid_grant"), "once");
    let verdict = gateway.verify(json!({"key": token, "client_ip": "203.0.113.7"})).await.json();
    assert_eq!(
        [&verdict["code"], &verdict["key_type"], &verdict["description"], &verdict["username"]],
        ["VALID", "app", "Zapier", "demouser"]
    );
    let list = browser.get(LIST).await;
    let rows = html::rows(&list.body, "tbody tr");
    assert_eq!(rows.len(), 1);
    let (named, at) = (&rows[0], "2026-01-15 12:00:05");
    assert_eq!(
        [&named[0], &named[2], &named[3], &named[4], &named[5], &named[6]],
        ["Zapier", "demouser", "demouser", at, THERE, at]
    );
    assert_eq!(key_ids(&list.body), key_ids(&browser.get("/account/api-keys").await.body));
}

#[tokio::test]
async fn an_approval_is_in_the_history_and_told() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    Device::ask(&app, "Zapier").await.approve(&browser).await;
    let told = app.told("demouser", Cause::ApplicationApproved).await;
    assert_eq!((told.len(), told[0].read_at, told[0].detail.as_str()), (1, None, "Zapier"));
    assert_eq!(told[0].key.as_ref().unwrap().description, "Zapier");
    assert!(app.told("demouser", Cause::KeyGenerated).await.is_empty(), "it is told once");
    let lines = app.services.store.list_audit(10).await.unwrap();
    let lines: Vec<_> = lines.iter().map(|line| (line.action.as_str(), line.detail.as_str())).collect();
    let expected = [
        ("application_approved", "Zapier"),
        ("key_generated", "app"),
        ("login", ""),
        ("user_added", "demouser"),
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn an_application_that_is_denied_gets_nothing() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let device = Device::ask(&app, "Zapier").await;
    let landing = device.is_entered(&browser).await;
    app.clock.advance(601 - 5);
    let done = device.decide(&browser, &landing, &[("answer", "deny")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "without a password: {}", done.messages());
    let result = browser.get(done.header("location")).await;
    assert_eq!(
        (result.texts("h1"), result.messages()),
        (vec!["Denied".to_owned()], "“Zapier” gets no key.".to_owned())
    );
    assert_eq!(device.polled().await, refused("access_denied"));
    assert_eq!(key_ids(&browser.get("/account/api-keys").await.body), Vec::<String>::new());
    assert_eq!(browser.get(LIST).await.texts(".empty"), ["No application was let in yet."]);
    let lines = app.services.store.list_audit(1).await.unwrap();
    assert_eq!((lines[0].action.as_str(), lines[0].detail.as_str()), ("application_refused", "Zapier"));
}

#[tokio::test]
async fn codes_end_after_ten_minutes() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let [entered, other] = [Device::ask(&app, "A").await, Device::ask(&app, "B").await];
    app.clock.advance(599);
    let landing = entered.is_entered(&browser).await;
    assert_eq!(other.polled().await, refused("authorization_pending"));
    app.clock.advance(1);
    for device in [&entered, &other] {
        assert_eq!(device.polled().await, refused("expired_token"));
    }
    let answer = enter(&browser, other.code()).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let unknown = "No application waits with this code. It may have been used already, or have ended: a code counts for \
                   ten minutes.";
    assert_eq!(answer.messages(), unknown);
    let late = [("answer", "approve"), ("password", PASSWORD)];
    let answer = entered.decide(&browser, &landing, &late).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.messages());
    assert_eq!(answer.texts("h1"), ["This code no longer counts"]);
    assert_eq!(browser.get(&landing).await.status, StatusCode::OK);
    assert_eq!(key_ids(&browser.get("/account/api-keys").await.body), Vec::<String>::new());
    app.clock.advance(600);
    app.services.use_cases.applications.as_ref().unwrap().sweep().await;
    assert_eq!(other.polled().await, refused("invalid_grant"), "in the end it is forgotten");
}

#[tokio::test]
async fn a_key_that_nobody_fetches_in_time_is_handed_to_nobody() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let [late, in_time] = [Device::ask(&app, "Late").await, Device::ask(&app, "In time").await];
    app.clock.advance(590);
    for device in [&late, &in_time] {
        device.approve(&browser).await;
    }
    app.clock.advance(59);
    in_time.token().await;
    app.clock.advance(1);
    assert_eq!(late.polled().await, refused("expired_token"));
    app.services.use_cases.applications.as_ref().unwrap().sweep().await;
    assert_eq!(late.polled().await, refused("expired_token"));
    let rows = html::rows(&browser.get(LIST).await.body, "tbody tr");
    let fetched: Vec<_> = rows.iter().map(|row| (row[0].as_str(), row[6].as_str())).collect();
    assert_eq!(fetched, [("In time", "2026-01-15 12:10:49"), ("Late", "not fetched")]);
}

#[tokio::test]
async fn an_application_that_asks_too_often_is_slowed_down() {
    let app = start().await;
    let device = Device::ask(&app, "Zapier").await;
    let mut seen = Vec::new();
    // The interval grows from 5 to 10 and to 15 seconds.
    for wait in [0, 4, 9, 15, 15, 14, 20] {
        app.clock.advance(wait);
        seen.push(device.polled().await.1);
    }
    let (pending, slow) = ("authorization_pending", "slow_down");
    assert_eq!(seen, [pending, slow, slow, pending, pending, slow, pending]);
    device.approve(&app.browser("demouser").await).await;
    device.token().await;
}

#[tokio::test]
async fn approving_takes_a_fresh_proof_and_a_code_where_that_is_on() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let (secret, _) = enrol(&browser).await;
    app.clock.advance(601);
    let device = Device::ask(&app, "Zapier").await;
    let landing = device.is_entered(&browser).await;
    let page = browser.get(&landing).await.page();
    assert!(page.contains("name=\"password\"") && page.contains("name=\"code\""), "{page}");
    let (right, wrong) = (code(&app, &secret), wrong_code(&app, &secret));
    for (more, says) in [
        (&[][..], "Enter your password first, so that nobody else can do this in your name."),
        (&[("password", "")][..], "Enter a password."),
        (&[("password", "wrong"), ("code", &right)][..], "This is not your password. Try again."),
        (
            &[("password", PASSWORD), ("code", &wrong)][..],
            "This code is wrong or was used already. Wait for the next one, then try again.",
        ),
    ] {
        let fields: Vec<_> = [("answer", "approve")].into_iter().chain(more.iter().copied()).collect();
        let answer = device.decide(&browser, &landing, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{more:?}");
        assert_eq!(answer.texts(".user-code output"), [device.code()], "the page comes back");
        assert_eq!(answer.messages(), says);
    }
    assert_eq!(device.polled().await, refused("authorization_pending"));
    let proof = [("answer", "approve"), ("password", PASSWORD), ("code", right.as_str())];
    let answer = device.decide(&browser, &landing, &proof).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.messages());
    app.clock.advance(5);
    device.token().await;
}

#[tokio::test]
async fn switched_off_nothing_of_it_is_there() {
    let app = TestApp::start_with(&[("applications", "false")]).await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    for (path, fields) in [
        ("/oauth/device_authorization", &[("client_name", "Zapier")][..]),
        ("/oauth/token", &[("grant_type", DEVICE_CODE), ("device_code", "x")][..]),
    ] {
        assert_eq!(send(&app, THERE, path, fields).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in [LIST, APPROVE] {
        assert_eq!(browser.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(enter(&browser, "BCDF-GHJK").await.status, StatusCode::NOT_FOUND);
    let decision = [("user_code", "BCDF-GHJK"), ("answer", "deny")];
    let decided = browser.post(&format!("{APPROVE}?do=decide_application"), &decision).await;
    assert_eq!(decided.status, StatusCode::NOT_FOUND);
    let menu = html::attributes(&browser.get("/").await.body, "#account-menu a", "href");
    assert_eq!(
        menu,
        ["/account/api-keys", "/account/sub-users", "/account/profile", "/account/notifications"]
    );
    let on = start().await;
    let menu = html::attributes(&on.browser("demouser").await.get("/").await.body, "#account-menu a", "href");
    assert_eq!(menu[2], LIST);
    assert_eq!(error(&send(&on, THERE, "/oauth/token", &[]).await).0, 400);
}
