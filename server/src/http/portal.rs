//! The server's side of the port: one value a request, bound to whoever sent it.

mod mail;
mod notices;
mod profile;
mod security;
mod sub_users;
mod usage;
mod webhooks;

use crate::flash::{FlashName, Shown};
use crate::http::answers::FormAnswers;
use crate::services::Services;
use app::{
    Code, Dashboard, KeyDetails, KeyId, KeyPage, KeyRow, Language, MadeKey, Moment, Password, Portal,
    PortalError, Proof, RevealedKey, SetupLink, ShownToken, Spans, Viewer,
};
use async_trait::async_trait;
use contract::{LockWidth, Refusal};
use domain::credentials::Password as Attempt;
use domain::ids::KeyId as DomainKeyId;
use domain::time::Micros;
use domain::time_zone::TimeZone;
use domain::token::PlainToken;
use parking_lot::Mutex;
use service::accounts::{Actor, Owing, Proved, SessionToken, Visit};
use service::keys::{KeyList, ListedKey};
use std::sync::Arc;

/// What the browser's cookie shall be after the answer.
pub(super) enum Cookie {
    Begin(SessionToken),
    End,
}

/// What the answer needs to know of what happened in between.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) cookie: Mutex<Option<Cookie>>,
    /// The first error of this request.
    pub(super) trouble: Mutex<Option<PortalError>>,
    /// Where the secret is shown that was made.
    pub(super) made: Mutex<Option<FlashName>>,
}

/// The portal of one request.
pub(super) struct RequestPortal {
    pub(super) services: Arc<Services>,
    /// What forms were answered that may come twice.
    pub(super) answers: Arc<FormAnswers>,
    pub(super) actor: Option<Actor>,
    /// How many notices it has not read.
    pub(super) unread: u32,
    /// Who it is, if its session still owes something.
    pub(super) owing: Option<Owing>,
    pub(super) visit: Visit,
    /// The language of the page.
    pub(super) language: Language,
    /// Whether a redirect follows, so that a token has to be shown at an address of its own.
    pub(super) plain: bool,
    /// The token that took the place of the one which was sent.
    pub(super) newer: Option<SessionToken>,
    /// The secret that the address of the request names.
    pub(super) made: Option<FlashName>,
    pub(super) outcome: Arc<Outcome>,
}

impl RequestPortal {
    /// What the browser's cookie shall be after the answer, if it is to change.
    pub(super) fn take_cookie(&self) -> Option<Cookie> {
        let renewed = || self.actor.as_ref().and_then(|actor| actor.new_token.take());
        let decided = self.outcome.cookie.lock().take();
        decided.or_else(|| renewed().or_else(|| self.newer.clone()).map(Cookie::Begin))
    }

    fn actor(&self) -> Result<&Actor, PortalError> {
        self.actor.as_ref().ok_or(PortalError::SignedOut)
    }

    /// The visitor, who is about to change something, which is counted.
    pub(super) fn changing(&self) -> Result<&Actor, PortalError> {
        let services = &self.services;
        let counted = self.actor().and_then(|actor| {
            services.changes.count(actor, services.clock.steady())?;
            Ok(actor)
        });
        self.note(counted)
    }

    /// The visitor, who is about to change something and proves its password with the form where the last proof is too
    /// old.
    async fn proved(&self, proof: Proof) -> Result<Proved<'_>, PortalError> {
        let actor = self.changing()?;
        let password = proof.password.map(Password::take);
        self.note(self.services.accounts.ask_proof(actor, password, &proof.code.0).await)
    }

    /// Notes an error, so that the status can tell of it.
    fn note<T>(&self, result: Result<T, impl Into<PortalError>>) -> Result<T, PortalError> {
        let result = result.map_err(Into::into);
        if let Err(error) = &result {
            self.outcome.trouble.lock().get_or_insert_with(|| error.clone());
        }
        result
    }

    fn begin(&self, token: Result<SessionToken, Refusal>) -> Result<(), PortalError> {
        *self.outcome.cookie.lock() = Some(Cookie::Begin(self.note(token)?));
        Ok(())
    }

    /// Draws where a secret will be shown that is about to be made.
    fn draw_name(&self) -> Result<FlashName, PortalError> {
        let name = FlashName::draw().map_err(|error| {
            tracing::error!(%error, "the system's random generator failed");
            Refusal::Unavailable
        });
        self.note(name)
    }

    /// Keeps a secret that was made for the address that the answer leads to.
    fn keep(&self, actor: &Actor, name: FlashName, shown: Shown) {
        self.services.flash.keep(name.clone(), actor.session, shown, self.services.clock.now());
        *self.outcome.made.lock() = Some(name);
    }

    /// The secret that this address shows, if it is the visitor's.
    fn shown(&self, actor: &Actor) -> Option<Shown> {
        self.services.flash.find(self.made.as_ref()?, actor.session, self.services.clock.now())
    }

    /// The token that this address shows.
    fn shown_token(&self, actor: &Actor) -> Option<(DomainKeyId, PlainToken)> {
        match self.shown(actor)? {
            Shown::Token(id, token) => Some((id, token)),
            _ => None,
        }
    }
}

#[async_trait]
impl Portal for RequestPortal {
    fn viewer(&self) -> Option<Viewer> {
        let actor = self.actor.as_ref()?;
        Some(Viewer {
            username: actor.username.to_string(),
            is_owner: actor.owner.is_none(),
            unread: self.unread,
            may_manage: actor.may_manage().is_ok(),
        })
    }

    fn setup_is_open(&self, link: &SetupLink) -> bool {
        self.services.accounts.setup_is_open(&link.0)
    }

    async fn create_first_account(
        &self,
        link: SetupLink,
        username: String,
        password: Password,
    ) -> Result<(), PortalError> {
        let accounts = &self.services.accounts;
        self.begin(accounts.create_first_account(&link.0, &username, password.take(), &self.visit).await)
    }

    async fn log_in(&self, username: String, password: Password) -> Result<(), PortalError> {
        let password = Attempt::attempt(password.take());
        self.begin(self.services.accounts.log_in(&username, password, &self.visit).await)
    }

    async fn log_out(&self) -> Result<(), PortalError> {
        self.note(self.services.accounts.log_out(self.actor.as_ref(), self.owing.as_ref()).await)?;
        *self.outcome.cookie.lock() = Some(Cookie::End);
        let session = self.actor.as_ref().map(|actor| actor.session);
        if let Some(session) = session.or_else(|| self.owing.as_ref().map(|owing| owing.session)) {
            self.answers.forget_session(session);
        }
        Ok(())
    }

    async fn dashboard(&self) -> Result<Dashboard, PortalError> {
        let actor = self.note(self.actor())?;
        let figures = self.note(self.services.keys.dashboard(actor).await)?;
        Ok(Dashboard {
            keys: figures.keys as u64,
            uses: spans(figures.spans.accepted),
            refused: spans(figures.spans.refused),
            last_used: figures.last_used.iter().map(|key| key_row(key, &actor.time_zone)).collect(),
            may_manage: actor.may_manage().is_ok(),
        })
    }

    async fn list_keys(&self, page: u32) -> Result<KeyPage, PortalError> {
        let actor = self.note(self.actor())?;
        let list = self.note(self.services.keys.list_keys(actor, page).await)?;
        let fresh = self.shown_token(actor).map(|(id, token)| revealed(id, &token));
        Ok(key_page(&list, fresh, actor))
    }

    async fn generate_key(&self, description: String, key_type: String) -> Result<MadeKey, PortalError> {
        let actor = self.changing()?;
        let name = self.draw_name()?;
        let generated = self.services.keys.generate_key(actor, &description, &key_type).await;
        let (id, token) = self.note(generated)?;
        let RevealedKey { id: shown_id, token: shown } = revealed(id, &token);
        let made = name.as_str().to_owned();
        self.keep(actor, name, Shown::Token(id, token));
        Ok(MadeKey { id: shown_id, token: shown, made })
    }

    async fn have_it(&self, made: String) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        // Said twice, or too late, it is as true.
        if let Some(name) = FlashName::parse(&made) {
            let is_own = self.services.flash.forget(&name, actor.session);
            if is_own {
                self.answers.forget_shown(&name);
            }
        }
        Ok(())
    }

    async fn find_key(&self, id: KeyId) -> Result<KeyDetails, PortalError> {
        let actor = self.note(self.actor())?;
        let figures = self.note(self.services.keys.find_key(actor, &id.0).await)?;
        let row = &figures.key.row;
        Ok(KeyDetails {
            created: moment(row.created_at, &actor.time_zone),
            lock_width: row.rule.width,
            allow_list: row.rule.allow_list.iter().map(ToString::to_string).collect(),
            uses_today: figures.spans.accepted[0],
            uses_30_days: figures.spans.accepted[2],
            refused_30_days: figures.spans.refused[2],
            can_reveal: row.is_sealed && actor.may_manage().is_ok() && self.services.settings.revealable,
            code_needed: actor.two_factor,
            proof_needed: self.services.accounts.is_proof_needed(actor),
            fresh: self
                .shown_token(actor)
                .filter(|(id, _)| *id == row.id)
                .map(|(id, token)| revealed(id, &token)),
            viewer: actor.username.to_string(),
            may_manage: actor.may_manage().is_ok(),
            row: key_row(&figures.key, &actor.time_zone),
        })
    }

    async fn reveal_key(
        &self,
        id: KeyId,
        password: Option<Password>,
        code: Code,
    ) -> Result<RevealedKey, PortalError> {
        let actor = self.changing()?;
        let revealed =
            self.services.keys.reveal_key(actor, &id.0, password.map(Password::take), &code.0).await;
        let (id, token) = self.note(revealed)?;
        let shown = self::revealed(id, &token);
        if self.plain {
            self.keep(actor, self.draw_name()?, Shown::Token(id, token));
        }
        Ok(shown)
    }

    async fn authorise_address(&self, id: KeyId, address: String) -> Result<(), PortalError> {
        let actor = self.changing()?;
        self.note(self.services.keys.authorise_address(actor, &id.0, &address).await)
    }

    async fn remove_address(&self, id: KeyId, address: String) -> Result<(), PortalError> {
        let actor = self.changing()?;
        self.note(self.services.keys.remove_address(actor, &id.0, &address).await)
    }

    async fn set_lock_width(&self, id: KeyId, width: LockWidth) -> Result<(), PortalError> {
        let actor = self.changing()?;
        self.note(self.services.keys.set_lock_width(actor, &id.0, width).await)
    }

    async fn release_lock(&self, id: KeyId) -> Result<(), PortalError> {
        let actor = self.changing()?;
        self.note(self.services.keys.release_lock(actor, &id.0).await)
    }

    async fn delete_key(&self, id: KeyId) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.keys.delete_key(actor, &id.0).await)
    }
}

fn revealed(id: DomainKeyId, token: &PlainToken) -> RevealedKey {
    RevealedKey { id: KeyId(id.to_string()), token: ShownToken(token.expose().to_owned()) }
}

fn key_page(list: &KeyList, fresh: Option<RevealedKey>, actor: &Actor) -> KeyPage {
    let rows: Vec<_> = list.keys.iter().map(|key| key_row(key, &actor.time_zone)).collect();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let first = if rows.is_empty() { 0 } else { list.skipped + 1 };
    KeyPage {
        page: number(list.page),
        pages: number(list.pages),
        total: list.total as u64,
        first: first as u64,
        last: if rows.is_empty() { 0 } else { (list.skipped + rows.len()) as u64 },
        rows,
        fresh,
        may_manage: actor.may_manage().is_ok(),
    }
}

fn key_row(key: &ListedKey, zone: &TimeZone) -> KeyRow {
    let row = &key.row;
    KeyRow {
        id: KeyId(row.id.to_string()),
        username: row.username.to_string(),
        description: row.description.clone(),
        key_type: row.key_type,
        masked_token: row.masked.clone(),
        last_used: key.last_used.map(|at| moment(at, zone)),
        times_used: key.times_used,
        locked_ip: row.rule.locked.map(|a| a.to_string()),
    }
}

fn spans([today, days_7, days_30]: [u64; 3]) -> Spans {
    Spans { today, days_7, days_30 }
}

/// For people, in the zone they chose, and for programs.
fn moment(at: Micros, zone: &TimeZone) -> Moment {
    Moment { text: zone.text(at), iso: moment_iso(at) }
}

/// RFC 3339 in UTC, to the second.
pub(crate) fn moment_iso(at: Micros) -> String {
    let time = jiff::Timestamp::from_microsecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_the_guide_shows_them() {
        let shown = moment(Micros(1_563_105_259_999_999), &TimeZone::default());
        assert_eq!(shown.text, "2019-07-14 11:54:19");
        assert_eq!(shown.iso, "2019-07-14T11:54:19Z");
    }
}
