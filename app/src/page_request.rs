//! One request of the pages: its sender, the use cases, and its outcome.

use crate::portal::{
    Code, Enrolment, FreshSecret, Password, PortalError, Proof, ProofAsked, ShownToken, Viewer,
};
use crate::to_view::enrolment;
use contract::{Language, Refusal};
use domain::attempt::AskedFor;
use domain::ids::{KeyId, SessionNumber};
use domain::token::PlainToken;
use leptos::prelude::{Owner, provide_context};
use parking_lot::Mutex;
use secrecy::ExposeSecret;
use service::UseCases;
use service::accounts::{Actor, KeyManager, Proved, Reader, SessionToken, UnfinishedLogin, Visit};
use service::applications::Applications;
use service::records::WebhookRow;
use service::shown_once::{Shown, ShownName};
use std::sync::Arc;

/// The browser's cookie after the answer.
pub enum Cookie {
    /// The token of a session.
    Begin(SessionToken),
    /// None.
    End,
}

/// What server functions leave for the answer.
#[derive(Default)]
pub struct Outcome {
    /// The cookie, if it is to change.
    pub cookie: Mutex<Option<Cookie>>,
    /// The first error of this request.
    pub trouble: Mutex<Option<PortalError>>,
    /// Where the secret is shown that was made.
    pub made: Mutex<Option<ShownName>>,
    /// What was done, for the page that the answer leads to (`?done=`).
    pub said: Mutex<Option<String>>,
    /// The session that ended; the kept answers of its forms are forgotten.
    pub ended: Mutex<Option<SessionNumber>>,
    /// The secret that its reader confirmed to have; the kept answer that leads to it is forgotten.
    pub had: Mutex<Option<ShownName>>,
}

/// One request of the pages, whose server functions find it in the context.
pub struct PageRequest {
    /// What may be asked.
    pub use_cases: Arc<UseCases>,
    /// The sender, if their login is complete.
    pub actor: Option<Actor>,
    /// How they read.
    pub reader: Reader,
    /// How many notices they have not read.
    pub unread: u32,
    /// The session of the sender, if their login is unfinished.
    pub unfinished: Option<UnfinishedLogin>,
    /// From where it came.
    pub visit: Visit,
    /// The language of the page.
    pub language: Language,
    /// Whether a redirect follows, so that a token has to be shown at an address of its own.
    pub plain: bool,
    /// The token that took the place of the one which was sent.
    pub newer: Option<SessionToken>,
    /// The secret that the address of the request names.
    pub made: Option<ShownName>,
    /// What came of it.
    pub outcome: Outcome,
}

impl PageRequest {
    /// Returns what the browser's cookie shall be after the answer, if it is to change.
    pub fn take_cookie(&self) -> Option<Cookie> {
        let renewed = || self.actor.as_ref()?.session().ok()?.new_token.take();
        let decided = self.outcome.cookie.lock().take();
        decided.or_else(|| renewed().or_else(|| self.newer.clone()).map(Cookie::Begin))
    }

    /// Returns the visitor and counts a change of theirs.
    ///
    /// # Errors
    /// Nobody is logged in, or they changed too much.
    pub fn changing(&self) -> Result<&Actor, PortalError> {
        let counted = self.actor().and_then(|actor| {
            self.use_cases.changes.count(actor, self.use_cases.clock.steady())?;
            Ok(actor)
        });
        self.note(counted)
    }

    /// Does the same, and checks that the visitor may change and show keys.
    pub(crate) fn managing(&self) -> Result<KeyManager<'_>, PortalError> {
        let actor = self.changing()?;
        self.note(actor.may_manage())
    }

    /// What `write` makes in the language of the page. Where the browser's program asks, nothing else has said in which.
    pub(crate) fn written<T>(&self, write: impl FnOnce() -> T) -> T {
        Owner::new().with(|| {
            provide_context(self.language);
            write()
        })
    }

    /// Returns the session of the visitor, also of one whose login is unfinished.
    #[must_use]
    pub fn session(&self) -> Option<SessionNumber> {
        let session = self.actor.as_ref().and_then(|actor| Some(actor.session().ok()?.number));
        session.or_else(|| self.unfinished.as_ref().map(|unfinished| unfinished.session))
    }

    pub(crate) fn actor(&self) -> Result<&Actor, Refusal> {
        self.actor.as_ref().ok_or(Refusal::SignedOut)
    }

    pub(crate) fn unfinished(&self) -> Result<&UnfinishedLogin, Refusal> {
        self.unfinished.as_ref().ok_or(Refusal::SignedOut)
    }

    pub(crate) fn viewer(&self) -> Option<Viewer> {
        let actor = self.actor.as_ref()?;
        Some(Viewer {
            username: actor.username.to_string(),
            is_owner: actor.is_owner(),
            unread: self.unread,
            may_manage: actor.may_manage().is_ok(),
            code_needed: actor.has_second_factor(),
            applications: self.use_cases.applications.is_some(),
            has_sub_users: actor.is_owner() && self.use_cases.keys.index.has_sub_users(actor.account),
        })
    }

    /// Returns the use cases of applications.
    ///
    /// # Errors
    /// `NotFound`: the operator switched them off.
    pub(crate) fn applications(&self) -> Result<&Applications, PortalError> {
        self.note(self.use_cases.applications.as_ref().ok_or(Refusal::NotFound))
    }

    /// Returns the name of the user whose password the forms of the page ask for.
    pub(crate) fn whose_password(&self) -> Option<String> {
        let actor = self.actor.as_ref().map(|actor| &actor.username);
        actor.or(self.unfinished.as_ref().map(|unfinished| &unfinished.username)).map(ToString::to_string)
    }

    /// Returns what a form has to ask for, if it needs a fresh proof.
    pub(crate) fn proof_asked(&self) -> ProofAsked {
        self.actor.as_ref().map_or_else(ProofAsked::default, |actor| ProofAsked {
            password: self.use_cases.accounts.is_proof_needed(actor),
            code: actor.has_second_factor(),
        })
    }

    /// Returns the visitor, who is about to change something and proves their password with the form where the last
    /// proof is too old.
    pub(crate) async fn proved(&self, proof: Proof, asked_for: AskedFor) -> Result<Proved<'_>, PortalError> {
        let actor = self.changing()?;
        let password = proof.password.map(Password::take);
        self.note(self.use_cases.accounts.ask_proof(actor, password, &proof.code.0, asked_for).await)
    }

    /// Notes an error, so that the status can tell of it.
    pub(crate) fn note<T>(&self, result: Result<T, impl Into<PortalError>>) -> Result<T, PortalError> {
        let result = result.map_err(Into::into);
        if let Err(error) = &result {
            self.outcome.trouble.lock().get_or_insert_with(|| error.clone());
        }
        result
    }

    /// Gives the browser the cookie of a session that began.
    pub(crate) fn begin(&self, token: Result<SessionToken, Refusal>) -> Result<(), PortalError> {
        *self.outcome.cookie.lock() = Some(Cookie::Begin(self.note(token)?));
        Ok(())
    }

    /// Draws where a secret will be shown that is about to be made.
    pub(crate) fn draw_name(&self) -> Result<ShownName, PortalError> {
        let name = ShownName::draw().map_err(|error| {
            tracing::error!(%error, "the system's random generator failed");
            Refusal::Unavailable
        });
        self.note(name)
    }

    /// Keeps a secret that was made for the address that the answer leads to.
    pub(crate) fn keep(&self, actor: &Actor, name: ShownName, shown: Shown) {
        // What is shown once is shown in the session that made it.
        if let Ok(session) = actor.session() {
            let now = self.use_cases.clock.now();
            self.use_cases.shown_once.keep(name.clone(), session.number, shown, now);
            *self.outcome.made.lock() = Some(name);
        }
    }

    /// Returns the secret that this address shows, if it is the visitor's.
    pub(crate) fn shown(&self, actor: &Actor) -> Option<Shown> {
        let session = actor.session().ok()?.number;
        self.use_cases.shown_once.find(self.made.as_ref()?, session, self.use_cases.clock.now())
    }

    /// Returns the token that this address shows.
    pub(crate) fn shown_token(&self, actor: &Actor) -> Option<(KeyId, PlainToken)> {
        match self.shown(actor)? {
            Shown::Token(id, token) => Some((id, token)),
            _ => None,
        }
    }

    /// Returns the recovery codes that this address shows.
    #[must_use]
    pub fn shown_codes(&self, actor: &Actor) -> Option<Vec<Code>> {
        match self.shown(actor)? {
            Shown::RecoveryCodes(codes) => {
                Some(codes.expose_secret().lines().map(|code| Code(code.to_owned())).collect())
            }
            _ => None,
        }
    }

    /// Returns the secret for an authenticator that this address shows.
    pub(crate) fn shown_enrolment(&self) -> Option<Enrolment> {
        let actor = self.actor.as_ref()?;
        let Shown::Enrolment(secret) = self.shown(actor)? else { return None };
        enrolment(&secret, &self.use_cases.installation, actor.username.as_str())
    }

    /// Returns the secret that this address shows, if its webhook is one of these.
    pub(crate) fn shown_webhook_secret(&self, actor: &Actor, rows: &[WebhookRow]) -> Option<FreshSecret> {
        let Shown::WebhookSecret(number, secret) = self.shown(actor)? else { return None };
        let row = rows.iter().find(|row| row.number == number)?;
        Some(FreshSecret { url: row.url.clone(), secret: ShownToken(secret.expose_secret().to_owned()) })
    }

    pub(crate) fn forget_enrolments(&self, actor: &Actor) {
        if let Ok(session) = actor.session() {
            self.use_cases.shown_once.forget_enrolments(session.number);
        }
    }
}
