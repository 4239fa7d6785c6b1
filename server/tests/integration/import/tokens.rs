//! Tokens that another system made, from the file to the verdict.

use crate::app::TestApp;
use base64::Engine;
use contract::KeyType;
use domain::import::ImportLine;
use domain::token::TokenFormat;
use serde_json::json;
use service::import::{ImportOptions, ImportReport};
use sha2::{Digest, Sha256};

const CLIENT: &str = "203.0.113.7";

/// Imports one line.
async fn import(app: &TestApp, line: ImportLine<'_>) -> ImportReport {
    let options = ImportOptions { create_users: true, dry_run: false };
    let mut import = app.services.importer.begin(options).unwrap();
    import.add(2, &ImportLine { username: "demouser", description: "x", ..line }).unwrap();
    import.finish().await.unwrap()
}

async fn import_token(app: &TestApp, key_type: &str, token: &str) -> ImportReport {
    import(app, ImportLine { key_type, token, ..ImportLine::default() }).await
}

fn own(key_type: KeyType) -> String {
    TokenFormat::new("lk").unwrap().generate(key_type).unwrap().expose().to_owned()
}

#[tokio::test]
async fn tokens_of_any_shape_pass_at_every_door() {
    let app = TestApp::start().await;
    let gateway = app.gateway("gw").await;
    let longest = "x".repeat(512);
    let tokens = [
        "-_-_-_-_",
        "abcd1234",
        "sk_live_51Hb/+=",
        "ocis3wpcy4s1ruzpnw5fedmu1fynalhxdh93pe20a4k3ej",
        "{\"a\":\"b\"}",
        &longest,
    ];
    assert_eq!(gateway.code(tokens[3], CLIENT).await, "MALFORMED", "as long as nothing was imported");
    for token in tokens {
        assert_eq!(import_token(&app, "cloud", token).await.keys, 1, "{token}");
        assert_eq!(gateway.code(token, CLIENT).await, "VALID", "{token}");
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("demouser:{token}"));
        for (name, value) in [
            ("x-api-key", token.to_owned()),
            ("authorization", format!("Bearer {token}")),
            ("authorization", format!("Basic {basic}")),
        ] {
            let headers = [(name, value.as_str()), ("x-forwarded-for", CLIENT)];
            let answer = app.authz_with("/authz/auth-request", "127.0.0.1", &headers).await;
            assert_eq!(answer.status, 200, "{value}: {}", answer.code());
            assert_eq!(answer.header("x-latchkey-username"), "demouser");
        }
        let other = json!({"key": token, "client_ip": CLIENT, "username": "other"});
        assert_eq!(gateway.verify(other).await.json()["code"], "NOT_FOUND", "{token}");
    }
    assert_eq!(gateway.code("sk_live_51Hb/+", CLIENT).await, "NOT_FOUND");
    let app = app.restart().await;
    let gateway = app.gateway("gw2").await;
    assert_eq!(gateway.code(tokens[0], CLIENT).await, "VALID", "after a restart");
}

#[tokio::test]
async fn the_shape_is_checked_at_the_door_as_in_the_file() {
    let app = TestApp::start().await;
    import_token(&app, "cloud", "any-token-opens-the-door").await;
    let gateway = app.gateway("gw").await;
    for (token, reason) in [
        ("1234567".to_owned(), "token has 7 characters; a token has 8 to 512"),
        ("x".repeat(513), "token has 513 characters; a token has 8 to 512"),
        ("two words".to_owned(), "token holds a space"),
        ("tab\tulator".to_owned(), "token holds a space, a control character"),
        ("zero\u{200b}width".to_owned(), "letter beyond ASCII"),
        ("parolă-veche".to_owned(), "letter beyond ASCII"),
    ] {
        let report = import_token(&app, "cloud", &token).await;
        assert_eq!((report.refused, report.keys), (1, 0), "{token}");
        assert!(report.reasons[0].1.contains(reason), "{:?}", report.reasons);
        assert_eq!(gateway.code(&token, CLIENT).await, "MALFORMED", "{token}");
    }
}

#[tokio::test]
async fn the_checksum_of_our_own_tokens_stays_checked() {
    let app = TestApp::start().await;
    import_token(&app, "cloud", "any-token-opens-the-door").await;
    let gateway = app.gateway("gw").await;
    let mut wrong = own(KeyType::Default);
    let last = if wrong.ends_with('0') { '1' } else { '0' };
    wrong.pop();
    wrong.push(last);
    let report = import_token(&app, "default", &wrong).await;
    let reason = "token has the form of this installation's own tokens, and its checksum is wrong";
    assert_eq!(report.reasons, [(2, reason.to_owned())]);
    assert_eq!(gateway.code(&wrong, CLIENT).await, "MALFORMED");
    assert_eq!(app.authz(&wrong, CLIENT).await.code(), "MALFORMED");
    assert_eq!(gateway.code(&own(KeyType::Default), CLIENT).await, "NOT_FOUND");
    let right = own(KeyType::Cloud);
    assert_eq!(import_token(&app, "cloud", &right).await.keys, 1, "of another Latchkey");
    assert_eq!(gateway.code(&right, CLIENT).await, "VALID");
}

#[tokio::test]
async fn a_token_of_which_only_a_hash_is_known_passes() {
    let app = TestApp::start().await;
    let gateway = app.gateway("gw").await;
    let sha256 = async |token: &str| {
        let digest = hex::encode_upper(Sha256::digest(token));
        import(&app, ImportLine { token_sha256: &digest, ..ImportLine::default() }).await
    };
    let eight = "wxyz5678";
    for token in ["legacy-token-by-sha-256", &own(KeyType::Cloud), eight] {
        assert_eq!(sha256(token).await.keys, 1);
        assert_eq!(gateway.code(token, CLIENT).await, "VALID", "{token}");
        assert_eq!(app.authz(token, CLIENT).await.status, 200);
        // The same token, known by itself now.
        let again = import_token(&app, "default", token).await;
        assert_eq!((again.known, again.keys), (1, 0), "{token}");
    }
    let pepper = app.services.importer.pepper.clone();
    for token in ["legacy-token-by-hmac", &own(KeyType::App)] {
        let hash = hex::encode(pepper.hash(token).0);
        import(&app, ImportLine { token_hmac: &hash, ..ImportLine::default() }).await;
        assert_eq!(gateway.code(token, CLIENT).await, "VALID", "{token}");
        assert_eq!(import_token(&app, "default", token).await.known, 1, "{token}");
    }
    assert_eq!(gateway.code(&own(KeyType::Cloud), CLIENT).await, "NOT_FOUND");
}

#[tokio::test]
async fn an_smpp_secret_counts_with_its_username_alone() {
    let app = TestApp::start().await;
    let gateway = app.gateway("gw").await;
    for secret in ["abcd1234", "p@ss#w0r"] {
        assert_eq!(import_token(&app, "smpp", secret).await.keys, 1, "{secret}");
        let ask = |name| json!({"key": secret, "client_ip": CLIENT, "username": name});
        assert_eq!(gateway.verify(ask("DemoUser")).await.json()["code"], "VALID", "{secret}");
        assert_eq!(gateway.verify(ask("other")).await.json()["code"], "NOT_FOUND", "{secret}");
        assert_eq!(gateway.code(secret, CLIENT).await, "NOT_FOUND", "{secret}");
    }
    let report = import_token(&app, "smpp", "nine-char").await;
    assert!(report.reasons[0].1.starts_with("token of an SMPP key needs 8 visible characters"), "{report:?}");
}

#[tokio::test]
async fn one_of_our_tokens_in_quotation_marks_is_still_hinted_at() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let key = app.browser("demouser").await.generate("WEB", "default").await;
    let ask = async || {
        let value = format!("Bearer \"{}\"", key.token);
        let headers = [("authorization", value.as_str()), ("x-forwarded-for", CLIENT)];
        app.authz_with("/authz/forward-auth", "127.0.0.1", &headers).await
    };
    let before = ask().await;
    assert_eq!(before.code(), "MALFORMED");
    import_token(&app, "cloud", "any-token-opens-the-door").await;
    let after = ask().await;
    assert_eq!(after.code(), "NOT_FOUND");
    assert!(after.body.contains("other signs or words around it"), "{}", after.body);
    assert_eq!(before.json()["detail"], after.json()["detail"]);
}

#[tokio::test]
async fn an_imported_token_can_be_shown_again_unless_only_its_hash_is_known() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let token = "legacy-token-that-is-long-enough";
    import_token(&app, "cloud", token).await;
    import(&app, ImportLine { token_sha256: &"ab".repeat(32), ..ImportLine::default() }).await;
    let browser = app.browser("demouser").await;
    let ids = crate::app::key_ids(&browser.get("/account/api-keys").await.page());
    let shown = browser.act(&ids[1], "reveal_key", &[]).await;
    let page = browser.get(shown.header("location")).await.page();
    assert!(page.contains(token), "{page}");
    assert_eq!(browser.row(&ids[1]).await[3], "legacy-t…ough");
    assert_eq!(browser.row(&ids[0]).await[3], "…");
    assert_eq!(browser.act(&ids[0], "reveal_key", &[]).await.status, 422);
}

#[tokio::test]
async fn no_file_holds_an_imported_token() {
    let app = TestApp::start().await;
    let token = "legacy-token-that-is-long-enough";
    import_token(&app, "cloud", token).await;
    let digest = Sha256::digest("known-by-its-hash");
    import(&app, ImportLine { token_sha256: &hex::encode(digest), ..ImportLine::default() }).await;
    app.stop().await;
    for entry in std::fs::read_dir(app.dir.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        for secret in [token.as_bytes(), &digest] {
            let found = bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}
