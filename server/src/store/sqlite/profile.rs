//! What users choose for themselves.

use super::SqliteStore;
use crate::domain::ids::UserNo;
use crate::store::{ProfileStore, StoreError};
use async_trait::async_trait;

#[async_trait]
impl ProfileStore for SqliteStore {
    async fn set_language(&self, user: UserNo, code: String) -> Result<(), StoreError> {
        self.set_choice(user, code, "UPDATE users SET language = ? WHERE no = ?").await
    }

    async fn set_time_zone(&self, user: UserNo, name: String) -> Result<(), StoreError> {
        self.set_choice(user, name, "UPDATE users SET time_zone = ? WHERE no = ?").await
    }
}

impl SqliteStore {
    async fn set_choice(&self, user: UserNo, choice: String, sql: &'static str) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query(sql).bind(choice).bind(i64::from(user.0)).execute(c).await?;
                    Ok(((), vec![]))
                })
            })
            .await
    }
}
