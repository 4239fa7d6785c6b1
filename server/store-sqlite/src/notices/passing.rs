//! How a notice is passed on: by mail, and to webhooks.

use super::super::mails;
use super::bounds;
use crate::Trouble;
use crate::statements::{Tx, sql};
use domain::ids::NoticeNumber;
use domain::notice::letters::{self, Recipient};
use domain::time::Micros;
use domain::webhook::new_message_id;
use sqlx::Row;
use store::NewNotice;

/// Queues a new notice for mail and for the webhooks of the account, as the user chose.
pub(super) async fn pass_on(tx: &mut Tx, notice_no: NoticeNumber, notice: &NewNotice) -> Result<(), Trouble> {
    let due_at = mail_about(tx, notice_no, notice).await?;
    queue_deliveries(tx, notice_no, notice, due_at).await
}

/// Queues a new notice for mail, if the user wants that and can have it; returns when it is passed on.
pub(super) async fn mail_about(
    tx: &mut Tx,
    notice_no: NoticeNumber,
    notice: &NewNotice,
) -> Result<Micros, Trouble> {
    let sql = "SELECT u.email IS NOT NULL AND u.email_confirmed_at IS NOT NULL AS has_address,
               u.disabled_at IS NOT NULL AS is_disabled, c.by_mail
               FROM users u LEFT JOIN notice_choices c ON c.user_no = u.no AND c.cause = ?2
               WHERE u.no = ?1";
    let row = tx.one(sql!(sql, notice.user.0, notice.cause as u8)).await?;
    let recipient = Recipient {
        mail_is_on: tx.notices.mail_is_on,
        has_address: row.try_get("has_address")?,
        is_disabled: row.try_get("is_disabled")?,
        chosen: row.try_get("by_mail")?,
    };
    let due_at = letters::passed_on_at(notice.cause, notice.at, tx.notices.hold_seconds);
    if recipient.is_mailed(notice.cause)
        && let Some(letter_at) = letter_at(tx, notice_no, notice, due_at).await?
    {
        mails::insert_for_notice(tx, notice.user, notice_no, letter_at).await?;
    }
    Ok(due_at)
}

/// When the letter about a notice goes; `None` if another one tells of it.
async fn letter_at(
    tx: &mut Tx,
    notice_no: NoticeNumber,
    notice: &NewNotice,
    due_at: Micros,
) -> Result<Option<Micros>, Trouble> {
    if notice.cause.is_gathered() {
        return Ok(Some(due_at));
    }
    let told = bounds::told(tx, notice_no, notice).await?;
    let letter_waits = told.is_enough() && bounds::has_letter(tx, notice_no, notice).await?;
    Ok(told.letter_at(due_at, letter_waits))
}

/// Queues a new notice for the webhooks of the account that are told of it.
async fn queue_deliveries(
    tx: &mut Tx,
    notice_no: NoticeNumber,
    notice: &NewNotice,
    due_at: Micros,
) -> Result<(), Trouble> {
    let sql = "SELECT w.no, w.causes, c.by_webhook
               FROM users u JOIN webhooks w ON w.owner_no = coalesce(u.owner_no, u.no)
               LEFT JOIN notice_choices c ON c.user_no = w.owner_no AND c.cause = ?2
               WHERE u.no = ?1 AND w.disabled_at IS NULL";
    let webhooks = tx.all(sql!(sql, notice.user.0, notice.cause as u8)).await?;
    for webhook in &webhooks {
        // A damaged row keeps no notice from being told; it is set aside when its delivery is due.
        let causes = webhook.try_get::<i64, _>("causes")? & i64::from(u32::MAX);
        let causes = u32::try_from(causes).unwrap_or_default();
        if !letters::is_delivered(notice.cause, causes, webhook.try_get("by_webhook")?) {
            continue;
        }
        let sql =
            "INSERT INTO webhook_deliveries (webhook_no, message_id, notice_no, cause, created_at, due_at)
                   VALUES (?, ?, ?, ?, ?, ?)";
        tx.run(sql!(
            sql,
            webhook.try_get::<i64, _>("no")?,
            new_message_id(),
            notice_no.0,
            notice.cause as u8,
            notice.at.0,
            due_at.0
        ))
        .await?;
    }
    Ok(())
}
