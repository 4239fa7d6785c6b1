//! What a user may be told of: so many notices, so many letters. Whatever is done to an account, neither what it keeps
//! nor what one act costs grows with how often it is done.

use super::{Act, GATHERED, add_to};
use crate::Trouble;
use crate::rows::numbers;
use contract::Cause;
use domain::ids::NoticeNo;
use domain::time::Micros;
use sqlx::{Row, SqliteConnection};
use store::NewNotice;

/// The most notices a user has; the oldest make room, but none that may still count.
const KEPT: i64 = 1000;
/// The most that make room at once.
const AT_ONCE: i64 = 10;
/// Letters of one cause that are sent at once within an hour.
const AT_ONCE_BY_MAIL: i64 = 4;
/// For how long the next one waits for what follows.
pub(super) const HOUR_SECONDS: i64 = 3600;
/// How long before its time a letter is left as it is.
const ABOUT_TO_GO_SECONDS: i64 = 60;

/// Whether the user has as many notices of the last 24 hours as it may have. What is gathered is counted apart from
/// acts: a thousand of those silence no alarm.
pub(super) async fn is_full(connection: &mut SqliteConnection, notice: &NewNotice) -> Result<bool, Trouble> {
    let row = sqlx::query(
        "SELECT count(*) FROM (SELECT 1 FROM notices WHERE user_no = ?1 AND last_at > ?2 AND first_at > ?2
         AND (cause IN (SELECT value FROM json_each(?4))) = ?5 LIMIT ?3)",
    )
    .bind(i64::from(notice.user.0))
    .bind(notice.at.0 - GATHERED)
    .bind(KEPT)
    .bind(numbers(Cause::ALL.into_iter().filter(|cause| cause.is_gathered()).map(|cause| cause as u8)))
    .bind(notice.cause.is_gathered())
    .fetch_one(connection)
    .await?;
    Ok(row.try_get::<i64, _>(0)? >= KEPT)
}

/// Where there is no room for a notice of its own, adds an act to the last one like it of these 24 hours, and answers
/// that. The first of its kind always has its own: nobody hides it behind a thousand others.
pub(super) async fn add_to_equal(
    connection: &mut SqliteConnection,
    notice: &NewNotice,
    act: &Act<'_>,
) -> Result<Option<NoticeNo>, Trouble> {
    if !is_full(connection, notice).await? {
        return Ok(None);
    }
    let row = sqlx::query(
        "SELECT no FROM notices WHERE user_no = ?1 AND cause = ?2 AND first_at > ?3
         AND action IS ?4 AND actor IS ?5 ORDER BY no DESC LIMIT 1",
    )
    .bind(i64::from(notice.user.0))
    .bind(notice.cause as u8)
    .bind(notice.at.0 - GATHERED)
    .bind(act.action)
    .bind(act.actor)
    .fetch_optional(&mut *connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let no = NoticeNo(super::number(row.try_get("no")?)?);
    add_to(connection, no, notice).await?;
    if !act.is_read {
        let unread = sqlx::query("UPDATE notices SET read_at = NULL WHERE no = ?").bind(i64::from(no.0));
        unread.execute(connection).await?;
    }
    Ok(Some(no))
}

/// Removes the oldest beyond the most that are kept, unless they may still count.
pub(super) async fn make_room(connection: &mut SqliteConnection, notice: &NewNotice) -> Result<(), Trouble> {
    let row = sqlx::query("SELECT count(*) FROM (SELECT 1 FROM notices WHERE user_no = ? LIMIT ?)")
        .bind(i64::from(notice.user.0))
        .bind(KEPT + AT_ONCE)
        .fetch_one(&mut *connection)
        .await?;
    let too_many = row.try_get::<i64, _>(0)? - KEPT;
    if too_many <= 0 {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM notices WHERE no IN
         (SELECT no FROM notices WHERE user_no = ?1 ORDER BY last_at, no LIMIT ?2) AND first_at <= ?3",
    )
    .bind(i64::from(notice.user.0))
    .bind(too_many)
    .bind(notice.at.0 - GATHERED)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the user was told by mail of as much of this cause within the hour as is told at once. What is added to a
/// notice without a letter of its own always waits.
pub(super) async fn has_told_enough(
    connection: &mut SqliteConnection,
    no: NoticeNo,
    notice: &NewNotice,
) -> Result<bool, Trouble> {
    let row = sqlx::query(
        "SELECT (SELECT count FROM notices WHERE no = ?4) > 1 OR
         (SELECT count(*) FROM (SELECT 1 FROM notices
          WHERE user_no = ?1 AND cause = ?2 AND first_at > ?3 AND no <> ?4 LIMIT ?5)) >= ?5",
    )
    .bind(i64::from(notice.user.0))
    .bind(notice.cause as u8)
    .bind(notice.at.0 - HOUR_SECONDS * Micros::SECOND)
    .bind(i64::from(no.0))
    .bind(AT_ONCE_BY_MAIL)
    .fetch_one(connection)
    .await?;
    Ok(row.try_get(0)?)
}

/// Whether a letter about this cause waits for its time, which will tell of this notice as well: one about an earlier
/// notice, to the user's present address. One that is about to go may be written already.
pub(super) async fn has_letter(
    connection: &mut SqliteConnection,
    no: NoticeNo,
    notice: &NewNotice,
) -> Result<bool, Trouble> {
    let row = sqlx::query(
        "SELECT EXISTS (SELECT 1 FROM mails m JOIN notices n ON n.no = m.notice_no
         WHERE m.user_no = ?1 AND m.due_at > ?3 AND n.cause = ?2 AND m.created_at > n.first_at
         AND n.no <= ?4 AND m.email IS NULL)",
    )
    .bind(i64::from(notice.user.0))
    .bind(notice.cause as u8)
    .bind(notice.at.plus_seconds(ABOUT_TO_GO_SECONDS).0)
    .bind(i64::from(no.0))
    .fetch_one(connection)
    .await?;
    Ok(row.try_get(0)?)
}
