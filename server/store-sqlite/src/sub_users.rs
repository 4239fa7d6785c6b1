//! Sub-users.

use super::rows::{has, optional_micros, role, user_no, username};
use super::users::end_sessions;
use super::{SqliteStore, audit, removals};
use crate::Trouble;
use crate::statements::{change, sql};
use async_trait::async_trait;
use contract::Role;
use domain::ids::UserNumber;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Audit, Removal, StoreError, SubUserRow, SubUserStore};

const LIST: &str = "SELECT no, username, email, role, disabled_at,
    coalesce(
        (SELECT max(last_seen_at) FROM sessions WHERE user_no = users.no AND code_pending = 0),
        (SELECT at FROM audit WHERE user_no = users.no AND action = 'login' ORDER BY no DESC LIMIT 1)
    ) AS last_seen_at
    FROM users WHERE owner_no = ? AND removed_at IS NULL ORDER BY username_folded LIMIT ? OFFSET ?";

fn sub_user_row(row: &SqliteRow) -> Result<SubUserRow, Trouble> {
    Ok(SubUserRow {
        number: user_no(row, "no")?,
        username: username(row)?,
        email: row.try_get("email")?,
        role: role(row)?,
        disabled: has(row, "disabled_at")?,
        last_seen_at: optional_micros(row, "last_seen_at")?,
    })
}

#[async_trait]
impl SubUserStore for SqliteStore {
    async fn count_sub_users(&self, owner: UserNumber) -> Result<u64, StoreError> {
        self.count(sql!("SELECT count(*) FROM users WHERE owner_no = ? AND removed_at IS NULL", owner.0))
            .await
    }

    async fn list_sub_users(
        &self,
        owner: UserNumber,
        skipped: u32,
        most: u32,
    ) -> Result<Vec<SubUserRow>, StoreError> {
        self.list(sql!(LIST, owner.0, most, skipped), sub_user_row).await
    }

    async fn set_role(&self, user: UserNumber, role: Role, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            tx.one(sql!("UPDATE users SET role = ? WHERE no = ? RETURNING no", role as u8, user.0)).await?;
            audit::write(tx, &audit, None).await
        })
    }

    async fn end_sessions(&self, user: UserNumber, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            let ended = end_sessions(tx, user).await?;
            audit::write_if(ended > 0, tx, &audit, None).await
        })
    }

    async fn remove_sub_user(&self, removal: Removal) -> Result<u64, StoreError> {
        change!(self, |tx| removals::remove(tx, removal).await)
    }
}
