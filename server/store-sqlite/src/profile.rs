//! What users choose for themselves.

use super::rows::micros;
use super::sessions::check_asking;
use super::{SqliteStore, audit, mails, password_links};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::ids::{SessionNumber, UserNumber};
use domain::time::Micros;
use sqlx::Row;
use store::{
    Audit, ConfirmationHash, EmailChange, NewConfirmation, NewMail, ProfileStore, StoreError, WaitingAddress,
};

const WAITING: &str =
    "SELECT email FROM mail_confirmations WHERE token_hash = ? AND user_no = ? AND expires_at > ?";

#[async_trait]
impl ProfileStore for SqliteStore {
    async fn set_language(
        &self,
        user: UserNumber,
        code: String,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE users SET language = ?1 WHERE no = ?2 AND language <> ?1";
        self.set_choice(user, code, session, sql).await
    }

    async fn set_time_zone(
        &self,
        user: UserNumber,
        name: String,
        session: Option<SessionNumber>,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE users SET time_zone = ?1 WHERE no = ?2 AND time_zone <> ?1";
        self.set_choice(user, name, session, sql).await
    }

    async fn find_waiting_address(
        &self,
        user: UserNumber,
        now: Micros,
    ) -> Result<Option<WaitingAddress>, StoreError> {
        let sql = "SELECT email, expires_at FROM mail_confirmations WHERE user_no = ? AND expires_at > ?";
        let waiting = |row: &_| {
            Ok(WaitingAddress { email: Row::try_get(row, "email")?, expires_at: micros(row, "expires_at")? })
        };
        self.find(sql!(sql, user.0, now.0), waiting).await
    }

    async fn find_confirmation(
        &self,
        user: UserNumber,
        token_hash: ConfirmationHash,
        now: Micros,
    ) -> Result<Option<String>, StoreError> {
        let query = sql!(WAITING, token_hash.0.as_slice(), user.0, now.0);
        self.find(query, |row| Ok(row.try_get("email")?)).await
    }

    async fn insert_confirmation(
        &self,
        confirmation: NewConfirmation,
        letter: NewMail,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let sql = "INSERT OR REPLACE INTO mail_confirmations
                       (user_no, token_hash, email, created_at, expires_at) VALUES (?, ?, ?, ?, ?)";
            tx.run(sql!(
                sql,
                confirmation.user.0,
                confirmation.token_hash.0.as_slice(),
                &confirmation.email,
                audit.at.0,
                confirmation.expires_at.0
            ))
            .await?;
            mails::insert(tx, &letter).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn confirm_email(
        &self,
        token_hash: ConfirmationHash,
        change: EmailChange,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let sql = "SELECT email FROM mail_confirmations
                       WHERE token_hash = ? AND user_no = ? AND expires_at > ?";
            let email: String = tx
                .one(sql!(sql, token_hash.0.as_slice(), change.user.0, change.audit.at.0))
                .await?
                .try_get(0)?;
            replace_email(tx, Some(email), true, change).await
        })
    }

    async fn set_email(&self, email: Option<String>, change: EmailChange) -> Result<(), StoreError> {
        change!(self, |tx| replace_email(tx, email, false, change).await)
    }
}

async fn replace_email(
    tx: &mut Tx,
    email: Option<String>,
    confirmed: bool,
    change: EmailChange,
) -> Result<(), Trouble> {
    mails::keep_address(tx, change.user, change.audit.at).await?;
    let user = change.user.0;
    let sql = "UPDATE users SET email = ?, email_confirmed_at = ? WHERE no = ? AND email IS ?";
    let done = tx.run(sql!(sql, email, confirmed.then_some(change.audit.at.0), user, &change.old)).await?;
    if done == 0 {
        return Err(StoreError::Conflict.into());
    }
    tx.run(sql!("DELETE FROM mail_confirmations WHERE user_no = ?", user)).await?;
    // Whoever reads the old address may not set the password any more.
    password_links::close(tx, change.user).await?;
    if let Some(letter) = &change.farewell {
        mails::insert(tx, letter).await?;
    }
    audit::write(tx, &change.audit, None).await
}

impl SqliteStore {
    async fn set_choice(
        &self,
        user: UserNumber,
        choice: String,
        session: Option<SessionNumber>,
        sql: &'static str,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            check_asking(tx, session).await?;
            tx.run(sql!(sql, choice, user.0)).await.map(drop)
        })
    }
}
