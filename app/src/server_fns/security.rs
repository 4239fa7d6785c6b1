#![expect(missing_docs, reason = "`#[server]` makes a struct of the arguments and takes no docs for them")]

use leptos::server;
use server_fn::codec::GetUrl;

use super::{landings, local_path};
#[cfg(feature = "ssr")]
use super::{page_request, signed_in};
#[cfg(feature = "ssr")]
use crate::portal::Proof;
use crate::portal::{Code, Password, PortalError, Security};
#[cfg(feature = "ssr")]
use crate::to_view::moment;
#[cfg(feature = "ssr")]
use domain::attempt::AskedFor;
#[cfg(feature = "ssr")]
use domain::credentials::Password as Attempt;
#[cfg(feature = "ssr")]
use service::shown_once::Shown;

/// How the user logs in.
#[server(name = ReadSecurity, prefix = "/portal", endpoint = "security", input = GetUrl)]
pub async fn security() -> Result<Security, PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let found = request.note(request.use_cases.accounts.find_security(actor).await)?;
    Ok(Security {
        two_factor: found.two_factor,
        recovery_codes_left: u32::try_from(found.recovery_codes).unwrap_or(u32::MAX),
        recovery_codes: request.shown_codes(actor),
        enrolling: found.enrolling,
        password_ends: found.password_ends.map(|at| moment(at, &request.reader.time_zone)),
    })
}

/// Changes the password.
#[server(prefix = "/portal", endpoint = "change_password")]
pub async fn change_password(
    #[server(default)] password: Password,
    #[server(default)] new_password: Password,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let present = Attempt::attempt(password.take());
    request.note(request.use_cases.accounts.change_password(actor, present, new_password.take()).await)
}

/// Changes a password that is too old. Only a session that may do nothing else calls it.
#[server(prefix = "/portal", endpoint = "renew_password")]
pub async fn renew_password(
    #[server(default)] password: Password,
    #[server(default)] new_password: Password,
    #[server(default)] next: Option<String>,
) -> Result<(), PortalError> {
    let _ = next;
    let request = page_request()?;
    let unfinished = request.note(request.unfinished())?;
    let present = Attempt::attempt(password.take());
    request.begin(request.use_cases.accounts.renew_password(unfinished, present, new_password.take()).await)
}

/// Completes a login. Only a session that may do nothing else calls it.
#[server(prefix = "/portal", endpoint = "give_code")]
pub async fn give_code(
    #[server(default)] code: Code,
    #[server(default)] next: Option<String>,
) -> Result<(), PortalError> {
    let _ = next;
    let request = page_request()?;
    let unfinished = request.note(request.unfinished())?;
    request.begin(request.use_cases.accounts.give_code(unfinished, &code.0, &request.visit).await)
}

/// Makes a secret for an authenticator.
#[server(prefix = "/portal", endpoint = "begin_two_factor")]
pub async fn begin_two_factor(
    #[server(default)] password: Option<Password>,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let proof = Proof { password, code };
    let actor = request.proved(proof, AskedFor::TwoFactor).await?;
    let name = request.draw_name()?;
    let secret = request.note(request.use_cases.accounts.begin_enrolment(&actor).await)?;
    request.forget_enrolments(&actor);
    request.keep(&actor, name, Shown::Enrolment(secret));
    Ok(())
}

/// Forgets the secret that waits for its confirmation.
#[server(prefix = "/portal", endpoint = "cancel_two_factor")]
pub async fn cancel_two_factor() -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    request.note(request.use_cases.accounts.cancel_enrolment(actor).await)?;
    request.forget_enrolments(actor);
    Ok(())
}

/// Switches the second factor on.
#[server(prefix = "/portal", endpoint = "confirm_two_factor")]
pub async fn confirm_two_factor(
    #[server(default)] password: Password,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let (password, name) = (Attempt::attempt(password.take()), request.draw_name()?);
    let codes = request.use_cases.accounts.confirm_enrolment(actor, password, &code.0).await;
    let codes = request.note(codes)?;
    request.forget_enrolments(actor);
    request.keep(actor, name, Shown::RecoveryCodes(codes));
    Ok(())
}

/// Makes new recovery codes.
#[server(prefix = "/portal", endpoint = "make_recovery_codes")]
pub async fn make_recovery_codes(
    #[server(default)] password: Password,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let (password, name) = (Attempt::attempt(password.take()), request.draw_name()?);
    let codes = request.use_cases.accounts.make_recovery_codes(actor, password, &code.0).await;
    request.keep(actor, name, Shown::RecoveryCodes(request.note(codes)?));
    Ok(())
}

/// Switches the second factor off.
#[server(prefix = "/portal", endpoint = "switch_two_factor_off")]
pub async fn switch_two_factor_off(
    #[server(default)] password: Password,
    #[server(default)] code: Code,
) -> Result<(), PortalError> {
    let request = signed_in()?;
    let actor = request.note(request.actor())?;
    let password = Attempt::attempt(password.take());
    request.note(request.use_cases.accounts.switch_two_factor_off(actor, password, &code.0).await)
}

landings! {
    ChangePassword(form) => "/account/profile?done=password", [];
    BeginTwoFactor(form) => "/account/profile#two-factor", [];
    CancelTwoFactor(form) => "/account/profile?done=two_factor_cancelled", [];
    ConfirmTwoFactor(form) => "/account/profile?done=two_factor_on", [];
    MakeRecoveryCodes(form) => "/account/profile?done=recovery_codes", [];
    SwitchTwoFactorOff(form) => "/account/profile?done=two_factor_off", [];
    RenewPassword(form) => local_path(form.next.as_deref()), [next];
    GiveCode(form) => local_path(form.next.as_deref()), [next];
}
