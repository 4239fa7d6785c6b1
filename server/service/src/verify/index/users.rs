//! Users in memory, by their row numbers.

use domain::ids::{UserNo, Username};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use store::{IndexedUser, KeyScope};

/// A user in memory.
pub struct UserEntry {
    /// The user.
    pub no: UserNo,
    /// Its name.
    pub username: Username,
    /// The owner of its account, if it is a sub-user.
    pub owner: Option<Arc<UserEntry>>,
    disabled: AtomicBool,
}

impl UserEntry {
    /// Whether it or the owner of its account is disabled.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled.load(Ordering::Acquire) || self.owner.as_ref().is_some_and(|o| o.is_disabled())
    }

    /// The lists in which its keys stand.
    pub(super) fn scopes(&self) -> Vec<KeyScope> {
        match &self.owner {
            None => vec![KeyScope::Account(self.no)],
            Some(owner) => vec![KeyScope::Account(owner.no), KeyScope::User(self.no)],
        }
    }
}

/// All users.
#[derive(Default)]
pub(super) struct Users {
    by_number: Vec<Option<Arc<UserEntry>>>,
    /// The sub-users of those who have any.
    sub_users: HashMap<UserNo, Vec<UserNo>>,
}

impl Users {
    pub(super) fn get(&self, no: UserNo) -> Option<&Arc<UserEntry>> {
        self.by_number.get(no.0 as usize)?.as_ref()
    }

    /// Adds a user, after their owner if they have one. A user who is there already stays as they are: keys and sub-users hold on to that entry.
    pub(super) fn add(&mut self, user: IndexedUser) {
        if self.get(user.no).is_some() {
            return;
        }
        let place = user.no.0 as usize;
        let entry = UserEntry {
            no: user.no,
            username: user.username,
            owner: user.owner.and_then(|owner| self.get(owner).cloned()),
            disabled: AtomicBool::new(user.disabled),
        };
        if let Some(owner) = &entry.owner {
            self.sub_users.entry(owner.no).or_default().push(entry.no);
        }
        if self.by_number.len() <= place {
            self.by_number.resize(place + 1, None);
        }
        self.by_number[place] = Some(Arc::new(entry));
    }

    pub(super) fn set_disabled(&self, no: UserNo, disabled: bool) {
        if let Some(user) = self.get(no) {
            user.disabled.store(disabled, Ordering::Release);
        }
    }

    /// Those of an account, its owner among them.
    pub(super) fn of_account(&self, owner: UserNo) -> Vec<UserNo> {
        let sub_users = self.sub_users.get(&owner).map_or(&[][..], Vec::as_slice);
        [owner].into_iter().chain(sub_users.iter().copied()).collect()
    }
}
