//! What users choose for themselves.

use super::rows::micros;
use super::sessions::check_asking;
use super::{SqliteStore, audit, mails};
use crate::Trouble;
use async_trait::async_trait;
use domain::ids::{SessionNo, UserNo};
use domain::time::Micros;
use sqlx::{Row, SqliteConnection};
use store::{
    Audit, ConfirmationHash, EmailChange, NewConfirmation, NewMail, ProfileStore, StoreError, WaitingAddress,
};

#[async_trait]
impl ProfileStore for SqliteStore {
    async fn set_language(
        &self,
        user: UserNo,
        code: String,
        session: Option<SessionNo>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE users SET language = ?1 WHERE no = ?2 AND language <> ?1";
        self.set_choice(user, code, session, sql).await
    }

    async fn set_time_zone(
        &self,
        user: UserNo,
        name: String,
        session: Option<SessionNo>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE users SET time_zone = ?1 WHERE no = ?2 AND time_zone <> ?1";
        self.set_choice(user, name, session, sql).await
    }

    async fn find_waiting_address(
        &self,
        user: UserNo,
        now: Micros,
    ) -> Result<Option<WaitingAddress>, StoreError> {
        crate::reading(async {
            let row = sqlx::query(
                "SELECT email, expires_at FROM mail_confirmations WHERE user_no = ? AND expires_at > ?",
            )
            .bind(i64::from(user.0))
            .bind(now.0)
            .fetch_optional(&self.readers)
            .await?;
            let waiting = |row| {
                Ok(WaitingAddress {
                    email: Row::try_get(&row, "email")?,
                    expires_at: micros(&row, "expires_at")?,
                })
            };
            row.map(waiting).transpose()
        })
        .await
    }

    async fn find_confirmation(
        &self,
        user: UserNo,
        token_hash: ConfirmationHash,
        now: Micros,
    ) -> Result<Option<String>, StoreError> {
        crate::reading(async {
            let row = sqlx::query(
            "SELECT email FROM mail_confirmations WHERE token_hash = ? AND user_no = ? AND expires_at > ?",
        )
        .bind(token_hash.0.to_vec())
        .bind(i64::from(user.0))
        .bind(now.0)
        .fetch_optional(&self.readers)
        .await?;
            Ok(row.map(|row| row.try_get("email")).transpose()?)
        })
        .await
    }

    async fn insert_confirmation(
        &self,
        confirmation: NewConfirmation,
        letter: NewMail,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query(
                        "INSERT OR REPLACE INTO mail_confirmations
                         (user_no, token_hash, email, created_at, expires_at) VALUES (?, ?, ?, ?, ?)",
                    )
                    .bind(i64::from(confirmation.user.0))
                    .bind(confirmation.token_hash.0.to_vec())
                    .bind(&confirmation.email)
                    .bind(audit.at.0)
                    .bind(confirmation.expires_at.0)
                    .execute(&mut *c)
                    .await?;
                    mails::insert(c, &letter).await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn confirm_email(
        &self,
        token_hash: ConfirmationHash,
        change: EmailChange,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let email: String = sqlx::query(
                        "SELECT email FROM mail_confirmations
                         WHERE token_hash = ? AND user_no = ? AND expires_at > ?",
                    )
                    .bind(token_hash.0.to_vec())
                    .bind(i64::from(change.user.0))
                    .bind(change.audit.at.0)
                    .fetch_one(&mut *c)
                    .await?
                    .try_get(0)?;
                    replace_email(c, Some(email), true, change).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn set_email(&self, email: Option<String>, change: EmailChange) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    replace_email(c, email, false, change).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }
}

async fn replace_email(
    connection: &mut SqliteConnection,
    email: Option<String>,
    confirmed: bool,
    change: EmailChange,
) -> Result<(), Trouble> {
    mails::keep_address(connection, change.user, change.audit.at).await?;
    let user = i64::from(change.user.0);
    let done = sqlx::query("UPDATE users SET email = ?, email_confirmed_at = ? WHERE no = ? AND email IS ?")
        .bind(email)
        .bind(confirmed.then_some(change.audit.at.0))
        .bind(user)
        .bind(&change.old)
        .execute(&mut *connection)
        .await?;
    if done.rows_affected() == 0 {
        return Err(StoreError::Conflict.into());
    }
    sqlx::query("DELETE FROM mail_confirmations WHERE user_no = ?")
        .bind(user)
        .execute(&mut *connection)
        .await?;
    if let Some(letter) = &change.farewell {
        mails::insert(connection, letter).await?;
    }
    audit::write(connection, &change.audit, None).await
}

impl SqliteStore {
    async fn set_choice(
        &self,
        user: UserNo,
        choice: String,
        session: Option<SessionNo>,
        sql: &'static str,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    check_asking(c, session).await?;
                    sqlx::query(sql).bind(choice).bind(i64::from(user.0)).execute(c).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }
}
