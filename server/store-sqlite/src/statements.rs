//! How the state is written and read: statements with their values, the transaction of one change, and reads outside of it.

use crate::{SqliteStore, Trouble};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row, Sqlite, SqliteConnection};
use store::{Change, NoticePolicy, StoreError};

/// A statement with the values of its parameters, in their order.
macro_rules! sql {
    ($sql:expr $(, $value:expr)* $(,)?) => {
        ::sqlx::query($sql)$(.bind($value))*
    };
}

/// Carries out one change through the writer. When it returns, the change is on disk and the watcher knows of it.
macro_rules! change {
    ($store:expr, |$tx:ident| $body:expr) => {
        $store.writer.run(move |$tx| Box::pin(async move { $body })).await
    };
}

pub(crate) use {change, sql};

/// A statement with its values.
pub(crate) type Query<'q> = sqlx::query::Query<'q, Sqlite, SqliteArguments>;

/// The transaction of one change. The writer begins and commits it.
pub(crate) struct Tx {
    /// The writing connection of `latchkey.db`.
    pub(crate) connection: SqliteConnection,
    /// How the notices are passed on that a change makes.
    pub(crate) notices: NoticePolicy,
    /// What the watcher is told once the change is committed.
    pub(crate) changes: Vec<Change>,
}

impl Tx {
    /// Has the watcher told of this when it is committed.
    pub(crate) fn tell(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Executes a statement; returns how many rows it changed.
    pub(crate) async fn run(&mut self, query: Query<'_>) -> Result<u64, Trouble> {
        Ok(query.execute(&mut self.connection).await?.rows_affected())
    }

    /// The first row; `NotFound` if there is none.
    pub(crate) async fn one(&mut self, query: Query<'_>) -> Result<SqliteRow, Trouble> {
        Ok(query.fetch_one(&mut self.connection).await?)
    }

    /// The first row, if there is one.
    pub(crate) async fn optional(&mut self, query: Query<'_>) -> Result<Option<SqliteRow>, Trouble> {
        Ok(query.fetch_optional(&mut self.connection).await?)
    }

    /// All rows.
    pub(crate) async fn all(&mut self, query: Query<'_>) -> Result<Vec<SqliteRow>, Trouble> {
        Ok(query.fetch_all(&mut self.connection).await?)
    }
}

impl SqliteStore {
    /// Reads all rows.
    pub(crate) async fn list<T>(
        &self,
        query: Query<'_>,
        read: impl Fn(&SqliteRow) -> Result<T, Trouble>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = query.fetch_all(&self.readers).await.map_err(Trouble::from)?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// Reads the first row, if there is one.
    pub(crate) async fn find<T>(
        &self,
        query: Query<'_>,
        read: impl Fn(&SqliteRow) -> Result<T, Trouble>,
    ) -> Result<Option<T>, StoreError> {
        let row = query.fetch_optional(&self.readers).await.map_err(Trouble::from)?;
        Ok(row.as_ref().map(read).transpose()?)
    }

    /// Reads the one number that a query counts.
    pub(crate) async fn count(&self, query: Query<'_>) -> Result<u64, StoreError> {
        let row = query.fetch_one(&self.readers).await.map_err(Trouble::from)?;
        Ok(row.try_get(0).map(i64::unsigned_abs).map_err(Trouble::from)?)
    }
}
