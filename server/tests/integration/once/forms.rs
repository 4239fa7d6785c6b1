//! Equal forms are one act.

use super::{LIST, NUMBER, app, hidden, landing};
use crate::app::{Answer, Browser, PASSWORD, TestApp, shown_link, shown_token};
use crate::html;
use crate::two_factor::{code, shown_codes};
use http::StatusCode;
use insta::assert_snapshot;

const PROFILE: &str = "/account/profile";
const SUB_USERS: &str = "/account/sub-users";
const NEW_PASSWORD: &str = "another horse battery";

async fn records(browser: &Browser<'_>) -> usize {
    let page = browser.get(LIST).await.page();
    page.split("showing ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}

/// Two equal posts at once; the answers.
async fn twice(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> [Answer; 2] {
    let (one, two) = tokio::join!(browser.post(path, fields), browser.post(path, fields));
    [one, two]
}

#[tokio::test]
async fn a_double_click_makes_one_and_shows_it() {
    let app = app().await;
    let browser = app.browser("demo").await;
    let number = hidden(&browser.get("/account/api-keys/new").await.page(), "once");
    assert_ne!(number, hidden(&browser.get("/account/api-keys/new").await.page(), "once"));
    let fields = [("once", number.as_str()), ("description", "WEB"), ("key_type", "default")];
    let [one, two] = twice(&browser, "/account/api-keys/new", &fields).await;
    assert_eq!((one.status, two.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER));
    assert_eq!(one.header("location"), two.header("location"));
    assert_eq!(records(&browser).await, 1);
    assert!(shown_token(&browser.get(two.header("location")).await.page()).is_some());
    // Later too, as after a lost answer; and with scripts.
    let third = browser.post("/account/api-keys/new", &fields).await;
    assert_eq!(third.header("location"), one.header("location"));
    let [one, two] = twice(&browser, "/portal/generate_key", &fields).await;
    assert_eq!((one.status, &one.body), (StatusCode::OK, &two.body));
    assert_eq!(records(&browser).await, 2, "another address is another form");
    // Other content, another session, no number, no number of this shape: forms of their own.
    let others = [
        ("once", "other-number-0123456"),
        ("once", "short"),
        ("once", ""),
        ("once", "<script>alert(1)</script>"),
    ];
    for other in others {
        let fields = [other, ("description", "WEB"), ("key_type", "default")];
        landing(&browser, "/account/api-keys/new", &fields).await;
    }
    landing(&browser, "/account/api-keys/new", &[NUMBER, ("description", "A"), ("key_type", "cloud")]).await;
    landing(&browser, "/account/api-keys/new", &[NUMBER, ("description", "B"), ("key_type", "cloud")]).await;
    let again = app.browser("demo").await;
    landing(&again, "/account/api-keys/new", &[NUMBER, ("description", "A"), ("key_type", "cloud")]).await;
    assert_eq!(records(&browser).await, 2 + others.len() + 3);
    let key = crate::app::key_ids(&browser.get(LIST).await.page()).remove(0);
    let delete = format!("{LIST}/{key}/delete");
    let number = hidden(&browser.get(&delete).await.page(), "once");
    let [one, two] = twice(&browser, &delete, &[("once", &number), ("id", &key)]).await;
    assert_eq!((one.status, two.status), (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER), "it worked once");
    let plain = [("description", "PLAIN"), ("key_type", "cloud")];
    let [one, two] = twice(&browser, "/account/api-keys/new", &plain).await;
    assert_ne!(one.header("location"), two.header("location"), "without a number each post is an act");
}

#[tokio::test]
async fn a_refused_form_is_tried_again() {
    let app = app().await;
    let browser = app.browser("demo").await;
    let path = "/account/sub-users?do=invite_sub_user";
    let fields = [NUMBER, ("username", "demo")];
    let [one, two] = twice(&browser, path, &fields).await;
    for refused in [&one, &two] {
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        insta::allow_duplicates! { assert_snapshot!(refused.messages(), @"This username is taken. Choose another."); }
    }
    assert_eq!(browser.post(path, &fields).await.status, StatusCode::UNPROCESSABLE_ENTITY);
    landing(&browser, path, &[NUMBER, ("username", "guest")]).await;
    landing(&browser, path, &[NUMBER, ("username", "guest")]).await;
}

/// When the second click comes.
#[derive(Clone, Copy)]
enum Click {
    /// With the first, from the same page.
    AtOnce,
    /// The browser has the cookie of the first answer already, and not yet its page.
    AfterTheAnswer,
}

async fn click_twice(
    click: Click,
    browser: &Browser<'_>,
    path: &str,
    fields: &[(&str, &str)],
) -> [Answer; 2] {
    match click {
        Click::AtOnce => twice(browser, path, fields).await,
        Click::AfterTheAnswer => {
            let before = browser.cookie.lock().clone();
            let one = browser.post(path, fields).await;
            assert_ne!(*browser.cookie.lock(), before, "{path}: it brings a cookie {}", one.page());
            [one, browser.post(path, fields).await]
        }
    }
}

#[tokio::test]
async fn every_form_that_makes_something_is_one_act() {
    every_form_is_one_act(Click::AtOnce).await;
}

#[tokio::test]
async fn a_second_click_with_the_cookie_of_the_first_answer_is_no_other_act() {
    every_form_is_one_act(Click::AfterTheAnswer).await;
}

/// Clicks twice where it is to be one act; answers where both lead.
async fn same(
    click: Click,
    browser: &Browser<'_>,
    path: &str,
    page: &str,
    fields: &[(&str, &str)],
) -> String {
    let number = hidden(&browser.get(page).await.page(), "once");
    let fields: Vec<_> = [("once", number.as_str())].into_iter().chain(fields.iter().copied()).collect();
    let answers = click_twice(click, browser, path, &fields).await;
    for answer in &answers {
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path} {}", answer.page());
    }
    assert_eq!(answers[0].header("location"), answers[1].header("location"), "{path}");
    answers[0].header("location").to_owned()
}

async fn every_form_is_one_act(click: Click) {
    let app = TestApp::start().await;
    let browser = app.stranger();
    sets_up_once(click, &browser).await;
    makes_webhooks_once(click, &browser).await;
    let invite = format!("{SUB_USERS}?do=invite_sub_user");
    let fields = [("username", "guest"), ("password", PASSWORD)];
    let page = browser.get(&same(click, &browser, &invite, SUB_USERS, &fields).await).await.page();
    let link = shown_link(&page);
    let secret = enrols_once(click, &browser).await;
    let new = [("password", PASSWORD), ("new_password", NEW_PASSWORD)];
    same(click, &browser, &format!("{PROFILE}?do=change_password"), PROFILE, &new).await;
    accepts_once(click, &app.stranger(), &link).await;
    app.clock.advance(30);
    gives_a_code_once(click, &app.stranger(), &secret).await;
}

async fn sets_up_once(click: Click, browser: &Browser<'_>) {
    let secret = browser.app.services.setup.secret().unwrap();
    let setup = format!("/setup?token={secret}");
    let number = hidden(&browser.get(&setup).await.page(), "once");
    let fields =
        [("once", number.as_str()), ("token", &secret), ("username", "demo"), ("password", PASSWORD)];
    for answer in click_twice(click, browser, &setup, &fields).await {
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("latchkey_3000="), "it is logged in whichever arrives");
    }
}

async fn makes_webhooks_once(click: Click, browser: &Browser<'_>) {
    let webhooks = "/account/webhooks";
    let fields = [("url", "https://example.com/"), ("cause_new_login", "on"), ("password", PASSWORD)];
    let page = browser.get(&same(click, browser, webhooks, webhooks, &fields).await).await.page();
    assert!(page.contains("whsec_"));
    let made = html::attributes(&page, "main a[href^=\"/account/webhooks/\"]", "href");
    let [webhook] = &made[..] else { panic!("one webhook: {page}") };
    let fields = [("id", webhook.rsplit('/').next().unwrap()), ("password", PASSWORD)];
    let rotated =
        same(click, browser, &format!("{webhook}?do=rotate_webhook_secret"), webhook, &fields).await;
    assert!(browser.get(&rotated).await.page().contains("whsec_"));
    let remove = format!("{webhook}/remove");
    same(click, browser, &remove, &remove, &fields).await;
}

/// Switches the second factor on; answers its secret.
async fn enrols_once(click: Click, browser: &Browser<'_>) -> String {
    let act = |verb: &str| format!("{PROFILE}?do={verb}");
    let password = ("password", PASSWORD);
    let begun = same(click, browser, &act("begin_two_factor"), PROFILE, &[password]).await;
    let secret = shown_codes(&browser.get(&begun).await.page()).remove(0).replace(' ', "");
    let proof = code(browser.app, &secret);
    let page = same(click, browser, &act("confirm_two_factor"), PROFILE, &[password, ("code", &proof)]).await;
    assert!(browser.get(&page).await.page().contains("recovery-codes"));
    browser.app.clock.advance(30);
    let proof = code(browser.app, &secret);
    let page =
        same(click, browser, &act("make_recovery_codes"), PROFILE, &[password, ("code", &proof)]).await;
    let page = browser.get(&page).await.page();
    assert_eq!(shown_codes(&page).len(), 10, "those that count are seen: {page}");
    secret
}

/// The invited: one user, and a session whichever answer arrives.
async fn accepts_once(click: Click, guest: &Browser<'_>, link: &str) {
    let number = hidden(&guest.get(link).await.page(), "once");
    let token = link.split("token=").nth(1).unwrap();
    let fields = [("once", number.as_str()), ("token", token), ("password", PASSWORD)];
    for answer in click_twice(click, guest, link, &fields).await {
        let met = (answer.status, answer.header("location"));
        assert_eq!(met, (StatusCode::SEE_OTHER, "/"), "{}", answer.page());
    }
    assert_eq!(guest.get("/").await.texts(".username"), ["guest"]);
}

/// The code of a login counts once, and is answered twice.
async fn gives_a_code_once(click: Click, half: &Browser<'_>, secret: &str) {
    half.post("/login", &[("username", "demo"), ("password", NEW_PASSWORD)]).await;
    let number = hidden(&half.get("/login/code").await.page(), "once");
    let code = code(half.app, secret);
    let fields = [("once", number.as_str()), ("code", code.as_str())];
    for answer in click_twice(click, half, "/login/code", &fields).await {
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
    }
    assert_eq!(half.get("/").await.texts(".username"), ["demo"]);
}

/// The answer that began the session gives a cookie, and that is worth nothing after the logout.
#[tokio::test]
async fn after_a_logout_the_form_of_the_login_logs_in_anew() {
    let app = app().await;
    let browser = app.stranger();
    let number = hidden(&browser.get("/login").await.page(), "once");
    let fields = [("once", number.as_str()), ("username", "demo"), ("password", PASSWORD)];
    for _ in 0..2 {
        assert_eq!(browser.post("/login", &fields).await.header("location"), "/");
        assert_eq!(browser.get("/").await.texts(".username"), ["demo"]);
        assert_eq!(browser.post("/logout", &[]).await.header("location"), "/login");
        *browser.cookie.lock() = None;
    }
}
