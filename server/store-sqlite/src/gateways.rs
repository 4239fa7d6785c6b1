//! Gateways.

use super::rows::{hash, micros};
use super::{SqliteStore, audit};
use crate::statements::{change, sql};
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
        change!(self, |tx| {
            let sql = "INSERT INTO gateways (name, token_hash, created_at) VALUES (?, ?, ?)";
            tx.run(sql!(sql, &name, token_hash.0.as_slice(), audit.at.0)).await?;
            audit::write(tx, &audit, None).await?;
            tx.tell(Change::GatewayAdded(token_hash, name));
            Ok(())
        })
    }

    async fn list_gateways(&self) -> Result<Vec<GatewayRow>, StoreError> {
        let sql = "SELECT name, created_at FROM gateways ORDER BY name";
        let gateway = |row: &_| {
            Ok(GatewayRow { name: Row::try_get(row, "name")?, created_at: micros(row, "created_at")? })
        };
        self.list(sql!(sql), gateway).await
    }

    async fn delete_gateway(&self, name: String, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            let row = tx.one(sql!("DELETE FROM gateways WHERE name = ? RETURNING token_hash", &name)).await?;
            audit::write(tx, &audit, None).await?;
            tx.tell(Change::GatewayRemoved(TokenHash(hash(&row, "token_hash")?)));
            Ok(())
        })
    }
}
