//! The store on SQLite: `latchkey.db` for the state through sqlx, `usage.db` for the counts through rusqlite.
//!
//! One task writes the state (`writer`), a pool of connections that only read serves the pages, and whoever verifies owns the
//! log of uses (`usage_log`). Nothing of SQLite or of files leaves this crate but [`OpenError`], which is for the operator.

mod applications;
mod audit;
mod belonging;
mod bond;
mod bulk;
mod checkpoint;
mod claims;
mod examine;
mod files;
mod gateways;
mod history;
mod import;
mod inspect;
mod invitations;
mod kept_answers;
mod key_changes;
mod key_search;
mod keys;
mod labels;
mod lending;
mod load;
mod mails;
mod managing_keys;
mod marked_keys;
mod moves;
mod notices;
mod open;
mod open_error;
mod password_links;
mod profile;
mod reminders;
mod removals;
mod rotations;
mod row_numbers;
mod rows;
mod rules;
mod second_factor;
mod sessions;
mod since;
mod snapshot;
mod statements;
mod sub_users;
mod tell_each;
mod usage_detail;
mod usage_entries;
mod usage_fold;
mod usage_folding;
mod usage_journal;
mod usage_keep;
mod usage_log;
mod usage_mark;
mod usage_names;
mod usage_old_tokens;
mod usage_open;
mod usage_pieces;
mod usage_read;
mod usage_sweep;
mod use_sums;
mod users;
mod webhooks;
mod writer;

pub use bulk::insert_locked_keys;
pub use examine::{Examined, Figures};
pub use inspect::{inspect, inspect_in_use};
pub use open::open;
pub use open_error::OpenError;
pub use since::{DoneSince, Happened, TouchedKey, done_since};
pub use snapshot::{CopyError, Interrupt, Snapshot};
pub use usage_log::SqliteUsageLog;

/// The version of SQLite that is built in.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

use async_trait::async_trait;
use bond::Bond;
use claims::Claims;
use domain::ids::MailNumber;
use domain::webhook::WebhookNumber;
use labels::{length, log_of};
use sqlx::SqlitePool;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::{Still, Store, StoreError};
use writer::Writer;

/// The store on SQLite.
pub struct SqliteStore {
    writer: Writer,
    readers: SqlitePool,
    directory: PathBuf,
    bond: Arc<Bond>,
    mail_claims: Claims<MailNumber>,
    webhook_claims: Claims<WebhookNumber>,
}

#[async_trait]
impl Store for SqliteStore {
    async fn ready(&self) -> Result<(), StoreError> {
        reading(async {
            sqlx::query("SELECT 1 FROM installation").fetch_one(&self.readers).await?;
            Ok(self.writer.ready().await?)
        })
        .await
    }

    async fn failed(&self) -> StoreError {
        self.writer.failed().await
    }

    fn sizes(&self) -> Vec<(&'static str, u64)> {
        let size = |file: &str| {
            let path = self.directory.join(file);
            length(&path) + length(&log_of(&path))
        };
        ["latchkey.db", "usage.db"].map(|file| (file, size(file))).into()
    }

    async fn close(&self) {
        lending::wait_for_readers(&self.bond).await;
        self.writer.close().await;
        self.readers.close().await;
    }

    fn lend(&self) -> Box<dyn Send> {
        Box::new(lending::Lent::new(Arc::clone(&self.bond)))
    }

    async fn stand_still(&self) -> Result<Box<dyn Still>, StoreError> {
        lending::stand_still(&self.writer).await
    }
}

/// Why a statement did not do its work: what the store says of it, made from what either library says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub(crate) struct Trouble(pub(crate) StoreError);

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        Self(match &error {
            sqlx::Error::RowNotFound => StoreError::NotFound,
            sqlx::Error::Database(db) if db.is_unique_violation() => StoreError::Conflict,
            sqlx::Error::Database(db) => trouble(db.code().and_then(|c| c.parse().ok()), &error),
            _ => StoreError::Unavailable(error.to_string()),
        })
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self(trouble(error.sqlite_error().map(|e| e.extended_code), &error))
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<Trouble> for StoreError {
    fn from(Trouble(error): Trouble) -> Self {
        error
    }
}

/// Reads, and says in the store's words what went wrong.
async fn reading<T>(work: impl Future<Output = Result<T, Trouble>>) -> Result<T, StoreError> {
    Ok(work.await?)
}

/// Why a file cannot be opened, for the operator.
fn cannot_open(path: &Path, error: impl Into<Trouble>) -> OpenError {
    let file = path.display().to_string();
    match error.into().0 {
        StoreError::NoRoom(_) => OpenError::NoRoom { file },
        StoreError::Locked(_) => OpenError::Locked { file },
        StoreError::Broken(reason) | StoreError::Unavailable(reason) => OpenError::Io { file, reason },
        other => OpenError::Io { file, reason: other.to_string() },
    }
}

/// The same, where the content of the file is broken.
fn not_sound(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
            OpenError::Damaged { file: path.display().to_string(), found: error.to_string() }
        }
        _ => cannot_open(path, error),
    }
}

/// The kinds of trouble by SQLite's extended result codes, in the words of an engine that keeps its data in files.
fn trouble(code: Option<i32>, error: &dyn std::fmt::Display) -> StoreError {
    use rusqlite::ffi;
    match code {
        // The shared index of the write-ahead log could not grow: a full disk, too.
        Some(ffi::SQLITE_FULL | ffi::SQLITE_IOERR_SHMSIZE) => {
            StoreError::NoRoom(format!("the disk is full ({error})"))
        }
        Some(code) if code & 0xff == ffi::SQLITE_BUSY => {
            StoreError::Locked(format!("another program holds a lock on it ({error})"))
        }
        Some(code) if matches!(code & 0xff, ffi::SQLITE_IOERR | ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB) => {
            StoreError::Broken(format!("the disk or the file is in trouble ({error})"))
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}
