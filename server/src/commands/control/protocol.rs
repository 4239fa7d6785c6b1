//! The messages between verbs and the server: JSON, one line each way.

use crate::probe::Arrival;
use serde::{Deserialize, Serialize};

/// A request of a verb.
#[derive(Serialize, Deserialize)]
pub(in super::super) enum VerbRequest {
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
    /// Asks whether a request would be carried out; its secret is printed before the request itself is sent.
    Check(Box<VerbRequest>),
    OpenProbe,
    CloseProbe {
        marker: String,
    },
}

impl VerbRequest {
    /// Whether only a running server can carry it out.
    pub(super) fn needs_server(&self) -> bool {
        matches!(self, Self::OpenProbe | Self::CloseProbe { .. } | Self::ListPlaces)
    }

    /// How the operator finds out whether it was carried out, where no answer came.
    pub(super) fn to_be_sure(&self) -> &'static str {
        match self {
            Self::AddGateway { .. } => "look with `latchkey gateway list`",
            Self::AddUser { .. } => "look with `latchkey user list`",
            _ => "run the command again to be sure",
        }
    }
}

/// The answer to a request.
#[derive(Serialize, Deserialize)]
pub(in super::super) enum VerbReply {
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

/// An open probe, and the settings of the running server that are needed to judge it.
#[derive(Serialize, Deserialize)]
pub(in super::super) struct ProbeOpened {
    pub(in super::super) marker: String,
    pub(in super::super) client_address_header: String,
    pub(in super::super) require_gateway_token: bool,
    /// The header in which a key stands alone, if the server reads no other.
    pub(in super::super) key_header: Option<String>,
    pub(in super::super) public_url: String,
    pub(in super::super) cors_preflights_pass: bool,
}
