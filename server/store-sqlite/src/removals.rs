//! Removing a sub-user.

use super::rows::key_no;
use super::users::end_sessions;
use super::{audit, mails, password_links};
use crate::Trouble;
use crate::statements::{Tx, sql};
use domain::ids::UserNumber;
use store::{Action, Audit, Change, Removal};

/// The name is free from now on, and nothing is left to log in with or to write to.
const REMOVE: &str = "UPDATE users SET removed_at = ?2, disabled_at = coalesce(disabled_at, ?2),
    username_folded = username_folded || '#' || no, email = NULL, email_confirmed_at = NULL, totp_sealed = NULL,
    password_hash = '' WHERE no = ?1 AND owner_no IS NOT NULL AND removed_at IS NULL RETURNING no";
/// Theirs alone: what waits for them, and what they chose.
const OF_USER: [&str; 6] = [
    "DELETE FROM totp_enrolments WHERE user_no = ?",
    "DELETE FROM recovery_codes WHERE user_no = ?",
    "DELETE FROM mail_confirmations WHERE user_no = ?",
    "DELETE FROM notice_choices WHERE user_no = ?",
    "DELETE FROM mails WHERE user_no = ?",
    "DELETE FROM key_networks WHERE key_no IN (SELECT no FROM keys WHERE user_no = ?)",
];
const DELETE_KEYS: &str = "UPDATE keys SET deleted_at = ?2, sealed = NULL
    WHERE user_no = ?1 AND deleted_at IS NULL RETURNING no";
/// A line for each key, in the history of the user.
const LINES: &str = "INSERT INTO audit (at, action, actor, user_no, key_no, address, detail, account_no)
    SELECT ?2, ?3, ?4, user_no, no, ?5, '', account_no FROM keys WHERE no IN (SELECT value FROM json_each(?1))";

/// Does it, and returns how many keys were deleted.
pub(super) async fn remove(tx: &mut Tx, removal: Removal) -> Result<u64, Trouble> {
    let Removal { user, letter, audit } = removal;
    tx.one(sql!(REMOVE, user.0, audit.at.0)).await?;
    end_sessions(tx, user).await?;
    password_links::close(tx, user).await?;
    for statement in OF_USER {
        tx.run(sql!(statement, user.0)).await?;
    }
    let deleted = delete_keys(tx, user, &audit).await?;
    if let Some(letter) = &letter {
        mails::insert(tx, letter).await?;
    }
    audit::write(tx, &audit, None).await?;
    tx.tell(Change::UserRemoved(user));
    Ok(deleted)
}

async fn delete_keys(tx: &mut Tx, user: UserNumber, audit: &Audit) -> Result<u64, Trouble> {
    let rows = tx.all(sql!(DELETE_KEYS, user.0, audit.at.0)).await?;
    let mut numbers = Vec::with_capacity(rows.len());
    for row in &rows {
        let number = key_no(row, "no")?;
        numbers.push(number.0.to_string());
        tx.tell(Change::KeyDeleted(number));
    }
    let list = format!("[{}]", numbers.join(","));
    let address = audit.address.and_then(super::rows::client_bytes);
    tx.run(sql!(LINES, list, audit.at.0, Action::KeyDeleted.name(), &audit.actor, address)).await
}
