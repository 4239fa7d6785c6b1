//! Users in memory, in the order in which they came.

use super::KeyIndex;
use super::place::{Place, PlaceTable, number_hash};
use domain::ids::{UserNumber, Username};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{IndexedUser, KeyScope};

/// A user in memory.
pub struct UserEntry {
    /// The user.
    pub number: UserNumber,
    /// Their name.
    pub username: Username,
    /// The owner of their account, if they are a sub-user.
    pub owner: Option<Arc<UserEntry>>,
    disabled: AtomicBool,
}

impl UserEntry {
    /// Whether they or the owner of their account are disabled.
    pub fn is_disabled(&self) -> bool {
        self.disabled.load(Ordering::Acquire) || self.owner.as_ref().is_some_and(|o| o.is_disabled())
    }

    /// The lists in which their keys stand.
    pub(super) fn scopes(&self) -> Vec<KeyScope> {
        match &self.owner {
            None => vec![KeyScope::Account(self.number)],
            Some(owner) => vec![KeyScope::Account(owner.number), KeyScope::User(self.number)],
        }
    }
}

/// All users.
#[derive(Default)]
pub(super) struct Users {
    entries: Vec<Arc<UserEntry>>,
    by_number: PlaceTable,
    /// The sub-users of each owner who has any.
    sub_users: HashMap<UserNumber, Vec<UserNumber>>,
}

impl Users {
    /// The user whose entry lies there.
    pub(super) fn get(&self, place: Place) -> Option<&Arc<UserEntry>> {
        self.entries.get(place.index())
    }

    /// Where the entry of a user lies.
    pub(super) fn find(&self, number: UserNumber) -> Option<Place> {
        let is_it = |place| self.get(place).is_some_and(|user| user.number == number);
        self.by_number.find(number_hash(number.0), is_it)
    }

    /// Some of the users, from a place on; none behind the last one.
    pub(super) fn stretch(&self, from: usize, take: usize) -> Option<Vec<Arc<UserEntry>>> {
        let rest = self.entries.get(from..).filter(|rest| !rest.is_empty())?;
        Some(rest.iter().take(take).cloned().collect())
    }

    /// Adds a user. A user who is there already stays as they are, because keys and sub-users hold that entry. A sub-user
    /// comes after their owner: without that entry nobody would see that the account is disabled, so they are left out.
    pub(super) fn add(&mut self, user: IndexedUser) {
        if self.find(user.number).is_some() {
            return;
        }
        let owner = user.owner.map(|owner| self.find(owner).and_then(|place| self.get(place)).cloned());
        let (Some(place), false) = (Place::behind(self.entries.len()), matches!(owner, Some(None))) else {
            tracing::error!(user = user.number.0, "a user without their owner, or one too many");
            return;
        };
        let entry = UserEntry {
            number: user.number,
            username: user.username,
            owner: owner.flatten(),
            disabled: AtomicBool::new(user.disabled),
        };
        if let Some(owner) = &entry.owner {
            self.sub_users.entry(owner.number).or_default().push(entry.number);
        }
        self.entries.push(Arc::new(entry));
        let entries = &self.entries;
        let hash_of = |place: Place| entries.get(place.index()).map_or(0, |user| number_hash(user.number.0));
        self.by_number.insert(number_hash(user.number.0), place, hash_of);
    }

    pub(super) fn set_disabled(&self, number: UserNumber, disabled: bool) {
        if let Some(user) = self.find(number).and_then(|place| self.get(place)) {
            user.disabled.store(disabled, Ordering::Release);
        }
    }

    /// Takes a sub-user out of their account. The entry stays, because what is left of their keys holds it.
    pub(super) fn remove(&mut self, number: UserNumber) {
        self.set_disabled(number, true);
        let owner =
            self.find(number).and_then(|place| self.get(place)?.owner.as_ref().map(|owner| owner.number));
        if let Some(sub_users) = owner.and_then(|owner| self.sub_users.get_mut(&owner)) {
            sub_users.retain(|sub_user| *sub_user != number);
        }
    }

    /// The owner and the sub-users of an account.
    pub(super) fn of_account(&self, owner: UserNumber) -> Vec<UserNumber> {
        let sub_users = self.sub_users.get(&owner).map_or(&[][..], Vec::as_slice);
        [owner].into_iter().chain(sub_users.iter().copied()).collect()
    }

    fn has_sub_users(&self, owner: UserNumber) -> bool {
        self.sub_users.get(&owner).is_some_and(|sub_users| !sub_users.is_empty())
    }
}

impl KeyIndex {
    /// The users whose keys lie in a scope.
    pub fn users_of(&self, scope: KeyScope) -> Vec<UserNumber> {
        match scope {
            KeyScope::User(number) => vec![number],
            KeyScope::Account(owner) => self.entries.read().users.of_account(owner),
        }
    }

    /// Whether an account has sub-users.
    pub fn has_sub_users(&self, owner: UserNumber) -> bool {
        self.entries.read().users.has_sub_users(owner)
    }

    /// The names of the sub-users of an account, by the alphabet.
    pub fn sub_users_of(&self, owner: UserNumber) -> Vec<Arc<str>> {
        let entries = self.entries.read();
        let numbers = entries.users.of_account(owner).into_iter().skip(1);
        let name = |number| {
            let user = entries.users.get(entries.users.find(number)?)?;
            Some(user.username.as_str().into())
        };
        let mut names: Vec<Arc<str>> = numbers.filter_map(name).collect();
        drop(entries);
        names.sort_unstable();
        names
    }
}
