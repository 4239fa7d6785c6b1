//! What is done to an account, told to whom it concerns. The audit log is the source: whatever is written there
//! tells of itself, in the same transaction.

use super::super::rows::{source_range, user_no};
use super::{Act, Made, mail_about, make_or_add, pass_on};
use crate::Trouble;
use crate::statements::{Tx, sql};
use contract::Cause;
use domain::address::Address;
use domain::client_address::ClientAddress;
use domain::ids::{KeyId, UserNumber};
use domain::notice;
use domain::notice::acts::{Listener, Logins};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Asker, Audit, NewNotice};

/// Tells of an act, before its line stands in the audit log.
pub(in super::super) async fn tell(tx: &mut Tx, audit: &Audit, key: Option<KeyId>) -> Result<(), Trouble> {
    let act = act(audit);
    let Some(cause) = act.cause() else { return Ok(()) };
    let Some((user, username)) = concerned(tx, audit, key).await? else { return Ok(()) };
    if act.is_told_to_its_owner()
        && let Some((owner, owner_name)) = owner_of(tx, user).await?
    {
        let detail = match act.names_whom_it_concerns() {
            true => format!("{username} {}", audit.detail).trim().to_owned(),
            false => audit.detail.clone(),
        };
        let by_itself = Audit { user: Some(owner), detail, ..audit.clone() };
        tell_one(tx, &by_itself, key, cause, (owner, owner_name)).await?;
    }
    tell_one(tx, audit, key, cause, (user, username)).await
}

/// What decides who hears of a line.
fn act(audit: &Audit) -> notice::acts::Act<'_> {
    notice::acts::Act {
        action: audit.action,
        actor: &audit.actor,
        by_session: matches!(audit.asker, Some(Asker::Session(_))),
        by_key: matches!(audit.asker, Some(Asker::Key(..))),
        by_itself: matches!(audit.asker, Some(Asker::Itself(_))),
        from_network: audit.address.is_some(),
    }
}

/// The owner of a sub-user's account, with their name.
async fn owner_of(tx: &mut Tx, user: UserNumber) -> Result<Option<(UserNumber, String)>, Trouble> {
    let sql = "SELECT o.no, o.username FROM users u JOIN users o ON o.no = u.owner_no WHERE u.no = ?";
    let row = tx.optional(sql!(sql, user.0)).await?;
    row.map(|row: SqliteRow| Ok((user_no(&row, "no")?, row.try_get("username")?))).transpose()
}

async fn tell_one(
    tx: &mut Tx,
    audit: &Audit,
    key: Option<KeyId>,
    cause: Cause,
    (user, username): (UserNumber, String),
) -> Result<(), Trouble> {
    let act = act(audit);
    let address = audit.address.and_then(ClientAddress::known);
    let logins = logins(tx, user, address).await?;
    let listener = Listener { username: &username, is_concerned: audit.user == Some(user), logins };
    let Some(telling) = act.telling(&listener) else { return Ok(()) };
    let notice = NewNotice {
        user,
        cause,
        key,
        at: audit.at,
        count: 1,
        addresses: address.map(|address| (address, 1)).into_iter().collect(),
        detail: audit.detail.clone(),
    };
    let actor = telling.names_actor.then_some(audit.actor.as_str());
    let kept = Act { action: Some(audit.action.name()), actor, is_read: telling.is_read };
    match make_or_add(tx, &notice, &kept).await? {
        Made::New(number) if act.is_told_to_webhooks() => pass_on(tx, number, &notice).await,
        Made::New(number) | Made::Added(number) => mail_about(tx, number, &notice).await.map(drop),
    }
}

/// The user of the key, or else of the line itself.
async fn concerned(
    tx: &mut Tx,
    audit: &Audit,
    key: Option<KeyId>,
) -> Result<Option<(UserNumber, String)>, Trouble> {
    let row = match (key, audit.user) {
        (Some(key), _) => {
            sql!("SELECT u.no, u.username FROM keys k JOIN users u ON u.no = k.user_no WHERE k.id = ?", key.0)
        }
        (None, Some(user)) => {
            sql!("SELECT no, username FROM users WHERE no = ?", user.0)
        }
        (None, None) => return Ok(None),
    };
    let row = tx.optional(row).await?;
    row.map(|row: SqliteRow| Ok((user_no(&row, "no")?, row.try_get("username")?))).transpose()
}

async fn logins(tx: &mut Tx, user: UserNumber, address: Option<Address>) -> Result<Logins, Trouble> {
    let range = address.map(source_range);
    let sql = "SELECT EXISTS (SELECT 1 FROM audit WHERE user_no = ?1 AND action = 'login') AS seen,
               EXISTS (SELECT 1 FROM audit WHERE user_no = ?1 AND action = 'login' AND address BETWEEN ?2 AND ?3)
               AS seen_there";
    let row = tx
        .one(sql!(
            sql,
            user.0,
            range.as_ref().map(|[first, _]| first.clone()),
            range.as_ref().map(|[_, last]| last.clone())
        ))
        .await?;
    Ok(Logins { any: row.try_get("seen")?, from_there: row.try_get("seen_there")? })
}
