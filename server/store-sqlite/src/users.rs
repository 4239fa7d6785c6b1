//! Users.

use super::rows::{micros, number, owner, role, user_no, username};
use super::sessions::renew;
use super::{SqliteStore, audit};
use crate::Trouble;
use async_trait::async_trait;
use contract::Role;
use domain::disabling::Disabling;
use domain::ids::{SessionNo, UserNo, Username};
use domain::time::Micros;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};
use store::{Audit, Change, IndexedUser, NewUser, Renewal, StoreError, UserRow, UserStore};

const FIND: &str = "SELECT u.*, o.disabled_at AS owner_disabled_at
    FROM users u LEFT JOIN users o ON o.no = u.owner_no WHERE u.username_folded = ?";
const LIST: &str = "SELECT u.*, o.disabled_at AS owner_disabled_at
    FROM users u LEFT JOIN users o ON o.no = u.owner_no ORDER BY u.username_folded";

pub(super) fn user_row(row: &SqliteRow) -> Result<UserRow, Trouble> {
    Ok(UserRow {
        no: user_no(row, "no")?,
        owner: owner(row)?,
        username: username(row)?,
        email: row.try_get("email")?,
        email_confirmed: row.try_get::<Option<i64>, _>("email_confirmed_at")?.is_some(),
        language: row.try_get("language")?,
        time_zone: row.try_get("time_zone")?,
        role: match owner(row)? {
            Some(_) => role(row)?,
            None => Role::ManagesKeys,
        },
        password_hash: row.try_get("password_hash")?,
        password_set_at: micros(row, "password_set_at")?,
        totp: row.try_get("totp_sealed")?,
        created_at: micros(row, "created_at")?,
        disabled: row.try_get::<Option<i64>, _>("disabled_at")?.is_some(),
        owner_disabled: row.try_get::<Option<i64>, _>("owner_disabled_at")?.is_some(),
    })
}

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    user: NewUser,
    audit: &Audit,
) -> Result<(UserNo, Vec<Change>), Trouble> {
    let no: i64 = sqlx::query(
        "INSERT INTO users (owner_no, username, username_folded, email, email_confirmed_at, role,
         password_hash, password_set_at, created_at)
         VALUES (?1, ?2, ?3, ?4, iif(?5, ?8, NULL), ?6, ?7, ?8, ?8) RETURNING no",
    )
    .bind(user.owner.map(|o| i64::from(o.0)))
    .bind(user.username.as_str())
    .bind(user.username.folded())
    .bind(&user.email)
    .bind(user.email.is_some() && user.email_confirmed)
    .bind(i64::from(user.role as u8))
    .bind(&user.password_hash)
    .bind(user.at.0)
    .fetch_one(&mut *connection)
    .await?
    .try_get(0)?;
    let no = UserNo(number(no)?);
    audit::write(connection, &Audit { user: Some(no), ..audit.clone() }, None).await?;
    let indexed = IndexedUser { no, owner: user.owner, username: user.username, disabled: false };
    Ok((no, vec![Change::UserAdded(indexed)]))
}

#[async_trait]
impl UserStore for SqliteStore {
    async fn count_users(&self) -> Result<u64, StoreError> {
        crate::reading(async {
            let count: i64 =
                sqlx::query("SELECT count(*) FROM users").fetch_one(&self.readers).await?.try_get(0)?;
            Ok(count.unsigned_abs())
        })
        .await
    }

    async fn insert_user(&self, user: NewUser, audit: Audit) -> Result<UserNo, StoreError> {
        self.writer.run(move |c| Box::pin(async move { insert(c, user, &audit).await })).await
    }

    async fn insert_first_user(&self, user: NewUser, audit: Audit) -> Result<UserNo, StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let any = sqlx::query("SELECT 1 FROM users LIMIT 1").fetch_optional(&mut *c).await?;
                    if any.is_some() {
                        return Err(StoreError::Conflict.into());
                    }
                    insert(c, user, &audit).await
                })
            })
            .await
    }

    async fn find_user(&self, username: &Username) -> Result<Option<UserRow>, StoreError> {
        crate::reading(async {
            let row = sqlx::query(FIND).bind(username.folded()).fetch_optional(&self.readers).await?;
            row.as_ref().map(user_row).transpose()
        })
        .await
    }

    async fn list_users(&self) -> Result<Vec<UserRow>, StoreError> {
        crate::reading(async {
            let rows = sqlx::query(LIST).fetch_all(&self.readers).await?;
            rows.iter().map(user_row).collect()
        })
        .await
    }

    async fn set_user_disabled(&self, no: UserNo, disabled: bool, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    set_disabled(c, no, disabled, &audit).await?;
                    if disabled {
                        end_sessions_of_account(c, no).await?;
                    }
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![Change::UserDisabled(no, disabled)]))
                })
            })
            .await
    }

    async fn set_password(&self, no: UserNo, hash: String, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    write_password(c, no, &hash, audit.at).await?;
                    end_sessions(c, no).await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn change_password(
        &self,
        no: UserNo,
        present: String,
        hash: String,
        kept: Renewal,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    renew(c, kept, Some(audit.at)).await?;
                    check_password(c, no, &present).await?;
                    write_password(c, no, &hash, audit.at).await?;
                    end_other_sessions(c, no, kept.session).await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }
}

/// Disables or enables a user; finds nothing if that is not for the asker to change.
async fn set_disabled(
    connection: &mut SqliteConnection,
    no: UserNo,
    disable: bool,
    audit: &Audit,
) -> Result<(), Trouble> {
    let row = sqlx::query("SELECT disabled_at, disabled_by_operator FROM users WHERE no = ?")
        .bind(i64::from(no.0))
        .fetch_one(&mut *connection)
        .await?;
    let now = match row.try_get::<Option<i64>, _>("disabled_at")? {
        None => Disabling::Enabled,
        Some(_) if row.try_get("disabled_by_operator")? => Disabling::ByOperator,
        Some(_) => Disabling::ByOwner,
    };
    let is_operator = audit.address.is_none();
    let then = now.change(disable, is_operator).ok_or(StoreError::NotFound)?;
    sqlx::query("UPDATE users SET disabled_at = ?, disabled_by_operator = ? WHERE no = ?")
        .bind((then != Disabling::Enabled).then_some(audit.at.0))
        .bind(then == Disabling::ByOperator)
        .bind(i64::from(no.0))
        .execute(connection)
        .await?;
    Ok(())
}

/// Finds nothing if the password is another by now.
async fn check_password(
    connection: &mut SqliteConnection,
    user: UserNo,
    present: &str,
) -> Result<(), Trouble> {
    sqlx::query("SELECT 1 FROM users WHERE no = ? AND password_hash = ?")
        .bind(i64::from(user.0))
        .bind(present)
        .fetch_one(connection)
        .await?;
    Ok(())
}

async fn write_password(
    connection: &mut SqliteConnection,
    user: UserNo,
    hash: &str,
    at: Micros,
) -> Result<(), Trouble> {
    let sql = "UPDATE users SET password_hash = ?, password_set_at = ?, reminded_age = NULL
               WHERE no = ? RETURNING no";
    sqlx::query(sql).bind(hash).bind(at.0).bind(i64::from(user.0)).fetch_one(connection).await?;
    Ok(())
}

/// Ends the sessions of a user but one.
pub(super) async fn end_other_sessions(
    connection: &mut SqliteConnection,
    user: UserNo,
    kept: SessionNo,
) -> Result<(), Trouble> {
    sqlx::query("DELETE FROM sessions WHERE user_no = ? AND no <> ?")
        .bind(i64::from(user.0))
        .bind(i64::from(kept.0))
        .execute(connection)
        .await?;
    Ok(())
}

/// Ends all sessions of a user; answers how many.
pub(super) async fn end_sessions(connection: &mut SqliteConnection, user: UserNo) -> Result<u64, Trouble> {
    let ended = sqlx::query("DELETE FROM sessions WHERE user_no = ?").bind(i64::from(user.0));
    Ok(ended.execute(connection).await?.rows_affected())
}

/// Ends the sessions of a user and of its sub-users, so that none of them comes back with it.
async fn end_sessions_of_account(connection: &mut SqliteConnection, user: UserNo) -> Result<(), Trouble> {
    sqlx::query(
        "DELETE FROM sessions WHERE user_no IN (SELECT no FROM users WHERE no = ?1 OR owner_no = ?1)",
    )
    .bind(i64::from(user.0))
    .execute(connection)
    .await?;
    Ok(())
}
