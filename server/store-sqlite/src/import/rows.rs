//! Statements that write many rows at once.

use crate::Trouble;
use crate::statements::{Query, Tx};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;

/// Rows of one statement. 14 values each stay far below the 32,766 that SQLite takes.
const AT_ONCE: usize = 200;

/// An INSERT of as many rows as there are, in several statements.
pub(super) struct Insert {
    /// `INSERT INTO … VALUES`
    pub(super) into: &'static str,
    /// `(?, ?)`, the values of one row.
    pub(super) row: &'static str,
    /// What follows the rows: empty, or ` RETURNING …`.
    pub(super) end: &'static str,
}

impl Insert {
    /// Writes a row for each of `items`; `bind` adds its values. Returns what the statements return, in any order.
    pub(super) async fn run<'i, T>(
        &self,
        tx: &mut Tx,
        items: &'i [T],
        bind: impl Fn(Query<'i>, &'i T) -> Query<'i>,
    ) -> Result<Vec<SqliteRow>, Trouble> {
        let mut returned = Vec::new();
        for some in items.chunks(AT_ONCE) {
            let rows = vec![self.row; some.len()].join(", ");
            // All parts are constants of this crate.
            let sql = AssertSqlSafe(format!("{} {rows}{}", self.into, self.end));
            let query = some.iter().fold(sqlx::query(sql), &bind);
            returned.extend(tx.all(query).await?);
        }
        Ok(returned)
    }
}
