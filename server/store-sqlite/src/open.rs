//! Opens both files: checked, migrated and known to be of one state before anything is written. Runs once, before anybody is
//! served, and may block.

use super::belonging::{self, Found, holds_counts};
use super::bond::Bond;
use super::files::{close_to_others, refuse_other_files};
use super::labels::log_of;
use super::moves::Moves;
use super::writer::Writer;
use super::{SqliteStore, SqliteUsageLog, cannot_open};
use crate::OpenError;
use crate::claims::Claims;
use crate::statements::Tx;
use domain::token::TokenHash;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Executor, Row, SqliteConnection};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use store::{NoticePolicy, Watcher};
use uuid::Uuid;

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("migrations/state");
/// Readers at work at once; more would only wait for the two cores of a small machine.
const READERS: u32 = 4;
/// 3.51.3, which has the WAL-reset fix (sqlite.org/wal.html#walresetbug).
const OLDEST_LIBRARY: i32 = 3_051_003;

/// Opens the store and the usage log of a data directory, making them if they are not there.
///
/// `fingerprint`: of the secrets; another one than at first is refused.
/// `durable_usage`: sync each batch of uses, so that it survives power loss too.
/// `notices`: how the notices are passed on that changes make.
///
/// # Errors
/// Says which file cannot be used, and what to do.
pub async fn open(
    directory: &Path,
    fingerprint: TokenHash,
    durable_usage: bool,
    notices: NoticePolicy,
    watcher: Arc<dyn Watcher>,
) -> Result<(SqliteStore, SqliteUsageLog), OpenError> {
    if rusqlite::version_number() < OLDEST_LIBRARY {
        return Err(OpenError::OldLibrary(rusqlite::version().to_owned()));
    }
    let (state, usage) = (directory.join("latchkey.db"), directory.join("usage.db"));
    refuse_other_files([&state, &usage])?;
    refuse_to_begin_beside_counts(&state, &usage)?;
    let found = belonging::check(&state, &usage)?;
    close_to_others(&state)?;
    tell_what_is_recovered([&state, &usage]);
    let mut connection = open_state(&state).await?;
    let known = installation(&mut connection).await.map_err(|e| cannot_open(&state, e))?;
    let bond = Arc::<Bond>::default();
    let mut log = match known {
        Some((_, made_with)) if made_with != fingerprint.0 => return Err(OpenError::OtherSecrets),
        Some((id, _)) => {
            open_usage(&usage, &state, id, durable_usage, (Arc::clone(&bond), Arc::clone(&watcher)))?
        }
        None => {
            close_to_others(&usage)?;
            // The counts first: so where the state names its installation, there were counts once.
            let (log, id) = SqliteUsageLog::begin(
                &usage,
                &state,
                durable_usage,
                Arc::clone(&bond),
                Arc::clone(&watcher),
            )?;
            begin_installation(&mut connection, id, fingerprint).await.map_err(|e| cannot_open(&state, e))?;
            log
        }
    };
    if matches!(found, Found::Accepted) {
        log.keep_only_known(&state).map_err(|e| cannot_open(&usage, e))?;
    }
    let moves = Moves::begin(&mut connection, &mut log, Arc::clone(&bond), usage.clone());
    let moves = moves.await.map_err(|e| cannot_open(&state, e))?;
    belonging::forget_acceptance(&state)?;
    let readers = open_readers(&state, &usage).await?;
    // The writer itself retries on a lock, once for all changes that wait.
    connection.execute("PRAGMA busy_timeout = 0").await.map_err(|e| cannot_open(&state, e))?;
    let writer = Writer::start(Tx { connection, notices, changes: Vec::new() }, watcher, moves);
    let store = SqliteStore {
        writer,
        readers,
        directory: directory.to_owned(),
        bond,
        mail_claims: Claims::default(),
        webhook_claims: Claims::default(),
    };
    Ok((store, log))
}

async fn open_state(path: &Path) -> Result<SqliteConnection, OpenError> {
    let options = options(path).create_if_missing(true).synchronous(SqliteSynchronous::Full);
    let mut connection = options.connect().await.map_err(|e| cannot_open(path, e))?;
    MIGRATIONS.run(&mut connection).await.map_err(|e| match e {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
            OpenError::Newer { file: path.display().to_string() }
        }
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => cannot_open(path, e),
        e => OpenError::Io { file: path.display().to_string(), reason: e.to_string() },
    })?;
    Ok(connection)
}

/// usage.db holds counts but latchkey.db does not exist: the operator lost it. Nothing is created, because a fresh WAL would
/// corrupt the file that is put back.
fn refuse_to_begin_beside_counts(state: &Path, usage: &Path) -> Result<(), OpenError> {
    if !state.exists() && holds_counts(usage)? {
        return Err(OpenError::NoState { file: state.display().to_string() });
    }
    Ok(())
}

/// A write-ahead log outlives only a run that was not stopped; SQLite takes it in when the file is opened.
fn tell_what_is_recovered(files: [&Path; 2]) {
    for file in files {
        if let Some(bytes) = std::fs::metadata(log_of(file)).ok().map(|m| m.len()).filter(|bytes| *bytes > 0)
        {
            let file = file.display();
            let event = "unclean_stop";
            tracing::info!(event, %file, bytes, "the last run was not stopped properly; recovering from its log");
        }
    }
}

/// The counts of a known installation.
fn open_usage(
    path: &Path,
    state: &Path,
    installation: Uuid,
    durable: bool,
    (bond, watcher): (Arc<Bond>, Arc<dyn Watcher>),
) -> Result<SqliteUsageLog, OpenError> {
    match std::fs::metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(OpenError::NoCounts { file: path.display().to_string() });
        }
        Ok(file) if file.len() == 0 => {
            tracing::warn!(event = "counts_start_at_0", "usage.db is empty: all counts start at 0");
        }
        _ => {}
    }
    close_to_others(path)?;
    SqliteUsageLog::open(path, state, installation, durable, bond, watcher)
}

/// The id that ties the two files together, and the fingerprint of the secrets they were made with.
async fn installation(connection: &mut SqliteConnection) -> Result<Option<(Uuid, Vec<u8>)>, sqlx::Error> {
    let row = sqlx::query("SELECT id, fingerprint FROM installation").fetch_optional(connection).await?;
    row.map(|row| Ok((row.try_get("id")?, row.try_get("fingerprint")?))).transpose()
}

async fn begin_installation(
    connection: &mut SqliteConnection,
    id: Uuid,
    fingerprint: TokenHash,
) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO installation (only, id, fingerprint) VALUES (1, ?, ?)")
        .bind(id)
        .bind(fingerprint.0.to_vec())
        .execute(connection)
        .await?;
    Ok(())
}

async fn open_readers(state: &Path, usage: &Path) -> Result<sqlx::SqlitePool, OpenError> {
    let usage = usage.to_string_lossy().into_owned();
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .acquire_timeout(Duration::from_secs(5))
        .after_connect(move |connection, _| {
            let usage = usage.clone();
            Box::pin(async move {
                sqlx::query("ATTACH DATABASE ? AS usage").bind(usage).execute(&mut *connection).await?;
                connection.execute("PRAGMA query_only = ON").await?;
                Ok(())
            })
        })
        .connect_with(options(state))
        .await
        .map_err(|e| cannot_open(state, e))
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("mmap_size", "0")
        .pragma("journal_size_limit", "67108864")
        // Otherwise the savepoint of a large change spills to a file in /tmp, password hashes and all, and the change
        // fails where there is no such directory.
        .pragma("temp_store", "MEMORY")
        // Moves of the mark empty the log, so that each log begins with one (moves.rs); this is for when they
        // cannot.
        .pragma("wal_autocheckpoint", "16384")
        .disable_statement_logging()
}

impl SqliteStore {
    /// How SQLite would carry out the query of a page of the list, for the test of its plan.
    ///
    /// # Errors
    /// The database is in trouble.
    pub async fn explain_list(&self) -> Result<Vec<String>, sqlx::Error> {
        self.explain(super::keys::LIST).await
    }

    /// The same for what is due to webhooks.
    ///
    /// # Errors
    /// The database is in trouble.
    pub async fn explain_due_deliveries(&self) -> Result<Vec<String>, sqlx::Error> {
        self.explain(super::webhooks::deliveries::DUE).await
    }

    /// The same for everything that is looked for by the clock, each with its query.
    ///
    /// # Errors
    /// The database is in trouble.
    pub async fn explain_work_by_the_clock(&self) -> Result<Vec<(String, Vec<String>)>, sqlx::Error> {
        let queries = [
            super::sessions::OLD,
            super::notices::OLD,
            super::reminders::ENDING,
            super::key_changes::EXPIRING,
            super::mails::DUE,
            super::mails::OLD,
            super::webhooks::deliveries::DUE,
            super::webhooks::deliveries::OLD,
            super::invitations::OLD,
            super::password_links::OLD,
            super::applications::OVER,
            super::applications::UNFETCHED,
        ];
        let mut plans = Vec::new();
        for query in queries {
            plans.push((query.to_owned(), self.explain(query).await?));
        }
        Ok(plans)
    }

    /// How the keys of a list are found that have a mark.
    ///
    /// # Errors
    /// The database is in trouble.
    pub async fn explain_marked_keys(&self) -> Result<Vec<String>, sqlx::Error> {
        let mut plans = Vec::new();
        for query in super::marked_keys::STATEMENTS {
            plans.extend(self.explain(query).await?);
        }
        Ok(plans)
    }

    async fn explain(&self, query: &str) -> Result<Vec<String>, sqlx::Error> {
        let sql = format!("EXPLAIN QUERY PLAN {query}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(sql)).bind("[1,2]").bind(1_i64).bind(None::<i64>);
        rows.fetch_all(&self.readers).await?.iter().map(|r| r.try_get("detail")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What SQLite keeps for a while beside the file is in memory: 2 stands for that.
    #[tokio::test]
    async fn nothing_of_the_state_is_written_to_a_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = open_state(&dir.path().join("latchkey.db")).await.unwrap();
        let row = sqlx::query("PRAGMA temp_store").fetch_one(&mut connection).await.unwrap();
        assert_eq!(row.get::<i64, _>(0), 2);
    }
}
