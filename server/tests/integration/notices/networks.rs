//! Refusals from many addresses of one IPv6 /64 are offered as that network, once.

use crate::app::{Answer, Browser, TestApp};
use crate::html;
use crate::mail::smtp::Smtp;
use contract::Cause;
use http::StatusCode;
use tokio_util::sync::CancellationToken;

const PAGE: &str = "/account/notifications";
const NETWORK: &str = "2001:db8:1:2::/64";

/// A Default key locked to one address of the network, refused from twelve others and from one IPv4 address.
async fn refused(app: &TestApp, browser: &Browser<'_>) -> String {
    let token = browser.generate("WEB", "default").await.token;
    assert_eq!(app.authz(&token, "2001:db8:1:2::a").await.code(), "");
    for host in 0xb..=0x16 {
        assert_eq!(app.authz(&token, &format!("2001:db8:1:2::{host:x}")).await.code(), "IP_NOT_ALLOWED");
    }
    assert_eq!(app.authz(&token, "2001:db8:1:2::b").await.code(), "IP_NOT_ALLOWED");
    assert_eq!(app.authz(&token, "203.0.113.7").await.code(), "IP_NOT_ALLOWED");
    app.services.use_cases.notices.flush().await;
    token
}

async fn act(app: &TestApp, browser: &Browser<'_>, verb: &str, place: &str) -> Answer {
    let number = app.told("demo", Cause::NewAddress).await[0].number.0.to_string();
    browser.post(&format!("{PAGE}?do={verb}"), &[("notice", &number), ("address", place)]).await
}

/// The values that the forms of a verb would send as their address.
fn offered(page: &str, verb: &str) -> Vec<String> {
    html::attributes(page, &format!("form[action$=\"do={verb}\"] [name=address]"), "value")
}

#[tokio::test]
async fn many_addresses_of_one_network_are_offered_as_the_network_once() {
    let smtp = Smtp::start();
    let url = format!("smtp://127.0.0.1:{}?tls=none", smtp.port);
    let flags = [("smtp_url", url.as_str()), ("smtp_from", "keys@example.com"), ("notice_hold_seconds", "0")];
    let app = TestApp::start_with(&flags).await;
    app.add_user_with_mail("demo").await;
    let browser = app.browser("demo").await;
    let token = refused(&app, &browser).await;

    app.services.mailer.send_due(&CancellationToken::new()).await;
    let letter = smtp.next();
    let text = letter["text"].as_str().unwrap();
    assert!(text.contains(&format!("{NETWORK} (12 addresses, 13 times)")), "{text}");
    assert!(text.contains("203.0.113.7 (once)"), "{text}");
    assert_eq!(text.matches("2001:db8:").count(), 1, "{text}");

    let page = browser.get(PAGE).await.page();
    for verb in ["authorise_notice", "ignore_notice"] {
        assert_eq!(offered(&page, verb), [NETWORK, "203.0.113.7"], "{page}");
    }
    assert!(page.contains("12 addresses, 13 times") && page.contains("Authorise this network"), "{page}");

    let done = act(&app, &browser, "authorise_notice", NETWORK).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(app.authz(&token, "2001:db8:1:2:ffff::13").await.code(), "", "a thirteenth passes");
    assert_eq!(app.authz(&token, "2001:db8:1:3::b").await.code(), "IP_NOT_ALLOWED");
    assert_eq!(app.authz(&token, "203.0.113.7").await.code(), "IP_NOT_ALLOWED");
    let page = browser.get(done.header("location")).await.page();
    assert!(page.contains("The network is authorised.") && page.contains(">Authorised<"), "{page}");
    assert_eq!(offered(&page, "authorise_notice"), ["203.0.113.7"], "not again: {page}");
    let again = act(&app, &browser, "authorise_notice", NETWORK).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "two clicks want the same");
}

#[tokio::test]
async fn a_network_is_ignored_with_its_named_addresses_and_others_are_not_offered() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let token = refused(&app, &browser).await;
    for place in ["2001:db8:1:3::/64", "2001:db8:1::/48", "2001:db8:1:2::/65", "203.0.113.0/24"] {
        for verb in ["authorise_notice", "ignore_notice"] {
            assert_eq!(act(&app, &browser, verb, place).await.status, StatusCode::NOT_FOUND, "{place}");
        }
    }
    let done = act(&app, &browser, "ignore_notice", NETWORK).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    let page = browser.get(done.header("location")).await.page();
    assert!(page.contains("You will not be told of these addresses again"), "{page}");
    assert_eq!(offered(&page, "ignore_notice"), ["203.0.113.7"], "{page}");
    assert_eq!(offered(&page, "authorise_notice"), [NETWORK, "203.0.113.7"], "{page}");
    app.clock.advance(super::DAY);
    for host in 0xb..=0x16 {
        assert_eq!(app.authz(&token, &format!("2001:db8:1:2::{host:x}")).await.code(), "IP_NOT_ALLOWED");
    }
    assert_eq!(app.told("demo", Cause::NewAddress).await.len(), 1, "of all twelve nothing more is told");

    // Its session is over by now.
    let browser = app.browser("demo").await;
    // What was authorised one by one leaves nothing to offer, and nothing is claimed of the network.
    for host in 0xb..=0x16 {
        act(&app, &browser, "authorise_notice", &format!("2001:db8:1:2::{host:x}")).await;
    }
    let page = browser.get(PAGE).await.page();
    assert_eq!(offered(&page, "authorise_notice"), ["203.0.113.7"], "{page}");
    assert!(!page.contains(NETWORK) && page.matches(">Authorised<").count() == 12, "{page}");
}
