//! Visitors of the pages whose address a trusted proxy does not name: nobody's neighbour, and never at home.

use crate::app::{HOME, PASSWORD, TestApp};
use contract::Cause;
use http::{Request, StatusCode};
use service::events::Event;

/// What a proxy writes that names nobody: nothing to be read, nothing but proxies, more than is read.
const NOBODY: [&str; 4] = ["", "unknown", "127.0.0.1", "203.0.113.7, "];

async fn log_in(app: &TestApp, client: &str, name: &str, password: &str) -> StatusCode {
    app.stranger().post_from(client, "/login", &[("username", name), ("password", password)]).await.status
}

/// Without the header at all, from this end of the connection.
async fn log_in_bare(app: &TestApp, peer: &str, password: &str) -> StatusCode {
    let body = serde_urlencoded::to_string([("username", "demo"), ("password", password)]).unwrap();
    let request = Request::post("/login")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(body.into());
    app.send(peer, request.unwrap()).await.status
}

#[tokio::test]
async fn wrong_passwords_of_somebody_unknown_lock_nobody_else_out() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    for client in NOBODY {
        for guess in 0..11 {
            let status = log_in(&app, client, &format!("nobody{guess}"), "wrong").await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{client:?} {guess}");
        }
        assert_eq!(log_in(&app, client, "demo", PASSWORD).await, StatusCode::SEE_OTHER, "{client:?}");
    }
    for peer in ["127.0.0.1", "unix"] {
        for _ in 0..3 {
            assert_eq!(log_in_bare(&app, peer, "wrong").await, StatusCode::UNPROCESSABLE_ENTITY, "{peer}");
        }
        assert_eq!(log_in_bare(&app, peer, PASSWORD).await, StatusCode::SEE_OTHER, "{peer}");
    }
    // Who is known has ten tries of its own, whatever the unknown did.
    for guess in 0..12 {
        let free = if guess < 10 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(log_in(&app, "203.0.113.9", &format!("nobody{guess}"), "wrong").await, free, "{guess}");
    }
    assert_eq!(log_in(&app, "", "demo", PASSWORD).await, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_guesser_without_an_address_is_limited_by_username_and_not_at_home() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    assert_eq!(log_in(&app, "", "demo", PASSWORD).await, StatusCode::SEE_OTHER);
    assert_eq!(log_in(&app, HOME, "demo", PASSWORD).await, StatusCode::SEE_OTHER);
    for guess in 0..30 {
        let status = log_in(&app, "", "demo", "wrong").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{guess}");
    }
    for client in NOBODY {
        let status = log_in(&app, client, "demo", PASSWORD).await;
        assert_eq!(
            status,
            StatusCode::TOO_MANY_REQUESTS,
            "an earlier login from nowhere is no home: {client:?}"
        );
    }
    assert_eq!(log_in(&app, HOME, "demo", PASSWORD).await, StatusCode::SEE_OTHER);
    let guessing = app.told("demo", Cause::Guessing).await;
    assert_eq!((guessing.len(), guessing[0].count, guessing[0].addresses.len()), (1, 4, 0));
    app.clock.advance(20);
    assert_eq!(log_in(&app, "", "demo", PASSWORD).await, StatusCode::SEE_OTHER, "nobody waits for good");
}

#[tokio::test]
async fn what_somebody_unknown_does_is_told_and_shown_as_unknown() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let home = app.browser("demo").await;
    let thief = app.stranger();
    for times in 1..=2 {
        let entered = thief
            .post_from("unknown", "/login", &[("username", "demo"), ("password", PASSWORD)])
            .await
            .status;
        assert_eq!(entered, StatusCode::SEE_OTHER);
        let logins = app.told("demo", Cause::NewLogin).await;
        assert_eq!((logins.len(), logins[0].addresses.len()), (times, 0), "each is from elsewhere");
    }
    let fields = [("description", "STOLEN"), ("key_type", "cloud")];
    assert_eq!(
        thief.post_from("unknown", "/account/api-keys/new", &fields).await.status,
        StatusCode::SEE_OTHER
    );
    let made = app.told("demo", Cause::KeyGenerated).await;
    assert_eq!((made.len(), made[0].read_at, made[0].actor.as_deref()), (1, None, None), "it calls");
    for (language, words) in [
        ("en", ["Login from an unknown address", "By you, from an unknown address.", "Unknown"]),
        ("ro", ["Autentificare de la o adresă necunoscută", "de la o adresă necunoscută.", "Necunoscută"]),
    ] {
        let set = home.post("/account/profile?do=set_language", &[("language", language)]).await;
        assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
        let notices = home.get("/account/notifications").await.text();
        for word in &words[..2] {
            assert!(notices.contains(word), "{word}: {notices}");
        }
        for path in ["/account/profile", "/account/profile/history"] {
            let page = home.get(path).await.text();
            assert!(page.contains(words[2]) && page.contains(HOME), "{path}: {page}");
        }
    }
    assert!(app.services.events.total(Event::ClientUnknown) >= 3);
}
