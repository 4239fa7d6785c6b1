//! How users want to be told.

use super::super::rows::corrupt;
use crate::domain::ids::UserNo;
use crate::domain::notice::Cause;
use crate::store::{NoticeChoice, StoreError};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqlitePool};

/// For every cause, in the order of the page.
pub(super) async fn list(readers: &SqlitePool, user: UserNo) -> Result<Vec<NoticeChoice>, StoreError> {
    let rows = sqlx::query("SELECT cause, by_mail, by_webhook FROM notice_choices WHERE user_no = ?")
        .bind(i64::from(user.0))
        .fetch_all(readers)
        .await?;
    let chosen: Vec<_> = rows.iter().map(choice).collect::<Result<_, _>>()?;
    let choice_of = |cause: Cause| {
        let found = chosen.iter().find(|choice| choice.cause == cause).copied();
        let found = found
            .map(|choice| NoticeChoice { by_mail: choice.by_mail || cause.is_always_mailed(), ..choice });
        found.unwrap_or(NoticeChoice { cause, by_mail: cause.is_mailed_by_default(), by_webhook: true })
    };
    Ok(Cause::ALL.into_iter().map(choice_of).collect())
}

fn choice(row: &SqliteRow) -> Result<NoticeChoice, StoreError> {
    let cause = Cause::from_number(row.try_get("cause")?).ok_or_else(|| corrupt("cause of a choice"))?;
    Ok(NoticeChoice { cause, by_mail: row.try_get("by_mail")?, by_webhook: row.try_get("by_webhook")? })
}

pub(super) async fn set(
    connection: &mut SqliteConnection,
    user: UserNo,
    wanted: &[NoticeChoice],
) -> Result<(), StoreError> {
    for choice in wanted {
        sqlx::query(
            "INSERT OR REPLACE INTO notice_choices (user_no, cause, by_mail, by_webhook) VALUES (?, ?, ?, ?)",
        )
        .bind(i64::from(user.0))
        .bind(choice.cause as u8)
        .bind(choice.by_mail)
        .bind(choice.by_webhook)
        .execute(&mut *connection)
        .await?;
        if !choice.by_mail && !choice.cause.is_always_mailed() {
            forget_letters(connection, user, choice).await?;
        }
    }
    Ok(())
}

/// What waits is not sent any more to who does not want it.
async fn forget_letters(
    connection: &mut SqliteConnection,
    user: UserNo,
    choice: &NoticeChoice,
) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM mails WHERE notice_no IN (SELECT no FROM notices WHERE user_no = ? AND cause = ?)",
    )
    .bind(i64::from(user.0))
    .bind(choice.cause as u8)
    .execute(connection)
    .await?;
    Ok(())
}
