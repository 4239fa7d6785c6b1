//! Who may not: nothing changes, and nobody learns whether the thing exists.

use crate::app::{Browser, PASSWORD, TestApp};
use axum::body::Body;
use http::{Method, StatusCode};
use insta::assert_snapshot;

/// Every way to act on a key: path behind its id, fields.
fn actions(id: &str) -> Vec<(String, Vec<(&'static str, String)>)> {
    let page = format!("/account/api-keys/{id}");
    let act = |verb: &str, more: Vec<(&'static str, String)>| {
        let mut fields = vec![("id", id.to_owned())];
        fields.extend(more);
        (format!("{page}?do={verb}"), fields)
    };
    vec![
        act("authorise_address", vec![("address", "203.0.113.9".to_owned())]),
        act("remove_address", vec![("address", "203.0.113.9".to_owned())]),
        act("set_lock_width", vec![("width", "net64".to_owned())]),
        act("release_lock", vec![]),
        act("reveal_key", vec![("password", PASSWORD.to_owned())]),
        (format!("{page}/delete"), vec![("id", id.to_owned())]),
    ]
}

/// Tries everything on a key that is not to be reached, and on one that does not exist: alike.
async fn is_out_of_reach(browser: &Browser<'_>, id: &str) {
    let nothing = "0198c0de-0000-7000-8000-000000000000";
    let blank = |text: String, id: &str| text.replace(id, "ID");
    for (path, missing) in [("", ""), ("/delete", "/delete")] {
        let real = browser.get(&format!("/account/api-keys/{id}{path}")).await;
        let none = browser.get(&format!("/account/api-keys/{nothing}{missing}")).await;
        assert_eq!((real.status, none.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        assert_eq!(blank(real.page(), id), blank(none.page(), nothing));
    }
    for ((path, fields), (no_path, no_fields)) in actions(id).into_iter().zip(actions(nothing)) {
        let borrow = |fields: &[(&'static str, String)]| -> Vec<(&'static str, String)> { fields.to_vec() };
        let (fields, no_fields) = (borrow(&fields), borrow(&no_fields));
        let real =
            browser.post(&path, &fields.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>()).await;
        let none = browser
            .post(&no_path, &no_fields.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>())
            .await;
        assert_eq!((real.status, none.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND), "{path}");
        assert_eq!(blank(real.page(), id), blank(none.page(), nothing), "{path}");
        let verb = path.split("do=").nth(1).unwrap_or("delete_key");
        let called = |id: &str| format!("/portal/{verb}?{id}").split('?').next().unwrap().to_owned();
        let real = browser
            .post(&called(id), &fields.iter().map(|(n, v)| (*n, v.as_str())).collect::<Vec<_>>())
            .await;
        assert_eq!((real.status, real.body.as_str()), (StatusCode::NOT_FOUND, "\"NotFound\""), "{verb}");
    }
}

#[tokio::test]
async fn the_key_of_another_account_is_out_of_reach() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    app.add_user("stranger").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    is_out_of_reach(&app.browser("stranger").await, &key.id).await;
    let row = app.browser("demouser").await.row(&key.id).await;
    assert_eq!(row[5..7], ["1".to_owned(), "203.0.113.7".to_owned()]);
    assert_eq!(app.authz(&key.token, "203.0.113.9").await.code(), "IP_NOT_ALLOWED");
}

#[tokio::test]
async fn a_sub_user_sees_its_own_keys_and_the_owner_sees_all() {
    let app = TestApp::start().await;
    app.add_user("owner").await;
    app.add_sub_user("sub", Some("owner")).await;
    app.add_sub_user("sub2", Some("owner")).await;
    let (owner, sub) = (app.browser("owner").await, app.browser("sub").await);
    let (of_owner, of_sub) = (owner.generate("O", "default").await, sub.generate("S", "default").await);
    is_out_of_reach(&sub, &of_owner.id).await;
    is_out_of_reach(&app.browser("sub2").await, &of_sub.id).await;
    assert_eq!(owner.row(&of_sub.id).await[0], "sub");
    assert_eq!(owner.row(&of_owner.id).await[0], "owner");
    let list = sub.get("/account/api-keys").await.page();
    assert!(list.contains(&of_sub.id) && !list.contains(&of_owner.id));
    assert_eq!(
        owner.act(&of_sub.id, "authorise_address", &[("address", "203.0.113.9")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(owner.delete(&of_sub.id).await.status, StatusCode::SEE_OTHER);
    assert_eq!(app.authz(&of_sub.token, "203.0.113.7").await.code(), "DELETED");
}

#[tokio::test]
async fn a_get_changes_nothing() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    for (path, fields) in actions(&key.id) {
        let query = serde_urlencoded::to_string(&fields).unwrap();
        let separator = if path.contains('?') { '&' } else { '?' };
        // The page itself may be shown; the change must not happen.
        assert_eq!(browser.get(&format!("{path}{separator}{query}")).await.status, StatusCode::OK, "{path}");
        let verb = path.split("do=").nth(1).unwrap_or("delete_key");
        let answer = browser.get(&format!("/portal/{verb}?{query}")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{verb}");
    }
    for path in ["/logout", "/language"] {
        assert_eq!(browser.get(path).await.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    for name in ["log_in", "log_out", "generate_key", "create_first_account"] {
        let answer = browser.get(&format!("/portal/{name}?description=x&key_type=default")).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{name}");
    }
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    assert_snapshot!(browser.record_line().await, @"Page 1 of 1, showing 1 records out of 1 total, starting on record 1, ending on 1");
}

#[tokio::test]
async fn posts_of_other_sites_are_refused() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let form = [("content-type", "application/x-www-form-urlencoded")];
    for headers in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "https://evil.example")],
        vec![("origin", "null")],
        vec![("sec-fetch-site", "cross-site"), ("origin", "http://127.0.0.1:3000")],
        vec![],
    ] {
        for path in [format!("/account/api-keys/{}/delete", key.id), "/portal/delete_key".to_owned()] {
            let all: Vec<_> = form.iter().chain(&headers).copied().collect();
            let body = Body::from(format!("id={}", key.id));
            let answer = browser.request(Method::POST, &path, &all, body).await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{headers:?}");
        }
    }
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    let own = [form[0], ("origin", "http://127.0.0.1:3000")];
    let path = format!("/account/api-keys/{}/delete", key.id);
    let answer = browser.request(Method::POST, &path, &own, Body::from(format!("id={}", key.id))).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn who_is_not_logged_in_is_sent_to_the_login() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let stranger = app.stranger();
    for path in [
        "/",
        "/account/api-keys",
        "/account/api-keys/new",
        "/account/api-keys/x",
        "/account/api-keys/x/delete",
    ] {
        let answer = stranger.get(path).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}");
        assert!(answer.header("location").starts_with("/login?next=%2F"), "{}", answer.header("location"));
    }
    let answer =
        stranger.post("/account/api-keys/new", &[("description", "x"), ("key_type", "default")]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    let answer =
        stranger.post("/portal/generate_key", &[("description", "x"), ("key_type", "default")]).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::UNAUTHORIZED, "\"SignedOut\""));
}

#[tokio::test]
async fn questions_of_programs_are_refused_to_other_sites() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let ask = async |method: Method, lines: &[(&'static str, &str)]| {
        browser.request(method, "/portal/list_keys?page=1", lines, Body::empty()).await.status
    };
    for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
        for lines in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
        ] {
            assert_eq!(ask(method.clone(), &[lines]).await, StatusCode::FORBIDDEN, "{method} {lines:?}");
        }
    }
    for lines in [("sec-fetch-site", "same-origin"), ("origin", "http://127.0.0.1:3000"), ("accept", "*/*")] {
        assert_eq!(ask(Method::GET, &[lines]).await, StatusCode::OK, "{lines:?}");
    }
}
