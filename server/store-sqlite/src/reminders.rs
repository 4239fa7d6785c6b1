//! Reminders that passwords end.

use super::rows::{micros, user_no};
use super::{SqliteStore, notices};
use crate::Trouble;
use crate::statements::{Tx, change, sql};
use crate::tell_each::tell_each;
use async_trait::async_trait;
use contract::Cause;
use domain::ids::UserNumber;
use domain::reminder::{PasswordFacts, Reminders};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use store::{NewNotice, ReminderStore, StoreError};

macro_rules! select {
    () => {
        "SELECT u.no, u.password_set_at, u.reminded_age, u.totp_sealed IS NOT NULL AS has_factor,
    u.disabled_at IS NULL AND o.disabled_at IS NULL AS is_active
    FROM users u LEFT JOIN users o ON o.no = u.owner_no"
    };
}

/// The users whose password may end soon. Two conditions repeat those of the index, so that SQLite uses it. A user who
/// has no password yet needs no reminder.
pub(super) const ENDING: &str = concat!(
    select!(),
    " WHERE u.totp_sealed IS NULL AND u.disabled_at IS NULL AND u.password_set_at > ? AND u.password_set_at <= ?
        AND u.password_hash <> ''"
);
const OF_USER: &str = concat!(select!(), " WHERE u.no = ?");

fn facts(row: &SqliteRow) -> Result<PasswordFacts, Trouble> {
    Ok(PasswordFacts {
        set_at: micros(row, "password_set_at")?,
        reminded_age: row.try_get("reminded_age")?,
        has_factor: row.try_get("has_factor")?,
        is_active: row.try_get("is_active")?,
    })
}

#[async_trait]
impl ReminderStore for SqliteStore {
    async fn remind_of_passwords(&self, reminders: Reminders) -> Result<u64, StoreError> {
        crate::reading(async {
            // Read outside of the writer, because most of the time there is nothing to write.
            let [over, until] = reminders.window();
            let rows = sql!(ENDING, over.0, until.0).fetch_all(&self.readers).await?;
            let mut due = Vec::new();
            for row in &rows {
                if reminders.due(&facts(row)?).is_some() {
                    due.push(user_no(row, "no")?);
                }
            }
            Ok(tell_each(&due, |users| self.remind(users, reminders)).await?)
        })
        .await
    }
}

impl SqliteStore {
    async fn remind(&self, users: Vec<UserNumber>, reminders: Reminders) -> Result<u64, StoreError> {
        change!(self, |tx| {
            let mut told = 0;
            for user in users {
                told += u64::from(remind_one(tx, user, reminders).await?);
            }
            Ok(told)
        })
    }
}

/// Tells one user, if the reminder is still due in this transaction.
async fn remind_one(tx: &mut Tx, user: UserNumber, reminders: Reminders) -> Result<bool, Trouble> {
    let row = tx.optional(sql!(OF_USER, user.0)).await?;
    let Some(row) = row else { return Ok(false) };
    let Some(reminder) = reminders.due(&facts(&row)?) else { return Ok(false) };
    tx.run(sql!("UPDATE users SET reminded_age = ? WHERE no = ?", reminder.age, user.0)).await?;
    let notice = NewNotice {
        user,
        cause: Cause::PasswordExpiring,
        key: None,
        at: reminders.now(),
        count: 1,
        addresses: Vec::new(),
        detail: reminder.days_left.to_string(),
    };
    notices::insert(tx, &notice).await?;
    Ok(true)
}
