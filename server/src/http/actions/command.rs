//! What is asked for: one command, or several in one request.
//!
//! All that can be told without asking anybody is judged here, before a key is used: a name that is unknown, a parameter
//! that is missing, an address that is none.

use super::answer::{Failure, Kind};
use super::parameters::Parameters;
use domain::address::Network;
use serde::Deserialize;
use serde_json::Value;
use service::keys::Keys;

/// The most commands of one request.
const MANY: usize = 50;
const EXECUTE_MULTIPLE: &str = "execute_multiple";

/// What a request asks for.
pub(super) enum Asked {
    /// One command.
    One(Command),
    /// Several, which are answered one by one.
    Many(Vec<Command>),
}

/// One command.
pub(super) enum Command {
    /// It takes no key.
    Open(Open),
    /// It takes one.
    Keyed(Keyed),
}

/// A command that takes no key.
pub(super) enum Open {
    /// Says that somebody is there.
    Ping,
}

/// A command of a program that shows a key.
pub(super) enum Keyed {
    /// Adds an entry to the allow list of the key.
    AddAddress(Network),
    /// Lists its entries.
    ListAddresses,
}

/// A command of several, as sendSMS's libraries write it.
#[derive(Deserialize)]
struct Queued {
    command: String,
    params: Option<Value>,
}

impl Asked {
    /// Reads what is asked for.
    ///
    /// # Errors
    /// There is no such command, or something that it needs is missing or wrong.
    pub(super) fn read(parameters: &Parameters) -> Result<Self, Failure> {
        let action = parameters.need("action")?;
        if action != EXECUTE_MULTIPLE {
            return Command::read(action, parameters).map(Self::One);
        }
        let wrong = |_| {
            let how = r#"data takes a JSON list such as [{"command": "ping", "params": {}}]."#;
            Failure::new(Kind::BadParameter, how)
        };
        let list: Vec<Queued> = serde_json::from_str(parameters.need("data")?).map_err(wrong)?;
        if list.is_empty() || list.len() > MANY {
            let how = format!("One request takes 1 to {MANY} commands; these are {}.", list.len());
            return Err(Failure::new(Kind::BadParameter, how));
        }
        let read = |(index, queued): (usize, &Queued)| {
            queued.read().map_err(|failure| failure.of_command(index + 1))
        };
        list.iter().enumerate().map(read).collect::<Result<_, _>>().map(Self::Many)
    }

    /// Whether a key has to be shown.
    pub(super) fn needs_key(&self) -> bool {
        !matches!(self, Self::One(Command::Open(_)))
    }

    /// As how many requests it is charged.
    pub(super) fn weight(&self) -> u32 {
        match self {
            Self::One(_) => 1,
            Self::Many(list) => u32::try_from(list.len()).unwrap_or(u32::MAX),
        }
    }
}

impl Queued {
    fn read(&self) -> Result<Command, Failure> {
        if self.command == EXECUTE_MULTIPLE {
            let how = "execute_multiple does not stand inside of itself.";
            return Err(Failure::new(Kind::BadParameter, how));
        }
        Command::read(&self.command, &Parameters::of_json(self.params.as_ref())?)
    }
}

impl Command {
    fn read(name: &str, parameters: &Parameters) -> Result<Self, Failure> {
        Ok(match name {
            "ping" => Self::Open(Open::Ping),
            "token_add_ip" => {
                Self::Keyed(Keyed::AddAddress(Keys::parse_address(parameters.need("ipaddr")?)?))
            }
            "token_list_ips" => Self::Keyed(Keyed::ListAddresses),
            _ => return Err(Failure::new(Kind::UnknownAction, "There is no such action.")),
        })
    }
}
