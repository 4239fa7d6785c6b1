//! The cookie of an installation: not another's, and found beside a stale one.

use crate::app::{PASSWORD, TestApp};
use http::StatusCode;

#[tokio::test]
async fn two_installations_on_one_host_share_no_cookie() {
    let (one, two) = (
        TestApp::start_with(&[("listen", "127.0.0.1:4412")]).await,
        TestApp::start_with(&[("listen", "127.0.0.1:4414")]).await,
    );
    let mut cookies = Vec::new();
    for app in [&one, &two] {
        app.add_user("demo").await;
        let browser = app.browser("demo").await;
        cookies.push(browser.cookie.lock().clone().unwrap());
    }
    assert_ne!(cookies[0].split('=').next(), cookies[1].split('=').next(), "{cookies:?}");
    // The browser sends both to both.
    for app in [&one, &two] {
        let browser = app.stranger();
        *browser.cookie.lock() = Some(cookies.join("; "));
        let page = browser.get("/account/api-keys").await;
        assert_eq!(page.status, StatusCode::OK);
        let language = browser.post("/language", &[("language", "ro"), ("next", "/")]).await;
        let port = if std::ptr::eq(app, &one) { 4412 } else { 4414 };
        assert!(language.header("set-cookie").starts_with(&format!("latchkey_language_{port}=ro;")));
    }
}

#[tokio::test]
async fn a_stale_cookie_beside_a_good_one_does_not_win() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let good = app.browser("demo").await.cookie.lock().clone().unwrap();
    let ended = app.browser("demo").await;
    let stale = ended.cookie.lock().clone().unwrap();
    ended.post("/logout", &[]).await;
    let status = async |cookie: String| {
        let browser = app.stranger();
        *browser.cookie.lock() = Some(cookie);
        browser.get("/account/api-keys").await.status
    };
    let (open, closed) = (StatusCode::OK, StatusCode::SEE_OTHER);
    assert_eq!(status(format!("{stale}; {good}")).await, open);
    assert_eq!(status(format!("{good}; {stale}")).await, open);
    assert_eq!(status(format!("latchkey_3000=old; latchkey_3000=; {good}")).await, open);
    assert_eq!(status(stale.clone()).await, closed);
    let many = vec![stale; 100].join("; ");
    assert_eq!(status(format!("{many}; {good}")).await, closed, "only so many are tried");
    let other = good.replace("latchkey_3000", "latchkey");
    assert_eq!(status(other).await, closed, "another name is another installation's");
}

#[tokio::test]
async fn over_https_every_cookie_is_bound_to_its_host() {
    for (url, port) in [("https://keys.example.com", ""), ("https://keys.example.com:8443", "_8443")] {
        let app = TestApp::start_with(&[("public_url", url), ("hsts_include_subdomains", "true")]).await;
        app.add_user("demo").await;
        let fields = [("username", "demo"), ("password", PASSWORD)];
        let login = app.stranger().post("/login", &fields).await;
        let cookie = login.header("set-cookie");
        assert!(
            cookie.starts_with(&format!("__Host-latchkey{port}=")) && cookie.ends_with("; Secure"),
            "{cookie}"
        );
        let language = app.stranger().post("/language", &[("language", "ro"), ("next", "/")]).await;
        let cookie = language.header("set-cookie");
        assert!(cookie.starts_with(&format!("__Host-latchkey_language{port}=ro; Path=/;")), "{cookie}");
        assert!(cookie.ends_with("; Secure") && !cookie.contains("Domain"), "{cookie}");
        assert_eq!(login.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
    }
}
