//! Choosing a password: at the set-up, in the profile, and by the operator.

use crate::app::{PASSWORD, TestApp, owner};
use http::StatusCode;
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
        assert!(answer.page().contains("This is easy to guess. Use a few words"), "{}", answer.page());
        assert!(!answer.body.contains(&format!("value=\"{easy}\"")));
    }
    let both = set_up("", "short").await.page();
    assert!(both.contains("Enter a username.") && both.contains("too short"), "{both}");
    assert_eq!(set_up("maria.popescu", PASSWORD).await.status, StatusCode::SEE_OTHER);
    let operator = &app.services.operator;
    let easy = operator.add_user(owner("other"), "password123".to_owned()).await.unwrap_err();
    assert!(easy.to_string().contains("easy to guess") && easy.to_string().ends_with("choose another"));
    let with_mail = NewUserRequest { email: Some("kettle@roof.example"), ..owner("other") };
    assert!(operator.add_user(with_mail, "kettleroof".to_owned()).await.is_err(), "its own words");
    let same = operator.reset_password("maria.popescu", PASSWORD.to_owned()).await.unwrap_err();
    assert!(same.to_string().contains("is the present one"), "{same}");
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
    assert!(refused.to_string().contains("shorter than 10"), "{refused}");
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
    for (present, new, says) in [
        ("wrong", NEW, "This is not your password."),
        ("", NEW, "This is not your password."),
        (PASSWORD, "", "Enter a password."),
        (PASSWORD, "short", "too short"),
        (PASSWORD, "password123", "easy to guess"),
        (PASSWORD, PASSWORD, "This is your present password."),
    ] {
        let answer = change(present, new).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.page().contains(says), "{says}: {}", answer.page());
        assert!(!answer.body.contains(NEW), "nothing is sent back");
    }
    assert_eq!(elsewhere.get("/").await.status, StatusCode::OK);
    let done = change(PASSWORD, NEW).await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::SEE_OTHER, "/account/profile?done=password")
    );
    assert!(here.get(done.header("location")).await.page().contains("Your password is changed"));
    assert_eq!(elsewhere.get("/").await.status, StatusCode::SEE_OTHER, "it has ended");
    let log_in = async |password: &str| {
        app.stranger().post("/login", &[("username", "demo"), ("password", password)]).await.status
    };
    assert_eq!(log_in(PASSWORD).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(log_in(NEW).await, StatusCode::SEE_OTHER);
    assert!(here.get("/account/profile/history").await.page().contains("Password changed"));
}
