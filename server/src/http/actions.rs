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
use answer::{Failure, Kind, respond, told};
use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::any;
use caller::Caller;
use command::{Asked, Command, Keyed, Open};
use domain::address::Address;
use http::{Method, StatusCode};
use parameters::Parameters;
use serde_json::{Value, json};
use service::keys::Keys;
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
    let address = client::of_page(&actions.services, request.extensions(), request.headers()).known();
    let mut response = respond(actions.carry_out(request, address).await);
    access::note_client(&mut response, address);
    response
}

impl Actions {
    fn keys(&self) -> &Keys {
        &self.services.use_cases.keys
    }

    async fn carry_out(&self, request: Request, address: Option<Address>) -> Result<Value, Failure> {
        let parameters = Parameters::read(request).await?;
        let asked = Asked::read(&parameters)?;
        let caller = match asked.needs_key() {
            true => Some(self.admit(&parameters, address, asked.weight()).await?),
            false => None,
        };
        match &asked {
            Asked::One(command) => self.run(command, caller.as_ref()).await,
            Asked::Many(commands) => {
                let mut answers = Vec::with_capacity(commands.len());
                for command in commands {
                    answers.push(told(self.run(command, caller.as_ref()).await));
                }
                Ok(Value::Array(answers))
            }
        }
    }

    async fn run(&self, command: &Command, caller: Option<&Caller>) -> Result<Value, Failure> {
        match (command, caller) {
            (Command::Open(Open::Ping), _) => Ok(json!("pong")),
            (Command::Keyed(keyed), Some(caller)) => self.run_keyed(keyed, caller).await,
            (Command::Keyed(_), None) => Err(Failure::new(Kind::MissingParameter, "A key is needed.")),
        }
    }

    async fn run_keyed(&self, keyed: &Keyed, Caller { own }: &Caller) -> Result<Value, Failure> {
        match keyed {
            Keyed::AddAddress(network) => {
                let services = &self.services;
                services.use_cases.changes.count_of(own.user, services.clock.steady())?;
                self.keys().authorise_own_address(own, *network).await?;
                Ok(json!(network.to_string()))
            }
            Keyed::ListAddresses => {
                let list = self.keys().list_own_addresses(own).await?;
                Ok(list.iter().map(ToString::to_string).collect())
            }
        }
    }
}
