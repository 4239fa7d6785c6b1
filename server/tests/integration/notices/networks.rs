//! Refusals from many addresses of one IPv6 /64 are offered as that network, once.

use crate::app::{Answer, Browser, TestApp};
use crate::html;
use crate::mail::smtp::Smtp;
use crate::snapshots::redacted;
use contract::Cause;
use http::StatusCode;
use insta::assert_snapshot;
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
    // One line for the network, and none for its addresses.
    redacted().bind(|| assert_snapshot!(letter["text"].as_str().unwrap(), @"
    Hello demo,

    Somebody sent your key from an address that it does not know, and was refused.

    Key: WEB
    Token: lkd_[masked]
    Type: Default Key
    How often: 14 times
    From:
      2001:db8:1:2::/64 (12 addresses, 13 times)
      203.0.113.7 (once)
    When: 2026-01-15 12:00:00 UTC

    If the address is yours, authorise it in your notifications, and the next request passes. If it is not, somebody else has your key: delete it and generate a new one.

    Open your notifications:
    http://127.0.0.1:[port]/account/notifications

    You get this letter because you are told by mail of: a key that is refused from a new address.

    Stop letters of this kind:
    http://127.0.0.1:[port]/unsubscribe?token=demo.new_address.[proof]

    Latchkey at 127.0.0.1:[port]
    "));

    let page = browser.get(PAGE).await.page();
    for verb in ["authorise_notice", "ignore_notice"] {
        assert_eq!(offered(&page, verb), [NETWORK, "203.0.113.7"], "{page}");
    }
    redacted().bind(|| assert_snapshot!(html::lines(&page, ".entry"), @"
    The key “WEB” is refused from a new address New
    2026-01-15 12:00:00
    It was refused 14 times, because the address is not authorised for it.
    Key: WEB lkd_[masked]
    Authorise this network
    Ignore these addresses
    Authorise this address
    Ignore this address
    If the address is yours, authorise it, and the next request passes. If you do not know it, somebody else may have your key: delete it and generate a new one.
    Addresses of one IPv6 network (/64) mostly belong to one home, office or server, which changes its address within it. If the network is yours, authorise it as a whole.
    Delete the key
    The key “WEB” was generated
    2026-01-15 12:00:00
    By you, from 192.0.2.10.
    Key: WEB lkd_[masked]
    "));

    let done = act(&app, &browser, "authorise_notice", NETWORK).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert_eq!(app.authz(&token, "2001:db8:1:2:ffff::13").await.code(), "", "a thirteenth passes");
    assert_eq!(app.authz(&token, "2001:db8:1:3::b").await.code(), "IP_NOT_ALLOWED");
    assert_eq!(app.authz(&token, "203.0.113.7").await.code(), "IP_NOT_ALLOWED");
    let page = browser.get(done.header("location")).await.page();
    assert_snapshot!(html::messages(&page), @"The network is authorised. The next request from there passes.");
    assert_eq!(html::texts(&page, ".entry :not(h2) > .badge"), ["Authorised"]);
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
    assert_snapshot!(html::messages(&page), @"You will not be told of these addresses again. Requests from there are still refused.");
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
