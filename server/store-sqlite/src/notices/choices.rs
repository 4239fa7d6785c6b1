//! How users want to be told.

use crate::Trouble;
use crate::rows::corrupt;
use crate::statements::{Tx, sql};
use contract::Cause;
use domain::ids::UserNumber;
use domain::notice::letters::{wants_deliveries, wants_letters};
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteExecutor};
use store::NoticeChoice;

/// For every cause, in the order of the page.
pub(super) async fn list(
    reader: impl SqliteExecutor<'_>,
    user: UserNumber,
) -> Result<Vec<NoticeChoice>, Trouble> {
    let rows = sql!("SELECT cause, by_mail, by_webhook FROM notice_choices WHERE user_no = ?", user.0)
        .fetch_all(reader)
        .await?;
    let chosen: Vec<_> = rows.iter().map(choice).collect::<Result<_, _>>()?;
    let choice_of = |cause: Cause| {
        let found = chosen.iter().find(|choice| choice.cause == cause);
        NoticeChoice {
            cause,
            by_mail: wants_letters(cause, found.map(|choice| choice.by_mail)),
            by_webhook: wants_deliveries(found.map(|choice| choice.by_webhook)),
        }
    };
    Ok(Cause::ALL.into_iter().map(choice_of).collect())
}

fn choice(row: &SqliteRow) -> Result<NoticeChoice, Trouble> {
    let cause = Cause::from_number(row.try_get("cause")?).ok_or_else(|| corrupt("cause of a choice"))?;
    Ok(NoticeChoice { cause, by_mail: row.try_get("by_mail")?, by_webhook: row.try_get("by_webhook")? })
}

/// Sets what is wanted otherwise than it is; returns whether anything is.
pub(super) async fn set(tx: &mut Tx, user: UserNumber, wanted: &[NoticeChoice]) -> Result<bool, Trouble> {
    let kept = list(&mut tx.connection, user).await?;
    let mut changed = false;
    for choice in wanted {
        let choice = NoticeChoice { by_mail: wants_letters(choice.cause, Some(choice.by_mail)), ..*choice };
        if kept.contains(&choice) {
            continue;
        }
        changed = true;
        let sql =
            "INSERT OR REPLACE INTO notice_choices (user_no, cause, by_mail, by_webhook) VALUES (?, ?, ?, ?)";
        tx.run(sql!(sql, user.0, choice.cause as u8, choice.by_mail, choice.by_webhook)).await?;
        if !choice.by_mail {
            forget_letters(tx, user, choice.cause).await?;
        }
    }
    Ok(changed)
}

/// Removes the letters that wait for a user who does not want them any more.
async fn forget_letters(tx: &mut Tx, user: UserNumber, cause: Cause) -> Result<(), Trouble> {
    let sql = "DELETE FROM mails WHERE notice_no IN (SELECT no FROM notices WHERE user_no = ? AND cause = ?)";
    tx.run(sql!(sql, user.0, cause as u8)).await.map(drop)
}
