//! The address rules of keys.

use super::keys::{NETWORKS, rule};
use super::rows::{network, numbers};
use super::{SqliteStore, audit};
use crate::Trouble;
use async_trait::async_trait;
use contract::LockWidth;
use domain::address::{Address, Network};
use domain::ids::KeyNo;
use domain::rule::{AddressRule, Ruling};
use domain::time::Micros;
use sqlx::{Row, SqliteConnection};
use store::{Audit, Change, RuleStore, StoreError};

/// The rule of a key as it stands in this transaction.
async fn read_rule(connection: &mut SqliteConnection, key: KeyNo) -> Result<AddressRule, Trouble> {
    let row = sqlx::query("SELECT key_type, locked_ip, lock_width FROM keys WHERE no = ?")
        .bind(i64::from(key.0))
        .fetch_one(&mut *connection)
        .await?;
    let networks =
        sqlx::query(NETWORKS).bind(numbers([key.0].into_iter())).fetch_all(&mut *connection).await?;
    let networks = networks.iter().map(network).collect::<Result<_, _>>()?;
    rule(&row, networks)
}

/// The rule of a key after a change, for the watcher.
async fn changed_rule(connection: &mut SqliteConnection, key: KeyNo) -> Result<Change, Trouble> {
    Ok(Change::KeyRule(key, read_rule(connection, key).await?))
}

#[async_trait]
impl RuleStore for SqliteStore {
    async fn bind_first_address(&self, key: KeyNo, address: Address, at: Micros) -> Result<(), StoreError> {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    // Who asked judged by what was known then; an allow list that was begun since forbids it.
                    if read_rule(c, key).await?.view().judge(address) != Ruling::PassAndBind {
                        return Ok(((), vec![]));
                    }
                    let bound = sqlx::query(
                        "UPDATE keys SET locked_ip = ?, locked_at = ?
                         WHERE no = ? AND locked_ip IS NULL AND deleted_at IS NULL",
                    )
                    .bind(address.to_bytes().to_vec())
                    .bind(at.0)
                    .bind(i64::from(key.0))
                    .execute(&mut *c)
                    .await?;
                    let changes =
                        if bound.rows_affected() == 1 { vec![changed_rule(c, key).await?] } else { vec![] };
                    Ok(((), changes))
                })
            })
            .await
    }

    async fn insert_network(
        &self,
        key: KeyNo,
        network: Network,
        limit: u32,
        audit: Audit,
    ) -> Result<(), StoreError> {
        self.change_rule(key, audit, move |c, at| {
            Box::pin(async move {
                let count: i64 = sqlx::query("SELECT count(*) FROM key_networks WHERE key_no = ?")
                    .bind(i64::from(key.0))
                    .fetch_one(&mut *c)
                    .await?
                    .try_get(0)?;
                sqlx::query(
                    "INSERT INTO key_networks (key_no, network, prefix_length, added_at) VALUES (?, ?, ?, ?)",
                )
                .bind(i64::from(key.0))
                .bind(network.to_bytes().to_vec())
                .bind(i64::from(network.prefix_length()))
                .bind(at.0)
                .execute(c)
                .await?;
                if count >= i64::from(limit) { Err(StoreError::Full.into()) } else { Ok(true) }
            })
        })
        .await
    }

    async fn delete_network(&self, key: KeyNo, network: Network, audit: Audit) -> Result<(), StoreError> {
        self.change_rule(key, audit, move |c, _| {
            Box::pin(async move {
                sqlx::query(
                    "DELETE FROM key_networks WHERE key_no = ? AND network = ? AND prefix_length = ?
                     RETURNING key_no",
                )
                .bind(i64::from(key.0))
                .bind(network.to_bytes().to_vec())
                .bind(i64::from(network.prefix_length()))
                .fetch_one(c)
                .await?;
                Ok(true)
            })
        })
        .await
    }

    async fn set_lock_width(&self, key: KeyNo, width: LockWidth, audit: Audit) -> Result<(), StoreError> {
        self.change_rule(key, audit, move |c, _| {
            Box::pin(async move {
                let done = sqlx::query("UPDATE keys SET lock_width = ?1 WHERE no = ?2 AND lock_width <> ?1")
                    .bind(i64::from(width as u8))
                    .bind(i64::from(key.0))
                    .execute(c)
                    .await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }

    async fn release_lock(&self, key: KeyNo, audit: Audit) -> Result<(), StoreError> {
        self.change_rule(key, audit, move |c, _| {
            Box::pin(async move {
                let sql = "UPDATE keys SET locked_ip = NULL, locked_at = NULL
                           WHERE no = ? AND locked_ip IS NOT NULL";
                let done = sqlx::query(sql).bind(i64::from(key.0)).execute(c).await?;
                Ok(done.rows_affected() > 0)
            })
        })
        .await
    }
}

/// Answers whether it changed anything.
type Step<'c> = futures::future::BoxFuture<'c, Result<bool, Trouble>>;

impl SqliteStore {
    /// One step on the rule of a living key, its line in the audit log, and the rule that results.
    async fn change_rule<F>(&self, key: KeyNo, audit: Audit, step: F) -> Result<(), StoreError>
    where
        F: for<'c> FnOnce(&'c mut SqliteConnection, Micros) -> Step<'c> + Send + 'static,
    {
        self.writer
            .run(move |c| {
                Box::pin(async move {
                    sqlx::query("SELECT 1 FROM keys WHERE no = ? AND deleted_at IS NULL")
                        .bind(i64::from(key.0))
                        .fetch_one(&mut *c)
                        .await?;
                    let changed = step(c, audit.at).await?;
                    audit::write_if(changed, c, &audit, Some(key)).await?;
                    let changes = if changed { vec![changed_rule(c, key).await?] } else { vec![] };
                    Ok(((), changes))
                })
            })
            .await
    }
}
