//! Users.

use super::rows::{has, micros, owner, role, user_no, username};
use super::sessions::renew;
use super::{SqliteStore, audit, password_links};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use contract::Role;
use domain::disabling::Disabling;
use domain::ids::{SessionNumber, UserNumber, Username};
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Audit, Change, IndexedUser, NewUser, Renewal, StoreError, UserRow, UserStore};

const FIND: &str = "SELECT u.*, o.disabled_at AS owner_disabled_at
    FROM users u LEFT JOIN users o ON o.no = u.owner_no WHERE u.username_folded = ?";
const LIST: &str = "SELECT u.*, o.disabled_at AS owner_disabled_at
    FROM users u LEFT JOIN users o ON o.no = u.owner_no
    WHERE u.removed_at IS NULL ORDER BY u.username_folded";

/// What a user may do with keys; an owner may do all.
pub(super) fn role_of(row: &SqliteRow) -> Result<Role, Trouble> {
    match owner(row)? {
        Some(_) => role(row),
        None => Ok(Role::ManagesKeys),
    }
}

pub(super) fn user_row(row: &SqliteRow) -> Result<UserRow, Trouble> {
    Ok(UserRow {
        number: user_no(row, "no")?,
        owner: owner(row)?,
        username: username(row)?,
        email: row.try_get("email")?,
        email_confirmed: has(row, "email_confirmed_at")?,
        language: row.try_get("language")?,
        time_zone: row.try_get("time_zone")?,
        role: role_of(row)?,
        password_hash: row.try_get("password_hash")?,
        password_set_at: micros(row, "password_set_at")?,
        totp: row.try_get("totp_sealed")?,
        created_at: micros(row, "created_at")?,
        disabled: has(row, "disabled_at")?,
        owner_disabled: has(row, "owner_disabled_at")?,
    })
}

pub(super) async fn insert(tx: &mut Tx, user: NewUser, audit: &Audit) -> Result<UserNumber, Trouble> {
    let sql = "INSERT INTO users (owner_no, username, username_folded, email, email_confirmed_at, role,
               password_hash, password_set_at, created_at)
               VALUES (?1, ?2, ?3, ?4, iif(?5, ?8, NULL), ?6, ?7, ?8, ?8) RETURNING no";
    let inserted = tx
        .one(sql!(
            sql,
            user.owner.map(|o| o.0),
            user.username.as_str(),
            user.username.folded(),
            &user.email,
            user.email.is_some() && user.email_confirmed,
            user.role as u8,
            &user.password_hash,
            user.at.0
        ))
        .await?;
    let added = user_no(&inserted, "no")?;
    audit::write(tx, &Audit { user: Some(added), ..audit.clone() }, None).await?;
    let indexed = IndexedUser { number: added, owner: user.owner, username: user.username, disabled: false };
    tx.tell(Change::UserAdded(indexed));
    Ok(added)
}

#[async_trait]
impl UserStore for SqliteStore {
    async fn count_users(&self) -> Result<u64, StoreError> {
        self.count(sql!("SELECT count(*) FROM users WHERE removed_at IS NULL")).await
    }

    async fn insert_user(&self, user: NewUser, audit: Audit) -> Result<UserNumber, StoreError> {
        change!(self, |tx| insert(tx, user, &audit).await)
    }

    async fn insert_first_user(&self, user: NewUser, audit: Audit) -> Result<UserNumber, StoreError> {
        change!(self, |tx| {
            let any = tx.optional(sql!("SELECT 1 FROM users LIMIT 1")).await?;
            if any.is_some() {
                return Err(StoreError::Conflict.into());
            }
            insert(tx, user, &audit).await
        })
    }

    async fn find_user(&self, username: &Username) -> Result<Option<UserRow>, StoreError> {
        self.find(sql!(FIND, username.folded()), user_row).await
    }

    async fn list_users(&self) -> Result<Vec<UserRow>, StoreError> {
        self.list(sql!(LIST), user_row).await
    }

    async fn set_user_disabled(
        &self,
        user: UserNumber,
        disabled: bool,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            set_disabled(tx, user, disabled, &audit).await?;
            if disabled {
                end_sessions_of_account(tx, user).await?;
            }
            audit::write(tx, &audit, None).await?;
            tx.tell(Change::UserDisabled(user, disabled));
            Ok(())
        })
    }

    async fn set_password(&self, user: UserNumber, hash: String, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            write_password(tx, user, &hash, audit.at).await?;
            end_sessions(tx, user).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn change_password(
        &self,
        user: UserNumber,
        present: String,
        hash: String,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            renew(tx, kept, Some(audit.at)).await?;
            check_password(tx, user, &present).await?;
            write_password(tx, user, &hash, audit.at).await?;
            end_other_sessions(tx, user, kept.session).await?;
            audit::write(tx, &audit, None).await
        })
    }
}

/// Disables or enables a user; `NotFound` if that is not for the asker to change.
async fn set_disabled(tx: &mut Tx, user: UserNumber, disable: bool, audit: &Audit) -> Result<(), Trouble> {
    let sql = "SELECT disabled_at, disabled_by_operator FROM users WHERE no = ? AND removed_at IS NULL";
    let row = tx.one(sql!(sql, user.0)).await?;
    let now = match row.try_get::<Option<i64>, _>("disabled_at")? {
        None => Disabling::Enabled,
        Some(_) if row.try_get("disabled_by_operator")? => Disabling::ByOperator,
        Some(_) => Disabling::ByOwner,
    };
    let is_operator = audit.address.is_none();
    let then = now.change(disable, is_operator).ok_or(StoreError::NotFound)?;
    let sql = "UPDATE users SET disabled_at = ?, disabled_by_operator = ? WHERE no = ?";
    tx.run(sql!(
        sql,
        (then != Disabling::Enabled).then_some(audit.at.0),
        then == Disabling::ByOperator,
        user.0
    ))
    .await?;
    Ok(())
}

/// Fails with `NotFound` if the password is another by now.
async fn check_password(tx: &mut Tx, user: UserNumber, present: &str) -> Result<(), Trouble> {
    tx.one(sql!("SELECT 1 FROM users WHERE no = ? AND password_hash = ?", user.0, present)).await.map(drop)
}

/// Gives a user another password, which closes the link by which they could set one.
pub(super) async fn write_password(
    tx: &mut Tx,
    user: UserNumber,
    hash: &str,
    at: Micros,
) -> Result<(), Trouble> {
    password_links::close(tx, user).await?;
    let sql = "UPDATE users SET password_hash = ?, password_set_at = ?, reminded_age = NULL
               WHERE no = ? RETURNING no";
    tx.one(sql!(sql, hash, at.0, user.0)).await.map(drop)
}

/// Ends the sessions of a user but one.
pub(super) async fn end_other_sessions(
    tx: &mut Tx,
    user: UserNumber,
    kept: SessionNumber,
) -> Result<(), Trouble> {
    tx.run(sql!("DELETE FROM sessions WHERE user_no = ? AND no <> ?", user.0, kept.0)).await.map(drop)
}

/// Ends all sessions of a user; returns how many.
pub(super) async fn end_sessions(tx: &mut Tx, user: UserNumber) -> Result<u64, Trouble> {
    tx.run(sql!("DELETE FROM sessions WHERE user_no = ?", user.0)).await
}

/// Ends the sessions of a user and of their sub-users, so that none of them comes back when the user is enabled.
async fn end_sessions_of_account(tx: &mut Tx, user: UserNumber) -> Result<(), Trouble> {
    let sql = "DELETE FROM sessions WHERE user_no IN (SELECT no FROM users WHERE no = ?1 OR owner_no = ?1)";
    tx.run(sql!(sql, user.0)).await.map(drop)
}
