//! Visitors of the pages whose address a trusted proxy does not name: nobody's neighbour, and never at home.

use crate::app::{HOME, PASSWORD, TestApp};
use crate::snapshots::redacted;
use contract::Cause;
use http::{Request, StatusCode};
use insta::assert_snapshot;
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
    let mut said = Vec::new();
    for language in ["en", "ro"] {
        let set = home.post("/account/profile?do=set_language", &[("language", language)]).await;
        assert_eq!(set.status, StatusCode::SEE_OTHER, "{}", set.body);
        said.push(home.get("/account/notifications").await.lines(".entry"));
        said.push(home.get("/account/profile").await.lines("#sessions"));
        said.push(home.history().await);
    }
    redacted().bind(|| assert_snapshot!(said.join("\n"), @"
    The key “STOLEN” was generated New
    2026-01-15 12:00:00
    By you, from an unknown address.
    Key: STOLEN lkc_[masked]
    If you do not know of this, change your password, end all other sessions in your profile, and look at your keys.
    Login from an unknown address New
    2026-01-15 12:00:00
    Somebody logged in with your username and password. The address they came from is unknown to this service.
    If that was not you, change your password and end all other sessions in your profile.
    Login from an unknown address New
    2026-01-15 12:00:00
    Somebody logged in with your username and password. The address they came from is unknown to this service.
    If that was not you, change your password and end all other sessions in your profile.
    Sessions
    Where you are logged in. If you do not recognise one, end it and change your password.
    Unknown device
    Unknown
    2026-01-15 12:00:00
    2026-01-15 12:00:00
    End
    End
    Unknown device
    192.0.2.10
    2026-01-15 12:00:00
    2026-01-15 12:00:00
    This session
    End all other sessions
    2026-01-15 12:00:00 | Key generated Cloud STOLEN … | demo | Unknown
    2026-01-15 12:00:00 | Login | demo | Unknown
    2026-01-15 12:00:00 | Session ended | demo | Unknown
    2026-01-15 12:00:00 | Login | demo | Unknown
    2026-01-15 12:00:00 | Login | demo | 192.0.2.10
    2026-01-15 12:00:00 | Account created demo | The operator | 
    Cheia „STOLEN” a fost generată Nou
    2026-01-15 12:00:00
    De dumneavoastră, de la o adresă necunoscută.
    Cheia: STOLEN lkc_[masked]
    Dacă nu știți nimic despre aceasta, schimbați parola, încheiați toate celelalte sesiuni din profil și verificați-vă cheile.
    Autentificare de la o adresă necunoscută Nou
    2026-01-15 12:00:00
    Cineva s-a autentificat cu numele și parola dumneavoastră. Adresa de la care a venit nu este cunoscută de acest serviciu.
    Dacă nu ați fost dumneavoastră, schimbați parola și încheiați toate celelalte sesiuni din profil.
    Autentificare de la o adresă necunoscută Nou
    2026-01-15 12:00:00
    Cineva s-a autentificat cu numele și parola dumneavoastră. Adresa de la care a venit nu este cunoscută de acest serviciu.
    Dacă nu ați fost dumneavoastră, schimbați parola și încheiați toate celelalte sesiuni din profil.
    Sesiuni
    Unde sunteți autentificat. Dacă nu recunoașteți o sesiune, încheiați-o și schimbați-vă parola.
    Dispozitiv necunoscut
    Necunoscută
    2026-01-15 12:00:00
    2026-01-15 12:00:00
    Încheie
    Încheie
    Dispozitiv necunoscut
    192.0.2.10
    2026-01-15 12:00:00
    2026-01-15 12:00:00
    Această sesiune
    Încheie toate celelalte sesiuni
    2026-01-15 12:00:00 | Cheie generată Cloud STOLEN … | demo | Necunoscută
    2026-01-15 12:00:00 | Autentificare | demo | Necunoscută
    2026-01-15 12:00:00 | Sesiune încheiată | demo | Necunoscută
    2026-01-15 12:00:00 | Autentificare | demo | Necunoscută
    2026-01-15 12:00:00 | Autentificare | demo | 192.0.2.10
    2026-01-15 12:00:00 | Cont creat demo | Operatorul |
    "));
    assert!(app.services.events.total(Event::ClientUnknown) >= 3);
}
