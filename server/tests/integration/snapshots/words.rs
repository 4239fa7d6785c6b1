//! Lists whose lines depend on what happened: one line of each kind.

use super::{Album, LANGUAGES};
use crate::app::TestApp;
use crate::html;
use contract::Cause;
use domain::address::Address;
use domain::time::Clock;
use store::{Action, Audit, NewNotice};

/// What a line of a user's history can tell of; all fit on one page.
const ACTIONS: [Action; 40] = [
    Action::UserAdded,
    Action::UserDisabled,
    Action::UserEnabled,
    Action::RoleChanged,
    Action::SessionsEnded,
    Action::SubUserInvited,
    Action::InvitationWithdrawn,
    Action::InvitationAccepted,
    Action::SubUserRemoved,
    Action::PasswordReset,
    Action::PasswordChanged,
    Action::PasswordLinkSent,
    Action::PasswordSetByLink,
    Action::TwoFactorOn,
    Action::TwoFactorOff,
    Action::TwoFactorReset,
    Action::RecoveryCodesMade,
    Action::RecoveryCodeUsed,
    Action::Login,
    Action::PasswordAccepted,
    Action::LoginFailed,
    Action::Logout,
    Action::SessionEnded,
    Action::EmailEntered,
    Action::EmailChanged,
    Action::EmailConfirmed,
    Action::EmailRemoved,
    Action::KeyGenerated,
    Action::KeysImported,
    Action::KeyShown,
    Action::KeyDeleted,
    Action::AddressAdded,
    Action::AddressRemoved,
    Action::LockWidthSet,
    Action::LockReleased,
    Action::AddressIgnored,
    Action::NoticesChosen,
    Action::WebhookAdded,
    Action::WebhookChanged,
    Action::WebhookRemoved,
];

#[tokio::test]
async fn every_notice() {
    let album = Album::open("notices");
    let app = TestApp::start().await;
    let user = app.add_user_with_mail("demo").await;
    let place = Address::parse("203.0.113.8").unwrap();
    for cause in Cause::ALL {
        app.clock.advance(1);
        let detail = match cause {
            Cause::PasswordExpiring => "7",
            _ => "https://hooks.example/<b>",
        };
        let at = app.clock.now();
        let (addresses, detail) = (vec![(place, 3)], detail.to_owned());
        let notice = NewNotice { user, cause, key: None, at, count: 3, addresses, detail };
        app.services.store.insert_notices(vec![notice]).await.unwrap();
    }
    album.takes(&app.browser("demo").await, "every_cause", "/account/notifications").await;
    album.close();
}

#[tokio::test]
async fn every_line_of_the_history() {
    let album = Album::open("history");
    let app = TestApp::start().await;
    let user = app.add_user_with_mail("demo").await;
    for action in ACTIONS {
        app.clock.advance(1);
        let audit = Audit { detail: "a <detail>".to_owned(), ..app.act(user, action) };
        app.services.store.record(audit).await.unwrap();
    }
    let browser = app.browser("demo").await;
    let mut lines = String::new();
    for language in LANGUAGES {
        lines.push_str(&format!("== {language} ==\n"));
        let answer = browser.get_in("/account/profile/history", language).await;
        for cells in html::rows(&answer.body, "tbody tr") {
            lines.push_str(&format!("{}\n", cells.join(" | ")));
        }
    }
    album.holds("every_action", &lines);
    album.close();
}
