//! Gateways.

use super::rows::{hash, micros};
use super::{SqliteStore, audit};
use async_trait::async_trait;
use domain::token::TokenHash;
use sqlx::Row;
use store::{Audit, Change, GatewayRow, GatewayStore, StoreError};

#[async_trait]
impl GatewayStore for SqliteStore {
    async fn insert_gateway(
        &self,
        name: String,
        token_hash: TokenHash,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("INSERT INTO gateways (name, token_hash, created_at) VALUES (?, ?, ?)")
                        .bind(&name)
                        .bind(token_hash.0.to_vec())
                        .bind(audit.at.0)
                        .execute(&mut *c)
                        .await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![Change::GatewayAdded(token_hash, name)]))
                })
            })
            .await
    }

    async fn list_gateways(&self) -> Result<Vec<GatewayRow>, StoreError> {
        crate::reading(async {
            let rows = sqlx::query("SELECT name, created_at FROM gateways ORDER BY name")
                .fetch_all(&self.readers)
                .await?;
            rows.iter()
                .map(|row| {
                    Ok(GatewayRow { name: row.try_get("name")?, created_at: micros(row, "created_at")? })
                })
                .collect()
        })
        .await
    }

    async fn delete_gateway(&self, name: String, audit: Audit) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    let row = sqlx::query("DELETE FROM gateways WHERE name = ? RETURNING token_hash")
                        .bind(&name)
                        .fetch_one(&mut *c)
                        .await?;
                    audit::write(c, &audit, None).await?;
                    Ok(((), vec![Change::GatewayRemoved(TokenHash(hash(&row, "token_hash")?))]))
                })
            })
            .await
    }
}
