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
    /// Asks for a key of some customer.
    Ask {
        /// How the application calls itself.
        name: String,
        /// Where its icon is.
        icon_url: Option<String>,
        /// Where its user may go back to.
        return_url: Option<String>,
    },
    /// Asks whether it was let in, and fetches the key.
    Fetch {
        /// The code of the request.
        request_key: String,
    },
}

/// A command of a program that shows a key.
pub(super) enum Keyed {
    /// Adds an entry to the allow list of the key.
    AddAddress(Network),
    /// Lists its entries.
    ListAddresses,
    /// Lets an application in; takes the permission to manage keys.
    LetIn {
        /// The code of its request.
        request_key: String,
    },
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

    /// Whether that key has to be one that manages keys.
    pub(super) fn needs_permission(&self) -> bool {
        self.commands().iter().any(|command| matches!(command, Command::Keyed(Keyed::LetIn { .. })))
    }

    /// Whether it is about applications.
    pub(super) fn needs_applications(&self) -> bool {
        let is_open = |open: &Open| matches!(open, Open::Ask { .. } | Open::Fetch { .. });
        self.needs_permission()
            || self.commands().iter().any(|command| matches!(command, Command::Open(open) if is_open(open)))
    }

    /// As how many requests it is charged.
    pub(super) fn weight(&self) -> u32 {
        u32::try_from(self.commands().len()).unwrap_or(u32::MAX)
    }

    fn commands(&self) -> &[Command] {
        match self {
            Self::One(command) => std::slice::from_ref(command),
            Self::Many(commands) => commands,
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
        let text = |name| parameters.need(name).map(str::to_owned);
        let optional = |name| parameters.find(name).map(|text| text.map(str::to_owned));
        Ok(match name {
            "user_authorize_application" => Self::Open(Open::Ask {
                name: text("application_name")?,
                icon_url: optional("icon_url")?,
                return_url: optional("return_url")?,
            }),
            "user_allow_token_request" => Self::Keyed(Keyed::LetIn { request_key: text("request_key")? }),
            "user_get_api_key" => Self::Open(Open::Fetch { request_key: text("request_key")? }),
            "ping" => Self::Open(Open::Ping),
            "token_add_ip" => {
                Self::Keyed(Keyed::AddAddress(Keys::parse_address(parameters.need("ipaddr")?)?))
            }
            "token_list_ips" => Self::Keyed(Keyed::ListAddresses),
            _ => return Err(Failure::new(Kind::UnknownAction, "There is no such action.")),
        })
    }
}
