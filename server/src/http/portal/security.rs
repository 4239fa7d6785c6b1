//! The password and the second factor of the visitor.

use super::{Attempt, RequestPortal, moment};
use crate::flash::Shown;
use crate::http::qr;
use app::{Code, Enrolment, Password, PortalError, Proof, ProofAsked, Security, SecurityPortal};
use async_trait::async_trait;
use domain::second_factor::TotpSecret;
use secrecy::ExposeSecret;
use service::accounts::Actor;

/// Characters of a secret that stand together.
const GROUP: usize = 4;

impl RequestPortal {
    /// The recovery codes that this address shows.
    fn shown_codes(&self, actor: &Actor) -> Option<Vec<Code>> {
        match self.shown(actor)? {
            Shown::RecoveryCodes(codes) => {
                Some(codes.expose_secret().lines().map(|code| Code(code.to_owned())).collect())
            }
            _ => None,
        }
    }

    fn forget_enrolments(&self, actor: &Actor) {
        self.services.flash.forget_enrolments(actor.session);
    }
}

#[async_trait]
impl SecurityPortal for RequestPortal {
    fn whose_password(&self) -> Option<String> {
        let actor = self.actor.as_ref().map(|actor| &actor.username);
        actor.or(self.owing.as_ref().map(|owing| &owing.username)).map(ToString::to_string)
    }

    async fn security(&self) -> Result<Security, PortalError> {
        let actor = self.note(self.actor())?;
        let found = self.note(self.services.accounts.find_security(actor).await)?;
        Ok(Security {
            two_factor: found.two_factor,
            recovery_codes_left: u32::try_from(found.recovery_codes).unwrap_or(u32::MAX),
            recovery_codes: self.shown_codes(actor),
            enrolling: found.enrolling,
            password_ends: found.password_ends.map(|at| moment(at, &actor.time_zone)),
        })
    }

    fn enrolment(&self) -> Option<Enrolment> {
        let actor = self.actor.as_ref()?;
        let Shown::Enrolment(secret) = self.shown(actor)? else { return None };
        enrolment(&secret, self.services.settings.public_url.host(), actor.username.as_str())
    }

    async fn change_password(&self, password: Password, new_password: Password) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        let present = Attempt::attempt(password.take());
        self.note(self.services.accounts.change_password(actor, present, new_password.take()).await)
    }

    async fn renew_password(&self, password: Password, new_password: Password) -> Result<(), PortalError> {
        let owing = self.note(self.owing.as_ref().ok_or(PortalError::SignedOut))?;
        let present = Attempt::attempt(password.take());
        self.begin(self.services.accounts.renew_password(owing, present, new_password.take()).await)
    }

    async fn give_code(&self, code: Code) -> Result<(), PortalError> {
        let owing = self.note(self.owing.as_ref().ok_or(PortalError::SignedOut))?;
        self.begin(self.services.accounts.give_code(owing, &code.0, &self.visit).await)
    }

    fn proof_asked(&self) -> ProofAsked {
        self.actor.as_ref().map_or_else(ProofAsked::default, |actor| ProofAsked {
            password: self.services.accounts.is_proof_needed(actor),
            code: actor.two_factor,
        })
    }

    async fn begin_two_factor(&self, proof: Proof) -> Result<(), PortalError> {
        let actor = self.proved(proof).await?;
        let name = self.draw_name()?;
        let secret = self.note(self.services.accounts.begin_enrolment(&actor).await)?;
        self.forget_enrolments(&actor);
        self.keep(&actor, name, Shown::Enrolment(secret));
        Ok(())
    }

    async fn cancel_two_factor(&self) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        self.note(self.services.accounts.cancel_enrolment(actor).await)?;
        self.forget_enrolments(actor);
        Ok(())
    }

    async fn confirm_two_factor(&self, password: Password, code: Code) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        let (password, name) = (Attempt::attempt(password.take()), self.draw_name()?);
        let codes = self.services.accounts.confirm_enrolment(actor, password, &code.0).await;
        let codes = self.note(codes)?;
        self.forget_enrolments(actor);
        self.keep(actor, name, Shown::RecoveryCodes(codes));
        Ok(())
    }

    async fn make_recovery_codes(&self, password: Password, code: Code) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        let (password, name) = (Attempt::attempt(password.take()), self.draw_name()?);
        let codes = self.services.accounts.make_recovery_codes(actor, password, &code.0).await;
        self.keep(actor, name, Shown::RecoveryCodes(self.note(codes)?));
        Ok(())
    }

    async fn switch_two_factor_off(&self, password: Password, code: Code) -> Result<(), PortalError> {
        let actor = self.note(self.actor())?;
        let password = Attempt::attempt(password.take());
        self.note(self.services.accounts.switch_two_factor_off(actor, password, &code.0).await)
    }
}

fn enrolment(secret: &TotpSecret, installation: &str, username: &str) -> Option<Enrolment> {
    let text = secret.text();
    let groups: Vec<&str> =
        (0..text.len()).step_by(GROUP).filter_map(|at| text.get(at..at + GROUP)).collect();
    Some(Enrolment { secret: Code(groups.join(" ")), qr: qr::draw(&secret.address(installation, username))? })
}
