//! The messages between verbs and the server: JSON, one line each way.

use super::keys::{KeyReply, KeyRequest};
use crate::probe::Arrival;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use service::import::{ImportOptions, ImportReport};
use zeroize::Zeroizing;

/// A secret on its way from a verb to the server, wiped when dropped. It travels in hex, which JSON reads without a
/// copy of its own.
pub(in super::super) struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself.
    pub(in super::super) fn expose(&self) -> &Zeroizing<String> {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(hex::encode(self.0.as_bytes())))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let hex = <&str>::deserialize(deserializer)?;
        let mut bytes = Zeroizing::new(vec![0; hex.len() / 2]);
        hex::decode_to_slice(hex, &mut bytes).map_err(D::Error::custom)?;
        let text = std::str::from_utf8(&bytes).map_err(D::Error::custom)?;
        Ok(text.to_owned().into())
    }
}

/// A request of a verb.
#[derive(Serialize, Deserialize)]
pub(in super::super) enum VerbRequest {
    AddUser {
        name: String,
        owner: Option<String>,
        #[serde(default)]
        reads_only: bool,
        email: Option<String>,
        #[serde(rename = "password_hex")]
        password: Secret,
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
        #[serde(rename = "password_hex")]
        password: Secret,
    },
    ResetTwoFactor {
        name: String,
    },
    AddGateway {
        name: String,
        #[serde(rename = "token_hex")]
        token: Secret,
    },
    ListGateways,
    RemoveGateway {
        name: String,
    },
    /// Where the server listens.
    ListPlaces,
    /// Whether the server is ready.
    Health,
    /// Asks whether a request would be carried out; its secret is printed before the request itself is sent.
    Check(Box<VerbRequest>),
    /// Asks the server to take in a file, which follows in pieces once the server is ready.
    Import(ImportOptions),
    Key(KeyRequest),
    /// Asks for a moment in which nothing changes, and for care while the verb reads the files.
    LendFiles,
    OpenProbe,
    CloseProbe {
        marker: String,
    },
}

impl VerbRequest {
    /// Whether only a running server can carry it out.
    pub(super) fn needs_server(&self) -> bool {
        matches!(self, Self::OpenProbe | Self::CloseProbe { .. } | Self::ListPlaces | Self::Health)
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
    Ready,
    Imported(ImportReport),
    Key(KeyReply),
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
