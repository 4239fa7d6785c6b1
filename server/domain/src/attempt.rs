//! Failed attempts to prove who somebody is: what was wrong, and where it was asked for.

use contract::named;

named! {
    /// What was wrong.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Fault {
        /// The password.
        Password => "password",
        /// The code of the second factor.
        Code => "code",
        /// Nothing but that the user is disabled.
        Disabled => "disabled",
    }
}

named! {
    /// Where a password or a code was asked for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum AskedFor {
        /// At the door.
        Login => "login",
        /// To show a token again.
        Show => "show",
        /// To give a key another token.
        Rotation => "rotation",
        /// To generate a key that manages keys.
        Generation => "generation",
        /// To approve an application.
        Application => "application",
        /// To invite a sub-user, or to change or remove one.
        SubUsers => "sub_users",
        /// To decide on a notice, or to choose which notices are sent.
        Notices => "notices",
        /// To change a webhook.
        Webhooks => "webhooks",
        /// To switch the second factor on or off.
        TwoFactor => "two_factor",
        /// To make new recovery codes.
        RecoveryCodes => "recovery_codes",
        /// To choose another password.
        NewPassword => "new_password",
        /// To change the mail address.
        Email => "email",
    }
}

/// A failed attempt, as the audit log keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What was wrong.
    pub fault: Fault,
    /// Where it was asked for.
    pub asked_for: AskedFor,
}

impl Attempt {
    /// The detail of its audit line.
    #[must_use]
    pub fn detail(self) -> String {
        format!("{} {}", self.fault.name(), self.asked_for.name())
    }

    /// Reads such a detail. Lines of earlier versions have none.
    #[must_use]
    pub fn parse(detail: &str) -> Option<Self> {
        let (fault, asked_for) = detail.split_once(' ')?;
        Some(Self { fault: Fault::from_name(fault)?, asked_for: AskedFor::from_name(asked_for)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_read_as_it_was_written() {
        for fault in Fault::ALL {
            for asked_for in AskedFor::ALL {
                let attempt = Attempt { fault, asked_for };
                assert_eq!(Attempt::parse(&attempt.detail()), Some(attempt));
            }
        }
        for other in
            ["", "password", "password ", " login", "code login x", "Password login", "login password"]
        {
            assert_eq!(Attempt::parse(other), None, "{other:?}");
        }
    }
}
