//! The facts on which it depends how many notices and letters a user has.

use super::Act;
use crate::Trouble;
use crate::rows::{number, numbers};
use crate::statements::{Tx, sql};
use contract::Cause;
use domain::ids::NoticeNumber;
use domain::notice::gathering::{self, NOTICES_KEPT, REMOVED_AT_ONCE};
use domain::notice::letters::{self, LETTERS_AT_ONCE, Told};
use sqlx::Row;
use store::NewNotice;

/// Whether there is room for one more young notice of the user, of alarms or of acts.
pub(super) async fn has_room(tx: &mut Tx, notice: &NewNotice) -> Result<bool, Trouble> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM notices WHERE user_no = ?1
               AND last_at > ?2 AND first_at > ?2
               AND (cause IN (SELECT value FROM json_each(?4))) = ?5 LIMIT ?3)";
    let row = tx
        .one(sql!(
            sql,
            notice.user.0,
            gathering::young_since(notice.at).0,
            NOTICES_KEPT,
            numbers(Cause::ALL.into_iter().filter(|cause| cause.is_gathered()).map(|cause| cause as u8)),
            notice.cause.is_gathered()
        ))
        .await?;
    Ok(gathering::has_room(number(row.try_get(0)?)?))
}

/// The last young notice of an act like this one.
pub(super) async fn last_like(
    tx: &mut Tx,
    notice: &NewNotice,
    act: &Act<'_>,
) -> Result<Option<NoticeNumber>, Trouble> {
    let sql = "SELECT no FROM notices WHERE user_no = ?1 AND cause = ?2 AND first_at > ?3
               AND action IS ?4 AND actor IS ?5 ORDER BY no DESC LIMIT 1";
    let row = tx
        .optional(sql!(
            sql,
            notice.user.0,
            notice.cause as u8,
            gathering::young_since(notice.at).0,
            act.action,
            act.actor
        ))
        .await?;
    row.map(|row| Ok(NoticeNumber(row.try_get("no")?))).transpose()
}

/// Removes the oldest beyond the most that are kept, but none that is young.
pub(super) async fn make_room(tx: &mut Tx, notice: &NewNotice) -> Result<(), Trouble> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM notices WHERE user_no = ? LIMIT ?)";
    let row = tx.one(sql!(sql, notice.user.0, NOTICES_KEPT + REMOVED_AT_ONCE)).await?;
    let surplus = gathering::surplus(number(row.try_get(0)?)?);
    if surplus == 0 {
        return Ok(());
    }
    let sql = "DELETE FROM notices WHERE no IN
               (SELECT no FROM notices WHERE user_no = ?1 ORDER BY last_at, no LIMIT ?2) AND first_at <= ?3";
    tx.run(sql!(sql, notice.user.0, surplus, gathering::young_since(notice.at).0)).await.map(drop)
}

/// What the user was told of this cause by mail within the hour.
pub(super) async fn told(tx: &mut Tx, notice_no: NoticeNumber, notice: &NewNotice) -> Result<Told, Trouble> {
    let sql = "SELECT (SELECT count FROM notices WHERE no = ?4) AS count,
               (SELECT count(*) FROM (SELECT 1 FROM notices
               WHERE user_no = ?1 AND cause = ?2 AND first_at > ?3 AND no <> ?4 LIMIT ?5)) AS others";
    let row = tx
        .one(sql!(
            sql,
            notice.user.0,
            notice.cause as u8,
            letters::same_hour_since(notice.at).0,
            notice_no.0,
            LETTERS_AT_ONCE
        ))
        .await?;
    let count = row.try_get::<Option<i64>, _>("count")?.unwrap_or_default().unsigned_abs();
    Ok(Told { count, others: number(row.try_get("others")?)? })
}

/// Whether a letter about this cause waits for its time, which will tell of this notice as well: one about an earlier
/// notice, to the user's present address.
pub(super) async fn has_letter(
    tx: &mut Tx,
    notice_no: NoticeNumber,
    notice: &NewNotice,
) -> Result<bool, Trouble> {
    let sql = "SELECT EXISTS (SELECT 1 FROM mails m JOIN notices n ON n.no = m.notice_no
               WHERE m.user_no = ?1 AND m.due_at > ?3 AND n.cause = ?2 AND m.created_at > n.first_at
               AND n.no <= ?4 AND m.email IS NULL)";
    let row = tx
        .one(sql!(sql, notice.user.0, notice.cause as u8, letters::open_until(notice.at).0, notice_no.0))
        .await?;
    Ok(row.try_get(0)?)
}
