//! Keys of another system, written in one transaction: the facts are read, the plan is made by `domain::import`, and carried
//! out if nothing is refused. Statements take many rows each, because a million of them one by one take minutes.

mod facts;
mod rows;
mod write;

use super::SqliteStore;
use crate::statements::change;
use async_trait::async_trait;
use domain::import::{Candidate, ImportRules, Stated, plan_import};
use store::{Audit, ImportStore, Imported, KeyImport, StoreError};

#[async_trait]
impl ImportStore for SqliteStore {
    async fn import_keys(&self, import: KeyImport, audit: Audit) -> Result<Imported, StoreError> {
        change!(self, |tx| {
            let (facts, people) = facts::read(tx, &import.keys).await?;
            let file: Vec<_> = import.keys.iter().map(candidate).collect();
            let rules = ImportRules { create_users: import.create_users, most: import.most };
            let plan = plan_import(&file, facts, rules);
            let is_kept = !import.dry_run && plan.refused.is_empty();
            if is_kept {
                write::carry_out(tx, &import.keys, &plan, people, &audit).await?;
            }
            Ok(Imported {
                keys: plan.keys.len() as u64,
                known: plan.known,
                deleted: plan.deleted,
                users: plan.users.len() as u64,
                refused: plan.refused,
            })
        })
    }
}

fn candidate(key: &store::ImportKey) -> Candidate<'_> {
    let stated = Stated { line: key.line, username: &key.username, owner: key.owner.as_ref() };
    Candidate { stated, token_hash: key.token_hash, other_hash: key.other_hash }
}
