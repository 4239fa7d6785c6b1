//! Sentences that tell the operator what a verb did, and to how many keys, sub-users or sessions.

use crate::services::Services;
use contract::Role;
use domain::counted::counted;
use store::{KeyScope, UserRow};

/// A user was disabled or enabled; `before` is the user as they were.
pub(super) fn disabled(services: &Services, before: &UserRow, disabled: bool) -> String {
    let (name, state) = (&before.username, if disabled { "disabled" } else { "enabled" });
    if before.disabled == disabled {
        return format!("{name} was {state} already");
    }
    let stays = match (disabled, before.owner_disabled) {
        (false, true) => "; the owner of its account is disabled, so it is still refused",
        _ => "",
    };
    format!("{name} is {state}; {} with it{stays}", reach(services, before))
}

/// What is disabled or enabled with a user: the sub-users and keys of an account, or the keys of a sub-user.
fn reach(services: &Services, user: &UserRow) -> String {
    let index = &services.use_cases.keys.index;
    let keys = |scope| counted(index.count(scope) as u64, "key");
    match user.owner {
        Some(_) => keys(KeyScope::User(user.number)),
        None => {
            let scope = KeyScope::Account(user.number);
            let sub_users = index.users_of(scope).len().saturating_sub(1) as u64;
            format!("{} and {}", counted(sub_users, "sub-user"), keys(scope))
        }
    }
}

/// A role was given.
pub(super) fn role(name: &str, before: Role, now: Role) -> String {
    let does = match now {
        Role::ManagesKeys => "manages its keys",
        Role::ReadsOnly => "only sees its keys",
    };
    if before == now { format!("{name} {does} already") } else { format!("{name} {does} from now on") }
}

/// Sessions were ended.
pub(super) fn sessions(name: &str, ended: u64) -> String {
    format!("{} of {name} ended", counted(ended, "session"))
}

/// A second factor was removed.
pub(super) fn two_factor(name: &str, codes: u64, sessions: u64) -> String {
    let (codes, sessions) = (counted(codes, "recovery code"), counted(sessions, "session"));
    format!("two-factor login of {name} is off; {codes} and {sessions} ended with it")
}
