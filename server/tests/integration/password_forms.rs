//! What password managers read off the forms, and which names new users may have.

use crate::app::{Browser, PASSWORD, TestApp, owner, shown_link};
use crate::html;
use crate::two_factor::enrol;
use http::StatusCode;
use insta::assert_snapshot;

/// For each form of a page that asks for a password: the `autocomplete` of its fields, and the username it names.
fn password_forms(page: &str) -> Vec<(Vec<String>, Option<String>)> {
    let forms = html::pieces(page, "form:has([type=password])");
    let read = forms.iter().map(|form| {
        let values = |field: &str, name: &str| html::attributes(form, field, name);
        let kind = values("[autocomplete=username]", "type").pop();
        assert!(kind.is_none_or(|kind| kind == "text"), "managers do not read hidden fields");
        (values("[type=password]", "autocomplete"), values("[autocomplete=username]", "value").pop())
    });
    read.collect()
}

async fn all_name(browser: &Browser<'_>, path: &str, username: &str, kinds: &[&[&str]]) {
    let page = browser.get(path).await.page();
    let forms = password_forms(&page);
    let expected: Vec<_> = kinds
        .iter()
        .map(|kinds| (kinds.iter().map(ToString::to_string).collect::<Vec<_>>(), Some(username.to_owned())))
        .collect();
    assert_eq!(forms, expected, "{path}: {page}");
    assert!(!page.contains(" style="), "{path}");
}

#[tokio::test]
async fn every_form_with_a_password_names_its_user() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    let invited = browser.post("/account/sub-users?do=invite_sub_user", &[("username", "guest")]).await;
    let page = browser.get(invited.header("location")).await.page();
    let link = shown_link(&page);
    all_name(&app.stranger(), &link, "guest", &[&["new-password"]]).await;
    let change: &[&str] = &["current-password", "new-password"];
    let proof: &[&str] = &["current-password"];
    all_name(&browser, "/account/profile", "demo", &[change]).await;
    let key = browser.generate("WEB", "default").await;
    app.clock.advance(601);
    all_name(&browser, "/account/profile", "demo", &[change, proof, proof]).await;
    all_name(&browser, &format!("/account/api-keys/{}", key.id), "demo", &[proof]).await;
    let browser = app.browser("demo").await;
    enrol(&browser).await;
    app.clock.advance(601);
    all_name(&browser, "/account/profile", "demo", &[change, proof, proof, proof]).await;
}

#[tokio::test]
async fn the_renewal_of_a_password_names_its_user() {
    let app = TestApp::start_with(&[("password_max_age_days", "1")]).await;
    app.add_user("demo").await;
    app.clock.advance(2 * 24 * 3600);
    let browser = app.browser("demo").await;
    all_name(&browser, "/account/password", "demo", &[&["current-password", "new-password"]]).await;
}

#[tokio::test]
async fn no_door_makes_a_user_that_is_named_like_an_address_of_the_web() {
    let app = TestApp::start().await;
    let secret = app.services.setup.secret().unwrap();
    let setup = async |name: &str| {
        let fields = [("token", secret.as_str()), ("username", name), ("password", PASSWORD)];
        app.stranger().post(&format!("/setup?token={secret}"), &fields).await
    };
    let refused = setup("www.evil.com").await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_snapshot!(refused.messages(), @"This looks like an address of the web. Leave out www. and endings such as .com.");
    assert_eq!(setup("demo").await.status, StatusCode::SEE_OTHER);
    let browser = app.browser("demo").await;
    let invite =
        async |name: &str| browser.post("/account/sub-users?do=invite_sub_user", &[("username", name)]).await;
    for name in ["evil.com", "www.evil", "login-bank.online", "203.0.113.7"] {
        let refused = invite(name).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        let operator = app.services.operator.add_user(owner(name), PASSWORD.to_owned()).await;
        insta::allow_duplicates! {
            assert_snapshot!(refused.messages(), @"This looks like an address of the web. Leave out www. and endings such as .com.");
            assert_snapshot!(operator.unwrap_err(), @"the username looks like an address of the web; leave out www. and the ending, such as .com; choose another");
        }
    }
    assert_eq!(invite("https://evil.example").await.status, StatusCode::UNPROCESSABLE_ENTITY);
    for name in ["ana.maria", "ana@example.org"] {
        assert_eq!(invite(name).await.status, StatusCode::SEE_OTHER, "{name}");
    }
}

#[tokio::test]
async fn a_description_of_nothing_visible_is_empty() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let browser = app.browser("demo").await;
    for text in ["\u{200B}", "\u{3164}\u{2800}", "\u{E0020}", " \u{AD} "] {
        let refused =
            browser.post("/account/api-keys/new", &[("description", text), ("key_type", "cloud")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{text:?}");
        insta::allow_duplicates! { assert_snapshot!(refused.messages(), @"Enter a description, such as the name of the program that will use the key."); }
    }
    browser.generate("👩\u{200D}💻", "cloud").await;
}
