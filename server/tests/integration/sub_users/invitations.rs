//! Invitations: a link that works once, for three days, and only while it is meant to.

use crate::app::{Answer, Browser, PASSWORD, TestApp, shown_link};
use crate::html;
use contract::Role;
use http::StatusCode;
use insta::assert_snapshot;
use service::mail::Letter;
use store::MailContent;

const PAGE: &str = "/account/sub-users";
const DAY: i64 = 24 * 3600;

async fn start() -> TestApp {
    let app = TestApp::start().await;
    app.add_user("owner").await;
    app
}

async fn try_invite(owner: &Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    owner.post(&format!("{PAGE}?do=invite_sub_user"), fields).await
}

/// Invites; answers the path and query of the link, which is shown this once.
async fn invite(owner: &Browser<'_>, fields: &[(&str, &str)]) -> String {
    let answer = try_invite(owner, fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let page = owner.get(answer.header("location")).await.page();
    let link = shown_link(&page);
    assert!(!owner.get(PAGE).await.body.contains(&link), "the plain list never holds it");
    link
}

async fn accept(app: &TestApp, link: &str, password: &str) -> Answer {
    let token = link.split("token=").nth(1).unwrap_or_default();
    app.stranger().post(link, &[("token", token), ("password", password)]).await
}

/// The names of those who are invited and have not answered.
async fn pending(owner: &Browser<'_>) -> Vec<String> {
    let rows = html::rows(&owner.get(PAGE).await.body, ".below tbody tr");
    rows.into_iter().map(|mut cells| cells.remove(0)).collect()
}

/// The one answer of every link that is not open.
async fn is_closed(app: &TestApp, link: &str) {
    for answer in [app.stranger().get(link).await, accept(app, link, PASSWORD).await] {
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{link}");
        insta::allow_duplicates! { assert_snapshot!(answer.lines("main"), @"
        This link is closed
        The invitation was used already, was withdrawn or is too old. Ask who invited you for a new one.
        Login
        "); }
        assert_eq!(html::pieces(&answer.body, "input[type=password]"), [""; 0]);
        assert!(answer.headers.get("set-cookie").is_none());
    }
    let token = link.split("token=").nth(1).unwrap_or_default();
    let fields = [("token", token), ("password", PASSWORD)];
    for name in ["find_invitation", "accept_invitation"] {
        let answer = app.stranger().post(&format!("/portal/{name}"), &fields).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::NOT_FOUND, "\"NotFound\""), "{name}");
    }
}

#[tokio::test]
async fn the_invited_choose_a_password_and_are_in() {
    let app = start().await;
    let owner = app.browser("owner").await;
    let link = invite(&owner, &[("username", "guest"), ("email", ""), ("role", "reads_only")]).await;
    assert_eq!(pending(&owner).await, ["guest"]);
    let guest = app.stranger();
    let page = guest.get(&link).await;
    assert_eq!((page.status, page.header("referrer-policy")), (StatusCode::OK, "same-origin"));
    assert_snapshot!(page.lines("main"), @"
    You are invited
    owner invites you to have API keys of your own. Choose a password to begin.
    Username
    guest
    Valid until
    2026-01-18 12:00:00
    Password
    At least 10 characters. A few words in a row make a good password.
    Accept the invitation
    ");
    assert!(!page.body.contains(".wasm"), "it needs no program");
    for bad in ["", "short", "password123", &"x".repeat(2000)] {
        let refused = accept(&app, &link, bad).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{bad}");
        assert_eq!(refused.texts(".field-problem").len(), 1, "{}", refused.page());
    }
    let token = link.split("token=").nth(1).unwrap();
    let answer = guest.post(&link, &[("token", token), ("password", PASSWORD)]).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/"));
    assert_eq!(guest.get("/").await.texts(".username"), ["guest"], "they are logged in");
    let fields = [("description", "x"), ("key_type", "cloud")];
    assert_eq!(guest.post("/account/api-keys/new", &fields).await.status, StatusCode::FORBIDDEN);
    app.browser("guest").await;
    is_closed(&app, &link).await;
    let list = owner.get(PAGE).await;
    assert_eq!(html::rows(&list.body, "tbody tr")[0][0], "guest");
    assert_eq!(pending(&owner).await, [""; 0]);
    assert_snapshot!(owner.history().await, @"
    2026-01-15 12:00:00 | Login | guest | 192.0.2.10
    2026-01-15 12:00:00 | Login | guest | 192.0.2.10
    2026-01-15 12:00:00 | Invitation accepted guest | guest | 192.0.2.10
    2026-01-15 12:00:00 | Account created by invitation | guest | 192.0.2.10
    2026-01-15 12:00:00 | Sub-user invited guest | owner | 192.0.2.10
    2026-01-15 12:00:00 | Login | owner | 192.0.2.10
    2026-01-15 12:00:00 | Account created owner | The operator |
    ");
    assert_snapshot!(app.browser("guest").await.history().await, @"
    2026-01-15 12:00:00 | Login | guest | 192.0.2.10
    2026-01-15 12:00:00 | Login | guest | 192.0.2.10
    2026-01-15 12:00:00 | Login | guest | 192.0.2.10
    2026-01-15 12:00:00 | Account created by invitation | guest | 192.0.2.10
    ");
}

#[tokio::test]
async fn a_link_closes_in_time_or_when_it_is_withdrawn() {
    let app = start().await;
    let owner = app.browser("owner").await;
    let late = invite(&owner, &[("username", "late"), ("role", "manages_keys")]).await;
    let unwanted = invite(&owner, &[("username", "unwanted"), ("role", "manages_keys")]).await;
    let withdrawn = owner.post(&format!("{PAGE}?do=withdraw_invitation"), &[("username", "Unwanted")]).await;
    assert_eq!(withdrawn.status, StatusCode::SEE_OTHER);
    is_closed(&app, &unwanted).await;
    let again = owner.post(&format!("{PAGE}?do=withdraw_invitation"), &[("username", "unwanted")]).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    app.clock.advance(3 * DAY - 1);
    assert_eq!(app.stranger().get(&late).await.status, StatusCode::OK);
    app.clock.advance(1);
    is_closed(&app, &late).await;
    let owner = app.browser("owner").await;
    assert_eq!(pending(&owner).await, [""; 0]);
    let renewed = invite(&owner, &[("username", "late"), ("role", "manages_keys")]).await;
    is_closed(&app, &late).await;
    assert_eq!(accept(&app, &renewed, PASSWORD).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn what_is_no_secret_is_closed_too() {
    let app = start().await;
    let owner = app.browser("owner").await;
    let link = invite(&owner, &[("username", "guest"), ("role", "manages_keys")]).await;
    let huge = format!("/invitation?token={}", "a".repeat(5000));
    let foreign = format!("/invitation?token={}", "a".repeat(43));
    let odd = format!("{link}%00");
    for link in ["/invitation", "/invitation?token=", &link[..link.len() - 1], &huge, &foreign, &odd] {
        is_closed(&app, link).await;
    }
    app.services.operator.set_user_disabled("owner", true).await.unwrap();
    is_closed(&app, &link).await;
    app.services.operator.set_user_disabled("owner", false).await.unwrap();
    let app = app.restart().await;
    assert_eq!(accept(&app, &link, PASSWORD).await.status, StatusCode::SEE_OTHER, "it outlives a restart");
}

#[tokio::test]
async fn of_many_at_once_one_gets_in() {
    let app = start().await;
    let owner = app.browser("owner").await;
    let link = invite(&owner, &[("username", "guest"), ("role", "manages_keys")]).await;
    let tries = (0..4).map(|n| {
        let (app, link) = (&app, link.as_str());
        async move { accept(app, link, &format!("{PASSWORD} {n}")).await.status }
    });
    let mut statuses = futures::future::join_all(tries).await;
    statuses.sort();
    let lost = StatusCode::NOT_FOUND;
    assert_eq!(statuses, [StatusCode::SEE_OTHER, lost, lost, lost]);
    assert_eq!(app.services.operator.list_users().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_name_is_given_once() {
    let app = start().await;
    app.add_user("stranger").await;
    let (owner, stranger) = (app.browser("owner").await, app.browser("stranger").await);
    let link = invite(&owner, &[("username", "guest"), ("role", "manages_keys")]).await;
    for (who, name) in [(&owner, "owner"), (&owner, "STRANGER"), (&owner, "Guest"), (&stranger, "guest")] {
        let refused = try_invite(who, &[("username", name), ("email", "x@example.org")]).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{name}");
        insta::allow_duplicates! { assert_snapshot!(refused.messages(), @"This username is taken. Choose another."); }
        assert_eq!(html::attributes(&refused.body, "[name=email]", "value"), ["x@example.org"]);
    }
    app.add_user("guest").await;
    is_closed(&app, &link).await;
    assert_eq!(pending(&owner).await, ["guest"]);
}

#[tokio::test]
async fn bad_fields_are_refused_at_the_field() {
    let app = start().await;
    let owner = app.browser("owner").await;
    let (long, mail) = ("a".repeat(65), format!("{}@example.org", "a".repeat(250)));
    for fields in [
        [("username", ""), ("email", "")],
        [("username", "a b"), ("email", "x@example.org")],
        [("username", long.as_str()), ("email", "")],
        [("username", "guest"), ("email", "nonsense")],
        [("username", "guest"), ("email", "a@b.c\r\nBcc: d@e.f")],
        [("username", "guest"), ("email", mail.as_str())],
    ] {
        let refused = try_invite(&owner, &fields).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{fields:?}");
        assert_eq!(refused.page().matches("field-problem").count(), 1, "{fields:?}");
    }
    for number in 0..100 {
        invite(&owner, &[("username", &format!("guest{number}")), ("role", "reads_only")]).await;
    }
    let full = try_invite(&owner, &[("username", "onemore"), ("role", "reads_only")]).await;
    assert_eq!(full.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_snapshot!(full.messages(), @"The list is full: 100 entries. Remove one, or authorise a network instead of single addresses.");
}

#[tokio::test]
async fn the_link_is_mailed_where_mail_is_set_up() {
    for on in [true, false] {
        let flags = [("smtp_url", "smtp://127.0.0.1:9"), ("smtp_from", "keys@example.org")];
        let app = TestApp::start_with(if on { &flags } else { &[] }).await;
        app.add_user("owner").await;
        let owner = app.browser("owner").await;
        let link = invite(&owner, &[("username", "quiet"), ("email", ""), ("role", "reads_only")]).await;
        let mailed =
            invite(&owner, &[("username", "guest"), ("email", "g@example.org"), ("role", "reads_only")])
                .await;
        assert_ne!(link, mailed);
        let now = domain::time::Clock::now(app.clock.as_ref());
        let mails = app.services.store.claim_due_mails(now, now, 10, &[]).await.unwrap();
        let letters: Vec<_> = mails
            .iter()
            .filter_map(|mail| match &mail.content {
                MailContent::Letter(sealed) => {
                    Some(Letter::open(app.services.use_cases.keys.sealing.as_ref().unwrap(), sealed).unwrap())
                }
                MailContent::Notice(_) => None,
            })
            .collect();
        assert_eq!(letters.len(), usize::from(on));
        for letter in letters {
            let Letter::Invitation { to, owner, username, link, .. } = letter else {
                panic!("an invitation")
            };
            assert_eq!([to.as_str(), &owner, &username], ["g@example.org", "owner", "guest"]);
            assert_eq!(link, format!("http://127.0.0.1:3000{mailed}"));
        }
        assert_eq!(accept(&app, &mailed, PASSWORD).await.status, StatusCode::SEE_OTHER);
        let users = app.services.operator.list_users().await.unwrap();
        let guest = users.iter().find(|user| user.username.as_str() == "guest").unwrap();
        assert_eq!((guest.email.as_deref(), guest.role), (Some("g@example.org"), Role::ReadsOnly));
        assert!(!guest.email_confirmed, "the owner saw the link too");
    }
}

#[tokio::test]
async fn nobody_floods_an_inbox_with_invitations() {
    let flags = [("smtp_url", "smtp://127.0.0.1:9?tls=none"), ("smtp_from", "Keys <keys@example.com>")];
    let app = TestApp::start_with(&flags).await;
    app.add_user("owner").await;
    let owner = app.browser("owner").await;
    let mut statuses = Vec::new();
    for number in 0..7 {
        let name = format!("guest{number}");
        let fields = [("username", name.as_str()), ("email", "Victim@example.org"), ("role", "reads_only")];
        statuses.push(owner.post("/account/sub-users?do=invite_sub_user", &fields).await.status);
        owner.post("/account/sub-users?do=withdraw_invitation", &[("username", &name)]).await;
    }
    assert_eq!(statuses[..5], [StatusCode::SEE_OTHER; 5]);
    assert_eq!(statuses[5..], [StatusCode::TOO_MANY_REQUESTS; 2]);
    let elsewhere = [("username", "other"), ("email", "other@example.org"), ("role", "reads_only")];
    let other = owner.post("/account/sub-users?do=invite_sub_user", &elsewhere).await;
    assert_eq!(other.status, StatusCode::SEE_OTHER, "{}", other.body);
}

#[tokio::test]
async fn a_renewed_link_takes_the_place_of_the_first() {
    let app = start().await;
    let owner = app.browser("owner").await;
    let first = invite(&owner, &[("username", "guest"), ("email", ""), ("role", "reads_only")]).await;
    let renew = |name: &'static str| [("username", name), ("password", PASSWORD)];
    let path = format!("{PAGE}?do=renew_invitation");
    assert_eq!(owner.post(&path, &renew("nobody")).await.status, StatusCode::NOT_FOUND);
    app.clock.advance(2 * DAY);
    let owner = app.browser("owner").await;
    let renewed = owner.post(&path, &renew("guest")).await;
    assert_eq!(renewed.status, StatusCode::SEE_OTHER, "{}", renewed.page());
    let second = shown_link(&owner.get(renewed.header("location")).await.page());
    is_closed(&app, &first).await;
    assert_eq!(pending(&owner).await, ["guest"]);
    app.clock.advance(2 * DAY);
    assert_eq!(
        accept(&app, &second, PASSWORD).await.status,
        StatusCode::SEE_OTHER,
        "three days from then on"
    );
}
