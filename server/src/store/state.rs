//! The state: users, sessions, keys, gateways, audit.

use super::{StoreError, UsageReader};
use crate::domain::address::{Address, Network};
use crate::domain::ids::{KeyId, KeyNo, UserNo, Username};
use crate::domain::key_type::KeyType;
use crate::domain::rule::{AddressRule, LockWidth};
use crate::domain::time::Micros;
use crate::domain::token::TokenHash;
use async_trait::async_trait;

/// Everything together, as the use cases hold it.
#[async_trait]
pub trait Store: UserStore + SessionStore + KeyStore + GatewayStore + AuditStore + UsageReader {
    /// Answers if the database does.
    async fn ready(&self) -> Result<(), StoreError>;
    /// Carries out what waits, then closes the files.
    async fn close(&self);
}

/// Is told of every committed change, before the change is answered and in the order of the commits.
pub trait Watcher: Send + Sync {
    /// Takes in one change.
    fn committed(&self, change: Change);
}

/// What verification needs to know of a committed change.
#[derive(Clone)]
pub enum Change {
    /// A user was added.
    UserAdded(IndexedUser),
    /// A user was disabled or enabled.
    UserDisabled(UserNo, bool),
    /// A key was generated.
    KeyAdded(Box<IndexedKey>),
    /// A key's address rule is now this one.
    KeyRule(KeyNo, AddressRule),
    /// A key was deleted.
    KeyDeleted(KeyNo),
    /// A gateway was added.
    GatewayAdded(TokenHash, String),
    /// A gateway was removed.
    GatewayRemoved(TokenHash),
}

/// A user as the index in memory holds it.
#[derive(Clone)]
pub struct IndexedUser {
    /// The user.
    pub no: UserNo,
    /// The owner of its account, if it is a sub-user.
    pub owner: Option<UserNo>,
    /// Its name.
    pub username: Username,
    /// Whether it is disabled.
    pub disabled: bool,
}

/// A key as the index in memory holds it, tombstones too.
#[derive(Clone)]
pub struct IndexedKey {
    /// The key.
    pub no: KeyNo,
    /// Its public id.
    pub id: KeyId,
    /// Whose it is.
    pub user: UserNo,
    /// Under what it is looked up.
    pub token_hash: TokenHash,
    /// Its kind.
    pub key_type: KeyType,
    /// The customer's words.
    pub description: String,
    /// Whether it is a tombstone.
    pub deleted: bool,
    /// Whether it is paused.
    pub disabled: bool,
    /// When it ends.
    pub expires_at: Option<Micros>,
    /// Where it passes from.
    pub rule: AddressRule,
}

/// A user's row.
#[derive(Clone)]
pub struct UserRow {
    /// The user.
    pub no: UserNo,
    /// The owner of its account, if it is a sub-user.
    pub owner: Option<UserNo>,
    /// Its name.
    pub username: Username,
    /// Where it is written to.
    pub email: Option<String>,
    /// PHC string of its password.
    pub password_hash: String,
    /// When it was added.
    pub created_at: Micros,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether the owner of its account is disabled.
    pub owner_disabled: bool,
}

impl UserRow {
    /// Whether it may log in and its keys may pass.
    #[must_use]
    pub fn is_active(&self) -> bool {
        !self.disabled && !self.owner_disabled
    }
}

/// A user to add.
pub struct NewUser {
    /// The owner of its account, for a sub-user.
    pub owner: Option<UserNo>,
    /// Its name.
    pub username: Username,
    /// Where it is written to.
    pub email: Option<String>,
    /// PHC string of its password.
    pub password_hash: String,
    /// Now.
    pub at: Micros,
}

/// Users.
#[async_trait]
pub trait UserStore: Send + Sync {
    /// How many there are.
    async fn count_users(&self) -> Result<u64, StoreError>;
    /// Adds one; `Conflict` if the name is taken.
    async fn insert_user(&self, user: NewUser, audit: Audit) -> Result<UserNo, StoreError>;
    /// Adds the first one; `Conflict` if any exists.
    async fn insert_first_user(&self, user: NewUser, audit: Audit) -> Result<UserNo, StoreError>;
    /// Finds one by name, without regard to case.
    async fn find_user(&self, username: &Username) -> Result<Option<UserRow>, StoreError>;
    /// All of them, by name.
    async fn list_users(&self) -> Result<Vec<UserRow>, StoreError>;
    /// Disables (and ends the sessions) or enables one.
    async fn set_user_disabled(&self, no: UserNo, disabled: bool, audit: Audit) -> Result<(), StoreError>;
    /// Sets a password and ends all sessions of the user.
    async fn set_password(&self, no: UserNo, hash: String, audit: Audit) -> Result<(), StoreError>;
}

/// SHA-256 of a session token: what is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionHash(pub [u8; 32]);

/// A session's row.
#[derive(Clone)]
pub struct SessionRow {
    /// Under what it is found.
    pub hash: SessionHash,
    /// When it began.
    pub created_at: Micros,
    /// When it was last used, to within a minute.
    pub last_seen_at: Micros,
    /// When the password was last proved.
    pub proved_at: Micros,
}

/// A session to begin.
pub struct NewSession {
    /// Under what it is found.
    pub hash: SessionHash,
    /// Whose it is.
    pub user: UserNo,
    /// Now.
    pub at: Micros,
    /// From where.
    pub address: Address,
    /// The browser's own description, cut to 200 characters.
    pub user_agent: String,
}

/// Sessions.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Begins one.
    async fn insert_session(&self, session: NewSession, audit: Audit) -> Result<(), StoreError>;
    /// Finds one and its user, ended or not by its limits.
    async fn find_session(&self, hash: SessionHash) -> Result<Option<(SessionRow, UserRow)>, StoreError>;
    /// Notes that it was used.
    async fn touch_session(&self, hash: SessionHash, at: Micros) -> Result<(), StoreError>;
    /// Notes that the password was proved.
    async fn prove_session(&self, hash: SessionHash, at: Micros) -> Result<(), StoreError>;
    /// Ends one.
    async fn delete_session(&self, hash: SessionHash, audit: Audit) -> Result<(), StoreError>;
    /// Removes those last seen or begun before these times; answers how many.
    async fn delete_old_sessions(&self, seen: Micros, begun: Micros) -> Result<u64, StoreError>;
    /// Whether the user ever logged in from this address.
    async fn has_logged_in_from(&self, user: UserNo, address: Address) -> Result<bool, StoreError>;
}

/// A key's row, as the pages show it; counts come from the usage side.
#[derive(Clone)]
pub struct KeyRow {
    /// The key.
    pub no: KeyNo,
    /// Its public id.
    pub id: KeyId,
    /// Whose it is.
    pub user: UserNo,
    /// That user's name.
    pub username: Username,
    /// Its kind.
    pub key_type: KeyType,
    /// The customer's words.
    pub description: String,
    /// What the list shows of its token.
    pub masked: String,
    /// Whether its token can be shown again.
    pub is_sealed: bool,
    /// When it was generated.
    pub created_at: Micros,
    /// Where it passes from.
    pub rule: AddressRule,
}

/// A key to add.
pub struct NewKey {
    /// Its public id.
    pub id: KeyId,
    /// Whose it is.
    pub user: UserNo,
    /// Its kind.
    pub key_type: KeyType,
    /// The customer's words.
    pub description: String,
    /// Under what it is looked up.
    pub token_hash: TokenHash,
    /// What the list shows of its token.
    pub masked: String,
    /// The sealed copy of its token.
    pub sealed: Option<Vec<u8>>,
    /// Now.
    pub at: Micros,
}

/// Whose keys a visitor may see: all of an account, or its own. Every query by id carries it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyScope {
    /// The owner: all keys of the account.
    Account(UserNo),
    /// A sub-user: its own keys.
    User(UserNo),
}

/// Keys.
#[async_trait]
pub trait KeyStore: Send + Sync {
    /// Hands every user, then every key and tombstone, to `watcher`: the start of the index in memory.
    async fn load(&self, watcher: &dyn Watcher) -> Result<(), StoreError>;
    /// Adds one; `Conflict` if the token hash is taken.
    async fn insert_key(&self, key: NewKey, audit: Audit) -> Result<KeyNo, StoreError>;
    /// The rows of these keys, newest first; those outside of the scope and tombstones are left out.
    async fn list_keys(&self, scope: KeyScope, numbers: &[KeyNo]) -> Result<Vec<KeyRow>, StoreError>;
    /// Finds one that is in the scope and not deleted.
    async fn find_key(&self, scope: KeyScope, id: KeyId) -> Result<Option<KeyRow>, StoreError>;
    /// The sealed copy, noting in the audit log that it is shown; `NotFound` if there is none.
    async fn reveal_key(&self, key: KeyNo, audit: Audit) -> Result<Vec<u8>, StoreError>;
    /// Makes `address` the locked one if there is none: one compare-and-set. Who lost reads the winner from
    /// the index, which knows it when this returns.
    async fn bind_first_address(&self, key: KeyNo, address: Address, at: Micros) -> Result<(), StoreError>;
    /// Adds to the allow list; `Conflict` if it is there, `Full` at `limit` entries.
    async fn insert_network(
        &self,
        key: KeyNo,
        network: Network,
        limit: u32,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// Takes off the allow list; `NotFound` if it is not there.
    async fn delete_network(&self, key: KeyNo, network: Network, audit: Audit) -> Result<(), StoreError>;
    /// Sets how wide the lock is.
    async fn set_lock_width(&self, key: KeyNo, width: LockWidth, audit: Audit) -> Result<(), StoreError>;
    /// Forgets the locked address.
    async fn release_lock(&self, key: KeyNo, audit: Audit) -> Result<(), StoreError>;
    /// Wipes the sealed copy and the rule, leaves the tombstone; `NotFound` if it is one already.
    async fn delete_key(&self, key: KeyNo, audit: Audit) -> Result<(), StoreError>;
}

/// A gateway's row.
#[derive(Clone)]
pub struct GatewayRow {
    /// Its name.
    pub name: String,
    /// When it was added.
    pub created_at: Micros,
}

/// Gateways.
#[async_trait]
pub trait GatewayStore: Send + Sync {
    /// Adds one; `Conflict` if the name is taken.
    async fn insert_gateway(
        &self,
        name: String,
        token_hash: TokenHash,
        audit: Audit,
    ) -> Result<(), StoreError>;
    /// All of them, by name.
    async fn list_gateways(&self) -> Result<Vec<GatewayRow>, StoreError>;
    /// Removes one; `NotFound` if there is none of that name.
    async fn delete_gateway(&self, name: String, audit: Audit) -> Result<(), StoreError>;
}

/// What the audit log knows to have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Action {
    UserAdded,
    UserDisabled,
    UserEnabled,
    PasswordReset,
    Login,
    LoginFailed,
    Logout,
    KeyGenerated,
    KeyShown,
    KeyDeleted,
    AddressAdded,
    AddressRemoved,
    LockWidthSet,
    LockReleased,
    GatewayAdded,
    GatewayRemoved,
}

impl Action {
    /// The name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UserAdded => "user_added",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::PasswordReset => "password_reset",
            Self::Login => "login",
            Self::LoginFailed => "login_failed",
            Self::Logout => "logout",
            Self::KeyGenerated => "key_generated",
            Self::KeyShown => "key_shown",
            Self::KeyDeleted => "key_deleted",
            Self::AddressAdded => "address_added",
            Self::AddressRemoved => "address_removed",
            Self::LockWidthSet => "lock_width_set",
            Self::LockReleased => "lock_released",
            Self::GatewayAdded => "gateway_added",
            Self::GatewayRemoved => "gateway_removed",
        }
    }
}

/// One line of the audit log: who did what, when, from where. Never a secret.
#[derive(Clone, Debug)]
pub struct Audit {
    /// When.
    pub at: Micros,
    /// What.
    pub action: Action,
    /// Who: a username, `operator`, or the name that was tried at a failed login.
    pub actor: String,
    /// The user it concerns; added users and keys fill it in themselves.
    pub user: Option<UserNo>,
    /// From where; the operator's shell has no address.
    pub address: Option<Address>,
    /// What else is worth knowing, in the product's own words.
    pub detail: String,
}

/// A line as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditRow {
    /// When.
    pub at: Micros,
    /// What.
    pub action: String,
    /// Who.
    pub actor: String,
    /// The key it concerns.
    pub key: Option<KeyId>,
    /// From where.
    pub address: Option<Address>,
    /// What else.
    pub detail: String,
}

/// The audit log.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Writes one line alone.
    async fn record(&self, audit: Audit) -> Result<(), StoreError>;
    /// The latest lines, newest first.
    async fn list_audit(&self, most: u32) -> Result<Vec<AuditRow>, StoreError>;
}
