//! A key is given another token; the one before passes for a while, and is known for good.

use crate::app::TestApp;
use crate::browser::{Browser, shown_token};
use contract::Cause;
use http::StatusCode;
use serde_json::json;

const HOME: &str = "203.0.113.7";
const OTHER: &str = "203.0.113.8";
const HOUR: i64 = 3600;

/// Rotates a key, and reads the new token off the page that the answer leads to.
async fn rotate(browser: &Browser<'_>, id: &str, overlap: &str) -> String {
    let answer = browser.act(id, "rotate_key", &[("overlap_seconds", overlap)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    assert!(answer.header("location").starts_with(&format!("/account/api-keys/{id}?made=")), "{answer:?}");
    shown_token(&browser.get(answer.header("location")).await.page()).expect("the new token is shown")
}

#[tokio::test]
async fn both_tokens_pass_until_the_overlap_ends_and_count_as_one_key() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "default").await;
    assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    let new = rotate(&browser, &key.id, "3600").await;
    assert_ne!(new, key.token);
    for token in [&key.token, &new] {
        assert_eq!(gateway.code(token, OTHER).await, "IP_NOT_ALLOWED", "they share the lock");
        assert_eq!(gateway.code(token, HOME).await, "VALID");
    }
    app.clock.advance(HOUR - 1);
    assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    app.clock.advance(1);
    for from in [HOME, OTHER] {
        assert_eq!(gateway.code(&key.token, from).await, "ROTATED");
    }
    assert_eq!(app.authz(&key.token, HOME).await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(gateway.code(&new, HOME).await, "VALID");
    let row = browser.row(&key.id).await;
    assert_eq!((row[5].as_str(), row[6].as_str()), ("5", HOME), "the sum of both");
    assert_eq!(app.told("demouser", Cause::DeadKeyInUse).await.len(), 1, "the old token is still sent");
    assert_eq!(app.told("demouser", Cause::KeyRotated).await.len(), 1);
    drop((browser, gateway));
    let app = app.restart().await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw2").await);
    assert_eq!(gateway.code(&key.token, HOME).await, "ROTATED", "after a restart too");
    assert_eq!(gateway.code(&new, HOME).await, "VALID");
    browser.delete(&key.id).await;
    for token in [&key.token, &new] {
        assert_eq!(gateway.code(token, HOME).await, "DELETED");
    }
}

#[tokio::test]
async fn without_an_overlap_the_old_token_is_refused_at_once() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "cloud").await;
    let mut tokens = vec![key.token.clone()];
    for _ in 0..3 {
        tokens.push(rotate(&browser, &key.id, "0").await);
    }
    let present = tokens.pop().unwrap();
    for token in &tokens {
        assert_eq!(gateway.code(token, HOME).await, "ROTATED");
    }
    assert_eq!(gateway.code(&present, HOME).await, "VALID");
    let page = browser.get(&format!("/account/api-keys/{}", key.id)).await.page();
    assert!(page.contains("?do=rotate_key") && !page.contains("?do=end_old_token"), "{page}");
}

#[tokio::test]
async fn a_second_rotation_waits_until_the_old_token_has_ended() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "cloud").await;
    let new = rotate(&browser, &key.id, "86400").await;
    let again = browser.act(&key.id, "rotate_key", &[("overlap_seconds", "0")]).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.page().contains("cannot be rotated again yet"), "{}", again.body);
    assert_eq!(gateway.code(&new, HOME).await, "VALID", "nothing was changed");
    assert_eq!(browser.act(&key.id, "end_old_token", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(gateway.code(&key.token, HOME).await, "ROTATED");
    assert_eq!(browser.act(&key.id, "end_old_token", &[]).await.status, StatusCode::NOT_FOUND, "once");
    let third = rotate(&browser, &key.id, "3600").await;
    for (token, code) in [(&key.token, "ROTATED"), (&new, "VALID"), (&third, "VALID")] {
        assert_eq!(gateway.code(token, HOME).await, code);
    }
    let lines = app.services.store.list_audit(50).await.unwrap();
    let count = |action| lines.iter().filter(|line| line.action == action).count();
    assert_eq!((count("key_rotated"), count("old_token_ended")), (2, 1));
}

#[tokio::test]
async fn the_page_tells_what_still_uses_the_old_token() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "cloud").await;
    assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    let new = rotate(&browser, &key.id, "604800").await;
    for (token, from) in [(&key.token, OTHER), (&key.token, OTHER), (&new, HOME)] {
        assert_eq!(gateway.code(token, from).await, "VALID");
    }
    // Each time a new login: sessions do not last for a day.
    let page = async || {
        let browser = app.browser("demouser").await;
        browser.get(&format!("/account/api-keys/{}", key.id)).await.page()
    };
    let (masked_end, shown) = (&key.token[key.token.len() - 4..], page().await);
    for text in ["2 of 4", "0 of 0", OTHER, masked_end, "?do=end_old_token"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(!shown.contains("safe to remove") && !shown.contains("?do=rotate_key"), "{shown}");
    app.clock.advance(24 * HOUR - 1);
    let shown = page().await;
    assert!(shown.contains("2 of 4") && !shown.contains("safe to remove"), "yesterday: {shown}");
    app.clock.advance(1);
    assert!(page().await.contains("safe to remove"));
    assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    let shown = page().await;
    assert!(shown.contains("1 of 1") && !shown.contains("safe to remove"), "used again: {shown}");
}

#[tokio::test]
async fn an_smpp_secret_is_rotated_alike() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("BULK", "smpp").await;
    let code = async |secret: &str| {
        let asked = json!({"key": secret, "client_ip": HOME, "username": "demouser"});
        gateway.verify(asked).await.json()["code"].as_str().unwrap().to_owned()
    };
    let new = rotate(&browser, &key.id, "3600").await;
    assert_eq!(
        (new.len(), code(&key.token).await.as_str(), code(&new).await.as_str()),
        (8, "VALID", "VALID")
    );
    app.clock.advance(HOUR);
    assert_eq!((code(&key.token).await.as_str(), code(&new).await.as_str()), ("ROTATED", "VALID"));
    let third = rotate(&browser, &key.id, "0").await;
    assert_eq!((code(&new).await.as_str(), code(&third).await.as_str()), ("ROTATED", "VALID"));
}

#[tokio::test]
async fn who_may_not_rotate_a_key_changes_nothing_of_it() {
    let app = TestApp::start().await;
    for name in ["demouser", "stranger"] {
        app.add_user(name).await;
    }
    let (owner, stranger) = (app.browser("demouser").await, app.browser("stranger").await);
    let gateway = app.gateway("gw").await;
    let key = owner.generate("WEB", "cloud").await;
    let zero = [("overlap_seconds", "0")];
    assert_eq!(stranger.act(&key.id, "rotate_key", &zero).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.act(&key.id, "end_old_token", &[]).await.status, StatusCode::NOT_FOUND);
    for bad in ["", "1", "-1", "soon", "4294967296"] {
        let answer = owner.act(&key.id, "rotate_key", &[("overlap_seconds", bad)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad:?}");
        assert!(answer.page().contains("Choose for how long"), "{bad:?}: {}", answer.body);
    }
    assert_eq!(gateway.code(&key.token, HOME).await, "VALID");
    owner.delete(&key.id).await;
    assert_eq!(owner.act(&key.id, "rotate_key", &zero).await.status, StatusCode::NOT_FOUND);
}
