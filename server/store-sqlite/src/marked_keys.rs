//! Keys by what the index in memory does not know of them.

use super::SqliteStore;
use super::keys::scope_numbers;
use super::rows::key_id;
use crate::statements::sql;
use contract::Cause;
use domain::ids::KeyId;
use domain::rotation;
use store::{KeyMark, KeyScope, StoreError};

// `?1` is the account and `?2` the user of a scope, one of which is NULL; `?3` the most. A key's account is found by its
// user, so that each statement has one index to go by.
const MANAGING: &str = "SELECT k.id FROM keys k
    WHERE k.account_no = coalesce(?1, (SELECT coalesce(owner_no, no) FROM users WHERE no = ?2))
    AND (?2 IS NULL OR k.user_no = ?2) AND k.manages_keys = 1 AND k.deleted_at IS NULL LIMIT ?3";
const ROTATING: &str = "SELECT k.id FROM keys k JOIN old_tokens o ON o.key_no = k.no AND o.rotated_at = k.rotated_at
    WHERE k.account_no = coalesce(?1, (SELECT coalesce(owner_no, no) FROM users WHERE no = ?2))
    AND (?2 IS NULL OR k.user_no = ?2) AND k.rotated_at IS NOT NULL AND k.rotated_at > ?5 AND k.deleted_at IS NULL
    AND o.until > ?4 LIMIT ?3";
const REFUSED: &str = "SELECT DISTINCT k.id FROM notices n JOIN keys k ON k.no = n.key_no
    WHERE n.user_no IN (SELECT no FROM users WHERE no = coalesce(?1, ?2) OR owner_no = ?1)
    AND n.last_at > ?4 AND n.cause = ?5
    AND (k.account_no = ?1 OR k.user_no = ?2) AND k.deleted_at IS NULL LIMIT ?3";

/// The statements, for the test of their plans.
pub(super) const STATEMENTS: [&str; 3] = [MANAGING, ROTATING, REFUSED];

impl SqliteStore {
    /// Living keys of the scope that have a mark.
    pub(super) async fn marked_keys(
        &self,
        scope: KeyScope,
        mark: KeyMark,
        most: u32,
    ) -> Result<Vec<KeyId>, StoreError> {
        let (account, user) = scope_numbers(scope);
        let query = match mark {
            KeyMark::ManagesKeys => sql!(MANAGING, account, user, most),
            KeyMark::Rotating(now) => {
                sql!(ROTATING, account, user, most, now.0, rotation::oldest_that_passes(now).0)
            }
            KeyMark::RefusedSince(since) => {
                sql!(REFUSED, account, user, most, since.0, Cause::NewAddress as u8)
            }
        };
        self.list(query, |row| key_id(row, "id")).await
    }
}
