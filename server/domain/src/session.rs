//! Whether a session still holds, and whether a login that was checked a moment ago may still begin one.

use super::time::Micros;

/// Seconds for which a login waits for the code of the second factor.
const CODE_SECONDS: i64 = 600;
/// The most sessions of a user; with one more, the one that began first ends. Those that wait for a code are counted
/// apart, so that a person who knows the password alone ends none of the others.
pub const SESSIONS_KEPT: u32 = 20;

/// When sessions end.
#[derive(Clone, Copy, Debug)]
pub struct SessionLimits {
    /// Seconds without a request.
    pub idle_seconds: i64,
    /// Seconds since the login.
    pub absolute_seconds: i64,
}

/// What the limits of a session are counted from.
#[derive(Clone, Copy, Debug)]
pub struct SessionTimes {
    /// When the session began.
    pub created_at: Micros,
    /// When it was used last.
    pub last_seen_at: Micros,
    /// Whether the code of the second factor is still to be given.
    pub code_pending: bool,
}

/// Sessions that were seen or begun before these times have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// For the last request.
    pub seen: Micros,
    /// For the login.
    pub begun: Micros,
    /// For the login, where the code is still to be given.
    pub asked: Micros,
}

impl SessionLimits {
    /// Whether a session has ended by its age.
    #[must_use]
    pub fn is_over(&self, session: &SessionTimes, now: Micros) -> bool {
        let idle = now.seconds_since(session.last_seen_at);
        let age = now.seconds_since(session.created_at);
        let is_late = session.code_pending && age >= CODE_SECONDS;
        idle >= self.idle_seconds || age >= self.absolute_seconds || is_late
    }

    /// The same as times, for sessions that are looked for among all.
    #[must_use]
    pub fn bounds(&self, now: Micros) -> Bounds {
        Bounds {
            seen: now.plus_seconds(-self.idle_seconds),
            begun: now.plus_seconds(-self.absolute_seconds),
            asked: now.plus_seconds(-CODE_SECONDS),
        }
    }
}

/// Whether a user may act at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserState {
    /// Whether the user is disabled.
    pub disabled: bool,
    /// Whether the owner of the user's account is disabled.
    pub owner_disabled: bool,
}

impl UserState {
    /// Neither the user nor the owner of their account is disabled.
    #[must_use]
    pub fn is_active(self) -> bool {
        !self.disabled && !self.owner_disabled
    }
}

/// Whether a session that has not ended may change anything: its user has given every factor, and is active.
#[must_use]
pub fn stands(code_pending: bool, user: UserState) -> bool {
    !code_pending && user.is_active()
}

/// A user whose password was checked, as they are when the session begins.
#[derive(Clone)]
pub struct LoginFacts {
    /// Whether they may act.
    pub state: UserState,
    /// The hash of the password that is in force.
    pub password_hash: String,
    /// Whether a second factor is on.
    pub has_factor: bool,
}

impl LoginFacts {
    /// Whether a session may begin that waits for a code or does not. `verified` is the hash that the password was checked
    /// against: meanwhile the password may have been changed, and the second factor switched on or off. A session that
    /// begins without a password (an account just set up) has none.
    #[must_use]
    pub fn may_begin(&self, verified: Option<&str>, code_pending: bool) -> bool {
        let holds = |hash: &str| self.password_hash == hash && self.has_factor == code_pending;
        self.state.is_active() && verified.is_none_or(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ACTIVE: UserState = UserState { disabled: false, owner_disabled: false };
    const LIMITS: SessionLimits = SessionLimits { idle_seconds: 100, absolute_seconds: 2000 };

    fn second(n: i64) -> Micros {
        Micros(0).plus_seconds(n)
    }

    #[test]
    fn a_session_ends_by_idleness_by_age_and_by_waiting_for_its_code() {
        let is_over = |begun: i64, seen: i64, code_pending: bool| {
            let times = SessionTimes { created_at: second(begun), last_seen_at: second(seen), code_pending };
            LIMITS.is_over(&times, second(3000))
        };
        assert!(!is_over(1001, 2901, false));
        assert!(is_over(1001, 2900, false), "idle");
        assert!(is_over(1000, 3000, false), "old");
        assert!(!is_over(2401, 3000, true));
        assert!(is_over(2400, 3000, true), "its code never came");
    }

    #[test]
    fn a_session_stands_while_its_user_and_their_owner_do() {
        assert!(stands(false, ACTIVE));
        assert!(!stands(true, ACTIVE));
        assert!(!stands(false, UserState { disabled: true, ..ACTIVE }));
        assert!(!stands(false, UserState { owner_disabled: true, ..ACTIVE }));
    }

    #[test]
    fn a_login_holds_for_the_password_and_the_factor_that_were_checked() {
        let facts = |state, has_factor| LoginFacts { state, password_hash: "now".to_owned(), has_factor };
        assert!(facts(ACTIVE, false).may_begin(Some("now"), false));
        assert!(facts(ACTIVE, true).may_begin(Some("now"), true));
        assert!(!facts(ACTIVE, false).may_begin(Some("before"), false), "the password was changed");
        assert!(!facts(ACTIVE, true).may_begin(Some("now"), false), "a factor was switched on");
        assert!(!facts(ACTIVE, false).may_begin(Some("now"), true), "a factor was switched off");
        assert!(facts(ACTIVE, true).may_begin(None, false), "nothing was checked here");
        for state in [UserState { disabled: true, ..ACTIVE }, UserState { owner_disabled: true, ..ACTIVE }] {
            assert!(!facts(state, false).may_begin(Some("now"), false));
            assert!(!facts(state, false).may_begin(None, false));
        }
    }

    proptest! {
        #[test]
        fn what_the_sweep_removes_has_ended(
            created in 0_i64..4000, seen in 0_i64..4000, code_pending: bool, now in 4000_i64..8000,
        ) {
            let times = SessionTimes { created_at: second(created), last_seen_at: second(seen), code_pending };
            let bounds = LIMITS.bounds(second(now));
            let is_removed = times.last_seen_at < bounds.seen
                || times.created_at < bounds.begun
                || (code_pending && times.created_at < bounds.asked);
            prop_assert!(!is_removed || LIMITS.is_over(&times, second(now)));
            prop_assert!(is_removed || !LIMITS.is_over(&times, second(now - 1)));
        }
    }
}
