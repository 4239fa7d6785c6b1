//! Choosing a password: at the set-up, in the profile, and by the operator.

use crate::app::{PASSWORD, TestApp, owner};
use http::StatusCode;
use insta::assert_snapshot;
use service::accounts::operator::NewUserRequest;

const NEW: &str = "violet kettle on the roof";

#[tokio::test]
async fn easy_passwords_are_refused_wherever_one_is_chosen() {
    let app = TestApp::start().await;
    let secret = app.services.setup.secret().unwrap();
    let set_up = async |username: &str, password: &str| {
        let fields = [("token", secret.as_str()), ("username", username), ("password", password)];
        app.stranger().post(&format!("/setup?token={secret}"), &fields).await
    };
    for easy in ["password123", "qwertyuiop", "1234567890", "latchkey12", "mariapopescu"] {
        let answer = set_up("maria.popescu", easy).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{easy}");
        insta::allow_duplicates! { assert_snapshot!(answer.messages(), @"This is easy to guess. Use a few words that do not belong together."); }
        assert!(!answer.body.contains(&format!("value=\"{easy}\"")));
    }
    assert_snapshot!(set_up("", "short").await.messages(), @"
    Enter a username.
    This is too short: use at least 10 characters.
    ");
    assert_eq!(set_up("maria.popescu", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let operator = &app.services.operator;
    let easy = operator.add_user(owner("other"), "password123".to_owned()).await.unwrap_err();
    assert_snapshot!(easy, @"the password is easy to guess (a few words that do not belong together are better); choose another");
    let with_mail = NewUserRequest { email: Some("kettle@roof.example"), ..owner("other") };
    assert!(operator.add_user(with_mail, "kettleroof".to_owned()).await.is_err(), "its own words");
    let same = operator.reset_password("maria.popescu", PASSWORD.to_owned()).await.unwrap_err();
    assert_snapshot!(same, @"the password is the present one; choose another");
}

#[tokio::test]
async fn a_password_is_the_same_on_every_keyboard() {
    let app = TestApp::start().await;
    let (composed, decomposed) =
        ("cal corect ștăîâ țară", "cal corect s\u{326}ta\u{306}i\u{302}a\u{302} t\u{326}ara\u{306}");
    let log_in = async |name: &str, password: &str| {
        app.stranger().post("/login", &[("username", name), ("password", password)]).await.status
    };
    for (name, given) in [("one", composed), ("two", decomposed)] {
        app.services.operator.add_user(owner(name), given.to_owned()).await.unwrap();
        for typed in [composed, decomposed] {
            assert_eq!(log_in(name, typed).await, StatusCode::SEE_OTHER, "{name}");
        }
        assert_eq!(log_in(name, "cal corect staia tara").await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let short = "s\u{326}t\u{326}a\u{306}i\u{302}a\u{302}".to_owned();
    let refused = app.services.operator.add_user(owner("three"), short).await.unwrap_err();
    assert_snapshot!(refused, @"the password is shorter than 10 characters; choose another");
}

#[tokio::test]
async fn a_user_changes_its_password_and_its_other_sessions_end() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let (here, elsewhere) = (app.browser("demo").await, app.browser("demo").await);
    let change = async |present: &str, new: &str| {
        here.post("/account/profile?do=change_password", &[("password", present), ("new_password", new)])
            .await
    };
    let mut said = Vec::new();
    for (present, new) in [
        ("wrong", NEW),
        ("", NEW),
        (PASSWORD, ""),
        (PASSWORD, "short"),
        (PASSWORD, "password123"),
        (PASSWORD, PASSWORD),
    ] {
        let answer = change(present, new).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!answer.body.contains(NEW), "nothing is sent back");
        said.push(format!("{present} -> {new}: {}", answer.messages()));
    }
    assert_snapshot!(said.join("\n"), @"
    wrong -> violet kettle on the roof: This is not your password. Try again.
     -> violet kettle on the roof: This is not your password. Try again.
    correct horse battery -> : Enter a password.
    correct horse battery -> short: This is too short: use at least 10 characters.
    correct horse battery -> password123: This is easy to guess. Use a few words that do not belong together.
    correct horse battery -> correct horse battery: This is your present password. Choose another.
    ");
    assert_eq!(elsewhere.get("/").await.status, StatusCode::OK);
    let done = change(PASSWORD, NEW).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/account/profile?done=password")
    );
    assert_snapshot!(here.messages(done.header("location")).await, @"Your password is changed, and your other sessions have ended.");
    assert_eq!(elsewhere.get("/").await.status, StatusCode::SEE_OTHER, "it has ended");
    let log_in = async |password: &str| {
        app.stranger().post("/login", &[("username", "demo"), ("password", password)]).await.status
    };
    assert_eq!(log_in(PASSWORD).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(log_in(NEW).await, StatusCode::SEE_OTHER);
    assert_snapshot!(here.history().await, @"
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Wrong password at login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Password changed | demo | 192.0.2.10
    2026-01-15 12:00:00 | Wrong password at a change of the password | demo | 192.0.2.10
    2026-01-15 12:00:00 | Wrong password at a change of the password | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator |
    ");
}
