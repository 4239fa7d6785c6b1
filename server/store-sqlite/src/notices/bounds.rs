//! The facts on which it depends how many notices and letters a user has.

use super::Act;
use crate::Trouble;
use crate::rows::{number, numbers};
use contract::Cause;
use domain::ids::NoticeNo;
use domain::notice::gathering::{self, NOTICES_KEPT, REMOVED_AT_ONCE};
use domain::notice::letters::{self, LETTERS_AT_ONCE, Told};
use sqlx::{Row, SqliteConnection};
use store::NewNotice;

/// Whether there is room for one more young notice of the user, of alarms or of acts.
pub(super) async fn has_room(connection: &mut SqliteConnection, notice: &NewNotice) -> Result<bool, Trouble> {
    let row = sqlx::query(
        "SELECT count(*) FROM (SELECT 1 FROM notices WHERE user_no = ?1 AND last_at > ?2 AND first_at > ?2
         AND (cause IN (SELECT value FROM json_each(?4))) = ?5 LIMIT ?3)",
    )
    .bind(i64::from(notice.user.0))
    .bind(gathering::young_since(notice.at).0)
    .bind(i64::from(NOTICES_KEPT))
    .bind(numbers(Cause::ALL.into_iter().filter(|cause| cause.is_gathered()).map(|cause| cause as u8)))
    .bind(notice.cause.is_gathered())
    .fetch_one(connection)
    .await?;
    Ok(gathering::has_room(number(row.try_get(0)?)?))
}

/// The last young notice of an act like this one.
pub(super) async fn last_like(
    connection: &mut SqliteConnection,
    notice: &NewNotice,
    act: &Act<'_>,
) -> Result<Option<NoticeNo>, Trouble> {
    let row = sqlx::query(
        "SELECT no FROM notices WHERE user_no = ?1 AND cause = ?2 AND first_at > ?3
         AND action IS ?4 AND actor IS ?5 ORDER BY no DESC LIMIT 1",
    )
    .bind(i64::from(notice.user.0))
    .bind(notice.cause as u8)
    .bind(gathering::young_since(notice.at).0)
    .bind(act.action)
    .bind(act.actor)
    .fetch_optional(connection)
    .await?;
    row.map(|row| number(row.try_get("no")?).map(NoticeNo)).transpose()
}

/// Removes the oldest beyond the most that are kept, but none that is young.
pub(super) async fn make_room(connection: &mut SqliteConnection, notice: &NewNotice) -> Result<(), Trouble> {
    let row = sqlx::query("SELECT count(*) FROM (SELECT 1 FROM notices WHERE user_no = ? LIMIT ?)")
        .bind(i64::from(notice.user.0))
        .bind(i64::from(NOTICES_KEPT + REMOVED_AT_ONCE))
        .fetch_one(&mut *connection)
        .await?;
    let surplus = gathering::surplus(number(row.try_get(0)?)?);
    if surplus == 0 {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM notices WHERE no IN
         (SELECT no FROM notices WHERE user_no = ?1 ORDER BY last_at, no LIMIT ?2) AND first_at <= ?3",
    )
    .bind(i64::from(notice.user.0))
    .bind(surplus)
    .bind(gathering::young_since(notice.at).0)
    .execute(connection)
    .await?;
    Ok(())
}

/// What the user was told of this cause by mail within the hour.
pub(super) async fn told(
    connection: &mut SqliteConnection,
    no: NoticeNo,
    notice: &NewNotice,
) -> Result<Told, Trouble> {
    let row = sqlx::query(
        "SELECT (SELECT count FROM notices WHERE no = ?4) AS count,
         (SELECT count(*) FROM (SELECT 1 FROM notices
          WHERE user_no = ?1 AND cause = ?2 AND first_at > ?3 AND no <> ?4 LIMIT ?5)) AS others",
    )
    .bind(i64::from(notice.user.0))
    .bind(notice.cause as u8)
    .bind(letters::same_hour_since(notice.at).0)
    .bind(i64::from(no.0))
    .bind(LETTERS_AT_ONCE)
    .fetch_one(connection)
    .await?;
    let count = row.try_get::<Option<i64>, _>("count")?.unwrap_or_default().unsigned_abs();
    Ok(Told { count, others: number(row.try_get("others")?)? })
}

/// Whether a letter about this cause waits for its time, which will tell of this notice as well: one about an earlier
/// notice, to the user's present address.
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
    .bind(letters::open_until(notice.at).0)
    .bind(i64::from(no.0))
    .fetch_one(connection)
    .await?;
    Ok(row.try_get(0)?)
}
