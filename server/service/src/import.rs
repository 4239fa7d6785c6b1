//! Keys that come from another system: a door reads a file and hands over its lines; what is right becomes part of the state
//! at the end, all of it or nothing.

use crate::accounts::SetupLink;
use contract::KeyType;
use domain::ids::KeyId;
use domain::import::{ImportLine, KnownToken, LineKey};
use domain::sealing::{SealError, SealingKey};
use domain::time::{Clock, Micros};
use domain::token::{Pepper, Shape, TokenFormat, TokenHash};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::{Action, Audit, ImportKey, KeyImport, Store, StoreError};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// The most lines of a file: what is read of them is held in memory until the last one is read.
const MOST_LINES: u64 = 250_000;
/// The most refused lines that a report names; it counts the others.
const MOST_NAMED: usize = 1000;
/// A token with fewer characters may be guessed.
const SAFE_LENGTH: usize = 20;

/// The use case of imports.
pub struct Importer {
    /// Where users and keys are kept.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// Under which tokens are hashed.
    pub pepper: Pepper,
    /// With which tokens are sealed; none where the operator lets a token be shown only once.
    pub sealing: Option<SealingKey>,
    /// What our tokens look like.
    pub format: TokenFormat,
    /// The most living keys per account, if there is a limit.
    pub most: Option<u32>,
    /// Closed when the first user is made.
    pub setup: SetupLink,
    /// Held by the import that is at work: each holds its keys in memory.
    pub at_work: Arc<Mutex<()>>,
}

/// What is to be imported how.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct ImportOptions {
    /// Whether users who are missing are made, without a password.
    pub create_users: bool,
    /// Whether nothing is kept.
    pub dry_run: bool,
}

/// What came of a file, or would come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Lines that were read, without the header.
    pub lines: u64,
    /// Keys that were added.
    pub keys: u64,
    /// Lines whose key was there already, deleted ones included.
    pub known: u64,
    /// How many of these were deleted since, and stay so.
    pub deleted: u64,
    /// Users who were made.
    pub users: u64,
    /// Tokens so short that they may be guessed; those of SMPP keys are always, and count apart by their username.
    pub short: u64,
    /// Lines that were refused. If there is one, nothing was kept.
    pub refused: u64,
    /// The numbers and reasons of the first of these.
    pub reasons: Vec<(u64, String)>,
}

/// Why a file was not imported, whatever stands in its lines.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ImportError {
    #[error("another import is at work; wait for its end, then try again")]
    Busy,
    #[error("the file has more than {MOST_LINES} lines; split it, nothing was imported")]
    TooManyLines,
    #[error("nothing was imported, as a token cannot be sealed: {0}")]
    Seal(#[from] SealError),
    #[error("nothing was imported: {0}; the server's log says more")]
    Store(#[from] StoreError),
}

impl Importer {
    /// Begins to take in a file.
    pub fn begin(&self, options: ImportOptions) -> Result<Import<'_>, ImportError> {
        let turn = Arc::clone(&self.at_work).try_lock_owned().map_err(|_| ImportError::Busy)?;
        let now = self.clock.now();
        Ok(Import {
            importer: self,
            options,
            now,
            keys: Vec::new(),
            report: ImportReport::default(),
            _turn: turn,
        })
    }
}

/// A file that is being taken in. Nothing of it is kept unless it is finished.
pub struct Import<'a> {
    importer: &'a Importer,
    options: ImportOptions,
    now: Micros,
    keys: Vec<ImportKey>,
    report: ImportReport,
    _turn: OwnedMutexGuard<()>,
}

impl Import<'_> {
    /// Takes in a line.
    pub fn add(&mut self, number: u64, line: &ImportLine<'_>) -> Result<(), ImportError> {
        self.count()?;
        match line.read(&self.importer.format, self.now) {
            Ok(key) => {
                let key = self.prepare(number, key)?;
                self.keys.push(key);
            }
            Err(why) => self.name(number, why.to_string()),
        }
        Ok(())
    }

    /// Takes in a line that could not be read.
    pub fn refuse(&mut self, number: u64, why: String) -> Result<(), ImportError> {
        self.count()?;
        self.name(number, why);
        Ok(())
    }

    /// Writes all of it, unless a line was refused or nothing is to be kept.
    pub async fn finish(self) -> Result<ImportReport, ImportError> {
        let Self { importer, options, now, keys, mut report, _turn } = self;
        let dry_run = options.dry_run || report.refused > 0;
        let import = KeyImport { keys, create_users: options.create_users, dry_run, most: importer.most };
        let imported = importer.store.import_keys(import, audit(now)).await?;
        if imported.users > 0 && !dry_run && imported.refused.is_empty() {
            importer.setup.close();
        }
        report.keys = imported.keys;
        report.known = imported.known;
        report.deleted = imported.deleted;
        report.users = imported.users;
        report.refused += imported.refused.len() as u64;
        report.reasons.extend(imported.refused.into_iter().map(|(line, why)| (line, why.to_string())));
        report.reasons.sort_by_key(|(line, _)| *line);
        report.reasons.truncate(MOST_NAMED);
        Ok(report)
    }

    fn count(&mut self) -> Result<(), ImportError> {
        self.report.lines += 1;
        if self.report.lines > MOST_LINES { Err(ImportError::TooManyLines) } else { Ok(()) }
    }

    fn name(&mut self, line: u64, why: String) {
        self.report.refused += 1;
        if self.report.reasons.len() < MOST_NAMED {
            self.report.reasons.push((line, why));
        }
    }

    fn prepare(&mut self, line: u64, key: LineKey) -> Result<ImportKey, SealError> {
        let id = KeyId::generate_at(self.now);
        let token = self.prepare_token(id, &key)?;
        Ok(ImportKey {
            line,
            username: key.username,
            owner: key.owner,
            id,
            key_type: key.key_type,
            description: key.description.as_str().to_owned(),
            token_hash: token.hash,
            other_hash: token.other_hash,
            is_foreign: token.is_foreign,
            masked: token.masked,
            sealed: token.sealed,
            created_at: key.created_at,
            expires_at: key.expires_at,
            locked: key.locked,
            allow_list: key.allow_list,
        })
    }

    fn prepare_token(&mut self, id: KeyId, key: &LineKey) -> Result<Prepared, SealError> {
        let Importer { pepper, sealing, format, .. } = self.importer;
        let token = match &key.token {
            KnownToken::Plain(token) => token,
            KnownToken::Sha256(digest) => return Ok(Prepared::unseen(pepper.hash_sha256(digest))),
            KnownToken::Hmac(hash) => return Ok(Prepared::unseen(*hash)),
        };
        let is_short = key.key_type != KeyType::Smpp && token.expose().len() < SAFE_LENGTH;
        self.report.short += u64::from(is_short);
        let sealed = sealing.as_ref().map(|key| key.seal(id, token)).transpose()?;
        let text = token.expose();
        let (own, foreign) = (pepper.hash(text), pepper.hash_foreign(text));
        let shape = format.shape(text);
        Ok(match (key.key_type == KeyType::Smpp, shape) {
            (true, _) => Prepared {
                hash: pepper.hash_smpp(&key.username, text),
                other_hash: None,
                is_foreign: shape != Some(Shape::Smpp),
                masked: token.masked(),
                sealed,
            },
            (false, Some(Shape::Token(_))) => Prepared {
                hash: own,
                other_hash: Some(foreign),
                is_foreign: false,
                masked: token.masked(),
                sealed,
            },
            (false, _) => Prepared {
                hash: foreign,
                other_hash: Some(own),
                is_foreign: true,
                masked: token.masked_foreign(),
                sealed,
            },
        })
    }
}

/// What is kept of a token.
struct Prepared {
    hash: TokenHash,
    other_hash: Option<TokenHash>,
    is_foreign: bool,
    masked: String,
    sealed: Option<Vec<u8>>,
}

impl Prepared {
    /// A token of which only a hash is known.
    fn unseen(hash: TokenHash) -> Self {
        Self { hash, other_hash: None, is_foreign: true, masked: "…".to_owned(), sealed: None }
    }
}

/// The operator's line in the audit log.
fn audit(at: Micros) -> Audit {
    let (actor, detail) = ("operator".to_owned(), String::new());
    Audit { at, action: Action::KeysImported, actor, user: None, address: None, detail, asker: None }
}
