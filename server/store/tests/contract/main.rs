//! What every store has to do, whatever the engine: each clause is a function, and a test for each engine of the list in
//! `engines.rs`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod applications;
mod bench;
mod engines;
mod history;
mod import;
mod key_changes;
mod key_search;
mod keys;
mod mails;
mod marked_keys;
mod notices;
mod old_tokens;
mod password_links;
mod profile;
mod rotations;
mod second_factor;
mod sessions;
mod state;
mod sub_users;
mod usage;
mod webhooks;

use contract::{KeyType, Role};
use domain::address::Address;
use domain::ids::{KeyId, KeyNumber, UserNumber, Username};
use domain::rule::AddressRule;
use domain::time::Micros;
use domain::token::TokenHash;
use engines::{Data, Engine};
use parking_lot::Mutex;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use store::{
    Action, Audit, Change, HistoryFilter, HistoryFrom, HistoryLine, KeyScope, NewKey, NewUser, NoticePolicy,
    Store, UsageLog, Watcher,
};

/// Stands for the secrets that the data belongs to.
const SECRETS: TokenHash = TokenHash([9; 32]);

/// A new store of that engine, and what its watcher is told.
async fn open(engine: Engine, dir: &Path) -> (Arc<dyn Store>, Box<dyn UsageLog>, Arc<Told>) {
    let told = Arc::new(Told::default());
    let data = Data {
        directory: dir.to_owned(),
        secrets: SECRETS,
        durable_usage: false,
        notices: NoticePolicy::default(),
    };
    let (store, log) = engine(data, told.clone()).await.unwrap();
    (store, log, told)
}

/// Remembers what it is told, as short texts.
#[derive(Default)]
struct Told {
    texts: Mutex<Vec<String>>,
    numbers: Mutex<HashMap<KeyId, KeyNumber>>,
}

impl Told {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.texts.lock())
    }

    /// Under which number the watcher hears of a key.
    fn number(&self, key: KeyId) -> KeyNumber {
        self.numbers.lock()[&key]
    }
}

impl Watcher for Told {
    fn committed(&self, change: Change) {
        if let Change::KeyAdded(key) = &change {
            self.numbers.lock().insert(key.id, key.number);
        }
        let text = match change {
            Change::UserAdded(user) => format!("user {} {}", user.number.0, user.username),
            Change::UserDisabled(number, disabled) => format!("user {} disabled {disabled}", number.0),
            Change::UserRemoved(number) => format!("user {} removed", number.0),
            Change::KeyAdded(key) => format!("key {} {} {}", key.number.0, key.description, key.deleted),
            Change::KeyRule(number, rule) => format!("key {} {}", number.0, rule_text(&rule)),
            Change::KeyChanged(number, change) => format!("key {} {change:?}", number.0),
            Change::KeyToken(number, hash, masked) => {
                format!("key {} token {} {masked}", number.0, hash.0[0])
            }
            Change::OldToken(old) => {
                format!("key {} old token {} until {}", old.key.0, old.token_hash.0[0], old.until.0)
            }
            Change::KeyDeleted(number) => format!("key {} deleted", number.0),
            Change::ForeignTokensAdmitted => "foreign tokens".to_owned(),
            Change::GatewayAdded(_, name) => format!("gateway {name}"),
            Change::GatewayRemoved(_) => "gateway removed".to_owned(),
        };
        self.texts.lock().push(text);
    }
}

fn rule_text(rule: &AddressRule) -> String {
    let list: Vec<_> = rule.allow_list.iter().map(ToString::to_string).collect();
    let locked = rule.locked.map_or_else(|| "-".to_owned(), |a| a.to_string());
    format!("{} locked {locked} /{} [{}]", rule.enforced, rule.width as u8, list.join(" "))
}

fn name(text: &str) -> Username {
    Username::parse(text).unwrap()
}

fn audit(at: i64, action: Action) -> Audit {
    let (actor, detail) = ("x".into(), String::new());
    Audit { at: Micros(at), action, actor, user: None, address: None, detail, asker: None }
}

/// The same about a user.
fn audit_of(user: UserNumber, at: i64, action: Action) -> Audit {
    Audit { user: Some(user), ..audit(at, action) }
}

/// The latest lines that concern a user, newest first.
async fn history_of(store: &dyn Store, user: UserNumber, most: u32) -> Vec<HistoryLine> {
    let filter = HistoryFilter::all(KeyScope::User(user));
    store.list_history(filter, HistoryFrom::Skipping(0), most).await.unwrap()
}

fn user(text: &str, owner: Option<UserNumber>) -> NewUser {
    NewUser {
        owner,
        username: name(text),
        email: None,
        email_confirmed: false,
        role: Role::ManagesKeys,
        password_hash: "h".into(),
        at: Micros(1),
    }
}

fn key(of: UserNumber, key_type: KeyType, hash: u8) -> NewKey {
    NewKey {
        id: KeyId::generate(),
        user: of,
        key_type,
        most: None,
        description: format!("key {hash}"),
        token_hash: TokenHash([hash; 32]),
        masked: "lkd_abcd…wxyz".into(),
        sealed: Some(vec![1, 2, 3]),
        expires_at: None,
        manages_keys: false,
        at: Micros(5),
    }
}

fn address(text: &str) -> Address {
    Address::parse(text).unwrap()
}
