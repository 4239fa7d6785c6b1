//! The second factor of a user: switching it on and off, and its recovery codes.

use super::codes::wrong_code;
use super::{Accounts, Actor, NO_RANDOMNESS, Proved, store_trouble, unavailable};
use contract::{Field, Problem, Refusal};
use domain::attempt::AskedFor;
use domain::credentials::Password;
use domain::ids::UserNumber;
use domain::second_factor::{GivenCode, RecoveryCode, TotpSecret};
use domain::time::Micros;
use domain::token::TokenHash;
use secrecy::SecretString;
use store::{Action, NewFactor};

/// Seconds within which a secret that was shown has to be confirmed.
const ENROLMENT_SECONDS: i64 = 15 * 60;

/// How a user logs in.
pub struct Security {
    /// Whether a code is asked for.
    pub two_factor: bool,
    /// Unused recovery codes.
    pub recovery_codes: u64,
    /// Whether a secret was shown to the session of the actor and waits for its confirmation.
    pub enrolling: bool,
    /// When the password has to be changed.
    pub password_ends: Option<Micros>,
}

impl Accounts {
    /// How the actor logs in.
    pub async fn find_security(&self, actor: &Actor) -> Result<Security, Refusal> {
        let user = self.find_own_row(actor).await?;
        let recovery_codes = self.store.count_recovery_codes(actor.user).await.map_err(store_trouble)?;
        Ok(Security {
            two_factor: user.totp.is_some(),
            recovery_codes,
            enrolling: user.totp.is_none() && self.find_enrolment(actor).await?.is_some(),
            password_ends: self.password_end(&user),
        })
    }

    /// Makes a secret for an authenticator, to be shown to the session of the actor alone. It is in force once that
    /// session confirms it.
    pub async fn begin_enrolment(&self, actor: &Proved<'_>) -> Result<TotpSecret, Refusal> {
        if self.find_own_row(actor).await?.totp.is_some() {
            return Err(Refusal::NotFound);
        }
        let secret = TotpSecret::generate().map_err(unavailable(NO_RANDOMNESS))?;
        let sealed = self.seal(&waiting_place(actor.user), &secret)?;
        let now = self.clock.now();
        let begun = self.store.begin_enrolment(actor.user, actor.session()?.number, sealed, now).await;
        begun.map(|()| secret).map_err(store_trouble)
    }

    /// Forgets the secret that waits for its confirmation.
    pub async fn cancel_enrolment(&self, actor: &Actor) -> Result<(), Refusal> {
        self.store.cancel_enrolment(actor.user, actor.session()?.number).await.map_err(store_trouble)
    }

    /// Switches the second factor on, ends the other sessions, and returns the recovery codes, a line each.
    pub async fn confirm_enrolment(
        &self,
        actor: &Actor,
        password: Password,
        code: &str,
    ) -> Result<SecretString, Refusal> {
        let user = self.check_password(&actor.username, actor.address, password, AskedFor::TwoFactor).await?;
        let (secret, begun) = self.find_enrolment(actor).await?.ok_or(Refusal::NotFound)?;
        if code.trim().is_empty() {
            return Err(Refusal::field(Field::Code, Problem::Empty));
        }
        let now = self.clock.now();
        let step = match GivenCode::parse(code) {
            Some(GivenCode::Digits(digits)) => secret.matched_step(&digits, now),
            _ => None,
        };
        let Some(step) = step else {
            self.throttles.charge_code(user.number, actor.address, self.clock.steady());
            return Err(wrong_code());
        };
        let (text, codes) = self.generate_codes(actor.user)?;
        let sealed = self.seal(&place(actor.user), &secret)?;
        let prepared = self.prepare_renewal(actor)?;
        let factor = NewFactor { user: actor.user, sealed, begun, step, codes, kept: prepared.renewal };
        let audit = actor.audit(now, Action::TwoFactorOn, "");
        self.store.confirm_enrolment(factor, audit).await.map_err(store_trouble)?;
        prepared.hand_to(actor);
        Ok(text)
    }

    /// Makes new recovery codes in place of all others, and returns them, a line each.
    pub async fn make_recovery_codes(
        &self,
        actor: &Actor,
        password: Password,
        code: &str,
    ) -> Result<SecretString, Refusal> {
        let user =
            self.check_password(&actor.username, actor.address, password, AskedFor::RecoveryCodes).await?;
        let factor = self.check_code(&user, code, actor.address, AskedFor::RecoveryCodes).await?;
        let (text, codes) = self.generate_codes(actor.user)?;
        let audit = actor.audit(self.clock.now(), Action::RecoveryCodesMade, "");
        let prepared = self.prepare_renewal(actor)?;
        let made =
            self.store.replace_recovery_codes(actor.user, prepared.renewal, factor, codes, audit).await;
        self.settle_code(&user, actor.address, AskedFor::RecoveryCodes, made).await?;
        prepared.hand_to(actor);
        Ok(text)
    }

    /// Switches the second factor off.
    pub async fn switch_two_factor_off(
        &self,
        actor: &Actor,
        password: Password,
        code: &str,
    ) -> Result<(), Refusal> {
        let user = self.check_password(&actor.username, actor.address, password, AskedFor::TwoFactor).await?;
        let factor = self.check_code(&user, code, actor.address, AskedFor::TwoFactor).await?;
        let audit = actor.audit(self.clock.now(), Action::TwoFactorOff, "");
        let prepared = self.prepare_renewal(actor)?;
        let switched = self.store.switch_factor_off(actor.user, prepared.renewal, factor, audit).await;
        self.settle_code(&user, actor.address, AskedFor::TwoFactor, switched).await?;
        prepared.hand_to(actor);
        Ok(())
    }

    async fn find_enrolment(&self, actor: &Actor) -> Result<Option<(TotpSecret, Micros)>, Refusal> {
        let found =
            self.store.find_enrolment(actor.user, actor.session()?.number).await.map_err(store_trouble)?;
        let now = self.clock.now();
        let Some((sealed, begun)) = found.filter(|(_, since)| now.seconds_since(*since) < ENROLMENT_SECONDS)
        else {
            return Ok(None);
        };
        Ok(Some((self.open(&waiting_place(actor.user), &sealed)?, begun)))
    }

    fn seal(&self, place: &str, secret: &TotpSecret) -> Result<Vec<u8>, Refusal> {
        self.sealing.seal_bytes(place, secret.expose()).map_err(|error| {
            tracing::error!(%error, place, "a secret cannot be sealed");
            Refusal::Unavailable
        })
    }

    pub(super) fn open(&self, place: &str, sealed: &[u8]) -> Result<TotpSecret, Refusal> {
        let opened = self.sealing.open_bytes(place, sealed).map_err(|error| {
            tracing::error!(%error, place, "a sealed secret cannot be opened");
            Refusal::Unavailable
        })?;
        TotpSecret::from_bytes(&opened).ok_or(Refusal::Unavailable)
    }

    /// New recovery codes: as they are shown, and as they are stored.
    fn generate_codes(&self, user: UserNumber) -> Result<(SecretString, Vec<TokenHash>), Refusal> {
        let codes: Result<Vec<_>, _> = (0..RecoveryCode::COUNT).map(|_| RecoveryCode::generate()).collect();
        let codes = codes.map_err(unavailable(NO_RANDOMNESS))?;
        let hashes = codes.iter().map(|code| code.hash(&self.pepper, user)).collect();
        let lines: Vec<_> = codes.iter().map(RecoveryCode::shown).collect();
        let text = lines.iter().map(|line| line.as_str()).collect::<Vec<_>>().join("\n");
        Ok((text.into(), hashes))
    }
}

/// Where the secret of a user lies, which is sealed with it.
pub(super) fn place(user: UserNumber) -> String {
    format!("users.totp_sealed:{}", user.0)
}

fn waiting_place(user: UserNumber) -> String {
    format!("totp_enrolments.sealed:{}", user.0)
}
