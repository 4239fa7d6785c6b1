//! Pages of those who are not, or not quite, logged in.

use super::Album;
use crate::app::{PASSWORD, TestApp};
use crate::two_factor::{enrol, half_way, wrong_code};

const DAY: i64 = 24 * 3600;

#[tokio::test]
async fn an_installation_without_an_account() {
    let album = Album::open("without_account");
    let app = TestApp::start().await;
    let secret = app.services.setup.secret().unwrap();
    let link = format!("/setup?token={secret}");
    let visitor = app.stranger();
    album.takes(&visitor, "first_page", "/").await;
    album.takes(&visitor, "setup_without_link", "/setup").await;
    album.takes(&visitor, "setup_with_wrong_link", "/setup?token=wrong").await;
    album.takes(&visitor, "setup", &link).await;
    album.takes(&visitor, "nowhere", "/nowhere").await;
    for (name, username, password) in [
        ("setup_refused_empty", "", ""),
        ("setup_refused_username", "two words", PASSWORD),
        ("setup_refused_password", "demouser", "password123"),
    ] {
        let fields = [("token", secret.as_str()), ("username", username), ("password", password)];
        album.takes_refused(&visitor, name, &link, &fields).await;
    }
    album.close();
}

#[tokio::test]
async fn before_the_login() {
    let album = Album::open("before_login");
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    let visitor = app.stranger();
    album.takes(&visitor, "first_page", "/").await;
    album.takes(&visitor, "login", "/login?next=%2Faccount%2Fprofile").await;
    album.takes(&visitor, "setup", "/setup").await;
    album.takes(&visitor, "forgot", "/login/forgot").await;
    album.takes(&visitor, "password_link_closed", "/login/password?token=old").await;
    album.takes(&visitor, "invitation_closed", "/invitation?token=old").await;
    album.takes(&visitor, "unsubscribe_closed", "/unsubscribe?token=old").await;
    let fields = [("username", "demouser"), ("password", "wrong"), ("next", "/account/profile")];
    album.takes_refused(&visitor, "login_refused", "/login", &fields).await;
    album.takes_refused(&visitor, "login_refused_empty", "/login", &[]).await;
    for _ in 0..10 {
        visitor.post("/login", &fields).await;
    }
    album.takes_refused(&visitor, "login_throttled", "/login", &fields).await;
    album.close();
}

#[tokio::test]
async fn between_the_password_and_the_rest() {
    let album = Album::open("half_way");
    let app = TestApp::start().await;
    app.add_user("demouser").await;
    app.add_user("other").await;
    let (secret, _) = enrol(&app.browser("demouser").await).await;
    let owes_code = half_way(&app, "demouser").await;
    album.takes(&owes_code, "other_page", "/account/profile").await;
    album.takes(&owes_code, "code", "/login/code?next=%2F").await;
    let wrong = wrong_code(&app, &secret);
    let fields = [("code", wrong.as_str()), ("next", "/")];
    album.takes_refused(&owes_code, "code_refused", "/login/code", &fields).await;
    app.clock.advance(31 * DAY);
    let owes_password = half_way(&app, "other").await;
    album.takes(&owes_password, "password", "/account/password?next=%2F").await;
    let fields = [("password", "wrong"), ("new_password", "password123"), ("next", "/")];
    album.takes_refused(&owes_password, "password_refused", "/account/password", &fields).await;
    let fields = [("password", PASSWORD), ("new_password", "password123"), ("next", "/")];
    album.takes_refused(&owes_password, "new_password_refused", "/account/password", &fields).await;
    album.close();
}
