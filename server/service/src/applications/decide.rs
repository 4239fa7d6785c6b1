//! A customer types the code of an application, looks at who asks, and decides.

use super::Applications;
use crate::accounts::{Actor, KeyManager, Proved, store_trouble};
use crate::keys::{AskedKey, Grant};
use contract::{Field, KeyType, Problem, Refusal, Role, Whose};
use domain::application::{DeviceCode, UserCode};
use domain::client_address::ClientAddress;
use domain::ids::Username;
use store::{Action, Guesser, StoreError, Tried, WaitingApplication};

/// The most users that a page offers to choose from.
const OFFERED: u32 = 200;

/// The users that may own the key.
pub struct Owners {
    /// Some, the actor first.
    pub names: Vec<Username>,
    /// Whether there may be more.
    pub are_more: bool,
}

/// An application that waits, as a customer looks at it.
pub struct LookedAt {
    /// The application.
    pub application: WaitingApplication,
    /// Whose address it asked from.
    pub whose: Whose,
    /// Who may own its key.
    pub owners: Owners,
}

/// An application that was decided about.
#[derive(Clone, Debug, PartialEq)]
pub struct Decided {
    /// How it calls itself.
    pub name: String,
    /// Where its user may go back to.
    pub return_url: Option<String>,
    /// Whether it was let in.
    pub approved: bool,
}

fn unknown_code() -> Refusal {
    Refusal::field(Field::UserCode, Problem::UnknownUserCode)
}

impl Applications {
    /// Checks the code that a customer typed. A wrong one is counted.
    ///
    /// # Errors
    /// It is no code, no application waits with it, or too many were wrong.
    pub async fn try_code(&self, actor: KeyManager<'_>, typed: &str) -> Result<UserCode, Refusal> {
        self.find_by_code(actor, typed).await.map(|(code, _)| code)
    }

    async fn find_by_code(
        &self,
        actor: KeyManager<'_>,
        typed: &str,
    ) -> Result<(UserCode, WaitingApplication), Refusal> {
        if typed.trim().is_empty() {
            return Err(Refusal::field(Field::UserCode, Problem::Empty));
        }
        let code = UserCode::parse(typed);
        let code = code.ok_or_else(|| Refusal::field(Field::UserCode, Problem::NotAUserCode))?;
        let session = actor.session()?.number;
        let guesser = Guesser { session, address: actor.address, at: self.clock.now() };
        match self.store.try_user_code(code.hash(&self.pepper), guesser).await.map_err(store_trouble)? {
            Tried::Found(application) => Ok((code, application)),
            Tried::Unknown => Err(unknown_code()),
            Tried::TooMany { retry_after_seconds } => Err(Refusal::Throttled { retry_after_seconds }),
        }
    }

    /// What a customer sees of an application whose code they typed before; `None` if it does not wait any more.
    ///
    /// # Errors
    /// The store is in trouble.
    pub async fn look(&self, actor: &Actor, code: UserCode) -> Result<Option<LookedAt>, Refusal> {
        let found = self.store.find_application(code.hash(&self.pepper), self.clock.now()).await;
        let Some(application) = found.map_err(store_trouble)? else { return Ok(None) };
        let whose = self.whose(actor, application.asked_from).await?;
        Ok(Some(LookedAt { whose, owners: self.owners(actor).await?, application }))
    }

    async fn whose(&self, actor: &Actor, from: ClientAddress) -> Result<Whose, Refusal> {
        let Some(address) = from.known() else { return Ok(Whose::Unknown) };
        if actor.address.known().is_some_and(|here| here.source() == address.source()) {
            return Ok(Whose::Here);
        }
        let is_known = self.store.is_address_of_keys(actor.scope(), address).await.map_err(store_trouble)?;
        Ok(if is_known { Whose::OfKeys } else { Whose::Elsewhere })
    }

    async fn owners(&self, actor: &Actor) -> Result<Owners, Refusal> {
        let mut names = vec![actor.username.clone()];
        let Ok(account) = actor.owned_account() else { return Ok(Owners { names, are_more: false }) };
        let rows = self.store.list_sub_users(account, 0, OFFERED + 1).await.map_err(store_trouble)?;
        let are_more = rows.len() > OFFERED as usize;
        let able = rows.into_iter().filter(|row| !row.disabled && row.role == Role::ManagesKeys);
        names.extend(able.map(|row| row.username));
        Ok(Owners { names, are_more })
    }

    /// Lets the application with this code in: it gets an App key of that user (none: of the actor).
    ///
    /// # Errors
    /// The actor only reads, the code does not count (any more), the user may not own the key, or the account has as many
    /// keys as it may.
    pub async fn approve(
        &self,
        actor: &Proved<'_>,
        typed: &str,
        username: Option<&str>,
    ) -> Result<Decided, Refusal> {
        let manager = actor.may_manage()?;
        let (_, application) = self.find_by_code(manager, typed).await?;
        self.let_in(manager, &application, username).await?;
        Ok(Decided { approved: true, ..decided(application) })
    }

    /// The same for a program that acts with a key which manages keys, and knows the code that the application keeps.
    ///
    /// # Errors
    /// Who acts in a session has to type the code; or the same.
    pub async fn approve_by_request_key(
        &self,
        actor: KeyManager<'_>,
        request_key: &str,
    ) -> Result<Decided, Refusal> {
        if actor.session().is_ok() {
            return Err(Refusal::Forbidden);
        }
        let device = DeviceCode::parse(request_key).ok_or(Refusal::NotFound)?.hash();
        let found = self.store.find_application_of_device(device, self.clock.now()).await;
        let application = found.map_err(store_trouble)?.ok_or(Refusal::NotFound)?;
        match self.let_in(actor, &application, None).await {
            Err(refusal) if refusal == unknown_code() => Err(Refusal::NotFound),
            let_in => let_in.map(|()| Decided { approved: true, ..decided(application) }),
        }
    }

    /// Generates the key, unless somebody else decided meanwhile.
    async fn let_in(
        &self,
        actor: KeyManager<'_>,
        application: &WaitingApplication,
        username: Option<&str>,
    ) -> Result<(), Refusal> {
        let asked = AskedKey { username, ..AskedKey::plain(&application.name, KeyType::App.name()) };
        let grant = Grant { device: application.device, name: &application.name, sealing: &self.sealing };
        match self.keys.generate_for(actor, asked, &|_| Ok(None), Some(grant)).await {
            Err(Refusal::NotFound) => Err(unknown_code()),
            generated => generated.map(drop),
        }
    }

    /// Refuses the application with this code.
    ///
    /// # Errors
    /// The code does not count (any more).
    pub async fn refuse(&self, actor: KeyManager<'_>, typed: &str) -> Result<Decided, Refusal> {
        let (_, application) = self.find_by_code(actor, typed).await?;
        let audit = actor.audit(self.clock.now(), Action::ApplicationRefused, &application.name);
        match self.store.refuse_application(application.device, audit).await {
            Err(StoreError::NotFound) => Err(unknown_code()),
            refused => refused.map_err(store_trouble).map(|()| decided(application)),
        }
    }
}

fn decided(application: WaitingApplication) -> Decided {
    Decided { name: application.name, return_url: application.return_url, approved: false }
}
