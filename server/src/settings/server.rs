//! Settings of connections.

use super::parse::number;
use super::{Layers, SettingsError};
use std::time::Duration;

/// How long each step of a connection may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To send the head of a request.
    pub head: Duration,
    /// To ask again on a kept connection.
    pub idle: Duration,
    /// To send the body of a request.
    pub body: Duration,
}

/// How the server treats connections.
#[derive(Clone)]
pub struct ServerSettings {
    /// How long each step may take.
    pub timeouts: Timeouts,
    /// The most connections at a time; by default as many as file handles allow, up to 10,000.
    pub max_connections: Option<usize>,
}

impl ServerSettings {
    pub(super) fn parse(layers: &Layers) -> Result<Self, SettingsError> {
        let seconds = |name| layers.take(name, |v| number(v, 1, 3600)).map(Duration::from_secs);
        Ok(Self {
            timeouts: Timeouts {
                head: seconds("head_timeout_seconds")?,
                idle: seconds("idle_timeout_seconds")?,
                body: seconds("body_timeout_seconds")?,
            },
            max_connections: layers.take("max_connections", |v| match v {
                "auto" => Ok(None),
                v => number(v, 1, 1_000_000).map(Some).map_err(|why| format!("{why}, or auto")),
            })?,
        })
    }
}
