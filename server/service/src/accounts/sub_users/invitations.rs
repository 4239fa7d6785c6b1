//! Invitations: links that make somebody a sub-user, once and within three days.

use super::SubUsers;
use crate::accounts::setup::parse_username;
use crate::accounts::visitor::audit_line;
use crate::accounts::{
    Actor, NO_RANDOMNESS, PasswordContext, Proved, SessionToken, Visit, store_trouble, unavailable,
};
use crate::mail::Letter;
use contract::{Field, FieldError, Language, Problem, Refusal, Role};
use domain::ids::Username;
use domain::mail_address::MailAddress;
use domain::token::random_base62;
use domain::turns::{Claim, Lane};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use store::{Acceptance, Action, Audit, InvitationHash, InvitationRow, NewInvitation, NewMail, StoreError};
use zeroize::Zeroizing;

/// Seconds for which a link is open.
const OPEN_SECONDS: i64 = 3 * 24 * 3600;
/// Open invitations per account.
const OPEN_MOST: u32 = 100;
/// Characters of a secret: 256 bits.
const SECRET: usize = 43;

/// The secret of an invitation's link.
pub struct InvitationToken(SecretString);

impl InvitationToken {
    fn generate() -> Result<Self, Refusal> {
        let secret = random_base62(SECRET).map_err(unavailable(NO_RANDOMNESS))?;
        Ok(Self(secret.to_string().into()))
    }

    /// Reads the secret in a link; what cannot be one never reaches the store.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.len() == SECRET && text.chars().all(|c| c.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned().into()))
    }

    /// Under what it is stored.
    pub fn hash(&self) -> InvitationHash {
        InvitationHash(Sha256::digest(self.0.expose_secret().as_bytes()).into())
    }
}

/// The person who is to be invited, as the owner entered it.
pub struct Invitee {
    /// The name of the new sub-user.
    pub username: String,
    /// Their mail address; empty: none.
    pub email: String,
    /// What they may do with their keys.
    pub role: Role,
}

/// An invitation that is to be kept.
struct Drawn {
    invitation: NewInvitation,
    mail: Option<NewMail>,
    audit: Audit,
    link: SecretString,
}

impl SubUsers {
    /// Invites somebody to become a sub-user, and returns the link. It also goes by mail, where mail is set up and an
    /// address was entered.
    pub async fn invite_sub_user(
        &self,
        actor: &Proved<'_>,
        invitee: Invitee,
        language: Language,
    ) -> Result<SecretString, Refusal> {
        // Whoever owns no account learns nothing of what is wrong with a name.
        actor.owned_account()?;
        let (username, email) = parse(&invitee)?;
        let drawn = self.draw(actor, username, email, invitee.role, language)?;
        let Drawn { invitation, mail, audit, link } = drawn;
        let kept = self.store.insert_invitation(invitation, OPEN_MOST, mail, audit).await;
        kept.map_err(|error| match error {
            StoreError::Conflict => Refusal::field(Field::Username, Problem::Taken),
            StoreError::LimitReached => Refusal::field(Field::Form, Problem::TooMany { limit: OPEN_MOST }),
            error => store_trouble(error),
        })?;
        Ok(link)
    }

    /// Gives an open invitation another link, which is open for as long as the first one was, and returns it. The link before
    /// is closed.
    ///
    /// # Errors
    /// `NotFound`: the actor has no such invitation.
    pub async fn renew_invitation(
        &self,
        actor: &Proved<'_>,
        username: &str,
        language: Language,
    ) -> Result<SecretString, Refusal> {
        let owner = actor.owned_account()?;
        let username = Username::parse(username).map_err(|_| Refusal::NotFound)?;
        let rows = self.store.list_invitations(owner, self.clock.now()).await.map_err(store_trouble)?;
        let open = rows.into_iter().find(|row| row.username.folded() == username.folded());
        let InvitationRow { username, email, role, .. } = open.ok_or(Refusal::NotFound)?;
        let email = email.and_then(|email| MailAddress::parse(&email).ok());
        let Drawn { invitation, mail, audit, link } = self.draw(actor, username, email, role, language)?;
        self.store.renew_invitation(invitation, mail, audit).await.map_err(store_trouble)?;
        Ok(link)
    }

    /// An invitation with a new secret, its letter and its line.
    fn draw(
        &self,
        actor: &Actor,
        username: Username,
        email: Option<MailAddress>,
        role: Role,
        language: Language,
    ) -> Result<Drawn, Refusal> {
        let owner = actor.owned_account()?;
        let token = InvitationToken::generate()?;
        let link = format!("{}/invitation?token={}", self.origin, token.0.expose_secret());
        let at = self.clock.now();
        let mail = match email.clone().filter(|_| self.mail_is_on) {
            Some(to) => {
                self.throttle.charge(actor.user, &to, self.clock.steady())?;
                let (owner, username) = (actor.username.to_string(), username.to_string());
                let to = to.to_string();
                let letter = Letter::Invitation { to, language, owner, username, link: link.clone() };
                Some(NewMail { user: None, payload: self.seal(&letter)?, due_at: at })
            }
            None => None,
        };
        let audit = actor.audit(at, Action::SubUserInvited, username.as_str());
        let (hash, expires_at) = (token.hash(), at.plus_seconds(OPEN_SECONDS));
        let email = email.map(|email| email.to_string());
        let invitation = NewInvitation { hash, owner, username, email, role, at, expires_at };
        Ok(Drawn { invitation, mail, audit, link: link.into() })
    }

    /// Withdraws an open invitation, which closes its link.
    pub async fn withdraw_invitation(&self, actor: &Actor, username: &str) -> Result<(), Refusal> {
        let owner = actor.owned_account()?;
        let username = Username::parse(username).map_err(|_| Refusal::NotFound)?;
        let audit = actor.audit(self.clock.now(), Action::InvitationWithdrawn, username.as_str());
        self.store.delete_invitation(owner, &username, audit).await.map_err(store_trouble)
    }

    /// The open invitation with this secret, for whoever holds the link.
    pub async fn find_invitation(&self, secret: &str) -> Result<InvitationRow, Refusal> {
        let token = InvitationToken::parse(secret).ok_or(Refusal::NotFound)?;
        let found = self.store.find_invitation(token.hash(), self.clock.now()).await;
        found.map_err(store_trouble)?.ok_or(Refusal::NotFound)
    }

    /// Makes the invited sub-user with this password, closes the link, and begins a session.
    pub async fn accept_invitation(
        &self,
        secret: &str,
        password: Zeroizing<String>,
        visit: &Visit,
    ) -> Result<SessionToken, Refusal> {
        let token = InvitationToken::parse(secret).ok_or(Refusal::NotFound)?;
        let invitation = self.find_invitation(secret).await?;
        let username = invitation.username;
        let context = PasswordContext {
            username: username.as_str(),
            email: invitation.email.as_deref(),
            present: None,
            claim: Claim { lane: Lane::of(visit.address), user: None },
        };
        let password_hash = self.accounts.hash_chosen(Field::Password, password, &context).await?;
        let at = self.clock.now();
        let line = |action, detail: &str, user| Audit {
            detail: detail.to_owned(),
            ..audit_line(at, action, username.as_str(), user, visit.address)
        };
        let acceptance = Acceptance {
            hash: token.hash(),
            password_hash,
            added: line(Action::UserAdded, "by invitation", None),
            accepted: line(Action::InvitationAccepted, username.as_str(), Some(invitation.owner)),
        };
        let user = self.store.accept_invitation(acceptance).await.map_err(|error| match error {
            // Somebody else got the name meanwhile, so the link is worth nothing any more.
            StoreError::Conflict => Refusal::NotFound,
            error => store_trouble(error),
        })?;
        self.accounts.begin_session(user, &username, visit, at).await
    }

    pub(super) fn seal(&self, letter: &Letter) -> Result<Vec<u8>, Refusal> {
        letter.seal(&self.sealing).map_err(unavailable("a letter could not be sealed"))
    }
}

/// Checks both fields, so that each problem is told at once.
fn parse(invitee: &Invitee) -> Result<(Username, Option<MailAddress>), Refusal> {
    let username = parse_username(&invitee.username);
    let email = match invitee.email.trim() {
        "" => Ok(None),
        email => MailAddress::parse(email)
            .map(Some)
            .map_err(|_| FieldError { field: Field::Email, problem: Problem::NotAMailAddress }),
    };
    Refusal::join(username, email)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_secrets_of_the_right_form_are_looked_up() {
        let token = InvitationToken::generate().unwrap();
        let text = token.0.expose_secret();
        assert!(InvitationToken::parse(text).is_some_and(|t| t.hash() == token.hash()));
        for bad in ["", "x", &text[1..], &"é".repeat(21), &format!("{text}a"), &text.replace(&text[..1], "-")]
        {
            assert!(InvitationToken::parse(bad).is_none(), "{bad}");
        }
    }
}
