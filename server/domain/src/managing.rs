//! Keys that manage keys: what holds of one while a program asks for a change with it.

use crate::time::Micros;
use contract::Role;

/// What is known of a key, and of its user, when its change is written.
#[derive(Clone, Copy, Debug)]
pub struct ManagerFacts {
    /// It was given the permission.
    pub permitted: bool,
    /// It is a tombstone.
    pub deleted: bool,
    /// It is paused.
    pub paused: bool,
    /// When it ends.
    pub expires_at: Option<Micros>,
    /// Its user, or the owner of the account, is disabled.
    pub user_disabled: bool,
    /// What its user may do with keys.
    pub role: Role,
}

impl ManagerFacts {
    /// Whether any key may be changed with it now. Its request was let in a moment ago, and much can happen in a moment.
    #[must_use]
    pub fn may_change(&self, now: Micros) -> bool {
        self.permitted && self.may_change_itself(now)
    }

    /// Whether it may be changed with itself now, which takes no permission.
    #[must_use]
    pub fn may_change_itself(&self, now: Micros) -> bool {
        !self.deleted
            && !self.paused
            && !self.user_disabled
            && self.role == Role::ManagesKeys
            && self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stops_a_key_stops_its_changes() {
        let fine = ManagerFacts {
            permitted: true,
            deleted: false,
            paused: false,
            expires_at: Some(Micros(10)),
            user_disabled: false,
            role: Role::ManagesKeys,
        };
        assert!(fine.may_change(Micros(9)));
        assert!(!fine.may_change(Micros(10)) && !fine.may_change_itself(Micros(10)));
        let plain = ManagerFacts { permitted: false, ..fine };
        assert!(!plain.may_change(Micros(9)) && plain.may_change_itself(Micros(9)));
        let others = [
            ManagerFacts { deleted: true, ..fine },
            ManagerFacts { paused: true, ..fine },
            ManagerFacts { user_disabled: true, ..fine },
            ManagerFacts { role: Role::ReadsOnly, ..fine },
        ];
        assert!(
            others.iter().all(|facts| !facts.may_change(Micros(9)) && !facts.may_change_itself(Micros(9)))
        );
    }
}
