//! Whether a link holds by which a user sets a password without the one they had.

use super::time::Micros;

/// Seconds for which a link is open.
pub const OPEN_SECONDS: i64 = 3600;

/// A link that was followed.
#[derive(Clone, Copy, Debug)]
pub struct PasswordLinkFacts {
    /// When it ends.
    pub expires_at: Micros,
    /// Whether its user, or the owner of their account, is disabled.
    pub is_disabled: bool,
}

impl PasswordLinkFacts {
    /// Whether the link has not ended, and its user may log in.
    #[must_use]
    pub fn holds(&self, now: Micros) -> bool {
        self.expires_at > now && !self.is_disabled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_holds_until_it_ends_or_its_user_is_disabled() {
        let holds =
            |is_disabled, now| PasswordLinkFacts { expires_at: Micros(10), is_disabled }.holds(Micros(now));
        assert!(holds(false, 9));
        assert!(!holds(false, 10), "its end is not in it");
        assert!(!holds(true, 9));
    }
}
