//! What is shown once is seen by the right person, and equal forms are one.

use crate::app::{Answer, Browser, PASSWORD, TestApp, shown_link, shown_token};
use crate::html;
use crate::two_factor::{code, enrol, give, half_way};
use axum::body::Body;
use http::{Method, StatusCode};

const LIST: &str = "/account/api-keys";
const NUMBER: (&str, &str) = ("once", "0123456789abcdefghijkl");

async fn app() -> TestApp {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app
}

async fn landing(browser: &Browser<'_>, path: &str, fields: &[(&str, &str)]) -> String {
    let answer = browser.post(path, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{path}: {}", answer.page());
    answer.header("location").to_owned()
}

async fn records(browser: &Browser<'_>) -> usize {
    let page = browser.get(LIST).await.page();
    page.split("showing ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap()
}

/// The value of a hidden field of a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    html::attributes(page, &format!("input[name={name}]"), "value").remove(0)
}

/// Everything that makes a secret: the form, where it leads, the secret; and that of the second factor.
async fn secrets(browser: &Browser<'_>) -> (Vec<(&'static str, String, String)>, String) {
    browser.app.clock.advance(30);
    let (secret, _) = enrol(browser).await;
    let code = code(browser.app, &secret);
    let mut made = Vec::new();
    for (path, fields, begins) in [
        ("/account/api-keys/new", vec![("description", "WEB"), ("key_type", "default")], "lkd_"),
        ("/account/webhooks", vec![("url", "https://example.com/"), ("cause_new_login", "on")], "whsec_"),
        ("/account/sub-users?do=invite_sub_user", vec![("username", "guest")], "/invitation?token="),
        (
            "/account/profile?do=make_recovery_codes",
            vec![("password", PASSWORD), ("code", code.as_str())],
            "",
        ),
    ] {
        let landing = landing(browser, path, &fields).await;
        let page = browser.get(&landing).await.page();
        // The whole code, and not the part of it that a list may show.
        let shown = html::texts(&page, "code").into_iter().find(|code| code.contains(begins)).expect(path);
        made.push((path, landing, shown));
    }
    (made, secret)
}

#[tokio::test]
async fn a_secret_stays_at_an_address_of_its_own_until_its_reader_has_it() {
    let app = app().await;
    let browser = app.browser("demo").await;
    for (form, landing, secret) in secrets(&browser).await.0 {
        assert!(landing.contains("made="), "{form}: {landing}");
        let plain = landing.split('?').next().unwrap().to_owned();
        let shows = async |path: &str| browser.get(path).await.body.contains(&secret);
        // What eats nothing: HEAD, a prefetch, a click on another site, the plain page.
        browser.request(Method::HEAD, &landing, &[], Body::empty()).await;
        for lines in [
            [("sec-purpose", "prefetch"), ("sec-fetch-site", "none")],
            [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")],
        ] {
            browser.request(Method::GET, &landing, &lines, Body::empty()).await;
            browser.request(Method::GET, &plain, &lines, Body::empty()).await;
        }
        assert!(!shows(&plain).await, "{form}: the plain page never holds it");
        assert!(shows(&landing).await && shows(&landing).await, "{form}");
        app.clock.advance(599);
        let page = browser.get(&landing).await.page();
        assert!(page.contains(&secret) && page.contains("I have it"), "{form}: {page}");
        let (made, next) = (hidden(&page, "made"), hidden(&page, "next"));
        let done =
            self::landing(&browser, &format!("{next}?do=have_it"), &[("made", &made), ("next", &next)]).await;
        assert_eq!(done, plain, "{form}");
        assert!(!shows(&landing).await && !shows(&done).await, "{form}");
        app.clock.advance(-599);
    }
}

#[tokio::test]
async fn a_secret_is_shown_to_its_session_alone_and_ten_minutes_long() {
    let app = app().await;
    app.add_user("other").await;
    let browser = app.browser("demo").await;
    let (made, factor) = secrets(&browser).await;
    app.clock.advance(30);
    let same_user = half_way(&app, "demo").await;
    assert_eq!(give(&same_user, &code(&app, &factor)).await.status, StatusCode::SEE_OTHER);
    let others = [app.browser("other").await, same_user, app.stranger()];
    for (form, landing, secret) in &made {
        for other in &others {
            assert!(!other.get(landing).await.body.contains(secret), "{form}");
            let name = landing.split("made=").nth(1).unwrap();
            let path = landing.split('?').next().unwrap();
            other.post(&format!("{path}?do=have_it"), &[("made", name), ("next", path)]).await;
        }
        assert!(browser.get(landing).await.body.contains(secret), "{form}: others forget nothing");
    }
    app.clock.advance(600);
    for (form, landing, secret) in &made {
        let late = browser.get(landing).await;
        assert_eq!(late.status, StatusCode::OK);
        assert!(!late.body.contains(secret), "{form}");
    }
    for bad in ["", "x", "%00", "é", &"a".repeat(5000), "../../x", "\"><script>"] {
        let fields = [("made", bad), ("next", LIST)];
        assert_eq!(landing(&browser, &format!("{LIST}?do=have_it"), &fields).await, LIST);
        let page =
            browser.get(&format!("{LIST}?{}", serde_urlencoded::to_string([("made", bad)]).unwrap())).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(!page.body.contains("<script>\""));
    }
    let away = [("made", "x"), ("next", "//evil.example")];
    assert_eq!(landing(&browser, &format!("{LIST}?do=have_it"), &away).await, "/");
}

#[tokio::test]
async fn a_shown_token_has_a_button_in_both_languages_and_in_the_page_of_its_key() {
    let app = app().await;
    let browser = app.browser("demo").await;
    let fields = [("description", "WEB"), ("key_type", "default")];
    let landing = landing(&browser, "/account/api-keys/new", &fields).await;
    let page = async |language: &str| browser.get_in(&landing, language).await.page();
    let (english, romanian) = (page("en").await, page("ro").await);
    assert!(english.contains("I have it") && english.contains("for 10 minutes at most"), "{english}");
    assert!(romanian.contains("L-am salvat") && romanian.contains("cel mult 10 minute"), "{romanian}");
    assert_eq!(english.matches("class=\"fresh\"").count(), 1, "the new row is marked");
    let token = shown_token(&english).unwrap();
    let asked = landing.replace(LIST, "/portal/list_keys");
    assert_eq!(browser.get(&asked).await.json()["fresh"]["token"], token.as_str(), "with scripts too");
    assert!(browser.get("/portal/list_keys?page=1").await.json()["fresh"].is_null());
    let id = crate::app::key_ids(&english).remove(0);
    let shown = browser.act(&id, "reveal_key", &[]).await;
    let page = browser.get(shown.header("location")).await.page();
    assert!(page.contains(&token) && page.contains("I have it"), "{page}");
    let other = browser.generate("OTHER", "cloud").await;
    let elsewhere = shown.header("location").replace(&id, &other.id);
    assert!(!browser.get(&elsewhere).await.body.contains(&token), "a key's page shows no other key");
}

#[tokio::test]
async fn questions_of_programs_are_refused_to_other_sites() {
    let app = app().await;
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
        assert!(refused.page().contains("This username is taken."), "{}", refused.page());
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

async fn every_form_is_one_act(click: Click) {
    let app = TestApp::start().await;
    let secret = app.services.setup.secret().unwrap();
    let browser = app.stranger();
    let setup = format!("/setup?token={secret}");
    let number = hidden(&browser.get(&setup).await.page(), "once");
    let fields =
        [("once", number.as_str()), ("token", &secret), ("username", "demo"), ("password", PASSWORD)];
    for answer in click_twice(click, &browser, &setup, &fields).await {
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
        assert!(
            answer.header("set-cookie").starts_with("latchkey_3000="),
            "it is logged in whichever arrives"
        );
    }
    let same = async |path: &str, page: &str, fields: &[(&str, &str)]| {
        let number = hidden(&browser.get(page).await.page(), "once");
        let fields: Vec<_> = [("once", number.as_str())].into_iter().chain(fields.iter().copied()).collect();
        let [one, two] = click_twice(click, &browser, path, &fields).await;
        assert_eq!(
            (one.status, two.status),
            (StatusCode::SEE_OTHER, StatusCode::SEE_OTHER),
            "{path} {}",
            two.page()
        );
        assert_eq!(one.header("location"), two.header("location"), "{path}");
        one.header("location").to_owned()
    };
    let webhooks = "/account/webhooks";
    let fields = [("url", "https://example.com/"), ("cause_new_login", "on"), ("password", PASSWORD)];
    let page = browser.get(&same(webhooks, webhooks, &fields).await).await.page();
    assert!(page.contains("whsec_"));
    assert_eq!(page.matches("href=\"/account/webhooks/").count(), 1, "one webhook: {page}");
    let id = page.split("href=\"/account/webhooks/").nth(1).unwrap().split('"').next().unwrap();
    let webhook = format!("{webhooks}/{id}");
    let fields = [("id", id), ("password", PASSWORD)];
    let rotated = same(&format!("{webhook}?do=rotate_webhook_secret"), &webhook, &fields).await;
    assert!(browser.get(&rotated).await.page().contains("whsec_"));
    let remove = format!("{webhook}/remove");
    same(&remove, &remove, &fields).await;
    let sub_users = "/account/sub-users";
    let invite = format!("{sub_users}?do=invite_sub_user");
    let page = browser
        .get(&same(&invite, sub_users, &[("username", "guest"), ("password", PASSWORD)]).await)
        .await
        .page();
    let link = shown_link(&page);
    let profile = "/account/profile";
    let begun = same(&format!("{profile}?do=begin_two_factor"), profile, &[("password", PASSWORD)]).await;
    let page = browser.get(&begun).await.page();
    let secret = crate::two_factor::shown_codes(&page).remove(0).replace(' ', "");
    let code = crate::two_factor::code(&app, &secret);
    let proof = [("password", PASSWORD), ("code", code.as_str())];
    let page = same(&format!("{profile}?do=confirm_two_factor"), profile, &proof).await;
    assert!(browser.get(&page).await.page().contains("recovery-codes"));
    app.clock.advance(30);
    let code = crate::two_factor::code(&app, &secret);
    let proof = [("password", PASSWORD), ("code", code.as_str())];
    let page = same(&format!("{profile}?do=make_recovery_codes"), profile, &proof).await;
    let page = browser.get(&page).await.page();
    assert_eq!(crate::two_factor::shown_codes(&page).len(), 10, "those that count are seen: {page}");
    let new = [("password", PASSWORD), ("new_password", "another horse battery")];
    same(&format!("{profile}?do=change_password"), profile, &new).await;
    // The invited: one user, and a session whichever answer arrives.
    let guest = app.stranger();
    let (number, token) =
        (hidden(&guest.get(&link).await.page(), "once"), link.split("token=").nth(1).unwrap());
    let fields = [("once", number.as_str()), ("token", token), ("password", PASSWORD)];
    for answer in click_twice(click, &guest, &link, &fields).await {
        assert_eq!(
            (answer.status, answer.header("location")),
            (StatusCode::SEE_OTHER, "/"),
            "{}",
            answer.page()
        );
    }
    assert!(guest.get("/").await.page().contains("guest"));
    // The code of a login counts once, and is answered twice.
    app.clock.advance(30);
    let half = app.stranger();
    half.post("/login", &[("username", "demo"), ("password", "another horse battery")]).await;
    let number = hidden(&half.get("/login/code").await.page(), "once");
    let code = crate::two_factor::code(&app, &secret);
    let fields = [("once", number.as_str()), ("code", code.as_str())];
    for answer in click_twice(click, &half, "/login/code", &fields).await {
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
    }
    assert!(half.get("/").await.page().contains("demo"));
}

#[tokio::test]
async fn an_answer_with_a_secret_is_given_again_only_while_its_session_has_not_put_it_away() {
    let app = app().await;
    let browser = app.browser("demo").await;
    let fields = [NUMBER, ("description", "WEB"), ("key_type", "default")];
    let ask = async || browser.post("/portal/generate_key", &fields).await;
    let first = ask().await.json();
    assert_eq!(ask().await.json(), first, "an equal form gets the same");
    let made = [("made", first["made"].as_str().unwrap()), ("next", LIST)];
    let other = app.browser("demo").await;
    other.post("/portal/have_it", &made).await;
    assert_eq!(ask().await.json(), first, "another session puts nothing away");
    browser.post("/portal/have_it", &made).await;
    let second = ask().await.json();
    assert_ne!(second["token"], first["token"]);
    // Whoever copied the cookie and the form gets nothing once the session has ended, here or from elsewhere.
    let copy = app.stranger();
    *copy.cookie.lock() = browser.cookie.lock().clone();
    other.post("/account/profile?do=end_other_sessions", &[]).await;
    let late = copy.post("/portal/generate_key", &fields).await;
    assert_eq!((late.status, late.body.as_str()), (StatusCode::UNAUTHORIZED, "\"SignedOut\""));
    let third = other.post("/portal/generate_key", &fields).await;
    *copy.cookie.lock() = other.cookie.lock().clone();
    other.post("/logout", &[]).await;
    let late = copy.post("/portal/generate_key", &fields).await;
    assert!(third.status == StatusCode::OK && late.status == StatusCode::UNAUTHORIZED, "{}", late.body);
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
        assert!(browser.get("/").await.page().contains("demo"));
        assert_eq!(browser.post("/logout", &[]).await.header("location"), "/login");
        *browser.cookie.lock() = None;
    }
}
