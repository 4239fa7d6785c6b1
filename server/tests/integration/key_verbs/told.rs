//! Who hears of a key that the operator revoked, and how.

use crate::app::TestApp;
use crate::html;
use crate::mail::{self, smtp::Smtp};
use contract::Cause;
use insta::assert_snapshot;
use service::keys::operator::{KeyAsked, KeyVerbError, WholeToken};
use store::{Action, NoticeChoice};

#[tokio::test]
async fn a_sub_user_and_the_owner_of_the_account_are_told_with_the_reason() {
    let smtp = Smtp::start();
    let app = mail::start(&smtp, &[]).await;
    let owner = app.add_user_with_mail("acme").await;
    app.add_sub_user("maria", Some("acme")).await;
    let choice = |cause| NoticeChoice { cause, by_mail: true, by_webhook: true };
    let chosen = app.act(owner, Action::NoticesChosen);
    app.services.store.set_notice_choices(owner, vec![choice(Cause::KeyDeleted)], chosen).await.unwrap();
    let maria = app.browser("maria").await;
    let key = maria.generate("Reports", "cloud").await;
    let asked = KeyAsked::Token(&key.token, None);
    let revoked = app.services.operator_keys.revoke(&asked, " pasted into a ticket ").await.unwrap();
    assert!(!revoked.already);
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.code(), "DELETED");
    for name in ["maria", "acme"] {
        let told = app.told(name, Cause::KeyDeleted).await;
        let told: Vec<_> = told.iter().map(|n| (n.actor.as_deref(), n.detail.as_str(), n.read_at)).collect();
        assert_eq!(told, [(Some("operator"), "pasted into a ticket", None)], "{name}");
    }
    let page = app.browser("acme").await.get("/account/notifications").await.page();
    let entry = html::lines(&page, ".entry").replace(&super::masked(&key.token), "[masked]");
    assert_snapshot!(entry, @"
    The deleted key “Reports” is still being sent New
    2026-01-15 12:00:00
    It was deleted on 2026-01-15 12:00:00. Since then a program keeps sending it and was refused once.
    Key: Reports (maria) [masked]
    Put a valid key into that program. If you do not know the program, nothing is to be done: this key opens nothing any more.
    The key “Reports” was deleted New
    2026-01-15 12:00:00
    By the operator of this service. Reason given: pasted into a ticket
    Key: Reports (maria) [masked]
    If you do not know of this, change your password, end all other sessions in your profile, and look at your keys.
    ");
    app.clock.advance(1);
    app.send_due().await;
    let letter = smtp.next();
    assert_eq!(letter["headers"]["subject"], "A key was deleted: Reports");
    let text = letter["text"].as_str().unwrap().replace(&super::masked(&key.token), "[masked]");
    // What follows holds a code of this installation.
    let text = text.split("Stop letters").next().unwrap();
    assert_snapshot!(text, @"
    Hello acme,

    One of your API keys was deleted. It is refused from now on.

    Key: Reports
    Token: [masked]
    Type: Cloud
    User: maria
    By: The operator
    Details: pasted into a ticket
    When: 2026-01-15 12:00:00 UTC

    If that was you, nothing is to be done. If not, change your password, end all other sessions and look at your keys.

    Open your notifications:
    https://keys.example.com/account/notifications

    You get this letter because you are told by mail of: a key that was deleted.
    ");
    let history = maria.history().await;
    assert_snapshot!(history.lines().next().unwrap(), @"2026-01-15 12:00:00 | Key deleted pasted into a ticket Reports Deleted … | The operator |");
    let romanian = app.browser("acme").await.get_in("/account/notifications", "ro").await.page();
    assert!(romanian.contains("De operatorul acestui serviciu. Motivul indicat: pasted into a ticket"));
    app.stop().await;
}

#[tokio::test]
async fn a_reason_never_holds_a_token() {
    let app = TestApp::start().await;
    app.add_user("demo").await;
    let demo = app.browser("demo").await;
    let key = demo.generate("WEB", "cloud").await;
    let asked = KeyAsked::Id(&key.id);
    for reason in [key.token.clone(), format!("\"{}\".", key.token), format!("see {}", key.token)] {
        let refused = app.services.operator_keys.revoke(&asked, &reason).await;
        assert!(matches!(refused, Err(KeyVerbError::WholeToken(WholeToken::Reason))), "{reason}");
    }
    assert_eq!(app.authz(&key.token, "203.0.113.7").await.code(), "", "nothing was done");
    assert!(app.services.operator_keys.revoke(&asked, "leaked").await.is_ok());
    let lines = app.services.store.list_audit(100).await.unwrap();
    assert!(lines.iter().all(|line| !line.detail.contains(&key.token)));
}
