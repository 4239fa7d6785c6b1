//! What is done to an account, told to whom it concerns. The audit log is the source: whatever is written there
//! tells of itself, in the same transaction.

use super::super::rows::{owner, source_range, user_no};
use super::{Act, Made, mail_about, make_or_add, pass_on};
use crate::Trouble;
use contract::Cause;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::{KeyNo, UserNo};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use store::{Action, Audit, NewNotice};

/// What a user is told of when this is done to its account.
fn cause_of(audit: &Audit) -> Option<Cause> {
    Some(match audit.action {
        Action::KeyGenerated => Cause::KeyGenerated,
        Action::KeyShown => Cause::KeyShown,
        Action::KeyDeleted => Cause::KeyDeleted,
        Action::AddressAdded | Action::AddressRemoved | Action::LockWidthSet | Action::LockReleased => {
            Cause::AddressesChanged
        }
        Action::Login => Cause::NewLogin,
        Action::PasswordReset
        | Action::PasswordChanged
        | Action::TwoFactorOn
        | Action::TwoFactorOff
        | Action::TwoFactorReset
        | Action::RecoveryCodesMade
        | Action::RecoveryCodeUsed
        | Action::EmailChanged
        | Action::EmailConfirmed
        | Action::EmailRemoved
        | Action::RoleChanged
        | Action::SubUserInvited
        | Action::EmailEntered
        | Action::WebhookAdded
        | Action::WebhookChanged
        | Action::WebhookRemoved => Cause::AccountChanged,
        // In the pages it may be somebody else's doing; the operator knows, and whoever follows the link of a letter
        // has read it.
        Action::UserEnabled | Action::NoticesChosen if audit.session.is_some() => Cause::AccountChanged,
        Action::UserAdded
        | Action::UserDisabled
        | Action::UserEnabled
        | Action::LoginFailed
        | Action::PasswordAccepted
        | Action::Logout
        | Action::SessionEnded
        | Action::SessionsEnded
        | Action::InvitationWithdrawn
        | Action::InvitationAccepted
        | Action::AddressIgnored
        | Action::NoticesChosen
        | Action::GatewayAdded
        | Action::GatewayRemoved => return None,
    })
}

/// Tells of an act, before its line stands in the audit log.
pub(in super::super) async fn tell(
    connection: &mut SqliteConnection,
    audit: &Audit,
    key: Option<KeyNo>,
) -> Result<(), Trouble> {
    let Some(cause) = cause_of(audit) else { return Ok(()) };
    let Some((user, username)) = concerned(connection, audit, key).await? else { return Ok(()) };
    if let Some(owner) = acting_owner(connection, audit, user).await? {
        // Its session may be in other hands, so it is told what was done in its name.
        let detail = format!("{username} {}", audit.detail);
        let by_itself = Audit { user: Some(owner), detail: detail.trim().to_owned(), ..audit.clone() };
        tell_one(connection, &by_itself, key, cause, (owner, audit.actor.clone())).await?;
    }
    tell_one(connection, audit, key, cause, (user, username)).await
}

/// The owner who did this to its sub-user in the pages, if it is what letters always tell of.
async fn acting_owner(
    connection: &mut SqliteConnection,
    audit: &Audit,
    user: UserNo,
) -> Result<Option<UserNo>, Trouble> {
    if audit.session.is_none() || !matches!(audit.action, Action::UserEnabled | Action::RoleChanged) {
        return Ok(None);
    }
    let row = sqlx::query("SELECT owner_no FROM users WHERE no = ?")
        .bind(i64::from(user.0))
        .fetch_one(connection)
        .await?;
    owner(&row)
}

fn is_of_webhooks(action: Action) -> bool {
    matches!(action, Action::WebhookAdded | Action::WebhookChanged | Action::WebhookRemoved)
}

async fn tell_one(
    connection: &mut SqliteConnection,
    audit: &Audit,
    key: Option<KeyNo>,
    cause: Cause,
    (user, username): (UserNo, String),
) -> Result<(), Trouble> {
    let is_own = audit.user == Some(user) && audit.actor == username && audit.address.is_some();
    let address = audit.address.and_then(ClientAddress::known);
    let seen = seen_before(connection, user, address).await?;
    let is_read = match cause {
        // There is nothing that the first login of all could differ from.
        Cause::NewLogin if seen.address || !seen.any => return Ok(()),
        Cause::NewLogin => false,
        // What users do themselves they know; from an address that never logged in, or is unknown, it may be
        // somebody else.
        _ => is_own && seen.address,
    };
    let notice = NewNotice {
        user,
        cause,
        key,
        at: audit.at,
        count: 1,
        addresses: address.map(|address| (address, 1)).into_iter().collect(),
        detail: audit.detail.clone(),
    };
    let actor = (!is_own).then_some(audit.actor.as_str());
    let act = Act { action: Some(audit.action.name()), actor, is_read };
    match make_or_add(connection, &notice, &act).await? {
        // Webhooks are not told of themselves: whoever changed one would only be told by it.
        Made::New(no) if !is_of_webhooks(audit.action) => pass_on(connection, no, &notice).await,
        Made::New(no) | Made::Added(no) => mail_about(connection, no, &notice).await.map(drop),
    }
}

/// The user of the key, or else of the line itself.
async fn concerned(
    connection: &mut SqliteConnection,
    audit: &Audit,
    key: Option<KeyNo>,
) -> Result<Option<(UserNo, String)>, Trouble> {
    let row = match (key, audit.user) {
        (Some(key), _) => {
            sqlx::query("SELECT u.no, u.username FROM keys k JOIN users u ON u.no = k.user_no WHERE k.no = ?")
                .bind(i64::from(key.0))
        }
        (None, Some(user)) => {
            sqlx::query("SELECT no, username FROM users WHERE no = ?").bind(i64::from(user.0))
        }
        (None, None) => return Ok(None),
    };
    let row = row.fetch_optional(connection).await?;
    row.map(|row: SqliteRow| Ok((user_no(&row, "no")?, row.try_get("username")?))).transpose()
}

/// From where a user logged in before.
struct Seen {
    /// From anywhere.
    any: bool,
    /// From this address.
    address: bool,
}

async fn seen_before(
    connection: &mut SqliteConnection,
    user: UserNo,
    address: Option<Address>,
) -> Result<Seen, Trouble> {
    let range = address.map(source_range);
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM audit WHERE user_no = ?1 AND action = 'login') AS seen,
         EXISTS (SELECT 1 FROM audit WHERE user_no = ?1 AND action = 'login' AND address BETWEEN ?2 AND ?3)
         AS seen_there",
    )
    .bind(i64::from(user.0))
    .bind(range.as_ref().map(|[first, _]| first.clone()))
    .bind(range.as_ref().map(|[_, last]| last.clone()))
    .fetch_one(connection)
    .await?;
    Ok(Seen { any: row.try_get("seen")?, address: row.try_get("seen_there")? })
}
