//! Notices as they stand.

use super::super::keys::key_type;
use super::super::rows::{
    corrupt, count, has, key_id, micros, numbers, optional_micros, owner, stored_address, token_hash,
    user_no, username,
};
use crate::statements::sql;
use crate::{SqliteStore, Trouble};
use contract::Cause;
use domain::ids::{NoticeNumber, Username};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{ActCount, NoticeAddress, NoticeFacts, NoticeKey, StoreError};

const BY_NUMBERS: &str = "SELECT n.no AS notice_no, n.user_no, u.owner_no, u.username, n.cause, n.count,
    n.first_at, n.last_at, n.read_at, n.action, n.actor, n.detail, n.key_no AS about,
    k.id, k.token_hash, k.key_type, k.description, k.masked, k.deleted_at, ku.username AS key_username
    FROM notices n JOIN users u ON u.no = n.user_no
    LEFT JOIN keys k ON k.no = n.key_no LEFT JOIN users ku ON ku.no = k.user_no
    WHERE n.no IN (SELECT value FROM json_each(?)) ORDER BY n.last_at DESC, n.no DESC";
const ADDRESSES: &str = "SELECT a.notice_no, a.address, a.count, a.first_at, a.last_at,
    EXISTS (SELECT 1 FROM ignored_addresses i WHERE i.key_no = n.key_no AND i.address = a.address) AS ignored
    FROM notice_addresses a JOIN notices n ON n.no = a.notice_no
    WHERE a.notice_no IN (SELECT value FROM json_each(?)) ORDER BY a.notice_no, a.count DESC, a.first_at, a.address";
/// The numbers come from the index alone, so that what is skipped is never read.
pub(super) const PAGE: &str =
    "SELECT no FROM notices WHERE user_no = ? ORDER BY last_at DESC, no DESC LIMIT ? OFFSET ?";
/// By the same index; a user has few notices of one day.
pub(in super::super) const REFUSALS: &str = "SELECT no FROM notices WHERE user_no = ?1 AND last_at > ?2
    AND cause IN (?3, ?4) ORDER BY last_at DESC, no DESC LIMIT ?5";

/// At most so many that nothing was added to since a time.
pub(in super::super) const OLD: &str = "SELECT no FROM notices WHERE last_at < ? ORDER BY last_at LIMIT ?";

pub(super) fn notice_no(row: &SqliteRow) -> Result<NoticeNumber, Trouble> {
    Ok(NoticeNumber(row.try_get(0)?))
}

impl SqliteStore {
    /// What the user of a notice was told of by the same cause after it, in the order in which it began.
    pub(super) async fn later_acts(&self, notice: &NoticeFacts) -> Result<Vec<ActCount>, StoreError> {
        let sql = "SELECT action, sum(count) AS count FROM notices WHERE user_no = ? AND cause = ? AND no > ?
                   GROUP BY action ORDER BY min(no)";
        let act = |row: &SqliteRow| Ok((row.try_get("action")?, count(row, "count")?));
        self.list(sql!(sql, notice.user.0, notice.cause as u8, notice.number.0), act).await
    }

    /// The notices of these numbers, the one that was added to last first.
    pub(super) async fn notices_by_numbers(
        &self,
        wanted: &[NoticeNumber],
    ) -> Result<Vec<NoticeFacts>, StoreError> {
        let wanted = numbers(wanted.iter().map(|number| number.0));
        let named = |row: &SqliteRow| Ok((notice_no(row)?, address(row)?));
        let addresses = self.list(sql!(ADDRESSES, &wanted), named).await?;
        let of =
            |number| addresses.iter().filter(|(of, _)| *of == number).map(|(_, address)| *address).collect();
        self.list(sql!(BY_NUMBERS, &wanted), |row| notice(row, of(notice_no(row)?))).await
    }
}

fn notice(row: &SqliteRow, addresses: Vec<NoticeAddress>) -> Result<NoticeFacts, Trouble> {
    let is_about_key = has(row, "about")?;
    Ok(NoticeFacts {
        number: notice_no(row)?,
        user: user_no(row, "user_no")?,
        owner: owner(row)?,
        username: username(row)?,
        cause: Cause::from_number(row.try_get("cause")?).ok_or_else(|| corrupt("cause of a notice"))?,
        key: is_about_key.then(|| key(row)).transpose()?,
        count: count(row, "count")?,
        first_at: micros(row, "first_at")?,
        last_at: micros(row, "last_at")?,
        read_at: optional_micros(row, "read_at")?,
        addresses,
        action: row.try_get("action")?,
        actor: row.try_get("actor")?,
        detail: row.try_get("detail")?,
    })
}

fn key(row: &SqliteRow) -> Result<NoticeKey, Trouble> {
    Ok(NoticeKey {
        id: key_id(row, "id")?,
        token_hash: token_hash(row)?,
        username: Username::parse(row.try_get("key_username")?).map_err(|_| corrupt("username"))?,
        key_type: key_type(row)?,
        description: row.try_get("description")?,
        masked: row.try_get("masked")?,
        deleted_at: optional_micros(row, "deleted_at")?,
    })
}

fn address(row: &SqliteRow) -> Result<NoticeAddress, Trouble> {
    Ok(NoticeAddress {
        address: stored_address(row.try_get("address")?)?,
        count: count(row, "count")?,
        first_at: micros(row, "first_at")?,
        last_at: micros(row, "last_at")?,
        ignored: row.try_get("ignored")?,
    })
}
