//! Which users a file needs, and whether it may have them; tested with the plan.

use crate::ids::{Username, UsernameError};
use std::collections::HashMap;

/// What a line says of its user.
#[derive(Clone, Copy)]
pub struct Stated<'a> {
    /// The number of the line.
    pub line: u64,
    /// The user.
    pub username: &'a Username,
    /// The owner of their account; without one the line says nothing about it.
    pub owner: Option<&'a Username>,
}

/// A user to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// Their name.
    pub username: Username,
    /// The owner of their account, for a sub-user.
    pub owner: Option<Username>,
}

/// Why a line that is right by itself is refused: by what is there already, or by another line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ImportRefusal {
    #[error("there is no user named {0}; --create-users makes users who are missing")]
    UnknownUser(Username),
    #[error("the username {0} {1}")]
    Name(Username, UsernameError),
    #[error("{0} does not belong to the account of {1}")]
    OtherOwner(Username, Username),
    #[error("{0} is a sub-user and cannot own others; name the owner of the account")]
    NotAnOwner(Username),
    #[error("the token is that of a key of another user")]
    OtherUsersToken,
    #[error("the account has more than {0} keys with this one; max_keys limits them")]
    TooManyKeys(u32),
}

/// A user who does not exist.
struct Wanted<'a> {
    username: &'a Username,
    /// The first owner that a line names.
    owner: Option<&'a Username>,
    /// The place among all of them.
    order: usize,
}

fn wanted<'a>(
    stated: impl Iterator<Item = Stated<'a>>,
    known: &HashMap<String, Option<String>>,
) -> HashMap<String, Wanted<'a>> {
    let mut wanted: HashMap<String, Wanted<'a>> = HashMap::new();
    let mut want = |username: &'a Username, owner: Option<&'a Username>| {
        let name = username.folded();
        if !known.contains_key(&name) {
            let order = wanted.len();
            let entry = wanted.entry(name).or_insert(Wanted { username, owner: None, order });
            entry.owner = entry.owner.or(owner);
        }
    };
    for Stated { username, owner, .. } in stated {
        want(username, owner);
        if let Some(owner) = owner {
            want(owner, None);
        }
    }
    wanted
}

/// The users of a file: those who exist, and those it needs.
pub(super) struct Book<'a> {
    known: &'a HashMap<String, Option<String>>,
    wanted: HashMap<String, Wanted<'a>>,
    may_create: bool,
}

impl<'a> Book<'a> {
    /// `known`: the users who exist, by their folded names, each with the folded name of the owner of their account, if they
    /// are a sub-user.
    pub(super) fn of(
        stated: impl Iterator<Item = Stated<'a>>,
        known: &'a HashMap<String, Option<String>>,
        may_create: bool,
    ) -> Self {
        Self { known, wanted: wanted(stated, known), may_create }
    }

    /// The users to make, owners before their sub-users.
    pub(super) fn new_accounts(self) -> Vec<NewAccount> {
        let mut new: Vec<_> = self.wanted.into_values().collect();
        new.sort_unstable_by_key(|wanted| (wanted.owner.is_some(), wanted.order));
        let account = |wanted: Wanted<'_>| NewAccount {
            username: wanted.username.clone(),
            owner: wanted.owner.cloned(),
        };
        new.into_iter().map(account).collect()
    }

    /// The folded name of the owner of the account that a user belongs to.
    pub(super) fn account_of(&self, username: &Username) -> String {
        self.owner_of(username).unwrap_or_else(|| username.folded())
    }

    /// Refuses a line whose user cannot be had.
    pub(super) fn judge(&self, Stated { username, owner, .. }: Stated<'_>) -> Result<(), ImportRefusal> {
        self.check_exists(username)?;
        let Some(owner) = owner else { return Ok(()) };
        self.check_exists(owner)?;
        if self.owner_of(owner).is_some() {
            return Err(ImportRefusal::NotAnOwner(owner.clone()));
        }
        if self.owner_of(username).as_ref() != Some(&owner.folded()) {
            return Err(ImportRefusal::OtherOwner(username.clone(), owner.clone()));
        }
        Ok(())
    }

    /// Refuses a user who neither exists nor may be made.
    fn check_exists(&self, username: &Username) -> Result<(), ImportRefusal> {
        if self.known.contains_key(&username.folded()) {
            return Ok(());
        }
        if !self.may_create {
            return Err(ImportRefusal::UnknownUser(username.clone()));
        }
        let chosen = Username::choose(username.as_str());
        chosen.map(drop).map_err(|why| ImportRefusal::Name(username.clone(), why))
    }

    /// The folded name of the owner of that user's account, if they are or become a sub-user.
    fn owner_of(&self, username: &Username) -> Option<String> {
        let name = username.folded();
        match self.known.get(&name) {
            Some(owner) => owner.clone(),
            None => self.wanted.get(&name)?.owner.map(Username::folded),
        }
    }
}
