//! The operator's verbs: users and gateways. None of them sees or makes a customer's key.

mod gateways;
mod sub_users;

pub use gateways::new_gateway_token;

use super::{ChoiceError, Passwords, SetupLink, Whose};
use contract::Role;
use domain::ids::{UserNo, Username};
use domain::mail_address::MailAddress;
use domain::time::{Clock, Micros};
use domain::token::{Pepper, random_base62};
use domain::turns::{Claim, Lane};
use std::sync::Arc;
use store::{Action, Audit, GatewayRow, NewUser, Store, StoreError, UserRow};

/// Characters of a password that is made up for a user.
const MADE_UP: usize = 20;
const GATEWAY_SECRET: usize = 40;
const GATEWAY_NAME_LIMIT: usize = 64;

/// Why a verb was not carried out: one line for standard error, saying what to do.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// A name or password breaks a rule.
    #[error("{what} {why}; choose another")]
    Invalid {
        /// Which.
        what: &'static str,
        /// What is wrong.
        why: String,
    },
    /// The name is taken.
    #[error("a {kind} named {name} exists already; choose another name")]
    Taken {
        /// A user or a gateway.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// There is none of that name.
    #[error("there is no {kind} named {name}; `latchkey {kind} list` shows them")]
    Unknown {
        /// A user or a gateway.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// A sub-user cannot own sub-users.
    #[error("{0} is a sub-user and cannot own others; name the owner of the account")]
    NotAnOwner(String),
    /// An owner's role cannot be changed.
    #[error("{0} owns its account and always manages keys; only sub-users have a role")]
    AlwaysManages(String),
    /// There is no second factor to take away.
    #[error("two-factor login of {0} is off, so there is nothing to reset")]
    NoSecondFactor(String),
    /// The database is in trouble.
    #[error("{0}; the server's log says more")]
    Trouble(String),
}

impl From<StoreError> for OperatorError {
    fn from(error: StoreError) -> Self {
        Self::Trouble(error.to_string())
    }
}

/// A password as the operator gives it, or made up.
pub struct InitialPassword {
    /// Given on standard input; made up if absent.
    pub given: Option<String>,
}

/// The use cases of the operator.
pub struct Operator {
    /// Where users and gateways are kept.
    pub store: Arc<dyn Store>,
    /// The present.
    pub clock: Arc<dyn Clock>,
    /// How passwords are hashed.
    pub passwords: Passwords,
    /// Under which gateway tokens are hashed.
    pub pepper: Pepper,
    /// Closed when the first user is added.
    pub setup: SetupLink,
}

impl Operator {
    /// Adds an owner, or a sub-user of `owner`, that manages keys; answers the password if it was made up.
    ///
    /// # Errors
    /// A name breaks a rule, is taken, or the owner is unknown.
    pub async fn add_user(
        &self,
        name: &str,
        owner: Option<&str>,
        email: Option<String>,
        password: InitialPassword,
    ) -> Result<Option<String>, OperatorError> {
        self.add_user_with_role(name, owner, Role::ManagesKeys, email, password).await
    }

    /// The same in another role.
    ///
    /// # Errors
    /// As above, or an owner was to read only.
    pub async fn add_user_with_role(
        &self,
        name: &str,
        owner: Option<&str>,
        role: Role,
        email: Option<String>,
        password: InitialPassword,
    ) -> Result<Option<String>, OperatorError> {
        let (owner, username, email) = self.check_new_user(name, owner, role, email).await?;
        let whose =
            Whose { username: username.as_str(), email: email.as_deref(), present: None, claim: claim() };
        let (password_hash, made_up) = self.hash(password, &whose).await?;
        let at = self.clock.now();
        let user = NewUser {
            owner,
            username: username.clone(),
            email,
            email_confirmed: true,
            role,
            password_hash,
            at,
        };
        match self.store.insert_user(user, audit(at, Action::UserAdded, None, name)).await {
            Ok(_) => {
                self.setup.close();
                Ok(made_up)
            }
            Err(StoreError::Conflict) => {
                Err(OperatorError::Taken { kind: "user", name: username.to_string() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// What a new user would be, if it may be added: a secret is printed before that is done.
    ///
    /// # Errors
    /// As above.
    pub async fn check_new_user(
        &self,
        name: &str,
        owner: Option<&str>,
        role: Role,
        email: Option<String>,
    ) -> Result<(Option<UserNo>, Username, Option<String>), OperatorError> {
        if owner.is_none() && role == Role::ReadsOnly {
            return Err(OperatorError::AlwaysManages(name.to_owned()));
        }
        let username = parse_name(name)?;
        let email = email.as_deref().map(parse_email).transpose()?.map(|email| email.to_string());
        let owner = match owner {
            Some(owner) => Some(self.find_owner(owner).await?),
            None => None,
        };
        if self.store.find_user(&username).await?.is_some() {
            return Err(OperatorError::Taken { kind: "user", name: username.to_string() });
        }
        Ok((owner, username, email))
    }

    /// All users, by name.
    ///
    /// # Errors
    /// The database is in trouble.
    pub async fn list_users(&self) -> Result<Vec<UserRow>, OperatorError> {
        Ok(self.store.list_users().await?)
    }

    /// Disables or enables a user; its keys follow at the next request, its sessions end. Answers the user as it
    /// was before.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn set_user_disabled(&self, name: &str, disabled: bool) -> Result<UserRow, OperatorError> {
        let user = self.find_user(name).await?;
        let action = if disabled { Action::UserDisabled } else { Action::UserEnabled };
        let audit = audit(self.clock.now(), action, Some(user.no), name);
        self.store.set_user_disabled(user.no, disabled, audit).await?;
        Ok(user)
    }

    /// Sets a new password and ends the user's sessions; answers the password if it was made up.
    ///
    /// # Errors
    /// There is no such user, or the password breaks a rule.
    pub async fn reset_password(
        &self,
        name: &str,
        password: InitialPassword,
    ) -> Result<Option<String>, OperatorError> {
        let user = self.find_user(name).await?;
        let whose = Whose {
            username: user.username.as_str(),
            email: user.email.as_deref(),
            present: Some(&user.password_hash),
            claim: claim(),
        };
        let (hash, made_up) = self.hash(password, &whose).await?;
        let audit = audit(self.clock.now(), Action::PasswordReset, Some(user.no), name);
        self.store.set_password(user.no, hash, audit).await?;
        Ok(made_up)
    }

    /// Takes the second factor and the recovery codes of a user away, and ends its sessions. Answers how many of
    /// both there were.
    ///
    /// # Errors
    /// There is no such user, or its second factor is off.
    pub async fn reset_two_factor(&self, name: &str) -> Result<(u64, u64), OperatorError> {
        let user = self.find_user(name).await?;
        if user.totp.is_none() {
            return Err(OperatorError::NoSecondFactor(name.to_owned()));
        }
        let codes = self.store.count_recovery_codes(user.no).await?;
        let sessions = self.count_sessions(user.no).await?;
        let audit = audit(self.clock.now(), Action::TwoFactorReset, Some(user.no), name);
        self.store.reset_factor(user.no, audit).await?;
        Ok((codes, sessions))
    }

    /// How many sessions a user has, those among them that nobody has used for long.
    async fn count_sessions(&self, user: UserNo) -> Result<u64, OperatorError> {
        let always = Micros(i64::MIN);
        Ok(self.store.list_user_sessions(user, always, always, u32::MAX).await?.len() as u64)
    }

    /// Finds a user by name.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn find_user(&self, name: &str) -> Result<UserRow, OperatorError> {
        let unknown = || OperatorError::Unknown { kind: "user", name: name.to_owned() };
        let username = Username::parse(name).map_err(|_| unknown())?;
        self.store.find_user(&username).await?.ok_or_else(unknown)
    }

    async fn find_owner(&self, name: &str) -> Result<UserNo, OperatorError> {
        let owner = self.find_user(name).await?;
        match owner.owner {
            Some(_) => Err(OperatorError::NotAnOwner(name.to_owned())),
            None => Ok(owner.no),
        }
    }

    async fn hash(
        &self,
        password: InitialPassword,
        whose: &Whose<'_>,
    ) -> Result<(String, Option<String>), OperatorError> {
        let trouble = |e: &dyn std::fmt::Display| OperatorError::Trouble(e.to_string());
        let (text, made_up) = match password.given {
            Some(text) => (text, None),
            None => {
                let text = new_password()?;
                (text.clone(), Some(text))
            }
        };
        let password = self.passwords.choose(text, whose).await.map_err(|error| match error {
            ChoiceError::Refused(why) => {
                OperatorError::Invalid { what: "the password", why: why.to_string() }
            }
            ChoiceError::Trouble(error) => trouble(&error),
        })?;
        Ok((self.passwords.hash(password, &whose.claim).await.map_err(|e| trouble(&e))?, made_up))
    }
}

/// A password that nobody has yet.
///
/// # Errors
/// The system's generator failed.
pub fn new_password() -> Result<String, OperatorError> {
    random(MADE_UP)
}

fn random(length: usize) -> Result<String, OperatorError> {
    let text = random_base62(length).map_err(|e| OperatorError::Trouble(e.to_string()))?;
    Ok(text.to_string())
}

/// The operator's turns of hashing are a source of their own.
fn claim() -> Claim {
    Claim { lane: Lane::Operator, user: None }
}

fn parse_name(name: &str) -> Result<Username, OperatorError> {
    Username::choose(name).map_err(|e| OperatorError::Invalid { what: "the username", why: e.to_string() })
}

fn parse_email(email: &str) -> Result<MailAddress, OperatorError> {
    MailAddress::parse(email)
        .map_err(|e| OperatorError::Invalid { what: "the mail address", why: e.to_string() })
}

fn audit(at: Micros, action: Action, user: Option<UserNo>, detail: &str) -> Audit {
    let (actor, detail) = ("operator".to_owned(), detail.to_owned());
    Audit { at, action, actor, user, address: None, detail, session: None }
}
