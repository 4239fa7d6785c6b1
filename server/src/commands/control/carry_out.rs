//! What each verb does.

use super::protocol::{GatewayLine, ProbeOpened, Reply, Request, UserLine};
use crate::accounts::operator::{InitialPassword, Operator, OperatorError};
use crate::domain::role::Role;
use crate::domain::time::Micros;
use crate::services::Services;

/// Does what a verb asks for.
pub(super) async fn carry_out(services: &Services, request: &Request) -> Reply {
    try_carry_out(services, request).await.unwrap_or_else(|error| Reply::Failed(error.to_string()))
}

async fn try_carry_out(services: &Services, request: &Request) -> Result<Reply, OperatorError> {
    let operator = &services.operator;
    let secret = |made_up: Option<String>| made_up.map_or(Reply::Done, Reply::Secret);
    let initial = |password: &Option<String>| InitialPassword { given: password.clone() };
    Ok(match request {
        Request::AddUser { name, owner, reads_only, email, password } => {
            let (owner, role) = (owner.as_deref(), Role::of(*reads_only));
            let added = operator.add_user_with_role(name, owner, role, email.clone(), initial(password));
            secret(added.await?)
        }
        Request::ListUsers => Reply::Users(user_lines(operator).await?),
        Request::SetUserDisabled { name, disabled } => {
            operator.set_user_disabled(name, *disabled).await?;
            Reply::Done
        }
        Request::SetRole { name, reads_only } => {
            operator.set_role(name, Role::of(*reads_only)).await?;
            Reply::Done
        }
        Request::EndSessions { name } => {
            operator.end_sessions(name).await?;
            Reply::Done
        }
        Request::ResetPassword { name, password } => {
            secret(operator.reset_password(name, initial(password)).await?)
        }
        Request::ResetTwoFactor { name } => {
            operator.reset_two_factor(name).await?;
            Reply::Done
        }
        Request::AddGateway { name } => Reply::Secret(operator.add_gateway(name).await?),
        Request::ListGateways => {
            let lines = operator.list_gateways().await?.into_iter();
            let line =
                |g: crate::store::GatewayRow| GatewayLine { name: g.name, created_at: iso(g.created_at) };
            Reply::Gateways(lines.map(line).collect())
        }
        Request::RemoveGateway { name } => {
            operator.remove_gateway(name).await?;
            Reply::Done
        }
        Request::OpenProbe => Reply::Probe(open_probe(services)?),
        Request::CloseProbe { marker } => services.probes.close(marker).map_or_else(
            || Reply::Failed("the probe is over; is another doctor at work? Try again".to_owned()),
            Reply::Arrivals,
        ),
    })
}

fn open_probe(services: &Services) -> Result<ProbeOpened, OperatorError> {
    let marker = services.probes.open(services.clock.now());
    Ok(ProbeOpened {
        marker: marker.map_err(|error| OperatorError::Trouble(error.to_string()))?,
        client_address_header: services.settings.client_address_header.to_string(),
        require_gateway_token: services.settings.require_gateway_token,
    })
}

async fn user_lines(operator: &Operator) -> Result<Vec<UserLine>, OperatorError> {
    let users = operator.list_users().await?;
    let name_of = |no| users.iter().find(|u| u.no == no).map(|u| u.username.to_string());
    let line = |user: &crate::store::UserRow| UserLine {
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
    crate::http::moment_iso(at)
}
