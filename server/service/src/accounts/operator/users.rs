//! The operator's verbs around users.

use super::{Operator, OperatorError, audit, random};
use crate::accounts::{ChoiceError, PasswordContext};
use contract::Role;
use domain::ids::{UserNumber, Username};
use domain::mail_address::MailAddress;
use domain::time::Micros;
use domain::turns::{Claim, Lane};
use store::{Action, NewUser, StoreError, UserRow};
use zeroize::Zeroizing;

/// Characters of a password that is drawn for a user.
const DRAWN: usize = 20;

/// A user who is to be added, as the operator names them.
#[derive(Clone, Copy, Default)]
pub struct NewUserRequest<'a> {
    /// Their username.
    pub name: &'a str,
    /// The owner whose account a sub-user joins.
    pub owner: Option<&'a str>,
    /// Whether a sub-user only reads.
    pub reads_only: bool,
    /// Their mail address.
    pub email: Option<&'a str>,
}

impl Operator {
    /// Adds an owner or a sub-user with this password.
    pub async fn add_user(
        &self,
        user: NewUserRequest<'_>,
        password: impl Into<Zeroizing<String>>,
    ) -> Result<(), OperatorError> {
        let (owner, username, email) = self.check_new_user(user).await?;
        let context = PasswordContext {
            username: username.as_str(),
            email: email.as_deref(),
            present: None,
            claim: Claim { lane: Lane::Operator, user: None },
        };
        let password_hash = self.hash(password.into(), &context).await?;
        let at = self.clock.now();
        let new = NewUser {
            owner,
            username: username.clone(),
            email,
            email_confirmed: true,
            role: Role::of(user.reads_only),
            password_hash,
            at,
        };
        match self.store.insert_user(new, audit(at, Action::UserAdded, None, user.name)).await {
            Err(StoreError::Conflict) => Err(taken(&username)),
            Err(error) => Err(error.into()),
            Ok(_) => {
                self.setup.close();
                Ok(())
            }
        }
    }

    /// Returns owner, name and address of a new user, if they may be added. Their password is printed after this check
    /// and before they are added.
    pub async fn check_new_user(
        &self,
        user: NewUserRequest<'_>,
    ) -> Result<(Option<UserNumber>, Username, Option<String>), OperatorError> {
        if user.owner.is_none() && user.reads_only {
            return Err(OperatorError::AlwaysManages(user.name.to_owned()));
        }
        let username = Username::choose(user.name).map_err(|error| invalid("the username", &error))?;
        let email = user.email.map(MailAddress::parse).transpose();
        let email =
            email.map_err(|error| invalid("the mail address", &error))?.map(|email| email.to_string());
        let owner = match user.owner {
            Some(owner) => Some(self.find_owner(owner).await?),
            None => None,
        };
        if self.store.find_user(&username).await?.is_some() {
            return Err(taken(&username));
        }
        Ok((owner, username, email))
    }

    /// All users, by name.
    pub async fn list_users(&self) -> Result<Vec<UserRow>, OperatorError> {
        Ok(self.store.list_users().await?)
    }

    /// Disables or enables a user. Their keys follow at the next request, and their sessions end. Returns the user as
    /// they were before.
    pub async fn set_user_disabled(&self, name: &str, disabled: bool) -> Result<UserRow, OperatorError> {
        let user = self.find_user(name).await?;
        let action = if disabled { Action::UserDisabled } else { Action::UserEnabled };
        let audit = audit(self.clock.now(), action, Some(user.number), name);
        self.store.set_user_disabled(user.number, disabled, audit).await?;
        Ok(user)
    }

    /// Sets a new password and ends the user's sessions.
    pub async fn reset_password(
        &self,
        name: &str,
        password: impl Into<Zeroizing<String>>,
    ) -> Result<(), OperatorError> {
        let user = self.find_user(name).await?;
        let context = PasswordContext {
            username: user.username.as_str(),
            email: user.email.as_deref(),
            present: Some(&user.password_hash),
            claim: Claim { lane: Lane::Operator, user: None },
        };
        let hash = self.hash(password.into(), &context).await?;
        let audit = audit(self.clock.now(), Action::PasswordReset, Some(user.number), name);
        Ok(self.store.set_password(user.number, hash, audit).await?)
    }

    /// Removes the second factor and the recovery codes of a user, and ends their sessions. Returns how many codes and
    /// sessions there were.
    pub async fn reset_two_factor(&self, name: &str) -> Result<(u64, u64), OperatorError> {
        let user = self.find_user(name).await?;
        if user.totp.is_none() {
            return Err(OperatorError::NoSecondFactor(name.to_owned()));
        }
        let codes = self.store.count_recovery_codes(user.number).await?;
        let sessions = self.count_sessions(user.number).await?;
        let audit = audit(self.clock.now(), Action::TwoFactorReset, Some(user.number), name);
        self.store.reset_factor(user.number, audit).await?;
        Ok((codes, sessions))
    }

    /// Lets a sub-user manage keys, or only read. Returns their role before.
    pub async fn set_role(&self, name: &str, role: Role) -> Result<Role, OperatorError> {
        let user = self.find_user(name).await?;
        if user.owner.is_none() {
            return Err(OperatorError::AlwaysManages(name.to_owned()));
        }
        let audit = audit(self.clock.now(), Action::RoleChanged, Some(user.number), role.name());
        self.store.set_role(user.number, role, audit).await?;
        Ok(user.role)
    }

    /// Ends all sessions of a user. Returns how many there were.
    pub async fn end_sessions(&self, name: &str) -> Result<u64, OperatorError> {
        let user = self.find_user(name).await?;
        let sessions = self.count_sessions(user.number).await?;
        let audit = audit(self.clock.now(), Action::SessionsEnded, Some(user.number), "");
        self.store.end_sessions(user.number, audit).await?;
        Ok(sessions)
    }

    /// Finds a user by name.
    pub async fn find_user(&self, name: &str) -> Result<UserRow, OperatorError> {
        let unknown = || OperatorError::Unknown { kind: "user", name: name.to_owned() };
        let username = Username::parse(name).map_err(|_| unknown())?;
        self.store.find_user(&username).await?.ok_or_else(unknown)
    }

    async fn find_owner(&self, name: &str) -> Result<UserNumber, OperatorError> {
        let owner = self.find_user(name).await?;
        match owner.owner {
            Some(_) => Err(OperatorError::NotAnOwner(name.to_owned())),
            None => Ok(owner.number),
        }
    }

    /// How many sessions a user has, idle ones included.
    async fn count_sessions(&self, user: UserNumber) -> Result<u64, OperatorError> {
        let always = Micros(i64::MIN);
        Ok(self.store.list_user_sessions(user, always, always, u32::MAX).await?.len() as u64)
    }

    async fn hash(
        &self,
        password: Zeroizing<String>,
        context: &PasswordContext<'_>,
    ) -> Result<String, OperatorError> {
        let chosen = self.passwords.choose(password, context).await.map_err(|error| match error {
            ChoiceError::Refused(why) => invalid("the password", &why),
            ChoiceError::Trouble(error) => OperatorError::Trouble(error.to_string()),
        })?;
        let hash = self.passwords.hash(chosen, &context.claim).await;
        hash.map_err(|error| OperatorError::Trouble(error.to_string()))
    }
}

/// A password that nobody has yet.
pub fn new_password() -> Result<String, OperatorError> {
    random(DRAWN)
}

fn invalid(what: &'static str, why: &dyn std::fmt::Display) -> OperatorError {
    OperatorError::Invalid { what, why: why.to_string() }
}

fn taken(username: &Username) -> OperatorError {
    OperatorError::Taken { kind: "user", name: username.to_string() }
}
