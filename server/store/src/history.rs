//! The history of an account: lines of the audit log as its users read them.

use super::{Action, KeyScope, StoreError};
use async_trait::async_trait;
use domain::address::Address;
use domain::ids::{KeyId, UserNumber, Username};
use domain::time::Micros;

/// Which lines are wanted.
#[derive(Clone, Copy, Debug)]
pub struct HistoryFilter {
    /// Whose lines the reader may see: those of all users of an account, or of one user. Keys outside of it stay unnamed.
    pub reader: KeyScope,
    /// The user whom they concern, who lies within the scope; none: any.
    pub user: Option<UserNumber>,
    /// The key that they are about, or through which a program asked.
    pub key: Option<KeyId>,
    /// What was done.
    pub action: Option<Action>,
}

impl HistoryFilter {
    /// All lines that a reader may see.
    #[must_use]
    pub fn all(reader: KeyScope) -> Self {
        Self { reader, user: None, key: None, action: None }
    }
}

/// Names a line. Of two lines the one that was written later has the greater number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineNumber(pub i64);

/// Where a stretch of lines begins.
#[derive(Clone, Copy, Debug)]
pub enum HistoryFrom {
    /// After so many of the newest.
    Skipping(u32),
    /// Before this one.
    Before(LineNumber),
}

/// A key, or what stays of it, as a line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineKey {
    /// Its id.
    pub id: KeyId,
    /// The customer's words.
    pub description: String,
    /// What is shown of its token.
    pub masked: String,
    /// The name of its user.
    pub username: Username,
    /// Whether it was deleted.
    pub is_deleted: bool,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryLine {
    /// Its number.
    pub number: LineNumber,
    /// When.
    pub at: Micros,
    /// What was done, by its name.
    pub action: String,
    /// The name of the one who did it.
    pub actor: String,
    /// The name of the user whom it concerns.
    pub user: Username,
    /// The key that it is about, if the reader may see that.
    pub key: Option<LineKey>,
    /// Whether a program asked for it, with a key.
    pub by_program: bool,
    /// That key, if the reader may see it.
    pub via: Option<LineKey>,
    /// From where; none: the operator's shell, or unknown.
    pub address: Option<Address>,
    /// What else.
    pub detail: String,
}

/// The history of accounts.
#[async_trait]
pub trait HistoryStore: Send + Sync {
    /// How many lines are wanted; it stops counting at `most`.
    async fn count_history(&self, filter: HistoryFilter, most: u32) -> Result<u64, StoreError>;
    /// Some of them, newest first.
    async fn list_history(
        &self,
        filter: HistoryFilter,
        from: HistoryFrom,
        most: u32,
    ) -> Result<Vec<HistoryLine>, StoreError>;
    /// The user of that name in an account.
    async fn find_account_user(
        &self,
        account: UserNumber,
        name: &Username,
    ) -> Result<Option<UserNumber>, StoreError>;
    /// A key within a scope, or what stays of it.
    async fn find_line_key(&self, reader: KeyScope, key: KeyId) -> Result<Option<LineKey>, StoreError>;
}
