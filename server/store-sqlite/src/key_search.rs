//! Keys of every account, tombstones too, for the operator.

use super::keys::{NETWORKS, key_row};
use super::rows::{corrupt, count, key_no, network, optional_micros};
use super::{SqliteStore, audit};
use crate::Trouble;
use crate::statements::sql;
use async_trait::async_trait;
use domain::ids::{KeyId, Username};
use domain::key_text::KeyText;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{AnyKeyRow, AnyKeys, AuditRow, KeySearch, KeySearchStore, StoreError};

/// Keys with their users, their accounts and the tokens they had before.
macro_rules! rows {
    () => {
        "k.*, u.username, coalesce(w.username, u.username) AS account,
         u.disabled_at IS NOT NULL OR w.disabled_at IS NOT NULL AS user_is_disabled,
         o.masked AS old_masked, o.until AS old_until
         FROM keys k JOIN users u ON u.no = k.user_no LEFT JOIN users w ON w.no = u.owner_no
         LEFT JOIN old_tokens o ON o.key_no = k.no AND o.rotated_at = k.rotated_at"
    };
}

/// Whether what was typed is shown of a token `m`, as far as it was typed: `?5` a part of it, or `?6` and `?7` its beginning
/// and its end. Of a long token the first 8 and the last 4 characters are shown, and more of it may have been typed.
macro_rules! shows {
    () => {
        "(instr(m, ?5) > 0
           OR length(m) = 13 AND substr(?5, 1, 8) = substr(m, 1, 8)
           OR (length(?6) < instr(m, '…') AND substr(m, 1, length(?6)) = ?6
               OR length(m) = 13 AND substr(?6, 1, 8) = substr(m, 1, 8))
             AND (?7 = '' OR substr(m, -length(?7)) = ?7
               OR length(m) = 13 AND length(?7) > 4 AND substr(?7, -4) = substr(m, -4)))"
    };
}

/// `?1` whose, `?2` whether only living ones, `?3` whether any text will do, `?4` a pattern of the description, `?5` a part
/// of a masked token, `?6` and `?7` its beginning and its end, `?8` how many.
const SEARCH: &str = concat!(
    "WITH found AS (SELECT k.no FROM keys k
       WHERE (?1 IS NULL OR k.user_no = ?1) AND (NOT ?2 OR k.deleted_at IS NULL)
       AND (?3 OR k.description LIKE ?4 ESCAPE '\\' OR EXISTS (
         SELECT 1 FROM (SELECT k.masked AS m UNION ALL SELECT t.masked FROM old_tokens t WHERE t.key_no = k.no)
         WHERE ",
    shows!(),
    ")))
     SELECT (SELECT count(*) FROM found) AS total, ",
    rows!(),
    " WHERE k.no IN (SELECT no FROM found ORDER BY no DESC LIMIT ?8) ORDER BY k.no DESC"
);
const FIND: &str = concat!("SELECT ", rows!(), " WHERE k.id = ?");
/// The numbers come from the indexes of the two users, so that only their lines are read.
const HISTORY: &str =
    "SELECT a.at, a.action, a.actor, a.address, a.detail, k.id AS key_id, v.id AS via_key_id
    FROM audit a LEFT JOIN keys k ON k.no = a.key_no LEFT JOIN keys v ON v.no = a.via_key_no
    WHERE a.no IN (
      SELECT l.no FROM keys s JOIN audit l ON l.user_no IN (s.user_no, s.account_no)
      WHERE s.id = ?1 AND (l.key_no = s.no OR l.via_key_no = s.no) ORDER BY l.no DESC LIMIT ?2)
    ORDER BY a.no DESC";

/// A pattern of LIKE for whatever contains a text.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

fn any_key_row(row: &SqliteRow) -> Result<AnyKeyRow, Trouble> {
    Ok(AnyKeyRow {
        key: key_row(row, vec![])?,
        account: Username::parse(row.try_get("account")?).map_err(|_| corrupt("username"))?,
        user_is_disabled: row.try_get("user_is_disabled")?,
        deleted_at: optional_micros(row, "deleted_at")?,
    })
}

#[async_trait]
impl KeySearchStore for SqliteStore {
    async fn search_keys(&self, search: KeySearch, most: u32) -> Result<AnyKeys, StoreError> {
        let text = search.text.as_ref();
        let masked = text.and_then(|text| text.masked.as_ref());
        let query = sql!(
            SEARCH,
            search.user.map(|user| user.0),
            search.living,
            text.is_none(),
            text.map(|text| containing(&text.whole)),
            text.filter(|text| text.may_be_part()).map(|text: &KeyText| text.whole.as_str()),
            masked.map(|(head, _)| head.as_str()),
            masked.map(|(_, tail)| tail.as_str()),
            most
        );
        let found = self.list(query, |row| Ok((count(row, "total")?, any_key_row(row)?))).await?;
        let total = found.first().map_or(0, |(total, _)| *total);
        Ok(AnyKeys { keys: found.into_iter().map(|(_, key)| key).collect(), total })
    }

    async fn find_any_key(&self, id: KeyId) -> Result<Option<AnyKeyRow>, StoreError> {
        let with_number = |row: &SqliteRow| Ok((key_no(row, "no")?, any_key_row(row)?));
        let Some((number, mut found)) = self.find(sql!(FIND, id.0), with_number).await? else {
            return Ok(None);
        };
        found.key.rule.allow_list = self.list(sql!(NETWORKS, number.0), network).await?.into();
        Ok(Some(found))
    }

    async fn list_key_audit(&self, key: KeyId, most: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.list(sql!(HISTORY, key.0, most), audit::audit_row).await
    }
}
