//! What verbs and the server say to each other.

use crate::probe::Arrival;
use serde::{Deserialize, Serialize};

/// What a verb asks for.
#[derive(Serialize, Deserialize)]
pub(in super::super) enum Request {
    AddUser {
        name: String,
        owner: Option<String>,
        #[serde(default)]
        reads_only: bool,
        email: Option<String>,
        password: String,
    },
    ListUsers,
    SetUserDisabled {
        name: String,
        disabled: bool,
    },
    SetRole {
        name: String,
        reads_only: bool,
    },
    EndSessions {
        name: String,
    },
    ResetPassword {
        name: String,
        password: String,
    },
    ResetTwoFactor {
        name: String,
    },
    AddGateway {
        name: String,
        token: String,
    },
    ListGateways,
    RemoveGateway {
        name: String,
    },
    /// Where the server listens.
    ListPlaces,
    /// Whether that could be carried out: a secret is printed between this question and the request.
    Check(Box<Request>),
    OpenProbe,
    CloseProbe {
        marker: String,
    },
}

impl Request {
    /// Whether it means nothing without a server that answers gateways.
    pub(super) fn needs_server(&self) -> bool {
        matches!(self, Self::OpenProbe | Self::CloseProbe { .. } | Self::ListPlaces)
    }

    /// How the operator finds out whether it was carried out.
    pub(super) fn to_be_sure(&self) -> &'static str {
        match self {
            Self::AddGateway { .. } => "look with `latchkey gateway list`",
            Self::AddUser { .. } => "look with `latchkey user list`",
            _ => "run the command again to be sure",
        }
    }
}

/// What it is answered.
#[derive(Serialize, Deserialize)]
pub(in super::super) enum Reply {
    Done,
    /// What was done, in a sentence.
    Said(String),
    Users(Vec<UserLine>),
    Gateways(Vec<GatewayLine>),
    Places(Vec<String>),
    Probe(ProbeOpened),
    Arrivals(Vec<Arrival>),
    Failed(String),
}

/// A user, as `user list` prints it.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct UserLine {
    pub(in super::super) username: String,
    pub(in super::super) owner: Option<String>,
    pub(in super::super) email: Option<String>,
    pub(in super::super) role: String,
    pub(in super::super) two_factor: bool,
    pub(in super::super) disabled: bool,
    pub(in super::super) created_at: String,
}

/// A gateway, as `gateway list` prints it.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct GatewayLine {
    pub(in super::super) name: String,
    pub(in super::super) created_at: String,
}

/// A probe that was opened, and the settings of the running server that its judge needs.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct ProbeOpened {
    pub(in super::super) marker: String,
    pub(in super::super) client_address_header: String,
    pub(in super::super) require_gateway_token: bool,
    /// The header in which a key stands alone, if no other is read.
    pub(in super::super) key_header: Option<String>,
    pub(in super::super) public_url: String,
    pub(in super::super) cors_preflights_pass: bool,
}
