//! Users in memory, by their row numbers.

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
    by_number: Vec<Option<Arc<UserEntry>>>,
    /// The sub-users of each owner who has any.
    sub_users: HashMap<UserNumber, Vec<UserNumber>>,
}

impl Users {
    pub(super) fn get(&self, number: UserNumber) -> Option<&Arc<UserEntry>> {
        self.by_number.get(number.0 as usize)?.as_ref()
    }

    /// The users of some numbers; none behind the last one.
    pub(super) fn stretch(&self, from: usize, take: usize) -> Option<Vec<Arc<UserEntry>>> {
        let rest = self.by_number.get(from..).filter(|rest| !rest.is_empty())?;
        Some(rest.iter().take(take).flatten().cloned().collect())
    }

    /// Adds a user, after their owner if they have one. A user who is there already stays as they are, because keys and
    /// sub-users hold that entry.
    pub(super) fn add(&mut self, user: IndexedUser) {
        if self.get(user.number).is_some() {
            return;
        }
        let index = user.number.0 as usize;
        let entry = UserEntry {
            number: user.number,
            username: user.username,
            owner: user.owner.and_then(|owner| self.get(owner).cloned()),
            disabled: AtomicBool::new(user.disabled),
        };
        if let Some(owner) = &entry.owner {
            self.sub_users.entry(owner.number).or_default().push(entry.number);
        }
        if self.by_number.len() <= index {
            self.by_number.resize(index + 1, None);
        }
        self.by_number[index] = Some(Arc::new(entry));
    }

    pub(super) fn set_disabled(&self, number: UserNumber, disabled: bool) {
        if let Some(user) = self.get(number) {
            user.disabled.store(disabled, Ordering::Release);
        }
    }

    /// The owner and the sub-users of an account.
    pub(super) fn of_account(&self, owner: UserNumber) -> Vec<UserNumber> {
        let sub_users = self.sub_users.get(&owner).map_or(&[][..], Vec::as_slice);
        [owner].into_iter().chain(sub_users.iter().copied()).collect()
    }
}
