//! The whole store, and what its watcher is told.

use super::{
    ApplicationStore, AuditStore, GatewayStore, HistoryStore, ImportStore, InvitationStore, KeptAnswerStore,
    KeyChange, KeyChangeStore, KeySearchStore, KeyStore, MailStore, NoticeStore, PasswordLinkStore,
    ProfileStore, ReminderStore, RotationStore, RuleStore, SecondFactorStore, SessionStore, StoreError,
    SubUserStore, UsageReader, UserStore, WebhookStore,
};
use async_trait::async_trait;
use contract::KeyType;
use domain::ids::{KeyId, KeyNumber, UserNumber, Username};
use domain::rule::AddressRule;
use domain::time::Micros;
use domain::token::TokenHash;

/// Everything together, as the use cases hold it.
#[async_trait]
pub trait Store:
    UserStore
    + SubUserStore
    + InvitationStore
    + SessionStore
    + PasswordLinkStore
    + ProfileStore
    + KeyStore
    + KeyChangeStore
    + KeySearchStore
    + KeptAnswerStore
    + ApplicationStore
    + RuleStore
    + RotationStore
    + GatewayStore
    + AuditStore
    + HistoryStore
    + UsageReader
    + MailStore
    + NoticeStore
    + WebhookStore
    + SecondFactorStore
    + ReminderStore
    + ImportStore
{
    /// Whether the database answers and takes changes.
    async fn ready(&self) -> Result<(), StoreError>;
    /// How many bytes each part of the data takes, by its name. The names stay the same.
    fn sizes(&self) -> Vec<(&'static str, u64)>;
    /// Returns when the store can take no change any more, with the cause: the server has to end.
    async fn failed(&self) -> StoreError;
    /// Carries out what waits, then closes what is open.
    async fn close(&self);
    /// Says that another process reads the data for a while: until the end of what this returns, nothing is begun that would
    /// have to wait for readers.
    fn lend(&self) -> Box<dyn Send>;
    /// Returns once no change is on its way, and keeps further ones waiting; uses go on.
    async fn stand_still(&self) -> Result<Box<dyn Still>, StoreError>;
}

/// A moment in which nothing changes. It ends by itself after a fraction of a second, so that nobody who asked for it can
/// hold changes up.
pub trait Still: Send {
    /// Ends it; returns whether it had lasted until now.
    fn end(self: Box<Self>) -> bool;
}

/// Hears of every committed change, in the order of the commits and before the change returns to its caller. Called on the
/// task that commits, so it must not block.
pub trait Watcher: Send + Sync {
    /// Takes in one change.
    fn committed(&self, change: Change);

    /// Takes in changes of other processes, in the order of their commits. An engine that several processes share tells of
    /// them here, those that [`UsageLog::append`](crate::UsageLog::append) returns excepted: uses that were judged before
    /// are judged anew.
    fn committed_elsewhere(&self, changes: Vec<Change>) {
        changes.into_iter().for_each(|change| self.committed(change));
    }

    /// The public id of a key that it was told of. An engine that counts in a place of its own notes ids beside numbers.
    fn id_of(&self, _key: KeyNumber) -> Option<KeyId> {
        None
    }

    /// Makes room for about so many keys, which follow.
    fn expect_keys(&self, _count: usize) {}
}

/// What verification needs to know of a committed change.
#[derive(Clone)]
pub enum Change {
    /// A user was added.
    UserAdded(IndexedUser),
    /// A user was disabled or enabled.
    UserDisabled(UserNumber, bool),
    /// A sub-user was removed.
    UserRemoved(UserNumber),
    /// A key was generated.
    KeyAdded(Box<IndexedKey>),
    /// A key's address rule is now this one.
    KeyRule(KeyNumber, AddressRule),
    /// Something else of a key was changed.
    KeyChanged(KeyNumber, KeyChange),
    /// A key has this token now, of which lists show this.
    KeyToken(KeyNumber, TokenHash, String),
    /// A key had this token, or it passes for another time.
    OldToken(OldToken),
    /// A key was deleted.
    KeyDeleted(KeyNumber),
    /// Tokens of other forms than ours are admitted from now on.
    ForeignTokensAdmitted,
    /// A gateway was added.
    GatewayAdded(TokenHash, String),
    /// A gateway was removed.
    GatewayRemoved(TokenHash),
}

/// A user as the index in memory holds it.
#[derive(Clone)]
pub struct IndexedUser {
    /// The user.
    pub number: UserNumber,
    /// The owner of their account, if they are a sub-user.
    pub owner: Option<UserNumber>,
    /// Their name.
    pub username: Username,
    /// Whether it is disabled.
    pub disabled: bool,
}

/// A token that a key had before its present one.
#[derive(Clone, Copy)]
pub struct OldToken {
    /// The key.
    pub key: KeyNumber,
    /// Under what it is looked up.
    pub token_hash: TokenHash,
    /// When the key was given another one.
    pub rotated_at: Micros,
    /// Until when it passes too.
    pub until: Micros,
}

/// A key as the index in memory holds it, tombstones too.
#[derive(Clone)]
pub struct IndexedKey {
    /// The key.
    pub number: KeyNumber,
    /// Its public id.
    pub id: KeyId,
    /// The user who owns the key.
    pub user: UserNumber,
    /// Under what it is looked up.
    pub token_hash: TokenHash,
    /// Its kind.
    pub key_type: KeyType,
    /// The customer's words.
    pub description: String,
    /// What the list shows of its token.
    pub masked: String,
    /// Whether it is a tombstone.
    pub deleted: bool,
    /// Whether it is paused.
    pub disabled: bool,
    /// When it ends.
    pub expires_at: Option<Micros>,
    /// Where it passes from.
    pub rule: AddressRule,
}
