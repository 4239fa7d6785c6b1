//! What the index takes in: each committed change, those of this process and those of others.

use super::{Entries, KeyIndex};
use domain::ids::{KeyId, KeyNumber};
use std::sync::atomic::Ordering;
use store::{Change, IndexedKey, Watcher};

impl Entries {
    /// Adds a key. A key that is known already changes nothing: it may have been deleted since.
    fn add_key(&mut self, key: IndexedKey) {
        let Self { users, keys, lists } = self;
        let found = users.find(key.user).and_then(|place| Some((place, users.get(place)?)));
        let Some((user_place, user)) = found else {
            tracing::error!(key = key.number.0, "a key without a user");
            return;
        };
        let deleted = key.deleted;
        if let Some(place) = keys.add(key, user_place)
            && !deleted
        {
            lists.add(place, &user.scopes(), keys);
        }
    }

    fn delete_key(&mut self, number: KeyNumber) {
        let Self { users, keys, lists } = self;
        let Some((place, user)) = keys.delete(number) else { return };
        lists.remove(place, &users.get(user).map(|user| user.scopes()).unwrap_or_default(), keys);
    }
}

impl Watcher for KeyIndex {
    fn id_of(&self, key: KeyNumber) -> Option<KeyId> {
        let entries = self.entries.read();
        entries.keys.find_number(key).and_then(|place| entries.keys.id(place))
    }

    fn committed(&self, change: Change) {
        match change {
            Change::UserAdded(user) => self.entries.write().users.add(user),
            Change::UserDisabled(number, disabled) => {
                self.entries.read().users.set_disabled(number, disabled);
            }
            Change::UserRemoved(number) => self.entries.write().users.remove(number),
            Change::KeyAdded(key) => self.entries.write().add_key(*key),
            Change::KeyRule(number, rule) => self.entries.write().keys.set_rule(number, rule),
            Change::KeyChanged(number, change) => self.entries.write().keys.change(number, change),
            Change::KeyToken(number, hash, masked) => {
                self.entries.write().keys.set_token(number, hash, &masked);
            }
            Change::OldToken(old) => self.entries.write().keys.add_old_token(old),
            Change::KeyDeleted(number) => self.entries.write().delete_key(number),
            Change::ForeignTokensAdmitted => self.admits_foreign.store(true, Ordering::Release),
            Change::GatewayAdded(hash, name) => {
                self.gateways.write().insert(hash, name.into());
            }
            Change::GatewayRemoved(hash) => {
                self.gateways.write().remove(&hash);
            }
        }
    }

    fn committed_elsewhere(&self, changes: Vec<Change>) {
        changes.into_iter().for_each(|change| self.committed(change));
        // After the last one: a judgement that misses any of them has the number before.
        self.elsewhere.fetch_add(1, Ordering::Release);
    }

    fn expect_keys(&self, count: usize) {
        self.entries.write().keys.expect(count);
    }
}
