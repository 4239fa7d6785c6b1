//! What a customer is shown before and after they decide.

use super::{APPROVE, Device, THERE, refused, send, start};
use crate::app::HOME;
use crate::html;
use http::StatusCode;

#[tokio::test]
async fn a_link_with_a_code_fills_the_field_and_approves_nothing() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let device = Device::ask(&app, "Zapier").await;
    let path = format!("{APPROVE}?user_code={}", device.code().to_lowercase().replace('-', "+"));
    let page = browser.get(&path).await;
    assert_eq!(page.texts("h1"), ["Enter the code of an application"]);
    assert_eq!(html::attributes(&page.body, "input[name=user_code]", "value"), [device.code()]);
    assert_eq!(page.texts(".user-code"), Vec::<String>::new(), "it does not show who asks");
    for answer in ["&answer=approve", "&do=decide_application&answer=approve", "&made=x&do=give_user_code"] {
        let page = browser.get(&format!("{path}{answer}")).await;
        assert_eq!(page.texts("h1"), ["Enter the code of an application"]);
    }
    for odd in ["%3Cscript%3E", "BCDFGHJ", "%00", ""] {
        let page = browser.get(&format!("{APPROVE}?user_code={odd}")).await;
        assert_eq!(
            html::attributes(&page.body, "input[name=user_code]", "value"),
            Vec::<String>::new(),
            "{odd}"
        );
    }
    assert_eq!(device.polled().await, refused("authorization_pending"));
    let stranger = app.stranger().get(&path).await;
    assert_eq!(stranger.status, StatusCode::SEE_OTHER, "others log in first, and come back");
    assert!(stranger.header("location").starts_with("/login?next=%2Faccount%2Fapplications%2Fapprove"));
}

#[tokio::test]
async fn the_page_says_where_it_was_asked_from_and_warns_where_that_is_strange() {
    let app = start().await;
    let (browser, gateway) = (app.browser("demouser").await, app.gateway("gw").await);
    let key = browser.generate("WEB", "default").await;
    assert_eq!(gateway.code(&key.token, "203.0.113.7").await, "VALID");
    browser.act(&key.id, "authorise_address", &[("address", "203.0.113.64/26")]).await;
    let warning = "It asked from an address that is not yours. That is right only if it runs on another machine, such as a server.";
    for (from, says, warns) in [
        (HOME, "your own address", false),
        ("203.0.113.7", "an address of your keys", false),
        ("203.0.113.100", "an address of your keys", false),
        (THERE, "not your address, and not an address of your keys", true),
    ] {
        let device = Device::ask_from(&app, from, "Zapier").await;
        app.clock.advance(150);
        let page = browser.get(&device.is_entered(&browser).await).await;
        let facts = page.texts(".facts dd");
        assert_eq!(facts[1], format!("{from}{says}"));
        assert_eq!(facts[2], "2 minutes agothe code ends in 8 minutes");
        assert_eq!(page.texts(".caution strong"), if warns { vec![warning.to_owned()] } else { vec![] });
    }
}

#[tokio::test]
async fn the_address_to_go_back_to_is_a_link_that_says_where_it_leads() {
    let app = start().await;
    let browser = app.browser("demouser").await;
    let fields = [
        ("client_id", "Shop"),
        ("return_url", "https://shop.example/done?x=1&y=2"),
        ("icon_url", "https://shop.example/icon.png"),
        ("scope", "all"),
    ];
    let asked = send(&app, THERE, "/oauth/device_authorization", &fields).await;
    let device = Device { app: &app, answer: asked.json() };
    let landing = device.is_entered(&browser).await;
    assert!(!browser.get(&landing).await.body.contains("shop.example"), "not before it is decided");
    let done = device.decide(&browser, &landing, &[("answer", "approve")]).await;
    let page = browser.get(done.header("location")).await;
    let link = |name| html::attributes(&page.body, "a.outside-link", name);
    assert_eq!(page.texts("a.outside-link"), ["https://shop.example/done?x=1&y=2"]);
    assert_eq!(
        (link("href"), link("rel")),
        (vec!["https://shop.example/done?x=1&y=2".to_owned()], vec!["external noreferrer".to_owned()])
    );
    let other = app.browser("demouser").await.get(done.header("location")).await;
    assert_eq!(other.texts("h1"), ["Enter the code of an application"], "another session does not see it");
}
