//! What each verb does.

use super::answers;
use super::protocol::{GatewayLine, ProbeOpened, Reply, Request, UserLine};
use crate::services::Services;
use contract::Role;
use domain::time::Micros;
use service::accounts::operator::{InitialPassword, Operator, OperatorError};

/// Does what a verb asks for.
pub(super) async fn carry_out(services: &Services, request: &Request) -> Reply {
    try_carry_out(services, request).await.unwrap_or_else(|error| Reply::Failed(error.to_string()))
}

async fn try_carry_out(services: &Services, request: &Request) -> Result<Reply, OperatorError> {
    let operator = &services.operator;
    let initial = |password: &String| InitialPassword { given: Some(password.clone()) };
    Ok(match request {
        Request::AddUser { name, owner, reads_only, email, password } => {
            let (owner, role) = (owner.as_deref(), Role::of(*reads_only));
            operator.add_user_with_role(name, owner, role, email.clone(), initial(password)).await?;
            Reply::Done
        }
        Request::ListUsers => Reply::Users(user_lines(operator).await?),
        Request::SetUserDisabled { name, disabled } => {
            let before = operator.set_user_disabled(name, *disabled).await?;
            Reply::Said(answers::disabled(services, &before, *disabled))
        }
        Request::SetRole { name, reads_only } => {
            let role = Role::of(*reads_only);
            Reply::Said(answers::role(name, operator.set_role(name, role).await?, role))
        }
        Request::EndSessions { name } => {
            Reply::Said(answers::sessions(name, operator.end_sessions(name).await?))
        }
        Request::ResetPassword { name, password } => {
            operator.reset_password(name, initial(password)).await?;
            Reply::Done
        }
        Request::ResetTwoFactor { name } => {
            let (codes, sessions) = operator.reset_two_factor(name).await?;
            Reply::Said(answers::two_factor(name, codes, sessions))
        }
        Request::AddGateway { name, token } => {
            operator.add_gateway_with(name, token).await?;
            Reply::Done
        }
        Request::ListGateways => {
            let lines = operator.list_gateways().await?.into_iter();
            let line = |g: store::GatewayRow| GatewayLine { name: g.name, created_at: iso(g.created_at) };
            Reply::Gateways(lines.map(line).collect())
        }
        Request::RemoveGateway { name } => {
            operator.remove_gateway(name).await?;
            Reply::Said(format!("{name} is removed; its token is refused from now on"))
        }
        Request::Check(request) => {
            check(operator, request).await?;
            Reply::Done
        }
        // Who serves knows where; without a server it is nowhere.
        Request::ListPlaces => Reply::Places(vec![]),
        Request::OpenProbe => Reply::Probe(open_probe(services)?),
        Request::CloseProbe { marker } => services.probes.close(marker).map_or_else(
            || Reply::Failed("the probe is over; is another doctor at work? Try again".to_owned()),
            Reply::Arrivals,
        ),
    })
}

/// Finds out what would refuse a request whose secret is about to be printed; others are refused when they are
/// carried out.
async fn check(operator: &Operator, request: &Request) -> Result<(), OperatorError> {
    match request {
        Request::AddUser { name, owner, reads_only, email, .. } => {
            let role = Role::of(*reads_only);
            operator.check_new_user(name, owner.as_deref(), role, email.clone()).await.map(drop)
        }
        Request::ResetPassword { name, .. } => operator.find_user(name).await.map(drop),
        Request::AddGateway { name, .. } => operator.check_new_gateway(name).await,
        _ => Ok(()),
    }
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
    let name_of = |no| users.iter().find(|u| u.no == no).map(|u| u.username.to_string());
    let line = |user: &store::UserRow| UserLine {
        username: user.username.to_string(),
        owner: user.owner.and_then(name_of),
        email: user.email.clone(),
        role: user.role.name().to_owned(),
        two_factor: user.totp.is_some(),
        disabled: user.disabled,
        created_at: iso(user.created_at),
    };
    Ok(users.iter().map(line).collect())
}

fn iso(at: Micros) -> String {
    at.rfc_3339()
}
