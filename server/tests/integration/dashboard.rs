//! The first page: whether everything is all right with the keys, and what needs an answer.

mod figures;

use crate::app::{Browser, Key, TestApp};
use crate::html;
use crate::two_factor::enrol;
use contract::Role;
use http::StatusCode;
use insta::assert_snapshot;

const DAY: i64 = 24 * 3600;

/// A server on which passwords last for ever.
async fn start() -> TestApp {
    let app = TestApp::start_with(&[("password_max_age_days", "0")]).await;
    app.add_user("demo").await;
    app
}

async fn use_key(app: &TestApp, key: &Key, address: &str) -> String {
    let code = app.authz(&key.token, address).await.code().to_owned();
    app.services.use_cases.notices.flush().await;
    code
}

async fn state(browser: &Browser<'_>) -> String {
    browser.get("/").await.texts(".state").concat()
}

/// What needs attention: the heading, then each matter with its answers.
async fn asks(browser: &Browser<'_>) -> String {
    let page = browser.get("/").await;
    html::texts(&page.body, ".asks :is(h2, h3, p, a)").join("\n")
}

async fn titles(browser: &Browser<'_>) -> Vec<String> {
    browser.get("/").await.texts(".ask h3")
}

#[tokio::test]
async fn three_steps_lead_to_the_first_request() {
    let example = ("gateway_example_url", "https://api.brassworks.example/v1/messages?to=1&text=x");
    let app = TestApp::start_with(&[example]).await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let page = demo.get("/").await;
    assert_snapshot!(page.texts("main :is(h1, h2, h3, p, summary, pre)").join("\n"), @r#"
    Dashboard
    You have no API key yet. An API key lets a program of yours connect without your password.
    Three steps to the first request
    Generate a key
    One for each program that should connect. Name it after the program, so that you know it again.
    Generate your first API Key
    Put it into your program
    The program sends the key with every request. To try it from a shell:
    As a bearer token
    curl -H "Authorization: Bearer YOUR_KEY" 'https://api.brassworks.example/v1/messages?to=1&text=x'
    In a header of its own
    curl -H "X-API-Key: YOUR_KEY" 'https://api.brassworks.example/v1/messages?to=1&text=x'
    As a password
    curl -u "demo:YOUR_KEY" 'https://api.brassworks.example/v1/messages?to=1&text=x'
    See it arrive
    The first accepted request appears on this page: of which key, and when. A Default Key is locked on the address of that request.
    Waiting for your first key
    "#);
    assert_eq!(page.texts(".steps [aria-current=step] h3"), ["Generate a key"]);
    let key = demo.generate("WEB", "default").await;
    let page = demo.get("/").await;
    assert_eq!(page.texts(".steps [aria-current=step] h3"), ["Put it into your program"]);
    assert_eq!(page.texts(".steps .hint"), ["Waiting for the first request"]);
    assert_eq!(state(&demo).await, "Your key is fine.");
    use_key(&app, &key, "203.0.113.7").await;
    let page = demo.get("/").await;
    assert_eq!(page.texts("main h2"), ["Worth a look", "Requests", "Busiest keys"], "no step is left");
    let app = TestApp::start_with(&[("key_header", "x-brass")]).await;
    app.add_user("demo").await;
    let lines = app.browser("demo").await.get("/").await.texts("pre");
    assert_eq!(lines, [r#"curl -H "x-brass: YOUR_KEY" https://api.example.com/"#]);
}

#[tokio::test]
async fn a_refused_key_is_named_with_its_address_until_somebody_decides() {
    let app = start().await;
    let demo = app.browser("demo").await;
    let key = demo.generate("Shop <1>", "default").await;
    demo.generate("Other", "cloud").await;
    use_key(&app, &key, "203.0.113.7").await;
    assert_eq!(state(&demo).await, "All 2 keys are fine.");
    for _ in 0..3 {
        assert_eq!(use_key(&app, &key, "198.51.100.7").await, "IP_NOT_ALLOWED");
    }
    app.clock.advance(120);
    assert_eq!(state(&demo).await, "1 key is being refused from 198.51.100.7.");
    assert_snapshot!(asks(&demo).await, @"
    Needs your attention
    The key “Shop <1>” is refused from 198.51.100.7
    It was refused 3 times. Addresses that may use it still pass. Last: 2 minutes ago.
    Decide about this address
    Look at the key
    Only your password protects your login
    With two-factor login, a stolen password is not enough.
    Set up two-factor login
    ");
    let page = demo.get("/").await;
    assert_eq!(page.texts("a.button:not(.quiet)"), ["Decide about this address"], "one yellow button");
    assert!(!page.body.contains("Shop <1>"), "what customers enter is escaped");
    let romanian = demo.get_in("/", "ro").await.texts(".state").concat();
    assert_eq!(romanian, "O cheie este refuzată de la 198.51.100.7.");
    use_key(&app, &key, "198.51.100.8").await;
    assert_eq!(state(&demo).await, "1 key is being refused from 2 addresses.");
    for address in ["198.51.100.7", "198.51.100.8"] {
        demo.act(&key.id, "authorise_address", &[("address", address)]).await;
    }
    assert_eq!(state(&demo).await, "All 2 keys are fine.");
    use_key(&app, &key, "192.0.2.1").await;
    assert_eq!(state(&demo).await, "1 key is being refused from 192.0.2.1.");
    app.clock.advance(DAY);
    let demo = app.browser("demo").await;
    assert_eq!(state(&demo).await, "All 2 keys are fine.", "it is over");
}

#[tokio::test]
async fn an_address_that_is_ignored_is_named_no_more() {
    let app = start().await;
    let demo = app.browser("demo").await;
    let key = demo.generate("Shop", "default").await;
    use_key(&app, &key, "203.0.113.7").await;
    use_key(&app, &key, "198.51.100.7").await;
    let notices = demo.get("/account/notifications").await.body;
    let number = html::attributes(&notices, "form [name=notice]", "value").remove(0);
    let fields = [("notice", number.as_str()), ("address", "198.51.100.7"), ("page", "1")];
    let done = demo.post("/account/notifications?do=ignore_notice", &fields).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_eq!(state(&demo).await, "Your key is fine.");
}

#[tokio::test]
async fn a_dead_key_that_is_still_sent_is_named() {
    let app = start().await;
    let demo = app.browser("demo").await;
    let key = demo.generate("Old CRM", "cloud").await;
    demo.generate("New", "cloud").await;
    use_key(&app, &key, "203.0.113.7").await;
    demo.delete(&key.id).await;
    assert_eq!(state(&demo).await, "Your key is fine.");
    assert_eq!(use_key(&app, &key, "203.0.113.7").await, "DELETED");
    assert_eq!(state(&demo).await, "1 token that no longer works is still being sent.");
    assert_snapshot!(asks(&demo).await.lines().take(5).collect::<Vec<_>>().join("\n"), @"
    Needs your attention
    The deleted key “Old CRM” is still being sent from 203.0.113.7
    It was refused once. Find the program that sends it, and give it a valid one. Last: just now.
    See the notification
    Only your password protects your login
    ");
}

#[tokio::test]
async fn a_token_that_was_replaced_and_a_key_that_has_ended_are_named_too() {
    let app = start().await;
    let demo = app.browser("demo").await;
    let [rotated, ended] = [demo.generate("Web", "cloud").await, demo.generate("Sale", "cloud").await];
    demo.act(&rotated.id, "rotate_key", &[("overlap_seconds", "0")]).await;
    demo.act(&ended.id, "set_key_expiry", &[("expires_at", "2026-01-15T13:00")]).await;
    app.clock.advance(3600);
    assert_eq!(use_key(&app, &rotated, "203.0.113.7").await, "ROTATED");
    app.clock.advance(1);
    assert_eq!(use_key(&app, &ended, "203.0.113.8").await, "EXPIRED");
    assert_eq!(state(&demo).await, "2 tokens that no longer work are still being sent.");
    let expected = [
        "A token of “Sale” that no longer works is still being sent from 203.0.113.8",
        "A token of “Web” that no longer works is still being sent from 203.0.113.7",
    ];
    assert_eq!(titles(&demo).await[..2], expected);
    let links = html::attributes(&demo.get("/").await.body, ".ask:first-child a", "href");
    assert_eq!(links, ["/account/notifications", &format!("/account/api-keys/{}", ended.id)]);
}

#[tokio::test]
async fn a_reader_is_led_to_what_they_may_do() {
    let app = start().await;
    app.add_sub_user("reader", Some("demo")).await;
    let reader = app.browser("reader").await;
    let key = reader.generate("Report", "default").await;
    app.services.operator.set_role("reader", Role::ReadsOnly).await.unwrap();
    use_key(&app, &key, "203.0.113.7").await;
    use_key(&app, &key, "198.51.100.7").await;
    let page = reader.get("/").await;
    let answers = ["See the notification", "Look at the key", "Set up two-factor login"];
    assert_eq!(page.texts("main .button"), answers, "and no way to generate a key");
    app.add_sub_user("idle", Some("demo")).await;
    app.services.operator.set_role("idle", Role::ReadsOnly).await.unwrap();
    let idle = app.browser("idle").await;
    let text = "There is no API key that you may see. The owner of the account can let you generate one.";
    assert_eq!(idle.get("/").await.texts("main :is(p, h2, .button)"), [text]);
}

#[tokio::test]
async fn a_password_that_expires_is_named_a_week_before() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.clock.advance(22 * DAY);
    let demo = app.browser("demo").await;
    assert_eq!(titles(&demo).await, [""; 0], "without a key the login is no matter yet");
    app.clock.advance(5 * DAY);
    let demo = app.browser("demo").await;
    demo.generate("WEB", "cloud").await;
    let expected = ["Your password expires in 3 days", "Only your password protects your login"];
    assert_eq!(titles(&demo).await, expected);
    enrol(&demo).await;
    assert_eq!(titles(&demo).await, [""; 0], "it expires no more");
}

/// The titles without the one about the login, which no test here is about.
async fn of_keys(app: &TestApp) -> Vec<String> {
    let mut titles = titles(&app.browser("demo").await).await;
    titles.retain(|title| title != "Only your password protects your login");
    titles
}

#[tokio::test]
async fn keys_that_nobody_uses_are_named_and_counted() {
    let app = start().await;
    let demo = app.browser("demo").await;
    let used = demo.generate("Used", "cloud").await;
    let forgotten = demo.generate("Forgotten", "cloud").await;
    use_key(&app, &used, "203.0.113.7").await;
    app.clock.advance(7 * DAY - 1);
    assert_eq!(of_keys(&app).await, [""; 0]);
    app.clock.advance(1);
    assert_eq!(of_keys(&app).await, ["The key “Forgotten” has never been used"]);
    let demo = app.browser("demo").await;
    let link = html::attributes(&demo.get("/").await.body, ".ask:last-child a", "href");
    assert_eq!(link, [format!("/account/api-keys/{}", forgotten.id)]);
    demo.generate("Another", "cloud").await;
    app.clock.advance(7 * DAY);
    assert_eq!(of_keys(&app).await, ["2 keys have never been used"]);
    app.clock.advance(76 * DAY);
    let expected = ["The key “Used” has not been used for 90 days", "2 keys have never been used"];
    assert_eq!(of_keys(&app).await, expected);
    let demo = app.browser("demo").await;
    demo.act(&used.id, "pause_key", &[]).await;
    assert_eq!(of_keys(&app).await, ["2 keys have never been used"], "it is stopped");
    let expected = "All 2 active keys are fine. 1 other key is paused or has expired.";
    assert_eq!(state(&demo).await, expected);
}

#[tokio::test]
async fn a_start_knows_when_keys_were_made() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    app.browser("demo").await.generate("Forgotten", "cloud").await;
    let app = app.restart().await;
    app.clock.advance(7 * DAY - 1);
    assert_eq!(of_keys(&app).await, [""; 0]);
    app.clock.advance(1);
    assert_eq!(of_keys(&app).await, ["The key “Forgotten” has never been used"]);
}

#[tokio::test]
async fn keys_that_expire_or_that_pass_from_everywhere_are_named() {
    let app = start().await;
    let demo = app.browser("demo").await;
    let [ending, open] = [demo.generate("Ending", "cloud").await, demo.generate("Open", "default").await];
    let end = [("expires_at", "2026-01-20T12:00")];
    assert_eq!(demo.act(&ending.id, "set_key_expiry", &end).await.status, StatusCode::SEE_OTHER);
    demo.act(&open.id, "authorise_address", &[("address", "0.0.0.0/1")]).await;
    assert_eq!(of_keys(&app).await, ["The key “Ending” expires in 5 days"]);
    demo.act(&open.id, "authorise_address", &[("address", "128.0.0.0/1")]).await;
    let expected = ["The key “Ending” expires in 5 days", "The key “Open” passes from every address"];
    assert_eq!(of_keys(&app).await, expected);
    app.clock.advance(5 * DAY);
    assert_eq!(of_keys(&app).await, ["The key “Open” passes from every address"], "it has ended");
}

#[tokio::test]
async fn of_many_matters_the_most_urgent_are_shown_and_the_others_counted() {
    let app = start().await;
    let demo = app.browser("demo").await;
    for number in 1..=5 {
        let key = demo.generate(&format!("key {number}"), "default").await;
        use_key(&app, &key, "203.0.113.7").await;
        app.clock.advance(1);
        use_key(&app, &key, "198.51.100.7").await;
    }
    assert_eq!(state(&demo).await, "5 keys are being refused.");
    let titles = titles(&demo).await;
    let names: Vec<_> = titles[..3].iter().map(|title| title.split(['“', '”']).nth(1).unwrap()).collect();
    assert_eq!(names, ["key 5", "key 4", "key 3"], "the latest first");
    assert_eq!(titles[3..], ["Only your password protects your login"]);
    let page = demo.get("/").await;
    assert_eq!(page.texts(".asks-more"), ["and 2 more"]);
    assert_eq!(html::attributes(&page.body, ".asks-more a", "href"), ["/account/notifications"]);
    let romanian = demo.get_in("/", "ro").await;
    assert_eq!(romanian.texts(".state"), ["5 chei sunt refuzate."]);
    assert_eq!(romanian.texts(".asks-more"), ["și încă 2"]);
}
