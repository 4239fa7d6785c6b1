//! The customer's pages without JavaScript, word for word.

use crate::app::{Browser, PASSWORD, TestApp, key_ids};
use crate::html;
use crate::patience::wait_beside;
use http::StatusCode;
use insta::assert_snapshot;

#[tokio::test]
async fn the_first_account_is_made_by_the_link_once() {
    let app = TestApp::start().await;
    let secret = app.services.setup.secret().expect("an empty database opens the link");
    let browser = app.stranger();
    let page = browser.get(&format!("/setup?token={secret}")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(page.texts("main label"), ["Username", "Password"]);
    assert_eq!(page.texts("main button"), ["Create account"]);
    assert_eq!(browser.get("/setup?token=wrong").await.texts("main button"), [""; 0]);
    let path = format!("/setup?token={secret}");
    let short = [("token", secret.as_str()), ("username", "demouser"), ("password", "short")];
    assert_eq!(browser.post(&path, &short).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    let fields = [("token", secret.as_str()), ("username", "demouser"), ("password", PASSWORD)];
    let answer = browser.post(&path, &fields).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(browser.get("/").await.texts(".username"), ["demouser"], "they are logged in");
    let again = [("token", secret.as_str()), ("username", "other"), ("password", PASSWORD)];
    let answer = app.stranger().post(&path, &again).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.stranger().get(&path).await.texts("main button"), [""; 0]);
    assert!(app.restart().await.services.setup.secret().is_none());
}

#[tokio::test]
async fn without_an_account_every_page_leads_to_how_to_make_one() {
    let app = TestApp::start().await;
    for path in ["/", "/account/api-keys", "/account/profile"] {
        let answer = app.stranger().get(path).await;
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/setup"), "{path}");
    }
    app.add_user("demouser").await;
    assert_eq!(app.stranger().get("/setup").await.header("location"), "/login");
    assert_eq!(app.stranger().get("/").await.header("location"), "/login?next=%2F");
}

#[tokio::test]
async fn an_account_by_the_operator_closes_the_link() {
    let app = TestApp::start().await;
    let secret = app.services.setup.secret().unwrap();
    app.add_user("demouser").await;
    let fields = [("token", secret.as_str()), ("username", "intruder"), ("password", PASSWORD)];
    let answer = app.stranger().post(&format!("/setup?token={secret}"), &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(app.services.operator.list_users().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_generated_key_is_shown_once_and_listed() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    assert!(key.token.starts_with("lkd_") && key.token.len() == 46);
    let page = browser.get("/account/api-keys").await;
    assert!(!page.body.contains(&key.token), "the plain list never holds the token");
    assert_snapshot!(page.texts(".record-line").concat(), @"Page 1 of 1, showing 1 records out of 1 total, starting on record 1, ending on 1");
    let masked = format!("{}…{}", &key.token[..8], &key.token[42..]);
    let row = browser.row(&key.id).await;
    assert_eq!(row[..7], ["", "WEB", "Default Key", &masked, "N/A", "0", ""].map(str::to_owned));
    assert_eq!(row[7], "Delete");
    assert_eq!(page.header("cache-control"), "no-store");
}

#[tokio::test]
async fn every_type_can_be_generated() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    for (key_type, prefix) in [("default", "lkd_"), ("cloud", "lkc_"), ("app", "lka_")] {
        assert!(browser.generate("x", key_type).await.token.starts_with(prefix));
    }
    let secret = browser.generate("bind", "smpp").await;
    assert_eq!(secret.token.len(), 8);
    assert!(!browser.get("/account/api-keys").await.body.contains(&secret.token), "a secret stays masked");
}

#[tokio::test]
async fn smpp_needs_a_username_that_fits() {
    let app = TestApp::start().await;
    app.add_user("sixteen.letters.").await;
    let browser = app.browser("sixteen.letters.").await;
    let fields = [("description", "bind"), ("key_type", "smpp")];
    let answer = browser.post("/account/api-keys/new", &fields).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_pager_reaches_every_record() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let mut all = Vec::new();
    for number in 0..45 {
        all.insert(0, browser.generate(&format!("key {number}"), "cloud").await.id);
    }
    let mut seen = Vec::new();
    let mut lines = Vec::new();
    for page in 1..=3 {
        let answer = browser.get(&format!("/account/api-keys?page={page}")).await;
        lines.extend(answer.texts(".record-line"));
        let answer = answer.page();
        assert_eq!(answer.contains(&format!("/account/api-keys?page={}", page + 1)), page < 3);
        seen.extend(key_ids(&answer));
    }
    assert_eq!(seen, all, "newest first, each once");
    assert_snapshot!(lines.join("\n"), @"
    Page 1 of 3, showing 20 records out of 45 total, starting on record 1, ending on 20
    Page 2 of 3, showing 20 records out of 45 total, starting on record 21, ending on 40
    Page 3 of 3, showing 5 records out of 45 total, starting on record 41, ending on 45
    ");
    for (odd, page) in [("0", 1), ("99999", 3), ("-1", 1), ("x", 1), ("", 1)] {
        let answer = browser.get(&format!("/account/api-keys?page={odd}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{odd}");
        assert_eq!(answer.texts(".record-line"), [lines[page - 1].as_str()], "{odd}");
    }
}

#[tokio::test]
async fn a_key_is_shown_again_with_a_fresh_proof() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    let page = format!("/account/api-keys/{}", key.id);
    assert!(!browser.get(&page).await.body.contains(&key.token));
    // The login was the proof.
    let revealed = browser.act(&key.id, "reveal_key", &[]).await;
    assert_eq!(revealed.status, StatusCode::SEE_OTHER);
    let shown = browser.get(revealed.header("location")).await;
    assert!(shown.page().contains(&key.token));
    assert_eq!(shown.header("cache-control"), "no-store");
    assert!(!browser.get(&page).await.body.contains(&key.token));
    app.clock.advance(601);
    let refused = browser.act(&key.id, "reveal_key", &[]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(html::pieces(&refused.body, "main input[type=password]").len(), 1);
    let refused = browser.act(&key.id, "reveal_key", &[("password", "wrong password")]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!refused.body.contains(&key.token) && !refused.body.contains("wrong password"));
    let proved = browser.act(&key.id, "reveal_key", &[("password", PASSWORD)]).await;
    assert_eq!(proved.status, StatusCode::SEE_OTHER);
    assert!(browser.get(proved.header("location")).await.page().contains(&key.token));
    assert_eq!(browser.act(&key.id, "reveal_key", &[]).await.status, StatusCode::SEE_OTHER, "proved again");
}

#[tokio::test]
async fn a_service_that_never_reveals_keeps_no_copy() {
    let app = TestApp::start_with(&[("reveal", "never")]).await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    let key = browser.generate("WEB", "default").await;
    assert_eq!(browser.act(&key.id, "reveal_key", &[]).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(!browser.get(&format!("/account/api-keys/{}", key.id)).await.body.contains("do=reveal_key"));
}

#[tokio::test]
async fn the_dashboard_counts() {
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let browser = app.browser("demouser").await;
    assert_eq!(browser.get("/").await.texts("h1"), ["Dashboard"]);
    let key = browser.generate("WEB", "default").await;
    for _ in 0..3 {
        assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    }
    for _ in 0..2 {
        assert_eq!(app.authz(&key.token, "203.0.113.8").await.code(), "IP_NOT_ALLOWED");
    }
    let figures = async |browser: &Browser<'_>, range: &str| {
        let page = browser.get(&format!("/?range={range}")).await;
        [page.texts(".figures .figure")[..3].join(" "), page.texts(".figures .note")[0].clone()].join(", ")
    };
    // Refusals are counted in memory first.
    let counted = async || browser.get("/").await.texts(".figures .figure")[1] == "2";
    wait_beside("both refusals", counted).await;
    assert_eq!(figures(&browser, "7d").await, "3 2 1, 3 today");
    app.clock.advance(8 * 24 * 3600);
    assert_eq!(app.stranger().get("/portal/dashboard").await.status, StatusCode::UNAUTHORIZED);
    let browser = app.browser("demouser").await;
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.status, StatusCode::OK);
    assert_eq!(figures(&browser, "7d").await, "1 0 1, 1 today");
    assert_eq!(figures(&browser, "30d").await, "4 2 1, 1 today");
    let app = app.restart().await;
    let browser = app.browser("demouser").await;
    assert_eq!(figures(&browser, "30d").await, "4 2 1, 1 today");
    assert_eq!(browser.get("/").await.texts(".busiest tbody a"), ["WEB"], "the busiest key is named");
}

#[tokio::test]
async fn the_language_is_what_the_browser_asks_for() {
    let app = TestApp::start().await;
    let language = async |accepted: &str| {
        html::attributes(&app.stranger().get_in("/setup", accepted).await.body, "html", "lang").remove(0)
    };
    assert_eq!(language("en-GB,en;q=0.9").await, "en");
    assert_eq!(language("ro-RO,ro;q=0.9,en;q=0.5").await, "ro");
    assert_eq!(language("de,ro;q=0.2,en;q=0.5").await, "en");
    let answer = app.stranger().post("/language", &[("language", "ro"), ("next", "//evil.example")]).await;
    assert_eq!(answer.header("location"), "/");
    assert!(answer.header("set-cookie").starts_with("latchkey_language_3000=ro;"));
}
