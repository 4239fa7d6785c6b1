//! Carries out verbs.

use super::protocol::{GatewayLine, ProbeOpened, UserLine, VerbReply, VerbRequest};
use super::{answers, keys};
use crate::services::Services;
use contract::Role;
use service::accounts::operator::{NewUserRequest, Operator, OperatorError};

/// Carries out what a verb asks for.
pub(super) async fn carry_out(services: &Services, request: &VerbRequest) -> VerbReply {
    try_carry_out(services, request).await.unwrap_or_else(|error| VerbReply::Failed(error.to_string()))
}

async fn try_carry_out(services: &Services, request: &VerbRequest) -> Result<VerbReply, OperatorError> {
    let operator = &services.operator;
    Ok(match request {
        VerbRequest::AddUser { name, owner, reads_only, email, password } => {
            operator.add_user(new_user(name, owner, *reads_only, email), password.expose().clone()).await?;
            VerbReply::Done
        }
        VerbRequest::ListUsers => VerbReply::Users(user_lines(operator).await?),
        VerbRequest::SetUserDisabled { name, disabled } => {
            let before = operator.set_user_disabled(name, *disabled).await?;
            VerbReply::Said(answers::disabled(services, &before, *disabled))
        }
        VerbRequest::SetRole { name, reads_only } => {
            let role = Role::of(*reads_only);
            VerbReply::Said(answers::role(name, operator.set_role(name, role).await?, role))
        }
        VerbRequest::EndSessions { name } => {
            VerbReply::Said(answers::sessions(name, operator.end_sessions(name).await?))
        }
        VerbRequest::ResetPassword { name, password } => {
            operator.reset_password(name, password.expose().clone()).await?;
            VerbReply::Done
        }
        VerbRequest::ResetTwoFactor { name } => {
            let (codes, sessions) = operator.reset_two_factor(name).await?;
            VerbReply::Said(answers::two_factor(name, codes, sessions))
        }
        VerbRequest::AddGateway { name, token } => {
            operator.add_gateway(name, token.expose()).await?;
            VerbReply::Done
        }
        VerbRequest::ListGateways => {
            let lines = operator.list_gateways().await?.into_iter();
            let line =
                |g: store::GatewayRow| GatewayLine { name: g.name, created_at: g.created_at.rfc_3339() };
            VerbReply::Gateways(lines.map(line).collect())
        }
        VerbRequest::RemoveGateway { name } => {
            operator.remove_gateway(name).await?;
            VerbReply::Said(format!("{name} is removed; its token is refused from now on"))
        }
        VerbRequest::Check(request) => {
            check(operator, request).await?;
            VerbReply::Done
        }
        // A running server answers this itself (control.rs); without one, nobody listens.
        VerbRequest::ListPlaces => VerbReply::Places(vec![]),
        VerbRequest::Health => match services.ready().await {
            Ok(()) => VerbReply::Said("Latchkey is ready".to_owned()),
            Err(why) => VerbReply::Failed(format!("Latchkey is not ready: {why}")),
        },
        VerbRequest::LendFiles => VerbReply::Failed("files are lent by a running server alone".to_owned()),
        VerbRequest::Import(_) => VerbReply::Failed("an import needs its file".to_owned()),
        VerbRequest::Key(request) => VerbReply::Key(keys::carry_out(services, request).await),
        VerbRequest::OpenProbe => VerbReply::Probe(open_probe(services)?),
        VerbRequest::CloseProbe { marker } => services.probes.close(marker).map_or_else(
            || VerbReply::Failed("the probe is over; is another doctor at work? Try again".to_owned()),
            VerbReply::Arrivals,
        ),
    })
}

/// Finds out whether a request would be refused whose secret is about to be printed. Others are refused when they are
/// carried out.
async fn check(operator: &Operator, request: &VerbRequest) -> Result<(), OperatorError> {
    match request {
        VerbRequest::AddUser { name, owner, reads_only, email, .. } => {
            operator.check_new_user(new_user(name, owner, *reads_only, email)).await.map(drop)
        }
        VerbRequest::ResetPassword { name, .. } => operator.find_user(name).await.map(drop),
        VerbRequest::AddGateway { name, .. } => operator.check_new_gateway(name).await,
        _ => Ok(()),
    }
}

fn new_user<'a>(
    name: &'a str,
    owner: &'a Option<String>,
    reads_only: bool,
    email: &'a Option<String>,
) -> NewUserRequest<'a> {
    NewUserRequest { name, owner: owner.as_deref(), reads_only, email: email.as_deref() }
}

fn open_probe(services: &Services) -> Result<ProbeOpened, OperatorError> {
    let marker = services.probes.open(services.clock.now());
    Ok(ProbeOpened {
        marker: marker.map_err(|error| OperatorError::Trouble(error.to_string()))?,
        client_address_header: services.settings.client_address_header.to_string(),
        require_gateway_token: services.settings.require_gateway_token,
        public_url: services.settings.public_url.origin.clone(),
        key_header: services.settings.key_header.alone_only().map(ToString::to_string),
        cors_preflights_pass: services.settings.cors_preflights_pass,
    })
}

async fn user_lines(operator: &Operator) -> Result<Vec<UserLine>, OperatorError> {
    let users = operator.list_users().await?;
    let name_of = |number| users.iter().find(|u| u.number == number).map(|u| u.username.to_string());
    let line = |user: &store::UserRow| UserLine {
        username: user.username.to_string(),
        owner: user.owner.and_then(name_of),
        email: user.email.clone(),
        role: user.role.name().to_owned(),
        two_factor: user.totp.is_some(),
        disabled: user.disabled,
        created_at: user.created_at.rfc_3339(),
    };
    Ok(users.iter().map(line).collect())
}
