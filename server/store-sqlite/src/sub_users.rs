//! Sub-users.

use super::rows::{role, user_no, username};
use super::users::end_sessions;
use super::{SqliteStore, audit};
use crate::Trouble;
use async_trait::async_trait;
use contract::Role;
use domain::ids::UserNo;
use domain::time::Micros;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{Audit, StoreError, SubUserRow, SubUserStore};

const LIST: &str = "SELECT no, username, email, role, disabled_at,
    coalesce(
        (SELECT max(last_seen_at) FROM sessions WHERE user_no = users.no AND code_pending = 0),
        (SELECT at FROM audit WHERE user_no = users.no AND action = 'login' ORDER BY no DESC LIMIT 1)
    ) AS last_seen_at
    FROM users WHERE owner_no = ? ORDER BY username_folded LIMIT ? OFFSET ?";

fn sub_user_row(row: &SqliteRow) -> Result<SubUserRow, Trouble> {
    Ok(SubUserRow {
        no: user_no(row, "no")?,
        username: username(row)?,
        email: row.try_get("email")?,
        role: role(row)?,
        disabled: row.try_get::<Option<i64>, _>("disabled_at")?.is_some(),
        last_seen_at: row.try_get::<Option<i64>, _>("last_seen_at")?.map(Micros),
    })
}

#[async_trait]
impl SubUserStore for SqliteStore {
    async fn count_sub_users(&self, owner: UserNo) -> Result<u64, StoreError> {
        crate::reading(async {
            let row = sqlx::query("SELECT count(*) FROM users WHERE owner_no = ?")
                .bind(i64::from(owner.0))
                .fetch_one(&self.readers)
                .await?;
            Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
        })
        .await
    }

    async fn list_sub_users(
        &self,
        owner: UserNo,
        skipped: u32,
        most: u32,
    ) -> Result<Vec<SubUserRow>, StoreError> {
        crate::reading(async {
            let rows = sqlx::query(LIST)
                .bind(i64::from(owner.0))
                .bind(i64::from(most))
                .bind(i64::from(skipped))
                .fetch_all(&self.readers)
                .await?;
            rows.iter().map(sub_user_row).collect()
        })
        .await
    }

    async fn set_role(&self, no: UserNo, role: Role, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("UPDATE users SET role = ? WHERE no = ? RETURNING no")
                        .bind(i64::from(role as u8))
                        .bind(i64::from(no.0))
                        .fetch_one(&mut *c)
                        .await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }

    async fn end_sessions(&self, no: UserNo, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let ended = end_sessions(c, no).await?;
                    audit::write_if(ended > 0, c, &audit, None).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }
}
