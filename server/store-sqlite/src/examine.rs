//! Looks a pair of databases through: whether they are whole, of one state and of a version that is known, and what is in
//! them. Writes nothing.

use super::belonging::{Found, compare};
use super::labels::Label;
use super::load::load_from;
use super::open::MIGRATIONS;
use super::snapshot::{Opened, Snapshot};
use super::usage_journal::unfolded;
use super::usage_open::MIGRATIONS as USAGE_MIGRATIONS;
use super::{cannot_open, not_sound};
use crate::{OpenError, Trouble};
use domain::mark::{File, Mark};
use domain::token::TokenHash;
use rusqlite::Connection;
use std::collections::BTreeMap;
use store::{Change, Watcher};
use uuid::Uuid;

/// The most faults of one kind that are told.
const MOST: usize = 10;

/// What was found.
pub struct Examined {
    /// The installation.
    pub installation: Uuid,
    /// Of the secrets that it was made with.
    pub fingerprint: TokenHash,
    /// Which state `latchkey.db` is of.
    pub state_mark: Mark,
    /// Which state `usage.db` is of.
    pub counts_mark: Mark,
    /// The last migration of `latchkey.db`.
    pub migration: i64,
    /// Whether the next start takes the files to a later version.
    pub is_older: bool,
    /// What is in it.
    pub figures: Figures,
    /// What is wrong, a sentence each.
    pub faults: Vec<String>,
}

/// How much is in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// All users.
    pub users: u64,
    /// Keys that are not deleted.
    pub keys: u64,
    /// Keys that are.
    pub deleted_keys: u64,
    /// Accepted uses of all keys.
    pub uses: u64,
}

impl Snapshot {
    /// Looks both files through, which takes about a second for 100 MB. `fingerprint`: of the secrets, where they are at hand.
    ///
    /// # Errors
    /// As of [`super::open`]; what is broken inside the files is told in what is returned.
    pub fn examine(&self, fingerprint: Option<TokenHash>) -> Result<Examined, OpenError> {
        let (state, counts) = (&self.state, &self.counts);
        let mut faults = state.broken().into_iter().chain(counts.broken()).collect::<Vec<_>>();
        if faults.is_empty() {
            faults.extend(state.dangling()?.into_iter().chain(counts.dangling()?));
        }
        let (migration, known) = state.migration(&mut faults)?;
        let is_older = !known || counts.is_older()?;
        let (of_state, of_counts) = self.labels()?;
        let together = compare(&state.path, &of_state, &of_counts)?;
        if matches!(together, Found::Accepted) {
            faults.push(
                "the two files are of different states, which accept-loss takes for one start".to_owned(),
            );
        }
        let made_with = state.read("SELECT fingerprint FROM installation")?;
        if fingerprint.is_some_and(|own| own != TokenHash(made_with)) {
            return Err(OpenError::OtherSecrets);
        }
        if !is_older && faults.is_empty() {
            faults.extend(state.unreadable());
        }
        Ok(Examined {
            installation: Uuid::from_bytes(of_state.installation),
            fingerprint: TokenHash(made_with),
            state_mark: of_state.marked.mark,
            counts_mark: of_counts.marked.mark,
            migration,
            is_older,
            figures: self.figures(&mut faults)?,
            faults,
        })
    }

    fn labels(&self) -> Result<(Label, Label), OpenError> {
        let label = |opened: &Opened, file| match Label::of(&opened.connection, file, None) {
            Ok(Some(label)) => Ok(label),
            Ok(None) => Err(OpenError::NotADatabase { file: opened.path.display().to_string() }),
            Err(error) => Err(not_sound(&opened.path, error)),
        };
        Ok((label(&self.state, File::State)?, label(&self.counts, File::Counts)?))
    }

    fn figures(&self, faults: &mut Vec<String>) -> Result<Figures, OpenError> {
        let (state, counts) = (&self.state, &self.counts);
        let folded: u64 = counts.read("SELECT coalesce(sum(times_used), 0) FROM totals")?;
        let left = unfolded(&counts.connection).map(|generations| {
            generations.iter().flat_map(|(_, sums)| sums).map(|sum| sum.count).sum::<u64>()
        });
        let left = left.unwrap_or_else(|Trouble(error)| {
            faults.push(format!("usage.db: its journal cannot be read ({error})"));
            0
        });
        Ok(Figures {
            users: state.read("SELECT count(*) FROM users")?,
            keys: state.read("SELECT count(*) FROM keys WHERE deleted_at IS NULL")?,
            deleted_keys: state.read("SELECT count(*) FROM keys WHERE deleted_at IS NOT NULL")?,
            uses: folded + left,
        })
    }
}

impl Opened {
    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn read<T: rusqlite::types::FromSql>(&self, sql: &str) -> Result<T, OpenError> {
        let read = self.connection.query_row(sql, [], |row| row.get(0));
        read.map_err(|e| not_sound(&self.path, e))
    }

    fn lines(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        self.connection.prepare(sql)?.query_map([], |row| row.get(0))?.take(MOST).collect()
    }

    /// What is broken in the trees of the file.
    fn broken(&self) -> Vec<String> {
        let name = self.name();
        match self.lines(&format!("PRAGMA integrity_check({MOST})")) {
            Ok(lines) if lines == ["ok"] => vec![],
            Ok(lines) => lines.iter().map(|line| format!("{name} is damaged: {}", line.trim())).collect(),
            Err(error) => vec![format!("{name} is damaged: {error}")],
        }
    }

    /// Rows that name others that are not there.
    fn dangling(&self) -> Result<Vec<String>, OpenError> {
        let name = self.name();
        let of_table = format!(
            "SELECT count(*) || ' of table ' || \"table\" || ' name rows of ' || parent || ' that are not there'
             FROM pragma_foreign_key_check GROUP BY \"table\", parent LIMIT {MOST}"
        );
        let lines = self.lines(&of_table).map_err(|e| not_sound(&self.path, e))?;
        Ok(lines.iter().map(|line| format!("{name}: rows that lead nowhere: {line}")).collect())
    }

    /// The last migration of the state, and whether that is the last one there is.
    fn migration(&self, faults: &mut Vec<String>) -> Result<(i64, bool), OpenError> {
        let applied = migrations(&self.connection).map_err(|e| not_sound(&self.path, e))?;
        let last = applied.keys().max().copied().unwrap_or_default();
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or_default();
        if last > newest {
            return Err(OpenError::Newer { file: self.path.display().to_string() });
        }
        for (version, checksum) in &applied {
            let known = MIGRATIONS.iter().find(|migration| migration.version == *version);
            if known.is_none_or(|known| *known.checksum != **checksum) {
                faults.push(format!("{}: its migration {version} is not that of this program", self.name()));
            }
        }
        Ok((last, MIGRATIONS.iter().all(|migration| applied.contains_key(&migration.version))))
    }

    /// Whether the counts are of an earlier version.
    fn is_older(&self) -> Result<bool, OpenError> {
        let version = self.connection.pragma_query_value(None, "user_version", |row| row.get::<_, usize>(0));
        let version = version.map_err(|e| cannot_open(&self.path, e))?;
        if version > USAGE_MIGRATIONS.len() {
            return Err(OpenError::Newer { file: self.path.display().to_string() });
        }
        Ok(version < USAGE_MIGRATIONS.len())
    }

    /// What a start could not read of users, keys and gateways.
    fn unreadable(&self) -> Option<String> {
        let Trouble(error) = load_from(&self.connection, &Nobody).err()?;
        Some(format!("{}: a start cannot read it ({error})", self.name()))
    }
}

fn migrations(connection: &Connection) -> rusqlite::Result<BTreeMap<i64, Vec<u8>>> {
    let mut select = connection.prepare("SELECT version, checksum FROM _sqlx_migrations WHERE success")?;
    select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Who hears of rows that only have to be readable.
struct Nobody;

impl Watcher for Nobody {
    fn committed(&self, _change: Change) {}
}
