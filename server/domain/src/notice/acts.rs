//! Which users hear of what is done to an account. The audit log is the source: each of its lines is judged here.

use crate::act::Action;
use contract::Cause;

/// An act, as far as it decides who hears of it.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// What was done.
    pub action: Action,
    /// The name of the one who did it: a username, or `operator`.
    pub actor: &'a str,
    /// Whether a logged-in user did it. The operator's shell and links in letters act without a session.
    pub by_session: bool,
    /// Whether a program did it, with a key of that user that manages keys.
    pub by_key: bool,
    /// Whether a program did it to the very key that it showed. That takes no permission: whoever holds the key can.
    pub by_itself: bool,
    /// Whether it came over the network. The operator's shell does not.
    pub from_network: bool,
}

/// A user who may be told of an act.
#[derive(Clone, Copy, Debug)]
pub struct Listener<'a> {
    /// Their name.
    pub username: &'a str,
    /// Whether the act was done to this user, and not to another user's key or to a sub-user.
    pub is_concerned: bool,
    /// From where they logged in before.
    pub logins: Logins,
}

/// From where a user logged in before an act.
#[derive(Clone, Copy, Debug)]
pub struct Logins {
    /// From anywhere.
    pub any: bool,
    /// From the address that the act came from.
    pub from_there: bool,
}

/// How a user is told of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Whether it counts as read from the beginning.
    pub is_read: bool,
    /// Whether it says who did it.
    pub names_actor: bool,
}

impl Act<'_> {
    /// The cause by which users are told of it; `None` if nobody is.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        Some(match self.action {
            Action::KeyGenerated => Cause::KeyGenerated,
            Action::KeyShown => Cause::KeyShown,
            Action::KeyDeleted => Cause::KeyDeleted,
            Action::KeyRotated | Action::OldTokenEnded => Cause::KeyRotated,
            Action::KeyRenamed | Action::KeyPaused | Action::KeyResumed | Action::KeyExpirySet => {
                Cause::KeyChanged
            }
            Action::AddressAdded | Action::AddressRemoved | Action::LockWidthSet | Action::LockReleased => {
                Cause::AddressesChanged
            }
            Action::Login => Cause::NewLogin,
            Action::ApplicationApproved => Cause::ApplicationApproved,
            Action::PasswordReset
            | Action::PasswordChanged
            | Action::PasswordSetByLink
            | Action::TwoFactorOn
            | Action::TwoFactorOff
            | Action::TwoFactorReset
            | Action::RecoveryCodesMade
            | Action::RecoveryCodeUsed
            | Action::EmailChanged
            | Action::EmailConfirmed
            | Action::EmailRemoved
            | Action::RoleChanged
            | Action::SubUserInvited
            | Action::SubUserRemoved
            | Action::EmailEntered
            | Action::WebhookAdded
            | Action::WebhookChanged
            | Action::WebhookRemoved => Cause::AccountChanged,
            // In the pages it may be somebody else's doing. The operator knows what they did, and a person who follows the
            // link of a letter has read it.
            Action::UserEnabled | Action::NoticesChosen if self.by_session => Cause::AccountChanged,
            Action::UserAdded
            | Action::KeysImported
            | Action::UserDisabled
            | Action::UserEnabled
            | Action::LoginFailed
            | Action::PasswordAccepted
            | Action::Logout
            | Action::SessionEnded
            | Action::SessionsEnded
            | Action::InvitationWithdrawn
            | Action::InvitationAccepted
            | Action::PasswordLinkSent
            | Action::AddressIgnored
            | Action::NoticesChosen
            | Action::GatewayAdded
            | Action::GatewayRemoved
            | Action::ApplicationRefused => return None,
        })
    }

    /// Whether the owner of the account is told as well. Of what an owner does to their sub-user, because their session may be
    /// in other hands; of an application that has a key of the account, whoever let it in; of a key that the operator revoked.
    #[must_use]
    pub fn is_told_to_its_owner(&self) -> bool {
        match self.action {
            Action::UserEnabled | Action::RoleChanged => self.by_session,
            Action::ApplicationApproved => true,
            Action::KeyDeleted => self.is_by_operator(),
            _ => false,
        }
    }

    /// Whether what the owner of the account is told begins with whom it concerns. A key's notice names its user already.
    #[must_use]
    pub fn names_whom_it_concerns(&self) -> bool {
        self.action != Action::KeyDeleted
    }

    /// Whether it was done in the operator's shell. A user may bear the operator's name.
    fn is_by_operator(&self) -> bool {
        let by_user = self.by_session || self.by_key || self.by_itself || self.from_network;
        self.actor == "operator" && !by_user
    }

    /// Whether webhooks are told. They are not told of themselves: a thief who changed one would only be told by it.
    #[must_use]
    pub fn is_told_to_webhooks(&self) -> bool {
        !matches!(self.action, Action::WebhookAdded | Action::WebhookChanged | Action::WebhookRemoved)
    }

    /// How a user is told; `None` if they are not.
    #[must_use]
    pub fn telling(&self, listener: &Listener) -> Option<Telling> {
        let cause = self.cause()?;
        let logins = listener.logins;
        // The first login of all has nothing to differ from.
        if cause == Cause::NewLogin && (logins.from_there || !logins.any) {
            return None;
        }
        let is_own = listener.is_concerned && self.actor == listener.username && self.from_network;
        // Users know what they do themselves. From an address that never logged in, or is unknown, it may be somebody else.
        // Their programs run elsewhere, and where their keys pass is ruled by the keys. Whoever was talked into letting an
        // application in did that themselves, too, and what a key does to itself may be a thief's doing, wherever it is done.
        let is_always_unread =
            self.by_itself || matches!(cause, Cause::NewLogin | Cause::ApplicationApproved);
        let is_read = !is_always_unread && is_own && (logins.from_there || self.by_key);
        Some(Telling { is_read, names_actor: !is_own })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Logins = Logins { any: true, from_there: true };
    const ELSEWHERE: Logins = Logins { any: true, from_there: false };

    fn in_pages(action: Action) -> Act<'static> {
        Act { action, actor: "demo", by_session: true, by_key: false, by_itself: false, from_network: true }
    }

    fn demo(logins: Logins) -> Listener<'static> {
        Listener { username: "demo", is_concerned: true, logins }
    }

    #[test]
    fn what_users_do_themselves_from_a_known_address_is_read_already() {
        let told = |logins| in_pages(Action::KeyDeleted).telling(&demo(logins));
        assert_eq!(told(KNOWN), Some(Telling { is_read: true, names_actor: false }));
        assert_eq!(told(ELSEWHERE), Some(Telling { is_read: false, names_actor: false }));
        let by_program = Act { by_session: false, by_key: true, ..in_pages(Action::KeyDeleted) };
        assert_eq!(by_program.telling(&demo(ELSEWHERE)), Some(Telling { is_read: true, names_actor: false }));
    }

    #[test]
    fn what_a_key_does_to_itself_is_never_read_already() {
        let by_itself = Act { by_session: false, by_itself: true, ..in_pages(Action::AddressAdded) };
        for logins in [KNOWN, ELSEWHERE] {
            assert_eq!(
                by_itself.telling(&demo(logins)),
                Some(Telling { is_read: false, names_actor: false })
            );
        }
    }

    #[test]
    fn what_others_do_is_unread_and_names_them() {
        let by_other = Some(Telling { is_read: false, names_actor: true });
        let act = in_pages(Action::KeyDeleted);
        assert_eq!(act.telling(&Listener { username: "owner", ..demo(KNOWN) }), by_other);
        assert_eq!(act.telling(&Listener { is_concerned: false, ..demo(KNOWN) }), by_other);
        let operator = Act { actor: "operator", by_session: false, from_network: false, ..act };
        assert_eq!(operator.telling(&demo(KNOWN)), by_other);
        assert!(operator.is_told_to_its_owner() && !act.is_told_to_its_owner());
        assert!(!Act { from_network: true, ..operator }.is_told_to_its_owner(), "a user of that name");
        let of_that_name = Listener { username: "operator", ..demo(KNOWN) };
        assert_eq!(operator.telling(&of_that_name), by_other, "a user may bear the operator's name");
    }

    #[test]
    fn a_login_is_told_if_it_differs_from_those_before() {
        let told = |any, from_there| in_pages(Action::Login).telling(&demo(Logins { any, from_there }));
        assert_eq!(told(false, false), None, "the first of all");
        assert_eq!(told(true, true), None);
        assert_eq!(told(true, false), Some(Telling { is_read: false, names_actor: false }));
    }

    #[test]
    fn enabling_and_choosing_are_told_where_a_session_did_it() {
        for action in [Action::UserEnabled, Action::NoticesChosen] {
            assert_eq!(in_pages(action).cause(), Some(Cause::AccountChanged));
            assert_eq!(Act { by_session: false, ..in_pages(action) }.cause(), None);
        }
        assert!(in_pages(Action::UserEnabled).is_told_to_its_owner());
        assert!(in_pages(Action::RoleChanged).is_told_to_its_owner());
        assert!(!in_pages(Action::KeyDeleted).is_told_to_its_owner());
        assert!(!Act { by_session: false, ..in_pages(Action::RoleChanged) }.is_told_to_its_owner());
    }

    #[test]
    fn an_approved_application_is_news_to_those_too_who_let_it_in() {
        let act = in_pages(Action::ApplicationApproved);
        assert_eq!(act.telling(&demo(KNOWN)), Some(Telling { is_read: false, names_actor: false }));
        assert!(act.is_told_to_its_owner() && act.is_told_to_webhooks());
        let by_program = Act { by_session: false, by_key: true, ..act };
        assert_eq!(by_program.telling(&demo(KNOWN)), Some(Telling { is_read: false, names_actor: false }));
        assert!(by_program.is_told_to_its_owner());
        assert_eq!(in_pages(Action::ApplicationRefused).cause(), None);
    }

    #[test]
    fn webhooks_are_not_told_of_themselves() {
        for action in [Action::WebhookAdded, Action::WebhookChanged, Action::WebhookRemoved] {
            assert_eq!(in_pages(action).cause(), Some(Cause::AccountChanged));
            assert!(!in_pages(action).is_told_to_webhooks());
        }
        assert!(in_pages(Action::EmailChanged).is_told_to_webhooks());
    }

    #[test]
    fn what_happens_all_day_is_told_to_nobody() {
        for action in [Action::Logout, Action::LoginFailed, Action::SessionEnded, Action::AddressIgnored] {
            assert_eq!(in_pages(action).cause(), None);
            assert_eq!(in_pages(action).telling(&demo(ELSEWHERE)), None);
        }
    }
}
