//! The link that stops letters of one kind: for people, and for mail programs (RFC 8058).

use super::smtp::Smtp;
use super::start;
use crate::app::{Answer, TestApp};
use axum::body::Body;
use contract::Cause;
use domain::ids::UserNumber;
use http::{Method, Request, StatusCode};
use insta::assert_snapshot;

/// The path of the link in the letter about a new login.
async fn link(app: &TestApp, smtp: &Smtp, user: UserNumber) -> String {
    app.tell(user, Cause::NewLogin, None, 1).await;
    app.send_due().await;
    let mail = smtp.next();
    let headers = &mail["headers"];
    assert_eq!(headers["list-unsubscribe-post"], "List-Unsubscribe=One-Click");
    let header = headers["list-unsubscribe"].as_str().unwrap();
    let url = header.strip_prefix('<').and_then(|url| url.strip_suffix('>')).unwrap();
    assert!(mail["text"].as_str().unwrap().contains(url), "people find it too");
    url.strip_prefix("https://keys.example.com").unwrap().to_owned()
}

/// Whether letters about this cause are still sent.
async fn is_told(app: &TestApp, user: UserNumber, cause: Cause) -> bool {
    let before = app.waiting().await;
    app.tell(user, cause, None, 1).await;
    app.waiting().await > before
}

/// A post of a mail program or of another site.
async fn post(app: &TestApp, path: &str, kind: &str, body: &'static str) -> Answer {
    let request = Request::builder()
        .method(Method::POST)
        .uri(path)
        .header("content-type", kind)
        .header("sec-fetch-site", "cross-site")
        .header("origin", "https://mail.example")
        .header("cookie", "other=1");
    app.send("198.51.100.1", request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn one_click_of_a_mail_program_stops_letters_of_that_kind_alone() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    let (demo, other) = (app.add_user_with_mail("demo.user").await, app.add_user_with_mail("other").await);
    let path = link(&app, &smtp, demo).await;
    let seen = app.stranger().get(&path).await;
    assert_eq!(seen.status, StatusCode::OK);
    assert!(is_told(&app, demo, Cause::NewLogin).await, "who only looks stops nothing");
    let form = "application/x-www-form-urlencoded";
    let answer = post(&app, &path, form, "List-Unsubscribe=One-Click").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(app.waiting().await, 0, "what waited is not sent any more");
    assert!(!is_told(&app, demo, Cause::NewLogin).await);
    assert!(is_told(&app, demo, Cause::AccountChanged).await);
    assert!(is_told(&app, other, Cause::NewLogin).await);
    let parts =
        "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n";
    let again = post(&app, &path, "multipart/form-data; boundary=x", parts).await;
    assert_eq!(again.status, StatusCode::OK, "as often as one likes, in either form");
    let history = app.browser("demo.user").await.get("/account/profile/history").await;
    assert!(history.body.contains("198.51.100.1"), "the user sees from where: {}", history.body);
}

#[tokio::test]
async fn people_are_asked_once_in_their_language() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    let demo = app.add_user_with_mail("demo").await;
    let path = link(&app, &smtp, demo).await;
    let stranger = app.stranger();
    let page = stranger.get(&path).await;
    assert_snapshot!(page.lines("main"), @"
    Stop letters of this kind
    You are told by mail of: a login from a new address. If you stop these letters, you still find it in your notifications.
    Stop these letters
    ");
    assert!(!page.body.contains(".wasm"));
    let romanian = stranger.get_in(&path, "ro").await;
    assert_snapshot!(romanian.lines("main"), @"
    Opriți mesajele de acest fel
    Sunteți anunțat prin e-mail despre: o autentificare de la o adresă nouă. Dacă opriți aceste mesaje, veți găsi în continuare totul în notificări.
    Opriți aceste mesaje
    ");
    let token = path.split_once("token=").unwrap().1;
    let done = stranger.post("/unsubscribe", &[("token", token)]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.body);
    assert_snapshot!(stranger.messages(done.header("location")).await, @"You will get no more letters of this kind. You can change that at any time in your notifications.");
    assert!(!is_told(&app, demo, Cause::NewLogin).await);
}

#[tokio::test]
async fn forged_links_stop_nothing_and_open_nothing() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    let (demo, other) = (app.add_user_with_mail("demo").await, app.add_user_with_mail("other").await);
    let path = link(&app, &smtp, demo).await;
    let form = "application/x-www-form-urlencoded";
    for forged in
        [path.replace("demo", "other"), path.replace("new_login", "guessing"), "/unsubscribe?token=".into()]
    {
        let answer = post(&app, &forged, form, "List-Unsubscribe=One-Click").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{forged}");
        assert_eq!(app.stranger().get(&forged).await.status, StatusCode::NOT_FOUND, "{forged}");
    }
    assert!(is_told(&app, other, Cause::NewLogin).await && is_told(&app, demo, Cause::Guessing).await);
    // What lets one click through lets nothing else through.
    let token = path.split_once('?').unwrap().1;
    for path in ["/unsubscribe", "/logout", "/unsubscribe/x", "/account/profile?do=set_language"] {
        let path = if path.contains('?') { format!("{path}&{token}") } else { path.to_owned() };
        assert_eq!(post(&app, &path, form, "").await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let logout = post(&app, &format!("/logout?{token}"), form, "").await;
    assert_eq!(logout.status, StatusCode::FORBIDDEN);
}
