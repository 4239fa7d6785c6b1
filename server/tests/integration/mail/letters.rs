//! What a letter is, as its reader's program sees it.

use super::smtp::Smtp;
use super::start;
use crate::app::START;
use crate::html::attributes;
use crate::snapshots::redacted;
use app::Language;
use contract::Cause;
use domain::ids::UserNumber;
use domain::time::Clock;
use insta::assert_snapshot;
use serde_json::json;
use service::mail::Letter;
use store::{Action, EmailChange, NewMail};

fn confirmation(language: Language, to: &str) -> Letter {
    Letter::ConfirmAddress {
        to: to.to_owned(),
        language,
        username: "demo".to_owned(),
        link: "https://keys.example.com/confirm?token=a&b=c".to_owned(),
    }
}

#[tokio::test]
async fn a_letter_arrives_once_with_both_parts_and_the_right_headers() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    app.queue(&confirmation(Language::En, "demo@example.org")).await;
    app.send_due().await;
    let mail = smtp.next();
    assert_eq!(mail["from"], "keys@example.com");
    assert_eq!(mail["to"], json!(["demo@example.org"]));
    assert_eq!(mail["defects"], json!([]));
    assert_eq!(mail["structure"], json!(["multipart/alternative", "text/plain", "text/html"]));
    assert_eq!(mail["date"].as_f64(), Some(f64::from(u32::try_from(START).unwrap())));
    let headers = &mail["headers"];
    assert_eq!(headers["from"], "Latchkey <keys@example.com>");
    assert_eq!(headers["to"], "demo@example.org");
    assert_eq!(headers["subject"], "Confirm your mail address");
    assert_eq!(headers["mime-version"], "1.0");
    assert_eq!(headers["auto-submitted"], "auto-generated");
    assert_eq!(headers["list-unsubscribe"], json!(null), "this one is not optional");
    let id = headers["message-id"].as_str().unwrap();
    assert!(id.starts_with("<1.") && id.ends_with("@keys.example.com>"), "{id}");
    let (text, html) = (mail["text"].as_str().unwrap(), mail["html"].as_str().unwrap());
    assert_snapshot!(text, @"
    demo at keys.example.com wants to get mail at this address. If that is you, confirm it:

    Confirm the address:
    https://keys.example.com/confirm?token=a&b=c

    If it is not you, do nothing: nothing more will be sent here.

    Latchkey at keys.example.com
    ");
    assert_eq!(attributes(html, "a", "href")[0], "https://keys.example.com/confirm?token=a&b=c");
    for remote in ["src=", "<img", "<script", "<link", "url("] {
        assert!(!html.contains(remote), "{remote}: {html}");
    }
    app.send_due().await;
    app.clock.advance(100 * 3600);
    app.send_due().await;
    assert!(smtp.all().is_empty(), "it is sent once");
    assert_eq!((app.waiting().await, app.given_up()), (0, 0));
}

#[tokio::test]
async fn letters_speak_romanian() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    app.queue(&confirmation(Language::Ro, "demo@example.org")).await;
    app.send_due().await;
    let mail = smtp.next();
    assert_eq!(mail["headers"]["subject"], "Confirmați adresa de e-mail");
    assert_snapshot!(mail["text"].as_str().unwrap(), @"
    demo de la keys.example.com dorește să primească mesaje la această adresă. Dacă sunteți dumneavoastră, confirmați-o:

    Confirmați adresa:
    https://keys.example.com/confirm?token=a&b=c

    Dacă nu sunteți dumneavoastră, nu faceți nimic: nu veți mai primi niciun mesaj aici.

    Latchkey la keys.example.com
    ");
    assert_eq!(attributes(mail["html"].as_str().unwrap(), "html", "lang"), ["ro"]);
    assert_eq!(mail["defects"], json!([]));
}

#[tokio::test]
async fn a_notice_is_told_with_what_it_says_when_it_is_sent() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[("notice_hold_seconds", "60")]).await;
    let user = app.add_user_with_mail("demo").await;
    app.tell(user, Cause::Guessing, None, 1).await;
    app.send_due().await;
    assert!(smtp.all().is_empty(), "it is held until a count can be told");
    for _ in 0..49 {
        app.clock.advance(1);
        app.tell(user, Cause::Guessing, None, 1).await;
    }
    app.clock.advance(11);
    app.send_due().await;
    let mail = smtp.next();
    assert_eq!(mail["to"], json!(["demo@example.org"]));
    assert_eq!(mail["headers"]["subject"], "Somebody guesses keys of demo");
    let text = mail["text"].as_str().unwrap();
    for line in [
        "How often: 50 times",
        "From: 203.0.113.8 (50 times)",
        "First: 2026-01-15 12:00:00 UTC",
        "Last: 2026-01-15 12:00:49 UTC",
        "https://keys.example.com/account/notifications",
    ] {
        assert!(text.lines().any(|l| l == line), "{line}: {text}");
    }
    app.tell(user, Cause::Guessing, None, 1).await;
    app.clock.advance(60);
    app.send_due().await;
    assert!(smtp.all().is_empty(), "one notice, one letter");
}

#[tokio::test]
async fn two_hundred_letters_are_sent_in_one_go() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    for n in 0..200 {
        app.queue(&confirmation(Language::En, &format!("user{n}@example.org"))).await;
    }
    app.send_due().await;
    let mut to: Vec<_> = (0..200).map(|_| smtp.next()["to"][0].as_str().unwrap().to_owned()).collect();
    to.sort_unstable();
    to.dedup();
    assert_eq!((to.len(), app.waiting().await), (200, 0));
    assert!(smtp.all().is_empty());
}

#[tokio::test]
async fn users_are_sent_letters_in_turn() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    let (busy, other) = (app.add_user_with_mail("busy").await, app.add_user_with_mail("other").await);
    let queue = async |user: UserNumber, name: &str| {
        let letter = confirmation(Language::En, &format!("{name}@example.org"));
        let payload = letter.seal(app.services.use_cases.keys.sealing.as_ref().unwrap()).unwrap();
        let mail = NewMail { user: Some(user), payload, due_at: app.clock.now() };
        app.services.store.insert_mail(mail).await.unwrap();
    };
    for _ in 0..60 {
        queue(busy, "busy").await;
    }
    app.clock.advance(1);
    queue(other, "other").await;
    queue(other, "other").await;
    let seen = |served: &[UserNumber]| {
        let (store, now, served) = (app.services.store.clone(), app.clock.now(), served.to_vec());
        async move { store.claim_due_mails(now, now, 50, &served).await.unwrap().len() }
    };
    assert_eq!((seen(&[]).await, seen(&[busy]).await, seen(&[busy, other]).await), (2, 1, 0));
    app.send_due().await;
    let to: Vec<_> = (0..62).map(|_| smtp.next()["to"][0].as_str().unwrap().to_owned()).collect();
    let turns: Vec<_> = (0..62).filter(|n| to[*n] == "other@example.org").collect();
    assert_eq!(turns, [1, 3], "nobody waits for all that another is to be told");
    assert_eq!(app.waiting().await, 0);
}

#[tokio::test]
async fn a_letter_that_waited_tells_of_what_followed() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    let user = app.add_user_with_mail("demo").await;
    app.services.store.set_language(user, "ro".to_owned(), None).await.unwrap();
    let mut actions = vec![Action::WebhookAdded; 5];
    actions.extend([Action::WebhookChanged; 7]);
    actions.push(Action::SubUserInvited);
    for action in actions {
        app.services.store.record(app.act(user, action)).await.unwrap();
    }
    app.send_due().await;
    for _ in 0..4 {
        // At once, and of itself alone.
        let text = smtp.next()["text"].as_str().unwrap().to_owned();
        insta::allow_duplicates! { redacted().bind(|| assert_snapshot!(text, @"
        Bună ziua, demo,

        Ceva care vă protejează contul a fost schimbat.

        Ce: Webhook adăugat
        De către: demo
        De la: O adresă necunoscută
        Când: 2026-01-15 12:00:00 UTC

        Dacă ați fost dumneavoastră, nu este nimic de făcut. Dacă nu, schimbați parola, încheiați toate celelalte sesiuni și verificați-vă cheile.

        Deschideți notificările:
        https://keys.example.com/account/notifications

        Primiți acest mesaj pentru că sunteți anunțat prin e-mail despre: o schimbare a contului dumneavoastră.

        Aceste mesaje vă protejează contul și nu pot fi dezactivate.

        Latchkey la keys.example.com
        ")) }
    }
    assert!(smtp.all().is_empty());
    app.clock.advance(3600);
    app.send_due().await;
    let text = smtp.next()["text"].as_str().unwrap().to_owned();
    redacted().bind(|| assert_snapshot!(text, @"
    Bună ziua, demo,

    Ceva care vă protejează contul a fost schimbat.

    Ce: Webhook adăugat
    De către: demo
    De la: O adresă necunoscută
    Când: 2026-01-15 12:00:00 UTC
    De atunci:
      Webhook modificat (de 7 ori)
      Subutilizator invitat (o dată)

    Dacă ați fost dumneavoastră, nu este nimic de făcut. Dacă nu, schimbați parola, încheiați toate celelalte sesiuni și verificați-vă cheile.

    Deschideți notificările:
    https://keys.example.com/account/notifications

    Primiți acest mesaj pentru că sunteți anunțat prin e-mail despre: o schimbare a contului dumneavoastră.

    Aceste mesaje vă protejează contul și nu pot fi dezactivate.

    Latchkey la keys.example.com
    "));
    assert_eq!(app.waiting().await, 0);
    assert!(smtp.all().is_empty());
}

#[tokio::test]
async fn what_is_still_to_be_told_goes_to_the_address_that_is_replaced() {
    let smtp = Smtp::start();
    let app = start(&smtp, &[]).await;
    let user = app.add_user_with_mail("demo").await;
    for _ in 0..5 {
        app.services.store.record(app.act(user, Action::WebhookAdded)).await.unwrap();
    }
    app.services.store.record(app.act(user, Action::SubUserInvited)).await.unwrap();
    let old = Some("demo@example.org".to_owned());
    let change = EmailChange { user, old, farewell: None, audit: app.act(user, Action::EmailChanged) };
    app.services.store.set_email(Some("thief@example.net".to_owned()), change).await.unwrap();
    app.send_due().await;
    let letters: Vec<_> = (0..5).map(|_| smtp.next()).collect();
    assert!(letters.iter().all(|letter| letter["to"] == json!(["demo@example.org"])), "{letters:?}");
    // At once, and of all that followed.
    redacted().bind(|| assert_snapshot!(letters[4]["text"].as_str().unwrap(), @"
    Hello demo,

    Something that protects your account was changed.

    What: Webhook added
    By: demo
    From: An unknown address
    When: 2026-01-15 12:00:00 UTC
    Since then:
      Sub-user invited (once)
      Mail address changed without confirmation (once)

    If that was you, nothing is to be done. If not, change your password, end all other sessions and look at your keys.

    Open your notifications:
    https://keys.example.com/account/notifications

    You get this letter because you are told by mail of: a change of your account.

    These letters protect your account and cannot be switched off.

    Latchkey at keys.example.com
    "));
    assert_eq!(app.waiting().await, 0);
    assert!(smtp.all().is_empty());
}
