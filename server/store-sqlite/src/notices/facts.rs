//! Notices as they stand.

use super::super::keys::key_type;
use super::super::rows::{
    corrupt, key_no, micros, number, numbers, owner, stored_address, user_no, username,
};
use crate::Trouble;
use contract::Cause;
use domain::ids::{KeyId, NoticeNo, UserNo, Username};
use domain::time::Micros;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use std::collections::HashMap;
use store::{ActCount, NoticeAddress, NoticeFacts, NoticeKey};

const BY_NUMBERS: &str = "SELECT n.no AS notice_no, n.user_no, u.owner_no, u.username, n.cause, n.count,
    n.first_at, n.last_at, n.read_at, n.action, n.actor, n.detail, n.key_no AS about,
    k.no AS key_no, k.id, k.key_type, k.description, k.masked, k.deleted_at, ku.username AS key_username
    FROM notices n JOIN users u ON u.no = n.user_no
    LEFT JOIN keys k ON k.no = n.key_no LEFT JOIN users ku ON ku.no = k.user_no
    WHERE n.no IN (SELECT value FROM json_each(?)) ORDER BY n.last_at DESC, n.no DESC";
const ADDRESSES: &str = "SELECT a.notice_no, a.address, a.count, a.first_at, a.last_at,
    EXISTS (SELECT 1 FROM ignored_addresses i WHERE i.key_no = n.key_no AND i.address = a.address) AS ignored
    FROM notice_addresses a JOIN notices n ON n.no = a.notice_no
    WHERE a.notice_no IN (SELECT value FROM json_each(?)) ORDER BY a.notice_no, a.count DESC, a.first_at, a.address";
/// The numbers come from the index alone, so that what is skipped is never read.
const PAGE: &str = "SELECT no FROM notices WHERE user_no = ? ORDER BY last_at DESC, no DESC LIMIT ? OFFSET ?";

pub(super) async fn find(readers: &SqlitePool, no: NoticeNo) -> Result<Option<NoticeFacts>, Trouble> {
    Ok(by_numbers(readers, &[no]).await?.pop())
}

pub(super) async fn list(
    readers: &SqlitePool,
    user: UserNo,
    skipped: u32,
    most: u32,
) -> Result<Vec<NoticeFacts>, Trouble> {
    let rows = sqlx::query(PAGE)
        .bind(i64::from(user.0))
        .bind(i64::from(most))
        .bind(i64::from(skipped))
        .fetch_all(readers)
        .await?;
    let found: Result<Vec<_>, _> = rows.iter().map(notice_no).collect();
    by_numbers(readers, &found?).await
}

pub(super) async fn count(readers: &SqlitePool, user: UserNo, sql: &'static str) -> Result<u64, Trouble> {
    let row = sqlx::query(sql).bind(i64::from(user.0)).fetch_one(readers).await?;
    Ok(row.try_get::<i64, _>(0)?.unsigned_abs())
}

/// What the user of a notice was told of by the same cause after it, in the order in which it began.
pub(super) async fn count_later_acts(
    readers: &SqlitePool,
    notice: &NoticeFacts,
) -> Result<Vec<ActCount>, Trouble> {
    let rows = sqlx::query(
        "SELECT action, sum(count) AS count FROM notices WHERE user_no = ? AND cause = ? AND no > ?
         GROUP BY action ORDER BY min(no)",
    )
    .bind(i64::from(notice.user.0))
    .bind(notice.cause as u8)
    .bind(i64::from(notice.no.0))
    .fetch_all(readers)
    .await?;
    let act = |row: &SqliteRow| Ok((row.try_get("action")?, row.try_get::<i64, _>("count")?.unsigned_abs()));
    rows.iter().map(act).collect()
}

/// At most `most` that nothing was added to since `before`.
pub(in super::super) const OLD: &str = "SELECT no FROM notices WHERE last_at < ? ORDER BY last_at LIMIT ?";

pub(super) async fn older_than(
    readers: &SqlitePool,
    before: Micros,
    most: i64,
) -> Result<Vec<NoticeNo>, Trouble> {
    let rows = sqlx::query(OLD);
    rows.bind(before.0).bind(most).fetch_all(readers).await?.iter().map(notice_no).collect()
}

fn notice_no(row: &SqliteRow) -> Result<NoticeNo, Trouble> {
    number(row.try_get(0)?).map(NoticeNo)
}

async fn by_numbers(readers: &SqlitePool, wanted: &[NoticeNo]) -> Result<Vec<NoticeFacts>, Trouble> {
    let wanted = numbers(wanted.iter().map(|no| no.0));
    let addresses = sqlx::query(ADDRESSES).bind(&wanted).fetch_all(readers).await?;
    let mut by_notice: HashMap<NoticeNo, Vec<NoticeAddress>> = HashMap::new();
    for row in &addresses {
        by_notice.entry(notice_no(row)?).or_default().push(address(row)?);
    }
    let rows = sqlx::query(BY_NUMBERS).bind(&wanted).fetch_all(readers).await?;
    rows.iter()
        .map(|row| {
            let addresses = by_notice.remove(&notice_no(row)?).unwrap_or_default();
            notice(row, addresses)
        })
        .collect()
}

fn notice(row: &SqliteRow, addresses: Vec<NoticeAddress>) -> Result<NoticeFacts, Trouble> {
    let is_about_key = row.try_get::<Option<i64>, _>("about")?.is_some();
    Ok(NoticeFacts {
        no: notice_no(row)?,
        user: user_no(row, "user_no")?,
        owner: owner(row)?,
        username: username(row)?,
        cause: Cause::from_number(row.try_get("cause")?).ok_or_else(|| corrupt("cause of a notice"))?,
        key: is_about_key.then(|| key(row)).transpose()?,
        count: row.try_get::<i64, _>("count")?.unsigned_abs(),
        first_at: micros(row, "first_at")?,
        last_at: micros(row, "last_at")?,
        read_at: row.try_get::<Option<i64>, _>("read_at")?.map(Micros),
        addresses,
        action: row.try_get("action")?,
        actor: row.try_get("actor")?,
        detail: row.try_get("detail")?,
    })
}

fn key(row: &SqliteRow) -> Result<NoticeKey, Trouble> {
    Ok(NoticeKey {
        no: key_no(row, "key_no")?,
        id: KeyId(row.try_get("id")?),
        username: Username::parse(row.try_get("key_username")?).map_err(|_| corrupt("username"))?,
        key_type: key_type(row)?,
        description: row.try_get("description")?,
        masked: row.try_get("masked")?,
        deleted_at: row.try_get::<Option<i64>, _>("deleted_at")?.map(Micros),
    })
}

fn address(row: &SqliteRow) -> Result<NoticeAddress, Trouble> {
    Ok(NoticeAddress {
        address: stored_address(row.try_get("address")?)?,
        count: row.try_get::<i64, _>("count")?.unsigned_abs(),
        first_at: micros(row, "first_at")?,
        last_at: micros(row, "last_at")?,
        ignored: row.try_get("ignored")?,
    })
}
