//! What is refused: each time a negative status, and nothing is stored.

use super::{
    ELSEWHERE, FORM, ON, PROGRAMS, Program, WAYS, Way, assert_refused, bare, details, send, started, told,
};
use crate::app::TestApp;
use axum::body::Body;
use contract::Cause;
use http::{Method, Request, StatusCode};
use rstest::rstest;
use serde_json::json;

#[tokio::test]
async fn without_the_setting_there_is_nothing() {
    let app = TestApp::start().await;
    for way in WAYS {
        let answer = send(&app, PROGRAMS, way, &[("action", "ping")]).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{way:?}");
    }
}

#[tokio::test]
async fn other_methods_are_refused() {
    let app = started().await;
    let program = Program::of(&app, "demouser", "default").await;
    let pairs = program.pairs("token_add_ip", &[("ipaddr", "192.0.2.1")]);
    let uri = format!("/json?{}", serde_urlencoded::to_string(pairs).unwrap());
    for method in [Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
        let answer = app.send(PROGRAMS, bare(method.clone(), &uri)).await;
        assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, POST"));
    }
    program.is_unused("other methods").await;
}

#[rstest]
#[case("no_such_action", &[], -1, "unknown_action")]
#[case("Ping", &[], -1, "unknown_action")]
#[case("", &[], -2, "missing_parameter")]
#[case("token_add_ip", &[], -2, "missing_parameter")]
#[case("token_add_ip", &[("ipaddr", "")], -2, "missing_parameter")]
#[case("token_add_ip", &[("ipaddr", "localhost")], -9, "bad_address")]
#[case("token_add_ip", &[("ipaddr", "192.0.2.256")], -9, "bad_address")]
#[case("token_add_ip", &[("ipaddr", "192.0.2.1/24")], -9, "bad_address")]
#[case("token_add_ip", &[("ipaddr", "0.0.0.0/0")], -9, "bad_address")]
#[case("token_add_ip", &[("ipaddr", "fe80::1%eth0")], -9, "bad_address")]
#[case("token_add_ip", &[("ipaddr", "192.0.2.1"), ("ipaddr", "192.0.2.2")], -3, "bad_parameter")]
#[case("token_list_ips", &[("username", "other")], -3, "bad_parameter")]
#[case("execute_multiple", &[], -2, "missing_parameter")]
#[case("execute_multiple", &[("data", "{}")], -3, "bad_parameter")]
#[tokio::test]
async fn what_cannot_be_meant_uses_no_key(
    #[case] action: &str,
    #[case] more: &[(&str, &str)],
    #[case] status: i64,
    #[case] name: &str,
) {
    let app = started().await;
    let program = Program::of(&app, "demouser", "default").await;
    for way in WAYS {
        assert_refused(&program.ask(way, action, more).await, status, name);
    }
    program.is_unused(action).await;
    assert_eq!(program.listed().await, json!([]));
    assert!(app.told("demouser", Cause::AddressesChanged).await.is_empty());
}

#[tokio::test]
async fn a_wrong_username_reads_as_a_wrong_key() {
    let app = started().await;
    app.add_user("other").await;
    let program = Program::of(&app, "demouser", "default").await;
    let token = program.key.token.as_str();
    let smpp = Program::of(&app, "demouser", "smpp").await;
    let wrong = "lkd_0000000000000000000000000000000000000000000";
    let own = "demouser";
    let mut answers = Vec::new();
    for way in WAYS {
        for (username, password) in [
            ("other", token),
            ("nobody", token),
            ("no name!", token),
            (own, wrong),
            (own, "x"),
            (own, &smpp.key.token),
        ] {
            for more in [("action", "token_list_ips"), ("action", "token_add_ip")] {
                let pairs = [more, ("username", username), ("password", password), ("ipaddr", "192.0.2.1")];
                answers.push(told(&send(&app, PROGRAMS, way, &pairs).await));
            }
        }
    }
    assert_refused(&answers[0], -4, "wrong_credentials");
    // Who guesses for so long has to wait.
    let waits = answers.iter().position(|answer| answer["status"] == -8).unwrap_or(answers.len());
    assert!(waits >= 10, "{answers:#?}");
    assert!(answers[..waits].iter().all(|answer| *answer == answers[0]), "{answers:#?}");
    for program in [&program, &smpp] {
        program.is_unused("wrong credentials").await;
    }
    assert_eq!(program.listed().await, json!([]), "a known key passes, whoever guesses beside it");
}

#[tokio::test]
async fn without_username_or_password_nobody_is_let_in() {
    let app = started().await;
    let program = Program::of(&app, "demouser", "default").await;
    let pairs = program.pairs("token_list_ips", &[]);
    for left_out in ["username", "password"] {
        let some: Vec<_> = pairs.iter().copied().filter(|(name, _)| *name != left_out).collect();
        for way in [Way::Get, Way::PostForm] {
            let refused = told(&send(&app, PROGRAMS, way, &some).await);
            assert_refused(&refused, -2, "missing_parameter");
            assert_eq!(refused["message"], format!("The parameter {left_out} is missing."));
        }
    }
    // A session is no key.
    let browser = app.browser("demouser").await;
    let answer = browser.get("/json?action=token_list_ips&username=demouser").await;
    assert_refused(&answer.json(), -2, "missing_parameter");
    program.is_unused("left out").await;
}

#[tokio::test]
async fn keys_that_do_not_pass_are_told_why() {
    let app = started().await;
    let browser = app.browser("demouser").await;
    let ask = async |program: &Program<'_>| program.ask(Way::Get, "token_list_ips", &[]).await;
    let paused = Program::of(&app, "demouser", "default").await;
    browser.act(&paused.key.id, "pause_key", &[]).await;
    assert_refused(&ask(&paused).await, -6, "key_disabled");
    let deleted = Program::of(&app, "demouser", "default").await;
    browser.delete(&deleted.key.id).await;
    let told = ask(&deleted).await;
    assert_refused(&told, -4, "wrong_credentials");
    assert_eq!(told["message"], "This key was deleted.");
    let stranger = Program { username: "other", ..deleted };
    assert_eq!(ask(&stranger).await["message"], "Wrong username or password (an API key).");
    let locked = Program::of(&app, "demouser", "default").await;
    details(&locked.ask_from(ELSEWHERE, Way::Get, "token_list_ips", &[]).await);
    assert_refused(&ask(&locked).await, -5, "address_not_allowed");
    assert_eq!(locked.uses().await, ("1".to_owned(), ELSEWHERE.to_owned()));
    // A trusted proxy that names nobody.
    let unnamed = Program::of(&app, "demouser", "default").await;
    let told = unnamed.ask_from("127.0.0.1", Way::Get, "token_list_ips", &[]).await;
    assert_refused(&told, -5, "address_not_allowed");
    unnamed.is_unused("its address is unknown").await;
    app.services.operator.set_user_disabled("demouser", true).await.unwrap();
    assert_refused(&ask(&unnamed).await, -6, "key_disabled");
}

#[tokio::test]
async fn bodies_that_are_no_form_and_huge_ones_are_refused() {
    let app = started().await;
    let program = Program::of(&app, "demouser", "default").await;
    let uri = format!("/json?{}", serde_urlencoded::to_string(program.pairs("token_list_ips", &[])).unwrap());
    let post = async |content_type: &str, body: Vec<u8>| {
        let request = Request::post(&uri).header("content-type", content_type);
        told(&app.send(PROGRAMS, request.body(Body::from(body)).unwrap()).await)
    };
    for (content_type, body) in [
        ("application/json", &b"{\"ipaddr\": \"192.0.2.1\"}"[..]),
        ("text/plain", b"x=y"),
        ("multipart/form-data", b"x=y"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"),
        (FORM, &[b'x'; 64 * 1024 + 1]),
        (FORM, b"username=other"),
        (FORM, b"username=\xff"),
    ] {
        assert_refused(&post(content_type, body.to_vec()).await, -3, "bad_parameter");
    }
    program.is_unused("bad bodies").await;
    // Some libraries name JSON and send nothing.
    assert_eq!(details(&post("application/json", Vec::new()).await), json!([]));
    let long = "x".repeat(60_000);
    let pairs = program.pairs("token_add_ip", &[("ipaddr", &long)]);
    assert_refused(&told(&send(&app, PROGRAMS, Way::PostForm, &pairs).await), -9, "bad_address");
    let pairs = [("action", "token_list_ips"), ("username", "demouser"), ("password", long.as_str())];
    assert_refused(&told(&send(&app, PROGRAMS, Way::PostForm, &pairs).await), -4, "wrong_credentials");
    let latin = Request::get("/json?action=token_add_ip&username=demouser&password=x&ipaddr=%e3");
    let latin = app.send(PROGRAMS, latin.body(Body::empty()).unwrap()).await;
    assert_refused(&told(&latin), -3, "bad_parameter");
}

#[tokio::test]
async fn a_key_asks_as_often_as_it_may_and_no_more() {
    let app = TestApp::start_with(&[ON, ("api_requests_per_minute", "3")]).await;
    app.add_user("demouser").await;
    let program = Program::of(&app, "demouser", "default").await;
    for way in [Way::Get, Way::PostForm, Way::PostParts] {
        details(&program.ask(way, "token_list_ips", &[]).await);
    }
    let refused = program.ask(Way::Get, "token_add_ip", &[("ipaddr", "192.0.2.1")]).await;
    assert_refused(&refused, -8, "too_often");
    assert_eq!(refused["message"], "Too many requests: wait 60 seconds.");
    assert_eq!(program.uses().await, ("3".to_owned(), PROGRAMS.to_owned()), "a refused one is no use");
    app.clock.advance(60);
    assert_eq!(program.listed().await, json!([]));
    // Each of several commands is a request.
    let data = |count| serde_json::to_string(&vec![json!({"command": "ping"}); count]).unwrap();
    assert_refused(
        &program.ask(Way::PostBoth, "execute_multiple", &[("data", &data(3))]).await,
        -8,
        "too_often",
    );
    let answers = details(&program.ask(Way::PostBoth, "execute_multiple", &[("data", &data(2))]).await);
    assert_eq!(answers.as_array().unwrap().len(), 2);
    let never = program.ask(Way::PostBoth, "execute_multiple", &[("data", &data(4))]).await;
    assert_eq!(never["message"], "A key may ask for 3 commands in a minute; these are 4.");
}
