//! Links by which a user sets a password without the one they had.

use super::rows::{micros, user_no, username};
use super::users::{end_sessions, write_password};
use super::{SqliteStore, audit, mails};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::ids::UserNumber;
use domain::password_link::PasswordLinkFacts;
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Audit, NewPasswordLink, PasswordLinkHash, PasswordLinkRow, PasswordLinkStore, StoreError};

const FIND: &str = "SELECT l.user_no, l.expires_at, u.username, u.email, u.password_hash,
    (u.disabled_at IS NOT NULL OR o.disabled_at IS NOT NULL) AS is_disabled
    FROM password_links l JOIN users u ON u.no = l.user_no LEFT JOIN users o ON o.no = u.owner_no
    WHERE l.token_hash = ?";
pub(super) const OLD: &str = "DELETE FROM password_links WHERE expires_at <= ?";

fn facts(row: &SqliteRow) -> Result<PasswordLinkFacts, Trouble> {
    Ok(PasswordLinkFacts { expires_at: micros(row, "expires_at")?, is_disabled: row.try_get("is_disabled")? })
}

fn link_row(row: &SqliteRow) -> Result<PasswordLinkRow, Trouble> {
    Ok(PasswordLinkRow {
        user: user_no(row, "user_no")?,
        username: username(row)?,
        email: row.try_get("email")?,
        password_hash: row.try_get("password_hash")?,
    })
}

/// Closes the link of a user, because it was used or what it rests on has changed.
pub(super) async fn close(tx: &mut Tx, user: UserNumber) -> Result<(), Trouble> {
    tx.run(sql!("DELETE FROM password_links WHERE user_no = ?", user.0)).await.map(drop)
}

#[async_trait]
impl PasswordLinkStore for SqliteStore {
    async fn insert_password_link(&self, link: NewPasswordLink) -> Result<(), StoreError> {
        change!(self, |tx| {
            tx.run(sql!(OLD, link.at.0)).await?;
            let user = link.recipient.as_ref().map(|recipient| recipient.user);
            if let Some(user) = user {
                close(tx, user).await?;
            }
            let sql = "INSERT INTO password_links (token_hash, user_no, created_at, expires_at)
                       VALUES (?, ?, ?, ?)";
            let (hash, user) = (link.hash.0, user.map(|user| user.0));
            tx.run(sql!(sql, hash.as_slice(), user, link.at.0, link.expires_at.0)).await?;
            if let Some(recipient) = link.recipient {
                mails::insert(tx, &recipient.mail).await?;
                audit::write(tx, &recipient.audit, None).await?;
            }
            Ok(())
        })
    }

    async fn find_password_link(
        &self,
        hash: PasswordLinkHash,
        now: Micros,
    ) -> Result<Option<PasswordLinkRow>, StoreError> {
        let open = |row: &SqliteRow| facts(row)?.holds(now).then(|| link_row(row)).transpose();
        Ok(self.find(sql!(FIND, hash.0.as_slice()), open).await?.flatten())
    }

    async fn set_password_by_link(
        &self,
        hash: PasswordLinkHash,
        password_hash: String,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let found = tx.one(sql!(FIND, hash.0.as_slice())).await?;
            if !facts(&found)?.holds(audit.at) {
                return Err(StoreError::NotFound.into());
            }
            let user = user_no(&found, "user_no")?;
            // This closes the link too.
            write_password(tx, user, &password_hash, audit.at).await?;
            end_sessions(tx, user).await?;
            audit::write(tx, &audit, None).await
        })
    }
}
