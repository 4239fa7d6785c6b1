//! The audit log: who, what, when, from where; never a secret, in it or in any file.

use crate::app::{HOME, PASSWORD, TestApp};
use domain::time::Micros;

#[tokio::test]
async fn what_happens_is_written_down() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    app.stranger().post("/login", &[("username", "demouser"), ("password", "wrong one")]).await;
    app.stranger().post("/login", &[("username", PASSWORD), ("password", "")]).await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    browser.act(&key.id, "reveal_key", &[]).await;
    browser.act(&key.id, "authorise_address", &[("address", "203.0.113.0/24")]).await;
    browser.act(&key.id, "remove_address", &[("address", "203.0.113.0/24")]).await;
    browser.act(&key.id, "set_lock_width", &[("width", "net64")]).await;
    app.authz(&key.token, "203.0.113.7").await;
    browser.act(&key.id, "release_lock", &[]).await;
    browser.delete(&key.id).await;
    browser.post("/logout", &[]).await;
    let mut rows = app.services.store.list_audit(100).await.unwrap();
    rows.reverse();
    let lines: Vec<_> =
        rows.iter().map(|r| (r.action.as_str(), r.actor.as_str(), r.detail.as_str())).collect();
    assert_eq!(
        lines,
        [
            ("user_added", "operator", "demouser"),
            ("login_failed", "demouser", "password login"),
            ("login_failed", "unknown", "password login"),
            ("login", "demouser", ""),
            ("key_generated", "demouser", "default"),
            ("key_shown", "demouser", ""),
            ("address_added", "demouser", "203.0.113.0/24"),
            ("address_removed", "demouser", "203.0.113.0/24"),
            ("lock_width_set", "demouser", "/64"),
            ("lock_released", "demouser", "203.0.113.7"),
            ("key_deleted", "demouser", ""),
            ("logout", "demouser", ""),
        ]
    );
    let of_key = rows.iter().filter(|r| r.key.is_some_and(|k| k.to_string() == key.id)).count();
    assert_eq!(of_key, 7);
    assert!(rows.iter().all(|r| r.at == Micros(crate::app::START * Micros::SECOND)));
    assert!(rows[1..].iter().all(|r| r.address.is_some_and(|a| a.to_string() == HOME)));
}

#[tokio::test]
async fn no_file_holds_a_secret() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let (key, secret) = (browser.generate("WEB", "default").await, browser.generate("bind", "smpp").await);
    let gateway = app.gateway("gw").await;
    gateway.code(&key.token, "203.0.113.7").await;
    let secrets = [key.token.clone(), secret.token.clone(), gateway.token.clone(), PASSWORD.to_owned()];
    app.stop().await;
    for entry in std::fs::read_dir(app.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for secret in &secrets {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}

#[tokio::test]
async fn a_denial_that_fails_leaves_no_line() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let before = app.services.store.list_audit(100).await.unwrap().len();
    browser.act(&key.id, "authorise_address", &[("address", "junk")]).await;
    browser.act(&key.id, "remove_address", &[("address", "203.0.113.1")]).await;
    browser.post("/account/api-keys/new", &[("description", ""), ("key_type", "default")]).await;
    assert_eq!(app.services.store.list_audit(100).await.unwrap().len(), before);
}
