//! sendSMS's actions at `/json`, for programs that were written for its API: `action`, `username` and `password` (a key),
//! in the query or in a form. A door to the same use cases as pages and management API; off unless `sendsms_actions` is
//! set. Runs on the pages' runtime.
//!
//! A query is never written down: it holds the key.

mod answer;
mod caller;
mod command;
mod parameters;

use super::api::Limits;
use super::statuses::only_get_and_post;
use super::{access, client};
use crate::services::Services;
use crate::settings::Settings;
use answer::{Details, Failure, Kind, respond};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use caller::Caller;
use command::{Asked, Command, Keyed, Open};
use contract::Refusal;
use domain::client_address::ClientAddress;
use http::{Method, StatusCode};
use parameters::Parameters;
use serde_json::{Value, json};
use service::applications::{Answer as Fetched, Applications, AskedApplication};
use service::keys::{Keys, OwnKey};
use std::sync::Arc;

/// Where programs ask.
const PATH: &str = "/json";

/// What the actions work with.
#[derive(Clone)]
struct Actions {
    services: Arc<Services>,
    limits: Arc<Limits>,
}

/// The way to the actions, where the operator wants them.
pub(super) fn router(services: Arc<Services>, limits: Arc<Limits>) -> Router {
    if !services.settings.sendsms_actions {
        return Router::new();
    }
    Router::new().route(PATH, any(answer)).with_state(Actions { services, limits })
}

/// The answer to a request that got no place.
pub(super) fn refused_place(settings: &Settings, path: &str, answer: Response) -> Response {
    if !settings.sendsms_actions || path != PATH {
        return answer;
    }
    let failure = match answer.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::new(Kind::BadParameter, "The body is over 64 KiB."),
        _ => Failure::new(Kind::Unavailable, "Too many requests at once: try again shortly."),
    };
    respond(Err(failure))
}

async fn answer(State(actions): State<Actions>, request: Request) -> Response {
    // HEAD too: GET changes things here, and whoever asks with HEAD does not mean that.
    if !matches!(*request.method(), Method::GET | Method::POST) {
        return only_get_and_post();
    }
    let address = client::of_page(&actions.services, request.extensions(), request.headers());
    let mut response = respond(actions.carry_out(request, address).await);
    access::note_client(&mut response, address.known());
    response
}

impl Actions {
    fn keys(&self) -> &Keys {
        &self.services.use_cases.keys
    }

    /// Applications, unless the operator switched them off.
    fn applications(&self) -> Result<&Applications, Failure> {
        let off = || Failure::new(Kind::UnknownAction, "Applications may not ask for keys here.");
        self.services.use_cases.applications.as_ref().ok_or_else(off)
    }

    async fn carry_out(&self, request: Request, address: ClientAddress) -> Result<Details, Failure> {
        let parameters = Parameters::read(request).await?;
        let asked = Asked::read(&parameters)?;
        if asked.needs_applications() {
            self.applications()?;
        }
        let caller = match asked.needs_key() {
            true => Some(self.admit(&parameters, address.known(), &asked).await?),
            false => None,
        };
        let run = |command| self.run(command, caller.as_ref(), address);
        match &asked {
            Asked::One(command) => run(command).await.map(Details::One),
            Asked::Many(commands) => {
                let mut told = Vec::with_capacity(commands.len());
                for command in commands {
                    told.push(run(command).await.map(Details::One).into());
                }
                Ok(Details::Many(told))
            }
        }
    }

    async fn run(
        &self,
        command: &Command,
        caller: Option<&Caller>,
        address: ClientAddress,
    ) -> Result<Value, Failure> {
        match (command, caller) {
            (Command::Open(open), _) => self.run_open(open, address).await,
            (Command::Keyed(keyed), Some(caller)) => self.run_keyed(keyed, caller).await,
            (Command::Keyed(_), None) => Err(Failure::new(Kind::MissingParameter, "A key is needed.")),
        }
    }

    async fn run_open(&self, open: &Open, address: ClientAddress) -> Result<Value, Failure> {
        match open {
            Open::Ping => Ok(json!("pong")),
            Open::Ask { name, icon_url, return_url } => {
                let (icon_url, return_url) = (icon_url.as_deref(), return_url.as_deref());
                let asked = AskedApplication { name, icon_url, return_url };
                let asking = self.applications()?.ask(asked, address).await?;
                Ok(json!(asking.device_code.expose()))
            }
            Open::Fetch { request_key } => {
                match self.applications()?.fetch_key(request_key, address).await? {
                    Fetched::Token(token) => Ok(json!(token.expose())),
                    Fetched::Pending => Err(Failure::new(Kind::Pending, "Nobody has let it in yet.")),
                    Fetched::SlowDown => Err(Failure::new(Kind::TooOften, "Ask less often.")),
                    Fetched::Denied => Err(Failure::new(Kind::Denied, "It was refused.")),
                    Fetched::Expired | Fetched::Unknown => Err(Failure::unknown_request()),
                }
            }
        }
    }

    async fn run_keyed(&self, keyed: &Keyed, caller: &Caller) -> Result<Value, Failure> {
        let own = &caller.own;
        match keyed {
            Keyed::AddAddress(network) => {
                self.count_change(own)?;
                self.keys().authorise_own_address(own, *network).await?;
                Ok(json!(network.to_string()))
            }
            Keyed::ListAddresses => {
                let list = self.keys().list_own_addresses(own).await?;
                Ok(list.iter().map(ToString::to_string).collect())
            }
            Keyed::LetIn { request_key } => {
                let applications = self.applications()?;
                let actor = caller.actor.as_ref().ok_or(Refusal::Forbidden)?;
                self.count_change(own)?;
                let let_in = applications.approve_by_request_key(actor.may_manage()?, request_key).await?;
                Ok(json!(let_in.name))
            }
        }
    }

    /// Counts a change, as every door does.
    fn count_change(&self, own: &OwnKey) -> Result<(), Failure> {
        let services = &self.services;
        Ok(services.use_cases.changes.count_of(own.user, services.clock.steady())?)
    }
}
