//! The history of accounts: pages of the audit log.
//!
//! The numbers of the lines come from one index, in its order, so that neither what is skipped nor what follows is read. An
//! index is there for each pair of a scope (account, user, key, calling key) and an act; a `+` keeps SQLite from taking the
//! one of the reader for lines of a key.

use super::SqliteStore;
use super::rows::{address, corrupt, key_id, micros, user_no, username};
use crate::Trouble;
use crate::statements::{Query, sql};
use async_trait::async_trait;
use domain::ids::{KeyId, UserNumber, Username};
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row};
use store::{
    HistoryFilter, HistoryFrom, HistoryLine, HistoryStore, KeyScope, LineKey, LineNumber, StoreError,
};

/// Lines with the keys that the reader may see; a removed user has kept their name.
const LINES: &str = "SELECT a.no, a.at, a.action, a.actor, a.address, a.detail, u.username,
     a.via_key_no IS NOT NULL AS by_program,
     k.id AS key_id, k.description AS key_description, k.masked AS key_masked,
     k.deleted_at IS NOT NULL AS key_is_deleted, ku.username AS key_username,
     v.id AS via_id, v.description AS via_description, v.masked AS via_masked,
     v.deleted_at IS NOT NULL AS via_is_deleted, vu.username AS via_username
     FROM audit a JOIN users u ON u.no = a.user_no";
/// The user of that name in an account; one who was removed, if nobody has the name now.
const FIND_USER: &str = "SELECT no FROM users WHERE no IN (
       SELECT no FROM users WHERE username_folded = ?2
       UNION ALL SELECT no FROM users WHERE username_folded > ?2 || '#' AND username_folded < ?2 || '$')
     AND (no = ?1 OR owner_no = ?1) ORDER BY removed_at IS NOT NULL, no DESC LIMIT 1";

/// What stands for one `?`.
enum Value {
    Number(i64),
    Key(KeyId),
    Text(&'static str),
}

/// A statement that is put together, with its values in their order.
#[derive(Default)]
struct Statement {
    text: String,
    values: Vec<Value>,
}

impl Statement {
    fn add(&mut self, text: &str, values: impl IntoIterator<Item = Value>) {
        self.text.push_str(text);
        self.values.extend(values);
    }

    /// The numbers of the wanted lines, newest first.
    fn numbers(&mut self, filter: &HistoryFilter, from: HistoryFrom, most: u32) {
        let (before, skipped) = match from {
            HistoryFrom::Skipping(skipped) => (i64::MAX, skipped),
            HistoryFrom::Before(line) => (line.0, 0),
        };
        match filter.key {
            None => {
                self.add("SELECT no FROM audit WHERE ", []);
                self.of_reader(filter, before, false);
            }
            Some(key) => {
                let of_key = " = (SELECT no FROM keys WHERE id = ?) AND ";
                self.add("SELECT no FROM audit WHERE key_no", []);
                self.add(of_key, [Value::Key(key)]);
                self.of_reader(filter, before, true);
                self.add(" UNION SELECT no FROM audit WHERE via_key_no", []);
                self.add(of_key, [Value::Key(key)]);
                // There is an index for a user among the lines of a calling key, and none for the account, which is the
                // same for nearly all of them.
                let is_of_user = filter.user.is_some() || matches!(filter.reader, KeyScope::User(_));
                self.of_reader(filter, before, !is_of_user);
            }
        }
        let (most, skipped) = (Value::Number(most.into()), Value::Number(skipped.into()));
        self.add(" ORDER BY no DESC LIMIT ? OFFSET ?", [most, skipped]);
    }

    /// What is left to check of a line; `by_key`: the index of the key is the one to use.
    fn of_reader(&mut self, filter: &HistoryFilter, before: i64, by_key: bool) {
        let (column, number) = match (filter.user, filter.reader) {
            (Some(user), _) | (None, KeyScope::User(user)) => ("user_no = ?", user),
            (None, KeyScope::Account(owner)) => ("account_no = ?", owner),
        };
        if by_key {
            self.add("+", []);
        }
        self.add(column, [Value::Number(number.0)]);
        self.add(" AND no < ?", [Value::Number(before)]);
        if let Some(action) = filter.action {
            self.add(" AND action = ?", [Value::Text(action.name())]);
        }
    }

    fn lines(filter: &HistoryFilter, from: HistoryFrom, most: u32) -> Self {
        let mut statement = Self::default();
        let (column, number) = scope(filter.reader);
        statement.add(LINES, []);
        for (key, user, of_line) in [("k", "ku", "key_no"), ("v", "vu", "via_key_no")] {
            let join = format!(
                " LEFT JOIN keys {key} ON {key}.no = a.{of_line} AND {key}.{column} = ?
                 LEFT JOIN users {user} ON {user}.no = {key}.user_no"
            );
            statement.add(&join, [Value::Number(number)]);
        }
        statement.add(" WHERE a.no IN (", []);
        statement.numbers(filter, from, most);
        statement.add(") ORDER BY a.no DESC", []);
        statement
    }

    fn count(filter: &HistoryFilter, most: u32) -> Self {
        let mut statement = Self::default();
        statement.add("SELECT count(*) FROM (", []);
        statement.numbers(filter, HistoryFrom::Skipping(0), most);
        statement.add(")", []);
        statement
    }

    /// The text is put together of constants alone.
    fn query(self) -> Query<'static> {
        let query = sqlx::query(AssertSqlSafe(self.text));
        self.values.into_iter().fold(query, |query, value| match value {
            Value::Number(number) => query.bind(number),
            Value::Key(key) => query.bind(key.0),
            Value::Text(text) => query.bind(text),
        })
    }
}

/// The column of a key that says whether it lies in a scope, and what it holds then.
fn scope(reader: KeyScope) -> (&'static str, i64) {
    match reader {
        KeyScope::Account(owner) => ("account_no", owner.0),
        KeyScope::User(user) => ("user_no", user.0),
    }
}

fn line_key(row: &SqliteRow, prefix: &str) -> Result<Option<LineKey>, Trouble> {
    let column = |name: &str| format!("{prefix}_{name}");
    let Some(id) = row.try_get::<Option<uuid::Uuid>, _>(&*column("id"))? else { return Ok(None) };
    let username = row.try_get(&*column("username"))?;
    Ok(Some(LineKey {
        id: KeyId(id),
        description: row.try_get(&*column("description"))?,
        masked: row.try_get(&*column("masked"))?,
        username: Username::parse(username).map_err(|_| corrupt("username"))?,
        is_deleted: row.try_get(&*column("is_deleted"))?,
    }))
}

fn history_line(row: &SqliteRow) -> Result<HistoryLine, Trouble> {
    Ok(HistoryLine {
        number: LineNumber(row.try_get("no")?),
        at: micros(row, "at")?,
        action: row.try_get("action")?,
        actor: row.try_get("actor")?,
        user: username(row)?,
        key: line_key(row, "key")?,
        by_program: row.try_get("by_program")?,
        via: line_key(row, "via")?,
        address: address(row, "address")?,
        detail: row.try_get("detail")?,
    })
}

#[async_trait]
impl HistoryStore for SqliteStore {
    async fn count_history(&self, filter: HistoryFilter, most: u32) -> Result<u64, StoreError> {
        self.count(Statement::count(&filter, most).query()).await
    }

    async fn list_history(
        &self,
        filter: HistoryFilter,
        from: HistoryFrom,
        most: u32,
    ) -> Result<Vec<HistoryLine>, StoreError> {
        self.list(Statement::lines(&filter, from, most).query(), history_line).await
    }

    async fn find_account_user(
        &self,
        account: UserNumber,
        name: &Username,
    ) -> Result<Option<UserNumber>, StoreError> {
        self.find(sql!(FIND_USER, account.0, name.folded()), |row| user_no(row, "no")).await
    }

    async fn find_line_key(&self, reader: KeyScope, key: KeyId) -> Result<Option<LineKey>, StoreError> {
        let (account, user) = super::keys::scope_numbers(reader);
        let sql = "SELECT k.id, k.description, k.masked, k.deleted_at IS NOT NULL AS is_deleted, u.username
                   FROM keys k JOIN users u ON u.no = k.user_no
                   WHERE k.id = ?1 AND (k.account_no = ?2 OR k.user_no = ?3)";
        let found = |row: &SqliteRow| {
            Ok(LineKey {
                id: key_id(row, "id")?,
                description: row.try_get("description")?,
                masked: row.try_get("masked")?,
                username: username(row)?,
                is_deleted: row.try_get("is_deleted")?,
            })
        };
        self.find(sql!(sql, key.0, account, user), found).await
    }
}

impl SqliteStore {
    /// How the lines and the count of each kind of filter are found, by the filter.
    ///
    /// # Errors
    /// The database is in trouble.
    pub async fn explain_history(&self) -> Result<Vec<(String, Vec<String>)>, sqlx::Error> {
        let (user, key) = (UserNumber(1), KeyId::generate());
        let readers = [KeyScope::Account(user), KeyScope::User(user)];
        let mut plans = Vec::new();
        for number in 0..16 {
            let has = |bit: usize| number >> bit & 1 == 1;
            let filter = HistoryFilter {
                reader: readers[usize::from(has(0))],
                user: has(1).then_some(user),
                key: has(2).then_some(key),
                action: has(3).then_some(store::Action::Login),
            };
            let lines = Statement::lines(&filter, HistoryFrom::Skipping(0), 1);
            for statement in [lines, Statement::count(&filter, 1)] {
                let text = format!("EXPLAIN QUERY PLAN {}", statement.text);
                let steps = Statement { text, ..statement }.query().fetch_all(&self.readers).await?;
                let steps: Result<_, _> = steps.iter().map(|row| row.try_get("detail")).collect();
                plans.push((format!("{filter:?}"), steps?));
            }
        }
        Ok(plans)
    }
}
