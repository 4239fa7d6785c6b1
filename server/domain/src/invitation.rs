//! Whether an invitation still holds, and whether one more may be sent.

use super::time::Micros;

/// An invitation whose link was followed.
#[derive(Clone, Copy, Debug)]
pub struct InvitationFacts {
    /// When it ends.
    pub expires_at: Micros,
    /// Whether the owner who invited is disabled.
    pub owner_disabled: bool,
}

impl InvitationFacts {
    /// Whether the invitation has not ended, and the account that it leads to has an owner who may act.
    #[must_use]
    pub fn holds(&self, now: Micros) -> bool {
        self.expires_at > now && !self.owner_disabled
    }
}

/// Why an invitation is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotInvited {
    /// The username belongs to a user.
    #[error("the username is taken")]
    Taken,
    /// The owner has as many open invitations as they may have.
    #[error("too many invitations are open")]
    TooMany,
}

/// Whether an owner with so many open invitations, of at most `most`, may invite one more person.
///
/// # Errors
/// The username is taken, or there are too many.
pub fn check_new(is_name_taken: bool, open: u32, most: u32) -> Result<(), NotInvited> {
    match (is_name_taken, open < most) {
        (true, _) => Err(NotInvited::Taken),
        (false, false) => Err(NotInvited::TooMany),
        (false, true) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invitation_holds_until_it_ends_or_its_owner_is_disabled() {
        let holds = |owner_disabled, now| {
            InvitationFacts { expires_at: Micros(10), owner_disabled }.holds(Micros(now))
        };
        assert!(holds(false, 9));
        assert!(!holds(false, 10), "its end is not in it");
        assert!(!holds(true, 9));
    }

    #[test]
    fn a_name_that_is_taken_is_told_before_a_list_that_is_full() {
        assert_eq!(check_new(false, 1, 2), Ok(()));
        assert_eq!(check_new(false, 2, 2), Err(NotInvited::TooMany));
        assert_eq!(check_new(true, 2, 2), Err(NotInvited::Taken));
        assert_eq!(check_new(true, 0, 2), Err(NotInvited::Taken));
    }
}
