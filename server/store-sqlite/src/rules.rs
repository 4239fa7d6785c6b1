//! The address rules of keys.

use super::keys::{NETWORKS, rule};
use super::rows::{key_no, network};
use super::{SqliteStore, audit};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use async_trait::async_trait;
use domain::address::{Address, Network};
use domain::client_address::ClientAddress;
use domain::ids::{KeyId, KeyNumber};
use domain::rule::{AddressRule, Ruling};
use domain::time::Micros;
use sqlx::Row;
use store::{Asker, Audit, Change, RuleStore, StoreError};

/// Binds a key to an address, if it has none and passes: a request that is denied uses nothing up.
const BIND: &str = "UPDATE keys SET locked_ip = ?1, locked_at = ?2
    WHERE no = ?3 AND locked_ip IS NULL AND deleted_at IS NULL AND disabled_at IS NULL
    AND (expires_at IS NULL OR expires_at > ?2)
    AND EXISTS (SELECT 1 FROM users u LEFT JOIN users o ON o.no = u.owner_no
        WHERE u.no = keys.user_no AND u.disabled_at IS NULL AND o.disabled_at IS NULL)";

/// The rule of a key as it stands in this transaction, and its number.
async fn read_rule(tx: &mut Tx, key: KeyId) -> Result<(KeyNumber, AddressRule), Trouble> {
    let row =
        tx.one(sql!("SELECT no, key_type, locked_ip, lock_width FROM keys WHERE id = ?", key.0)).await?;
    let number = key_no(&row, "no")?;
    let networks = tx.all(sql!(NETWORKS, number.0)).await?;
    let networks = networks.iter().map(network).collect::<Result<_, _>>()?;
    Ok((number, rule(&row, networks)?))
}

/// The number of a key that lives; `NotFound` otherwise.
pub(super) async fn find_living(tx: &mut Tx, key: KeyId) -> Result<KeyNumber, Trouble> {
    let row = tx.one(sql!("SELECT no FROM keys WHERE id = ? AND deleted_at IS NULL", key.0)).await?;
    key_no(&row, "no")
}

/// Fails if a key asks for a change of itself from where it does not pass: its rule may be another by now. Judged before
/// the change, which could let it pass.
async fn check_place(tx: &mut Tx, key: KeyId, audit: &Audit) -> Result<(), Trouble> {
    if !matches!(audit.asker, Some(Asker::Itself(_))) {
        return Ok(());
    }
    let (_, rule) = read_rule(tx, key).await?;
    let passes = |address| rule.view().judge(address) == Ruling::Pass;
    let is_there = audit.address.and_then(ClientAddress::known).is_some_and(passes);
    if is_there { Ok(()) } else { Err(StoreError::SignedOut.into()) }
}

/// Ends a step on the rule of a key: its line in the audit log, and the rule that results, if the step changed anything.
async fn end_step(tx: &mut Tx, key: KeyId, changed: bool, audit: &Audit) -> Result<(), Trouble> {
    audit::write_if(changed, tx, audit, Some(key)).await?;
    if changed {
        let (number, rule) = read_rule(tx, key).await?;
        tx.tell(Change::KeyRule(number, rule));
    }
    Ok(())
}

#[async_trait]
impl RuleStore for SqliteStore {
    async fn bind_first_address(
        &self,
        key: KeyId,
        address: Address,
        at: Micros,
    ) -> Result<AddressRule, StoreError> {
        change!(self, |tx| {
            let (number, mut rule) = read_rule(tx, key).await?;
            // The caller judged by what was known then; an allow list that was begun since forbids it.
            if rule.view().judge(address) != Ruling::PassAndBind {
                return Ok(rule);
            }
            if tx.run(sql!(BIND, address.to_bytes().as_slice(), at.0, number.0)).await? == 1 {
                rule.locked = Some(address);
                tx.tell(Change::KeyRule(number, rule.clone()));
            }
            Ok(rule)
        })
    }

    async fn insert_network(
        &self,
        key: KeyId,
        network: Network,
        limit: u32,
        audit: Audit,
    ) -> Result<(), StoreError> {
        change!(self, |tx| {
            let number = find_living(tx, key).await?;
            check_place(tx, key, &audit).await?;
            let held = tx.one(sql!("SELECT count(*) FROM key_networks WHERE key_no = ?", number.0)).await?;
            let sql =
                "INSERT INTO key_networks (key_no, network, prefix_length, added_at) VALUES (?, ?, ?, ?)";
            tx.run(sql!(sql, number.0, network.to_bytes().as_slice(), network.prefix_length(), audit.at.0))
                .await?;
            // Judged after the insert, so that an entry that is there already is a conflict in a full list too.
            if held.try_get::<u32, _>(0)? >= limit {
                return Err(StoreError::LimitReached.into());
            }
            end_step(tx, key, true, &audit).await
        })
    }

    async fn delete_network(&self, key: KeyId, network: Network, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            let number = find_living(tx, key).await?;
            let sql = "DELETE FROM key_networks WHERE key_no = ? AND network = ? AND prefix_length = ? RETURNING key_no";
            tx.one(sql!(sql, number.0, network.to_bytes().as_slice(), network.prefix_length())).await?;
            end_step(tx, key, true, &audit).await
        })
    }

    async fn release_lock(&self, key: KeyId, audit: Audit) -> Result<(), StoreError> {
        change!(self, |tx| {
            let number = find_living(tx, key).await?;
            let sql =
                "UPDATE keys SET locked_ip = NULL, locked_at = NULL WHERE no = ? AND locked_ip IS NOT NULL";
            let released = tx.run(sql!(sql, number.0)).await?;
            end_step(tx, key, released > 0, &audit).await
        })
    }
}
