//! What belongs to the user itself.

use super::{RequestPortal, moment};
use app::{
    Code, EmailLink, HistoryPage, HistoryRow, Password, PortalError, Profile, ProfilePortal, SessionView,
    WaitingEmail,
};
use async_trait::async_trait;
use domain::time_zone::TimeZone;
use service::accounts::OwnSession;
use store::{AuditRow, WaitingAddress};

#[async_trait]
impl ProfilePortal for RequestPortal {
    async fn list_history(&self, page: u32) -> Result<HistoryPage, PortalError> {
        let actor = self.note(self.actor())?;
        let history = self.note(self.services.accounts.list_history(actor, page).await)?;
        let row = |row: &AuditRow| HistoryRow {
            at: moment(row.at, &actor.time_zone),
            action: row.action.clone(),
            actor: row.actor.clone(),
            address: row.address.map(|a| a.to_string()),
            detail: row.detail.clone(),
        };
        Ok(HistoryPage {
            rows: history.rows.iter().map(row).collect(),
            page: history.page,
            pages: history.pages,
        })
    }

    async fn profile(&self) -> Result<Profile, PortalError> {
        let actor = self.note(self.actor())?;
        let sessions = self.note(self.services.accounts.list_own_sessions(actor).await)?;
        let address = self.note(self.services.mail_addresses.find(actor).await)?;
        let zone = &actor.time_zone;
        let waiting = |waiting: WaitingAddress| WaitingEmail {
            email: waiting.email,
            until: moment(waiting.expires_at, zone),
        };
        Ok(Profile {
            is_owner: actor.owner.is_none(),
            email: address.email,
            email_is_confirmed: address.is_confirmed,
            email_waiting: address.waiting.map(waiting),
            mail_is_on: self.services.mail_is_on,
            code_needed: actor.two_factor,
            proof_needed: self.services.accounts.is_proof_needed(actor),
            language: actor.language.map_or("", |language| language.code()).to_owned(),
            time_zone: zone.name().to_owned(),
            time_zones: TimeZone::names().map(ToOwned::to_owned).collect(),
            now: moment(self.services.clock.now(), zone),
            sessions: sessions.into_iter().map(|session| session_view(session, zone)).collect(),
        })
    }

    async fn set_email(
        &self,
        email: String,
        password: Option<Password>,
        code: Code,
    ) -> Result<(), PortalError> {
        let actor = self.changing()?;
        let password = password.map(Password::take);
        self.note(self.services.mail_addresses.change(actor, &email, password, &code.0, self.language).await)
    }

    async fn remove_email(&self, password: Option<Password>, code: Code) -> Result<(), PortalError> {
        let actor = self.changing()?;
        let password = password.map(Password::take);
        self.note(self.services.mail_addresses.remove(actor, password, &code.0, self.language).await)
    }

    async fn find_email_by_link(&self, token: EmailLink) -> Result<Option<String>, PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.mail_addresses.find_by_link(actor, &token.0).await)
    }

    async fn confirm_email(&self, token: EmailLink) -> Result<(), PortalError> {
        let actor = self.changing()?;
        self.note(self.services.mail_addresses.confirm(actor, &token.0, self.language).await)
    }

    async fn set_language(&self, language: String) -> Result<(), PortalError> {
        let actor = self.changing()?;
        self.note(self.services.accounts.set_language(actor, &language).await)
    }

    async fn set_time_zone(&self, time_zone: String) -> Result<(), PortalError> {
        let actor = self.changing()?;
        self.note(self.services.accounts.set_time_zone(actor, &time_zone).await)
    }

    async fn end_session(&self, session: String) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.accounts.end_session(actor, &session).await)
    }

    async fn end_other_sessions(&self) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.accounts.end_other_sessions(actor).await)
    }
}

fn session_view(session: OwnSession, zone: &TimeZone) -> SessionView {
    SessionView {
        id: session.id,
        is_present: session.is_present,
        browser: session.device.browser.map(ToOwned::to_owned),
        system: session.device.system.map(ToOwned::to_owned),
        address: session.address.map(|address| address.to_string()),
        begun: moment(session.begun, zone),
        last_seen: moment(session.last_seen, zone),
    }
}
